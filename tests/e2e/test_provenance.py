"""What a result was made from: the statement beside it, `xorch explain FILE`, and
`xorch rebuild FILE`."""
import base64
import contextlib
import json
import os
import re
import shutil
import subprocess

import judges
import packages
import test_wheels
import xt
from test_wheels import run
from xt import read, sha256 as sha

SUFFIX = ".intoto.jsonl"
GO_RECIPE = """schema_version: 1
package: {name: hello, version: "1.0"}
kind: go-binary
source: {path: hello-src}
"""


def build(home, recipe, *args, code=0, python="cp311", **env):
    env.setdefault("XORCH_CACHE_DIR", test_wheels.shared_cache())
    args = ["build", recipe, "--target", "aarch64", "--json", *args]
    result = xt.run(args + (["--python", python] if python else []), home=home, cwd=home,
                    **env)
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result.json["items"][0] if code == 0 else result


def statement(item):
    return json.loads(read(item["file"] + SUFFIX))


def definition(s):
    return s["predicate"]["buildDefinition"]


def rows(s, purpose):
    return [r for r in definition(s)["resolvedDependencies"]
            if r["annotations"]["for"] == purpose]


def named(hex_digits):
    """A file or folder that nobody else has a name for (RFC 6920)."""
    code = base64.urlsafe_b64encode(bytes.fromhex(hex_digits)).decode().rstrip("=")
    return "ni:///sha-256;" + code


def git(home, *args):
    return subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", home, *args],
        check=True, stdout=subprocess.PIPE, env=xt.environment(home)).stdout.decode()


def commit(home):
    if not os.path.exists(os.path.join(home, ".git")):
        git(home, "init", "-q")
        git(home, "remote", "add", "origin",
            "https://me:secret@git.example.org/team/recipes.git")
    git(home, "add", "recipes")
    git(home, "commit", "-qm", "x")
    return git(home, "rev-parse", "HEAD").strip()


@contextlib.contextmanager
def tiny(**more):
    """A home with recipes/tiny.yaml and its source beside it."""
    with xt.scratch() as home:
        os.makedirs(os.path.join(home, "recipes"))
        packages.project(os.path.join(home, "recipes"), **more)
        yield home


def test_statement_of_a_wheel():
    with tiny(recipe="build: {env_pass: [TOKEN]}\n") as home:
        build(home, "recipes/tiny.yaml")  # writes the lock
        head = commit(home)
        item = build(home, "recipes/tiny.yaml", "--force", TOKEN="hunter2-verysecret")
        s = statement(item)
        xt.equal(s["subject"], [{"name": os.path.basename(item["file"]),
                                 "digest": {"sha256": sha(item["file"])}}])
        inputs = judges.check_provenance(read(item["file"] + SUFFIX))
        xt.check(inputs > 60, inputs)
        asked = definition(s)["externalParameters"]
        xt.equal(asked["recipe"], {"path": "recipes/tiny.yaml", "digest": {
            "sha256": sha(os.path.join(home, "recipes/tiny.yaml"))}})
        xt.equal(asked["lock"]["digest"]["sha256"],
                 sha(os.path.join(home, "recipes/tiny.lock")))
        xt.equal((asked["target"], asked["python"], asked["floor"], asked["toolchain"]),
                 ("aarch64", "cp311", "2_17", "clang"))
        repository, = rows(s, "repository")
        xt.equal(repository["digest"], {"gitCommit": head})
        xt.equal(repository["uri"],
                 f"git+https://git.example.org/team/recipes.git@{head}")
        xt.equal(repository["annotations"]["changed"], [])
        # a name for each input: the folder's is where it lies in the commit
        source, = rows(s, "source")
        xt.equal(source["uri"], "git+https://git.example.org/team/recipes.git"
                                f"@{head}#recipes/tiny-src")
        own, = rows(s, "recipe")
        xt.equal(own["uri"], named(own["digest"]["sha256"]))
        xt.equal([r for r in definition(s)["resolvedDependencies"] if not r.get("uri")], [])
        # the very packages of the locks
        lock = read(os.path.join(xt.SOURCE, "toolchains/clang.lock"))
        xt.equal(sorted(r["digest"]["sha256"] for r in rows(s, "toolchain clang")),
                 sorted(set(re.findall(r"sha256: \"?([0-9a-f]{64})", lock))))
        xt.check(rows(s, "sysroot debian-11") and rows(s, "build requirement"), s)
        inside = definition(s)["internalParameters"]
        xt.equal(inside["sandbox"]["level"], "bwrap")
        xt.equal(inside["sandbox"]["network"], "none")
        xt.check(all(re.fullmatch("[0-9a-f]{64}", h["sha256"])
                     for h in inside["python"]["headers"].values()), inside)
        text = read(item["file"] + SUFFIX)
        for secret in ("hunter2", "me:secret", home, os.environ.get("HOME", "/root"),
                       test_wheels.shared_cache(), "/tmp/"):
            xt.check(secret not in text, f"{secret} stands in the statement")


def test_what_git_ignores_is_in_no_commit():
    with tiny() as home:
        xt.write(os.path.join(home, "recipes/tiny-src/.gitignore"), "*.inc\n")
        xt.write(os.path.join(home, "recipes/tiny-src/more.inc"), "int more;\n")
        path = os.path.join(home, "recipes/tiny.yaml")
        text = read(path)
        build(home, "recipes/tiny.yaml")
        for more, by_commit in ("", True), (", use_gitignore: false", False):
            xt.write(path, re.sub(r"(path: [\w-]+)", r"\1" + more, text))
            commit(home)
            source, = rows(statement(build(home, "recipes/tiny.yaml", "--force")), "source")
            xt.equal("git.example.org" in source["uri"], by_commit, source)


def test_two_builds_say_the_same():
    """Another folder, another number of jobs, another time: the same bytes."""
    lines = []
    with tiny() as first, xt.scratch() as other:
        for home, jobs in ((first, "1"), (other, "2")):
            if home == other:
                shutil.copytree(os.path.join(first, "recipes"),
                                os.path.join(other, "recipes"))
            item = build(home, "recipes/tiny.yaml", "-j", jobs, "--force")
            lines.append((sha(item["file"]), read(item["file"] + SUFFIX)))
    xt.equal(lines[0], lines[1])


def test_what_is_not_committed():
    with tiny() as home:
        path = os.path.join(home, "recipes")
        item = build(home, "recipes/tiny.yaml")
        xt.equal(rows(statement(item), "repository"), [])  # no repository
        said = run(home, "explain", item["file"])
        xt.check("not in a git repository" in said.out, said)
        git(home, "init", "-q")
        item = build(home, "recipes/tiny.yaml", "--force")
        xt.equal(rows(statement(item), "repository"), [])  # no commit yet
        commit(home)
        xt.write(os.path.join(path, "tiny-src", "tiny.c"),
                 read(os.path.join(path, "tiny-src", "tiny.c")) + "/* more */\n")
        xt.write(os.path.join(path, "tiny-src", "new.h"), "")
        xt.write(os.path.join(path, "other.yaml"), "unrelated\n")
        with open(os.path.join(path, "tiny.yaml"), "a", encoding="utf-8") as f:
            f.write("# edited\n")
        item = build(home, "recipes/tiny.yaml")
        source, = rows(statement(item), "source")  # not what the commit has there
        xt.equal(source["uri"], named(source["digest"]["sha256"]))
        changed = rows(statement(item), "repository")[0]["annotations"]["changed"]
        xt.equal(changed, ["recipes/tiny-src/new.h", "recipes/tiny-src/tiny.c",
                           "recipes/tiny.yaml"])
        said = run(home, "explain", item["file"])
        xt.check(re.search(r"not as committed +recipes/tiny-src/new.h", said.out), said)
        # a lock that git ignores is in no commit
        xt.write(os.path.join(home, ".gitignore"), "*.lock\n")
        git(home, "rm", "-q", "--cached", "recipes/tiny.lock")
        commit(home)
        item = build(home, "recipes/tiny.yaml", "--force")
        changed = rows(statement(item), "repository")[0]["annotations"]["changed"]
        xt.equal(changed, ["recipes/tiny.lock"])


def test_explain():
    with tiny() as home:
        item = build(home, "recipes/tiny.yaml")
        head = commit(home)
        item = build(home, "recipes/tiny.yaml", "--force")
        wheel, beside = item["file"], item["file"] + SUFFIX
        said = run(home, "explain", wheel)
        for words in (item["sha256"] + ", as stated", "recipes/tiny.yaml", head,
                      "sandbox bwrap", r"toolchain clang +\d+ files", "setuptools-"):
            xt.check(re.search(words, said.out), words, said)
        xt.check("libc6_" in run(home, "explain", beside, "-v").out)
        told = run(home, "explain", wheel, "--json").json
        xt.equal((told["v"], told["sha256"], told["checked"], told["sealed"]),
                 (1, item["sha256"], True, False))
        xt.equal(told["statement"], statement(item))
        xt.check("key given twice" in run(home, "explain", "X0202").out)
        # the statement alone
        moved = os.path.join(home, "alone" + SUFFIX)
        shutil.copy(beside, moved)
        xt.check("not checked" in run(home, "explain", moved).out)
        # a signer's envelope in its place; xorch leaves it there
        envelope = json.dumps({
            "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": "AA=="}],
            "payload": base64.b64encode(read(beside).encode()).decode()}) + "\n"
        xt.write(moved, envelope)
        xt.check("signed envelope" in run(home, "explain", moved).out)
        signed = read(beside) + envelope
        xt.write(beside, signed)
        xt.equal(build(home, "recipes/tiny.yaml")["state"], "cached")
        build(home, "recipes/tiny.yaml", "--force")
        xt.equal(read(beside), signed)


def test_tampered():
    with tiny() as home:
        item = build(home, "recipes/tiny.yaml")
        wheel, beside = item["file"], item["file"] + SUFFIX
        good, line = open(wheel, "rb").read(), read(beside)
        xt.write(wheel, good + b"\0")
        for verb in ("explain", "rebuild"):
            bad = run(home, verb, wheel, code=6)
            xt.check("X0691" in bad.err and item["sha256"] in bad.err, bad)
        xt.write(wheel, good)
        xt.write(beside, line.replace(item["sha256"], "0" * 64))
        xt.check("X0691" in run(home, "explain", wheel, code=6).err)
        xt.write(beside, line[:-40])
        xt.check("X0690" in run(home, "rebuild", wheel, code=6).err)
        xt.write(beside, line.replace("recipes/tiny.yaml", "../../etc/tiny.yaml"))
        xt.check("X0693" in run(home, "rebuild", wheel, code=2).err)
        xt.write(beside, line.replace("urn:xorch:build:1", "urn:other:build:1"))
        xt.check("X0696" in run(home, "rebuild", wheel, code=2).err)
        xt.write(beside, line.replace('"recipes/tiny.yaml"', '"\\u001b[2Jx"'))
        xt.check("\x1b" not in run(home, "explain", wheel, "-v").out)
        os.unlink(beside)
        bad = run(home, "explain", wheel, code=2)
        xt.check("X0692" in bad.err and "--no-provenance" in bad.err, bad)
        # a run that finds the wheel made puts its statement back
        xt.equal(build(home, "recipes/tiny.yaml")["state"], "cached")
        xt.equal(read(beside), line)


def test_switched_off():
    with tiny() as home:
        item = build(home, "recipes/tiny.yaml", "--no-provenance")
        xt.equal(os.listdir(os.path.join(home, "dist")),
                 [os.path.basename(item["file"])])
        build(home, "recipes/tiny.yaml", XORCH_NO_PROVENANCE="1")
        xt.check(not os.path.exists(item["file"] + SUFFIX))
        build(home, "recipes/tiny.yaml")  # it was kept all the same
        xt.equal(statement(item)["subject"][0]["digest"]["sha256"], item["sha256"])


def test_replaced_wheel_has_its_own():
    """Other bytes under one name: refused with the old statement left, replaced with it."""
    with tiny() as home:
        item = build(home, "recipes/tiny.yaml")
        line = read(item["file"] + SUFFIX)
        source = os.path.join(home, "recipes/tiny-src/tiny.c")
        xt.write(source, read(source).replace("42", "43"))
        build(home, "recipes/tiny.yaml", code=7)
        xt.equal((sha(item["file"]), read(item["file"] + SUFFIX)), (item["sha256"], line))
        item = build(home, "recipes/tiny.yaml", "--replace")
        xt.equal(statement(item)["subject"][0]["digest"]["sha256"], sha(item["file"]))


def test_rebuild():
    """cwcwidth again from its statement, offline; nothing is left of it."""
    with xt.scratch() as home:
        os.makedirs(os.path.join(home, "recipes"))
        for name in ("cwcwidth.yaml", "cwcwidth.lock"):
            shutil.copy(os.path.join(xt.SOURCE, "recipes", name),
                        os.path.join(home, "recipes"))
        commit(home)
        item = build(home, "recipes/cwcwidth.yaml", "--force")
        files = sorted(os.listdir(os.path.join(home, "dist")))
        said = run(home, "rebuild", item["file"], "--offline", "--strict",
                   SOURCE_DATE_EPOCH="7", XORCH_TARGET="armv7")
        xt.check("identical" in said.out and "not as then" not in said.err, said)
        xt.equal(run(home, "rebuild", item["file"], "--json").json["identical"], True)
        xt.equal(sorted(os.listdir(os.path.join(home, "dist"))), files)
        # from elsewhere: --recipe, or -C
        with xt.scratch() as other:
            away = os.path.join(other, os.path.basename(item["file"]))
            shutil.copy(item["file"], away)
            shutil.copy(item["file"] + SUFFIX, away + SUFFIX)
            bad = run(other, "rebuild", away, code=2)
            xt.check("X0693" in bad.err and "git.example.org" in bad.err, bad)
            run(other, "rebuild", away, "--recipe",
                os.path.join(home, "recipes/cwcwidth.yaml"))
            run(other, "rebuild", away, "-C", home)


def test_rebuild_of_something_else():
    with tiny() as home:
        source = os.path.join(home, "recipes/tiny-src/tiny.c")
        item = build(home, "recipes/tiny.yaml")
        with open(os.path.join(home, "recipes/tiny.yaml"), "a", encoding="utf-8") as f:
            f.write("# no effect\n")
        record = os.path.join(test_wheels.shared_cache(), "v1/records/item",
                              definition(statement(item))["internalParameters"]["key"])
        before = os.stat(record)
        said = run(home, "rebuild", item["file"])
        xt.check("not as then: recipe file" in said.err and "identical" in said.out, said)
        xt.equal(os.stat(record), before)  # the time of its last use included
        xt.write(source, read(source).replace("42", "43"))
        bad = run(home, "rebuild", item["file"], code=7)
        for words in ("X0695", "first: tiny.cpython-311-aarch64-linux-gnu.so, from byte",
                      "not as then: source path tiny-src"):
            xt.check(words in bad.err, words, bad)
        bad = run(home, "rebuild", item["file"], "--strict", code=4)
        xt.check("X0694" in bad.err and ": build" not in bad.err, bad)
        os.unlink(os.path.join(home, "recipes/tiny.lock"))
        xt.check("X0407" in run(home, "rebuild", item["file"], code=4).err)
        os.unlink(os.path.join(home, "recipes/tiny.yaml"))
        xt.check("X0693" in run(home, "rebuild", item["file"], code=2).err)


def test_reader_of_toml():
    """A CPython without tomllib and without a pip that has one, as Debian 11's: the
    wheel whose reader said what builds the project is an input."""
    with tiny() as home:
        found = [p for p in xt.run(["doctor", "--json"], home=home, HOME=os.path.expanduser(
            "~")).json["pythons"] if p["tag"] == "cp39" and p["headers"]]
        if not found:
            raise xt.Skip("no CPython 3.9 with headers is here")
        base = os.path.dirname(os.path.dirname(os.path.realpath(found[0]["executable"])))
        own = os.path.join(home, "pyenv", "versions", found[0]["version"])
        shutil.copytree(base, own, symlinks=True, copy_function=test_wheels.link_or_copy,
                        ignore=shutil.ignore_patterns("pip*", "ensurepip", "test", "share"))
        program = os.path.join(own, "bin", "python3.9")
        os.unlink(program)
        shutil.copy2(os.path.join(base, "bin", "python3.9"), program)
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN/../lib", program], check=True)
        # nor one that Debian keeps for its own virtual environments
        r = subprocess.run(
            ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/usr/share/python-wheels", "--",
             xt.XORCH, "build", "recipes/tiny.yaml", "--target", "aarch64", "--python",
             "cp39", "--sandbox", "env", "--json"], capture_output=True, text=True, cwd=home,
            env=xt.environment(home, PYENV_ROOT=os.path.join(home, "pyenv"),
                               PATH="/usr/bin:/bin",
                               XORCH_CACHE_DIR=test_wheels.shared_cache()))
        xt.equal(r.returncode, 0, r.stdout, r.stderr)
        s = statement(json.loads(r.stdout)["items"][0])
        row, = rows(s, "toolchain pip")
        xt.check(re.fullmatch(r"pkg:pypi/pip@\S+\?file_name=pip-\S+-none-any\.whl",
                              row["uri"]), row)
        xt.check(row["digest"]["sha256"] in read(
            os.path.join(xt.SOURCE, "toolchains/pip.lock")), row)
        xt.check(any(r["name"] == "toolchains/pip.lock" for r in rows(s, "definition")), s)
        # with a pip of its own
        s = statement(build(home, "recipes/tiny.yaml", "--force"))
        xt.equal(rows(s, "toolchain pip"), [])


def test_go_program():
    with xt.scratch() as home:
        folder = os.path.join(home, "recipes")
        xt.write(os.path.join(folder, "hello.yaml"), GO_RECIPE)
        xt.write(os.path.join(folder, "hello-src/go.mod"), "module hello\n\ngo 1.21\n")
        main = xt.write(os.path.join(folder, "hello-src/main.go"),
                        f'package main\n\nfunc main() {{ println("{packages.RUN}") }}\n')
        item = build(home, "recipes/hello.yaml", python=None)
        xt.equal(os.stat(item["file"] + SUFFIX).st_mode & 0o111, 0)
        s = statement(item)
        judges.check_provenance(read(item["file"] + SUFFIX))
        xt.check("python" not in definition(s)["externalParameters"], s)
        xt.check("toolchain" not in definition(s)["externalParameters"], s)
        xt.check(rows(s, "build machine") or rows(s, "toolchain go"), s)
        xt.check("identical" in run(home, "rebuild", item["file"]).out)
        xt.write(main, read(main).replace("println", "print"))
        bad = run(home, "rebuild", item["file"], code=7)
        xt.check("X0695" in bad.err and "first: from byte" in bad.err, bad)


def test_fzf_names_its_modules():
    with xt.scratch() as home:
        os.makedirs(os.path.join(home, "recipes"))
        for name in ("fzf.yaml", "fzf.lock"):
            shutil.copy(os.path.join(xt.SOURCE, "recipes", name),
                        os.path.join(home, "recipes"))
        item = build(home, "recipes/fzf.yaml", "--force", python=None)
        s = statement(item)
        judges.check_provenance(read(item["file"] + SUFFIX))
        lock = read(os.path.join(home, "recipes/fzf.lock"))
        named = {r["digest"]["sha256"] for r in rows(s, "module") + rows(s, "source")}
        xt.equal(named, set(re.findall(r"sha256: \"?([0-9a-f]{64})", lock)))


if __name__ == "__main__":
    xt.main(globals())
