"""Sources from git repositories (rows G01 to G11). A server on this machine, git's own
http-backend, stands in for a forge."""
import os
import shutil
import signal
import subprocess
import time

import git_server
import xt

FILES = {"go.mod": b"module example.org/g\n\ngo 1.21\n",
         "main.go": b"package main\n\nfunc main() { println(42) }\n",
         "run.sh": ("100755", b"#!/bin/sh\n"), "link": ("120000", b"main.go"),
         "sub": {"a.txt": b"a\n"}}


def recipe(home, url, how, name="g"):
    return xt.write(os.path.join(home, name + ".yaml"), f"""schema_version: 1
package: {{name: {name}, version: "1.0"}}
kind: go-binary
source: {{git: "{url}", {how}}}
targets: [armv7]
""")


def lock(home, path, *args, **env):
    return xt.run(["lock", path, *args], home=home,
                  **{"GOPROXY": "http://127.0.0.1:1", "GOSUMDB": "off",
                     "XORCH_HTTP_STALL": "20", **env})


def refused(r, code, *texts):
    xt.equal(r.code, code, r)
    for text in texts:
        xt.check(text in r.err, text, r)


class World:
    """A home, a server and a repository on it."""

    def __enter__(self):
        self.scratch = xt.scratch()
        self.home = self.scratch.__enter__()
        folder = os.path.join(self.home, "served")
        os.mkdir(folder)
        self.server = git_server.Server(folder)
        self.repo = self.server.repository("team/thing")
        return self

    def __exit__(self, *what):
        self.server.__exit__(*what)
        self.scratch.__exit__(*what)

    def lock(self, how, *args, url=None, **env):
        return lock(self.home, recipe(self.home, url or self.repo.url, how), *args, **env)

    def text(self):
        with open(os.path.join(self.home, "g.lock")) as f:
            return f.read()

    def exported(self):
        """The one tree of the store, as {name: bytes or link target}."""
        top = os.path.join(self.home, "cache", "v1", "trees", "git")
        trees = [t for t in os.listdir(top) if os.path.isdir(os.path.join(top, t))]
        xt.equal(len(trees), 1, trees)
        top = os.path.join(top, trees[0])
        found = {}
        for folder, _, names in os.walk(top):
            for n in names:
                path = os.path.join(folder, n)
                rel = os.path.relpath(path, top)
                if os.path.islink(path):
                    found[rel] = os.readlink(path)
                else:
                    with open(path, "rb") as f:
                        found[rel] = f.read()
                    xt.equal(int(os.lstat(path).st_mtime), git_server.DATE, path)
        return found

    def repositories(self):
        return os.path.join(self.home, "cache", "v1", "git")


def test_rev_and_tag_give_the_same_files():
    with World() as w:
        first = w.repo.commit(FILES, tag="v1.0")
        w.repo.commit({**FILES, "later": b"x"})
        r = w.lock(f"rev: {first}")
        xt.equal(r.code, 0, r)
        text = w.text()
        xt.check(f"commit: {first}" in text or f'commit: "{first}"' in text, text)
        xt.check("git: team/thing" in text and "127.0.0.1" not in text, text)
        found = w.exported()
        xt.equal(sorted(found), ["go.mod", "link", "main.go", "run.sh", "sub/a.txt"])
        xt.equal(found["link"], "main.go")
        os.remove(os.path.join(w.home, "g.lock"))
        r = w.lock(f"tag: v1.0, expected_commit: {first}", XORCH_CACHE_DIR=w.home + "/other")
        xt.equal(r.code, 0, r)
        xt.equal(w.text(), text)


def test_known_commit_asks_nobody():
    with World() as w:
        first = w.repo.commit(FILES)
        xt.equal(w.lock(f"rev: {first}").code, 0)
        n = len(w.server.requests)
        xt.equal(w.lock(f"rev: {first}", "--locked", "--offline").code, 0)
        xt.equal(len(w.server.requests), n)


def test_G01_tag_moved():
    with World() as w:
        first = w.repo.commit(FILES, tag="v1.0")
        xt.equal(w.lock("tag: v1.0").code, 0)
        second = w.repo.commit({**FILES, "evil": b"x"}, tag="v1.0")
        # it is the lock that holds it
        path = recipe(w.home, w.repo.url, "tag: v1.0")
        r = xt.run(["fetch", path], home=w.home, XORCH_CACHE_DIR=w.home + "/third",
                   GOPROXY="http://127.0.0.1:1")
        refused(r, 6, "X0552", first, second)
        # and, before there is one, the recipe
        os.remove(os.path.join(w.home, "g.lock"))
        refused(w.lock(f"tag: v1.0, expected_commit: {first}"), 6, "X0552", first, second)


def test_G02_commit_not_there():
    with World() as w:
        w.repo.commit(FILES)
        lost = w.repo.commit({"a": b"a"}, branch=None)
        refused(w.lock(f"rev: {'0' * 39}1"), 5, "X0551", "0001")
        refused(w.lock(f"rev: {lost}"), 5, "X0551", lost)
        refused(w.lock("tag: v9"), 5, "X0551", "v9")
        refused(w.lock("rev: abcdef1"), 2, "40 hex digits")
        refused(w.lock("branch: main"), 2, "branch")


def test_G03_addresses():
    with xt.scratch() as home:
        for url in ("ssh://-oProxyCommand=touch%20x/y", "ext::sh -c touch", "file:///etc",
                    "git://example.org/x", "http://example.org/x.git", "-oProxyCommand=x",
                    "https://-host/x"):
            r = lock(home, recipe(home, url, "rev: " + "0" * 40))
            refused(r, 2)
        for tag in ("-v1", "--upload-pack=x", "a..b"):
            r = lock(home, recipe(home, "https://example.org/x.git", f'tag: "{tag}"'))
            refused(r, 2)


def test_G04_server_stalls():
    with World() as w:
        first = w.repo.commit({**FILES, "big": os.urandom(200000)})
        w.server.stall = True
        begun = time.monotonic()
        refused(w.lock(f"rev: {first}", XORCH_HTTP_STALL="1"), 9, "X0558", "team/thing")
        xt.check(time.monotonic() - begun < 30)
        w.server.stall = False
        xt.equal(w.lock(f"rev: {first}").code, 0, "the next run needs no clean-up")


def submodule(name, path, url):
    return f'[submodule "{name}"]\n\tpath = {path}\n\turl = {url}\n'.encode()


def test_G05_submodules():
    with World() as w:
        lib = w.server.repository("team/lib")
        inner = lib.commit({"lib.txt": b"lib\n"})
        files = {**FILES, "lib": ("160000", inner),
                 ".gitmodules": submodule("lib", "lib", "../lib.git")}
        with_lib = w.repo.commit(files)
        r = w.lock(f"rev: {with_lib}")
        xt.equal(r.code, 0, r)
        xt.check("lib/lib.txt" not in w.exported(), "off by default")
        r = w.lock(f"rev: {with_lib}, submodules: true", XORCH_CACHE_DIR=w.home + "/o")
        xt.equal(r.code, 0, r)
        for name, path, url, in (("../../x", "lib", "../lib.git"),
                                 ("lib", "../lib", "../lib.git"),
                                 ("lib", "lib", "-u./payload"),
                                 ("lib", "lib", "ssh://-oProxyCommand=x/y"),
                                 ("lib", "lib", "../../../other.example/lib.git"),
                                 ("lib", "lib", "file:///etc")):
            bad = w.repo.commit({**files, ".gitmodules": submodule(name, path, url)})
            os.remove(os.path.join(w.home, "g.lock"))
            refused(w.lock(f"rev: {bad}, submodules: true"), 6, "X0556")
            xt.write(os.path.join(w.home, "g.lock"), "")
        # The folder it goes into is a link as well: a tree that has the name twice. The
        # link alone would be let through.
        inside = [("inside", {"f": b"f"}), ("lib", ("120000", b"inside"))]
        modules = (".gitmodules", submodule("x", "lib/x", "../lib.git"))
        for bad, *said in ((w.repo.commit([modules, *inside, ("lib", {"x": ("160000", inner)})]),
                            "lib"),
                           (w.repo.commit([modules, *inside, ("x", ("160000", inner))]),
                            "X0556", ".gitmodules does not say")):
            os.remove(os.path.join(w.home, "g.lock"))
            refused(w.lock(f"rev: {bad}, submodules: true"), 6, *said)
            xt.write(os.path.join(w.home, "g.lock"), "")
        os.remove(os.path.join(w.home, "g.lock"))
        good = w.repo.commit([*inside, *FILES.items()])
        xt.equal(w.lock(f"rev: {good}, submodules: true").code, 0)


def test_G05_submodule_of_itself():
    with World() as w:
        # A commit cannot hold its own id: it names the one before, which is made to be
        # reachable, six deep.
        last = w.repo.commit(FILES)
        for _ in range(7):
            last = w.repo.commit({"me": ("160000", last),
                                  ".gitmodules": submodule("me", "me", "../thing.git")})
        refused(w.lock(f"rev: {last}, submodules: true"), 6, "X0556", "deep")


def test_G06_nothing_is_executed():
    with World() as w:
        mark = os.path.join(w.home, "mark")
        hook = f"#!/bin/sh\ntouch {mark}\n".encode()
        first = w.repo.commit({**FILES, ".gitattributes": b"*.go filter=evil eol=crlf\n",
                               ".gitconfig": f"[filter \"evil\"]\n smudge = touch {mark}\n"
                               f"[core]\n fsmonitor = touch {mark}\n".encode(),
                               "hooks": {"post-checkout": ("100755", hook)}})
        # what a cache that somebody prepared would hold
        xt.equal(w.lock(f"rev: {first}").code, 0)
        for name in os.listdir(w.repositories()):
            folder = os.path.join(w.repositories(), name)
            xt.write(os.path.join(folder, "hooks", "reference-transaction"), hook)
            os.chmod(os.path.join(folder, "hooks", "reference-transaction"), 0o755)
            with open(os.path.join(folder, "config"), "a") as f:
                f.write(f"[core]\n\tfsmonitor = touch {mark}\n"
                        f"[filter \"evil\"]\n\tsmudge = touch {mark}\n")
        second = w.repo.commit({**FILES, "more": b"x", ".gitattributes": b"* filter=evil\n"})
        os.remove(os.path.join(w.home, "g.lock"))
        xt.equal(w.lock(f"rev: {second}").code, 0)
        xt.check(not os.path.exists(mark), "something of the repository was executed")


def test_G06_lfs_pointer():
    with World() as w:
        pointer = (b"version https:" b"//git-lfs.github.com/spec/v1\noid sha256:"
                   + b"0" * 64 + b"\nsize 12345\n")
        first = w.repo.commit({**FILES, "data.bin": pointer})
        refused(w.lock(f"rev: {first}"), 6, "X0555", "data.bin")


def test_G07_users_configuration():
    with World() as w:
        first = w.repo.commit(FILES)
        xt.write(os.path.join(w.home, ".gitconfig"),
                 '[url "http://127.0.0.1:1/"]\n\tinsteadOf = http://127.0.0.1\n'
                 f'[credential]\n\thelper = "!touch {w.home}/mark"\n'
                 '[http]\n\tproxy = http://127.0.0.1:1\n')
        r = w.lock(f"rev: {first}", GIT_CONFIG_GLOBAL=w.home + "/.gitconfig",
                   XDG_CONFIG_HOME=w.home)
        xt.equal(r.code, 0, r)
        xt.check(not os.path.exists(w.home + "/mark"))


def test_G07_where_the_user_wants_it():
    """`git: {user_config: true}` in the user's own configuration, never in a project's:
    then insteadOf counts."""
    with World() as w:
        first = w.repo.commit(FILES)
        gone = w.repo.url.replace(w.server.base, "http://127.0.0.1:1")
        path = recipe(w.home, gone, f"rev: {first}")
        xt.write(os.path.join(w.home, ".gitconfig"),
                 f'[url "{w.server.base}/"]\n\tinsteadOf = http://127.0.0.1:1/\n')
        refused(lock(w.home, path), 5, "X0550", "Connection refused")
        project = xt.write(os.path.join(w.home, "xorch.yaml"),
                           "schema_version: 1\ngit: {user_config: true}\n")
        refused(lock(w.home, path, cwd=w.home), 2, "X0340")
        os.remove(project)
        xt.write(os.path.join(w.home, ".config/xorch/config.yaml"),
                 "git: {user_config: true}\n")
        r = lock(w.home, path)
        xt.equal(r.code, 0, r)
        xt.check(first in xt.read(path.replace(".yaml", ".lock")))


def test_G08_repository_of_somebody_else():
    if os.geteuid() != 0:
        raise xt.Skip("only root can give a folder away")
    with World() as w:
        first = w.repo.commit(FILES)
        xt.equal(w.lock(f"rev: {first}").code, 0)
        second = w.repo.commit({**FILES, "b": b"b"})
        for name in os.listdir(w.repositories()):
            os.chown(os.path.join(w.repositories(), name), 65534, 65534)
        os.remove(os.path.join(w.home, "g.lock"))
        refused(w.lock(f"rev: {second}"), 8, "X0557")


def test_G09_damaged_pack():
    with World() as w:
        first = w.repo.commit({**FILES, "big": os.urandom(50000)})
        w.server.damage = True
        r = w.lock(f"rev: {first}")
        xt.equal(r.code, 6, r)
        w.server.damage = False
        xt.equal(w.lock(f"rev: {first}").code, 0, "the next run needs no clean-up")


def test_G09_damaged_cache_is_fetched_anew():
    with World() as w:
        first = w.repo.commit(FILES, tag="v1")
        xt.equal(w.lock(f"rev: {first}").code, 0)
        for folder, _, names in os.walk(w.repositories()):
            for n in names:
                if n.endswith(".pack"):
                    path = os.path.join(folder, n)
                    os.chmod(path, 0o600)
                    with open(path, "r+b") as f:
                        f.seek(30)
                        f.write(b"\xff" * 200)
        os.remove(os.path.join(w.home, "g.lock"))
        shutil.rmtree(os.path.join(w.home, "cache", "v1", "trees", "git"))
        r = w.lock(f"rev: {first}")
        xt.equal(r.code, 0, r)


def test_G09_more_than_the_limit():
    """Files that come to more than 2 GiB, of one object of 32 MiB that packs into 32 KiB:
    told by what the objects say of their size, before a file is written."""
    with World() as w:
        zeros = bytes(32 << 20)
        few = w.repo.commit({**FILES, "a": zeros, "b": zeros})
        first = w.lock(f"rev: {few}")
        xt.equal(first.code, 0, first)
        folder = {str(n): zeros for n in range(8)}
        many = w.repo.commit({**FILES, **{f"f{n}": folder for n in range(8)}})
        refused(w.lock(f"rev: {many}"), 6, "X0621", "more than 2048 MiB",
                "none of them was written")
        trees = os.path.join(w.home, "cache", "v1", "trees", "git")
        xt.equal(len([t for t in os.listdir(trees)
                      if os.path.isdir(os.path.join(trees, t))]), 1)


def test_G10_names_and_links():
    with World() as w:
        for files in ({"etc": ("120000", b"/etc/passwd")},
                      {"up": ("120000", b"../../x")},
                      {".git": {"config": b"x"}}, {".GIT": {"config": b"x"}},
                      {"sub": {".git ": b"x"}}, {".g\u200cit": b"x"}, {"git~1": b"x"}):
            bad = w.repo.commit({**FILES, **files})
            r = w.lock(f"rev: {bad}")
            xt.equal(r.code, 6, files, r)
            xt.check("X0556" in r.err or "X0620" in r.err, files, r)


def test_G11_two_at_once_and_killed():
    with World() as w:
        first = w.repo.commit({**FILES, "big": os.urandom(300000)})
        path = recipe(w.home, w.repo.url, f"rev: {first}")
        env = xt.environment(w.home, GOPROXY="http://127.0.0.1:1", GOSUMDB="off",
                             XORCH_HTTP_STALL="60")
        w.server.stall = True
        p = subprocess.Popen([xt.XORCH, "lock", path], env=env, stderr=subprocess.DEVNULL)
        while not any("git-upload-pack" in r and "refs" not in r for r in w.server.requests):
            time.sleep(0.05)
        p.send_signal(signal.SIGKILL)
        p.wait()
        w.server.stall = False
        w.server.requests.clear()
        both = [subprocess.Popen([xt.XORCH, "lock", path], env=env,
                                 stderr=subprocess.DEVNULL) for _ in range(2)]
        xt.equal([b.wait() for b in both], [0, 0])
        packs = [r for r in w.server.requests if r.endswith("/git-upload-pack")]
        xt.equal(len(packs), 1, "the other waits and asks nobody", w.server.requests)
        xt.check(first in w.text())


if __name__ == "__main__":
    xt.main(globals())
