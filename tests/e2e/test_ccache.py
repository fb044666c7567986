"""Compiler caches of this machine, ccache and sccache: used by themselves, never decisive
for a byte or for whether a build goes well."""
import contextlib
import os
import re
import shutil
import sys

import packages
import rust_packages
import test_wheels
import xt


def store():
    return test_wheels.shared_cache()


@contextlib.contextmanager
def project_of_its_own(**more):
    """(home, recipe, name): a package that no build compiled before, whatever the shared
    store's caches hold."""
    name = "cc" + packages.RUN[:12]
    with xt.scratch() as home:
        try:
            yield home, packages.project(home, name, **more), name
        finally:
            shutil.rmtree(os.path.join(store(), "v1", "ccache", name), ignore_errors=True)


def build(home, recipe, *args, code=0, verb="build", cache=None, **env):
    """With what this machine has, unless a variable says otherwise."""
    env.setdefault("XORCH_NO_CCACHE", None)
    target = ["--target", "aarch64", "--python", "cp311"] if verb == "build" else []
    result = xt.run([verb, recipe, *target, "--json", *args], home=home, cwd=home,
                    XORCH_CACHE_DIR=cache or store(), **env)
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def last(result):
    return result.json["items"][-1]


def counts(item):
    got = item.get("compiler_cache")
    return got and (got["hits"], got["misses"])


def need(*programs):
    for name in programs:
        xt.check(shutil.which(name), f"{name} is missing: tests/run installs it")


def programs(home, *names, **scripts):
    """A folder for PATH: links to these of the machine's, and scripts."""
    folder = os.path.join(home, "bin")
    os.makedirs(folder)
    for name in names:
        path = sys.executable if name.startswith("python") else shutil.which(name)
        os.symlink(os.path.realpath(path), os.path.join(folder, name))
    for name, text in scripts.items():
        os.chmod(xt.write(os.path.join(folder, name), text), 0o755)
    return folder


def before_others(home, **scripts):
    return programs(home, **scripts) + ":" + os.environ["PATH"]


def test_used_where_it_is():
    """The second build compiles nothing, says so, and its wheel is the same."""
    need("ccache")
    with project_of_its_own() as (home, recipe, _):
        plain = last(build(home, recipe, "--no-ccache"))
        xt.equal(counts(plain), None)
        for want in ((0, 1), (1, 0)):
            result = build(home, recipe, "--force")
            xt.equal((last(result)["state"], last(result)["sha256"], counts(last(result))),
                     ("built", plain["sha256"], want))
            xt.check(re.search(r"compiling through ccache \d\S* \(/usr/bin/ccache\)",
                               result.err) and "--no-ccache" in result.err, result)
            xt.equal(", 1 of 1 compilations from the cache" in result.err, want[0] == 1,
                     result)
        # neither changed, by its key, from what the other made
        xt.equal(last(build(home, recipe, "--no-ccache"))["state"], "cached")


def test_switched_off():
    """By flag, variable, project file and configuration; a flag counts more."""
    need("ccache")
    with project_of_its_own() as (home, recipe, name):
        conf = os.path.join(home, "own.yaml")
        xt.write(conf, "schema_version: 1\nccache: off\n")
        for args, env in ((["--no-ccache"], {}), ([], {"XORCH_NO_CCACHE": "1"}),
                          (["--no-ccache"], {"XORCH_CCACHE": "1"}),
                          (["--config", conf], {}), (["--verify-cache"], {})):
            result = build(home, recipe, "--force", *args, **env)
            xt.equal(counts(last(result)), None, args, env, result)
            xt.check("compiling through" not in result.err, result)
        project = xt.write(os.path.join(home, "xorch.yaml"), "schema_version: 1\nccache: off\n")
        xt.equal(counts(last(build(home, recipe, "--force"))), None)
        xt.check(not os.path.exists(os.path.join(store(), "v1", "ccache", name)))
        xt.equal(counts(last(build(home, recipe, "--force", "--ccache",
                                   XORCH_NO_CCACHE="1"))), (0, 1))
        # a project does not switch on what its user does not want
        xt.write(project, "schema_version: 1\nccache: auto\n")
        xt.equal(counts(last(build(home, recipe, "--force", "--config", conf))), None)


def test_other_levels():
    """Below bwrap only for who asks for it: paths differ from build to build."""
    need("ccache")
    for level in ("landlock", "env"):
        with project_of_its_own() as (home, recipe, _):
            args = ["--sandbox", level, "--force"]
            xt.equal(counts(last(build(home, recipe, *args))), None)
            asked = build(home, recipe, *args, "--ccache", "--replace")
            xt.equal(counts(last(asked)), (0, 1), level, asked)


def test_none_on_this_machine():
    """Builds go on without a word; only --ccache asks for one."""
    with project_of_its_own() as (home, recipe, _):
        path = programs(home, "python3.11", "bwrap")
        result = build(home, recipe, PATH=path)
        xt.check("ccache" not in result.err and counts(last(result)) is None, result)
        none = build(home, recipe, "--ccache", "--force", code=8, PATH=path)
        xt.check("X0842" in none.err and "no ccache on this machine" in none.err, none)


NEW_HEADER = """#include <which.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(WHICH); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""


def test_new_header_before_an_old_one():
    """ccache's direct mode knows the headers that were read, not those that were looked
    for and now are there."""
    need("ccache")
    with project_of_its_own(code=NEW_HEADER, more="include_dirs=['first', 'second']",
                            files=[("second/which.h", "#define WHICH 42\n")]) as (
                                home, recipe, name):
        build(home, recipe)
        src = os.path.join(home, name + "-src")
        xt.write(os.path.join(src, "first", "which.h"), "#define WHICH 13\n")
        cached = last(build(home, recipe, "--replace"))
        xt.equal((cached["state"], counts(cached)), ("built", (0, 1)))
        plain = last(build(home, recipe, "--force", "--no-ccache"))
        xt.equal(cached["sha256"], plain["sha256"])


# One that gives other code than the compiler.
LIAR = '#!/bin/sh\n[ "$1" = --version ] && echo "ccache version 9.9" && exit\n' \
    'exec "$@" -DLIE=1\n'
LIE = packages.ANSWER.replace("42", "\n#ifdef LIE\n13\n#else\n42\n#endif\n")


def test_compared_builds_compile():
    """What is held against another build is none that a cache answered."""
    with project_of_its_own(code=LIE) as (home, recipe, _):
        path = before_others(home, ccache=LIAR)
        honest = last(build(home, recipe, "--no-ccache"))
        os.unlink(honest["file"])
        result = build(home, recipe, "--force", "--check-reproducible", code=7, PATH=path)
        xt.equal(last(result)["class"], "not-reproducible", result)
        for name in os.listdir(os.path.join(home, "dist")):
            os.unlink(os.path.join(home, "dist", name))
        lied = last(build(home, recipe, "--force", PATH=path))
        xt.check(lied["sha256"] != honest["sha256"], "the program was not asked")
        bad = build(home, lied["file"], verb="rebuild", code=7, PATH=path)
        xt.check("X0695" in bad.err, bad)


def test_library_compared():
    """The same of a library, whose tree is compared."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "mini-src", "mini.c"),
                 f"/* {packages.RUN} */\n#ifdef LIE\nint mini = 13;\n#else\nint mini = 42;\n"
                 "#endif\n")
        recipe = xt.write(os.path.join(home, "mini.yaml"), MINI)
        path = before_others(home, ccache=LIAR)
        result = xt.run(["build", recipe, "--target", "aarch64", "--check-reproducible"],
                        home=home, cwd=home, XORCH_CACHE_DIR=store(), XORCH_NO_CCACHE=None,
                        PATH=path)
        test_wheels.need_network(result)
        xt.equal(result.code, 7, result)
        xt.check("libmini.a" in result.err, result)


# The last has a loader that no system has: what a program of another libc looks like.
BROKEN = {
    "ends": ("#!/bin/sh\necho no way >&2\nexit 3\n", "it ended with status 3: no way"),
    "silent": ("#!/bin/sh\n", "it does not say which version it is"),
    "foreign": ("#!/lib/ld-musl-none.so.1\n", None),
}


def test_broken_programs():
    """Told once, and the build goes on without."""
    for text, says in BROKEN.values():
        with project_of_its_own() as (home, recipe, _):
            path = programs(home, "python3.11", "bwrap", ccache=text)
            second = packages.project(home, "second")
            plain = last(build(home, recipe, "--no-ccache"))
            result = build(home, home, "--force", PATH=path)
            xt.equal([i["state"] for i in result.json["items"]], ["built"] * 2, second)
            xt.equal(result.json["items"][0]["sha256"], plain["sha256"])
            told = [l for l in result.err.splitlines() if "ccache" in l]
            xt.equal(len(told), 1, result)
            xt.check("ccache is not used: " + path + "/ccache: " + (says or "") in told[0],
                     told)
            asked = build(home, recipe, "--force", "--ccache", code=8, PATH=path)
            xt.check("X0842" in asked.err and (says or path) in asked.err, asked)


def test_folder_that_cannot_be_written():
    need("ccache")
    with project_of_its_own() as (home, recipe, name):
        plain = last(build(home, recipe, "--no-ccache"))
        folder = os.path.join(store(), "v1", "ccache", name)
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        xt.write(folder, "in the way\n")
        try:
            result = build(home, recipe, "--force")
            xt.equal(last(result)["sha256"], plain["sha256"])
            xt.check("compiling without ccache: " in result.err and name in result.err,
                     result)
        finally:
            os.unlink(folder)


def test_fails_while_it_compiles():
    """The failure's class says that it was not the compiler."""
    text = LIAR.splitlines(True)
    text[-1] = 'echo "ccache: error: Failed to create directory x: Read-only file ' \
        'system" >&2; exit 1\n'
    with project_of_its_own() as (home, recipe, _):
        path = before_others(home, ccache="".join(text))
        result = build(home, recipe, "--force", code=1, PATH=path)
        xt.equal(last(result)["class"], "compiler-cache", result)
        xt.check("--no-ccache" in result.err, result)


MESON = """project('parts', 'c', version: '1.0')
py = import('python').find_installation()
py.extension_module('parts', 'parts.c', install: true)
"""
MINI = """schema_version: 1
package: {name: mini, version: "1.0"}
kind: library
source: {path: mini-src}
build:
  script:
    - $CC $CFLAGS -c -o mini.o mini.c
    - mkdir -p "$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE"
    - $AR rcs "$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE/libmini.a" mini.o
"""


def test_meson_and_libraries():
    """Compilers of meson's cross file and of a library that is built first."""
    need("ccache")
    with xt.scratch() as home:
        cache = test_wheels.own_store(os.path.join(home, "cache"))
        xt.write(os.path.join(home, "mini-src", "mini.c"), f"/* {packages.RUN} */ int mini;\n")
        xt.write(os.path.join(home, "mini.yaml"), MINI)
        recipe = packages.project(home, "parts", recipe="requirements: {host: "
                                  "[recipe:mini]}\n", files=[("meson.build", MESON)])
        src = os.path.join(home, "parts-src")
        os.unlink(os.path.join(src, "setup.py"))
        xt.write(os.path.join(src, "pyproject.toml"),
                 '[build-system]\nrequires = ["meson-python"]\n'
                 'build-backend = "mesonpy"\n[project]\nname = "parts"\n'
                 'version = "1.0"\n')
        made, got = [], []
        for _ in range(2):
            result = build(home, recipe, "--force", cache=cache)
            made += [i["sha256"] for i in result.json["items"] if "sha256" in i]
            got.append({i["id"].split("-")[0]: counts(i) for i in result.json["items"]})
        xt.equal(made, [made[0]] * 2)
        xt.equal([g["parts"] for g in got], [(0, 1), (1, 0)])
        xt.equal(got[0]["mini"], (0, 1))


def test_sccache_alone():
    """Without ccache, sccache has C too."""
    need("sccache")
    with project_of_its_own() as (home, recipe, _):
        path = programs(home, "python3.11", "bwrap", "sccache")
        plain = last(build(home, recipe, "--no-ccache"))
        got = []
        for _ in range(2):
            result = build(home, recipe, "--force", PATH=path)
            xt.equal(last(result)["sha256"], plain["sha256"])
            xt.check("compiling through sccache" in result.err, result)
            got.append(counts(last(result)))
        xt.equal(got, [(0, 1), (1, 0)])


# A procedural macro that reads a file which no compiler is told of.
READS = rust_packages.MACRO.replace('"40".parse()', """{
        let dir = std::env::var("CARGO_MANIFEST_DIR").unwrap();
        std::fs::read_to_string(dir + "/number.txt").unwrap()
    }.parse()""")


def test_rust():
    """sccache for the crates of the lock, not for those of the source, whose macros may
    read what they like; ccache for what the cc crate compiles."""
    need("ccache", "sccache")
    with xt.scratch() as home:
        cache = test_wheels.own_store(os.path.join(home, "cache"))
        recipe = rust_packages.project(
            home, files=[("number/src/lib.rs", READS), ("number.txt", "40")])
        made, got, kept = [], [], []
        for args in (["--no-ccache"], [], []):
            item = last(build(home, recipe, *args, "--force", cache=cache))
            made.append(item["sha256"])
            got.append(counts(item))
            kept.append(sum(len(files) for _, _, files in os.walk(
                os.path.join(cache, "v1", "ccache", "rusty", "sccache"))))
        xt.equal(made, [made[0]] * 3)
        # The crates that build.rs needs went in once, and were all found again.
        xt.check(kept[0] == 0 and kept[1] >= 2 and kept[2] == kept[1], kept)
        crates = kept[1]
        xt.equal(got, [None, (0, crates + 1), (crates + 1, 0)])
        xt.write(os.path.join(home, "rusty-src", "number.txt"), "30")
        changed = last(build(home, recipe, "--replace", cache=cache))
        xt.check(changed["sha256"] != made[0], "the macro's file made no difference")
        plain = last(build(home, recipe, "--force", "--no-ccache", cache=cache))
        xt.equal(changed["sha256"], plain["sha256"])
        size = xt.run(["cache", "size", "--json"], XORCH_CACHE_DIR=cache).json
        xt.check(size["parts"]["ccache"]["count"] == 1 and
                 size["parts"]["ccache"]["bytes"] > 10000, size)
        xt.equal(xt.run(["cache", "clean"], XORCH_CACHE_DIR=cache).code, 0)
        xt.check(not os.path.exists(os.path.join(cache, "v1", "ccache")))


# sccache whose client misses its server's answer, as often as the file's lines say.
MISSES = """#!/bin/sh
case $1 in
--version) exec /usr/bin/sccache --version ;;
esac
tries=/tmp/sccache-tries
echo >> $tries
[ "$(wc -l < $tries)" -gt %d ] && exec /usr/bin/sccache "$@"
echo "sccache: error: Timed out waiting for server startup" >&2
exit 2
"""


def test_sccache_that_does_not_start():
    """Tried again; what never works is left out, and the build goes well."""
    need("sccache")
    with project_of_its_own() as (home, recipe, name):
        plain = last(build(home, recipe, "--no-ccache"))
        for misses, want in ((2, (0, 1)), (1000, None)):
            shutil.rmtree(os.path.join(home, "bin"), ignore_errors=True)
            path = programs(home, "python3.11", "bwrap", sccache=MISSES % misses)
            item = last(build(home, recipe, "--force", "-v", PATH=path))
            xt.equal((item["state"], item["sha256"]), ("built", plain["sha256"]))
            xt.equal(counts(item), want)
            with open(item["log"]) as log:
                text = log.read()
            xt.equal(text.count("Timed out waiting"), min(misses, 3))
            xt.equal("compiling without it" in text, misses > 2)
        # nor is it named as the cause of what fails for another reason
        xt.write(os.path.join(home, name + "-src", name + ".c"), "int broken = missing;\n")
        item = last(build(home, recipe, "--force", code=1, PATH=path))
        xt.equal(item["class"], "compile-error", item)


if __name__ == "__main__":
    xt.main(globals())
