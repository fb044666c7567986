"""The compiler wrapper alone: a cross folder whose "compiler" is a script that
prints its command line, so every rule of build/wrapper/filter.c is seen."""
import json
import os
import subprocess
import sys
import xt

WRAPPER = os.path.join(xt.BUILD, "orchestrator", "xorch-cc")

SHOW = f"""#!{sys.executable} -S
import json, os, sys
print(json.dumps({{"args": sys.argv[1:], "env": dict(os.environ),
    "files": {{a: open(a[1:]).read() for a in sys.argv[1:]
              if a.startswith("@/proc/")}}}}))
"""

CONF = """xorch-wrapper 1
dir toolchain {root}/toolchain
dir sysroot {root}/sysroot

tool cc gcc arm-linux-gnueabihf-gcc
kind compiler
cpu {cpu}
program ${{toolchain}}/show
before --target=armv7-linux-gnueabihf
before -mfpu=vfpv3-d16
before --sysroot=${{sysroot}}
cxx -isystem${{sysroot}}/c++
link -Wl,--exclude-libs,x

tool c++
kind cxx
cpu {cpu}
program ${{toolchain}}/show
prelink -Wl,-z,lazy
cxx -isystem${{sysroot}}/c++
link -Wl,--gc-sections
env COLLECT_GCC=${{cross}}/x

tool ld
kind linker
cpu {cpu}
program ${{toolchain}}/show

tool build-cc
kind compiler
cpu x86_64
program ${{toolchain}}/show

tool ar
kind plain
program ${{toolchain}}/show
"""


class Cross:
    def __init__(self, home, cpu="arm"):
        self.home, self.log = home, os.path.join(home, "log")
        show = xt.write(os.path.join(home, "toolchain", "show"), SHOW)
        os.chmod(show, 0o755)
        os.makedirs(os.path.join(home, "cross", "bin"))
        xt.write(os.path.join(home, "cross", "wrapper.conf"),
                 CONF.format(root=home, cpu=cpu))
        first = None
        for name in ("cc", "gcc", "arm-linux-gnueabihf-gcc", "c++", "ld", "ar", "nm",
                     "build-cc"):
            path = os.path.join(home, "cross", "bin", name)
            if first:
                os.link(first, path)
            else:
                first = xt.write(path, open(WRAPPER, "rb").read())
                os.chmod(first, 0o755)

    def run(self, name, *args, code=0, **env):
        open(self.log, "w").close()
        clean = {"PATH": "/usr/bin:/bin", "XORCH_WRAPPER_LOG": self.log, **env}
        p = subprocess.run([os.path.join(self.home, "cross", "bin", name), *args],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           cwd=self.home, env=clean)
        xt.equal(p.returncode, code, args, p.stderr)
        self.events = [line.split("\t") for line in
                       open(self.log).read().splitlines()]
        self.err = p.stderr
        if code == 0:
            self.shown = json.loads(p.stdout)
            return self.shown["args"]


def cross(cpu="arm"):
    scratch = xt.scratch()
    c = Cross(os.path.realpath(scratch.__enter__()), cpu)
    c.scratch = scratch  # goes, and the folder with it, when `c` does
    return c


BEFORE = ["--target=armv7-linux-gnueabihf", "-mfpu=vfpv3-d16"]


def test_compile_and_link():
    c = cross()
    before = BEFORE + [f"--sysroot={c.home}/sysroot"]
    cxx, link = f"-isystem{c.home}/sysroot/c++", "-Wl,--exclude-libs,x"
    for args, after in (
            (["-c", "a.c", "-o", "a.o"], []),
            (["-c", "a.cpp"], [cxx]),
            (["-x", "c++", "-c", "a.c"], [cxx]),
            (["-xc++", "-E", "-"], [cxx]),
            (["-x", "c", "a.cc", "-S"], []),
            (["a.o", "b.cc"], [cxx, link]),
            (["a.o", "-o", "a"], [link]),
            (["-shared", "-lfoo"], [link]),
            (["-v"], []),
            (["--version"], []),
            (["-o", "x.c", "-v"], []),
            (["-print-file-name=libc.so"], []),
            (["-march=armv7-a", "-c", "a.c"], [])):
        xt.equal(c.run("cc", *args), before + args + after, args)
        xt.equal(c.events, [])
    xt.equal(c.run("c++", "a.c", "-c"), ["a.c", "-c", cxx])
    xt.equal(c.run("c++", "a.o"), ["-Wl,-z,lazy", "a.o", "-Wl,--gc-sections"])
    xt.equal(c.shown["env"]["COLLECT_GCC"], f"{c.home}/cross/x")
    xt.equal(c.run("c++", "-x", "assembler", "a.s", "-c"), ["-x", "assembler", "a.s", "-c"])


def test_B14_no_loader_where_qemu_could_run():
    cut = "-Wl,--dynamic-linker=/xorch/target-code-does-not-run-here"
    for cpu, args, wanted in (
            ("arm", ["a.o", "-o", "conftest"], True),
            ("aarch64", ["a.c"], True),
            ("arm", ["-c", "a.c"], False),
            ("arm", ["-shared", "a.o"], False),
            ("arm", ["-static", "a.o"], False),
            ("arm", ["--version"], False),
            ("x86_64", ["a.o"], False)):
        c = cross(cpu)
        xt.equal(cut in c.run("cc", *args, XORCH_CUT_LOADER="1"), wanted, cpu, args)
        xt.check(cut not in c.run("cc", *args), args)


def test_every_name_is_its_own():
    c = cross()
    xt.equal(c.run("arm-linux-gnueabihf-gcc", "-v")[0], BEFORE[0])
    xt.equal(c.run("ar", "rcs", "-I/usr/include"), ["rcs", "-I/usr/include"])
    c.run("nm", code=127)
    xt.check("no tool named nm" in c.err, c.err)


def test_B13_host_paths_are_dropped_and_logged():
    c = cross()
    before = BEFORE + [f"--sysroot={c.home}/sysroot"]
    for args, kept in (
            (["-I/usr/include"], []),
            (["-I", "/usr/include/x86_64-linux-gnu"], []),
            (["-I//usr/./include/libxml2/"], []),
            (["-isystem", "/usr/local/include"], []),
            (["-isystem/usr/include"], []),
            (["-idirafter", "/usr/include"], []),
            (["-iquote/usr/include"], []),
            (["-L/usr/lib"], []),
            (["-L", "/usr/lib/x86_64-linux-gnu"], []),
            (["-L/lib64"], []),
            (["-L/usr/local/lib"], []),
            (["-B/usr/lib/gcc"], []),
            (["--sysroot=/"], []),
            (["-I/opt/env/include/python3.11"], []),
            (["-I/opt/env/include/python3.13t"], [])):
        xt.equal(c.run("cc", "-c", "a.c", *args), before + ["-c", "a.c"] + kept, args)
        xt.equal([e[0] for e in c.events], ["dropped"], args)
        xt.equal(c.events[0][1:3], ["cc", " ".join(args)])
    for fine in ("-I/usr/includes", "-I/opt/include", "-Iinclude", "-L/opt/lib",
                 "-I=/usr/include/x", "-I/xorch/python/include/python3.11",
                 f"-I{c.home}/sysroot/usr/include/python3.11", "-L/usr/library"):
        xt.equal(c.run("cc", "-c", "a.c", fine), before + ["-c", "a.c", fine])
        xt.equal(c.events, [])
    python = "-I/opt/target/include/python3.11"
    xt.equal(c.run("cc", "-c", "a.c", python, XORCH_TARGET_PYTHON="/opt/target"),
             before + ["-c", "a.c", python])


def test_B13_host_folders_that_the_sysroot_has_too():
    """setup.py that has /usr/include/libxml2 by heart means the target's."""
    c = cross()
    before = BEFORE + [f"--sysroot={c.home}/sysroot"]
    root = os.path.join(c.home, "sysroot")
    for folder in ("include/libxml2", "include/python3.11", "lib/near", "lib/gcc",
                   "include/a/b"):
        os.makedirs(os.path.join(root, "usr", folder))
    for args, kept in (
            (["-I/usr/include/libxml2"], [f"-I{root}/usr/include/libxml2"]),
            (["-I", "/usr/include/a/b/"], [f"-I{root}/usr/include/a/b/"]),
            (["-isystem", "/usr/include/a"], [f"-isystem{root}/usr/include/a"]),
            (["-L/usr/lib/near"], [f"-L{root}/usr/lib/near"])):
        xt.equal(c.run("cc", "-c", "a.c", *args), before + ["-c", "a.c"] + kept, args)
        xt.equal(c.events, [["replaced", "cc", " ".join(args),
                             "the target's folder of that name is used"]])
    for args in (["-I/usr/include"], ["-I/usr/include/"], ["-I/usr/include/."],
                 ["-I/usr/include/python3.11"], ["-B/usr/lib/gcc"],
                 ["-I/usr/include/a/../a"], ["-I/usr/include/lacking"]):
        xt.equal(c.run("cc", "-c", "a.c", *args), before + ["-c", "a.c"], args)
        xt.equal([e[0] for e in c.events], ["dropped"], args)


def test_B13_native_becomes_the_baseline():
    c = cross()
    for flag in ("-march=native", "-mtune=native", "-mcpu=native"):
        xt.equal(c.run("cc", "-c", flag, "a.c")[-2:], ["-c", "a.c"])
        xt.equal(c.events[0][:3], ["replaced", "cc", flag])
    xt.equal(c.run("cc", "-c", "-march=armv7-a", "a.c")[-2:], ["-march=armv7-a", "a.c"])


def test_B13_flags_of_other_processors_are_errors():
    for cpu, flags in (
            ("arm", ["-m64", "-m32", "-msse2", "-msse4.1", "-mavx", "-mavx512f", "-mfma",
                     "-march=x86-64-v3", "-mfloat-abi=soft", "-mfloat-abi=softfp"]),
            ("aarch64", ["-m64", "-m32", "-mavx2"]),
            ("x86_64", ["-m32", "-mx32"])):
        c = cross(cpu)
        for flag in flags:
            c.run("cc", "-c", "a.c", flag, code=1)
            xt.check(c.err.startswith(f"cc: error: {flag}: "), c.err)
            xt.equal(c.events[0][:3], ["refused", "cc", flag])
    c = cross("x86_64")
    c.run("cc", "-c", "-mavx2", "-m64", "a.c")
    c = cross("aarch64")
    c.run("cc", "-c", "-march=armv8.2-a+dotprod", "a.c")


def test_flags_of_the_target_for_the_build_machine():
    """As the cc crate gives it all of CFLAGS: what only the target's processor has."""
    c = cross("aarch64")
    for flag in ("-march=armv8.2-a+crc", "-mcpu=cortex-a53", "-mtune=cortex-a7", "-mfpu=neon",
                 "-mfloat-abi=hard", "-mthumb", "-mbranch-protection=standard"):
        xt.equal(c.run("build-cc", "-O2", flag, "-c", "a.c"), ["-O2", "-c", "a.c"], flag)
        xt.equal([e[:3] for e in c.events], [["dropped", "build-cc", flag]])
        xt.check(flag in c.run("cc", "-c", "a.c", flag), flag)
    fine = ["-c", "a.c", "-march=x86-64-v2", "-mtune=generic", "-mavx2", "-m64"]
    xt.equal(c.run("build-cc", *fine), fine)


def test_host_libraries_by_name_are_errors():
    c = cross()
    for args in (["a.o", "/usr/lib/x86_64-linux-gnu/libz.so"],
                 ["a.o", "/usr/lib/libz.a"], ["a.o", "-Wl,/lib/libm.so.6"]):
        c.run("cc", *args, code=1)
        xt.check("build machine" in c.err, c.err)
    c.run("ld", "a.o", "/usr/lib/libz.so.1", code=1)
    c.run("ld", "a.o", "-dynamic-linker", "/lib/ld-linux-armhf.so.3")
    c.run("cc", "a.o", f"{c.home}/sysroot/usr/lib/libz.so")
    xt.equal(c.run("ld", "-L/usr/lib", "a.o"), ["a.o"])


def test_response_files():
    c = cross()
    head = BEFORE + [f"--sysroot={c.home}/sysroot"]
    xt.write(os.path.join(c.home, "fine"), "-c 'a b.c' -DX=\"y z\"\n")
    xt.equal(c.run("cc", "@fine"), head + ["@fine"])
    xt.write(os.path.join(c.home, "bad"), "-c -I/usr/include\n'a b.c' -DQ=\\\"q\\\" @more")
    xt.write(os.path.join(c.home, "more"), "-march=native d.c")
    args = c.run("cc", "@bad", "-O2")
    xt.equal(args[:3], head)
    xt.equal(len(args), 4, args)
    xt.equal(list(c.shown["files"].values()),
             ['"-c"\n"a b.c"\n"-DQ=\\"q\\""\n"d.c"\n"-O2"\n'])
    xt.equal([e[0] for e in c.events], ["dropped", "replaced"])
    # What is no readable file is an ordinary word to the tools, too.
    xt.equal(c.run("cc", "@absent", "-c")[-2:], ["@absent", "-c"])
    xt.write(os.path.join(c.home, "loop"), "@loop")
    c.run("cc", "@loop", code=127)
    xt.write(os.path.join(c.home, "m64"), "-m64")
    c.run("cc", "@m64", code=1)


def test_inner_compilers_pass():
    c = cross()
    xt.equal(c.run("cc", "-cc1", "-I/usr/include", "-m64"), ["-cc1", "-I/usr/include", "-m64"])


def test_environment():
    c = cross()
    c.run("cc", "-c", "a.c", CPATH="/usr/include:/opt/x:/usr/local/include",
          LIBRARY_PATH="/usr/lib", GCC_EXEC_PREFIX="/x", LD_LIBRARY_PATH="/kept")
    env = c.shown["env"]
    xt.equal(env.get("CPATH"), "/opt/x")
    xt.check("LIBRARY_PATH" not in env and "GCC_EXEC_PREFIX" not in env, env)
    xt.equal(env.get("LD_LIBRARY_PATH"), "/kept")
    xt.equal(len(c.events), 4, c.events)


def test_log_lines_of_parallel_compilers_do_not_mix():
    c = cross()
    log = os.path.join(c.home, "shared-log")
    jobs = [subprocess.Popen(
        [os.path.join(c.home, "cross", "bin", "cc"), "-c",
         *(f"-I/usr/include/{'x' * 100}{i}" for i in range(50))],
        env={"XORCH_WRAPPER_LOG": log}, stdout=subprocess.DEVNULL) for _ in range(8)]
    for j in jobs:
        xt.equal(j.wait(), 0)
    lines = open(log).read().splitlines()
    xt.equal(len(lines), 400)
    for line in lines:
        xt.equal(line.split("\t")[:2] + [line.count("\t")], ["dropped", "cc", 3])


def test_broken_configurations():
    c = cross()
    conf = os.path.join(c.home, "cross", "wrapper.conf")
    good = open(conf).read()
    for text, want in (
            (good.replace("kind compiler", "kind what"), "line not understood: kind what"),
            (good.replace("${sysroot}", "${nothing}"), "unknown variable"),
            (good.replace("program ${toolchain}/show\nbefore", "before", 1), "no program"),
            (good.replace("/show", "/absent"), "cannot start")):
        xt.write(conf, text)
        c.run("cc", "-c", "a.c", code=127)
        xt.check(want in c.err, want, c.err)
    os.unlink(conf)
    c.run("cc", code=127)
    xt.check("wrapper.conf" in c.err, c.err)


def test_maps():
    """Each link for the target leaves a map of its own, unless the project wants one, and
    never into a folder that is not there."""
    c = cross()
    maps = os.path.join(c.home, "maps")

    def added(*args, tool="ld", folder=maps):
        return [a for a in c.run(tool, *args, XORCH_LINK_MAPS=folder)
                if a.startswith("-Map=")]
    xt.equal(added("-o", "a.so", "a.o"), [])
    os.mkdir(maps)
    first, second = added("-o", "a.so", "a.o"), added("-o", "a.so", "a.o")
    xt.check(len(first) == len(second) == 1 and first != second, first, second)
    xt.check(first[0].startswith(f"-Map={maps}/"), first)
    xt.equal(added("-o", "a.so", "a.o", "-Map=own"), ["-Map=own"])
    for args in (("--version",), ("-r", "-o", "a.o", "b.o"),
                 ("-o", "a.so", "-Map", "own", "a.o")):
        xt.equal(added(*args), [])
    xt.equal(added("-o", "a.so", "a.o", tool="gcc"), [])
    xt.equal(added("-o", "a.so", "a.o", folder=""), [])


xt.main(globals())
