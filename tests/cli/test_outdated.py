"""`xorch outdated` and `xorch update`: what the sources of recipes have since. The index
stands in for the Python package index, the proxy for that of Go modules, the git server
for a forge; all are on this machine."""
import json
import os
import time

import git_server
import go_proxy
import xt
from server import Reply, Server
from test_new import JSON, QUICK, Index, sdist


def iso(seconds_ago):
    return time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime(time.time() - seconds_ago))


DAY = 86400
LONG_AGO = "2024-05-06T07:08:09Z"


def recipe(home, name, version, source, kind="library", more="", file=None):
    build = 'build: {backend: script, script: ["true"]}\n' if kind == "library" else ""
    return xt.write(os.path.join(home, "recipes", (file or name) + ".yaml"),
                    f'schema_version: 1\npackage: {{name: {name}, version: "{version}"}}\n'
                    f"kind: {kind}\nsource: {source}\n{build}{more}")


def release(index, project, version, when=LONG_AGO, **more):
    index.add(project, f"{project}-{version}.tar.gz", sdist(project, version, {"a": version}),
              **({"upload-time": when} if when else {}), **more)


def run(home, verb, *args, server=None, **env):
    if server:
        env["XORCH_MIRROR_PYPI"] = server.url("/simple")
    return xt.run([verb, *args], home=home, **{**QUICK, "XORCH_HTTP_RETRIES": "0", **env})


def rows(result):
    return {os.path.basename(r["recipe"])[:-len(".yaml")]: r for r in result.json["recipes"]}


def test_package_index():
    """Each way in which a release of the package index is none to take."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        release(index, "plain", "1.9", when=None)
        release(index, "plain", "1.10", when=None)  # by number, not by letter
        recipe(home, "plain", "1.9", "{pypi: plain}")
        recipe(home, "current", "1.10", "{pypi: plain}")
        release(index, "yanked", "1.0")
        release(index, "yanked", "1.1")
        release(index, "yanked", "1.2", yanked="broken\x1b[31m on ARM")
        recipe(home, "yanked", "1.0", "{pypi: yanked}")
        recipe(home, "on-yanked", "1.2", "{pypi: yanked}")
        release(index, "early", "1.0")
        release(index, "early", "2.0rc1")
        recipe(home, "early", "1.0", "{pypi: early}")
        recipe(home, "early-too", "1.0", "{pypi: early}", more="update: {prerelease: true}\n")
        release(index, "early-on", "2.0b1")
        release(index, "early-on", "2.0rc1")
        recipe(home, "early-on", "2.0b1", "{pypi: early-on}")
        release(index, "snake", "1.0", **{"requires-python": ">=3.9"})
        release(index, "snake", "1.1", **{"requires-python": ">=3.10"})
        release(index, "snake", "1.2", **{"requires-python": ">=3.13"})
        recipe(home, "snake", "1.0", "{pypi: snake}", "wheel",
               'python: {versions: ["3.9", "3.12"]}\n')
        release(index, "fresh", "1.0")
        release(index, "fresh", "1.1", when=iso(9 * DAY))
        release(index, "fresh", "1.2", when=iso(2 * DAY))
        release(index, "fresh", "1.3", when=None)
        recipe(home, "fresh", "1.0", "{pypi: fresh}", more="update: {min_age: 7d}\n")
        recipe(home, "fresh-0", "1.0", "{pypi: fresh}", more="update: {min_age: 0d}\n")
        release(index, "allowed", "1.0")
        release(index, "allowed", "1.5")
        release(index, "allowed", "2.0")
        recipe(home, "allowed", "1.0", "{pypi: allowed}", more='update: {allow: "<2"}\n')
        recipe(home, "off", "1.0", "{pypi: allowed}",
               more="update: {enabled: false, reason: kept for armv6}\n")
        index.add("wheels", "wheels-2.0-py3-none-any.whl", b"", **{"upload-time": LONG_AGO})
        release(index, "wheels", "1.0")
        recipe(home, "wheels", "1.0", "{pypi: wheels}")
        # names that are no version of it, and one that would break a terminal
        release(index, "hostile", "1.0")
        index.files["hostile"] += [
            {"filename": n, "url": "/x", "hashes": {"sha256": "0" * 64}} for n in (
                "hostile-9.0\x1b[2J.tar.gz", "../hostile-9.1.tar.gz", "other-9.2.tar.gz",
                "hostile-latest.tar.gz", "hostile-9.3.tar.gz\n", "hostile-.tar.gz")]
        release(index, "hostile", "1.1", yanked=True)
        recipe(home, "hostile", "1.0", "{pypi: hostile}")
        result = run(home, "outdated", "--json", server=s, XORCH_EXCLUDE_NEWER=None)
        xt.equal(result.code, 0, result)
        got = {n: (r["state"], r.get("newest"), r.get("held"), r.get("why", ""))
               for n, r in rows(result).items()}
        age = "published 2 days ago, minimum age is 7 days"
        want = {
            "plain": ("update", "1.10", None, ""),
            "current": ("current", "1.10", None, ""),
            "yanked": ("update", "1.1", None, ""),
            "on-yanked": ("current", "1.2", None, ""),
            "early": ("current", "1.0", None, ""),
            "early-too": ("update", "2.0rc1", None, ""),
            "early-on": ("update", "2.0rc1", None, ""),
            "snake": ("update", "1.1", "1.2", "it is for Python >=3.13, not 3.9, 3.12"),
            "fresh": ("update", "1.1", "1.3", "it is not known when it was published"),
            "fresh-0": ("update", "1.3", None, ""),
            "allowed": ("update", "1.5", "2.0", "update.allow is <2"),
            "off": ("off", None, None, ""),
            "wheels": ("held", "1.0", "2.0", "it has no source archive (sdist)"),
            "hostile": ("current", "1.0", None, "")}
        for name in want:
            xt.equal(got[name], want[name], name, result)
        xt.equal(set(got), set(want))
        notes = {n: r.get("note", "") for n, r in rows(result).items()}
        xt.check("not for Python 3.9" in notes["snake"], notes["snake"])
        xt.check("kept for armv6" in notes["off"], notes["off"])
        xt.check("taken back" in notes["on-yanked"] and "\x1b" not in notes["on-yanked"]
                 and "on ARM" in notes["on-yanked"], notes["on-yanked"])
        # for people: a line each, its columns; 1.2 is too new when 1.3 is not looked at
        index.files["fresh"].pop()
        release(index, "fresh", "1.1.1", when=LONG_AGO)
        result = run(home, "outdated", "fresh", "recipes/plain.yaml", "--exit-code", server=s)
        xt.equal(result.code, 1, result)
        xt.equal(result.out, "recipe              current  newest\n"
                 f"recipes/fresh.yaml  1.0      1.1.1   1.2 is held back: {age}\n"
                 "recipes/plain.yaml  1.9      1.10\n", result)


def test_minimum_age_of_the_project():
    """Of xorch.yaml, where the recipe says nothing else."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        release(index, "thing", "1.0")
        release(index, "thing", "1.1", when=iso(2 * DAY))
        recipe(home, "thing", "1.0", "{pypi: thing}")
        recipe(home, "soon", "1.0", "{pypi: thing}", more="update: {min_age: 1d}\n")
        xt.write(os.path.join(home, "xorch.yaml"), "schema_version: 1\nminimum_age: 30d\n")
        got = rows(run(home, "outdated", "--json", server=s))
        xt.equal((got["thing"]["state"], got["soon"]["state"]), ("held", "update"), got)
        xt.check("minimum age is 30 days" in got["thing"]["why"], got)


CARGO = '[package]\nname = "r"\nversion = "0.1.0"\nrust-version = "{rust}"\n'


def test_rust():
    """A release whose Cargo.toml wants a newer Rust than the recipe gets. Its sdist is
    read where recipe or lock speak of Rust, and that of no release which the recipe has
    already."""
    maturin = "build: {backend: maturin}\n"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for version, rust in (("1.0", "1.70"), ("1.1", "1.84.1"), ("1.2", "1.999"),
                              ("2.0", "2.0")):
            index.sdist("rusty", version, {"Cargo.toml": CARGO.format(rust=rust)})
        recipe(home, "rusty", "1.0", "{pypi: rusty}", "wheel", maturin)
        recipe(home, "last", "1.1", "{pypi: rusty}", "wheel", maturin)
        recipe(home, "silent", "1.0", "{pypi: rusty}", "wheel")
        recipe(home, "locked", "1.0", "{pypi: rusty}", "wheel")
        xt.write(os.path.join(home, "recipes", "locked.lock"),
                 "lock_version: 1\nrecipe: {name: locked, version: \"1.0\"}\ncrates: []\n")
        recipe(home, "library", "1.0", "{pypi: rusty}")
        # what cannot be read as a source tells nothing
        index.sdist("odd", "1.0", {})
        index.add("odd", "odd-1.1.tar.gz", b"no archive")
        recipe(home, "odd", "1.0", "{pypi: odd}", "wheel", maturin)
        result = run(home, "outdated", "--json", server=s)
        xt.equal(result.code, 0, result)
        got = {n: (r["state"], r["newest"], r.get("held"), r.get("why"))
               for n, r in rows(result).items()}
        why = "it wants Rust 2.0, there is 1.85.0"
        xt.equal(got["rusty"], ("update", "1.1", "2.0", why), result)
        xt.equal(got["last"], ("held", "1.1", "2.0", why), result)
        xt.equal(got["locked"], ("update", "1.1", "2.0", why), result)
        for name, newest in (("silent", "2.0"), ("library", "2.0"), ("odd", "1.1")):
            xt.equal(got[name], ("update", newest, None, None), name, result)
        xt.equal([v for v in ("1.0", "1.1", "1.2", "2.0")
                  if s.count(f"/files/rusty-{v}.tar.gz")], ["1.1", "1.2", "2.0"])


def test_failures():
    """What one source does not tell keeps no other from being told; the exit status is
    that of the failures."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        release(index, "fine", "1.0")
        release(index, "fine", "1.1")
        recipe(home, "fine", "1.0", "{pypi: fine}")
        recipe(home, "gone", "1.0", "{pypi: gone}")
        result = run(home, "outdated", "--json", "--exit-code", server=s)
        xt.equal(result.code, 5, result)
        got = rows(result)
        xt.equal((got["fine"]["state"], got["gone"]["state"], got["gone"]["code"]),
                 ("update", "failed", 5), result)
        xt.check("X0504" in result.err and "--> recipes/gone.yaml" in result.err, result)
        s.add("/simple/broken/", Reply(b'{"meta": {"api-version": "1.1"}, "name": "br',
                                       headers=JSON))
        s.add("/simple/login/", Reply(b"<!DOCTYPE html><title>Sign in</title>",
                                      headers={"Content-Type": "text/html"}))
        recipe(home, "broken", "1.0", "{pypi: broken}")
        recipe(home, "login", "1.0", "{pypi: login}")
        result = run(home, "outdated", server=s)
        xt.equal(result.code, 1, result)
        lines = {line.split()[0]: line for line in result.out.splitlines()}
        for name in ("gone", "broken", "login"):
            xt.equal(lines[f"recipes/{name}.yaml"].split()[1:3], ["1.0", "-"], result)
        xt.check("X0604" in result.err and "Sign in" not in result.out, result)
        result = run(home, "outdated", "nothing", server=s)
        xt.check(result.code == 2 and "X0345" in result.err, result)
        result = run(home, "outdated", "fine", "--offline", server=s)
        xt.check(result.code == 5 and "X0501" in result.err, result)


def modules(s, path, *versions, **mods):
    made = [go_proxy.Module(path, v, mod=mods.get("last") if v == versions[-1] else None)
            for v in versions]
    go_proxy.serve(s, *made)
    s.add(f"/{path}/@v/list", Reply(("\n".join(versions) + "\n").encode()))
    for v in versions:
        s.add(f"/{path}/@v/{v}.info", Reply(json.dumps(
            {"Version": v, "Time": mods.get("times", {}).get(v, LONG_AGO)}).encode()))


def test_go_modules():
    """Retracted versions and pre-releases are none; their dates are those of the proxy."""
    with Server() as s, xt.scratch() as home:
        modules(s, "example.org/tool", "v1.9.0", "v1.10.0", "v1.10.1", "v1.11.0",
                "v2.0.0+incompatible", "v1.12.0-rc.1", "v1.12.0",
                last="module example.org/tool\n\nretract v1.12.0 // published by mistake\n"
                     "retract (\n\t[v1.10.1, v1.10.9] // panics\n)\n",
                times={"v1.11.0": iso(2 * DAY)})
        tool = "{gomod: example.org/tool}"
        recipe(home, "tool", "1.9.0", tool, "go-binary")
        recipe(home, "aged", "1.9.0", tool, "go-binary", "update: {min_age: 7d}\n")
        recipe(home, "taken-back", "1.12.0", tool, "go-binary")
        recipe(home, "absent", "1.0.0", "{gomod: example.org/absent}", "go-binary")
        result = run(home, "outdated", "--json", **go_proxy.environment(s))
        xt.equal(result.code, 5, result)
        got = rows(result)
        xt.equal((got["tool"]["state"], got["tool"]["newest"]), ("update", "1.11.0"), result)
        xt.equal((got["aged"]["newest"], got["aged"]["held"]), ("1.10.0", "1.11.0"), result)
        xt.equal(got["taken-back"]["state"], "current", result)
        xt.check("published by mistake" in got["taken-back"]["note"], result)
        xt.check(got["absent"]["state"] == "failed" and "X0531" in result.err, result)
        result = run(home, "lock", "recipes/tool.yaml", "--target", "aarch64",
                     "--exclude-newer", "2024-05-05", **go_proxy.environment(s))
        xt.equal(result.code, 2, result)
        xt.check("X0514" in result.err and LONG_AGO in result.err, result)
        # the newest that is old enough; it has no program, which is said of it
        result = xt.run(["new", "--from", "gomod", "example.org/tool", "--no-fetch",
                         "--exclude-newer", "7d"], home=home, **go_proxy.environment(s))
        xt.check("X0982" in result.err and "v1.10.0" in result.err, result)


def test_git_and_others():
    """Tags of a repository by the recipe's own tag, or by update.tag_prefix; what cannot
    be known is said."""
    with xt.scratch() as folder, xt.scratch() as home, \
            git_server.Server(os.path.join(folder)) as g, Server() as s:
        r = g.repository("team/thing")
        first = r.commit({"a": b"1"}, tag="v1.0")
        for tag in ("v1.2", "v1.10", "v2.0-rc1", "tool-9.0", "nightly-20260101", "v1.10.zip"):
            r.commit({"a": tag.encode()}, tag=tag)
        index = Index(s)
        release(index, "mirrored", "1.4")
        source = "{git: \"%s\", tag: %s, expected_commit: %s}"
        recipe(home, "thing", "1.0", source % (r.url, '"v${{ version }}"', first))
        recipe(home, "tool", "1.0", source % (r.url, "v1.0", first),
               more="update: {tag_prefix: tool-}\n")
        recipe(home, "none", "1.0", source % (r.url, "v1.0", first),
               more="update: {tag_prefix: release-}\n")
        recipe(home, "mirrored", "1.0", source % (r.url, "v1.0", first),
               more="update: {from: pypi}\n")
        recipe(home, "by-url", "1.0", "{url: \"https://example.org/a-1.0.tar.gz\"}")
        recipe(home, "mixed", "1.0", "{url: \"https://example.org/a-1.0.tar.gz\"}",
               more="update: {from: git-tags}\n")
        xt.write(os.path.join(home, "recipes", "src", "a"), "")
        recipe(home, "folder", "1.0", "{path: src}")
        result = run(home, "outdated", "--json", server=s)
        xt.equal(result.code, 0, result)
        got = {n: (v["state"], v.get("newest")) for n, v in rows(result).items()}
        xt.equal(got, {"thing": ("update", "1.10"), "tool": ("update", "9.0"),
                       "none": ("unknown", None), "mirrored": ("update", "1.4"),
                       "by-url": ("unknown", None), "mixed": ("unknown", None),
                       "folder": ("unknown", None)}, result)
        notes = {n: v.get("note", "") for n, v in rows(result).items()}
        xt.check("update.from can" in notes["by-url"] and "`release-`" in notes["none"]
                 and "no source" in notes["mixed"] and "folder" in notes["folder"], notes)
        # a tag's date is that of its commit, 2024 in these repositories
        result = run(home, "outdated", "thing", "--json", "--exclude-newer", "2024-05-05",
                     server=s)
        xt.equal(result.code, 0, result)
        xt.equal(rows(result)["thing"]["state"], "held", result)
        result = run(home, "lock", "recipes/thing.yaml", "--target", "aarch64",
                     "--exclude-newer", "2024-05-05", server=s)
        xt.equal(result.code, 2, result)
        xt.check("X0514" in result.err and "its commit is of 2024-05-06T07:08:09Z"
                 in result.err, result)
        xt.check(not os.path.exists(os.path.join(home, "recipes", "thing.lock")))


if __name__ == "__main__":
    xt.main(globals())
