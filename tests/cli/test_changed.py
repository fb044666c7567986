"""--changed-since: what changed, and what depends on it."""
import os
import random

import monorepo
import xt
from monorepo import git


def asked(repo, ref, *args, verb="check", code=0, **env):
    result = xt.run([verb, ".", "--changed-since", ref, "--json", *args], cwd=repo, **env)
    xt.equal(result.code, code, result)
    return result


def files(repo, ref):
    return set(asked(repo, ref).json["files"])


def compare(pairs, seed):
    """Random pairs of a large history, against the oracle."""
    with xt.scratch() as home:
        repo = os.path.join(home, "repo")
        ids = monorepo.make(repo, seed=seed)
        choose = random.Random(seed)
        sizes = []
        for _ in range(pairs):
            head = choose.choice(ids)
            # near ones too: far apart nearly everything changed
            near = max(0, ids.index(head) - choose.choice((3, 30, 300)))
            base = choose.choice((choose.choice(ids), ids[near], ids[near]))
            git(repo, "checkout", "-q", "--detach", head)
            want, got = monorepo.expected(repo, base), files(repo, base)
            xt.equal(got, want, f"{base}...{head}", "more:", got - want, "less:",
                     want - got)
            sizes.append(len(want))
        # the comparison was about something
        xt.check(len(set(sizes)) > pairs // 4, sizes)
        print(f"{pairs} pairs, {min(sizes)} to {max(sizes)} changed")


def test_against_git():
    compare(20, 1)


# label: long
def test_against_git_200_pairs():
    compare(200, 2)


SMALL = {
    "recipes/a.yaml": monorepo.text(monorepo.recipe(
        "a", source={"pypi": "a", "patches": ["patches/a.patch"]})),
    "recipes/a.lock": monorepo.text(monorepo.lock("a")),
    "recipes/patches/a.patch": "patch\n",
    "recipes/b.yaml": monorepo.text(monorepo.recipe(
        "b", requirements={"host": ["recipe:c"]})),
    "recipes/c.yaml": monorepo.text(monorepo.recipe("c", "library")),
    "recipes/p.yaml": monorepo.text(monorepo.recipe("p", source={"path": "../src"})),
    "src/deep/x.c": "int x;\n",
    ".gitignore": "*.o\n/secret/\n",
}


def small(home, more=None):
    """A repository of four recipes, with a branch `base` at its first commit."""
    repo = os.path.join(home, "repo")
    for path, body in {**SMALL, **(more or {})}.items():
        xt.write(os.path.join(repo, path), body)
    git(repo, "init", "-q", "-b", "main", ".")
    commit(repo)
    git(repo, "branch", "base")
    return repo


def commit(repo):
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", "x")


def append(repo, path, what="# more\n"):
    with open(os.path.join(repo, path), "a", encoding="utf-8") as f:
        f.write(what)


def explained(repo, ref, *args, **env):
    """recipe -> its reasons, of `xorch check`."""
    return asked(repo, ref, *args, **env).json["changed"]


def test_nothing():
    with xt.scratch() as home:
        repo = small(home)
        for verb in ("check", "plan", "build", "lock", "fetch"):
            result = xt.run([verb, "--changed-since", "base", "-C", repo], home=home)
            xt.equal([result.code, result.out], [0, ""], verb, result)
            xt.check("0 of 4 " in result.err, verb, result)
        xt.equal(xt.run(["plan", "--changed-since", "HEAD", "--json", "-C", repo],
                        home=home).json["items"], [])


def test_each_place_of_a_change():
    with xt.scratch() as home:
        repo = small(home)
        append(repo, "recipes/a.lock")
        commit(repo)
        append(repo, "recipes/c.yaml")
        git(repo, "add", "-A")
        append(repo, "src/deep/x.c")
        xt.write(os.path.join(repo, "recipes/new.yaml"),
                 monorepo.text(monorepo.recipe("new")))
        xt.equal(explained(repo, "base"), {
            "recipes/a.yaml": ["its lock changed: recipes/a.lock (committed)"],
            "recipes/b.yaml": [
                "needs c: the recipe changed: recipes/c.yaml (staged)"],
            "recipes/c.yaml": ["the recipe changed: recipes/c.yaml (staged)"],
            "recipes/new.yaml": ["the recipe is new: recipes/new.yaml (untracked)"],
            "recipes/p.yaml": ["its source changed: src/deep/x.c (in the work tree)"],
        })
        xt.equal(files(repo, "HEAD"), files(repo, "base") - {"recipes/a.yaml"})
        append(repo, "recipes/c.yaml")
        append(repo, "recipes/a.lock")
        reasons = explained(repo, "base")
        xt.equal(reasons["recipes/c.yaml"], [
            "the recipe changed: recipes/c.yaml (staged, in the work tree)"])
        xt.equal(reasons["recipes/a.yaml"], [
            "its lock changed: recipes/a.lock (committed, in the work tree)"])


def test_what_others_changed_does_not_count():
    with xt.scratch() as home:
        repo = small(home)
        append(repo, "recipes/a.yaml")
        commit(repo)  # main moves on
        git(repo, "checkout", "-q", "-b", "topic", "base")
        append(repo, "recipes/p.yaml")
        commit(repo)
        xt.equal(files(repo, "main"), {"recipes/p.yaml"})
        git(repo, "merge", "-q", "main", "-m", "merged")
        xt.equal(files(repo, "main"), {"recipes/p.yaml"})
        xt.equal(files(repo, "base"), {"recipes/p.yaml", "recipes/a.yaml"})
        git(repo, "checkout", "-q", "--detach")  # as CI does
        xt.equal(files(repo, "main"), {"recipes/p.yaml"})
        # an older commit has nothing that the newer lacks
        git(repo, "checkout", "-q", "base")
        xt.equal(files(repo, "topic"), set())


def test_criss_cross_merges():
    with xt.scratch() as home:
        repo = small(home)
        append(repo, "recipes/a.yaml")
        commit(repo)
        git(repo, "checkout", "-q", "-b", "other", "base")
        append(repo, "recipes/p.yaml")
        commit(repo)
        git(repo, "branch", "other-first")
        git(repo, "merge", "-q", "main", "-m", "x")
        git(repo, "checkout", "-q", "main")
        git(repo, "merge", "-q", "other-first", "-m", "x")
        append(repo, "recipes/c.yaml")
        commit(repo)
        xt.equal(len(git(repo, "merge-base", "--all", "main", "other").split()), 2)
        xt.equal(files(repo, "other"), monorepo.expected(repo, "other"))
        xt.equal(files(repo, "other"), {f"recipes/{n}.yaml" for n in "abcp"})


def test_renames_and_removals():
    with xt.scratch() as home:
        repo = small(home)
        git(repo, "mv", "recipes/a.yaml", "recipes/z.yaml")
        git(repo, "mv", "recipes/a.lock", "recipes/z.lock")
        commit(repo)
        xt.equal(explained(repo, "base"), {"recipes/z.yaml": [
            "the recipe was renamed from recipes/a.yaml: recipes/z.yaml (committed)",
            "its lock was renamed from recipes/a.lock: recipes/z.lock (committed)"]})
        os.remove(os.path.join(repo, "recipes/z.lock"))
        os.remove(os.path.join(repo, "src/deep/x.c"))
        os.remove(os.path.join(repo, "recipes/b.yaml"))
        reasons = explained(repo, "HEAD")
        xt.equal(reasons, {
            "recipes/p.yaml": ["its source was removed: src/deep/x.c (in the work tree)"],
            "recipes/z.yaml": ["its lock was removed: recipes/z.lock (in the work tree)"]})
    with xt.scratch() as home:
        repo = small(home)
        # a patch that is gone makes the recipe wrong, and that is said
        os.remove(os.path.join(repo, "recipes/patches/a.patch"))
        result = asked(repo, "base", code=2)
        xt.equal(result.json["changed"], {"recipes/a.yaml": ["it cannot be read"]})
        xt.check("X0222" in result.err, result)


def test_ignored_files():
    with xt.scratch() as home:
        repo = small(home)
        # of a source folder they are no part; a recipe git does not know is new
        xt.write(os.path.join(repo, "src/deep/x.o"), "object")
        xt.write(os.path.join(repo, "secret/s.yaml"),
                 monorepo.text(monorepo.recipe("s")))
        xt.equal(files(repo, "base"), set())
        result = xt.run(["check", "secret/s.yaml", "--changed-since", "base", "--json"],
                        cwd=repo)
        xt.equal(result.json["changed"], {
            "secret/s.yaml": ["the recipe is ignored by git: secret/s.yaml"]}, result)


def test_shallow_clone():
    with xt.scratch() as home:
        origin = small(home)
        for n in range(5):
            append(origin, "recipes/a.yaml")
            commit(origin)
        git(origin, "checkout", "-q", "-b", "topic")
        append(origin, "recipes/p.yaml")
        commit(origin)
        clone = os.path.join(home, "clone")
        git(home, "clone", "-q", "--depth", "1", "--no-single-branch",
            "file://" + origin, clone)
        result = asked(clone, "origin/main", code=2)
        for text in ("X0322", "no commit in common", "shallow", "--unshallow",
                     "fetch-depth: 0"):
            xt.check(text in result.err, text, result)
        # what lies within the depth is found
        git(clone, "fetch", "-q", "--depth", "3", "origin")
        xt.equal(files(clone, "origin/main"), {"recipes/p.yaml"})
        # one branch alone, as actions/checkout fetches it
        single = os.path.join(home, "single")
        git(home, "clone", "-q", "--depth", "1", "-b", "topic", "file://" + origin,
            single)
        result = asked(single, "origin/main", code=2)
        for text in ("X0321", "git fetch origin main:refs/remotes/origin/main",
                     "shallow"):
            xt.check(text in result.err, text, result)
        git(single, "fetch", "-q", "--unshallow", "origin",
            "main:refs/remotes/origin/main")
        xt.equal(files(single, "origin/main"), {"recipes/p.yaml"})


def test_fetch_base():
    """What the clone lacks is fetched by git, no more of it than is needed; nothing is
    fetched by who has it, and --offline forbids it."""
    with xt.scratch() as home:
        origin = small(home)
        for _ in range(5):
            append(origin, "recipes/a.yaml")
            commit(origin)
        git(origin, "checkout", "-q", "-b", "topic", "main~2")
        append(origin, "recipes/p.yaml")
        commit(origin)

        def clone(name, *args):
            to = os.path.join(home, name)
            git(home, "clone", "-q", "-b", "topic", *args, "file://" + origin, to)
            return to

        # one branch of one commit, as actions/checkout leaves it
        single = clone("single", "--depth", "1")
        result = asked(single, "origin/main", code=2)
        xt.check("X0321" in result.err and "fetch it: --fetch-base" in result.err, result)
        result = asked(single, "origin/main", "--fetch-base", "--offline", code=2)
        xt.check("X0321" in result.err and "--offline" in result.err, result)
        result = asked(single, "origin/main", "--fetch-base")
        xt.equal(set(result.json["files"]), {"recipes/p.yaml"}, result)
        xt.check("fetching the history" in result.err, result)
        xt.equal(files(single, "origin/main"), {"recipes/p.yaml"})
        xt.equal(git(single, "tag"), "")
        # it is there: the server is not asked
        git(single, "remote", "set-url", "origin", "file:///nowhere")
        xt.equal(set(asked(single, "origin/main", "--fetch-base").json["files"]),
                 {"recipes/p.yaml"})
        # two branches cut off before they meet, and a commit by its name
        both = clone("both", "--depth", "1", "--no-single-branch")
        result = asked(both, "origin/main", code=2)
        xt.check("X0322" in result.err and "--fetch-base fetches the rest" in result.err,
                 result)
        xt.equal(set(asked(both, "origin/main", XORCH_FETCH_BASE="1").json["files"]),
                 {"recipes/p.yaml"})
        git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
        commits = clone("commits", "--depth", "1")
        base = git(origin, "rev-parse", "main").strip()
        xt.equal(set(asked(commits, base, "--fetch-base").json["files"]),
                 {"recipes/p.yaml"})
        # a whole clone of one branch is not cut off: only the other is fetched
        whole = clone("whole", "--single-branch")
        result = asked(whole, "origin/main", "--fetch-base")
        xt.check("fetching the history" not in result.err, result)
        xt.equal(set(result.json["files"]), {"recipes/p.yaml"}, result)

        # what cannot be fetched: git's own words
        result = asked(single, "origin/nope", "--fetch-base", code=5)
        for text in ("X0325", "nowhere", "git fetch origin"):
            xt.check(text in result.err, text, result)
        git(single, "remote", "set-url", "origin", "file://" + origin)
        result = asked(single, "origin/nope", "--fetch-base", code=5)
        xt.check("X0325" in result.err and "refs/heads/nope" in result.err, result)
        # no name of a branch, and nothing that git would take for an option
        for ref in ("nope", "origin/a..b", "origin/--upload-pack=x y"):
            result = asked(single, ref, "--fetch-base", code=2)
            xt.check("X0321" in result.err, ref, result)
        os.makedirs(os.path.join(home, "bin"))
        result = asked(single, "origin/nope", "--fetch-base", code=8,
                       PATH=os.path.join(home, "bin"))
        xt.check("X0325" in result.err and "git, which is not in PATH" in result.err,
                 result)


def test_clone_without_blobs():
    with xt.scratch() as home:
        origin = small(home)
        git(origin, "config", "uploadpack.allowFilter", "true")
        git(origin, "mv", "src/deep/x.c", "src/y.c")
        append(origin, "recipes/a.yaml")
        commit(origin)
        clone = os.path.join(home, "clone")
        git(home, "clone", "-q", "--filter=blob:none", "file://" + origin, clone)
        xt.equal(explained(clone, "origin/base"), {
            "recipes/a.yaml": ["the recipe changed: recipes/a.yaml (committed)"],
            "recipes/p.yaml": [
                "its source was removed: src/deep/x.c (committed)"]})


def test_errors():
    with xt.scratch() as home:
        repo = small(home)
        for ref, texts in {
                "nope": ["X0321", "`nope`"],
                "0" * 40: ["X0321", "--changed-since origin/main"],
                "12" * 20: ["X0321", "git fetch origin 1212"],
                "HEAD:recipes": ["X0321"]}.items():
            result = asked(repo, ref, code=2)
            for text in texts:
                xt.check(text in result.err, ref, text, result)
        git(repo, "checkout", "-q", "--orphan", "alone")
        result = asked(repo, "base", code=2)
        xt.check("no commit yet" in result.err, result)
        append(repo, "recipes/a.yaml")  # else it may be the very commit of `base`
        commit(repo)
        result = asked(repo, "base", code=2)
        xt.check("X0322" in result.err and "shallow" not in result.err, result)
        outside = os.path.join(home, "outside")
        xt.write(os.path.join(outside, "recipes/a.yaml"),
                 monorepo.text(monorepo.recipe("a")))
        result = asked(outside, "HEAD", code=2)
        xt.check("X0320" in result.err and "inside a git work tree" in result.err, result)
        result = xt.run(["check", "recipes", outside, "--changed-since", "HEAD"], cwd=repo)
        xt.check(result.code == 2 and "not in the repository" in result.err, result)


def test_recipes_of_another_repository():
    with xt.scratch() as home:
        repo = small(home)
        append(repo, "recipes/c.yaml")
        result = xt.run(["plan", repo, "--changed-since", "base", "--json", "--target",
                         "armv7"], home=home)
        xt.equal([os.path.basename(i["recipe"]) for i in result.json["items"]],
                 ["b.yaml", "c.yaml"], result)


def test_linked_work_tree():
    with xt.scratch() as home:
        repo = small(home)
        tree = os.path.join(home, "tree")
        git(repo, "worktree", "add", "-q", "-b", "topic", tree)
        append(tree, "recipes/a.yaml")
        append(repo, "recipes/p.yaml")
        xt.equal(files(tree, "base"), {"recipes/a.yaml"})
        xt.equal(files(repo, "base"), {"recipes/p.yaml"})


def test_submodules():
    with xt.scratch() as home:
        other = os.path.join(home, "other")
        xt.write(os.path.join(other, "lib/y.c"), "int y;\n")
        git(home, "init", "-q", "-b", "main", other)
        commit(other)
        repo = small(home, {"recipes/s.yaml": monorepo.text(monorepo.recipe(
            "s", source={"path": "../vendor/other/lib"}))} | {"vendor/README": "\n"})
        git(repo, "submodule", "--quiet", "add", other, "vendor/other")
        commit(repo)
        git(repo, "branch", "-f", "base")
        xt.equal(files(repo, "base"), set())
        sub = os.path.join(repo, "vendor/other")
        append(sub, "lib/y.c", "int z;\n")
        reason = "its source changed: vendor/other (%s)"
        xt.equal(explained(repo, "base"),
                 {"recipes/s.yaml": [reason % "in the work tree"]})
        commit(sub)
        xt.equal(explained(repo, "base"),
                 {"recipes/s.yaml": [reason % "in the work tree"]})
        commit(repo)
        xt.equal(explained(repo, "base"), {"recipes/s.yaml": [reason % "committed"]})
        # not checked out, as a clone without --recurse-submodules has it
        clone = os.path.join(home, "clone")
        git(home, "clone", "-q", repo, clone)
        os.makedirs(os.path.join(clone, "vendor/other/lib"), exist_ok=True)
        xt.equal(explained(clone, "origin/base"),
                 {"recipes/s.yaml": [reason % "committed"]})


def test_links():
    with xt.scratch() as home:
        repo = small(home)
        os.makedirs(os.path.join(repo, "shared"))
        os.rename(os.path.join(repo, "recipes/patches/a.patch"),
                  os.path.join(repo, "recipes/patches/real.patch"))
        os.symlink("real.patch", os.path.join(repo, "recipes/patches/a.patch"))
        commit(repo)
        append(repo, "recipes/patches/real.patch")
        xt.equal(explained(repo, "HEAD"), {"recipes/a.yaml": [
            "the patch changed: recipes/patches/real.patch (in the work tree)"]})


def test_project_and_definitions():
    with xt.scratch() as home:
        repo = small(home, {"sysroots/mine.yaml": open(os.path.join(
            xt.SOURCE, "sysroots/debian-11.yaml"), encoding="utf-8").read().replace(
                "name: debian-11", "name: mine"),
            "recipes/m.yaml": monorepo.text(monorepo.recipe(
                "m", toolchain={"sysroot": "mine"}))})
        append(repo, "sysroots/mine.yaml")
        xt.equal(explained(repo, "base"), {
            "recipes/m.yaml": [
                "the sysroot mine changed: sysroots/mine.yaml (in the work tree)"],
            "sysroots/mine.yaml": [
                "the definition changed: sysroots/mine.yaml (in the work tree)"]})
        # one of xorch's own, from now on in this project
        xt.write(os.path.join(repo, "toolchains/uv.lock"), "lock_version: 1\n")
        xt.check("recipes/a.yaml" in files(repo, "base"))
        os.remove(os.path.join(repo, "toolchains/uv.lock"))
        xt.write(os.path.join(repo, "xorch.yaml"),
                 "schema_version: 1\ntargets: [armv7]\n")
        reasons = explained(repo, "base")
        for name in "abcmp":
            xt.check("the project file is new: xorch.yaml (untracked)" in
                     reasons[f"recipes/{name}.yaml"], reasons)


def test_what_is_needed_is_found_though_unchanged():
    with xt.scratch() as home:
        repo = small(home, {
            "recipes/one/w.yaml": monorepo.text(monorepo.recipe(
                "w", requirements={"host": ["recipe:l"]})),
            "recipes/two/l.yaml": monorepo.text(monorepo.recipe("l", "library"))})
        append(repo, "recipes/one/w.yaml")
        items = xt.run(["plan", "--changed-since", "base", "--target", "armv7", "--json"],
                       cwd=repo).json["items"]
        xt.equal([(i["recipe"], i["state"], i.get("implicit", False)) for i in items],
                 [("recipes/one/w.yaml", "planned", False),
                  ("recipes/two/l.yaml", "planned", True)])


def test_plan_explains():
    with xt.scratch() as home:
        repo = small(home)
        append(repo, "recipes/c.yaml")
        result = xt.run(["plan", "--changed-since", "base", "--explain", "--target",
                         "aarch64"], cwd=repo)
        xt.equal(result.code, 0, result)
        xt.check("2 of 4 recipes" in result.err, result)
        xt.check("recipes/b.yaml: needs c: the recipe changed: recipes/c.yaml (in the "
                 "work tree)" in result.err, result)
        # an id of what did not change is no mistake then
        result = xt.run(["plan", "--changed-since", "base", "--only",
                         "a-1.0-cp311-aarch64", "--json"], cwd=repo)
        xt.equal([result.code, result.json["items"]], [0, []], result)


if __name__ == "__main__":
    xt.main(globals())
