"""A repository with hundreds of recipes and thousands of commits, made in a second by
`git fast-import`; and what changed between two of its commits, found by the git command
and a plain reading of every file (recipes are written as JSON, which is YAML)."""
import fnmatch
import json
import os
import random
import subprocess

import ci_steps
import xt

DEFINITIONS = ("sysroots/debian-11", "toolchains/clang", "toolchains/gcc",
               "toolchains/go", "toolchains/uv", "toolchains/rust", "toolchains/cmake",
               "toolchains/patchelf")
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.test", "GIT_COMMITTER_NAME": "a",
       "GIT_COMMITTER_EMAIL": "a@b.test", "GIT_CONFIG_GLOBAL": "/dev/null",
       "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def git(repo, *args, check=True, **kw):
    p = subprocess.run(["git", "-C", repo, "-c", "protocol.file.allow=always", *args],
                       capture_output=True, env={**os.environ, **GIT}, **kw)
    if check and p.returncode:
        raise AssertionError(f"git {args}: {p.stderr.decode()}")
    return p.stdout.decode("utf-8", "surrogateescape")


def recipe(name, kind="wheel", source=None, **more):
    kinds = {"wheel": {"pypi": name}, "library": {"debsrc": "src-" + name},
             "go-binary": {"gomod": "example.com/" + name}}
    return {"schema_version": 1, "package": {"name": name, "version": "1.0"},
            "kind": kind, "source": source or kinds[kind], **more}


def lock(name, overlay=(), packages=()):
    sha = "ab" * 32
    return {"lock_version": 1, "recipe": {"name": name, "version": "1.0"},
            "environments": [
                {"python": "cp311", "targets": ["aarch64", "armv7"], "requires": [],
                 "packages": [{"name": p, "version": "1.0", "size": 1, "sha256": sha,
                               "file": f"{p}-1.0-py3-none-any.whl"} for p in packages],
                 "overlay": [{"name": o, "version": "1.0", "from": "recipe"}
                             for o in overlay]}]}


def text(value):
    return json.dumps(value, indent=1) + "\n"


def one_of_each(files):
    """Without the second of two recipes of one package, as merged renames leave them."""
    return {path: body for path, body in files.items()
            if "-moved." not in path or path.replace("-moved.", ".") not in files}


class Maker:
    """The history: a dict of path -> text for each commit, as fast-import commands."""

    def __init__(self, recipes, commits, seed):
        self.random = random.Random(seed)
        self.out, self.mark, self.time = [], 0, 1_600_000_000
        self.files = self.first_files(recipes)
        self.commits = []
        self.marks = {}
        main = self.commit("main", [], dict(self.files), None)
        sides = []  # (name, mark, files)
        while len(self.commits) < commits:
            what = self.random.random()
            if what < 0.06 and len(sides) < 4:
                sides.append(["side", main, dict(self.files)])
            elif what < 0.12 and sides:
                side = sides.pop(self.random.randrange(len(sides)))
                merged = {**side[2], **self.files}
                for path in set(side[2]) - set(self.files):
                    if self.random.random() < 0.3:
                        merged.pop(path, None)
                before, self.files = self.files, one_of_each(merged)
                main = self.commit("main", [main, side[1]], self.files, before)
            elif what < 0.15 and sides:  # the other way round: criss-cross
                side = self.random.choice(sides)
                merged = one_of_each({**self.files, **side[2]})
                side[1] = self.commit("side", [side[1], main], merged, side[2])
                side[2] = merged
            elif what < 0.45 and sides:
                side = self.random.choice(sides)
                before = dict(side[2])
                self.change(side[2])
                side[1] = self.commit("side", [side[1]], side[2], before)
            else:
                before = dict(self.files)
                self.change(self.files)
                main = self.commit("main", [main], self.files, before)

    def first_files(self, n):
        r, files = self.random, {}
        files["README.md"] = "read me\n"
        for path in DEFINITIONS:
            for end in (".yaml", ".lock"):
                with open(os.path.join(xt.SOURCE, path + end), encoding="utf-8") as f:
                    files[path + end] = f.read()
        files["sysroots/other.yaml"] = files["sysroots/debian-11.yaml"].replace(
            "name: debian-11", "name: other")
        libraries = [f"lib{i:02}" for i in range(n // 10)]
        for i in range(n):
            team = f"recipes/team{i % 7}"
            if i < len(libraries):
                name = libraries[i]
                needs = [f"recipe:{x}" for x in libraries[:i] if r.random() < 0.1]
                body = recipe(name, "library", requirements={"host": needs})
            elif r.random() < 0.15:
                name = f"tool{i:03}"
                body = recipe(name, "go-binary", go={"cgo": r.random() < 0.5})
            else:
                name = f"pkg{i:03}"
                body = recipe(name)
                if r.random() < 0.2:
                    body["requirements"] = {"host": [
                        "recipe:" + r.choice(libraries)]}
                    if r.random() < 0.3:
                        body["wheel"] = {"repair": "off"}
                if r.random() < 0.2:
                    body["toolchain"] = {"c": "gcc"}
                if r.random() < 0.1:
                    body.setdefault("toolchain", {})["sysroot"] = "other"
            if r.random() < 0.3 and body["kind"] == "wheel":
                patch = f"patches/{name}-{r.randrange(3)}.patch"
                body["source"]["patches"] = [patch]
                files[f"{team}/{patch}"] = f"patch of {name}\n"
            if r.random() < 0.1 and body["kind"] == "wheel":
                body["source"] = {"path": f"../../src/s{i % 9}"}
                files[f"src/s{i % 9}/setup.py"] = "setup()\n"
                files[f"src/s{i % 9}/deep/er/code.c"] = "int i;\n"
            if r.random() < 0.1 and body["kind"] == "library":
                body["build"] = {"script": {"file": f"{name}.sh"}}
                files[f"{team}/{name}.sh"] = "true\n"
            files[f"{team}/{name}.yaml"] = text(body)
            if r.random() < 0.8:
                files[f"{team}/{name}.lock"] = text(lock(
                    name,
                    # a recipe of the same team, which is the same folder
                    overlay=[f"pkg{j:03}" for j in range(i % 7, i, 7)
                             if f"{team}/pkg{j:03}.yaml" in files
                             and r.random() < 0.02] if body["kind"] == "wheel" else [],
                    packages=["maturin"] if r.random() < 0.05 else []))
        return files

    def change(self, files):
        r = self.random
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            path = r.choice(sorted(files))
            what = r.random()
            if path.startswith(("sysroots/", "toolchains/")) and r.random() < 0.8:
                path = "README.md"  # these are for all recipes: seldom
            if what < 0.75:
                if path.endswith((".yaml", ".lock")):
                    files[path] += "# %d\n" % r.randrange(10**9)
                else:
                    files[path] = "%d\n" % r.randrange(10**9)
            elif what < 0.85:
                files[f"docs/{r.randrange(50)}/page{r.randrange(9)}.md"] = "text\n"
            elif what < 0.9 and path.endswith(".yaml") and path.startswith("recipes/"):
                new = path[:-5] + "-moved.yaml" if "-moved" not in path \
                    else path.replace("-moved", "")
                if not os.path.basename(path).startswith("lib"):
                    files[new] = files.pop(path)
            elif what < 0.93 and path.endswith(".lock") and "recipes/" in path:
                del files[path]
            elif path.startswith("src/") and path.endswith(".c"):
                files[path[:-2] + "x.c"] = "int more;\n"

    def commit(self, branch, parents, files, before):
        self.mark += 1
        self.time += self.random.randrange(1, 5000)
        out = [f"commit refs/heads/{branch}", f"mark :{self.mark}",
               f"committer a <a@b.test> {self.time} +0000", "data 1", "x"]
        out += [f"from :{parents[0]}"] if parents else []
        out += [f"merge :{p}" for p in parents[1:]]
        before = before or {}
        for path in sorted(set(before) - set(files)):
            out.append(f"D {path}")
        for path in sorted(files):
            if before.get(path) != files[path]:
                data = files[path]
                out += [f"M 100644 inline {path}", f"data {len(data.encode())}", data]
        self.out.append("\n".join(out) + "\n")
        self.commits.append(self.mark)
        return self.mark


def make(folder, recipes=200, commits=2000, seed=1):
    """The repository; returns the ids of its commits."""
    m = Maker(recipes, commits, seed)
    os.makedirs(folder)
    git(folder, "init", "-q", "-b", "main", ".")
    marks = os.path.join(folder, ".git", "marks")
    git(folder, "fast-import", "--quiet", "--force", f"--export-marks={marks}",
        input="".join(m.out).encode())
    with open(marks, encoding="ascii") as f:
        ids = [line.split()[1] for line in f]
    git(folder, "checkout", "-q", "main")
    return ids


# ---- the oracle ----

def changed_paths(repo, base, head=None):
    """Paths changed since the common ancestors, in commits and in the work tree."""
    out = set()
    bases = git(repo, "merge-base", "--all", base, head or "HEAD").split()
    # of a clean work tree the commits say all
    clean = head or not git(repo, "status", "--porcelain", "--untracked-files=all")
    for b in bases:
        out.update(git(repo, "diff", "--name-only", "--no-renames", "-z", b,
                       head or "HEAD").split("\0"))
        if not clean:
            out.update(git(repo, "diff", "--name-only", "--no-renames", "-z", "--cached",
                           b).split("\0"))
            out.update(git(repo, "diff", "--name-only", "--no-renames", "-z",
                           b).split("\0"))
    if not clean:
        out.update(git(repo, "ls-files", "--others", "--exclude-standard",
                       "-z").split("\0"))
    return out - {""}


def definitions_of(body, locked):
    kind, chain = body["kind"], body.get("toolchain", {})
    names = []
    if kind != "go-binary" or body.get("go", {}).get("cgo"):
        sysroot = chain.get("sysroot", "debian-11")
        names += ["sysroots/" + sysroot, "toolchains/clang"]
        if chain.get("c") == "gcc":
            names.append("toolchains/gcc")
    if kind == "go-binary":
        names.append("toolchains/go")
    if kind == "library":
        names += ["toolchains/cmake", "toolchains/ninja", "toolchains/meson"]
    if kind == "wheel":
        names.append("toolchains/uv")
        if body.get("requirements", {}).get("host") and \
                body.get("wheel", {}).get("repair") != "off":
            names.append("toolchains/patchelf")
        if any(p["name"] == "maturin" for e in (locked or {}).get("environments", [])
               for p in e["packages"]):
            names.append("toolchains/rust")
    return names


def read(repo, path):
    try:
        with open(os.path.join(repo, path), encoding="utf-8") as f:
            text = "".join(x for x in f if not x.startswith("# "))
        # a lock that xorch wrote is no JSON
        return json.loads(text) if text.startswith("{") else ci_steps.read(text)
    except FileNotFoundError:
        return None


def expected(repo, base):
    """The recipes and definitions below the work tree that changed since `base`."""
    changed = changed_paths(repo, base)

    def hit(path):
        path = os.path.normpath(path)
        return any(c == path or c.startswith(path + "/") or path.startswith(c + "/")
                   for c in changed)

    recipes, out, needs = {}, set(), {}
    for folder, dirs, files in os.walk(repo):
        dirs[:] = [d for d in dirs if not d.startswith(".")]
        for name in files:
            path = os.path.relpath(os.path.join(folder, name), repo)
            if not name.endswith(".yaml"):
                continue
            if os.path.basename(folder) in ("sysroots", "toolchains"):
                if hit(path) or hit(path[:-5] + ".lock"):
                    out.add(path)
            elif path.startswith("recipes/"):
                recipes[path] = read(repo, path)
    for path, body in recipes.items():
        folder = os.path.dirname(path)
        locked = read(repo, path[:-5] + ".lock")
        files = [path, path[:-5] + ".lock", "xorch.yaml"]
        source = body["source"]
        files += [f"{folder}/{p}" for p in source.get("patches", [])]
        if "path" in source:
            files.append(f"{folder}/{source['path']}")
        script = body.get("build", {}).get("script")
        if script:
            files.append(f"{folder}/{script['file']}")
        for name in definitions_of(body, locked):
            files += [name + ".yaml", name + ".lock"]
        if any(hit(f) for f in files):
            out.add(path)
        needs[path] = set()
        for host in body.get("requirements", {}).get("host", []):
            wanted = host.removeprefix("recipe:")
            needs[path].update(p for p, b in recipes.items()
                               if b["kind"] == "library"
                               and b["package"]["name"] == wanted)
        for e in (locked or {}).get("environments", []):
            for o in e.get("overlay", []):
                beside = sorted(p for p, b in recipes.items()
                                if os.path.dirname(p) == folder
                                and fnmatch.fnmatch(os.path.basename(p),
                                                    o["name"] + "*.yaml")
                                and b["package"]["name"] == o["name"])
                if beside:
                    needs[path].add(beside[0])
                elif hit(f"{folder}/{o['name']}.yaml") or \
                        hit(f"{folder}/{o['name']}-1.0.yaml"):
                    out.add(path)
    while True:
        more = {p for p in recipes if p not in out and needs[p] & out}
        if not more:
            return out
        out |= more
