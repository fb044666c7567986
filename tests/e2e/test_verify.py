"""`xorch verify`: the tests of wheels and programs in Debian roots of the target, under
qemu-user. What it says is compared with tests/lib/target_root.py, which unpacks and runs
by means of its own."""
import base64
import hashlib
import os
import shutil
import struct
import subprocess
import zipfile

import target_root
import test_go
import test_wheels
import xt
from elfmake import Elf


def verify(home, *args, **env):
    result = xt.run(["verify", "--json", *args], home=home,
                    XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
    test_wheels.need_network(result)
    return result


def text(home, *args, **env):
    result = xt.run(["verify", "-q", *args], home=home,
                    XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
    test_wheels.need_network(result)
    return result


def built(home, recipe, target="aarch64", python="cp311"):
    result = test_wheels.build(recipe, [target], python, home)
    xt.equal(result.code, 0, result)
    return result.json["items"][0]["file"]


def checks(run):
    return {c["subject"]: c["state"] for c in run["checks"]}


def repack(wheel, to, change):
    """A copy of the wheel with its members passed through change(name, data) -> data,
    None to leave one out."""
    with zipfile.ZipFile(wheel) as a, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as b:
        for info in a.infolist():
            data = change(info.filename, a.read(info.filename))
            if data is not None:
                b.writestr(info, data)
    return to


def own_recipes(recipe, python):
    xt.need_pythons(python)
    with xt.scratch() as home:
        result = test_wheels.build(recipe, ["aarch64", "armv7"], python, home)
        xt.equal(result.code, 0, result)
        files = [i["file"] for i in result.json["items"]]
        got = verify(home, "dist")
        xt.equal(got.code, 0, got)
        runs = got.json["files"]
        xt.equal(sorted(os.path.basename(r["file"]) for r in runs),
                 sorted(map(os.path.basename, files)))
        for run in runs:
            xt.equal(run["state"], "passed", run)
            xt.check(run["checks"] and run["emulated"], run)
            xt.check(run["recipe"].endswith(recipe), run)
            # The independent way says the same.
            target_root.check_wheel(
                target_root.get(test_wheels.SUITE[python], run["target"]),
                os.path.join(home, run["file"]))


def test_cwcwidth_cp311():
    own_recipes("cwcwidth.yaml", "cp311")


def test_markupsafe_cp313():
    own_recipes("markupsafe.yaml", "cp313")


def test_greenlet_cp313():
    own_recipes("greenlet.yaml", "cp313")


def test_failures_are_shown():
    """Each kind of failing test, by name, with what it printed; the others go on."""
    recipe = """schema_version: 1
package: {name: markupsafe, version: "3.0.4"}
kind: wheel
source: {pypi: markupsafe}
tests:
  - imports: [markupsafe, markupsafe.absent, markupsafe._speedups]
  - commands:
      - python -c "import markupsafe; assert markupsafe.escape('<') == '&lt;'"
      - python -c "print('seen'); raise SystemExit(3)"
      - python -c "import os; os.kill(os.getpid(), 11)"
      - python -c "import time; time.sleep(60)"
      - python -c "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
      - nosuch program
    contents: {has: ["markupsafe/*.so", "absent*"], not: ["**/*.c"]}
  - {run: native, imports: [markupsafe]}
  - {run: skip, imports: [absent]}
"""
    with xt.scratch() as home:
        wheel = built(home, "markupsafe.yaml", "armv7")
        path = xt.write(os.path.join(home, "r.yaml"), recipe)
        result = verify(home, "--recipe", path, "--timeout", "10s", wheel)
        xt.equal(result.code, 1, result)
        run = result.json["files"][0]
        xt.equal(run["state"], "failed")
        got = checks(run)
        want = {"markupsafe": "passed", "markupsafe.absent": "failed",
                "markupsafe._speedups": "passed", "nosuch program": "failed",
                "markupsafe/*.so": "passed", "absent*": "failed", "not **/*.c": "failed",
                "tests[2]": "not run", "tests[3]": "skipped"}
        for subject, state in want.items():
            xt.equal(got[subject], state, subject, run)
        by_word = {}
        for c in run["checks"]:
            for word in ("SystemExit", "kill", "sleep", "socket", "&lt;"):
                if c["kind"] == "command" and word in c["subject"]:
                    by_word[word] = c
        xt.equal(by_word["&lt;"]["state"], "passed")
        xt.check("status 3" in by_word["SystemExit"]["detail"], by_word)
        xt.equal(by_word["SystemExit"]["output"], "seen")
        xt.check("signal 11" in by_word["kill"]["detail"], by_word)
        xt.check("time limit" in by_word["sleep"]["detail"], by_word)
        xt.check("unreachable" in by_word["socket"]["output"], by_word)
        shown = text(home, "--recipe", path, "--timeout", "10s", wheel)
        xt.equal(shown.code, 1)
        xt.check("error[X0962]: import failed" in shown.err and
                 "ModuleNotFoundError: No module named 'markupsafe.absent'" in shown.err,
                 shown)


def test_locale_that_programs_are_run_under_exists():
    """LC_ALL says C.UTF-8, and the root has it: setlocale takes it, and the C library
    knows a letter outside ASCII."""
    recipe = """schema_version: 1
package: {name: markupsafe, version: "3.0.4"}
kind: wheel
source: {pypi: markupsafe}
tests:
  - commands:
      - >-
        python -c "import ctypes, locale; print(locale.setlocale(locale.LC_ALL, ''));
        assert ctypes.CDLL(None).iswalpha(0xe9)"
"""
    for python, target in (("cp39", "x86_64"), ("cp311", "armv7"), ("cp313", "aarch64")):
        with xt.scratch() as home:
            wheel = built(home, "markupsafe.yaml", target, python)
            path = xt.write(os.path.join(home, "r.yaml"), recipe)
            result = verify(home, "--recipe", path, wheel)
            xt.equal(result.code, 0, result)
            run = result.json["files"][0]
            xt.equal([(c["kind"], c["state"]) for c in run["checks"]],
                     [("command", "passed")], run)


def test_without_recipe_every_module():
    with xt.scratch() as home:
        wheel = built(home, "markupsafe.yaml")
        os.mkdir(os.path.join(home, "else"))
        result = xt.run(["verify", "--json", wheel], home=home,
                        cwd=os.path.join(home, "else"),
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal(result.code, 0, result)
        run = result.json["files"][0]
        xt.equal(checks(run), {"markupsafe": "passed", "markupsafe._speedups": "passed"})
        xt.equal(run["recipe"], None)


def test_x86_64_runs_natively():
    with xt.scratch() as home:
        wheel = built(home, "cwcwidth.yaml", "x86_64")
        run = verify(home, wheel).json["files"][0]
        xt.equal((run["state"], run["emulated"], run["target"]),
                 ("passed", False, "x86_64"), run)


def test_record_is_held():
    """A file that RECORD does not know, one that it has otherwise, one it lacks."""
    with xt.scratch() as home:
        wheel = built(home, "markupsafe.yaml")
        base = os.path.basename(wheel)
        changes = {
            "changed": lambda n, d: d + b"#" if n == "markupsafe/__init__.py" else d,
            "missing": lambda n, d: None if n == "markupsafe/_native.py" else d,
            "unlisted": lambda n, d: b"\n".join(
                l for l in d.split(b"\n") if b"_native" not in l)
            if n.endswith("/RECORD") else d,
        }
        says = {"changed": "is not what RECORD says", "missing": "not in the wheel",
                "unlisted": "is not in RECORD"}
        for name, change in changes.items():
            os.mkdir(os.path.join(home, name))
            bad = repack(wheel, os.path.join(home, name, base), change)
            result = verify(home, bad)
            xt.equal(result.code, 1, name, result)
            check = result.json["files"][0]["checks"][0]
            xt.equal((check["kind"], check["state"]), ("install", "failed"), result)
            xt.check(says[name] in check["detail"], name, check)


def test_missing_library():
    """A module that needs a library nobody has fails with the loader's own words."""
    with xt.scratch() as home:
        wheel = built(home, "markupsafe.yaml")
        out = os.path.join(home, "out")
        os.mkdir(out)

        def change(name, data):  # another name in its list of libraries
            return data.replace(b"\0libc.so.6\0", b"\0libx.so.7\0") \
                if name.endswith(".so") else data

        parts = {}

        def with_record(name, data):
            data = change(name, data)
            parts[name] = data
            if name.endswith("/RECORD"):
                lines = []
                for line in data.decode().splitlines():
                    n = line.split(",")[0]
                    if n.endswith(".so"):
                        d = parts.get(n)
                        digest = base64.urlsafe_b64encode(
                            hashlib.sha256(d).digest()).decode().rstrip("=")
                        line = f"{n},sha256={digest},{len(d)}"
                    lines.append(line)
                return ("\n".join(lines) + "\n").encode()
            return data
        bad = repack(wheel, os.path.join(out, os.path.basename(wheel)), with_record)
        result = verify(home, bad)
        xt.equal(result.code, 1, result)
        got = {c["subject"]: c for c in result.json["files"][0]["checks"]}
        xt.equal(got["markupsafe._speedups"]["state"], "failed")
        xt.check("libx.so.7" in got["markupsafe._speedups"]["detail"], got)


def test_library_that_manylinux_has():
    """What the policies take for granted and a root goes without (libX11) is put into it
    for a wheel that needs it, and stays when a test's requirement needs another."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "src", "pyproject.toml"),
                 "[build-system]\nrequires = ['setuptools']\n"
                 "build-backend = 'setuptools.build_meta'\n"
                 "[project]\nname = 'xone'\nversion = '1.0'\n")
        xt.write(os.path.join(home, "src", "setup.py"),
                 "from setuptools import Extension, setup\nsetup(ext_modules=["
                 "Extension('xone', ['xone.c'], libraries=['X11'])])\n")
        xt.write(os.path.join(home, "src", "xone.c"), """\
#include <Python.h>
#include <X11/Xlib.h>
static struct PyModuleDef m = {PyModuleDef_HEAD_INIT, "xone", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_xone(void)
{
	XInitThreads();
	return PyModule_Create(&m);
}
""")
        path = xt.write(os.path.join(home, "xone.yaml"), """\
schema_version: 1
package: {name: xone, version: "1.0"}
kind: wheel
source: {path: src}
requirements: {host: ["deb:libx11-dev"]}
tests:
  - imports: [xone]
""")
        result = test_wheels.build(path, ["armv7"], "cp311", home)
        xt.equal(result.code, 0, result)
        [item] = result.json["items"]
        got = verify(home, "--recipe", path, item["file"])
        xt.equal((got.code, got.json["files"][0]["state"]), (0, "passed"), got)
        pure_wheel(home, "another", tag="cp311-cp311-linux_armv7l", more={
            "another.libs/libdrawn.so": Elf("armv7", needed=["libSM.so.6"]).bytes()})
        xt.write(path, xt.read(path) + "  - imports: [another]\n    requirements: [another]\n"
                 "  - imports: [xone]\n")
        got = verify(home, "--recipe", path, "--find-links", home, item["file"])
        run = got.json["files"][0]
        xt.equal((got.code, run["with"]), (0, ["another-1.0"]), got)
        xt.equal([(c["subject"], c["state"]) for c in run["checks"]],
                 [("xone", "passed"), ("another", "passed"), ("xone", "passed")], run)


def pure_wheel(folder, name, requires=(), tag="py3-none-any", more=None):
    """A wheel with one empty module, made here; `more`: further files, bytes."""
    dist = f"{name}-1.0.dist-info/"
    files = {f"{name}.py": "import sys\n" + "".join(
        f"import {r.split('=')[0].split('>')[0]}\n" for r in requires if ";" not in r),
        dist + "METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n%s" % (
            name, "".join(f"Requires-Dist: {r}\n" for r in requires)),
        dist + "WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"}
    files = {**{n: t.encode() for n, t in files.items()}, **(more or {})}
    record = ""
    for n, t in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(t).digest())
        record += f"{n},sha256={digest.decode().rstrip('=')},{len(t)}\n"
    files[dist + "RECORD"] = record + dist + "RECORD,,\n"
    path = os.path.join(folder, f"{name}-1.0-{tag}.whl")
    with zipfile.ZipFile(path, "w") as z:
        for n, t in files.items():
            z.writestr(n, t)
    return path


def test_what_a_wheel_needs():
    """From the wheelhouse first, markers for the target; else `not run` with the reason."""
    with xt.scratch() as home:
        house = os.path.join(home, "house")
        os.mkdir(house)
        tag = "cp311-cp311-linux_aarch64"
        top = pure_wheel(home, "topmost", ["middle>=1", 'nothere; sys_platform == "win32"'],
                         tag)
        pure_wheel(house, "middle", ["lowest==1.0"])
        offline = verify(home, top, "--offline")
        run = offline.json["files"][0]
        xt.equal((offline.code, run["state"]), (3, "not run"), offline)
        xt.check("needs middle>=1 (for topmost" in run["reason"], run)
        # All that is missing, also what a requirement that is there wants.
        some = pure_wheel(home, "some", ["absent>=2", "middle", "other"], tag)
        run = verify(home, some, "--offline", "--find-links", house).json["files"][0]
        xt.equal(run["state"], "not run", run)
        for word in ("needs absent>=2 (for some", "needs other (for some",
                     "needs lowest==1.0 (for middle"):
            xt.check(word in run["reason"], word, run)
        pure_wheel(house, "lowest")
        result = verify(home, top, "--offline", "--find-links", house)
        xt.equal(result.code, 0, result)
        run = result.json["files"][0]
        xt.equal(sorted(run["with"]), ["lowest-1.0", "middle-1.0"], run)


def test_what_a_test_needs():
    """Beside what the wheel asks for, for that test; where it cannot be had the others
    count."""
    recipe = """schema_version: 1
package: {name: topmost, version: "1.0"}
kind: wheel
source: {pypi: topmost}
tests:
  - imports: [topmost]
  - imports: [middle, lowest]
    requirements: [middle>=1, 'absent; sys_platform == "win32"']
  - imports: [absent]
    requirements: [absent>=2]
"""
    with xt.scratch() as home:
        house = os.path.join(home, "house")
        os.mkdir(house)
        top = pure_wheel(home, "topmost", [], "cp311-cp311-linux_aarch64")
        path = xt.write(os.path.join(home, "r.yaml"), recipe)
        pure_wheel(house, "middle", ["lowest==1.0"])
        pure_wheel(house, "lowest")
        args = ("--recipe", path, "--offline", "--find-links", house, top)
        result = verify(home, *args)
        run = result.json["files"][0]
        xt.equal((result.code, run["state"]), (0, "passed"), result)
        xt.equal(checks(run), {"topmost": "passed", "middle": "passed", "lowest": "passed",
                               "tests[2]": "not run"}, run)
        xt.equal(sorted(run["with"]), ["lowest-1.0", "middle-1.0"], run)
        why = next(c["detail"] for c in run["checks"] if c["subject"] == "tests[2]")
        xt.check("needs absent>=2 (for the test), and " in why, why)
        # Without them the second fails, as it should.
        path = xt.write(os.path.join(home, "r.yaml"),
                        recipe.replace("    requirements: [middle", "    # [middle"))
        result = verify(home, *args)
        xt.equal((result.code, checks(result.json["files"][0])["middle"]), (1, "failed"),
                 result)


def test_X10_not_run_and_why():
    with xt.scratch() as home:
        wheel = built(home, "cwcwidth.yaml")
        other = os.path.join(home, os.path.basename(wheel).replace("cp311", "cp312"))
        shutil.copy(wheel, other)
        result = verify(home, other)
        run = result.json["files"][0]
        xt.equal((result.code, run["state"]), (3, "not run"), result)
        xt.check("no Debian root runs cp312" in run["reason"] and
                 "3.9 with glibc 2.31, 3.11 with glibc 2.36" in run["reason"], run)
        xt.equal(verify(home, other, "--allow-empty").code, 0)
        xt.equal(verify(home, other, wheel).code, 0)
        xt.equal(verify(home, other, wheel, "--strict").code, 1)
        # A machine without qemu.
        tools = os.path.join(home, "bin")
        os.mkdir(tools)
        for name in ("bwrap", "python3"):
            os.symlink(shutil.which(name), os.path.join(tools, name))
        run = verify(home, wheel, PATH=tools).json["files"][0]
        xt.equal(run["state"], "not run", run)
        xt.check("qemu-aarch64-static is missing; install the package qemu-user-static"
                 in run["reason"], run)


def test_program():
    """A C program of the target, built by `xorch exec`: run by a command; without one
    it is said what would be needed."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "t.c"),
                 '#include <stdio.h>\nint main(int c, char **v)\n'
                 '{ printf("%d %s\\n", (int)sizeof(long), v[c - 1]); return c == 3; }\n')
        result = xt.run(["exec", "--target", "armv7", "--", "sh", "-c",
                         "$CC t.c -o tool-1.0-linux-armv7"], home=home,
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(result)
        xt.equal(result.code, 0, result)
        run = verify(home, "tool-1.0-linux-armv7")
        xt.equal((run.code, run.json["files"][0]["state"]), (3, "not run"), run)
        xt.check("name a command by --command" in run.json["files"][0]["reason"], run)
        good = verify(home, "tool-1.0-linux-armv7", "--command", "tool x")
        xt.equal(good.code, 0, good)
        bad = verify(home, "tool-1.0-linux-armv7", "--command", "tool 'a b' c")
        xt.equal(bad.code, 1, bad)
        xt.equal(bad.json["files"][0]["checks"][0]["output"], "4 c", bad)


def test_recipe_of_a_go_program():
    """Found by the name that its program has: go.output in place of the package's, with
    what depends on the target, and a build number after the version."""
    with xt.scratch() as home:
        path = test_go.tiny(home, "build: {number: 2}\ntests: [{commands: [little-armv7]}]\n"
                                  'go: {output: "bin/little-${{ target }}"}\n')
        xt.write(os.path.join(home, "other.yaml"), """schema_version: 1
package: {name: another, version: "1.0.1"}
kind: go-binary
source: {gomod: example.org/other}
go: {output: little-armv7}
tests: [{commands: [other]}]
""")
        result = test_go.build(home, path, **test_go.OFFLINE)
        xt.equal(result.code, 0, result)
        program = result.json["items"][0]["file"]
        xt.equal(os.path.basename(program), "little-armv7-1.0-2-linux-armv7")
        others = [program.replace("1.0-2-linux", end + "-linux") for end in
                  ("1.0", "1.0+g0123abc", "1.0+g0123abc-2", "0.9", "1.0.1")]
        for to in others:
            shutil.copy(program, to)
        got = verify(home, program, *others, "--recipe", home)
        xt.equal([[r["state"], r["recipe"] and os.path.basename(r["recipe"]),
                   checks(r)] for r in got.json["files"]],
                 [["passed", "tiny.yaml", {"little-armv7": "passed"}]] * 4 +
                 [["not run", None, {}], ["failed", "other.yaml", {"other": "failed"}]], got)
        # the command's name without a recipe
        got = verify(home, program, "--command", "little-armv7")
        xt.equal(got.code, 0, got)


ARM_LEVELS = {"main.go": """package main

import "os"

func six()
func seven()

func main() {
	if len(os.Args) > 1 {
		map[string]func(){"six": six, "seven": seven}[os.Args[1]]()
	}
}
""", "level_arm.s": """#include "textflag.h"

// rev r0, r0 of ARMv6; movw r0, #0 of ARMv7
TEXT ·six(SB), NOSPLIT, $0
	WORD $0xe6bf0f30
	RET

TEXT ·seven(SB), NOSPLIT, $0
	WORD $0xe3000000
	RET
""", "go.mod": "module example.org/level\n\ngo 1.21\n"}


def with_loader(program, to):
    """A copy whose PT_GNU_STACK has become a PT_INTERP."""
    with open(program, "rb") as f:
        data = bytearray(f.read())
    start, size, count = (struct.unpack_from(form, data, at)[0]
                          for form, at in (("<I", 28), ("<H", 42), ("<H", 44)))
    [at] = [n for n in range(start, start + size * count, size)
            if data[n:n + 4] == struct.pack("<I", 0x6474E551)]
    loader = b"/lib/ld-linux-armhf.so.3\0"
    struct.pack_into("<5I", data, at, 3, len(data), 0, 0, len(loader))
    with open(to, "wb") as f:
        f.write(data + loader)
    os.chmod(to, 0o755)
    return to


def test_go_program_of_an_older_arm():
    """Run on a processor of the level that it was built for: an instruction that came
    later ends it there, and only there."""
    with xt.scratch() as home:
        for name, text in ARM_LEVELS.items():
            xt.write(os.path.join(home, "src", name), text)
        files = []
        for arm in ("5", "6", "7"):
            files.append(os.path.join(home, f"level-1.0-linux-armv{arm}"))
            subprocess.run([test_go.go(), "build", "-o", files[-1], "."], check=True,
                           cwd=os.path.join(home, "src"),
                           env={"PATH": "/usr/bin:/bin", "HOME": home, "GOARM": arm,
                                "GOCACHE": os.path.join(xt.CACHE, "go-build"),
                                "GOOS": "linux", "GOARCH": "arm", "CGO_ENABLED": "0",
                                "GOTOOLCHAIN": "local", "GOENV": "off", "GOFLAGS": ""})
        recipe = xt.write(os.path.join(home, "level.yaml"), """schema_version: 1
package: {name: level, version: "1.0"}
kind: go-binary
source: {path: src}
tests: [{commands: [level, level six, level seven]}]
""")
        got = verify(home, *files, "--recipe", recipe)
        xt.equal(got.code, 1, got)
        states = {r["target"]: "".join(c["state"][0] for c in r["checks"])
                  for r in got.json["files"]}
        xt.equal(states, {"armv5": "pff", "armv6": "ppf", "armv7": "ppp"}, got)
        # the right ones alone
        for file, command in zip(files, ("level", "level six", "level seven")):
            got = verify(home, file, "--command", command)
            xt.equal(got.code, 0, got)
        # one that asks for a loader, and so for libraries, which are ARMv7
        asks = with_loader(files[1], os.path.join(home, "asks-1.0-linux-armv6"))
        got = verify(home, asks, "--command", "asks")
        [run] = got.json["files"]
        xt.equal([got.code, run["state"], run["target"], run["reason"]],
                 [3, "not run", "armv6",
                  "it is no static program, and there is no Debian root for armv6"], got)


if __name__ == "__main__":
    xt.main(globals())
