"""Every recipe of the repository, built from an empty cache and verified: what
recipes/README.md shows. `python3 tests/e2e/test_all_recipes.py --write` makes that
table anew from such a run; `--from RESULTS` from the file all-recipes.json that the last
one left in the tests' cache."""
import json
import os
import platform
import re
import shutil
import statistics
import sys
import time

import judges
import test_wheels
import xt

TARGETS = ["aarch64", "armv7"]
PYTHONS = ["cp311", "cp313"]
OTHERS = ["cp39", "cp312", "cp310"]  # one that there is a root with first
RECIPES = os.path.join(xt.SOURCE, "recipes")
SLICE = {"pyyaml.yaml": "aarch64", "rpds-py.yaml": "armv7", "greenlet.yaml": "armv7",
         "fzf.yaml": "aarch64"}

HEAD = """# Recipes

Each file says how one version of one package is built; its lock beside it names every
download. What follows was made by `tests/e2e/test_all_recipes.py` from one run: each
wheel judged by auditwheel, then `xorch verify` in Debian roots of the target under
qemu-user. Seconds are those of the slowest build among the Pythons, two builds at a time
on {machine}, with what else it needs (toolchains, libraries of other recipes) there
already; none where an earlier run's result was still good. They are those of a test, with
sanitizers in xorch and beside what else the machine did: speed is measured by the
benchmarks of the project's README. *verified* counts files whose tests passed.

{date}

| package | version | target | tag | Pythons | seconds | patched | verified |
|---|---|---|---|---|---|---|---|
"""


def run_all(home, cache, recipes="recipes", pythons=("cp311",)):
    args = ["build", recipes, "--out", "dist", "--json"]
    for target in TARGETS:
        args += ["--target", target]
    for python in pythons:
        args += ["--python", python]
    result = xt.run(args, home=home, cwd=home, timeout=4 * 3600, XORCH_CACHE_DIR=cache)
    test_wheels.need_network(result)
    return result


def build_everything(home, cache):
    """The items of all recipes for CPython 3.11 and 3.13, and of those that support
    neither for another, as far as they are here."""
    shutil.copytree(RECIPES, os.path.join(home, "recipes"))
    result = run_all(home, cache, pythons=[p for p in PYTHONS if p in xt.pythons()])
    xt.equal(result.code, 0, result)
    items = result.json["items"]
    left = {i["recipe"] for i in items} - {i["recipe"] for i in items if i.get("file")
                                           or i["state"] in ("built", "cached")}
    others = [p for p in OTHERS if p in xt.pythons()]
    for recipe in sorted(left):
        if not others:
            print(f"no CPython of this machine is supported by {recipe}")
            continue
        for python in others:
            more = run_all(home, cache, recipe, [python])
            if more.code != 3:  # nothing selected: it does not support that one
                break
        xt.equal(more.code, 0, recipe, more)
        items += more.json["items"]
    return [i for i in items if i["state"] != "skipped"]


def by_file(runs):
    """File name -> its runs."""
    out = {}
    for run in runs:
        out.setdefault(os.path.basename(run["file"]), []).append(run)
    return out


def verify(home, cache):
    result = xt.run(["verify", "dist", "--json"], home=home, cwd=home, timeout=4 * 3600,
                    XORCH_CACHE_DIR=cache)
    test_wheels.need_network(result)
    xt.equal(result.code, 0, result)
    return by_file(result.json["files"])


def check(items, runs):
    """Every wheel has the tag that auditwheel grants and passes the recipe's tests on
    each Python that it is for, as far as there is a root with that."""
    for item in items:
        if "file" not in item:
            continue  # a library: it is part of others
        if item["file"].endswith(".whl"):
            recipe = os.path.join(RECIPES, os.path.basename(item["recipe"]))
            judges.check_wheel(item["file"], item["target"], item["python"],
                               judges.cpu_of(recipe))
        found = runs.get(os.path.basename(item["file"]), [])
        xt.check(found and all(run["state"] == "passed" for run in found), item, found)


def policy(item):
    tags = re.findall(r"manylinux_\d+_\d+", " ".join(item.get("tags") or []))
    return tags[0] if tags else "binary" if "file" in item else "library"


def shown(seconds):
    return f"{seconds:.0f}" if seconds >= 1 else ""


def rows(items, runs):
    groups = {}
    for item in items:
        groups.setdefault((item["recipe"], item["target"]), []).append(item)
    for (recipe, target), group in sorted(groups.items()):
        with open(os.path.join(RECIPES, os.path.basename(recipe)), encoding="utf-8") as f:
            text = f.read()
        name = re.search(r"\bname: ([\w.-]+)", text)[1]
        version = re.search(r"\bversion: \"([^\"]+)\"", text)[1]
        files = {os.path.basename(i["file"]) for i in group if "file" in i}
        passed = sum(any(r["state"] == "passed" for r in runs.get(f, [])) for f in files)
        pythons = sorted({i["python"] for i in group if i.get("python")}, key=len)
        yield (name, version, target, "/".join(sorted({policy(i) for i in group})),
               " ".join(pythons), shown(max(i["seconds"] for i in group)),
               "yes" if re.search(r"^\s*patches:", text, re.M) or
               "patches: [" in text else "", f"{passed} of {len(files)}" if files else "")


def write(items, runs):
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    table = HEAD.format(machine=f"{os.cpu_count()} cores of an {cpu}",
                        date=time.strftime("%Y-%m-%d"))
    for row in rows(items, runs):
        table += "| " + " | ".join(row) + " |\n"
    xt.write(os.path.join(RECIPES, "README.md"), table)
    seconds = [i["seconds"] for i in items if i["state"] == "built"]
    print(f"{len(items)} artefacts, median {statistics.median(seconds):.1f} s")


def run_everything():
    """All of it, checked and kept: items and runs."""
    with xt.scratch() as home:
        cache = os.path.join(home, "empty")
        items = build_everything(home, cache)
        runs = verify(home, cache)
        check(items, runs)
        xt.write(os.path.join(xt.CACHE, "all-recipes.json"),
                 json.dumps({"items": items, "runs": runs}))
        test_wheels.share_results(cache)
    return items, runs


# label: long
def test_everything_from_an_empty_cache():
    items, runs = run_everything()
    with open(os.path.join(RECIPES, "README.md"), encoding="utf-8") as f:
        shown = f.read()
    for row in rows(items, runs):  # what README says of tags is still so
        xt.check(f"| {row[0]} | {row[1]} | {row[2]} | {row[3]} |" in shown, row)


def test_slice():
    """One of each kind, for one target each."""
    cache = test_wheels.shared_cache()
    with xt.scratch() as home:
        shutil.copytree(RECIPES, os.path.join(home, "recipes"))
        items = []
        for recipe, target in SLICE.items():
            result = xt.run(["build", "recipes/" + recipe, "--target", target, "--python",
                             "cp311", "--out", "dist", "--json"], home=home, cwd=home,
                            timeout=1700, XORCH_CACHE_DIR=cache)
            test_wheels.need_network(result)
            xt.equal(result.code, 0, result)
            items += result.json["items"]
        runs = verify(home, cache)
        check(items, runs)
        for item in items:
            states = [r["state"] for r in runs[os.path.basename(item["file"])]]
            xt.equal(states, ["passed"], item)


def main():
    if sys.argv[1:2] == ["--from"]:
        with open(sys.argv[2], encoding="utf-8") as f:
            kept = json.load(f)
        write(kept["items"], kept["runs"])
    elif sys.argv[1:2] == ["--write"]:
        write(*run_everything())
    else:
        xt.main(globals())


if __name__ == "__main__":
    main()
