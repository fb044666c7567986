"""`xorch new` and what is built from it unedited: real projects of the package index."""
import os
import re

import test_wheels
import xt

# Popular projects that no recipe here is about, none of them looked at before the rules
# of `new` were written but zstandard.
MANY = """asyncpg bcrypt bitarray brotli coverage cytoolz editdistance fastavro frozenlist
hiredis httptools immutables kiwisolver line-profiler lru-dict lz4 mmh3 msgpack multidict
psutil pymongo pyrsistent regex setproctitle simplejson tornado ujson wrapt xxhash yarl
zstandard zope.interface""".split()


def run(args, home):
    result = xt.run(args, home=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                    timeout=1500)
    test_wheels.need_network(result)
    return result


def path_of(name):
    return "recipes/" + re.sub("[-_.]+", "-", name.lower()) + ".yaml"


def whole_way(home, name, targets):
    """new, build, verify; None, or where it failed and how."""
    made = run(["new", name, "--python", "cp311", "--no-fetch"], home)
    if made.code:
        return "new", made
    xt.equal(made.out.split(), [path_of(name)], made)
    args = ["build", path_of(name), "--python", "cp311", "--json"]
    for target in targets:
        args += ["--target", target]
    built = run(args, home)
    if built.code:
        return "build", built
    files = [i["file"] for i in built.json["items"]]
    seen = run(["verify", "--json", *files], home)
    states = [r["state"] for r in seen.json["files"]]
    if seen.code or len(states) < len(files) or set(states) != {"passed"}:
        return "verify", seen
    return None


def test_msgpack():
    with xt.scratch() as home:
        xt.equal(whole_way(home, "msgpack", ["aarch64", "armv7"]), None)


def test_go_module():
    """A Go module's newest release; its path below a module names the program."""
    with xt.scratch() as home:
        result = run(["new", "--from", "gomod", "github.com/junegunn/fzf", "--no-fetch"],
                     home)
        xt.equal(result.code, 0, result)
        with open(os.path.join(home, "recipes", "fzf.yaml"), encoding="utf-8") as f:
            text = f.read()
        xt.check("kind: go-binary" in text and
                 "gomod: github.com/junegunn/fzf" in text, text)
        xt.equal(run(["check", "--strict", "recipes"], home).code, 0)
        result = run(["new", "--from", "gomod", "github.com/pkg/errors", "--no-fetch"], home)
        xt.equal(result.code, 2, result)
        xt.check("[X0982]" in result.err, result)


def test_requirements():
    """Recipes for just those that publish no wheel for armv7, by the target's markers."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "r.txt"),
                 "msgpack==1.1.0  # no armv7l wheel\nrequests==2.32.3\n"
                 'zstandard==0.23.0 ; platform_machine == "x86_64"\n')
        result = run(["new", "-r", "r.txt", "--target", "armv7", "--python", "cp311",
                      "--no-fetch"], home)
        xt.equal(result.code, 0, result)
        xt.equal(result.out.split(), ["recipes/msgpack.yaml"], result)
        with open(os.path.join(home, "recipes", "msgpack.yaml"), encoding="utf-8") as f:
            xt.check('version: "1.1.0"' in f.read())


# label: long
def test_many_unedited():
    """At least nine of ten build and import on both targets without an edit."""
    failed = {}
    for name in MANY:
        with xt.scratch() as home:
            where = whole_way(home, name, ["aarch64", "armv7"])
            if where:
                failed[name] = f"{where[0]}: {where[1].err.strip()[-800:]}"
    for name, why in failed.items():
        print(f"{name}: {why}")
    print(f"{len(MANY) - len(failed)} of {len(MANY)} unedited")
    xt.check(len(failed) * 10 <= len(MANY), "too many need an edit", *failed)


if __name__ == "__main__":
    xt.main(globals())
