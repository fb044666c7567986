"""Go modules and the proxies they come from: what is not as go.sum, the lock or the
recipe says is never used. A server on this machine stands in for the module proxy."""
import os

import go_proxy
import xt
from go_proxy import Module
from server import Reply, Server, sha256

LIB = Module("example.org/Lib", "v1.2.0", {"lib.go": "package lib\n\nconst Answer = 42\n"})
MAIN = """package main

import lib "example.org/Lib"

func main() { println(lib.Answer) }
"""


def program(sum_text=LIB.sum, requires=(LIB,), **more):
    files = {"main.go": MAIN, **({} if sum_text is None else {"go.sum": sum_text})}
    return Module("example.org/prog", "v1.0.0", files, requires, **more)


def recipe(home, more="", source="gomod: example.org/prog", targets="[armv7]"):
    return xt.write(os.path.join(home, "prog.yaml"), f"""schema_version: 1
package: {{name: prog, version: "1.0.0"}}
kind: go-binary
source: {{{source}}}
targets: {targets}
{more}""")


def lock(s, home, *args, verb="lock", prefix="", text=None, **env):
    path = text or recipe(home)
    return xt.run([verb, path, *args], home=home, **go_proxy.environment(s, prefix, **env))


def refused(r, code, *texts):
    xt.equal(r.code, code, r)
    for text in texts:
        xt.check(text in r.err, text, r)


def lock_text(home):
    with open(os.path.join(home, "prog.lock")) as f:
        return f.read()


def test_modules_are_locked_by_their_hashes():
    with Server() as s, xt.scratch() as home:
        main = program()
        go_proxy.serve(s, main, LIB)
        xt.equal(lock(s, home).code, 0)
        text = lock_text(home)
        for value in (main.h1, sha256(main.zip), LIB.h1, LIB.mod_h1, sha256(LIB.zip),
                      "path: example.org/Lib", "version: v1.2.0"):
            xt.check(value in text, value, text)
        xt.check("127.0.0.1" not in text, "a lock names no address", text)
        xt.equal(lock(s, home, "--locked").code, 0)
        xt.equal(lock_text(home), text)


def test_a_newer_go_finds_its_modules_locked():
    """A file that only a later Go compiles needs a module of its own: the machine that
    builds may have that Go."""
    later = Module("example.org/later", "v0.1.0", {"later.go": "package later\n"})
    with Server() as s, xt.scratch() as home:
        files = {"main.go": MAIN, "go.sum": LIB.sum + later.sum,
                 "new.go": "//go:build go1.35\n\npackage main\n\n"
                           "import _ \"example.org/later\"\n"}
        go_proxy.serve(s, Module("example.org/prog", "v1.0.0", files, (LIB, later)), LIB,
                       later)
        xt.equal(lock(s, home).code, 0)
        xt.check(sha256(later.zip) in lock_text(home), lock_text(home))


def test_sum_of_the_source_refuses_another_zip():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(), LIB)
        evil = Module(LIB.path, LIB.version, {"lib.go": "package lib\n\nconst Answer = 13\n"})
        s.add(LIB.url("zip"), Reply(evil.zip))
        refused(lock(s, home), 6, "X0662", "example.org/Lib", LIB.h1)
        xt.check("modules:" not in lock_text(home))
        s.add(LIB.url("zip"), Reply(LIB.zip))
        xt.equal(lock(s, home).code, 0, "the next run needs no clean-up")


def test_sum_of_the_source_refuses_another_go_mod():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(), LIB)
        s.add(LIB.url("mod"), Reply(LIB.mod + b"// changed\n"))
        refused(lock(s, home), 6, "X0662")


def test_zip_of_another_module():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(), LIB)
        other = Module("example.org/other", LIB.version, {"lib.go": "package lib\n"})
        s.add(LIB.url("zip"), Reply(other.zip))
        r = lock(s, home)
        refused(r, 6, "X0662")
        xt.check("modules:" not in lock_text(home), r)


def test_page_instead_of_a_zip():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(), LIB)
        s.add(LIB.url("zip"), Reply(b"<!DOCTYPE html><title>log in</title>"))
        refused(lock(s, home), 6, "X0662")


def test_sum_lacks_a_line():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(sum_text=LIB.sum.splitlines()[1] + "\n"), LIB)
        refused(lock(s, home), 1, "X0943", "go.sum")


def test_sum_with_a_conflict():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(sum_text="<<<<<<< ours\n" + LIB.sum), LIB)
        refused(lock(s, home), 6, "X0661", "line 1")


def test_gone_and_missing():
    for status in (404, 410):
        with Server() as s, xt.scratch() as home:
            go_proxy.serve(s, program())
            for kind in ("info", "mod", "zip"):
                s.add(LIB.url(kind), Reply(b"not here", status=status))
            refused(lock(s, home), 5, "X0531", str(status))
    with Server() as s, xt.scratch() as home:
        refused(lock(s, home), 5, "X0531", "example.org/prog@v1.0.0")


def test_h1_of_the_recipe():
    with Server() as s, xt.scratch() as home:
        main = program()
        go_proxy.serve(s, main, LIB)
        wrong = recipe(home, source=f'gomod: example.org/prog, h1: "{LIB.h1}"')
        refused(lock(s, home, text=wrong), 6, "X0662", LIB.h1, main.h1)
        right = recipe(home, source=f'gomod: example.org/prog, h1: "{main.h1}"')
        xt.equal(lock(s, home, text=right).code, 0)


def test_locked_bytes_are_the_only_ones():
    """After the lock every download goes by sha256; a redirect is followed, what comes
    from there counts."""
    with Server() as s, xt.scratch() as home:
        main = program()
        go_proxy.serve(s, main, LIB)
        xt.equal(lock(s, home).code, 0)
        store = os.path.join(home, "second")
        s.add(LIB.url("zip"), Reply(main.zip))
        refused(lock(s, home, verb="fetch", XORCH_CACHE_DIR=store), 6, "X0601", "Lib@v1.2.0.zip")
        s.add("/elsewhere", Reply(LIB.zip))
        s.add(LIB.url("zip"), Reply(redirect=s.url("/elsewhere")))
        r = lock(s, home, verb="fetch", XORCH_CACHE_DIR=store)
        xt.equal(r.code, 0, r)


def test_next_proxy_only_after_not_found():
    """The rule of ',' in GOPROXY: a private name must not reach the next proxy only
    because the first one is down."""
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(), LIB)
        xt.equal(lock(s, home).code, 0)
        go_proxy.serve(s, program(), LIB, prefix="/b")
        for kind in ("zip", "mod"):
            s.add(LIB.url(kind, "/a"), Reply(status=500))
            s.add(program().url(kind, "/a"), Reply(status=404))
        both = {"XORCH_MIRROR_GO": s.url("/a") + "," + s.url("/b")}
        store = {"XORCH_CACHE_DIR": os.path.join(home, "second")}
        refused(lock(s, home, verb="fetch", **both, **store), 5, "500")
        xt.equal(s.count(LIB.url("zip", "/b")), 0)
        xt.equal(s.count(program().url("zip", "/b")), 1)
        either = {"XORCH_MIRROR_GO": s.url("/a") + "|" + s.url("/b")}
        r = lock(s, home, verb="fetch", **either, **store)
        xt.equal(r.code, 0, r)


def test_no_proxy_known():
    with Server() as s, xt.scratch() as home:
        for value in ("off", "direct"):
            refused(lock(s, home, XORCH_MIRROR_GO=None, GOPROXY=value), 2, "X0506", value)
        refused(lock(s, home, XORCH_MIRROR_GO="http://proxy.example.org"), 2, "X0530")
        refused(lock(s, home, XORCH_MIRROR_GO="file:///srv/go"), 2, "X0530")


def test_private_modules_are_not_asked_for():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(), LIB)
        env = {"XORCH_MIRROR_GO": None, "GOPROXY": s.url(""), "GOPRIVATE": "example.org/Lib"}
        r = lock(s, home, **env)
        refused(r, 2, "X0535")
        xt.equal(s.count(LIB.url("zip")) + s.count(LIB.url("mod")), 0, r)


def test_version_changed():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(), LIB)
        xt.equal(lock(s, home).code, 0)
        path = recipe(home)
        with open(path) as f:
            text = f.read()
        xt.write(path, text.replace("1.0.0", "1.0.1"))
        refused(lock(s, home, "--locked", verb="fetch", text=path), 4, "X0403")
        xt.write(path, text.replace("[armv7]", "[armv7]\ngo: {tags: [extra]}"))
        refused(lock(s, home, "--locked", verb="fetch", text=path), 4, "X0408")
        xt.write(path, text.replace('"1.0.0"', '"1.0"'))
        refused(lock(s, home, text=path), 2, "X0536")


def test_source_without_sum():
    """What its author left out is resolved once, and the lock vouches for it then."""
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(sum_text=None), LIB)
        r = lock(s, home)
        xt.equal(r.code, 0, r)
        xt.check(LIB.h1 in lock_text(home) and LIB.mod_h1 in lock_text(home))


def test_source_wants_a_newer_go():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(go="1.999"), LIB)
        refused(lock(s, home), 8, "X0941", "1.999")


def test_B18_cgo_needs_a_sysroot():
    with Server() as s, xt.scratch() as home:
        go_proxy.serve(s, program(), LIB)
        for target in ("armv6", "armv5"):
            path = recipe(home, "go: {cgo: true}", targets=f"[{target}]")
            refused(lock(s, home, text=path), 2, "X0942", target)


def test_offline_without_a_lock():
    with Server() as s, xt.scratch() as home:
        refused(lock(s, home, "--offline"), 5, "X0501")
        xt.equal(len(s.requests), 0)


if __name__ == "__main__":
    xt.main(globals())
