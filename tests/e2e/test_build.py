"""One build from start to end: what a second run does, what a change rebuilds, what
happens without a network, twice at once, and when it is killed."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

import packages
import test_wheels
import xt
from xt import sha256 as sha


def build(home, recipe, *args, target="aarch64", cache=None, code=0, **env):
    result = xt.run(["build", recipe, "--target", target, "--python", "cp311", "--json",
                     *args], home=home, cwd=home,
                    XORCH_CACHE_DIR=cache or test_wheels.shared_cache(), **env)
    test_wheels.need_network(result)
    if code is not None:
        xt.equal(result.code, code, result)
    return result


def only(result):
    items = result.json["items"]
    xt.equal(len(items), 1, result)
    return items[0]


def test_second_run_does_nothing():
    with xt.scratch() as home:
        recipe = packages.project(home)
        first = only(build(home, recipe))
        before = os.stat(first["file"])
        again = build(home, recipe)
        xt.equal(only(again)["state"], "cached", again)
        xt.check("up to date" in again.err, again)
        after = os.stat(first["file"])
        xt.equal((after.st_ino, after.st_mtime_ns), (before.st_ino, before.st_mtime_ns))
        os.unlink(first["file"])
        back = only(build(home, recipe))
        xt.equal(back["state"], "cached")
        xt.equal(sha(back["file"]), first["sha256"])


def rebuilds(home, recipe, says, *args, target="aarch64"):
    result = build(home, recipe, "--explain", *args, target=target)
    xt.equal(only(result)["state"], "built", result)
    xt.check(re.search(says, result.err), f"--explain should say {says}", result.err)


def test_change_rebuilds_and_explain_names_it():
    with xt.scratch() as home:
        patch = """--- a/changed.c
+++ b/changed.c
@@ -1,6 +1,6 @@
 #include <Python.h>
 static PyObject *answer(PyObject *self, PyObject *args)
-{ (void)self; (void)args; return PyLong_FromLong(42); }
+{ (void)self; (void)args; return PyLong_FromLong(43); }
 static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
 
 static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "changed", 0, -1, methods};
"""
        xt.write(os.path.join(home, "a.patch"), patch)
        # of no other test: --explain compares with the last build of that name
        recipe = packages.project(home, "changed", patches=", patches: [a.patch]")
        build(home, recipe)
        with open(recipe) as f:
            text = f.read()
        xt.write(recipe, text + "build: {env: {FOO: bar}, number: 1}\n")
        rebuilds(home, recipe, r"recipe build\.(env|number)")
        xt.write(os.path.join(home, "a.patch"), patch.replace("(43)", "(44)"))
        rebuilds(home, recipe, r"patch a\.patch", "--replace")
        rebuilds(home, recipe, r"floor: 2_17 -> 2_28", "--floor", "2_28", "--replace")
        rebuilds(home, recipe, r"toolchain", "--floor", "2_28", "--toolchain", "gcc",
                 "--replace")
        # another target is not touched by any of that
        other = only(build(home, recipe, target="armv7"))
        xt.equal(other["state"], "built")
        # about: changes nothing
        with open(recipe) as f:
            text = f.read()
        xt.write(recipe, text + "about: {summary: no matter}\n")
        same = only(build(home, recipe, target="armv7"))
        xt.equal(same["state"], "cached")


def test_lock_entry_rebuilds():
    with xt.scratch() as home:
        recipe = packages.project(home, "entry", recipe='requirements: {build: ["setuptools<78"]}\n')
        build(home, recipe)
        lock = os.path.join(home, "entry.lock")
        with open(lock) as f:
            text = f.read()
        xt.check("setuptools" in text, text)
        os.unlink(lock)
        xt.write(recipe, open(recipe).read().replace("<78", "<77"))
        rebuilds(home, recipe, "setuptools", "--replace")


def test_pins_of_the_project():
    """xorch.yaml says which versions of build requirements all recipes take."""
    def locked():
        with open(os.path.join(home, "tiny.lock"), encoding="utf-8") as f:
            return re.search(r"name: setuptools\n +version: \"?(\d+)", f.read())[1]

    def pin(value):
        xt.write(os.path.join(home, "xorch.yaml"),
                 f"schema_version: 1\npins: {{SetupTools: '{value}', cython: '3.1.4'}}\n")

    with xt.scratch() as home:
        recipe = packages.project(home)
        pin("<81")
        build(home, recipe)
        xt.equal(locked(), "80")
        with open(os.path.join(home, "tiny.lock"), encoding="utf-8") as f:
            xt.check("cython" not in f.read(), "nobody asks for it")
        pin("<80")
        result = build(home, recipe, "--locked", code=4)
        xt.check("X0408" in result.err and "SetupTools<80" in result.err, result)
        xt.equal(locked(), "80")
        result = xt.run(["lock", recipe, "--python", "cp311", "--target", "aarch64"],
                        home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal([result.code, locked()], [0, "79"], result)
        build(home, recipe, "--locked", "--replace")
        xt.write(recipe, open(recipe).read() +
                 'requirements: {build: ["setuptools>=80"]}\n')
        os.unlink(os.path.join(home, "tiny.lock"))
        result = build(home, recipe, code=1)
        xt.check("X0912" in result.err and "pins of this project: SetupTools<80" in
                 result.err, result)
        for bad in ("newest", "<", "80 or so", ""):
            pin(bad)
            result = build(home, recipe, code=2)
            xt.check("xorch.yaml:2:" in result.err, bad, result)


def test_locked_writes_nothing():
    with xt.scratch() as home:
        recipe = packages.project(home)
        result = build(home, recipe, "--locked", code=4)
        xt.check(re.search(r"run `xorch lock \S*tiny.yaml --python cp311 --target aarch64`",
                           result.err), result)
        xt.check(not os.path.exists(os.path.join(home, "tiny.lock")))
        build(home, recipe)
        lock = os.path.join(home, "tiny.lock")
        before = sha(lock)
        build(home, recipe, "--locked")
        xt.equal(sha(lock), before)


def test_offline_after_fetch_without_a_network():
    with xt.scratch() as home:
        recipe = packages.project(home)
        cache = test_wheels.shared_cache()
        fetched = xt.run(["fetch", recipe, "--target", "aarch64", "--python", "cp311"],
                         home=home, cwd=home, XORCH_CACHE_DIR=cache)
        test_wheels.need_network(fetched)
        xt.equal(fetched.code, 0, fetched)
        p = subprocess.run(["unshare", "-rn", xt.XORCH, "build", recipe, "--target",
                            "aarch64", "--python", "cp311", "--offline", "--json"],
                           cwd=home, env=xt.environment(home, XORCH_CACHE_DIR=cache),
                           capture_output=True, text=True, timeout=600)
        xt.equal(p.returncode, 0, p.stdout, p.stderr)


def test_offline_after_prune_ci():
    """What a kept build environment was made of is not fetched again."""
    with xt.scratch() as home:
        recipe = packages.project(home)
        cache = test_wheels.own_store(os.path.join(home, "cache"))
        downloads = "v1/records/download"
        shutil.copytree(os.path.join(test_wheels.shared_cache(), downloads),
                        os.path.join(cache, downloads))
        build(home, recipe, cache=cache)
        result = xt.run(["cache", "prune", "--ci"], home=home, XORCH_CACHE_DIR=cache)
        xt.equal(result.code, 0, result)
        xt.check(glob.glob(f"{cache}/v1/blobs/*/*"), "what was built stays")
        for sha256 in os.listdir(os.path.join(test_wheels.shared_cache(), downloads)):
            xt.check(not os.path.exists(f"{cache}/v1/blobs/{sha256[:2]}/{sha256}"), sha256)
        with open(os.path.join(home, "tiny-src/tiny.c"), "a") as f:
            f.write("/* another */\n")
        result = build(home, recipe, "--offline", "--replace", cache=cache)
        xt.equal(only(result)["state"], "built", result)


def test_open_network_is_said_once():
    """The sandbox that is left when bubblewrap does not work: a warning for the run, not
    one more for the steps."""
    with xt.scratch() as home:
        recipe = packages.project(home)
        fake = xt.write(os.path.join(home, "bwrap"), "#!/bin/sh\nexit 1\n")
        os.chmod(fake, 0o755)
        result = build(home, recipe, XORCH_BWRAP=fake)
        xt.equal(only(result)["state"], "built")
        xt.equal(result.err.count("sandbox landlock"), 1, result)
        xt.equal(result.err.count("the network is open"), 1, result)


def test_reproducible_in_other_folders():
    with xt.scratch() as one, xt.scratch() as two:
        other = os.path.join(two, "a folder with blanks")
        recipe = packages.project(one)
        a = only(build(one, recipe, "--sandbox", "bwrap"))
        time.sleep(2)
        os.makedirs(other)
        for name in ("tiny-src", "tiny.yaml", "tiny.lock"):
            source = os.path.join(one, name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(
                source, os.path.join(other, name))
        cache = test_wheels.own_store(os.path.join(two, "cache"))
        b = only(build(other, os.path.join(other, "tiny.yaml"), "--sandbox", "bwrap",
                       "-j1", cache=cache))
        xt.equal(b["state"], "built")
        xt.equal(a["sha256"], b["sha256"], a, b)


def test_W19_two_builds_that_differ():
    with xt.scratch() as home:
        recipe = packages.project(home)
        result = build(home, recipe, "--check-reproducible")
        xt.equal(only(result)["state"], "built")
        # also what an earlier run made is compared
        again = build(home, recipe, "--check-reproducible")
        xt.equal(only(again)["state"], "cached")
        xt.check("once more" in again.err or "up to date" in again.err, again.err)
    with xt.scratch() as home:
        recipe = packages.project(home, setup="""
import uuid
from setuptools import setup, Extension
with open("drawn.py", "w") as f:
    f.write("NUMBER = %r\\n" % uuid.uuid4().hex)
setup(name="tiny", version="1.0", py_modules=["drawn"],
      ext_modules=[Extension("tiny", ["tiny.c"])])
""")
        result = build(home, recipe, "--check-reproducible", code=7)
        for words in ("X0729", "drawn.py", "from byte "):
            xt.check(words in result.err, words, result.err)
        xt.equal(only(result)["class"], "not-reproducible")


# Step -> kinds of trees that must be missing for it to come up.
STEPS = {"download": ["env"], "verify": ["env"], "rename": ["env"],
         "environment": ["env"], "python": ["python"], "floor": ["floor"],
         "extract": ["sysroot"], "manifest": ["python"], "configure": [], "build": [],
         "write-wheel": [], "record": []}


def copy_of_store(source, dest):
    """By hard links, without what was built from it."""
    os.makedirs(os.path.join(dest, "v1"), mode=0o700)
    os.chmod(dest, 0o700)
    for part in ("blobs", "trees", "records"):
        subprocess.run(["cp", "-al", os.path.join(source, "v1", part),
                        os.path.join(dest, "v1", part)], check=True)
    for kind in ("item", "last"):
        shutil.rmtree(os.path.join(dest, "v1", "records", kind), ignore_errors=True)


def without_trees(cache, kinds):
    for kind in kinds:
        shutil.rmtree(os.path.join(cache, "v1", "trees", kind), ignore_errors=True)


def test_K01_killed_at_every_step():
    with xt.scratch() as home:
        recipe = packages.project(home)
        build(home, recipe)  # whatever has to be downloaded
        # a store with just what this takes: it is copied for every step
        base = test_wheels.own_store(os.path.join(home, "base"))
        want = only(build(home, recipe, "--locked", cache=base))["sha256"]
        locks = [os.path.join(home, "tiny.lock")] + [
            os.path.join(xt.SOURCE, name) for name in
            ("sysroots/debian-11.lock", "toolchains/clang.lock", "toolchains/uv.lock")]
        needed = {blob for lock in locks for blob in wheel_blobs(lock, base)}
        for blob in glob.glob(os.path.join(base, "v1", "blobs", "*", "*")):
            if blob not in needed:
                os.unlink(blob)
        for step, missing in STEPS.items():
            work = os.path.join(home, "k-" + step)
            os.makedirs(work)
            own = packages.project(work)
            shutil.copy(os.path.join(home, "tiny.lock"), work)
            cache = os.path.join(work, "cache")
            copy_of_store(base, cache)
            without_trees(cache, missing)
            if missing == ["env"]:
                for blob in wheel_blobs(os.path.join(work, "tiny.lock"), cache):
                    os.unlink(blob)
            killed = build(work, own, cache=cache, code=None, XORCH_TEST_DIE_AT=step)
            xt.equal(killed.code, -9, f"at {step}", killed)
            again = only(build(work, own, cache=cache))
            xt.equal(again["sha256"], want, f"after a kill at {step}")
            left = sorted(os.listdir(os.path.join(work, "dist")))
            name = os.path.basename(again["file"])
            xt.equal(left, [name, name + ".intoto.jsonl"])
            shutil.rmtree(cache)


def wheel_blobs(lock, cache):
    """Blobs that a lock names."""
    for digest in re.findall(r"sha256: \"?([0-9a-f]{64})", open(lock).read()):
        path = os.path.join(cache, "v1", "blobs", digest[:2], digest)
        if os.path.exists(path):
            yield path


def test_C01_eight_processes_at_once():
    with xt.scratch() as home:
        recipe = packages.project(home)
        build(home, recipe)
        lock = os.path.join(home, "tiny.lock")
        cache = test_wheels.own_store(os.path.join(home, "other-cache"))
        running = [subprocess.Popen(
            [xt.XORCH, "build", recipe, "--target", "aarch64", "--python", "cp311",
             "--json", "--locked", "--out", os.path.join(home, "out")], cwd=home,
            env=xt.environment(home, XORCH_CACHE_DIR=cache), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) for _ in range(8)]
        states = []
        for p in running:
            out, err = p.communicate(timeout=900)
            xt.equal(p.returncode, 0, out, err)
            states.append(json.loads(out)["items"][0]["state"])
        xt.equal(sorted(set(states)), ["built", "cached"], states)
        xt.equal(states.count("built"), 1, states)
        xt.check(os.path.exists(lock))


def test_B19_source_edited_during_the_build():
    """Nothing of a state in between is placed or remembered."""
    with xt.scratch() as home:
        recipe = packages.project(
            home, setup="import time\ntime.sleep(3)\n" + packages.SETUP.format(
                name="tiny", module="tiny", sources=["tiny.c"], optional=False, more="",
                packages="py_modules=[],"))
        build(home, recipe, "--dry-run", code=None)
        xt.equal(xt.run(["lock", recipe, "--target", "aarch64", "--python", "cp311"],
                        home=home, cwd=home,
                        XORCH_CACHE_DIR=test_wheels.shared_cache()).code, 0)
        p = subprocess.Popen(
            [xt.XORCH, "build", recipe, "--target", "aarch64", "--python", "cp311",
             "--json"], cwd=home, text=True, stdin=subprocess.DEVNULL,
            env=xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache()),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = ""
        for line in p.stderr:
            said += line
            if line.rstrip().endswith("-aarch64: build"):
                break
        time.sleep(1)
        with open(os.path.join(home, "tiny-src", "tiny.c"), "a") as f:
            f.write("/* edited */\n")
        out, err = p.communicate(timeout=300)
        xt.equal(p.returncode, 1, said, err)
        item = json.loads(out)["items"][0]
        xt.equal((item["state"], item["class"]), ("failed", "source-changed"))
        xt.check("X0908" in err and "source path tiny-src" in err, err)
        xt.check(not glob.glob(os.path.join(home, "dist", "*")))
        xt.equal(only(build(home, recipe))["state"], "built")


def test_setup_py_reads_its_words():
    """A setup.py that looks for options among its own words, the first one included."""
    with xt.scratch() as home:
        setup = "import sys\nwords = [w for w in sys.argv if w[0] != '-']\n" \
            "assert words[0].endswith('setup.py') and len(words) > 1, words\n" + \
            packages.SETUP.format(name="words", module="words", sources=["words.c"],
                                  optional=False, more="", packages="py_modules=[],")
        recipe = packages.project(home, "words", setup=setup)
        xt.equal(only(build(home, recipe))["state"], "built")


def test_abi3_for_older_pythons_too():
    """cp36-abi3 is the wheel of a recipe that says 3.9, the oldest it can name."""
    with xt.scratch() as home:
        code = "#define Py_LIMITED_API 0x03060000\n" + packages.MODULE.format(
            name="older", code=packages.ANSWER)
        recipe = packages.project(
            home, "older", source=code, more="py_limited_api=True",
            recipe='python: {abi3: "3.9"}\n',
            files=[("setup.cfg", "[bdist_wheel]\npy_limited_api = cp36\n")])
        item = only(build(home, recipe))
        xt.check("older-1.0-cp36-abi3-" in item["file"], item)


def test_S09_files_of_a_cache_from_elsewhere():
    """A file of a tree that was changed without a trace of time or size: --verify-cache
    reads what a build uses, and the tree is made anew."""
    with xt.scratch() as home:
        cache = test_wheels.own_store(os.path.join(home, "cache"))
        recipe = packages.project(home)
        sound = only(build(home, recipe, cache=cache))
        header, = glob.glob(os.path.join(cache, "v1/trees/python/*/include/python3.11/"
                                         "pyport.h"))
        text = open(header, "rb").read()
        old = os.stat(header)
        os.chmod(header, 0o644)
        with open(header, "r+b") as f:
            f.write(text.replace(b"#ifndef", b"#ifndeF", 1))
        os.chmod(header, old.st_mode)
        os.utime(header, ns=(old.st_atime_ns, old.st_mtime_ns))
        bad = build(home, recipe, "--force", cache=cache, code=1)
        xt.check("pyport.h" in bad.err, bad)
        again = build(home, recipe, "--force", "--verify-cache", cache=cache)
        xt.equal((only(again)["state"], only(again)["sha256"]), ("built", sound["sha256"]))
        xt.check("pyport.h" in again.err, again)
        xt.equal(open(header, "rb").read(), text)


if __name__ == "__main__":
    xt.main(globals())
