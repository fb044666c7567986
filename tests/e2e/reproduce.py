"""One recipe built twice: by this user here, and by another user in other folders, from
another cache, on one processor, with a clock that is years ahead. The bytes have to be
the same, at the sandbox level bwrap; a long test for each recipe (tests/CMakeLists.txt).

    reproduce.py RECIPE.yaml [heavy]     one target where a build takes minutes
    reproduce.py --control               what writes down the time must be found out"""
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile

import packages
import test_wheels
import xt
from xt import sha256 as sha

USER = 12345
# Mounted there in a namespace of its own: the other user's whole world.
THERE = "/mnt/some/where/else/than/the/first"
FAKE = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
AHEAD = "+3333d"
CLOCK = """import setuptools, time
with open("clock.h", "w") as f:
    f.write('#define NOW "%d"\\n' % time.time())
"""


def owned(top):
    for folder, names, files in os.walk(top):
        for name in [folder] + [os.path.join(folder, n) for n in names + files]:
            os.chown(name, USER, USER, follow_symlinks=False)


def other_store():
    """A store that belongs to the other user and lasts; the shared one's downloads are in
    it by hard links, all else is made there."""
    path = os.path.join(xt.CACHE, "store-of-another")
    shared = os.path.join(test_wheels.shared_cache(), "v1", "blobs")
    for folder, _, files in os.walk(shared):
        here = os.path.join(path, "v1", "blobs", os.path.relpath(folder, shared))
        os.makedirs(here, exist_ok=True)
        for name in set(files) - set(os.listdir(here)):
            with contextlib.suppress(shutil.SameFileError):  # a test beside was faster
                test_wheels.link_or_copy(os.path.join(folder, name),
                                         os.path.join(here, name))
        os.chown(here, USER, USER)
    for folder in (path, os.path.join(path, "v1")):
        os.chown(folder, USER, USER)
    os.chmod(path, 0o700)
    return path


class Other:
    """The world of the other user: runs xorch in it."""

    def __init__(self, home):
        self.home = home
        self.bwrap = xt.write(os.path.join(home, "bwrap"), "#!/bin/sh\n"
                              f"exec {shutil.which('bwrap')} --setenv LD_PRELOAD {FAKE} "
                              # FAKE_UTIME: else a copied file is newer than one made
                              # after it.
                              f"--setenv FAKE_UTIME 1 --setenv FAKETIME {AHEAD} "
                              "\"$@\"\n")
        os.chmod(self.bwrap, 0o755)
        self.work = os.path.join(home, "work")
        self.store = other_store()

    def run(self, *args):
        binds = {"source": xt.SOURCE, "program": os.path.dirname(xt.XORCH),
                 "cache": self.store, "home": self.work, "bin": self.home}
        script = "set -e\nmount -t tmpfs -o mode=0755 none /mnt\n"
        for name, real in binds.items():
            script += bind(real, f"{THERE}/{name}")
        # Pythons made by pyenv know where they lie: they stay there, in reach.
        pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
        path = "/usr/local/bin:/usr/bin:/bin:/usr/local/go/bin"
        if os.path.isdir(pyenv):
            path = f"{pyenv}/shims:{path}"
            parent = os.path.dirname(pyenv)
            if not os.stat(parent).st_mode & 0o001:
                script += (bind(pyenv, f"{THERE}/pyenv") +
                           f'mount -t tmpfs -o mode=0755 none "{parent}"\n' +
                           bind(f"{THERE}/pyenv", pyenv))
        script += ("umask 077\n"
                   f'cd "{THERE}/home"\nexec setpriv --reuid {USER} --regid {USER} '
                   '--clear-groups --inh-caps=-all taskset -c 0 "$@"\n')
        env = {"PATH": path, "HOME": f"{THERE}/home", "PYENV_ROOT": pyenv,
               "TMPDIR": "/var/tmp", "TZ": "Pacific/Kiritimati", "LC_ALL": "C",
               "USER": "somebody", "TERM": "dumb", "ASAN_OPTIONS": "detect_leaks=0",
               "XORCH_CACHE_DIR": f"{THERE}/cache", "XORCH_BWRAP": f"{THERE}/bin/bwrap",
               "XORCH_CATALOG": f"{THERE}/source"}
        p = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
             f"{THERE}/program/{os.path.basename(xt.XORCH)}", *args],
            env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=3 * 3600)
        result = xt.Result(p.returncode, p.stdout, p.stderr)
        test_wheels.need_network(result)
        return result


def bind(real, there):
    return f'mkdir -p "{there}"\nmount --bind "{real}" "{there}"\n'


def commit(home):
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", home]
    for args in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run(git + args, check=True, env=xt.environment(home))


def check_clock(other):
    """The other user's builds do live in other times."""
    with xt.scratch() as home:
        here = xt.run(["__sandbox", "--sandbox", "bwrap", "date", "+%s"], home=home)
    there = other.run("__sandbox", "--sandbox", "bwrap", "date", "+%s")
    xt.equal((here.code, there.code), (0, 0), here, there)
    xt.check(int(there.out) - int(here.out) > 3000 * 86400, here, there)


def members(path):
    if not path.endswith(".whl"):
        return {}
    with zipfile.ZipFile(path) as z:
        return {i.filename: (hashlib.sha256(z.read(i)).hexdigest(), i.date_time,
                             i.external_attr) for i in z.infolist()}


def same_file(mine, theirs, found):
    a, b = members(mine), members(theirs)
    where = sorted(n for n in a.keys() | b.keys() if a.get(n) != b.get(n))
    xt.check(sha(mine) == sha(theirs), f"{os.path.basename(mine)} differs", where, found)


def tree(top):
    """Names, kinds, modes and contents."""
    out = {}
    for folder, names, files in os.walk(top):
        for path in (os.path.join(folder, n) for n in names + files):
            mode = os.lstat(path).st_mode
            out[os.path.relpath(path, top)] = (mode, os.readlink(path) if
                                               os.path.islink(path) else "" if
                                               os.path.isdir(path) else sha(path))
    return out


def same_statement(mine, theirs):
    """But for the commit: the first may be the result of an earlier run."""
    lines = []
    for path in (mine, theirs):
        with open(path + ".intoto.jsonl", encoding="utf-8") as f:
            s = json.load(f)["predicate"]["buildDefinition"]
        rows = [r for r in s.pop("resolvedDependencies") if r["name"] != "repository"]
        rows += s["internalParameters"].pop("inputs")
        lines.append({json.dumps(x, sort_keys=True) for x in rows + [s]})
    xt.equal(sorted(lines[0] ^ lines[1]), [], mine)


def of_another_recipe(item, recipe):
    """What another test made of a recipe whose text differs where no build sees it."""
    path = item.get("file", "") + ".intoto.jsonl"
    if item.get("implicit") or not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as f:
        s = json.load(f)["predicate"]["buildDefinition"]
    return s["externalParameters"]["recipe"]["digest"]["sha256"] != sha(recipe)


def build(recipe, targets, python, home, other):
    """Both builds' reports."""
    args = ["build", recipe, "--python", python, "--sandbox", "bwrap", "--locked",
            "--json"]
    for target in targets:
        args += ["--target", target]
    cache = {"XORCH_CACHE_DIR": test_wheels.shared_cache(), "binary": xt.XORCH}
    mine = xt.run(args + ["--out", "dist"], home=home, cwd=home, timeout=3 * 3600, **cache)
    test_wheels.need_network(mine)
    if mine.code == 3:
        return mine, mine
    xt.equal(mine.code, 0, mine)
    if any(of_another_recipe(i, os.path.join(home, recipe)) for i in mine.json["items"]):
        mine = xt.run(args + ["--out", "dist", "--force", "--replace"], home=home, cwd=home,
                      timeout=3 * 3600, **cache)
        test_wheels.need_network(mine)
        xt.equal(mine.code, 0, mine)
    # what an earlier run made needs its downloads again
    fetch = [a for a in args if a not in ("--sandbox", "bwrap")]
    fetched = xt.run(["fetch"] + fetch[1:], home=home, cwd=home, timeout=3600, **cache)
    test_wheels.need_network(fetched)
    xt.equal(fetched.code, 0, fetched)
    other.store = other_store()
    forget(other.store, mine.json["items"])
    theirs = other.run(*args, "--out", "results", "-j", "1", "--offline")
    return mine, theirs


def forget(store, items):
    """The recipe itself is built there once more; the libraries it needs, which have tests
    of their own, once."""
    records = os.path.join(store, "v1/records")
    shutil.rmtree(os.path.join(records, "abi3"), ignore_errors=True)
    for i in items:
        if "key" in i and not i.get("implicit"):
            tree_of = os.path.join(store, "v1/trees/library", i["key"])
            shutil.rmtree(tree_of, ignore_errors=True)
            for path in (tree_of + ".manifest", os.path.join(records, "item", i["key"])):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)


def compare(mine, theirs, home, other):
    n = 0
    done = {i["id"]: i for i in theirs.json["items"]}
    for one in mine.json["items"]:
        two = done[one["id"]]
        if one["state"] == "skipped" or "key" not in one:
            continue
        if "file" not in one:  # a library: its tree in the store
            xt.check(two["state"] == "built" or one.get("implicit"), two, theirs.err)
            trees = [tree(os.path.join(s, "v1/trees/library", i["key"])) for s, i in
                     ((test_wheels.shared_cache(), one), (other.store, two))]
            xt.check(trees[0], one)
            xt.equal(trees[0], trees[1], one["id"])
            n += 1
            continue
        if one.get("implicit"):
            continue
        xt.equal((two["state"], two["sandbox"]), ("built", "bwrap"), two, theirs.err)
        back = os.path.join(other.work, os.path.relpath(two["file"], f"{THERE}/home"))
        same_file(one["file"], back, two)
        if os.path.exists(one["file"] + ".intoto.jsonl"):
            same_statement(one["file"], back)
        n += 1
    return n


@contextlib.contextmanager
def worlds(fill):
    """A home with recipes/ as `fill` writes it, committed, and a copy for the other."""
    if os.geteuid() != 0:
        raise xt.Skip("only root can become another user")
    xt.check(os.path.exists(FAKE), f"{FAKE} is missing: apt-get install faketime")
    with xt.scratch() as home, xt.scratch() as there:
        fill(os.path.join(home, "recipes"))
        commit(home)
        other = Other(there)
        shutil.copytree(home, other.work, symlinks=True)
        os.chmod(there, 0o755)
        owned(other.work)
        check_clock(other)
        yield home, other


def main(recipe, heavy=False):
    def fill(folder):
        shutil.copytree(test_wheels.RECIPES, folder)

    with worlds(fill) as (home, other):
        path = "recipes/" + recipe
        targets = ["aarch64"] if heavy else ["aarch64", "armv7"]
        # numpy's newest wants a newer one, cwcwidth 0.1.9 an older one
        for python in ("cp311", "cp313", "cp310"):
            mine, theirs = build(path, targets, python, home, other)
            if mine.code != 3:
                break
        if mine.code == 3:
            raise xt.Skip("no CPython of this machine is supported by it:\n" + mine.err)
        xt.equal(theirs.code, 0, theirs)
        n = compare(mine, theirs, home, other)
        xt.check(n >= len(targets), mine, theirs)
        print(f"{n} results of {recipe} are the same")


def control():
    """That something differs would be seen."""
    code = '#include "clock.h"\nconst char *now = NOW;\n' + packages.ANSWER

    def fill(folder):
        os.makedirs(folder)
        recipe = packages.project(folder, code=code)
        setup = os.path.join(folder, "tiny-src", "setup.py")
        with open(setup, encoding="utf-8") as f:
            text = f.read()
        xt.write(setup, CLOCK + text)
        with xt.scratch() as home:
            r = xt.run(["lock", recipe, "--python", "cp311"], home=home, cwd=home,
                       XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(r)
        xt.equal(r.code, 0, r)

    with worlds(fill) as (home, other):
        mine, theirs = build("recipes/tiny.yaml", ["aarch64"], "cp311", home, other)
        xt.equal(theirs.code, 0, theirs)
        try:
            compare(mine, theirs, home, other)
        except AssertionError as e:
            xt.check("tiny.cpython-311-aarch64-linux-gnu.so" in str(e), e)
            return
        raise AssertionError("a wheel that holds the time came out the same")


def test_it():
    if arguments == ["--control"]:
        control()
    else:
        main(*arguments)


arguments, sys.argv[1:] = sys.argv[1:3], ["test_it"]
xt.main(globals())
