"""`xorch update`: versions raised in place, with their locks. Sources are an index, a file
server and a git server of this machine; they stand in for the Python package index, a
project's downloads and a forge."""
import glob
import json
import os
import re

import ci_steps
import git_server
import xt
from server import Server, sha256
from test_new import Index, sdist
from test_outdated import CARGO, DAY, LONG_AGO, iso, recipe, release, rows, run

# Comments, quotes and blanks that an update has to leave alone.
TEXT = """# kept: nothing here changes but values
schema_version: 1

package:
  name: thing     # as upstream calls it
  version: '1.0'  # raised by xorch update
kind:   library
source: {pypi: thing}   # 1.0
context: {old: "1.0"}
build:\t
  backend: script
  script:
    - "true # 1.0"
"""


def read(home, name):
    with open(os.path.join(home, "recipes", name), encoding="utf-8", newline="") as f:
        return f.read()


def update(home, *args, server=None, **env):
    return run(home, "update", "--target", "aarch64", *args, server=server, **env)


def test_package_index():
    """Up, held back, down when named; the file keeps every byte but the version's."""
    text = TEXT.replace("build:\t", "build:")
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for version in ("0.9", "1.0", "1.1"):
            release(index, "thing", version)
        release(index, "thing", "1.2", when=iso(2 * DAY))
        xt.write(os.path.join(home, "recipes", "thing.yaml"), text)
        xt.write(os.path.join(home, "xorch.yaml"), "schema_version: 1\nminimum_age: 7d\n")
        result = update(home, "--check", server=s)
        xt.equal(result.code, 1, result)
        xt.check("1.1" in result.out and "1.2 is held back: published 2 days ago"
                 in result.out, result)
        xt.equal(os.listdir(os.path.join(home, "recipes")), ["thing.yaml"])
        result = update(home, server=s)
        xt.equal(result.code, 0, result)
        xt.equal(result.out, "recipes/thing.yaml: 1.0 -> 1.1\n", result)
        xt.check("recipes/thing.yaml: 1.2 is held back" in result.err, result)
        xt.equal(read(home, "thing.yaml"), text.replace("'1.0'", "'1.1'"))
        lock = read(home, "thing.lock")
        xt.check(index.files["thing"][2]["hashes"]["sha256"] in lock, lock)
        # named, its age does not matter; nor which way it goes
        result = update(home, "thing@1.2", "--json", server=s)
        xt.equal(result.code, 0, result)
        xt.equal([(r["state"], r["newest"]) for r in result.json["recipes"]],
                 [("updated", "1.2")], result)
        xt.equal(read(home, "thing.yaml"), text.replace("'1.0'", "'1.2'"))
        result = update(home, "recipes/thing.yaml@0.9", server=s)
        xt.equal(result.code, 0, result)
        xt.equal(read(home, "thing.yaml"), text.replace("'1.0'", "'0.9'"))
        xt.check("thing-0.9.tar.gz" in read(home, "thing.lock"))


def test_failed_update_changes_nothing():
    """No such version, one too new for --exclude-newer, a lock that cannot be made or may
    not be."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        release(index, "thing", "1.0")
        release(index, "thing", "1.1", when=iso(2 * DAY))
        release(index, "thing", "2.0")
        index.files["thing"][-1]["hashes"] = {"md5": "0" * 32}
        release(index, "thing", "1.0.1")
        xt.write(os.path.join(home, "recipes", "thing.yaml"),
                 TEXT.replace("build:\t", "build:"))
        xt.equal(run(home, "lock", "--target", "aarch64", server=s).code, 0)
        before = read(home, "thing.yaml"), read(home, "thing.lock")
        for args, code, text in (
                (["thing@3.0"], 2, "X0346"),
                (["thing@1.1", "--exclude-newer", "7d"], 2, "X0514"),
                (["thing@2.0"], 6, "X0604"),
                (["thing@1.1", "--locked"], 2, "X0349")):
            result = update(home, *args, server=s)
            xt.equal(result.code, code, args, result)
            xt.check(text in result.err, args, result)
            xt.equal((read(home, "thing.yaml"), read(home, "thing.lock")), before, args)
            xt.equal(sorted(os.listdir(os.path.join(home, "recipes"))),
                     ["thing.lock", "thing.yaml"], args)


def test_killed_between_lock_and_recipe():
    """The one has its new contents, the other not yet: refused with the command that
    mends it; the next update does it by itself."""
    text = TEXT.replace("build:\t", "build:")
    for again in ("update", "lock", "build"):
        with Server() as s, xt.scratch() as home:
            index = Index(s)
            release(index, "thing", "1.0")
            xt.write(os.path.join(home, "recipes", "thing.yaml"), text)
            xt.equal(run(home, "lock", "--target", "aarch64", server=s).code, 0)
            old = read(home, "thing.lock")
            release(index, "thing", "1.1")
            result = update(home, server=s, XORCH_TEST_DIE_AT="update")
            xt.equal(result.code, -9, result)
            xt.equal(read(home, "thing.yaml"), text)
            xt.check("thing-1.1.tar.gz" in read(home, "thing.lock"))
            xt.equal(sorted(os.listdir(os.path.join(home, "recipes"))),
                     ["thing.lock", "thing.yaml"])
            for verb in ("lock", "build"):
                result = run(home, verb, "--target", "aarch64", "--locked", server=s)
                xt.equal(result.code, 4, result)
                xt.check("[X0403]" in result.err and "which belongs to 1.1" in result.err
                         and "has no entry" not in result.err, verb, result)
                xt.check("run `xorch lock recipes/thing.yaml`" in result.err, result)
            if again == "build":  # never changes an entry
                result = run(home, "build", "--target", "aarch64", server=s)
                xt.check(result.code == 4 and "run `xorch lock recipes/thing.yaml`"
                         in result.err, result)
                continue
            result = run(home, again, "--target", "aarch64", server=s)
            xt.equal(result.code, 0, result)
            if again == "lock":
                xt.equal((read(home, "thing.yaml"), read(home, "thing.lock")), (text, old))
            else:
                xt.equal(read(home, "thing.yaml"), text.replace("'1.0'", "'1.1'"))
            result = run(home, "lock", "--target", "aarch64", "--locked", server=s)
            xt.equal(result.code, 0, result)


def test_renovate_finds_versions():
    """README's configuration of Renovate: its patterns, which are of a syntax that Python
    has too, find name and version in each recipe of a package of the index, and nothing
    else. (Renovate itself is not run here.)"""
    with open(os.path.join(xt.SOURCE, "README.md"), encoding="utf-8") as f:
        block = re.search(r"^```json\n(.*?)^```", f.read(), re.M | re.S)[1]
    manager, = json.loads(block)["customManagers"]
    patterns = [re.compile(p.replace("(?<", "(?P<")) for p in manager["matchStrings"]]
    files = manager["managerFilePatterns"][0][1:-1]
    texts = {}
    for path in glob.glob(os.path.join(xt.SOURCE, "recipes", "*.yaml")):
        xt.check(re.search(files, "recipes/" + os.path.basename(path)), path)
        with open(path, encoding="utf-8") as f:
            texts[os.path.basename(path)] = f.read()
    recipes = ci_steps.read("".join(
        f"{name}:\n" + "".join(" " + line for line in text.splitlines(keepends=True)) + "\n"
        for name, text in texts.items()))
    seen = 0
    for name, recipe in recipes.items():
        found = {}
        for p in patterns:
            matches = list(p.finditer(texts[name]))
            xt.check(len(matches) <= 1, name, matches)
            for m in matches:
                found.update(m.groupdict())
        sources = recipe["source"]
        if not isinstance(sources, dict) or "pypi" not in sources:
            xt.check("depName" not in found or isinstance(sources, list), name, found)
            continue
        seen += 1
        xt.equal(found, {"depName": sources["pypi"],
                         "currentValue": recipe["package"]["version"]}, name)
    xt.check(seen > 15, seen)


def test_version_line_by_somebody_else():
    """A bot changes the version line; `xorch lock` makes the lock fit, and with --locked
    everything refuses and says so."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        release(index, "thing", "1.0")
        release(index, "thing", "1.1")
        text = TEXT.replace("build:\t", "build:")
        xt.write(os.path.join(home, "recipes", "thing.yaml"), text)
        xt.equal(run(home, "lock", "--target", "aarch64", server=s).code, 0)
        xt.write(os.path.join(home, "recipes", "thing.yaml"), text.replace("'1.0'", "'1.1'"))
        old = read(home, "thing.lock")
        result = run(home, "build", "--target", "aarch64", "--locked", server=s)
        xt.equal(result.code, 4, result)
        xt.check("X0403" in result.err and "run `xorch lock recipes/thing.yaml`"
                 in result.err, result)
        xt.check("thing.lock still holds sha256" in result.err and
                 "belongs to 1.0" in result.err, result)
        xt.equal(read(home, "thing.lock"), old)
        result = run(home, "check", "recipes/thing.yaml")
        xt.check(result.code == 2 and "recipes/thing.yaml:6:" in result.err and
                 "run `xorch lock recipes/thing.yaml`" in result.err, result)
        xt.equal(run(home, "lock", "--target", "aarch64", server=s).code, 0)
        xt.equal(read(home, "thing.yaml"), text.replace("'1.0'", "'1.1'"))
        xt.check("thing-1.1.tar.gz" in read(home, "thing.lock") and
                 "1.0" not in read(home, "thing.lock"))
        xt.equal(run(home, "lock", "--target", "aarch64", "--locked", server=s).code, 0)


def test_rust():
    """A release that wants a newer Rust is passed over, whether the recipe spoke of Rust
    before or not; one that is named is taken, and --check says it."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for version, rust in (("1.0", "1.70"), ("1.1", "1.84.1"), ("1.2", "1.999")):
            index.sdist("rusty", version, {"Cargo.toml": CARGO.format(rust=rust)})
        text = ('schema_version: 1\npackage: {name: rusty, version: "1.0"} # kept\n'
                'kind: wheel\nsource: {pypi: rusty}\n'
                'build: {backend: script, script: ["true"]}\n')
        xt.write(os.path.join(home, "recipes", "rusty.yaml"), text)
        xt.need_pythons("cp311")
        result = update(home, "--check", "--python", "3.11", server=s)
        xt.equal(result.code, 1, result)
        xt.check("1.2 is held back: it wants Rust 1.999, there is 1.85.0" in result.out and
                 " 1.1 " in result.out, result)
        result = update(home, "rusty@1.2", "--check", "--python", "3.11", server=s)
        xt.equal(result.code, 1, result)
        xt.check("1.2 wants Rust 1.999, there is 1.85.0" in result.out, result)


def test_url():
    """Addresses made of the version with their sha256, by an expression or as they are; an
    extra file whose address stays keeps its own."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        old, new = sdist("thing", "1.0", {"a": "1"}), sdist("thing", "1.10", {"a": "2"})
        s.add("/d/1.0/thing-1.0.tar.gz", old)
        s.add("/d/1.10/thing-1.10.tar.gz", new)
        s.add("/d/data.txt", b"data")
        release(index, "thing", "1.10")
        text = (f"""schema_version: 1
package: {{name: thing, version: "1.0"}} # the one place
kind: library
source:
  - url: {s.url("/d/${{ version }}/thing-${{ version }}.tar.gz")}
    sha256: {sha256(old)} # ours
  - url: {s.url("/d/1.0/thing-1.0.tar.gz")}
    target_directory: twice
  - url: {s.url("/d/data.txt")}
    sha256: {sha256(b"data")}
    extract: false
    target_directory: data
build: {{backend: script, script: ["true"]}}
update: {{from: pypi}}
""")
        xt.write(os.path.join(home, "recipes", "thing.yaml"), text)
        result = update(home, server=s)
        xt.equal(result.code, 0, result)
        # a hash in quotes where it could be read as a number
        xt.equal(read(home, "thing.yaml").replace(f'"{sha256(new)}"', sha256(new)),
                 text.replace("1.0", "1.10")
                 .replace("127.1.10.0.1", "127.0.0.1").replace(sha256(old), sha256(new)))
        lock = read(home, "thing.lock")
        xt.check(sha256(new) in lock and sha256(b"data") in lock and sha256(old) not in lock)
        # nothing there: nothing changes
        xt.write(os.path.join(home, "recipes", "thing.yaml"), text)
        os.remove(os.path.join(home, "recipes", "thing.lock"))
        s.add("/d/1.10/thing-1.10.tar.gz", git_gone())
        result = update(home, server=s, XORCH_CACHE_DIR=os.path.join(home, "other"))
        xt.equal(result.code, 5, result)
        xt.equal(read(home, "thing.yaml"), text)
        xt.equal(os.listdir(os.path.join(home, "recipes")), ["thing.yaml"])


def git_gone():
    from server import Reply
    return Reply(status=404)


def test_git():
    """Tag and commit; a tag that holds the version, one made of it, a commit alone."""
    with xt.scratch() as folder, xt.scratch() as home, git_server.Server(folder) as g:
        r = g.repository("team/thing")
        first = r.commit({"a": b"1"}, tag="v1.0")
        second = r.commit({"a": b"2"}, tag="v1.2")
        source = "{git: \"%s\", %s}"
        forms = {"literal": f"tag: v1.0, expected_commit: {first}",
                 "made": f'tag: "v${{{{ version }}}}", expected_commit: {first}',
                 "commit": f"rev: {first}"}
        for name, form in forms.items():
            recipe(home, name, "1.0", source % (r.url, form))
        before = {name: read(home, name + ".yaml") for name in forms}
        result = update(home)
        xt.equal(result.code, 0, result)
        for name in forms:
            want = before[name].replace('"1.0"', '"1.2"').replace("v1.0", "v1.2") \
                .replace(first, second)
            # a commit in quotes where it could be read as a number
            xt.equal(read(home, name + ".yaml").replace(f'"{second}"', second), want)
            lock = read(home, name + ".lock")
            xt.check(second in lock and first not in lock and 'version: "1.2"' in lock, lock)
        # a tag moved since: what was read from the server decides, as it does for `new`
        result = run(home, "lock", "--target", "aarch64", "--locked")
        xt.equal(result.code, 0, result)


def test_not_in_place():
    """What no value alone can change is said, and nothing is written."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        release(index, "thing", "2.0")
        body = ('kind: library\nsource: {url: "https://example.org/thing.tar.gz"}\n'
                'build: {backend: script, script: ["true"]}\nupdate: {from: pypi}\n')
        recipes = {
            "static": 'schema_version: 1\npackage: {name: thing, version: "1.0"}\n' + body,
            "tagged": 'schema_version: 1\npackage: {name: thing, version: "1.0"}\n'
                      + body.replace("url:", "git:").replace(
                          '.tar.gz"', f'.git", tag: one, expected_commit: {"a" * 40}'),
            "commit": 'schema_version: 1\npackage: {name: thing, version: "1.0"}\n'
                      + body.replace("url:", "git:").replace(
                          '.tar.gz"', f'.git", rev: {"a" * 40}')}
        for name, text in recipes.items():
            xt.write(os.path.join(home, "recipes", name + ".yaml"), text)
        result = update(home, server=s)
        xt.equal(result.code, 2, result)
        xt.equal(result.err.count("error[X0347]"), 3, result)
        xt.check("recipes/static.yaml:4:15" in result.err and "recipes/tagged.yaml:4:"
                 in result.err and "does not hold the version" in result.err
                 and "which commit the version is" in result.err, result)
        for name, text in recipes.items():
            xt.equal(read(home, name + ".yaml"), text)


if __name__ == "__main__":
    xt.main(globals())
