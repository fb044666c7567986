"""Failed builds end with their class, the line to blame, the log and a hint; rows U08,
B01 and B14 as the user meets them. One folder of small projects, each failing in its
own way, built in one run."""
import os
import re
import signal
import subprocess
import time

import packages
import test_wheels
import xt

SETUP = packages.SETUP


def setup(body):
    return ("from setuptools import setup, Extension\n" + body +
            '\nsetup(name="x", version="1.0", py_modules=[],'
            ' ext_modules=[Extension(NAME, [NAME + ".c"])])\n')


GENERATOR = """import os, subprocess
open("gen.c", "w").write("int main(void) { return 0; }")
subprocess.check_call(os.environ["CC"].split() + ["gen.c", "-o", "gen"])
subprocess.check_call(["./gen"])
"""

# name: (class, subject, what the first error says, what the hint says, project)
CASES = {
    "header": ("missing-header", "libxml/parser.h", "header.c:1:10: fatal error",
               "deb:libxml2-dev", dict(source="#include <libxml/parser.h>\n")),
    "library": ("missing-library", "frob", "-lfrob", "requirements.host",
                dict(more='libraries=["frob"]')),
    "hostlib": ("build-machine-library", "/usr/lib/x86_64-linux-gnu/libz.so",
                "a library of the build machine", "requirements.host",
                dict(more='extra_link_args=["/usr/lib/x86_64-linux-gnu/libz.so"]')),
    "flag": ("refused-flag", "-mavx2", "-mavx2", "build.config_settings",
             dict(more='extra_compile_args=["-mavx2"]')),
    "unknown": ("unknown-flag", "-fbogus", "-fbogus", "toolchain.c",
                dict(more='extra_compile_args=["-fbogus"]')),
    "linkflag": ("unknown-linker-flag", "--bogus", "--bogus", "toolchain.c",
                 dict(more='extra_link_args=["-Wl,--bogus"]')),
    "undefined": ("undefined-symbol", "frob_nicate", "frob_nicate", "toolchain.manylinux",
                  dict(source="int frob_nicate(void);\nvoid *PyInit_undefined(void)"
                       "{ return (void *)(long)frob_nicate(); }\n",
                       more='extra_link_args=["-Wl,-z,defs"]')),
    "twice": ("link-error", "answer", "duplicate symbol: answer", "toolchain.c",
              dict(source="int answer(void) { return 1; }\nvoid *PyInit_twice(void)"
                   "{ return 0; }\n",
                   setup=setup("").replace("[NAME + \".c\"]", "[NAME + \".c\", \"more.c\"]"),
                   files=[("more.c", "int answer(void) { return 2; }\n")])),
    "word": ("word-size", None, "static assertion failed", "source.patches",
             dict(source='_Static_assert(sizeof(void *) == 8, "64-bit only");\n')),
    "foreign": ("foreign-code", None, "x86", "wheel.cpu",
                dict(source="#include <immintrin.h>\n")),
    "runs": ("target-code-run", None, "Exec format error", "CC_FOR_BUILD",
             dict(setup=setup(GENERATOR))),
    "module": ("missing-build-requirement", "frobpy", "No module named 'frobpy'",
               "requirements.build", dict(setup=setup("import frobpy"))),
    "tool": ("missing-tool", "swig", "No such file or directory", "requirements.tools",
             dict(setup='from setuptools import setup, Extension\nsetup(name="x", '
                  'version="1", ext_modules=[Extension("a", ["a.i"])])\n',
                  files=[("a.i", "")])),
    "net": ("network", None, "Name or service not known", "build.network",
            dict(setup=setup("import urllib.request\n"
                             "urllib.request.urlopen('http://example.invalid/a')"))),
    "scm": ("version-from-scm", None, "unable to detect version",
            "SETUPTOOLS_SCM_PRETEND_VERSION",
            dict(setup='from setuptools import setup\n'
                 'setup(name="x", use_scm_version=True)\n',
                 recipe='requirements: {build: [setuptools_scm]}\n')),
    "cython": ("cython-error", None, "a.pyx:1:11", "cython<3",
               dict(setup="from setuptools import setup\n"
                    "from Cython.Build import cythonize\n"
                    'setup(name="x", version="1", ext_modules=cythonize("a.pyx"))\n',
                    recipe="requirements: {build: [cython]}\n",
                    files=[("a.pyx", "cdef int f(:\n    return 1\n")])),
    "metadata": ("metadata", None, "InvalidVersion", "pyproject.toml",
                 dict(setup='from setuptools import setup\n'
                      'setup(name="x", version="1.0-bad_thing!")\n')),
    # what nothing special is known of has a hint, too
    "wrong": ("compile-error", None, "wrong.c:1:5: error: ",
              "`xorch shell wrong-1.0-cp311-armv7`", dict(source="int = 1;\n")),
    "stops": ("other", None, "error: it is Friday",
              "`xorch build stops-1.0-cp311-armv7 --keep`",
              dict(setup=setup('import sys\nif "bdist_wheel" in sys.argv:\n'
                                '    raise SystemExit("error: it is Friday")'))),
    "patch": ("patch-failed", None, None, None,
              dict(patches=", patches: [a.patch]")),
    "good": (None, None, None, None, {}),
}


def write_all(home):
    folder = os.path.join(home, "recipes")
    xt.write(os.path.join(folder, "a.patch"),
             "--- a/patch.c\n+++ b/patch.c\n@@ -1,2 +1,2 @@\n-nothing like it\n+x\n y\n")
    for name, (*_, project) in CASES.items():
        project = dict(project)
        if "setup" in project:
            project["setup"] = project["setup"].replace("NAME", repr(name))
        packages.project(folder, name, **project)
    return folder


def test_U08_classes():
    with xt.scratch() as home:
        folder = write_all(home)
        result = xt.run(["build", folder, "--target", "armv7", "--python", "cp311",
                         "--json", "-j4"], home=home, cwd=home,
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(result)
        xt.equal(result.code, 1, result)
        items = {i["id"].split("-")[0]: i for i in result.json["items"]}
        xt.equal(set(items), set(CASES))
        order = re.findall(r"^(\w+)-1\.0-cp311-armv7 +failed: ", result.err, re.M)
        xt.equal(order, sorted(set(CASES) - {"good"}), "the summary's order", result.err)
        for name, (kind, subject, first, hint, _) in CASES.items():
            item = items[name]
            about = f"{name}: {item}"
            if kind is None:
                xt.equal(item["state"], "built", about)
                continue
            xt.equal((item["state"], item["class"]), ("failed", kind), about)
            xt.equal(item.get("subject"), subject, about)
            xt.check(first is None or first in item["first_error"], about)
            xt.check(hint is None or hint in item["hint"], about)
            if first:
                # the log has that line where the item says
                lines = open(item["log"], encoding="utf-8").read().split("\n")
                xt.check(first in lines[item["first_error_line"] - 1], about)
            # told whole when it happens, not mixed with another's
            xt.check(re.search(rf"^error\[X\d+\]: {name}-1\.0-cp311-armv7: .*\n"
                               r"(?:  .*\n)*  (?:= |\S)", result.err, re.M), about)
            xt.check(re.search(rf"^{name}-1\.0-cp311-armv7 +failed: {kind}", result.err,
                               re.M), about)
        history(home, items)


def history(home, items):
    """`xorch log` knows it all, and prints a log."""
    listed = xt.run(["log", "--json"], home=home).json["builds"]
    kinds = {b["id"].split("-")[0]: b.get("class") for b in listed}
    want = {n: case[0] for n, case in CASES.items()}
    xt.equal(kinds, want)
    good = next(b for b in listed if b["id"].startswith("good-"))
    xt.check(good["state"] == "built" and good["cpu_seconds"] > 0.1 and
             good["peak_memory"] > 1 << 20 and good["seconds"] > 0, good)
    table = xt.run(["log"], home=home)
    xt.check("failed: missing-header `libxml/parser.h`" in table.out, table)
    one = xt.run(["log", "header"], home=home)
    xt.equal(one.code, 0, one)
    xt.equal(one.out, open(items["header"]["log"]).read())
    xt.check("first error: header.c:1:10" in one.err, one)
    none = xt.run(["log", "nothing"], home=home)
    xt.equal(none.code, 2, none)
    xt.check("X0850" in none.err, none)


def test_U04_commands_of_a_build():
    """What a build prints is no command to the CI that runs it."""
    evil = "::error::not an error\n##[group]x\n\033]0;title\007\n"
    with xt.scratch() as home:
        recipe = packages.project(home, "evil", setup=(
            f"import sys\nsys.stdout.write({evil!r})\nsys.stdout.flush()\n"
            "raise SystemExit('error: stop')\n"))
        result = xt.run(["build", recipe, "--target", "aarch64", "--python", "cp311"],
                        home=home, cwd=home, GITHUB_ACTIONS="true", CI="true",
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(result)
        xt.equal(result.code, 1, result)
        for line in (result.out + result.err).splitlines():
            xt.check("not an error" not in line or not line.startswith("::"), line)
        xt.check("\033" not in result.err, result)
        log = xt.run(["log", "evil"], home=home, GITHUB_ACTIONS="true")
        lines = log.out.splitlines()
        word = re.fullmatch(r"::stop-commands::([0-9a-f-]{36})", lines[0])
        xt.check(word, log)
        xt.equal(lines[-1], f"::{word[1]}::", log)
        xt.check("::error::not an error" in lines[1:-1] and "\033" not in log.out, log)
        xt.check("::stop-commands::" not in xt.run(["log", "evil"], home=home).out)


def test_U08_sixteen_at_once():
    """Sixteen builds at a time of a machine that has less: each line says whose it is,
    nothing is mixed, what waits for a failure never starts."""
    with xt.scratch() as home:
        folder = os.path.join(home, "recipes")
        for n in range(16):
            bad = n % 8 == 7
            packages.project(folder, f"p{n:02d}",
                             source="#error on purpose\n" if bad else None)
        # what all of them need is there already, and nobody's line tells of it
        first = os.path.join(home, "first")
        packages.project(first, "first")
        result = xt.run(["build", first, "--target", "aarch64", "--python", "cp311"],
                        home=home, cwd=home, timeout=1500,
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(result)
        xt.equal(result.code, 0, result)
        result = xt.run(["build", folder, "--target", "aarch64", "--python", "cp311",
                         "--json", "-j16"], home=home, cwd=home, timeout=1500,
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(result)
        xt.equal(result.code, 1, result)
        states = [i["state"] for i in result.json["items"]]
        xt.equal((states.count("built"), states.count("failed")), (14, 2), result.err)
        lines = result.err.splitlines()
        errors = [n for n, line in enumerate(lines) if line.startswith("error[")]
        xt.equal(len(errors), 2, result.err)
        for n in errors:
            # its own lines follow it up to the last one, indented
            end = next(k for k in range(n + 1, len(lines)) if not lines[k].startswith("  "))
            xt.check("to see it again" in lines[end - 1], "\n".join(lines[n:end + 1]))
        for line in lines:
            xt.check(re.match(r"p\d\d-1\.0-cp311-aarch64\b|error\[|  |warning|note|"
                              r"\d+ built|\S+: fetched|sandbox|isolation|wrote |$", line), line)
        # a second run knows how long they take, and builds only what failed
        plan = xt.run(["plan", folder, "--target", "aarch64", "--python", "cp311",
                       "--json"], home=home, cwd=home,
                      XORCH_CACHE_DIR=test_wheels.shared_cache())
        todo = [i for i in plan.json["items"] if i["state"] == "planned"]
        xt.equal([i["id"] for i in todo],
                 ["p07-1.0-cp311-aarch64", "p15-1.0-cp311-aarch64"])
        forced = xt.run(["plan", folder, "--target", "aarch64", "--python", "cp311",
                         "--json", "--force"], home=home, cwd=home,
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
        known = [i.get("expected_seconds", 0) > 0 for i in forced.json["items"]]
        xt.equal(known.count(True), 14, forced)


def test_S04_secrets_are_masked():
    """A value of build.env_pass reaches the build and no log, message or record."""
    secret = "swordfish-4711"
    with xt.scratch() as home:
        recipe = packages.project(
            home, "tells", recipe="build: {env_pass: [TOKEN]}\n",
            setup="""import os, sys
t = os.environ["TOKEN"]
assert t == "%s", "another value"
print("whole", t, "end")
for c in "in pieces " + t:
    sys.stdout.write(c)
    sys.stdout.flush()
print()
sys.stderr.write("on stderr " + t + chr(10))
raise SystemExit("error: refused for " + t)
""" % secret)
        result = xt.run(["build", recipe, "--target", "aarch64", "--python", "cp311",
                         "--json", "-v"], home=home, cwd=home, TOKEN=secret,
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(result)
        xt.equal(result.code, 1, result)
        log = open(result.json["items"][0]["log"]).read()
        for words in ("whole *** end", "in pieces ***", "on stderr ***", "refused for ***"):
            xt.check(words in log, words, log)
        for folder, _, names in os.walk(os.path.join(home, ".local")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    xt.check(secret.encode() not in f.read(), name)
        xt.check(secret not in result.out and secret not in result.err, result)
        # without it the recipe says so
        none = xt.run(["build", recipe, "--target", "aarch64", "--python", "cp311"],
                      home=home, cwd=home, TOKEN=None,
                      XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.check("TOKEN (build.env_pass) is not set here" in none.err, none)


def test_K02_K04_stopped():
    """Ctrl-C and `docker stop` in the middle of builds: nothing is left running, the
    history says so, a later run builds what is missing."""
    for number in (signal.SIGINT, signal.SIGTERM):
        with xt.scratch() as home:
            folder = os.path.join(home, "recipes")
            for name in (f"one{number}", f"two{number}"):
                packages.project(folder, name, setup=(
                    "import os, time\nif os.environ.get('SLOW'):\n    time.sleep(600)\n" +
                    packages.SETUP.format(name=name, module=name, sources=[name + ".c"],
                                          optional=False, more="",
                                          packages="py_modules=[],")),
                    recipe="build: {env_pass: [SLOW]}\n")
            args = [folder, "--target", "aarch64", "--python", "cp311", "--json"]
            cache = test_wheels.shared_cache()
            locked = xt.run(["lock", *args[:-1]], home=home, cwd=home, XORCH_CACHE_DIR=cache)
            test_wheels.need_network(locked)
            xt.equal(locked.code, 0, locked)
            p = subprocess.Popen(
                [xt.XORCH, "build", *args, "-j1"], cwd=home, text=True,
                env=xt.environment(home, XORCH_CACHE_DIR=cache, SLOW="yes please"),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for line in p.stderr:
                if line.rstrip().endswith("-aarch64: build"):
                    break
            time.sleep(1)
            begun = time.monotonic()
            p.send_signal(number)
            out, err = p.communicate(timeout=30)
            xt.check(time.monotonic() - begun < 5, "slow to stop")
            xt.equal(p.returncode, 128 + number, err)
            ended = xt.run(["log", "--json"], home=home).json["builds"]
            xt.equal([(b["state"], b.get("class")) for b in ended],
                     [("failed", "stopped")], ended)
            again = xt.run(["build", *args], home=home, cwd=home, XORCH_CACHE_DIR=cache)
            xt.equal([i["state"] for i in again.json["items"]], ["built"] * 2, again)


if __name__ == "__main__":
    xt.main(globals())
