"""--exclude-newer: what the package index got later is not seen. The index is one of this
machine, with upload times as PEP 700 has them; it stands in for the Python package
index."""
import os

import xt
from server import Reply, Server
from test_new import QUICK, Index

RECIPE = """schema_version: 1
package: {name: thing, version: "%s"}
kind: library
source: {pypi: thing}
build: {backend: script, script: ["true"]}
"""
OLD, NEW = "2026-01-02T03:04:05Z", "2026-06-07T08:09:10.111213Z"


def project(s, home, version="1.0", **more):
    index = Index(s)
    index.sdist("thing", "1.0", {"a": "b"}, **{"upload-time": OLD})
    index.sdist("thing", "1.1", {"a": "c"}, **{"upload-time": NEW})
    index.sdist("thing", "1.2", {"a": "d"})
    xt.write(os.path.join(home, "recipes", "thing.yaml"), RECIPE % version)
    return index


def run(s, home, verb, *args, **env):
    return xt.run([verb, "--target", "aarch64", *args], home=home,
                  **{**QUICK, "XORCH_MIRROR_PYPI": s.url("/simple"), **env})


def lock_text(home):
    with open(os.path.join(home, "recipes", "thing.lock"), encoding="utf-8") as f:
        return f.read()


def test_option_variable_and_project_file():
    """A flag counts before the environment, that before xorch.yaml, all before a
    configuration of the user."""
    with Server() as s, xt.scratch() as home:
        project(s, home, "1.1")
        result = run(s, home, "lock", "--exclude-newer", "2026-06-07T08:09:10Z")
        xt.equal(result.code, 2, result)
        xt.check("X0514" in result.err and "2026-06-07T08:09:10Z" in result.err, result)
        xt.check(not os.path.exists(os.path.join(home, "recipes", "thing.lock")))
        result = run(s, home, "lock", XORCH_EXCLUDE_NEWER="2026-06-06")
        xt.equal(result.code, 2, result)
        xt.write(os.path.join(home, ".config", "xorch", "config.yaml"),
                 "exclude_newer: 2026-06-06\n")
        xt.equal(run(s, home, "lock").code, 2)
        xt.write(os.path.join(home, "xorch.yaml"),
                 "schema_version: 1\nexclude_newer: 2026-06-06\n")
        xt.equal(run(s, home, "lock").code, 2)
        result = run(s, home, "lock", XORCH_EXCLUDE_NEWER="2026-06-07")
        xt.equal(result.code, 0, result)
        xt.check('exclude_newer: "2026-06-08T00:00:00Z"' in lock_text(home))
        os.remove(os.path.join(home, "recipes", "thing.lock"))
        result = run(s, home, "lock", "--exclude-newer", "2026-06-07T08:09:11Z",
                     XORCH_EXCLUDE_NEWER="2026-06-06")
        xt.equal(result.code, 0, result)


def test_spans_and_errors():
    """Back from the clock of this machine; 100 years are no limit gone astray."""
    with Server() as s, xt.scratch() as home:
        project(s, home, "1.1")
        result = run(s, home, "lock", "--exclude-newer", "36500d")
        xt.equal(result.code, 2, result)
        result = run(s, home, "lock", "--exclude-newer", "0d")
        xt.equal(result.code, 0, result)
        result = run(s, home, "lock", "--exclude-newer", "soon")
        xt.check(result.code == 2 and "X0137" in result.err, result)
        xt.write(os.path.join(home, "xorch.yaml"),
                 "schema_version: 1\nexclude_newer: soon\nminimum_age: 1y\n")
        result = xt.run(["check", "xorch.yaml"], home=home)
        xt.check(result.code == 2 and "xorch.yaml:2:16" in result.err
                 and "xorch.yaml:3:14" in result.err, result)


def test_without_upload_time():
    """A file of unknown age is not taken, and the message says what is missing. Without
    the limit it is."""
    with Server() as s, xt.scratch() as home:
        index = project(s, home, "1.2")
        result = run(s, home, "lock", "--exclude-newer", "2030-01-01")
        xt.equal(result.code, 2, result)
        xt.check("X0514" in result.err and "does not say when it got thing-1.2.tar.gz"
                 in result.err and "PEP 700" in result.err, result)
        page = "".join(f'<a href="{f["url"]}#sha256={f["hashes"]["sha256"]}">'
                       f'{f["filename"]}</a>\n' for f in index.files["thing"])
        s.add("/html/thing/", Reply(page.encode(), headers={"Content-Type": "text/html"}))
        html = {"XORCH_MIRROR_PYPI": s.url("/html")}
        xt.write(os.path.join(home, "recipes", "thing.yaml"), RECIPE % "1.0")
        result = run(s, home, "lock", "--exclude-newer", "2030-01-01", **html)
        xt.check(result.code == 2 and "X0514" in result.err, result)
        result = run(s, home, "lock", **html)
        xt.equal(result.code, 0, result)
        xt.check("exclude_newer" not in lock_text(home))


def test_lock_is_held_against_a_limit():
    """`lock --locked --exclude-newer` checks, without it such a lock is made anew."""
    with Server() as s, xt.scratch() as home:
        project(s, home)
        xt.equal(run(s, home, "lock").code, 0)
        plain = lock_text(home)
        limit = "--exclude-newer", "2026-03-01"
        result = run(s, home, "lock", "--locked", *limit)
        xt.equal(result.code, 4, result)
        xt.check("X0412" in result.err and
                 "xorch lock --exclude-newer 2026-03-02T00:00:00Z recipes/thing.yaml"
                 in result.err, result)
        xt.equal(lock_text(home), plain)
        result = run(s, home, "lock", *limit)
        xt.equal(result.code, 0, result)
        xt.equal(lock_text(home), plain.replace(
            "sources:", 'exclude_newer: "2026-03-02T00:00:00Z"\nsources:'))


def test_limits_before_and_after():
    """A later limit holds for a lock that was made under one, an earlier one does not;
    nobody need be asked for that."""
    with Server() as s, xt.scratch() as home:
        project(s, home)
        xt.equal(run(s, home, "lock", "--exclude-newer", "2026-03-01").code, 0)
        made = lock_text(home)
        asked = s.count("/simple/thing/")
        result = run(s, home, "lock", "--exclude-newer", "2026-04-01")
        xt.equal(result.code, 0, result)
        xt.equal(lock_text(home), made)
        xt.equal(s.count("/simple/thing/"), asked, "nobody need be asked")
        result = run(s, home, "lock", "--locked", "--exclude-newer", "2026-02-01")
        xt.equal(result.code, 4, result)


def test_new():
    """`xorch new` takes the newest release that is old enough."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        setup = {"setup.py": "from setuptools import setup, Extension\n"
                             "setup(ext_modules=[Extension('thing', ['thing.c'])])\n",
                 "thing.c": ""}
        index.sdist("thing", "1.0", setup, **{"upload-time": OLD})
        index.sdist("thing", "1.1", setup, **{"upload-time": NEW})
        result = xt.run(["new", "thing", "--no-fetch", "--python", "3.11",
                         "--exclude-newer", "2026-06-06"], home=home, **QUICK,
                        XORCH_MIRROR_PYPI=s.url("/simple"))
        xt.equal(result.code, 0, result)
        with open(os.path.join(home, "recipes", "thing.yaml"), encoding="utf-8") as f:
            text = f.read()
        xt.check('"1.0"' in text or " 1.0" in text, text)
        result = xt.run(["new", "thing", "--no-fetch", "--python", "3.11", "-o", "b.yaml",
                         "--exclude-newer", "2025-06-06"], home=home, **QUICK,
                        XORCH_MIRROR_PYPI=s.url("/simple"))
        xt.equal(result.code, 5, result)
        xt.check("--exclude-newer is 2025-06-07T00:00:00Z" in result.err, result)


if __name__ == "__main__":
    xt.main(globals())
