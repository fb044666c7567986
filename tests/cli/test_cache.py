"""`xorch cache` on caches that were filled through the fetcher."""
import fcntl
import json
import os
import shutil
import time

import xt
from server import Server, sha256


def fill(home, **env):
    with Server() as s:
        s.add("/a", b"first")
        s.add("/b", b"second")
        items = [{"label": n, "sha256": sha256(b), "size": len(b), "urls": [s.url(u)]}
                 for n, u, b in (("a.tar.gz", "/a", b"first"), ("b.deb", "/b", b"second"))]
        r = xt.run(["__fetch"], home=home, stdin=json.dumps(items).encode(), **env)
        xt.equal(r.code, 0, r)
        return r.out.split()


def test_dir():
    with xt.scratch() as home:
        xt.equal(xt.run(["cache", "dir"], home=home).out, f"{home}/cache\n")
        xt.equal(xt.run(["cache", "dir"], home=home, XORCH_CACHE_DIR=None).out,
                 f"{home}/.cache/xorch\n")
        xt.equal(xt.run(["cache", "dir"], home=home, XORCH_CACHE_DIR=None,
                        XDG_CACHE_HOME=f"{home}/x").out, f"{home}/x/xorch\n")
        xt.equal(xt.run(["cache", "dir"], home=home, XORCH_CACHE_DIR=None,
                        XDG_CACHE_HOME="relative").out, f"{home}/.cache/xorch\n")
        r = xt.run(["cache", "dir", "--cache-dir", "here", "--json"], home=home)
        xt.equal(r.json["dir"], f"{home}/here")
        xt.check(not os.path.exists(f"{home}/here"), "asking made it")


def test_size():
    with xt.scratch() as home:
        fill(home)
        r = xt.run(["cache", "size"], home=home)
        xt.equal(r.out.split("\n")[0].split(), ["downloads", "2", "11", "B"])
        parts = xt.run(["cache", "size", "--json"], home=home).json["parts"]
        xt.equal(parts["downloads"], {"count": 2, "bytes": 11})
        xt.equal(parts["trees"], {"count": 0, "bytes": 0})
        tag = os.path.join(home, "cache/CACHEDIR.TAG")
        with open(tag) as f:
            xt.check(f.read().startswith("Signature: 8a477f597d28d172789f06886806bc55\n"))


def test_H04_verify():
    with xt.scratch() as home:
        first, _ = fill(home)
        r = xt.run(["cache", "verify"], home=home)
        xt.equal(r.code, 0, r)
        with open(first, "r+b") as f:
            f.write(b"F")
        r = xt.run(["cache", "verify", "--json"], home=home)
        xt.equal(r.code, 6, r)
        xt.equal([p["path"] for p in r.json["damaged"]], [first])
        xt.check("[X0605]" in r.err, r)
        xt.check(not os.path.exists(first))
        xt.equal(xt.run(["cache", "verify"], home=home).code, 0)
        fill(home)


def test_prune():
    with xt.scratch() as home:
        first, second = fill(home)
        xt.equal(xt.run(["cache", "prune", "--json"], home=home).json["removed"], 0)
        os.utime(first, (1, 1))
        compiled = [os.path.join(home, "cache/v1/ccache", name) for name in ("old", "new")]
        for folder in compiled:
            xt.write(os.path.join(folder, "0/f"), "object")
        os.utime(compiled[0], (1, 1))
        r = xt.run(["cache", "prune", "-n"], home=home)
        xt.check("2 things would be removed, 11 B" in r.out, r)
        r = xt.run(["cache", "prune"], home=home)
        xt.check("2 things removed, 11 B" in r.out, r)
        xt.check(not os.path.exists(first) and os.path.exists(second))
        xt.check(not os.path.exists(compiled[0]) and os.path.exists(compiled[1]))
        shutil.rmtree(compiled[1])
        xt.equal(xt.run(["cache", "prune", "--ci"], home=home).code, 0)
        xt.check(not os.path.exists(second))
        size = xt.run(["cache", "size", "--json"], home=home).json
        xt.equal(size["bytes"], 0, size)


def test_kept():
    """Folders that `xorch build --keep` left: by their last use, never one that a shell
    is in, nor one that is just being made. e2e.shell has a real one."""
    with xt.scratch() as home:
        kept = os.path.join(home, ".local/state/xorch/kept")
        day = 86400
        for name, age, file in (("old-1.0-cp311-aarch64-1", 40 * day, "src/a.c"),
                                ("visited-1.0-cp311-aarch64-1", 40 * day, "src/a.c"),
                                ("young-1.0-cp311-aarch64-1", 20 * day, "src/a.c"),
                                ("inside-1.0-cp311-aarch64-1", 40 * day, "src/a.c"),
                                (".half-1.0-cp311-aarch64-2-77", 2 * day, "src/a.c"),
                                (".made-1.0-cp311-aarch64-2-77", 60, "src/a.c")):
            folder = os.path.join(kept, name)
            xt.write(os.path.join(folder, file), "1234567890")
            if name.startswith("visited"):
                xt.write(os.path.join(folder, ".use"), "")
            os.utime(folder, (time.time() - age,) * 2)

        def names():
            return sorted(n.split("-")[0] for n in os.listdir(kept))
        all_of_them = names()
        size = xt.run(["cache", "size", "--json"], home=home).json
        xt.equal(size["parts"]["kept"]["count"], 6, size)
        xt.check(size["parts"]["kept"]["bytes"] >= 60 and size["bytes"] >= 60, size)
        xt.check(any(line.split()[:2] == ["kept", "6"] for line in xt.run(
            ["cache", "size"], home=home).out.splitlines()))
        with open(os.path.join(kept, "inside-1.0-cp311-aarch64-1/.use"), "w+") as f:
            fcntl.flock(f, fcntl.LOCK_SH)
            os.utime(f.name, (1, 1))
            os.utime(os.path.dirname(f.name), (1, 1))
            result = xt.run(["cache", "prune", "--dry-run", "--json"], home=home)
            xt.equal((result.json["removed"], result.json["in_use"]), (2, 1), result)
            xt.equal(names(), all_of_them)  # and it was no visit
            result = xt.run(["cache", "prune", "--json"], home=home)
            xt.equal((result.json["removed"], result.json["in_use"]), (2, 1), result)
            xt.equal(names(), [".made", "inside", "visited", "young"], result)
        result = xt.run(["cache", "prune", "--max-age", "10d"], home=home)
        xt.check("2 things removed" in result.out, result)
        xt.equal(names(), [".made", "visited"], result)
        xt.equal(xt.run(["cache", "clean"], home=home).code, 0)
        xt.equal(names(), [".made", "visited"])


def test_clean():
    with xt.scratch() as home:
        fill(home)
        xt.write(os.path.join(home, "cache/precious"), "not ours")
        r = xt.run(["cache", "clean"], home=home)
        xt.equal(r.code, 0, r)
        xt.equal(os.listdir(os.path.join(home, "cache")), ["precious"])
        fill(home)


def test_words():
    for args in (["cache"], ["cache", "no"], ["cache", "dir", "x"],
                 ["cache", "size", "--ci"]):
        r = xt.run(args)
        xt.equal(r.code, 2, r)
        xt.check("[X0130]" in r.err, r)


if __name__ == "__main__":
    xt.main(globals())
