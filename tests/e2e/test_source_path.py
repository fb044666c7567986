"""Sources that are a folder of the repository: what of it is taken. git itself says what it
ignores; a build without any program of the target says what it was given."""
import os
import random
import re
import subprocess

import packages
import test_wheels
import xt

RECIPE = """schema_version: 1
package: {{name: given, version: "1.0"}}
kind: library
source: {{path: src{more}}}
build:
  script:
    - find . ! -type d | sed "s|^./|given |"
    - mkdir -p "$XORCH_DESTDIR/usr/include"
    - touch "$XORCH_DESTDIR/usr/include/given.h"
"""


def git(folder, *args, **env):
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *args], cwd=folder,
        check=True, stdout=subprocess.PIPE, text=True, env=xt.environment(folder, **env)
    ).stdout


def project(home, files, *tracked, more=""):
    """The recipe, in a new repository where those of the files are committed."""
    for path, text in files.items():
        xt.write(os.path.join(home, path), text)
    xt.write(os.path.join(home, "src/run-id"), packages.RUN)
    path = xt.write(os.path.join(home, "given.yaml"), RECIPE.format(more=more))
    if tracked:
        git(home, "init", "-q")
        git(home, "add", "-f", "given.yaml", "src/run-id", *tracked)
        git(home, "commit", "-q", "-m", "first")
    return path


def build(home, code=0, **env):
    r = xt.run(["build", "given.yaml", "--target", "aarch64", "--json", "--force"],
               home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
    test_wheels.need_network(r)
    xt.equal(r.code, code, r)
    return r


def given(home, **env):
    """The files that a build is given, sorted, and its key."""
    item, = build(home, **env).json["items"]
    lines = xt.read(item["log"]).splitlines()
    return sorted(l[6:] for l in lines if l.startswith("given ")), item["key"]


def test_what_is_ignored():
    with xt.scratch() as home:
        project(home, {"src/.gitignore": "*.so\n/cmake-build/\n", "src/a.c": "a\n"},
                "src/.gitignore", "src/a.c")
        before = given(home)
        xt.equal(before[0], [".gitignore", "a.c", "run-id"])
        xt.write(os.path.join(home, "src/cmake-build/deep/old.c"), "of yesterday\n")
        xt.write(os.path.join(home, "src/pkg/native.so"), "for this machine\n")
        xt.equal(given(home), before)
        # what is new and not ignored is part of it before it is committed
        xt.write(os.path.join(home, "src/pkg/b.c"), "b\n")
        files, key = given(home)
        xt.equal(files, [".gitignore", "a.c", "pkg/b.c", "run-id"])
        xt.check(key != before[1])
        project(home, {}, more=", use_gitignore: false")
        files, key = given(home)
        xt.equal(files, [".gitignore", "a.c", "cmake-build/deep/old.c", "pkg/b.c",
                         "pkg/native.so", "run-id"])
        xt.write(os.path.join(home, "src/pkg/native.so"), "another\n")
        xt.check(given(home)[1] != key)


def test_what_is_tracked_all_the_same():
    with xt.scratch() as home:
        project(home, {".gitignore": "gen/\n*.so\n", "src/gen/kept.c": "1\n",
                       "src/gen/in/kept.so": "2\n", "src/gen/lost.c": "3\n",
                       "src/other/gen/lost.c": "4\n", "src/kept.so": "5\n"},
                ".gitignore", "src/gen/kept.c", "src/gen/in/kept.so", "src/kept.so")
        xt.equal(given(home)[0], ["gen/in/kept.so", "gen/kept.c", "kept.so", "run-id"])


def test_of_no_repository():
    with xt.scratch() as home:
        project(home, {"src/.gitignore": "*.so\n", "src/native.so": "x\n"})
        xt.equal(given(home)[0], [".gitignore", "native.so", "run-id"])


def test_what_others_do_not_have():
    """Rules of the user and of the clone do not count: the same commit, the same source.
    Nor does the owner of the repository."""
    with xt.scratch() as home:
        project(home, {"src/a.log": "1\n", "src/b.log": "2\n", "src/c.log": "3\n",
                       "src/d.so": "4\n", ".gitignore": "*.so\n"}, ".gitignore")
        everything = given(home)
        xt.equal(everything[0], ["a.log", "b.log", "c.log", "run-id"])
        xt.write(os.path.join(home, ".git/info/exclude"), "a.log\n")
        xt.write(os.path.join(home, ".config/git/ignore"), "b.log\n")
        xt.equal(git(home, "status", "--porcelain", "src"), "?? src/c.log\n")
        xt.equal(given(home), everything)
        xt.write(os.path.join(home, "mine"), "?.log\n")
        git(home, "config", "core.excludesFile", os.path.join(home, "mine"))
        xt.equal(git(home, "status", "--porcelain", "src"), "", "git ignores all three")
        xt.equal(given(home), everything)
        if os.getuid() == 0:
            for folder, _, names in os.walk(os.path.join(home, ".git")):
                for name in (".", *names):
                    os.chown(os.path.join(folder, name), 4711, 4711)
            xt.equal(given(home, SUDO_UID="0"), everything)


def test_work_trees_and_submodules():
    with xt.scratch() as home, xt.scratch() as inner:
        xt.write(os.path.join(inner, ".gitignore"), "*.o\n")
        xt.write(os.path.join(inner, "i.c"), "i\n")
        xt.write(os.path.join(inner, "kept.o"), "k\n")
        xt.write(os.path.join(inner, "kept.c"), "k\n")
        git(inner, "init", "-q")
        git(inner, "add", "-f", ".")
        git(inner, "commit", "-q", "-m", "inner")
        project(home, {".gitignore": "*.c\nsub\nclone\n", "src/a.txt": "a\n",
                       "src/lost.c": "l\n"}, ".gitignore", "src/a.txt")
        git(home, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
            "-f", inner, "src/sub")
        git(home, "commit", "-q", "-m", "sub")
        git(home, "-c", "protocol.file.allow=always", "clone", "-q", inner, "src/clone")
        xt.write(os.path.join(home, "src/sub/lost.o"), "l\n")
        want = ["a.txt", "run-id", "sub/.gitignore", "sub/i.c", "sub/kept.c", "sub/kept.o"]
        xt.equal(given(home)[0], want)
        # another work tree has its index elsewhere
        with xt.scratch() as away:
            tree = os.path.join(away, "tree")
            git(home, "worktree", "add", "-q", tree)
            xt.write(os.path.join(tree, "src/lost.c"), "l\n")
            xt.equal(given(tree)[0], ["a.txt", "run-id"])


def test_an_index_that_cannot_be_read():
    with xt.scratch() as home:
        project(home, {".gitignore": "*.so\n"}, ".gitignore")
        xt.write(os.path.join(home, ".git/index"), b"DIRC\0\0\0\2 damaged")
        given(home)  # nothing is ignored: nobody asks
        xt.write(os.path.join(home, "src/native.so"), "x\n")
        r = build(home, code=2)
        xt.check("X0932" in r.err and "use_gitignore: false" in r.err
                 and ".git/index" in r.err, r)


NAMES = ["a", "b", "ab", "a.o", "b.o", "x y", "[", "#a", "!b", "\\a", "a]", "a-b", "A", "9",
         "é", "a ", "-"]
PIECES = ["a", "b", "o", ".", "*", "**", "?", "/", "/", "[ab]", "[!a]", "[^b-x]", "[a-",
          "[]a]", "[[:alpha:]]", "[[:digit:]x]", "[[:nope:]]", "[[:]", "\\", "\\a", "\\*", "#",
          "!", " ", "\\ ", "**/", "/**", "/**/", "é", "[\\]a]", "-"]


def rules(chance):
    lines = ["".join(chance.choices(PIECES, k=chance.randint(1, 5)))
             for _ in range(chance.randint(1, 4))]
    # gitignore(5) takes "a**/b" for "a*/b"; git itself does not where only letters precede
    lines = [l for l in lines if not re.search(r"[^/!]\*\*", l)]
    lines += [chance.choice(["!", ""]) + chance.choice(NAMES) + chance.choice(["/", ""])
              for _ in range(2)]
    chance.shuffle(lines)
    start, end = chance.choice(["", "\ufeff"]), chance.choice(["\n", "\r\n"])
    return start + end.join(lines) + chance.choice(["", end])


def test_as_git_does():
    """Patterns of all kinds by chance, in folders of their own, against git's own answer."""
    with xt.scratch() as home:
        chance = random.Random(20261127)
        files, tracked = {}, []
        for n in range(150):
            top = f"src/n{n}"
            for folder in ("", "a/", "b/", "a/b/", "a/x y/", "b/a/b/"):
                names = chance.sample(NAMES, 3)
                for name in names:
                    if name not in ("a", "b", "x y"):
                        files[f"{top}/{folder}{name}"] = ""
                        if chance.random() < 0.1:
                            tracked.append(f"{top}/{folder}{name}")
                if not folder or chance.random() < 0.2:
                    files[f"{top}/{folder}.gitignore"] = rules(chance)
        project(home, files)
        git(home, "init", "-q")
        git(home, "--literal-pathspecs", "add", "-f", *tracked)
        want = git(home, "ls-files", "-z", "-c", "-o", "--exclude-per-directory=.gitignore",
                   "src").split("\0")[:-1]
        got = given(home)[0]
        want = sorted(w[4:] for w in want)
        for w in set(want) ^ set(got):
            top = f"src/{w.split('/')[0]}/"
            print("git takes" if w in want else "git leaves", repr(w), {
                f: t for f, t in files.items() if f.startswith(top) and t})
        xt.equal(len(got), len(want))
        xt.equal(got, want)
        xt.check(len(want) < len(files) * 0.9, len(want), len(files))


if __name__ == "__main__":
    xt.main(globals())
