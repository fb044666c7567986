"""A run over several items: one failure stops only what needs it, waiting for servers
goes on beside builds, what an item needs comes along by itself. The projects are small
and made here; a server on this machine stands in for an index and for upstream."""
import functools
import io
import json
import os
import tarfile

import packages
import test_overlay
import test_wheels
import xt
from xt import read
from server import Reply, Server, sha256

LIBRARY = """schema_version: 1
package: {name: %s, version: "1.0"}
kind: library
source: {path: %s-src}
build:
  script:
    - echo "int %s(void) { return 42; }" > lib.c
    - $CC -fPIC -c lib.c -o lib.o
    - mkdir -p "$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE/pkgconfig" "$XORCH_DESTDIR/usr/include"
    - ar rcs "$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE/lib%s.a" lib.o
    - echo "int %s(void);" > "$XORCH_DESTDIR/usr/include/%s.h"
    - cp lib.pc "$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE/pkgconfig/%s.pc"
"""


def backend(name, first="", after=""):
    """A backend of the project's own, which requires nothing."""
    return (f"NAME, HEADER = {name!r}, False\ndef includes(): return []\n"
            "import os, subprocess, time\n" + first + test_overlay.BACKEND + after)


@functools.lru_cache
def sdist(name, seconds=0):
    files = {"pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "back"\n'
             f'backend-path = ["."]\n[project]\nname = "{name}"\nversion = "1.0"\n',
             "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
             "back.py": backend(name), "run-id": packages.RUN,
             "inner.c": test_overlay.INNER % ""}
    if seconds:  # only when it builds, not when it is asked
        files["back.py"] = backend(name).replace(
            "def build_wheel(folder, settings=None, metadata=None):",
            "def build_wheel(folder, settings=None, metadata=None):\n"
            f"    time.sleep({seconds})")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}-1.0/{path}")
            data = text.encode()
            info.size, info.mtime = len(data), 1700000000
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def publish(server, name, data, stall=0):
    """A project of an index with this one file."""
    file = f"{name}-1.0.tar.gz"
    server.add(f"/files/{file}", Reply(data, stall=stall))
    server.add(f"/simple/{name}/", Reply(json.dumps({
        "meta": {"api-version": "1.1"}, "name": name, "files": [
            {"filename": file, "url": f"/files/{file}", "size": len(data),
             "hashes": {"sha256": sha256(data)}}]}).encode(), stall=stall, headers={
                 "Content-Type": "application/vnd.pypi.simple.v1+json"}))


def recipe(home, name, source=None, more="", kind="wheel"):
    return xt.write(os.path.join(home, "recipes", name + ".yaml"),
                    f'schema_version: 1\npackage: {{name: {name}, version: "1.0"}}\n'
                    f"kind: {kind}\nsource: {{{source or 'pypi: ' + name}}}\n{more}")


def run(home, verb, *args, code=0, **env):
    """In the common store: names are of this run alone (own), so nothing is there."""
    result = xt.run([verb, *args, "--target", "aarch64", "--python", "cp311", "--json"],
                    home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                    **env)
    if result.code != code:
        test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def own(name):
    """A name that no other run uses."""
    return name + packages.RUN[:8] + "x"


def states(result):
    """By the name without what makes it its own."""
    return {i["id"].split("-1.0")[0][:-9]: i["state"] for i in result.json["items"]}


def forget(data):
    """As on another machine: the common store has the file no more."""
    hex_ = sha256(data)
    os.unlink(os.path.join(test_wheels.shared_cache(), "v1", "blobs", hex_[:2], hex_))


def lock_of(home, name):
    return os.path.join(home, "recipes", name + ".lock")


def test_one_failed_download_stops_no_other():
    with xt.scratch() as home, Server() as server:
        names = [own(n) for n in ("aa", "bb", "cc")]
        for name in names:
            publish(server, name, sdist(name))
            recipe(home, name)
        index = {"XORCH_MIRROR_PYPI": server.url("/simple")}
        run(home, "lock", "recipes/", **index)
        # another machine, later: one file is gone
        server.add(f"/files/{names[1]}-1.0.tar.gz", Reply(status=404))
        for name in names:
            forget(sdist(name))
        fetched = run(home, "fetch", "recipes/", "--locked", code=5, **index)
        xt.equal(states(fetched), {"aa": "planned", "bb": "failed", "cc": "planned"})
        xt.check("X0504" in fetched.err and f"{names[1]}-1.0.tar.gz" in fetched.err,
                 fetched)
        requests = server.count(f"/files/{names[0]}-1.0.tar.gz")
        result = run(home, "build", "recipes/", "--locked", code=5, **index)
        xt.equal(states(result), {"aa": "built", "bb": "failed", "cc": "built"}, result)
        xt.equal(server.count(f"/files/{names[0]}-1.0.tar.gz"), requests, "fetched twice")
        xt.check("2 built, 1 failed" in result.err, result.err)
        failed = [i for i in result.json["items"] if i["state"] == "failed"][0]
        xt.equal(failed["code"], 5, failed)


def test_one_failed_lock_stops_no_other():
    with xt.scratch() as home, Server() as server:
        good, none, wrong = [own(n) for n in ("good", "none", "wrong")]
        publish(server, good, sdist(good))
        recipe(home, good)
        recipe(home, none)
        # of the third one the sha256 in the recipe is not that of the index
        publish(server, wrong, sdist(wrong))
        recipe(home, wrong, f"pypi: {wrong}, sha256: {'0' * 64}")
        index = {"XORCH_MIRROR_PYPI": server.url("/simple")}
        result = run(home, "build", "recipes/", code=1, **index)
        xt.equal(states(result), {"good": "built", "none": "failed", "wrong": "failed"},
                 result)
        codes = {i["id"].split("-1.0")[0][:-9]: i["code"] for i in result.json["items"]}
        xt.equal(codes, {"good": 0, "none": 5, "wrong": 4}, result)
        xt.check(os.path.exists(lock_of(home, good)))


def test_waiting_goes_on_beside_builds():
    """Six projects of a slow index: the first is built while others are locked."""
    names = [own(n) for n in ("aa", "bb", "cc", "dd", "ee", "ff")]
    with xt.scratch() as home, Server() as server:
        for name in names:
            publish(server, name, sdist(name, seconds=1), stall=1)
            recipe(home, name)
        index = {"XORCH_MIRROR_PYPI": server.url("/simple")}
        result = run(home, "build", "recipes/", "-j1", "--progress", "json", **index)
        xt.equal(set(states(result).values()), {"built"}, result)
        events = [json.loads(l) for l in result.err.splitlines() if l.startswith("{")]
        steps = [(n, e["text"]) for n, e in enumerate(events) if e["event"] == "step"]
        first_build = min(n for n, step in steps if step == "build")
        last_lock = max(n for n, step in steps if step == "lock")
        xt.check(first_build < last_lock, first_build, last_lock, result.err)
        # the locks are those of runs in which nothing overlaps
        for name in names[:2]:
            text = read(lock_of(home, name))
            os.unlink(lock_of(home, name))
            run(home, "lock", f"recipes/{name}.yaml", **index)
            xt.equal(read(lock_of(home, name)), text)


def test_overlay_comes_along():
    """The lock names a recipe beside this one: its wheel is built first, also under
    --locked, and the plan says so."""
    carrier, user = own("carrier"), own("user")
    rename = {"'carrier'": f"'{carrier}'", "import carrier": f"import {carrier} as carrier",
              "'user'": f"'{user}'"}
    with xt.scratch() as home, Server() as server:
        for name, text, requires, code in (
                (carrier, test_overlay.CARRIER, "[]", ""),
                (user, test_overlay.USER, f'["{carrier}==1.0"]', test_overlay.USES)):
            for old, new in rename.items():
                text = text.replace(old, new)
            test_overlay.project(os.path.join(home, "recipes"), name, text, requires, code)
        mine = xt.run(["build", f"recipes/{carrier}.yaml", "--target", "x86_64",
                       "--python", "cp311", "--json", "--out", "dist-x"], home=home,
                      cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(mine)
        xt.equal(mine.code, 0, mine)
        wheel = mine.json["items"][0]["file"]
        with open(wheel, "rb") as f:
            data = f.read()
        file = os.path.basename(wheel)
        server.add("/files/" + file, Reply(data))
        server.add(f"/simple/{carrier}/", Reply(json.dumps({
            "meta": {"api-version": "1.1"}, "name": carrier, "files": [
                {"filename": file, "url": "/files/" + file, "size": len(data),
                 "hashes": {"sha256": sha256(data)}}]}).encode(), headers={
                     "Content-Type": "application/vnd.pypi.simple.v1+json"}))
        index = {"XORCH_MIRROR_PYPI": server.url("/simple")}
        os.unlink(lock_of(home, carrier))
        # nothing is locked, nothing built for the target: one argument is enough
        recipe_of = f"recipes/{user}.yaml"
        run(home, "lock", recipe_of, **index)
        run(home, "lock", f"recipes/{carrier}.yaml", **index)
        left = run(home, "build", recipe_of, "--locked", "--skip",
                   f"{carrier}-1.0-cp311-aarch64", code=1, **index)
        xt.check("X0991" in left.err, left)
        plan = xt.run(["plan", recipe_of, "--target", "aarch64", "--python", "cp311"],
                      home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal(plan.code, 0, plan)
        xt.check(f"after {carrier}-1.0-cp311-aarch64" in plan.out, plan.out)
        result = run(home, "build", recipe_of, "--locked", "--explain", **index)
        xt.equal(states(result), {"user": "built", "carrier": "built"}, result)
        built = result.json["items"][0]
        xt.equal(built["needs"], [f"{carrier}-1.0-cp311-aarch64"], built)
        again = run(home, "build", recipe_of, "--locked", **index)
        xt.equal(states(again), {"user": "cached", "carrier": "cached"}, again)
        # the same where the locks are made in that very run
        os.unlink(lock_of(home, user))
        os.unlink(lock_of(home, carrier))
        result = run(home, "build", recipe_of, "--force", "--replace", **index)
        xt.equal(states(result), {"user": "built", "carrier": "built"}, result)
        xt.equal(result.json["items"][0]["sha256"], built["sha256"])


def with_library(home, version, after):
    """A wheel that needs a library: recipes USER.yaml and LIBRARY.yaml."""
    user, lib = own("user"), own("mylib")
    folder = os.path.join(home, "recipes")
    xt.write(os.path.join(folder, lib + "-src", "lib.pc"),
             f"Name: {lib}\nDescription: x\nVersion: 1.0\nLibs: -l{lib}\n")
    xt.write(os.path.join(folder, lib + "-src", "version"), version)
    xt.write(os.path.join(folder, lib + ".yaml"), LIBRARY % ((lib,) * 7))
    test_overlay.project(folder, user, backend(user, "", after.replace("mylib", lib)),
                         "[]", "")
    with open(os.path.join(folder, user + ".yaml"), "a") as f:
        f.write(f"requirements: {{host: [recipe:{lib}]}}\n")
    return user, lib


ASKED = """
def get_requires_for_build_wheel(settings=None):
    return []
"""
PICKY = """
def get_requires_for_build_wheel(settings=None):
    subprocess.run(["pkg-config", "--exists", "mylib"], check=True)
    return []
"""


def test_a_lock_builds_no_library():
    with xt.scratch() as home:
        user, _ = with_library(home, "a", ASKED)
        locked = run(home, "lock", f"recipes/{user}.yaml", "-v")
        xt.equal(states(locked), {"user": "planned", "mylib": "planned"}, locked)
        text = read(lock_of(home, user))
        result = run(home, "build", f"recipes/{user}.yaml", "--locked")
        xt.equal(states(result), {"user": "built", "mylib": "built"}, result)
        # the same lock where the library is there
        os.unlink(lock_of(home, user))
        run(home, "lock", f"recipes/{user}.yaml")
        xt.equal(read(lock_of(home, user)), text)


def test_a_backend_that_answers_only_with_its_library():
    with xt.scratch() as home:
        user, lib = with_library(home, "b", PICKY)
        # from nothing, in one go
        result = run(home, "build", f"recipes/{user}.yaml", "-v")
        xt.equal(states(result), {"user": "built", "mylib": "built"}, result)
        xt.check("asked again with the libraries at hand" in result.err, result)
        text = read(lock_of(home, user))
        # `lock` alone builds what it must, and writes the same
        os.unlink(lock_of(home, user))
        xt.write(os.path.join(home, "recipes", lib + "-src", "more"), "")
        locked = run(home, "lock", f"recipes/{user}.yaml")
        xt.equal(states(locked), {"user": "planned", "mylib": "built"}, locked)
        xt.equal(read(lock_of(home, user)), text)
        # a library that cannot be built: its user is not started, and says why
        with open(os.path.join(home, "recipes", lib + ".yaml"), "a") as f:
            f.write("    - exit 1\n")
        os.unlink(lock_of(home, user))
        result = run(home, "build", f"recipes/{user}.yaml", code=1)
        xt.equal(states(result), {"user": "planned", "mylib": "failed"}, result)
        xt.check(f"not started: needs {lib}-1.0-linux-aarch64, which failed" in result.err,
                 result)


if __name__ == "__main__":
    xt.main(globals())
