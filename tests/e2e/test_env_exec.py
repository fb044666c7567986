"""env and exec with the real toolchains: what build systems make of the variables."""
import json
import os
import re
import shutil
import subprocess
import time

import test_wheels
import xt

MACHINE = {"aarch64": "AArch64", "armv7": "ARM", "x86_64": "Advanced Micro Devices X86-64"}

PROGRAM = """#include <stdio.h>
#include <math.h>
int main(int n, char **v) { (void)v; printf("%f\\n", exp(n)); return 7; }
"""

MAKEFILE = """all: prog lib.so gen
prog: prog.c
\t$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -lm
lib.so: prog.c
\t$(LDSHARED) $(CFLAGS) $(LDFLAGS) -o $@ $< -lm
gen: prog.c
\t$(CC_FOR_BUILD) $(CFLAGS_FOR_BUILD) -o $@ $< -lm
\t./gen; test $$? = 7
"""


def xorch(args, home, **more):
    r = xt.run(args, home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
               timeout=1700, **more)
    test_wheels.need_network(r)
    return r


def header(path):
    return subprocess.run(["readelf", "-hl", path], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def make(target, toolchain):
    with xt.scratch() as home:
        xt.write(os.path.join(home, "prog.c"), PROGRAM)
        xt.write(os.path.join(home, "Makefile"), MAKEFILE)
        r = xorch(["exec", "--target", target, "--toolchain", toolchain, "--", "make"], home,
                  CFLAGS="-march=native", CPATH="/usr/include", LIBRARY_PATH="/usr/lib")
        xt.equal(r.code, 0, r)
        for name in ("prog", "lib.so"):
            xt.check(MACHINE[target] in header(os.path.join(home, name)), target, name)
        xt.check(MACHINE["x86_64"] in header(os.path.join(home, "gen")))
        if target == "armv7":
            xt.check("hard-float ABI" in header(os.path.join(home, "prog")))


def test_make_aarch64_clang():
    make("aarch64", "clang")


def test_make_armv7_clang():
    make("armv7", "clang")


def test_make_x86_64_clang():
    make("x86_64", "clang")


def test_make_armv7_gcc():
    make("armv7", "gcc")


def memory(toolchain, **more):
    """What GLIBC_TUNABLES has for a compiler that runs: the wrapper becomes it, and it waits for
    its input."""
    with xt.scratch() as home:
        r = xorch(["env", "--target", "aarch64", "--toolchain", toolchain, "--format",
                   "json"], home)
        xt.equal(r.code, 0, r)
        said = json.loads(r.out)
        compiler = said.get("env", said)["CC"].split()
        p = subprocess.Popen([*compiler, "-x", "c", "-c", "-", "-o",
                              os.path.join(home, "a.o")], stdin=subprocess.PIPE,
                             env={"PATH": "/usr/bin:/bin", **more})
        for _ in range(300):
            started = os.readlink(f"/proc/{p.pid}/exe")
            if "ld-linux" in started:
                break
            time.sleep(0.1)
        with open(f"/proc/{p.pid}/environ", encoding="utf-8") as f:
            found = re.findall(r"\bglibc\.malloc\.[^\0:]*", f.read())
        p.communicate(b"int x;\n")
        xt.equal(p.returncode, 0, started)
        return found


def test_compilers_memory():
    """In huge pages and in one piece, unless the user has a wish of his own."""
    for toolchain in ("clang", "gcc"):
        given = memory(toolchain)
        xt.check("glibc.malloc.hugetlb=1" in given and len(given) == 4, given)
        xt.equal(memory(toolchain, GLIBC_TUNABLES="glibc.malloc.check=0"),
                 ["glibc.malloc.check=0"])


def test_cmake():
    """The toolchain file is found through CMAKE_TOOLCHAIN_FILE alone."""
    if not shutil.which("cmake"):
        print("no cmake on this machine")
        return
    with xt.scratch() as home:
        xt.write(os.path.join(home, "prog.c"), PROGRAM)
        xt.write(os.path.join(home, "CMakeLists.txt"), """
cmake_minimum_required(VERSION 3.21)
project(p C CXX)
add_executable(prog prog.c)
target_link_libraries(prog m)
message(STATUS "cross=${CMAKE_CROSSCOMPILING} cpu=${CMAKE_SYSTEM_PROCESSOR}")
""")
        r = xorch(["exec", "--target", "linux/arm/v7", "--", "sh", "-c",
                   "cmake -S . -B b && cmake --build b"], home)
        xt.equal(r.code, 0, r)
        xt.check("cross=TRUE cpu=armv7l" in r.out, r)
        xt.check(MACHINE["armv7"] in header(os.path.join(home, "b", "prog")))


def test_go_with_cgo():
    if not shutil.which("go"):
        print("no go on this machine")
        return
    with xt.scratch() as home:
        xt.write(os.path.join(home, "go.mod"), "module x\n\ngo 1.20\n")
        xt.write(os.path.join(home, "main.go"), """package main

// #include <stdlib.h>
import "C"

func main() { println(C.abs(-3)) }
""")
        for target, want in (("armv7", ("GOARCH=arm", "GOARM=7")),
                             ("aarch64", ("GOARCH=arm64",))):
            r = xorch(["exec", "--target", target, "--", "go", "build", "-o", "m"], home,
                      GOCACHE=os.path.join(xt.CACHE, "go"))
            xt.equal(r.code, 0, r)
            xt.check(MACHINE[target] in header(os.path.join(home, "m")))
            info = subprocess.run(["go", "version", "-m", "m"], cwd=home, text=True,
                                  stdout=subprocess.PIPE, check=True).stdout
            for word in (*want, "CGO_ENABLED=1"):
                xt.check(word in info, info)


def test_env_names_what_exists():
    with xt.scratch() as home:
        for target in ("aarch64", "armv7"):
            r = xorch(["env", "--target", target, "--format", "json"], home)
            xt.equal(r.code, 0, r)
            for name, value in r.json.items():
                for word in value.replace("--sysroot=", " ").split():
                    if word.startswith("/") and name not in ("CROSS_COMPILE",
                                                             "PKG_CONFIG_LIBDIR"):
                        xt.check(os.path.exists(word), name, word)
            prefix = r.json["CROSS_COMPILE"]
            for tool in ("gcc", "g++", "ar", "ld", "nm", "objcopy", "ranlib", "strip"):
                xt.check(os.access(prefix + tool, os.X_OK), prefix + tool)


REGISTER = (r":qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
            r"\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff"
            r"\xfe\xff\xff\xff:/usr/bin/qemu-aarch64-static:F")


def test_B14_qemu_registered():
    """With qemu registered a step's own program runs at no level: bwrap has its own
    empty table, below it the program asks for a loader that nobody has."""
    if not os.access("/usr/bin/qemu-aarch64-static", os.X_OK):
        print("no qemu on this machine")
        return
    with xt.scratch() as home:
        r = xorch(["env", "--target", "aarch64", "--format", "json"], home)
        xt.equal(r.code, 0, r)
        cc = r.json["CC"]
        xt.write(os.path.join(home, "prog.c"), PROGRAM)
        # A binary that qemu would run without any loader shows that it is registered.
        subprocess.run([cc, "-nostdlib", "-static", "-x", "c", "-", "-o", "plain"], cwd=home,
                       check=True, input=b"void _start(void) { register long n "
                       b"__asm__(\"x8\") = 93; register long a __asm__(\"x0\") = 42; "
                       b"__asm__ volatile(\"svc #0\" :: \"r\"(n), \"r\"(a)); }")
        build = f"{cc} -o prog prog.c -lm && ./prog; echo status $?"
        script = (
            "mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || exit 77\n"
            "printf '%s' \"$1\" >/proc/sys/fs/binfmt_misc/register || exit 77\n"
            "./plain; [ $? = 42 ] || exit 77\n"
            "shift; exec \"$@\"")

        def run(level, command):
            return subprocess.run(
                ["unshare", "-Urm", "sh", "-c", script, "sh", REGISTER, xt.XORCH,
                 "__sandbox", "--sandbox", level, "sh", "-c", command],
                cwd=home, env=xt.environment(home), stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        p = run("env", build)
        if p.returncode == 77:
            print("binfmt_misc cannot be mounted in a user namespace (Linux before 6.7)")
            return
        xt.equal(p.returncode, 0, p.stderr)
        xt.check("status 255" in p.stdout or "status 1" in p.stdout, p)
        xt.check("target-code-does-not-run-here" in p.stderr, p)
        # Such a program must not get into a wheel.
        r = xt.run(["audit", "prog"], home=home, cwd=home)
        xt.equal(r.code, 7, r)
        xt.check("X0728" in r.err, r)
        p = run("bwrap", "./plain; echo status $?")
        xt.check("status 126" in p.stdout and "Exec format error" in p.stderr, p)


if __name__ == "__main__":
    xt.main(globals())
