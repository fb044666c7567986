"""pyconfig.h of the derived target Pythons, held against Debian's own Pythons for the
same machines: what a compiler run on the target said there."""
import glob
import os
import re
import subprocess

import target_root
import test_wheels
import xt

TRIPLE = {"aarch64": "aarch64-linux-gnu", "armv7": "arm-linux-gnueabihf"}
SIZE = re.compile(r"(SIZEOF|ALIGNOF)_\w+")
# What depends on the machine and no size.
MACHINE = ("HAVE_GCC_ASM_FOR_X64", "HAVE_GCC_ASM_FOR_X87", "HAVE_GCC_UINT128_T",
           "HAVE___UINT128_T", "HAVE_USABLE_WCHAR_T", "HAVE_LARGEFILE_SUPPORT",
           "PY_HAVE_PERF_TRAMPOLINE", "Py_ENABLE_SHARED", "WORDS_BIGENDIAN",
           "DOUBLE_IS_LITTLE_ENDIAN_IEEE754", "DOUBLE_IS_ARM_MIXED_ENDIAN_IEEE754",
           "HAVE_ALIGNED_REQUIRED", "HAVE_GCC_ASM_FOR_MC68881", "X87_DOUBLE_ROUNDING")


def parse(path):
    """Macro -> value, None where it is not defined."""
    values = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            m = re.match(r"#define (\w+)\s*(.*)", line)
            if m:
                values[m[1]] = m[2].strip()
            m = re.match(r"/\* #\s*undef (\w+)", line)
            if m:
                values[m[1]] = None
    return values


def derived():
    """(tag, platform) -> folder of the target Python, for all that xorch makes here."""
    result = xt.run(["__python", "--python", "all", "--target", "aarch64", "--target",
                     "armv7"], XORCH_CACHE_DIR=test_wheels.shared_cache())
    test_wheels.need_network(result)
    xt.equal(result.code, 0, result)
    lines = [line.split() for line in result.out.splitlines()]
    return {(tag, platform): folder for tag, platform, folder in lines}


def oracle(suite, platform):
    """pyconfig.h of Debian's Python for that machine."""
    version = target_root.PYTHON[suite]

    def make(folder):
        target_root.unpack(suite, target_root.DEBIAN[platform], folder,
                           [f"libpython{version}-dev"], follow=False)
    folder = target_root.prepared(f"oracle/{suite}-{platform}", make)
    return os.path.join(folder, "usr/include", TRIPLE[platform], "python" + version,
                        "pyconfig.h")


def test_sizes_are_those_of_debian():
    trees = derived()
    seen = 0
    for suite, tag in target_root.TAG.items():
        for platform in TRIPLE:
            if (tag, platform) not in trees:
                continue
            seen += 1
            ours = parse(glob.glob(trees[tag, platform] + "/include/*/pyconfig.h")[0])
            theirs = parse(oracle(suite, platform))
            names = {n for n in ours if SIZE.fullmatch(n)}
            xt.equal(names, {n for n in theirs if SIZE.fullmatch(n)}, suite, platform)
            xt.check(len(names) >= 18, names)
            differ = {n: (ours[n], theirs[n]) for n in names if ours[n] != theirs[n]}
            # trixie's armhf went over to 64-bit time_t; the sysroot's world has 32.
            want = {"SIZEOF_TIME_T": ("4", "8")} \
                if (suite, platform) == ("trixie", "armv7") else {}
            xt.equal(differ, want, suite, platform)
            machine = {n: (ours[n], theirs[n]) for n in MACHINE
                       if n in ours and n in theirs and ours[n] != theirs[n]}
            xt.equal(machine, {}, suite, platform)
    xt.check(seen, "no CPython 3.9, 3.11 or 3.13 on this machine", sorted(trees))


def test_sysconfig_agrees_with_its_header():
    """Every size stands in the sysconfig data as in the header, and nothing in it
    names this machine."""
    for (tag, platform), folder in derived().items():
        header = parse(glob.glob(folder + "/include/*/pyconfig.h")[0])
        space = {}
        path = glob.glob(folder + "/lib/_sysconfigdata_*.py")[0]
        with open(path, encoding="utf-8") as f:
            exec(compile(f.read(), path, "exec"), space)
        values = space["build_time_vars"]
        for name in filter(SIZE.fullmatch, header):
            xt.equal(values[name], int(header[name]), tag, platform, name)
        for name in MACHINE:
            if name in header and name in values:
                xt.equal(values[name], int(header[name] or 0), tag, platform, name)
        xt.equal(values["EXT_SUFFIX"], f".{values['SOABI']}.so")
        xt.check(values["SOABI"].endswith("-" + TRIPLE[platform]), values["SOABI"])
        xt.check(values["INCLUDEPY"].startswith("/xorch/python/include/python3."))
        xt.equal([values["LIBDIR"], values["CFLAGS"], values["Py_ENABLE_SHARED"]], ["", "", 0])
        for name, value in values.items():
            if isinstance(value, str) and name != "BUILD_GNU_TYPE":
                xt.check("x86_64" not in value and os.path.expanduser("~") + "/" not in value
                         and "/usr" not in value, tag, name, value)


def test_X05_headers_are_cpythons_own():
    """What other packages put beside CPython's headers (numpy, greenlet …) is not
    taken along, and every header compiles for the target with a 32-bit long."""
    trees = derived()
    for (tag, platform), folder in trees.items():
        include = glob.glob(folder + "/include/*")[0]
        xt.equal({e.name for e in os.scandir(include) if e.is_dir()} - {"cpython", "internal"},
                 set(), tag, platform)
    tag, platform = sorted(k for k in trees if k[1] == "armv7")[0]
    include = glob.glob(trees[tag, platform] + "/include/*")[0]
    with xt.scratch() as home:
        source = xt.write(os.path.join(home, "a.c"), "#include <Python.h>\n"
                          "_Static_assert(sizeof(long) == SIZEOF_LONG, \"\");\n"
                          "_Static_assert(sizeof(Py_ssize_t) == 4, \"\");\n")
        clang = next(iter(glob.glob(os.path.join(
            test_wheels.shared_cache(), "v1/trees/cross/*/bin/cc"))), None)
        xt.check(clang, "no cross folder in the store")
        for cc in glob.glob(os.path.join(test_wheels.shared_cache(),
                                         "v1/trees/cross/*/bin/arm-linux-gnueabihf-gcc")):
            p = subprocess.run([cc, "-I", include, "-fsyntax-only", source],
                               env={"PATH": "/usr/bin:/bin",
                                    "XORCH_TARGET_PYTHON": trees[tag, platform]},
                               capture_output=True, text=True)
            xt.equal(p.returncode, 0, p.stderr)
            break
        else:
            raise AssertionError("no cross compiler for armv7 in the store")


if __name__ == "__main__":
    xt.main(globals())
