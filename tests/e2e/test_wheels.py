"""Wheels of the recipes, judged by auditwheel and readelf and run under qemu-user."""
import os
import shutil
import subprocess
import tempfile

import judges
import target_root
import xt

RECIPES = os.path.join(xt.SOURCE, "recipes")
SUITE = {"cp39": "bullseye", "cp311": "bookworm", "cp313": "trixie"}


def shared_cache():
    """One store for all end-to-end tests: what is downloaded once serves all."""
    path = os.path.join(xt.CACHE, "store")
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def stored(sha256, recipe, home, *args):
    """Path in that store of a file that the recipe's lock names: fetched again when it was
    pruned, while what was made of it stayed. `recipe` is relative to home."""
    path = os.path.join(shared_cache(), "v1/blobs", sha256[:2], sha256)
    if not os.path.exists(path):
        result = xt.run(["fetch", recipe, *args], home=home, cwd=home,
                        XORCH_CACHE_DIR=shared_cache())
        need_network(result)
        xt.equal(result.code, 0, result)
    return path


def link_or_copy(source, dest):
    """/tmp may be a file system of its own."""
    try:
        os.link(source, dest)
    except OSError:
        shutil.copy2(source, dest)


def share_results(store):
    """What was built in a store of its own serves the tests that come after, as results
    of an earlier run: libraries' trees first, records last, each whole or not there."""
    mine, shared = (os.path.join(path, "v1") for path in (store, shared_cache()))
    here, there = (os.path.join(path, "trees", "library") for path in (mine, shared))
    for needed in (there, os.path.join(shared, "tmp")):  # where no test ran before
        os.makedirs(needed, exist_ok=True)
    for key in os.listdir(here):
        if key.endswith(".manifest") or os.path.exists(os.path.join(there, key)):
            continue
        work = tempfile.mkdtemp(dir=os.path.join(shared, "tmp"))
        # cp keeps the times of folders, which a manifest names
        subprocess.run(["cp", "-a", os.path.join(here, key), work], check=True)
        os.rename(os.path.join(work, key), os.path.join(there, key))
        os.rmdir(work)
        link_or_copy(os.path.join(here, key + ".manifest"),
                     os.path.join(there, key + ".manifest"))
    for folder in ("blobs", "records/abi3", "records/item"):
        for top, _, names in os.walk(os.path.join(mine, folder)):
            to = os.path.join(shared, os.path.relpath(top, mine))
            os.makedirs(to, exist_ok=True)
            for name in set(names) - set(os.listdir(to)):
                link_or_copy(os.path.join(top, name), os.path.join(to, name))


def own_store(dest):
    """A store of its own with the shared one's downloads, by hard links
    where that goes."""
    shutil.copytree(os.path.join(shared_cache(), "v1", "blobs"),
                    os.path.join(dest, "v1", "blobs"), copy_function=link_or_copy)
    os.chmod(dest, 0o700)
    return dest


def need_network(result):
    if result.code == 5:
        raise xt.Skip("a package registry cannot be reached:\n" + result.err[-2000:])


def run(home, *args, code=0, **env):
    """xorch in `home` with the common store, which ends with that status."""
    env.setdefault("XORCH_CACHE_DIR", shared_cache())
    result = xt.run(args, home=home, cwd=home, **env)
    need_network(result)
    xt.equal(result.code, code, result)
    return result


def build(recipe, targets, python, home, toolchain="clang", **env):
    out = os.path.join(home, "dist")
    args = ["build", os.path.join(home, "recipes", recipe), "--python", python,
            "--toolchain", toolchain, "--out", out, "--json"]
    if not os.path.exists(os.path.join(home, "recipes")):
        shutil.copytree(RECIPES, os.path.join(home, "recipes"))
    for target in targets:
        args += ["--target", target]
    env.setdefault("timeout", 6600)  # ctest's own limit is nearer where it is meant to be
    result = xt.run(args, home=home, XORCH_CACHE_DIR=env.pop("cache", shared_cache()), **env)
    need_network(result)
    return result


def judge(result, imports=True):
    """Judges every wheel a build reports; returns their number."""
    n = 0
    for item in result.json["items"]:
        if item["state"] == "skipped":
            continue
        xt.check(item["state"] in ("built", "cached"), item, result.err)
        if "file" not in item:
            continue  # a library, which stays in the store
        python, target = item["id"].split("-")[-2:]
        judges.check_wheel(item["file"], target, python, judges.cpu_of(item["recipe"]))
        n += 1
        if imports and python in SUITE and target in target_root.QEMU:
            target_root.check_wheel(target_root.get(SUITE[python], target), item["file"])
    return n


def both_targets(recipe, python="cp311", toolchain="clang"):
    with xt.scratch() as home:
        result = build(recipe, ["aarch64", "armv7"], python, home, toolchain)
        xt.equal(result.code, 0, result)
        xt.equal(judge(result), 2, result)


def test_cwcwidth():
    both_targets("cwcwidth.yaml")


def test_markupsafe():
    both_targets("markupsafe.yaml")


def test_greenlet():
    both_targets("greenlet.yaml")


def test_greenlet_gcc():
    both_targets("greenlet.yaml", toolchain="gcc")


def test_cwcwidth_x86_64_runs_here():
    with xt.scratch() as home:
        result = build("cwcwidth.yaml", ["x86_64"], "cp311", home)
        xt.equal(result.code, 0, result)
        xt.equal(judge(result), 1, result)
        wheel = result.json["items"][0]["file"]
        folder = os.path.join(home, "site")
        judges.unpack(wheel, folder)
        python = shutil.which("python3.11") or "python3"
        p = subprocess.run([python, "-c", target_root.CHECKS["cwcwidth"]], text=True,
                           capture_output=True, env=dict(os.environ, PYTHONPATH=folder))
        xt.equal(p.stdout.strip(), "ok", p.stderr)


if __name__ == "__main__":
    xt.main(globals())
