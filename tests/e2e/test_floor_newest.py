"""Floors above 2_36, which the third suite has (sysroots/debian-13.yaml, glibc 2.41,
GCC 14), for the 64-bit targets: Debian 13's armhf has a 64-bit time_t, so armv7 stays
with Debian 12. What test_floor.py and test_floor_newer.py hold of the older suites, and
what is new there; it runs on Debian 13's own root, under emulation."""
import itertools
import os

import judges
import target_root
import test_wheels
import xt
from test_floor import (Cross, c_module, crosses, cxx17, declared_from, does_not_link,
                        headers_compile, links, names_of, no_static_c_library,
                        own_names_compile, program_and_static, suite_of_floor)

TARGETS = ("aarch64", "x86_64")

# auditwheel's caps.
CAPS = {37: {"GLIBC": (2, 37), "GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13),
             "GCC": (12, 0, 0), "LIBATOMIC": (1, 2)},
        39: {"GLIBC": (2, 39), "GLIBCXX": (3, 4, 33), "CXXABI": (1, 3, 15),
             "GCC": (14, 0, 0), "LIBATOMIC": (1, 2)}}


def both(floor):
    return list(crosses(floor, TARGETS))


def test_the_floor_chooses_the_suite():
    for floor, gcc, minor in (("2_36", "12", 36), ("2_37", "14", 37), ("2_39", "14", 39),
                              ("2_41", "14", 41)):
        suite_of_floor(floor, gcc, minor, TARGETS)


def test_armv7_ends_where_time_t_changes():
    for args, words in (([], ("X0331", "no sysroot for armv7 has the floor 2_37",
                              "64-bit time_t", "debian-12        2_34 … 2_36\n",
                              "take 2_36", "manylinux_2_31 ")),
                        (["--sysroot", "debian-13"], ("X0302", "armv7"))):
        r = xt.run(["env", "--target", "armv7", "--floor", "2_37", *args], cwd=xt.SOURCE,
                   XORCH_CACHE_DIR=os.path.join(xt.CACHE, "store"))
        xt.equal(r.code, 2, r)
        for word in words:
            xt.check(word in r.err, word, r)


def test_c_module_needs_nothing_newer():
    for floor in (37, 39):
        c_module(f"2_{floor}", CAPS[floor], {"libc.so.6", "libm.so.6"}, TARGETS)


def test_cxx17_two_modules_clang():
    cxx17("clang", TARGETS, floor="2_37", suite="trixie", caps=CAPS[37])


def test_cxx17_two_modules_gcc():
    cxx17("gcc", TARGETS, floor="2_37", suite="trixie", caps=CAPS[37])


# label: long
def test_cxx17_two_modules_at_2_39():
    for toolchain in ("clang", "gcc"):
        cxx17(toolchain, TARGETS, floor="2_39", suite="trixie", caps=CAPS[39])


def test_cxx_program_and_static_libstdcxx():
    """libstdc++.a was compiled with 2.38's strtoul, which 2_37 lacks."""
    program_and_static("2_37", "trixie", CAPS[37], TARGETS)


SCAN = """
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <inttypes.h>
__attribute__((visibility("default"))) long run(const char *text)
{
	int n = 0, k = 0;
	if (sscanf(text, "%i %i", &n, &k) < 1 || n != wcstol(L"7", 0, 0))
		return -1;
	return strtol("0b101", 0, 0) * 1000 + strtoul(text, 0, 0) + strtoimax("0x10", 0, 16) +
		atoi("100") + k;
}
"""


def test_strtol_of_C23():
    """Asked for by _GNU_SOURCE and by C++ alone: a name of 2.38's, which 2_37 has not."""
    code = ("import ctypes, sys\n"
            "for p in sys.argv[1:]: print(ctypes.CDLL(p).run(b'7'))")
    for target in TARGETS:
        root = target_root.get("trixie", target)
        with xt.scratch() as home:
            xt.write(os.path.join(home, "c.c"), "#define _GNU_SOURCE\n" + SCAN)
            xt.write(os.path.join(home, "c.cc"), 'extern "C" {\n' + SCAN + "}\n")
            made, want = [], []
            for floor, toolchain, (compiler, source, flags) in itertools.product(
                    (37, 38), ("clang", "gcc"), (
                        ("cc", "c.c", []), ("cc", "c.c", ["-O0"]), ("c++", "c.cc", []),
                        ("cc", "c.c", ["-std=c11", "-D_ISOC2X_SOURCE"]),
                        ("cc", "c.c", ["-D_FORTIFY_SOURCE=2"]))):
                cross = Cross(toolchain, target, f"2_{floor}")
                so = os.path.join(home, f"{len(made)}.so")
                cross.tool(compiler, "-O2", *flags, "-w", "-shared", "-fPIC",
                           "-Wl,-z,defs", source, "-o", so, cwd=home)
                names = {s[0] for s in cross.symbols(so) if not s[3]}
                xt.equal("__isoc23_strtol" in names, floor == 38, target, names)
                xt.equal("strtol" in names, floor == 37, target, names)
                made.append(so)
                want.append("123" if floor == 37 else "5123")
            xt.equal(root.python(["-c", code, *made]).split(), want, target)


LACKING = ((38, "strlcpy", []), (38, "__isoc23_strtol", []), (38, "wcslcat", []),
           (39, "stdc_bit_width_ui", []), (39, "pidfd_spawn", []), (40, "exp2m1", ["-lm"]),
           (41, "cospi", ["-lm"]), (41, "sched_setattr", []), (42, "uabs", []))


def test_what_the_floor_lacks_does_not_link():
    for floor in (37, 39):
        does_not_link(crosses(f"2_{floor}", TARGETS),
                      [(name, libs) for since, name, libs in LACKING if since > floor])


def test_what_the_floor_has_links():
    for floor in (38, 39, 40, 41):
        links(both(f"2_{floor}"), [n for n in LACKING if n[0] <= floor])


def test_fmod_and_exp10_keep_their_old_names():
    """2.38 and 2.39 gave fmod and exp10 new versions, faster and without SVID's errors."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "m.c"), "#define _GNU_SOURCE\n#include <math.h>\n"
                 "double f(double x) { return fmod(x, 3) + exp10(x); }\n")
        for floor, fmod, exp10 in ((37, None, None), (38, "2.38", None),
                                   (39, "2.38", "2.39")):
            for cross in both(f"2_{floor}"):
                old = {"aarch64": "2.17", "x86_64": "2.2.5"}[cross.target]
                cross.tool("cc", "-O2", "-fno-builtin", "-shared", "-fPIC", "-Wl,-z,defs",
                           "m.c", "-o", "m.so", "-lm", cwd=home)
                names = {s[0]: s[1] for s in cross.symbols(os.path.join(home, "m.so"))}
                xt.equal(names["fmod"], "GLIBC_" + (fmod or old), floor, cross.target)
                xt.equal(names["exp10"], "GLIBC_" + (exp10 or old), floor, cross.target)


def test_no_static_c_library_can_leak():
    no_static_c_library(both("2_37"))


def test_headers_compile_at_the_lowest_floor():
    headers_compile((("clang", "aarch64"), ("gcc", "x86_64")), (37,), ("11", "20"))


# label: long
def test_headers_compile_at_every_floor():
    headers_compile((("clang", "aarch64"), ("gcc", "aarch64"), ("clang", "x86_64"),
                     ("gcc", "x86_64")), (37, 38, 39, 40, 41), ("11", "14", "17", "20"))


OWN_NAMES = """
#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <wchar.h>
#if __has_include(<stdbit.h>)
#error "stdbit.h came with 2.39"
#endif
struct sched_attr { unsigned size; };
static int sched_setattr(int a, struct sched_attr *b, unsigned c) { return a + b->size + c; }
static size_t strlcpy(char *to, const char *from, size_t n) { return n ? *to = *from : n; }
static size_t strlcat(char *to, const char *from, size_t n) { return n ? *to = *from : n; }
static double cospi(double x) { return x; }
static float exp2m1f(float x) { return x; }
static double exp2m1(double x) { return exp2m1f(x); }
static int pidfd_getpid(int a) { return a; }
int use(char *p)
{
	struct sched_attr a = {1};
	return sched_setattr(1, &a, 2) + strlcpy(p, "x", 2) + strlcat(p, "x", 2) + cospi(1) +
		exp2m1(2) + pidfd_getpid(1);
}
"""


def test_edits_of_headers():
    own_names_compile(both("2_37"), OWN_NAMES)
    declared_from((37, 38, 39, 40, 41), (
        (38, "#include <string.h>\nlong f(char *a, char *b) { return "
         "strlcpy(a, b, 3); }", "strlcpy"),
        (39, "#include <stdbit.h>\nvoid *f = (void *)stdc_leading_zeros_ui;",
         "stdc_leading_zeros_ui"),
        (40, "#include <math.h>\ndouble f(double a) { return exp2m1(a); }",
         "exp2m1"),
        (41, "#include <sched.h>\nint f(struct sched_attr *a) { return "
         "sched_setattr(0, a, 0); }", "sched_setattr")), "-fno-builtin")


def test_names_file():
    for floor in (37, 38, 39):
        for target in TARGETS:
            libraries = names_of(Cross("clang", target, f"2_{floor}"))
            xt.equal("strlcpy" in libraries["libc.so.6"], floor >= 38)
            xt.equal("pidfd_spawn" in libraries["libc.so.6"], floor >= 39)
            xt.check("sched_setattr" not in libraries["libc.so.6"])


def test_the_sysroots_own_floor_needs_no_stubs():
    own, low = Cross("clang", "aarch64", "2_41"), Cross("clang", "aarch64", "2_37")
    versions = [v for _, v, _, d in own.symbols(os.path.join(own.lib, "libc.so.6")) if d]
    xt.check("GLIBC_PRIVATE" in versions, "not the library itself")
    xt.check(os.path.exists(os.path.join(low.lib, "libstdc++_nonshared.a")))
    xt.check(not os.path.exists(os.path.join(own.lib, "libstdc++_nonshared.a")))


def wheels(recipe, floors):
    """By the CPython that every machine has, and, where this one has a 3.13, run on Debian
    13's."""
    tags = ["cp311"] + [cp for cp in xt.pythons() if cp == "cp313"]
    for floor in floors:
        with xt.scratch() as home:
            r = test_wheels.build(recipe, TARGETS, ",".join(tags), home, XORCH_FLOOR=floor)
            xt.equal(r.code, 0, r)
            xt.equal({(i["floor"], i["sysroot"]) for i in r.json["items"]},
                     {(floor, "debian-13")})
            xt.equal(len(r.json["items"]), len(TARGETS) * len(tags))
            for item in r.json["items"]:
                cp = item["python"]
                judges.check_wheel(item["file"], item["target"], cp)
                if cp == "cp313":
                    root = target_root.get("trixie", item["target"])
                    target_root.check_wheel(root, item["file"])


def test_cwcwidth():
    wheels("cwcwidth.yaml", ("2_37", "2_39"))


def test_greenlet():
    wheels("greenlet.yaml", ("2_37",))


# label: long
def test_wheels_at_every_floor():
    wheels("greenlet.yaml", ("2_38", "2_39"))
    wheels("cwcwidth.yaml", ("2_38",))


if __name__ == "__main__":
    xt.main(globals())
