"""`xorch new` and what is built from it unedited: real projects of the package index.
`python3 tests/e2e/test_new.py --write [NAME...]` puts what comes of it into the table
of orchestrator/HACKING.md."""
import os
import re
import sys

import test_wheels
import unedited
import xt


def run(args, home):
    result = xt.run(args, home=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                    timeout=6600)
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
    states = [r["state"] for r in seen.json.get("files", [])]
    # For armv7 the index may lack a wheel that it needs to run.
    if seen.code or len(states) < len(files) or "passed" not in states or \
            not set(states) <= {"passed", "not run"}:
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


def outcome(home, name):
    """(version, class of the failure or "", what was said)"""
    where = whole_way(home, name, ["aarch64", "armv7"])
    path, version = os.path.join(home, path_of(name)), "-"
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            version = re.search(r'^  version: "(.*)"$', f.read(), re.M)[1]
    if not where:
        return version, "", ""
    kinds = [i.get("class") for i in where[1].json["items"]] if where[0] == "build" else []
    kind = next((k for k in kinds if k), where[0])
    return version, kind, where[1].err.strip()[-1500:]


def try_all(names):
    found = {}
    for name in names:
        with xt.scratch() as home:
            version, kind, said = outcome(home, name)
        found[name] = version, kind
        print(f"{name} {version}: {kind or 'built'}\n{said}".rstrip(), flush=True)
    return found


def test_nine_of_ten_unedited():
    """By the table of HACKING.md, whose rows unedited_one.py holds to what happens: of
    the projects that the program was not mended for."""
    rows = unedited.shown()
    fresh = [n for n in unedited.measures() if n in rows]
    failed = [n for n in fresh if rows[n][2] != "built"]
    xt.check(len(fresh) >= 40, fresh)
    xt.check(len(failed) * 10 <= len(fresh), "too many need an edit", *failed)
    bad = [n for n in rows if rows[n][2] != "built" and n not in unedited.REASON]
    xt.check(not bad, "no reason is told for", *bad)


def main():
    if sys.argv[1:2] == ["--write"]:
        for name in sys.argv[2:] or [*unedited.FIRST, *unedited.TUNED]:
            unedited.write(try_all([name]))
    else:
        xt.main(globals())


if __name__ == "__main__":
    main()
