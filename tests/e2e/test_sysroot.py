"""The sysroots debian-11 and debian-12 from the real archive, for each target: their form,
and that C and C++ link against them with nothing left over."""
import glob
import os
import re
import shutil
import subprocess

import judges
import xt

TRIPLE = {"aarch64": "aarch64-linux-gnu", "armv7": "arm-linux-gnueabihf",
          "x86_64": "x86_64-linux-gnu"}
CLANG = {"armv7": ["--target=armv7-linux-gnueabihf", "-mfpu=vfpv3-d16"]}
LOADER = {"aarch64": "ld-linux-aarch64.so.1", "armv7": "ld-linux-armhf.so.3",
          "x86_64": "ld-linux-x86-64.so.2"}

C = """#include <math.h>
#include <pthread.h>
#include <dlfcn.h>
#include <time.h>
double f(double x) { pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	struct timespec t; pthread_mutex_lock(&m); clock_gettime(CLOCK_REALTIME, &t);
	return exp(x) + (dlopen("x", RTLD_NOW) != 0); }
"""
CXX = """#include <atomic>
#include <filesystem>
#include <regex>
#include <string>
#include <thread>
struct big { long a[4]; };
static std::atomic<big> shared;
extern "C" int g(const char *s) { big b = shared.load();
	try { return std::regex_match(s, std::regex("a+")) + std::filesystem::exists(s)
		+ (int)b.a[0]; } catch (const std::exception &e) { return -1; } }
"""


def fetch(*args, store=None):
    """The folder that `xorch fetch ARGS` prints, in the tests' shared store or another."""
    with xt.scratch() as home:
        r = xt.run(["fetch", *args], home=home, timeout=1700,
                   XORCH_CACHE_DIR=store or os.path.join(xt.CACHE, "store"))
    if r.code == 5:
        raise xt.Skip("the Debian mirror cannot be reached: " + r.err.strip()[-300:])
    xt.equal(r.code, 0, r)
    return r.out.strip()


def clang():
    names = ["clang-19", "clang"] + sorted(
        (os.path.basename(p) for p in glob.glob("/usr/bin/clang-[0-9]*")), reverse=True)
    program = next(filter(None, map(shutil.which, names)), None)
    xt.check(program, "no clang on this machine: tests/run installs one")
    return program


def compile_and_link(target, tree, folder, text, name, *flags):
    source = xt.write(os.path.join(folder, name), text)
    out = source + ".so"
    p = subprocess.run(
        [clang(), *CLANG.get(target, ["--target=" + TRIPLE[target]]),
         "--sysroot=" + tree, "-fuse-ld=lld", "-fPIC", "-shared", "-O1", "-Wl,-z,defs",
         "-Wl,--fatal-warnings", source, "-o", out, *flags, "-v"],
        capture_output=True, text=True)
    xt.equal(p.returncode, 0, p.stderr)
    # nothing of the build machine's may have been looked at
    search = p.stderr.split("#include <...> search starts here:")[1].split("End of")[0]
    for path in search.split():
        xt.check(path.startswith(tree) or "/clang/" in path, "foreign headers", path)
    return out


def check_form(target, tree, gcc="10"):
    triple = TRIPLE[target]
    lib = os.path.join(tree, "usr/lib", triple)
    xt.equal(os.readlink(os.path.join(tree, "lib")), "usr/lib")
    for folder, names, files in os.walk(tree):
        for name in names + files:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                xt.check(not os.readlink(path).startswith("/"), "absolute link", path)
                xt.check(os.path.exists(path), "dangling link", path)
                xt.check(os.path.realpath(path).startswith(os.path.realpath(tree)),
                         "link that leads out", path)
    # Of what went into libc.so.6 with glibc 2.34 empty archives are left to answer -l.
    empty = {"pthread", "rt", "dl", "util", "anl"} if gcc == "12" else set()
    for name in ("crti.o", "Scrt1.o", "libc_nonshared.a", "libm.so",
                 "libpthread.a" if empty else "libpthread.so"):
        xt.check(os.path.exists(os.path.join(lib, name)), name, "is missing")
    gcc = os.path.join(tree, "usr/lib/gcc", triple, gcc)
    for name in ("crtbeginS.o", "libgcc.a", "libgcc_eh.a", "libstdc++.a", "libatomic.a"):
        xt.check(os.path.exists(os.path.join(gcc, name)), name, "is missing")
    static = {os.path.basename(p) for p in glob.glob(lib + "/*.a")}
    left = static & {f"lib{name}.a" for name in (
        "c", "m", "pthread", "rt", "dl", "util", "resolv", "anl", "crypt", "mvec")
                     if name not in empty}
    for name in empty:
        path = os.path.join(lib, f"lib{name}.a")
        xt.check(os.path.getsize(path) == 8 or not judges.readelf("-s", path).count("GLOBAL"),
                 path, "is not empty")
    xt.check(not left and "libc_nonshared.a" in static, "static C library left in", left)
    with open(os.path.join(lib, "libc.so")) as f:
        script = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    xt.check("/" not in script, "paths in libc.so", script)
    xt.check(LOADER[target] in script, script)
    for path in ("usr/share/doc", "usr/share/man", "etc", "usr/bin",
                 f"usr/lib/{triple}/gconv"):
        xt.check(not os.path.lexists(os.path.join(tree, path)), path, "was not pruned")


def machine_of_all(target, tree):
    """Every ELF file is of the target's machine, by readelf."""
    seen = 0
    for path in glob.glob(tree + "/usr/lib/**/*", recursive=True):
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as f:
            if f.read(4) != b"\x7fELF":
                continue
        header = judges.readelf("-h", path)
        xt.check(re.search(rf"Machine:\s+{judges.MACHINE[target]}\n", header), path, header)
        seen += 1
    xt.check(seen > 30, "only", seen, "ELF files")


def check(target, name="debian-11", gcc="10",
          libraries=("libm.so.6", "libpthread.so.0", "libdl.so.2", "libc.so.6")):
    tree = fetch("--sysroot", name, "--target", target)
    check_form(target, tree, gcc)
    machine_of_all(target, tree)
    with xt.scratch() as folder:
        out = compile_and_link(target, tree, folder, C, "a.c", "-lm", "-lpthread", "-ldl")
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", judges.readelf("-d", out)))
        xt.check(needed >= set(libraries), needed)
        # with libm.so gone wrong exp would have come from libm.a
        symbols = judges.readelf("--dyn-syms", out)
        xt.check(re.search(r"UND exp@GLIBC", symbols), symbols)
        out = compile_and_link(target, tree, folder, CXX, "b.cc", "--driver-mode=g++",
                               "-std=c++17", "-latomic")
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", judges.readelf("-d", out)))
        xt.check("libstdc++.so.6" in needed and "libatomic.so.1" in needed, needed)
        xt.check(judges.MACHINE[target] in judges.readelf("-h", out))


def test_sysroot_aarch64():
    check("aarch64")


def test_sysroot_armv7():
    check("armv7")


def test_sysroot_x86_64():
    check("x86_64")


def test_debian_12():
    for target in TRIPLE:
        check(target, "debian-12", "12", ("libm.so.6", "libc.so.6"))


def test_toolchain_trees_run_by_their_own_loader():
    """clang and gcc start without anything of this machine's but the kernel."""
    for name, target, programs in (
            ("clang", "aarch64", ("usr/lib/llvm-19/bin/clang", "usr/lib/llvm-19/bin/lld",
                                  "usr/lib/llvm-19/bin/llvm-ar")),
            ("gcc", "armv7", ("usr/bin/arm-linux-gnueabihf-gcc-12",
                              "usr/bin/arm-linux-gnueabihf-as",
                              "usr/lib/gcc-cross/arm-linux-gnueabihf/12/cc1plus"))):
        tree = fetch("--toolchain", name, "--target", target)
        path = ":".join([tree + "/lib/x86_64-linux-gnu", tree + "/usr/lib/llvm-19/lib"])
        for program in programs:
            argv0 = "ld.lld" if program.endswith("lld") else program
            p = subprocess.run(
                [tree + "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "--library-path",
                 path, "--argv0", argv0, os.path.join(tree, program), "--version"],
                capture_output=True, text=True)
            xt.equal(p.returncode, 0, p)
            listed = subprocess.run(
                [tree + "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "--library-path",
                 path, "--list", os.path.join(tree, program)],
                capture_output=True, text=True).stdout
            for library in re.findall(r"=> (\S+)", listed):
                xt.check(os.path.realpath(library).startswith(os.path.realpath(tree)),
                         program, "takes", library)


def check_more(target):
    """A recipe's own packages, with what they depend on, in one tree."""
    with xt.scratch() as home:
        r = xt.run(["__sysroot", "debian-11", "zlib1g-dev", "libxml2-dev", "--target",
                    target], home=home, timeout=1700,
                   XORCH_CACHE_DIR=os.path.join(xt.CACHE, "store"))
    if r.code == 5:
        raise xt.Skip("the Debian mirror cannot be reached: " + r.err.strip()[-300:])
    xt.equal(r.code, 0, r)
    tree, *added = r.out.splitlines()
    names = {line.split()[0] for line in added}
    xt.check({"zlib1g-dev", "zlib1g", "libxml2-dev", "libxml2"} <= names, names)
    xt.check(not names & {"libc6", "libc6-dev", "libc-dev-bin"}, names)
    check_form(target, tree)
    with xt.scratch() as folder:
        out = compile_and_link(target, tree, folder, """#include <zlib.h>
#include <libxml/parser.h>
int f(void) { xmlInitParser(); return (int)zlibCompileFlags(); }
""", "a.c", f"-I{tree}/usr/include/libxml2", "-lxml2", "-lz")
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", judges.readelf("-d", out)))
        xt.check({"libxml2.so.2", "libz.so.1"} <= needed, needed)


# label: long
def test_further_packages_aarch64():
    check_more("aarch64")


# label: long
def test_further_packages_armv7():
    check_more("armv7")


# label: long
def test_locks_are_still_what_the_archive_signs():
    """The whole chain on the real archive: InRelease, its signature, Packages, closure.
    The stable parts of what is committed come out again."""
    with xt.scratch() as home:
        for folder in ("sysroots", "toolchains"):
            shutil.copytree(os.path.join(xt.SOURCE, folder), os.path.join(home, folder))
        # debian-12 still moves: its suite gets point releases
        lock = os.path.join(home, "sysroots/debian-11.lock")
        with open(lock) as f:
            before = f.read()
        os.unlink(lock)
        r = xt.run(["lock", "--sysroot", "debian-11"], home=home, XORCH_CATALOG=home,
                   timeout=1700)
        if r.code == 5:
            raise xt.Skip("the Debian mirror cannot be reached: " + r.err.strip()[-300:])
        xt.equal(r.code, 0, r)
        with open(lock) as f:
            xt.equal(f.read(), before)


if __name__ == "__main__":
    xt.main(globals())
