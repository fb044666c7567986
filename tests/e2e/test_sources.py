"""Sources that are one archive, and those by their address. Rows H01, N04, N09 and A for each kind of source that is one archive: all of them come
through the same door, and what is wrong with the bytes is found before and while they are
unpacked. A server on this machine stands in for index, archive mirror and web site."""
import json
import os
import shutil
import subprocess
import time
import zipfile
from unittest import mock

import archives
import git_server
import packages
import test_wheels
import xt
from archives import MTIME, Member, gz, tar
from server import Reply, Server, sha256

QUICK = {"XORCH_HTTP_BACKOFF": "0.01", "XORCH_HTTP_RETRIES": "1",
         "XORCH_HTTP_TIMEOUT": "2", "XORCH_HTTP_STALL": "1"}
RECIPE = """schema_version: 1
package: {{name: foo, version: "0.9"}}
kind: library
source: {{{source}}}
build:
  script:
    - mkdir -p "$XORCH_DESTDIR/usr/include" "$XORCH_DESTDIR/usr/share/licenses"
    - cp foo.h "$XORCH_DESTDIR/usr/include/"
"""
LOCK = """lock_version: 1
recipe:
  name: foo
  version: "0.9"
sources:
  - {entry}
    version: "0.9"
    file: {file}
    size: {size}
    sha256: {sha}
{more}"""
GOOD = gz(tar([Member("foo-0.9/"), Member("foo-0.9/COPYING", b"Do as you like.\n"),
               Member("foo-0.9/foo.h", f"/* {packages.RUN} */\n".encode())]))


class Kind:
    """How one kind is written in recipe and lock, and where its file is served."""

    def __init__(self, name, source, entry, file, path, more=""):
        self.name, self.source, self.entry = name, source, entry
        self.file, self.path, self.more = file, path, more


KINDS = [
    Kind("pypi", "pypi: foo", "pypi: foo", "foo-0.9.tar.gz", "/files/foo-0.9.tar.gz"),
    Kind("url", "url: \"{base}/site/foo-0.9.tar.gz\"", "url: foo-0.9.tar.gz",
         "foo-0.9.tar.gz", "/site/foo-0.9.tar.gz"),
    Kind("debsrc", "debsrc: foo, suite: bookworm", "debsrc: foo", "foo_0.9.orig.tar.gz",
         "/debian/pool/main/f/foo/foo_0.9.orig.tar.gz", "    suite: bookworm\n"),
]


def warm():
    """Sysroot and compiler into the store, from the machine's own mirrors."""
    with xt.scratch() as home:
        r = xt.run(["env", "--target", "aarch64"], home=home,
                   XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(r)
        xt.equal(r.code, 0, r)


def run(s, home, kind, locked, *replies):
    """Builds it; `locked` are the bytes that the lock names."""
    recipe = xt.write(os.path.join(home, "foo.yaml"),
                      RECIPE.format(source=kind.source.format(base=s.base)))
    xt.write(os.path.join(home, "foo.lock"), LOCK.format(
        entry=kind.entry, file=kind.file, size=len(locked), sha=sha256(locked),
        more=kind.more))
    s.replies.pop(kind.path, None)
    if replies:
        s.add(kind.path, *replies)
    page = {"meta": {"api-version": "1.1"}, "name": "foo", "files": [
        {"filename": kind.file, "url": kind.path, "size": len(locked),
         "hashes": {"sha256": sha256(locked)}}]}
    s.replies.pop("/simple/foo/", None)
    s.add("/simple/foo/", Reply(json.dumps(page).encode(), headers={
        "Content-Type": "application/vnd.pypi.simple.v1+json"}))
    return xt.run(["build", recipe, "--target", "aarch64", "--json", "--force"], home=home,
                  cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                  XORCH_MIRROR_PYPI=s.url("/simple"),
                  XORCH_MIRROR_DEBIAN=s.url("/debian"), **QUICK)


def forget(*bodies):
    """What one kind fetched must not serve the next."""
    for body in bodies:
        for path in (f"blobs/{sha256(body)[:2]}/{sha256(body)}", f"bad/{sha256(body)}"):
            path = os.path.join(test_wheels.shared_cache(), "v1", path)
            if os.path.exists(path):
                os.unlink(path)


def nothing_left(body):
    part = os.path.join(test_wheels.shared_cache(), "v1/parts", sha256(body) + ".part")
    xt.check(not os.path.exists(part), part)


def refused(s, home, kind, code, words, locked, *replies):
    r = run(s, home, kind, locked, *replies)
    xt.equal(r.code, code, kind.name, r)
    for word in words:
        xt.check(word in r.err, kind.name, word, r)
    nothing_left(locked)
    return r


def goes_on(s, home, kind):
    """The same command, with nothing cleaned up."""
    r = run(s, home, kind, GOOD, Reply(GOOD))
    xt.equal(r.code, 0, kind.name, r)
    xt.equal([i["state"] for i in r.json["items"]], ["built"], r)


def each():
    warm()
    for kind in KINDS:
        forget(GOOD)
        with Server() as s, xt.scratch() as home:
            yield s, home, kind


def test_H01_other_bytes():
    other = GOOD[:-9] + bytes([GOOD[-9] ^ 1]) + GOOD[-8:]
    for s, home, kind in each():
        r = refused(s, home, kind, 6, ["X0601", sha256(GOOD)[:12], sha256(other)[:12]],
                    GOOD, Reply(other))
        xt.check(kind.file in r.err, r)
        bad = os.path.join(test_wheels.shared_cache(), "v1/bad")
        xt.check(any(sha256(other)[:12] in n for n in os.listdir(bad)), os.listdir(bad))
        goes_on(s, home, kind)


def test_N09_truncated():
    for s, home, kind in each():
        refused(s, home, kind, 6, ["X0601"], GOOD, Reply(GOOD[:-20], no_length=True))
        goes_on(s, home, kind)


def test_N10_endless():
    for s, home, kind in each():
        refused(s, home, kind, 6, [], GOOD, Reply(b"x" * 4096, endless=True))
        goes_on(s, home, kind)


def test_N04_gone():
    for s, home, kind in each():
        refused(s, home, kind, 5, [kind.file], GOOD, Reply(b"", status=404))
        goes_on(s, home, kind)


HOSTILE = {
    "A01": ("X0620", [Member("foo-0.9/"), Member("/tmp/xorch-escaped", b"x")]),
    "A02": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/../../escaped", b"x")]),
    "A03": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/l", link="/tmp"),
                      Member("foo-0.9/l/escaped", b"x")]),
    "A04": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/l", link="/etc/passwd")]),
    "A05": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/l", link="../../x")]),
    "A06": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/h", type="1",
                                                 link="../../etc/passwd")]),
    "A07": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/null", type="3")]),
    "A09": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/a", b"1"),
                      Member("foo-0.9/a", b"2")]),
    "A10": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/d/"),
                      Member("foo-0.9/d", link="/tmp"), Member("foo-0.9/d/x", b"x")]),
    "A11": ("X0620", [Member("foo-0.9/"), Member("foo-0.9/a\nb\x1b[2J", b"x")]),
    "A18": ("X0623", [Member("foo-0.9/"), Member("foo-0.9/a", b"1"), Member("b", b"2")]),
}


def test_A_hostile_archives():
    for s, home, kind in each():
        for row, (code, members) in HOSTILE.items():
            bad = gz(tar(members))
            r = refused(s, home, kind, 6, [code, kind.file], bad, Reply(bad))
            xt.check("\x1b" not in r.err, row, r)
            for outside in ("/tmp/xorch-escaped", "/tmp/escaped",
                            os.path.join(home, "escaped")):
                xt.check(not os.path.lexists(outside), row, outside)
        goes_on(s, home, kind)


def test_A_no_archives():
    cases = {"A15": GOOD[:200], "A17": b"", "A17 page": b"<!DOCTYPE html><p>login</p>",
             "A23": b"Rar!\x1a\x07\x00" + b"x" * 600}
    for s, home, kind in each():
        for row, bad in cases.items():
            bad = bad or gz(b"")  # an empty file is none that a lock could name
            r = refused(s, home, kind, 6, [kind.file], bad, Reply(bad))
            xt.check("X0622" in r.err, row, r)
        goes_on(s, home, kind)


def web(home, s, files, source, target="armv7", recipe="", code=0, *args):
    """A wheel whose sources come from a web site, built for real and judged."""
    for path, body in files.items():
        s.replies.pop(path, None)
        s.add(path, *(body if isinstance(body, list) else [Reply(body, etag="v1")]))
    text = packages.RECIPE.format(name="tiny", patches="", more=recipe).replace(
        "source: {path: tiny-src}", "source: " + source.format(base=s.base))
    path = xt.write(os.path.join(home, "tiny.yaml"), text)
    r = xt.run(["build", path, "--target", target, "--python", "cp311", "--json", *args],
               home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(), **QUICK)
    if code != 5:
        test_wheels.need_network(r)
    xt.equal(r.code, code, r)
    return r


CMAKE = """cmake_minimum_required(VERSION 3.20)
project(mini C)
add_library(mini mini.c)
install(TARGETS mini)
install(FILES mini.h TYPE INCLUDE)
"""
MINI = "/* %s */\n#include \"mini.h\"\nint mini_answer(void) { return 42; }\n" % packages.RUN
CALLS = """#include <mini.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(mini_answer()); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""


def sdist(top="tiny-1.0"):
    """A project as an archive with one top folder."""
    with xt.scratch() as home:
        packages.project(home)
        src = os.path.join(home, "tiny-src")
        members = [Member(top + "/")]
        for name in sorted(os.listdir(src)):
            with open(os.path.join(src, name), "rb") as f:
                members.append(Member(f"{top}/{name}", f.read()))
    return gz(tar(members))


def test_url_end_to_end():
    """Locked by what the recipe says, fetched from the second address, built, judged;
    then without a network and with nothing but the lock."""
    body = sdist()
    with Server() as s, xt.scratch() as home:
        source = ("{{url: [\"{base}/gone/tiny-1.0.tar.gz\", \"{base}/tiny-1.0.tar.gz?x=1\"],"
                  " sha256: " + sha256(body) + "}}")
        r = web(home, s, {"/tiny-1.0.tar.gz": body}, source)
        xt.equal(test_wheels.judge(r, imports=False), 1, r)
        with open(os.path.join(home, "tiny.lock"), encoding="utf-8") as f:
            lock = f.read()
        xt.check("url: tiny-1.0.tar.gz" in lock and sha256(body) in lock, lock)
        xt.check("127.0.0.1" not in lock, "a lock names no address", lock)
        n = len(s.requests)
        again = web(home, s, {}, source, "armv7", "", 0, "--locked", "--offline", "--force")
        xt.equal(again.json["items"][0]["sha256"], r.json["items"][0]["sha256"])
        xt.equal(len(s.requests), n, "something was asked for")


def test_url_what_came_first_is_locked():
    """Without a sha256 in the recipe: said once, and from then on nothing else is taken."""
    body, other = sdist(), sdist("tiny-1.0.1")
    with Server() as s, xt.scratch() as home:
        source = "{{url: \"{base}/tiny-1.0.tar.gz\"}}"
        r = web(home, s, {"/tiny-1.0.tar.gz": body}, source)
        xt.check(sha256(body) in r.err and "locked as it came now" in r.err, r)
        forget(body)
        r = web(home, s, {"/tiny-1.0.tar.gz": other}, source, "armv7", "", 6, "--force")
        xt.check("X0601" in r.err and sha256(other)[:12] in r.err, r)
        wrong = ("{{url: \"{base}/tiny-1.0.tar.gz\", sha256: " + "0" * 64 + "}}")
        r = web(home, s, {}, wrong, "armv7", "", 4)
        xt.check("X0406" in r.err, r)


def test_url_beside_the_first_source():
    """A file taken as it is and an archive with more folders on top, each where the
    recipe says; a patch over one of them."""
    deep = gz(tar([Member("x/"), Member("x/y/"), Member("x/y/extra.h", b"#define EXTRA 41\n")]))
    header = b"#define PLAIN 1\n"
    with Server() as s, xt.scratch() as home:
        xt.write(os.path.join(home, "patches/one.patch"),
                 "--- a/extra.h\n+++ b/extra.h\n@@ -1 +1 @@\n-#define EXTRA 41\n"
                 "+#define EXTRA 42\n")
        source = """
  - {{path: tiny-src}}
  - {{url: "{base}/plain.h", extract: false, file_name: plain.h, target_directory: more}}
  - {{url: "{base}/deep.tar.gz", strip_components: 2, target_directory: deep,
     patches: [patches/one.patch]}}
"""
        packages.project(home, code="""#include "more/plain.h"
#include "deep/extra.h"
_Static_assert(PLAIN == 1 && EXTRA == 42, "other sources than meant");
""" + packages.ANSWER)
        r = web(home, s, {"/plain.h": header, "/deep.tar.gz": deep}, source)
        xt.equal(test_wheels.judge(r, imports=False), 1, r)
        # one level more than there is
        r = web(home, s, {}, source.replace("strip_components: 2", "strip_components: 3"),
                "armv7", "", 2)
        xt.check("X0928" in r.err, r)


def test_patched_source_keeps_its_date():
    """What a patch wrote has the date of the newest file of the archive, not of today; so
    has the wheel: it is the same whenever it was built."""
    body = sdist()
    patch = ("--- a/setup.py\n+++ b/setup.py\n@@ -1 +1,2 @@\n+# patched\n {first}\n"
             "--- /dev/null\n+++ b/new.h\n@@ -0,0 +1 @@\n+#define NEW 1\n")
    with Server() as s, xt.scratch() as home:
        packages.project(home)
        with open(os.path.join(home, "tiny-src/setup.py"), encoding="utf-8") as f:
            first = f.readline().rstrip("\n")
        xt.write(os.path.join(home, "patches/one.patch"), patch.format(first=first))
        source = ("{{url: \"{base}/tiny-1.0.tar.gz\", patches: [patches/one.patch], sha256: "
                  + sha256(body) + "}}")
        r = web(home, s, {"/tiny-1.0.tar.gz": body}, source)
        with zipfile.ZipFile(r.json["items"][0]["file"]) as z:
            dates = {i.date_time for i in z.infolist()}
        xt.equal(dates, {time.gmtime(MTIME)[:6]})


LINES = [f"/* line {n} of {packages.RUN} */\n" for n in range(1, 8)]
LINK = ("diff --git a/out b/out\nnew file mode 120000\n--- /dev/null\n+++ b/out\n"
        "@@ -0,0 +1 @@\n+{to}\n\\ No newline at end of file\n")
NEW = "--- /dev/null\n+++ {to}\n@@ -0,0 +1 @@\n+evil\n"


def patched(home, level, *patches, code=0, source=()):
    """Builds foo.h with these patches at that level of the sandbox; the item."""
    src = os.path.join(home, "recipe", "foo-src")
    shutil.rmtree(src, ignore_errors=True)
    for name, text in (("foo.h", "".join(LINES)), ("COPYING", "Do as you like.\n"), *source):
        xt.write(os.path.join(src, name), text)
    names = []
    for n, text in enumerate(patches):
        names.append(f"{n}.patch")
        xt.write(os.path.join(home, "recipe", names[-1]), text)
    recipe = xt.write(os.path.join(home, "recipe", "foo.yaml"), RECIPE.format(
        source=f"path: foo-src, patches: [{', '.join(names)}]"))
    r = xt.run(["build", recipe, "--target", "aarch64", "--sandbox", level, "--json"],
               home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
    test_wheels.need_network(r)
    xt.equal(r.code, code, r)
    with open(os.path.join(src, "foo.h"), encoding="utf-8") as f:
        xt.equal(f.read(), "".join(LINES), "the source itself was changed")
    return r


def test_patch_that_fits_with_fuzz_alone():
    """Where patch would look away from lines around the change, the build does not."""
    exact = "--- a/foo.h\n+++ b/foo.h\n@@ -2,5 +2,5 @@\n" + "".join(
        [" " + LINES[1], " " + LINES[2], "-" + LINES[3], "+/* new */\n", " " + LINES[4],
         " " + LINES[5]])
    fuzzy = exact.replace("line 6", "line six")
    with xt.scratch() as home:
        xt.equal(patched(home, "bwrap", exact).json["items"][0]["state"], "built")
        p = subprocess.run(["patch", "-p1", "--dry-run", "--batch"], input=fuzzy, text=True,
                           cwd=os.path.join(home, "recipe", "foo-src"), capture_output=True)
        xt.check(p.returncode == 0 and "with fuzz" in p.stdout, p)
        r = patched(home, "bwrap", fuzzy, code=1)
        xt.equal(r.json["items"][0]["class"], "patch-failed", r)
        xt.check("[X0920]" in r.err and "no fuzz" in r.err and "0.patch" in r.err, r)


def test_patches_that_leave_the_source():
    """By their file names, or through a link that a patch made: refused, and nothing is
    written, without a sandbox neither."""
    with xt.scratch() as home:
        out = os.path.join(home, "out")
        os.mkdir(out)
        for to in ("b/../evil", "b/sub/../../evil", out + "/evil", "/" + out + "/evil"):
            for level in ("bwrap", "env"):
                r = patched(home, level, NEW.format(to=to), code=6)
                xt.check("[X0921]" in r.err and "0.patch" in r.err and to in r.err, to, r)
        # behind a byte at which a text in C ends
        r = patched(home, "env", "\0\n" + NEW.format(to="b/../evil"), code=6)
        xt.check("[X0921]" in r.err, r)
        for to in (out, "../../out", "../" * 12 + out[1:]):
            through = NEW.format(to="b/out/evil")
            for patches in ([LINK.format(to=to) + through], [LINK.format(to=to), through]):
                for level in ("bwrap", "env"):
                    r = patched(home, level, *patches, code=1)
                    xt.check("[X0920]" in r.err and "out/evil" in r.err, to, r)
        xt.equal([f for _, _, names in os.walk(home) for f in names if "evil" in f], [])


def test_archive_without_dates():
    """An sdist whose files are of 1970, as poetry-core writes them: its wheel is of 1980,
    the first year of zip files, and not of today."""
    with mock.patch.object(archives, "MTIME", 0):
        body = sdist()
    with Server() as s, xt.scratch() as home:
        source = "{{url: \"{base}/tiny-1.0.tar.gz\", sha256: " + sha256(body) + "}}"
        r = web(home, s, {"/tiny-1.0.tar.gz": body}, source)
        with zipfile.ZipFile(r.json["items"][0]["file"]) as z:
            xt.equal({i.date_time for i in z.infolist()}, {(1980, 1, 1, 0, 0, 0)})


def test_library_from_git():
    """A library's commit, from a server here that stands in for a forge: built once for a
    wheel beside it; the lock has the commit, and no address."""
    with xt.scratch() as home:
        os.mkdir(os.path.join(home, "served"))
        with git_server.Server(os.path.join(home, "served")) as s:
            repo = s.repository("team/mini")
            commit = repo.commit({"CMakeLists.txt": CMAKE.encode(), "COPYING": b"Free.\n",
                                  "mini.h": b"int mini_answer(void);\n",
                                  "mini.c": MINI.encode()}, tag="v1.0")
            xt.write(os.path.join(home, "mini.yaml"), f"""schema_version: 1
package: {{name: mini, version: "1.0"}}
kind: library
source: {{git: "{repo.url}", tag: "v${{{{ version }}}}", expected_commit: {commit}}}
""")
            recipe = packages.project(home, code=CALLS, more="libraries=['mini']",
                                      recipe="requirements: {host: [recipe:mini]}\n")
            args = ["build", recipe, "--target", "armv7", "--python", "cp311", "--json"]
            r = xt.run(args, home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
            test_wheels.need_network(r)
            xt.equal(r.code, 0, r)
            xt.equal(test_wheels.judge(r, imports=False), 1, r)
            with open(os.path.join(home, "mini.lock"), encoding="utf-8") as f:
                lock = f.read()
            xt.check(commit in lock and "git: team/mini" in lock and "127.0.0.1" not in lock,
                     lock)
            asked = len(s.requests)
            again = xt.run([*args, "--locked", "--offline"], home=home, cwd=home,
                           XORCH_CACHE_DIR=test_wheels.shared_cache())
            xt.equal([i["state"] for i in again.json["items"]], ["cached", "cached"], again)
            xt.equal(len(s.requests), asked)
        wheel = next(i["file"] for i in r.json["items"] if "file" in i)
        with zipfile.ZipFile(wheel) as z:
            xt.check("tiny-1.0.dist-info/licenses/mini/COPYING" in z.namelist(), z.namelist())


if __name__ == "__main__":
    xt.main(globals())
