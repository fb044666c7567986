"""Floors above 2_31, which the second suite has (sysroots/debian-12.yaml, glibc 2.36,
GCC 12): what test_floor.py holds of debian-11, and what is new there. C and C++ run on
Debian 12's own root under emulation."""
import os
import subprocess

import target_root
import xt
from test_floor import (TARGETS, Cross, c_module, check_versions, crosses, cxx17,
                        declared_from, does_not_link, headers_compile, links, names_of,
                        no_static_c_library, number, own_names_compile,
                        program_and_static, suite_of_floor)

# auditwheel's caps; GCC_11.0 is aarch64's.
CAPS = {34: {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13),
             "GCC": (11, 0), "CXXABI_ARM": (1, 3, 3), "LIBATOMIC": (1, 2)},
        35: {"GLIBC": (2, 35), "GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13),
             "GCC": (12, 0, 0), "CXXABI_ARM": (1, 3, 3), "LIBATOMIC": (1, 2)}}


def test_the_floor_chooses_the_suite():
    for floor, gcc, minor in (("2_17", "10", 17), ("2_31", "10", 31), ("2_34", "12", 34),
                              ("2_36", "12", 36)):
        suite_of_floor(floor, gcc, minor)


def test_c_module_needs_nothing_newer():
    # Since 2.34 there is no libpthread to need.
    for floor in (34, 35):
        c_module(f"2_{floor}", CAPS[floor], {"libc.so.6", "libm.so.6"})


def test_cxx17_two_modules_clang():
    cxx17("clang", floor="2_34", suite="bookworm", caps=CAPS[34])


def test_cxx17_two_modules_gcc():
    cxx17("gcc", floor="2_34", suite="bookworm", caps=CAPS[34])


# label: long
def test_cxx17_two_modules_at_2_35():
    for toolchain in ("clang", "gcc"):
        cxx17(toolchain, floor="2_35", suite="bookworm", caps=CAPS[35])


def test_cxx_program_and_static_libstdcxx():
    """-static-libgcc needs _dl_find_object, which glibc has since 2.35 only."""
    program_and_static("2_34", "bookworm", CAPS[34])


RANDOM = """
#include <cstdio>
#include <random>
#include <stdexcept>
extern "C" __attribute__((visibility("default"))) int run()
{
	unsigned a = std::random_device("getentropy")(), b = std::random_device("arc4random")();
	int caught = 0;
	for (int i = 0; i < 3; i++)
		try { throw std::runtime_error("x"); } catch (const std::exception &) { caught++; }
	return a != b && a && b ? caught : -1;
}
"""


def test_static_libraries_of_gcc_below_their_own_glibc():
    """libstdc++.a asks for arc4random (2.36), libgcc_eh.a for _dl_find_object (2.35): both
    get what the floor lacks, and nobody else does."""
    for cross in crosses("2_34"):
        root = target_root.get("bookworm", cross.target)
        with xt.scratch() as home:
            xt.write(os.path.join(home, "r.cc"), RANDOM)
            cross.tool("c++", "-O2", "-shared", "-fPIC", "-static-libstdc++",
                       "-static-libgcc", "-Wl,-z,defs", "r.cc", "-o", "r.so", cwd=home)
            so = os.path.join(home, "r.so")
            check_versions(cross, so, CAPS[34])
            xt.equal([s[0] for s in cross.symbols(so) if s[3] and s[2] != "WEAK"], ["run"])
            names = {s[0] for s in cross.symbols(so) if not s[3]}
            xt.check("getentropy" in names, names)
            # 32-bit ARM finds its tables another way.
            xt.equal("dl_iterate_phdr" in names, cross.target != "armv7", names)
            code = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).run())"
            xt.equal(root.python(["-c", code, so]).strip(), "3", cross.toolchain,
                     cross.target)


LACKING = ((35, "epoll_pwait2", []), (35, "_dl_find_object", []), (35, "fmaximum", ["-lm"]),
           (36, "arc4random", []), (36, "pidfd_open", []), (36, "fsopen", []),
           (38, "strlcpy", []), (38, "__isoc23_strtol", []), (39, "exp10f64x", ["-lm"]))


def test_what_the_floor_lacks_does_not_link():
    for floor in (34, 35, 36):
        does_not_link(crosses(f"2_{floor}", ("aarch64", "armv7")),
                      [(name, libs) for since, name, libs in LACKING[:-1] if since > floor])


def test_what_the_floor_has_links():
    for floor in (34, 35, 36):
        for cross in crosses(f"2_{floor}", ("aarch64", "armv7")):
            links([cross], [n for n in LACKING if n[0] <= floor and
                            (n[1] != "_dl_find_object" or cross.target != "armv7")])


def test_no_static_c_library_can_leak():
    no_static_c_library(crosses("2_34"))


def test_headers_compile_at_the_lowest_floor():
    headers_compile((("clang", "armv7"), ("gcc", "x86_64")), (34,), ("11", "20"))


# label: long
def test_headers_compile_at_every_floor():
    headers_compile((("clang", "armv7"), ("gcc", "aarch64"), ("clang", "x86_64")),
                    (34, 35, 36), ("11", "14", "17", "20"))


OWN_NAMES = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#error "rseq came with 2.35"
#endif
#if __has_include(<sys/pidfd.h>)
#error "pidfd came with 2.36"
#endif
static unsigned arc4random(void) { return 4; }
static void arc4random_buf(void *p, size_t n) { memset(p, 4, n); }
static int fsopen(const char *n, unsigned f) { return n ? (int)f : -1; }
static int epoll_pwait2(int a, int b) { return a + b; }
static size_t strlcpy(char *to, const char *from, size_t n) { return n ? *to = *from : n; }
int use(char *p)
{
	arc4random_buf(p, 1);
	return arc4random() + fsopen(p, 1) + epoll_pwait2(1, 2)+
		strlcpy(p, "x", 2);
}
"""


def test_edits_of_headers():
    own_names_compile(crosses("2_34"), OWN_NAMES)
    declared_from((34, 35, 36), (
        (35, "#include <sys/rseq.h>\nlong f(void) { return __rseq_offset; }",
         "__rseq_offset"),
        (35, "#include <sys/epoll.h>\nint f(void) { return "
         "epoll_pwait2(0, 0, 0, 0, 0); }", "epoll_pwait2"),
        (36, "#include <stdlib.h>\nint f(void) { return arc4random(); }",
         "arc4random"),
        (36, "#include <sys/pidfd.h>\nint f(void) { return pidfd_open(0, 0); }",
         "pidfd_open"),
        (36, "#include <sys/mount.h>\nint f(void) { return fsopen(0, 0); }",
         "fsopen")))


def test_glibc_2_34_merged_its_libraries():
    """pthread_create and dlopen come from libc.so.6; -lpthread, -ldl, -lrt, -lutil are
    answered by empty archives, and no dlopen@GLIBC_2.17 of the old libdl is taken."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "t.c"), """#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <pty.h>
#include <time.h>
int f(pthread_t *t, void *(*g)(void *)) { timer_t timer; int a;
	return pthread_create(t, 0, g, 0) + !dlopen("x", RTLD_NOW) + !dlsym(0, "y") +
		timer_create(CLOCK_REALTIME, 0, &timer) + openpty(&a, &a, 0, 0, 0); }
""")
        for floor in ("2_34", "2_35", "2_36"):
            for cross in crosses(floor):
                cross.tool("cc", "-shared", "-fPIC", "t.c", "-o", "t.so", "-lpthread", "-ldl",
                           "-lrt", "-lutil", "-Wl,-z,defs", cwd=home)
                so = os.path.join(home, "t.so")
                xt.equal(cross.needed(so), ["libc.so.6"])
                names = {s[0]: s[1] for s in cross.symbols(so)}
                for name in ("pthread_create", "dlopen", "dlsym", "timer_create", "openpty"):
                    xt.equal(names[name], "GLIBC_2.34", cross.target, floor)


TIMES = """
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
_Static_assert(sizeof(time_t) == SIZE, "time_t");
int f(const char *p) { struct stat s; struct timeval t;
	return stat(p, &s) + gettimeofday(&t, 0) + (int)(s.st_mtime - time(0)); }
"""


def test_time_of_32_and_64_bits_on_armv7():
    """Debian 12's armhf has a 32-bit time_t; _TIME_BITS=64 takes the other names, which
    2.34 brought. With a floor below, whose glibc knows no other, it changes nothing."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "t.c"), TIMES)
        for floor, flags, size, want in (
                ("2_34", [], 4, {"stat", "gettimeofday", "time"}),
                ("2_36", ["-D_FILE_OFFSET_BITS=64"], 4, {"stat64", "gettimeofday", "time"}),
                ("2_34", ["-D_FILE_OFFSET_BITS=64", "-D_TIME_BITS=64"], 8,
                 {"__stat64_time64", "__gettimeofday64", "__time64"}),
                ("2_31", ["-D_FILE_OFFSET_BITS=64", "-D_TIME_BITS=64"], 4,
                 {"__xstat64", "gettimeofday", "time"})):
            for toolchain in ("clang", "gcc"):
                cross = Cross(toolchain, "armv7", floor)
                cross.tool("cc", "-O1", f"-DSIZE={size}", *flags, "-shared", "-fPIC", "t.c",
                           "-o", "t.so", "-Wl,-z,defs", cwd=home)
                so = os.path.join(home, "t.so")
                names = {s[0]: s[1] for s in cross.symbols(so) if not s[3]}
                xt.check(want <= set(names), floor, flags, names)
                check_versions(cross, so, {"GLIBC": number(floor), "GCC": (3, 5)})


def test_arm_attributes_of_what_is_linked():
    """Debian 12's crti.o does not say hard float, and lld keeps what it says."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "f.c"), "double f(double a) { return a * a; }\n")
        for floor in ("2_34", "2_36"):
            for toolchain in ("clang", "gcc"):
                cross = Cross(toolchain, "armv7", floor)
                cross.tool("cc", "-O2", "-shared", "-fPIC", "f.c", "-o", "f.so", cwd=home)
                out = subprocess.run(["readelf", "-hA", os.path.join(home, "f.so")],
                                     stdout=subprocess.PIPE, text=True, check=True).stdout
                for line in ("Tag_ABI_VFP_args: VFP registers", "Tag_FP_arch: VFPv3-D16",
                             "Tag_CPU_arch: v7", "hard-float ABI"):
                    xt.check(line in out, toolchain, floor, line, out)
                xt.check("NEON" not in out, out)


def test_names_file():
    for floor in (34, 36):
        for target in TARGETS:
            libraries = names_of(Cross("clang", target, f"2_{floor}"))
            for name, version in (("pthread_create", "GLIBC_2.34"), ("dlopen", "GLIBC_2.34")):
                xt.equal(libraries["libc.so.6"][name], version)
            xt.equal("arc4random" in libraries["libc.so.6"], floor == 36)
            xt.check("strlcpy" not in libraries["libc.so.6"])
            xt.equal(libraries["libm.so.6"]["hypot"],
                     "GLIBC_2.35" if floor == 36 else
                     {"aarch64": "GLIBC_2.17", "armv7": "GLIBC_2.4",
                      "x86_64": "GLIBC_2.2.5"}[target])


def test_the_sysroots_own_floor_needs_no_stubs():
    own, low = Cross("clang", "armv7", "2_36"), Cross("clang", "armv7", "2_34")
    versions = [v for _, v, _, d in own.symbols(os.path.join(own.lib, "libc.so.6")) if d]
    xt.check("GLIBC_PRIVATE" in versions, "not the library itself")
    xt.check(os.path.exists(os.path.join(low.lib, "libstdc++_nonshared.a")))
    xt.check(not os.path.exists(os.path.join(own.lib, "libstdc++_nonshared.a")))


def test_the_build_machines_compiler():
    """Its programs are linked against debian-11 all the same."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "b.cc"), "#include <iostream>\n#include <filesystem>\n"
                 "int main() { std::cout << sizeof(void *) << "
                 "std::filesystem::path(\"/a/b\").filename() << std::endl; }\n")
        for toolchain in ("clang", "gcc"):
            cross = Cross(toolchain, "armv7", "2_35")
            cross.tool("build-c++", "-std=c++17", "-O2", "b.cc", "-o", "b", cwd=home)
            out = subprocess.run([os.path.join(home, "b")], stdout=subprocess.PIPE).stdout
            xt.equal(out, b'8"b"\n')
            check_versions(cross, os.path.join(home, "b"),
                           {"GLIBC": (2, 28), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11),
                            "GCC": (7, 0, 0)})


if __name__ == "__main__":
    xt.main(globals())
