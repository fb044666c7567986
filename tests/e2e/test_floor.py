"""Floors with the real sysroot and toolchains: what is linked at 2_17 needs
nothing newer, runs on bullseye under emulation, and what a floor lacks does not
link. Trees are kept in xt.CACHE, so only the first run fetches."""
import json
import os
import re
import shutil
import subprocess
import target_root
import xt

TARGETS = ("aarch64", "armv7", "x86_64")
TRIPLE = {"aarch64": "aarch64-linux-gnu", "armv7": "arm-linux-gnueabihf",
          "x86_64": "x86_64-linux-gnu"}
FIXTURES = os.path.join(xt.SOURCE, "tests", "fixtures", "floor")


class Cross:
    """The cross folder of a target, through what `xorch env` says."""

    def __init__(self, toolchain, target, floor="2_17", cache=None):
        r = xt.run(["env", "--target", target, "--toolchain", toolchain, "--floor", floor,
                    "--format", "json"], cwd=xt.SOURCE,
                   XORCH_CACHE_DIR=cache or os.path.join(xt.CACHE, "store"))
        if r.code == 5:
            raise xt.Skip(f"the Debian mirror cannot be reached: {r.err}")
        xt.equal(r.code, 0, r)
        self.target, self.toolchain = target, toolchain
        self.dir = os.path.dirname(os.path.dirname(r.json["CC"].split()[0]))
        self.trees = os.path.dirname(os.path.dirname(self.dir))
        conf = open(os.path.join(self.dir, "wrapper.conf")).read()
        self.sysroot = os.path.normpath(os.path.join(
            self.dir, re.search(r"^dir sysroot (.*)$", conf, re.M)[1]))
        self.lib = os.path.join(self.sysroot, "usr/lib", TRIPLE[target])

    def tool(self, name, *args, cwd, code=0, **env):
        p = subprocess.run([os.path.join(self.dir, "bin", name), *args], cwd=cwd,
                           env={"PATH": "/nonexistent", "TMPDIR": cwd, "LC_ALL": "C", **env},
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if code is not None:
            xt.equal(p.returncode, code, self.toolchain, self.target, name, args, p.stderr)
        return p

    def symbols(self, path):
        """(name, version or None, bind, defined) of the dynamic symbols."""
        out = self.tool("readelf", "-W", "--dyn-syms", path, cwd="/").stdout
        for line in out.splitlines():
            m = re.match(r"\s*\d+: \S+\s+\d+ (\w+)\s+(\w+)\s+\w+\s+(\w+) (\S+)", line)
            if m and m[2] != "LOCAL":
                name, _, version = m[4].partition("@")
                yield name, version.lstrip("@") or None, m[2], m[3] != "UND"

    def needed(self, path):
        out = self.tool("readelf", "-d", path, cwd="/").stdout
        return re.findall(r"NEEDED.*\[(.*?)\]", out)


def crosses(floor="2_17", targets=TARGETS):
    for toolchain in ("clang", "gcc"):
        for target in targets:
            yield Cross(toolchain, target, floor)


def number(version):
    return tuple(int(x) for x in re.findall(r"\d+", version))


def check_versions(cross, path, caps):
    for name, version, _, defined in cross.symbols(path):
        if version and not defined:
            family = version.rpartition("_")[0]
            xt.check(family in caps, path, name, version)
            xt.check(number(version) <= caps[family], path, name, version)


CAPS = {"GLIBC": (2, 17), "GLIBCXX": (3, 4, 19), "CXXABI": (1, 3, 7), "GCC": (4, 7, 0),
        "CXXABI_ARM": (1, 3, 3), "LIBATOMIC": (1, 0)}

MODULE = r"""
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
static _Thread_local int counter;
static void *run(void *x) { return x; }
int module(double x, const char *path, int *shared)
{
	struct stat s;
	char text[64];
	pthread_t thread;
	pthread_sigmask(0, 0, 0);
	if (stat(path, &s) || fstat(0, &s) || lstat(path, &s))
		return -1;
	memcpy(text, path, (size_t)x);
	counter += fcntl(0, F_GETFL) + __sync_fetch_and_add(shared, 1) +
		__atomic_fetch_add(shared, 1, __ATOMIC_SEQ_CST);
	pthread_create(&thread, 0, run, 0);
	return counter + printf("%s %f %f %f %s\n", text, pow(x, x), exp(x),
		log2f(x), secure_getenv("X"));
}
"""


def c_module(floor, caps, libraries, targets=TARGETS):
    with xt.scratch() as home:
        xt.write(os.path.join(home, "m.c"), "#define _GNU_SOURCE\n" + MODULE)
        for cross in crosses(floor, targets):
            for more in ([], ["-D_FILE_OFFSET_BITS=64"], ["-O0", "-fstack-protector-all"],
                         ["-D_FORTIFY_SOURCE=2", "-D_LARGEFILE64_SOURCE"]):
                cross.tool("cc", "-O2", *more, "-Wall", "-Werror", "-shared", "-fPIC", "m.c",
                           "-o", "m.so", "-lm", "-lpthread", "-Wl,-z,defs", cwd=home)
                so = os.path.join(home, "m.so")
                check_versions(cross, so, caps)
                names = {s[0]: s for s in cross.symbols(so)}
                fcntl = "fcntl64" if "fcntl64" in names and floor != "2_17" else "fcntl"
                xt.check(not names["exp"][3] and not names[fcntl][3], names)
                # ld.so holds the stack protector's guard on ARM.
                xt.check(set(n for n in cross.needed(so) if not n.startswith("ld-linux"))
                         <= libraries, cross.needed(so))


def test_c_module_needs_nothing_newer():
    c_module("2_17", CAPS, {"libc.so.6", "libm.so.6", "libpthread.so.0"})


def compile_pair(cross, home, *more):
    common = ["-std=c++17", "-O2", "-Wall", "-fPIC", "-shared", "-pthread", "-I", FIXTURES,
              "-fvisibility=hidden", "-Wl,-z,defs", *more]
    cross.tool("c++", *common, os.path.join(FIXTURES, "first.cc"), "-o", "libfirst.so",
               "-Wl,-soname,libfirst.so", cwd=home)
    cross.tool("c++", *common, os.path.join(FIXTURES, "second.cc"), "-o", "libsecond.so",
               "-Wl,-soname,libsecond.so", "-L.", "-lfirst", "-Wl,-rpath,$ORIGIN", cwd=home)


RUN = """
import ctypes, sys
first = ctypes.CDLL(sys.argv[1] + "/libfirst.so")
second = ctypes.CDLL(sys.argv[1] + "/libsecond.so")
first.first_report.restype = ctypes.c_char_p
print(first.first_report(sys.argv[2].encode()).decode(), end="")
print("caught", second.second_catches())
"""

REPORT = """locale -1.true011 1234 03.02.2001 refused
stream 12 3.5 word ff 1 2.5
regex 1abc12311
thread 12111
other 42 any 12345 1 1 "some" ptr
caught 10
"""


def cxx17(toolchain, targets=TARGETS, more=(), floor="2_17", suite="bullseye", caps=None):
    caps = caps or CAPS
    for target in targets:
        root = target_root.get(suite, target)
        cross = Cross(toolchain, target, floor)
        with xt.scratch() as home:
            some = os.path.dirname(xt.write(os.path.join(home, "some", "file"), "x"))
            compile_pair(cross, home, *more)
            for name in ("libfirst.so", "libsecond.so"):
                so = os.path.join(home, name)
                check_versions(cross, so, caps if target != "x86_64" or floor != "2_17"
                               else {**caps, "GCC": (4, 8, 0)})
                # gcc's LTO makes ordinary symbols of template instances.
                strong = [] if more and toolchain == "gcc" else [
                    s[0] for s in cross.symbols(so) if s[3] and s[2] != "WEAK"]
                xt.check(set(strong) <= {"first_throw", "first_report", "second_catches"},
                         strong)
                size = os.path.getsize(so)
                xt.check(size < 700 << 10, name, "is too large", size)
            xt.equal(root.python(["-c", RUN, home, some]), REPORT, toolchain, target)


def test_cxx17_two_modules_clang():
    cxx17("clang")


def test_cxx17_two_modules_gcc():
    cxx17("gcc")


NO_IDS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
void *dlsym(void *handle, const char *name)
{
	size_t n = strlen(name);
	void *(*real)(void *, const char *);
	if (n > 4 && !strncmp(name, "_ZNSt", 5) && !strcmp(name + n - 4, "2idE")) {
		fprintf(stderr, "hidden\\n");
		return 0;
	}
	*(void **)&real = dlvsym(RTLD_NEXT, "dlsym", VERSION);
	return real(handle, name);
}
"""


def test_facets_with_a_libstdcxx_that_lacks_them():
    """GCC 4.8's libstdc++ has no collate, numpunct … of the new string ABI; one that
    does not give away their ids stands for it."""
    for toolchain, target, version in (("clang", "aarch64", "GLIBC_2.17"),
                                       ("gcc", "armv7", "GLIBC_2.4")):
        root = target_root.get("bullseye", target)
        cross = Cross(toolchain, target)
        with xt.scratch() as home:
            some = os.path.dirname(xt.write(os.path.join(home, "some", "file"), "x"))
            compile_pair(cross, home)
            xt.write(os.path.join(home, "n.c"), NO_IDS)
            cross.tool("cc", "-O2", "-shared", "-fPIC", f'-DVERSION="{version}"', "n.c",
                       "-o", "n.so", "-ldl", cwd=home)
            command = root.command()
            command[1:1] = ["-E", f"LD_PRELOAD={home}/n.so"]
            p = subprocess.run(command + ["-c", RUN, home, some], capture_output=True,
                               text=True, env={"LC_ALL": "C.UTF-8"})
            xt.equal(p.stdout, REPORT, toolchain, target, p.stderr)
            xt.check(p.stderr.count("hidden") > 3, p.stderr)


# label: long
def test_cxx17_two_modules_lto():
    for toolchain in ("clang", "gcc"):
        cxx17(toolchain, ("aarch64", "armv7"), ["-flto"])


def program_and_static(floor, suite, caps, targets=TARGETS):
    for cross in crosses(floor, targets):
        root = target_root.get(suite, cross.target)
        with xt.scratch() as home:
            xt.write(os.path.join(home, "p.cc"), """
#include <iostream>
#include <string>
extern "C" __attribute__((visibility("default"))) int run(const char *text)
{
	try { throw std::runtime_error(text); }
	catch (const std::exception &e) { std::cout << e.what() << std::endl; }
	return 7;
}
#ifdef PROGRAM
int main() { return run("program") - 7; }
#endif
""")
            cross.tool("c++", "-O2", "-DPROGRAM", "p.cc", "-o", "p", cwd=home)
            check_versions(cross, os.path.join(home, "p"), caps)
            command = root.command()[:-1] + [os.path.join(home, "p")]
            if cross.target != "x86_64":
                # glibc 2.36 forgets a folder that it finds no libstdc++.so.6 in: -L
                # shows it the files of the root, not its folders.
                command[1:1] = ["-E", "LD_LIBRARY_PATH=" + ":".join(
                    f"{root.folder}/{lib}/{TRIPLE[cross.target]}" for lib in ("lib", "usr/lib"))]
            xt.equal(subprocess.run(command, stdout=subprocess.PIPE).stdout, b"program\n")
            cross.tool("c++", "-O2", "-shared", "-fPIC", "-static-libstdc++",
                       "-static-libgcc", "-Wl,-z,defs", "p.cc", "-o", "s.so", cwd=home)
            so = os.path.join(home, "s.so")
            check_versions(cross, so, caps)
            xt.check(not {"libstdc++.so.6", "libgcc_s.so.1"} & set(cross.needed(so)))
            xt.equal([s[0] for s in cross.symbols(so) if s[3] and s[2] != "WEAK"], ["run"])
            code = ("import ctypes, sys; l = ctypes.CDLL(sys.argv[1]); "
                    "print(l.run(b'static'))")
            xt.equal(root.python(["-c", code, so]).split(), ["static", "7"])


def test_cxx_program_and_static_libstdcxx():
    """A program (copy relocations, start files) and -static-libstdc++."""
    program_and_static("2_17", "bullseye", CAPS)


def does_not_link(crosses_, names):
    with xt.scratch() as home:
        for cross in crosses_:
            for name, libraries in names:
                xt.write(os.path.join(home, "r.c"),
                         f"extern int {name}();\nint f(void) {{ return {name}(1); }}\n")
                for kind in (["-shared", "-fPIC", "-Wl,-z,defs"], ["-nostartfiles"]):
                    p = cross.tool("cc", "-fno-builtin", *kind, "r.c", "-o", "r", *libraries,
                                   cwd=home, code=None)
                    xt.check(p.returncode != 0, cross.target, name)
                    xt.check(re.search(r"undefined (symbol|reference).*\b" + name, p.stderr),
                             p.stderr)


def test_what_the_floor_lacks_does_not_link():
    does_not_link(crosses(), (
        ("fcntl64", []), ("gettid", []), ("getrandom", []),
        ("pthread_cond_clockwait", ["-lpthread"]),
        ("pthread_mutex_clocklock", ["-lpthread"]), ("__cxa_thread_atexit_impl", []),
        ("roundeven", ["-lm"])))


def links(crosses_, names):
    """(n, name, libraries): the name of glibc 2.n."""
    with xt.scratch() as home:
        for cross in crosses_:
            for since, name, libraries in names:
                xt.write(os.path.join(home, "r.c"),
                         f"extern int {name}();\nint f(void) {{ return {name}(1); }}\n")
                cross.tool("cc", "-fno-builtin", "-shared", "-fPIC", "-Wl,-z,defs", "r.c",
                           "-o", "r.so", *libraries, cwd=home)
                versions = {s[0]: s[1] for s in cross.symbols(os.path.join(home, "r.so"))}
                xt.equal(versions[name], f"GLIBC_2.{since}", cross.target)


def suite_of_floor(floor, gcc, glibc, targets=TARGETS):
    """The sysroot of a floor has the headers of that GCC and glibc 2.`glibc`."""
    for target in targets:
        cross = Cross("clang", target, floor)
        xt.equal(os.listdir(os.path.join(cross.sysroot, "usr/include/c++")), [gcc], floor)
        with open(os.path.join(cross.sysroot, "usr/include/features.h")) as f:
            xt.check(re.search(rf"^#define\s+__GLIBC_MINOR__\s+{glibc}$", f.read(), re.M),
                     target, floor)


def declared_from(floors, cases, *flags):
    """(n, source, name): the source uses the name, which headers have from 2.n on."""
    with xt.scratch() as home:
        for floor in floors:
            cross = Cross("clang", "aarch64", f"2_{floor}")
            for since, source, want in cases:
                xt.write(os.path.join(home, "e.c"), "#define _GNU_SOURCE\n" + source + "\n")
                p = cross.tool("cc", *flags, "-Werror=implicit-function-declaration", "-c",
                               "e.c", "-o", "e.o", cwd=home, code=None)
                names = cross.tool("nm", "e.o", cwd=home).stdout.split() \
                    if p.returncode == 0 else []
                xt.equal(want in names, floor >= since, floor, source, p.stderr)


def own_names_compile(crosses_, source):
    """What a program may bring itself where the C library does not have it yet."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "own.c"), source)
        for cross in crosses_:
            cross.tool("cc", "-O2", "-D_FORTIFY_SOURCE=2", "-Wall", "-Werror", "-fno-builtin",
                       "-c", "own.c", cwd=home)


def no_static_c_library(crosses_):
    with xt.scratch() as home:
        xt.write(os.path.join(home, "m.c"),
                 "double exp(double); double f(double x) { return exp(x); }\n")
        for cross in crosses_:
            p = cross.tool("cc", "-fno-builtin", "-shared", "-fPIC", "m.c", "-o", "m.so",
                           "-Wl,-Bstatic", "-lm", "-Wl,-Bdynamic", cwd=home, code=None)
            xt.check(p.returncode != 0 and re.search(r"-lm\b", p.stderr), p.stderr)


def test_no_static_c_library_can_leak():
    no_static_c_library(crosses())


HEADERS_C = """
#include <features.h>
#if __GLIBC_PREREQ(2, {floor} + 1) || !__GLIBC_PREREQ(2, {floor})
#error "not this glibc"
#endif
"""

# What a program may bring itself where the C library does not have it yet.
OWN_NAMES = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#if __has_include(<threads.h>) || !__STDC_NO_THREADS__
#error "C11 threads came with 2.28"
#endif
#if __has_include(<sys/random.h>)
#error "getrandom came with 2.25"
#endif
static int gettid(void) { return 1; }
static long getrandom(void *p, size_t n, unsigned f) { return n + f + !p; }
static void *reallocarray(void *p, size_t a, size_t b) { return a > b ? p : 0; }
static void explicit_bzero(void *p, size_t n) { memset(p, 0, n); }
static int memfd_create(const char *n, unsigned f) { return n ? f : -1; }
struct statx { int own; };
int use(struct statx *s, void *p)
{
	explicit_bzero(s, sizeof *s);
	return gettid() + getrandom(0, 1, 2) + !reallocarray(p, 1, 2) + memfd_create("", 0);
}
"""


def c_headers(sysroot, target):
    """The C library's headers that can be included alone."""
    odd = re.compile(r"^(tgmath|regexp|complex|sys/(vm86|elf|debugreg|reg|perm|io|ucontext"
                     r"|user|procfs)).*")
    top = os.path.join(sysroot, "usr/include")
    for base in (top, os.path.join(top, TRIPLE[target])):
        for folder in ("", "sys", "net", "netinet", "arpa"):
            path = os.path.join(base, folder)
            for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
                header = os.path.join(folder, name)
                if name.endswith(".h") and not odd.match(header) and \
                        header not in ("zlib.h", "zconf.h"):
                    yield header


def cxx_headers(sysroot, standard):
    top = os.path.join(sysroot, "usr/include/c++")
    folder = os.path.join(top, os.listdir(top)[0])
    later = {"compare", "concepts", "coroutine", "numbers", "ranges", "span", "stop_token",
             "bit", "semaphore", "barrier", "latch", "source_location", "syncstream",
             "expected", "spanstream", "stacktrace", "stdatomic.h"}
    for name in sorted(os.listdir(folder)):
        if os.path.isfile(os.path.join(folder, name)) and "." not in name and \
                name not in ("coroutine", "execution", "stacktrace", "expected",
                             "spanstream") and \
                (standard == "20" or name not in later):
            yield name


def headers_compile(crosses_, floors, standards):
    with xt.scratch() as home:
        for toolchain, target in crosses_:
            for floor in floors:
                cross = Cross(toolchain, target, f"2_{floor}")
                text = "".join(f"#include <{h}>\n" for h in c_headers(cross.sysroot, target))
                xt.check(text.count("\n") > 120, text)
                xt.write(os.path.join(home, "h.c"), text + HEADERS_C.format(floor=floor))
                for flags in ([], ["-D_GNU_SOURCE"], ["-D_GNU_SOURCE", "-O2",
                              "-D_FORTIFY_SOURCE=2", "-D_FILE_OFFSET_BITS=64"]):
                    cross.tool("cc", *flags, "-fsyntax-only", "h.c", cwd=home)
                for standard in standards:
                    text = "".join(f"#include <{h}>\n"
                                   for h in cxx_headers(cross.sysroot, standard))
                    xt.write(os.path.join(home, "h.cc"), text)
                    cross.tool("c++", "-std=gnu++" + standard, "-O2", "-D_FORTIFY_SOURCE=2",
                               "-D_FILE_OFFSET_BITS=64", "-fsyntax-only", "h.cc", cwd=home)


def test_headers_compile_at_the_lowest_floor():
    headers_compile((("clang", "armv7"), ("gcc", "x86_64")), (17,), ("11", "20"))


# label: long
def test_headers_compile_at_every_floor():
    headers_compile((("clang", "armv7"), ("gcc", "aarch64"), ("clang", "x86_64")),
                    (17, 24, 26, 28, 31), ("11", "14", "17", "20"))


def test_edits_of_headers():
    """Each row of the table: the floor's answer below the version, the sysroot's
    own from it on."""
    with xt.scratch() as home:
        for cross in crosses():
            xt.write(os.path.join(home, "own.c"), OWN_NAMES)
            cross.tool("cc", "-O2", "-D_FORTIFY_SOURCE=2", "-Wall", "-Werror", "-c", "own.c",
                       cwd=home)
        for floor in (17, 28, 31):
            cross = Cross("clang", "armv7", f"2_{floor}")
            for below, define, source, want in (
                    (28, "-D_FILE_OFFSET_BITS=64",
                     "#include <fcntl.h>\nint f(void) { return fcntl(0, 1); }", "fcntl64"),
                    (28, "-D_LARGEFILE64_SOURCE",
                     "#include <fcntl.h>\nint f(void) { return open64(\"\", 0); }", None),
                    (28, "-D_GNU_SOURCE", "#include <sys/stat.h>\nstruct statx s;", "s"),
                    (28, "-DX", "#include <threads.h>\nint f(void) { return thrd_sleep(0, 0);"
                     "}", "thrd_sleep"),
                    (30, "-D_GNU_SOURCE", "#include <unistd.h>\nint f(void) "
                     "{ return gettid(); }", "gettid"),
                    (25, "-DX", "#include <sys/random.h>\nint f(void) "
                     "{ return getrandom(0, 0, 0); }", "getrandom")):
                xt.write(os.path.join(home, "e.c"), source + "\n")
                p = cross.tool("cc", define, "-Werror=implicit-function-declaration", "-c",
                               "e.c", "-o", "e.o", cwd=home, code=None)
                names = cross.tool("nm", "e.o", cwd=home).stdout.split() \
                    if p.returncode == 0 else []
                xt.equal(want in names, want is not None and floor >= below, floor, source)
                if want in ("fcntl64", None):
                    xt.equal(p.returncode, 0, p.stderr)


def test_the_sysroots_own_floor_needs_no_stubs():
    cross = Cross("clang", "aarch64", "2_31")
    low = Cross("clang", "aarch64")
    base = [d for d in (os.path.join(cross.trees, "sysroot", n)
            for n in os.listdir(os.path.join(cross.trees, "sysroot")))
            if os.path.isdir(d) and os.path.exists(os.path.join(d, "usr/lib/aarch64-linux-gnu"))]
    for name in ("libc.so.6", "libm.so.6", "libstdc++.so.6"):
        inode = os.stat(os.path.join(cross.lib, name)).st_ino
        xt.check(inode in [os.stat(os.path.join(b, "usr/lib/aarch64-linux-gnu", name)).st_ino
                           for b in base], name)
        xt.check(inode != os.stat(os.path.join(low.lib, name)).st_ino)
    xt.check(not os.path.exists(os.path.join(cross.lib, "libstdc++_nonshared.a")))
    xt.check(os.path.exists(os.path.join(low.lib, "libstdc++_nonshared.a")))
    with xt.scratch() as home:
        xt.write(os.path.join(home, "r.c"), "int fcntl64(int, int, ...);\n"
                 "int f(void) { return fcntl64(0, 1); }\n")
        cross.tool("cc", "-shared", "-fPIC", "r.c", "-o", "r.so", "-Wl,-z,defs", cwd=home)
    # At 2_28 the C library is lowered a little, libstdc++ to GCC 8's.
    middle = Cross("clang", "aarch64", "2_28")
    versions = [v for _, v, _, d in middle.symbols(os.path.join(middle.lib, "libstdc++.so.6"))
                if d and v and v.startswith("GLIBCXX_")]
    xt.check((3, 4, 19) < max(map(number, versions)) <= (3, 4, 24), versions)


def test_floors_out_of_reach():
    for floor, sysroot, code, words in (
            ("2_12", None, "X0330", "below 2_17"), ("2.17", None, "X0121", "wants a glibc"),
            ("17", None, "X0121", "wants a glibc"), ("2_32", None, "X0331", "take 2_31"),
            ("2_33", None, "X0331", "what is built for it runs with glibc 2.33"),
            ("2_99", None, "X0331", "no sysroot for aarch64 has the floor 2_99"),
            ("2_32", "debian-11", "X0331", "above the sysroot debian-11"),
            ("2_34", "debian-11", "X0331", "take the sysroot debian-12"),
            ("2_28", "debian-12", "X0332", "take the sysroot debian-11"),
            ("2_17", "run-3.11", "X0302", "to run in")):
        r = xt.run(["env", "--target", "aarch64", "--floor", floor, "--format", "json",
                    *(["--sysroot", sysroot] if sysroot else [])],
                   cwd=xt.SOURCE, XORCH_CACHE_DIR=os.path.join(xt.CACHE, "store"))
        xt.equal(r.code, 2, r)
        xt.check(code in r.err and words in r.err, r)
        if code in ("X0331", "X0332"):
            xt.check(re.search(r"debian-11 +2_17 … 2_31\n", r.err) and
                     re.search(r"debian-12 +2_34 … 2_36\n", r.err), r)
            xt.check("manylinux_2_31" not in r.err, "that image is for armv7 alone", r)


def names_of(cross):
    """floor.names: library -> name -> version."""
    libraries, now = {}, None
    for line in open(os.path.join(cross.sysroot, "floor.names")).read().splitlines()[1:]:
        a, b = line.split(" ")
        if a == "library":
            now = libraries.setdefault(b, {})
        else:
            now[a] = b
    return libraries


def test_names_file():
    for target in TARGETS:
        cross = Cross("clang", target)
        libraries = names_of(cross)
        for library, name in (("libc.so.6", "printf"), ("libm.so.6", "exp"),
                              ("libpthread.so.0", "pthread_create"),
                              ("libstdc++.so.6", "_ZSt4cout"), ("libgcc_s.so.1",
                                                                "_Unwind_Backtrace")):
            xt.check(name in libraries[library], library, name)
        xt.check("gettid" not in libraries["libc.so.6"])
        xt.check("__cxa_thread_atexit_impl" not in libraries["libc.so.6"])
        xt.equal(libraries["libm.so.6"]["exp"],
                 {"aarch64": "GLIBC_2.17", "armv7": "GLIBC_2.4", "x86_64": "GLIBC_2.2.5"}[target])
        xt.check([n for n in libraries if n.startswith("ld-linux")])
        # The file and the stubs say the same.
        for library in ("libc.so.6", "libstdc++.so.6"):
            path = os.path.join(cross.lib, library)
            got = {n: v or "-" for n, v, _, d in cross.symbols(path) if d}
            got = {n: v for n, v in got.items() if n != v and not n.startswith(
                ("GLIBC_", "GLIBCXX_", "CXXABI_"))}
            xt.equal(got, libraries[library], library)


def test_B13_float_abi_survives_a_packages_march():
    source = "double f(double a, double b) { return a * b; }\n"
    with xt.scratch() as home:
        xt.write(os.path.join(home, "f.c"), source)
        for toolchain in ("clang", "gcc"):
            cross = Cross(toolchain, "armv7")
            for flag in ("-march=armv7-a", "-march=native", "-mtune=cortex-a7", "-mcpu=native"):
                cross.tool("cc", "-O2", flag, "-shared", "-fPIC", "f.c", "-o", "f.so", cwd=home)
                out = cross.tool("readelf", "-h", "-A", "f.so", cwd=home).stdout
                xt.check(re.search(r"Flags:\s+0x5000400", out), toolchain, flag, out)
                xt.check("VFP registers" in out or "AAPCS VFP" in out or
                         "ABI_VFP_args" in out, out)
                xt.check("NEON" not in out, out)
            p = cross.tool("cc", "-msse2", "-c", "f.c", cwd=home, code=1)
            xt.check("-msse2" in p.stderr, p.stderr)


def test_X05_only_the_sysroots_files_are_read():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "d.cc"), "#include <cstdio>\n#include <regex>\n"
                 "#include <stdint.h>\n#include <linux/types.h>\n")
        for cross in crosses():
            cross.tool("c++", "-I/usr/include", "-isystem", "/usr/local/include",
                       "-I/usr/include/python3.11", "-MD", "-MF", "d.d", "-c", "d.cc", cwd=home)
            words = open(os.path.join(home, "d.d")).read().replace("\\\n", " ").split()[2:]
            xt.check(len(words) > 50)
            for word in words:
                xt.check(os.path.realpath(word).startswith(
                    (os.path.realpath(cross.trees) + "/",)), cross.toolchain, word)


def test_the_build_machines_compiler():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "b.cc"), "#include <iostream>\n#include <filesystem>\n"
                 "int main() { std::cout << sizeof(void *) << "
                 "std::filesystem::path(\"/a/b\").filename() << std::endl; }\n")
        for toolchain in ("clang", "gcc"):
            cross = Cross(toolchain, "armv7")
            for name in ("build-c++", "build-g++"):
                cross.tool(name, "-std=c++17", "-O2", "b.cc", "-o", "b", cwd=home)
                out = subprocess.run([os.path.join(home, "b")], stdout=subprocess.PIPE).stdout
                xt.equal(out, b'8"b"\n')


def test_every_tool_works():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "t.c"), "int shown(void) { return 42; }\n")
        xt.write(os.path.join(home, "t.s"), ".globl made\nmade:\n.long 1\n")
        for cross in crosses():
            for name in sorted(os.listdir(os.path.join(cross.dir, "bin"))):
                cross.tool(name, "--version", cwd=home)
            for prefix in ("", TRIPLE[cross.target] + "-", "build-"):
                def run(name, *args):
                    return cross.tool(prefix + name, *args, cwd=home).stdout
                run("cc", "-g", "-c", "t.c", "-o", "t.o")
                run("as", "t.s", "-o", "s.o")
                run("ld", "-r", "t.o", "s.o", "-o", "r.o")
                run("ar", "rcD", prefix + "t.a", "t.o", "s.o")
                os.rename(os.path.join(home, prefix + "t.a"), os.path.join(home, "libt.a"))
                run("ranlib", "libt.a")
                xt.check("T shown" in run("nm", "libt.a"))
                xt.check("shown" in run("objdump", "-d", "t.o"))
                xt.check("shown" in run("readelf", "-s", "r.o"))
                xt.check("t.c" in run("addr2line", "-e", "t.o", "0"))
                xt.check("int f(int)" not in run("c++filt", "_Z1gi"))
                xt.check("made" in run("strings", "-a", "s.o"))
                run("size", "t.o")
                run("objcopy", "--strip-debug", "t.o", "u.o")
                run("strip", "-o", "v.o", "--strip-debug", "t.o")
                xt.check(os.path.getsize(os.path.join(home, "v.o")) <
                         os.path.getsize(os.path.join(home, "t.o")))
                xt.equal(run("cpp", "-P", "t.c").strip(), "int shown(void) { return 42; }")


def test_any_host():
    """In a root without any C library, loader or shell the tools work all the same:
    everything they need is in their trees."""
    if not shutil.which("bwrap"):
        raise xt.Skip("bubblewrap is not installed")
    with xt.scratch() as home:
        xt.write(os.path.join(home, "s.cc"), "#include <string>\n#include <iostream>\n"
                 "int f(const std::string &s) { std::cout << s; return s.size(); }\n")
        for cross in crosses():
            for flags in ([], ["-flto"]):
                p = subprocess.run(
                    ["bwrap", "--unshare-all", "--clearenv", "--proc", "/proc", "--dev",
                     "/dev", "--tmpfs", "/tmp", "--ro-bind", cross.trees, cross.trees,
                     "--bind", home, "/w", "--chdir", "/w", "--",
                     os.path.join(cross.dir, "bin", "c++"), "-O2", *flags, "-shared", "-fPIC",
                     "s.cc", "-o", "s.so", "-Wl,-z,defs"], capture_output=True, text=True)
                xt.equal(p.returncode, 0, cross.toolchain, cross.target, flags, p.stderr)
                check_versions(cross, os.path.join(home, "s.so"),
                               {**CAPS, "GCC": (4, 8, 0)})


def test_constant_paths_in_the_sandbox_give_equal_bytes():
    """Trees mounted at /xorch/… : the folder of the cache leaves no trace."""
    if not shutil.which("bwrap"):
        raise xt.Skip("bubblewrap is not installed")
    cross = Cross("gcc", "aarch64")
    trees = {"toolchain": None, "sysroot": None, "build-toolchain": None,
             "build-sysroot": None}
    for line in open(os.path.join(cross.dir, "wrapper.conf")):
        if line.startswith("dir "):
            _, name, path = line.split()
            trees[name] = os.path.normpath(os.path.join(cross.dir, path))
    xt.check(all(trees.values()), trees)
    with xt.scratch() as home:
        xt.write(os.path.join(home, "s.cc"), "#include <string>\n#include <vector>\n"
                 "int f(const std::string &s) { return std::vector<std::string>{s}.size(); }\n")
        binds = [x for n, p in trees.items() for x in ("--ro-bind", p, "/xorch/" + n)]
        for name in ("c++", "build-c++"):
            p = subprocess.run(
                ["bwrap", "--unshare-all", "--clearenv", "--proc", "/proc", "--dev", "/dev",
                 "--tmpfs", "/tmp", *binds, "--ro-bind", cross.dir, "/xorch/cross", "--bind",
                 home, "/xorch/src", "--chdir", "/xorch/src", "--", "/xorch/cross/bin/" + name,
                 "-g", "-O2", "-shared", "-fPIC", "s.cc", "-o", "s.so"],
                capture_output=True, text=True)
            xt.equal(p.returncode, 0, p.stderr)
            data = open(os.path.join(home, "s.so"), "rb").read()
            # clang leaves the common part of source and header paths out.
            xt.check(b"xorch/sysroot/" in data or b"build-sysroot/usr" in data, name)
            xt.check(os.path.realpath(xt.CACHE).encode() not in data)


def test_floors_have_the_same_bytes_in_another_cache():
    with xt.scratch() as home:
        first = Cross("clang", "armv7")
        other = os.path.join(home, "cache", "v1")
        source = os.path.dirname(first.trees)
        os.makedirs(os.path.join(other, "trees"))
        # Links keep inodes, so the trees that floors are made of count as checked.
        for name in ("blobs", "records", "trees/toolchain", "trees/sysroot"):
            if subprocess.run(["cp", "-al", os.path.join(source, name),
                               os.path.join(other, name)], stderr=subprocess.DEVNULL).returncode:
                subprocess.run(["cp", "-a", os.path.join(source, name),
                                os.path.join(other, name)], check=True)
        second = Cross("clang", "armv7", cache=os.path.dirname(other))
        xt.check(second.dir.startswith(home) and first.sysroot != second.sysroot)
        xt.equal(os.path.basename(first.sysroot), os.path.basename(second.sysroot))
        p = subprocess.run(["diff", "-r", "--no-dereference", first.sysroot, second.sysroot],
                           capture_output=True, text=True)
        xt.equal(p.returncode, 0, p.stdout[:2000])


def test_a_moved_cache_works():
    cross = Cross("clang", "armv7")
    with xt.scratch() as home:
        moved = os.path.join(home, "moved", "trees")
        for kind in ("cross", "floor", "toolchain"):
            os.makedirs(os.path.join(moved, kind))
        conf = open(os.path.join(cross.dir, "wrapper.conf")).read()
        for path in set(re.findall(r"^dir \S+ \.\./\.\./(.*)$", conf, re.M)):
            os.symlink(os.path.join(cross.trees, path), os.path.join(moved, path))
        other = os.path.join(moved, "cross", os.path.basename(cross.dir))
        shutil.copytree(cross.dir, other)
        xt.write(os.path.join(home, "m.c"), "int f(void) { return 1; }\n")
        p = subprocess.run([os.path.join(other, "bin", "cc"), "-###", "-c", "m.c"], cwd=home,
                           capture_output=True, text=True)
        xt.equal(p.returncode, 0, p.stderr)
        xt.check(f'"-isysroot" "{moved}/floor/' in p.stderr, p.stderr)
        p = subprocess.run([os.path.join(other, "bin", "cc"), "-shared", "m.c", "-o", "m.so"],
                           cwd=home, capture_output=True, text=True)
        xt.equal(p.returncode, 0, p.stderr)


def test_cmake_toolchain_file():
    cmake = shutil.which("cmake")
    xt.check(cmake, "cmake is missing")
    with xt.scratch() as home:
        xt.write(os.path.join(home, "CMakeLists.txt"), """
cmake_minimum_required(VERSION 3.15)
project(p C CXX)
find_path(HOST glib.h PATH_SUFFIXES glib-2.0)
find_path(OWN features.h)
find_library(M m)
file(WRITE ${CMAKE_BINARY_DIR}/answers "${CMAKE_SYSTEM_PROCESSOR};${CMAKE_CROSSCOMPILING};${HOST};${OWN};${M}")
file(WRITE ${CMAKE_BINARY_DIR}/m.cc "#include <string>\\nint f(std::string s) { return s.size(); }\\n")
add_library(m SHARED ${CMAKE_BINARY_DIR}/m.cc)
""")
        for cross, processor in ((Cross("clang", "armv7"), "armv7l"),
                                 (Cross("gcc", "aarch64"), "aarch64")):
            build = os.path.join(home, cross.toolchain)
            for args in (["-S", home, "-B", build, "-G", "Ninja", "-DCMAKE_TOOLCHAIN_FILE=" +
                          os.path.join(cross.dir, "cmake", "toolchain.cmake")],
                         ["--build", build]):
                p = subprocess.run([cmake, *args], capture_output=True, text=True)
                xt.equal(p.returncode, 0, p.stdout, p.stderr)
            answers = open(os.path.join(build, "answers")).read().split(";")
            xt.equal(answers[:3], [processor, "TRUE", "HOST-NOTFOUND"])
            for path in answers[3:]:
                xt.check(os.path.realpath(path).startswith(os.path.realpath(cross.sysroot)),
                         answers)
            check_versions(cross, os.path.join(build, "libm.so"), CAPS)


if __name__ == "__main__":
    xt.main(globals())
