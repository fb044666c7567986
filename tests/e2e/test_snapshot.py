"""--snapshot: wheels and programs of the work tree, under versions of their own."""
import email
import json
import os
import re
import subprocess
import zipfile

import judges
import monorepo
import packages
import test_wheels
import xt

GO = {"hello-src/go.mod": "module example.org/hello\n\ngo 1.19\n",
      "hello-src/main.go": 'package main\n\nfunc main() { println("1") }\n',
      "hello.yaml": 'schema_version: 1\npackage: {name: hello, version: "1.0"}\n'
                    "kind: go-binary\nsource: {path: hello-src}\n"}


def xorch(home, *args, code=0, **env):
    result = xt.run(args, home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                    **env)
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def build(home, recipe, *args, **env):
    result = xorch(home, "build", recipe, "--target", "aarch64", "--json", *args, **env)
    item, = result.json["items"]
    return item, os.path.basename(item["file"])


def commit(home):
    if not os.path.exists(os.path.join(home, ".git")):
        monorepo.git(home, "init", "-q", ".")
    monorepo.git(home, "add", "recipes")
    monorepo.git(home, "commit", "-q", "-m", "x")
    return monorepo.git(home, "rev-parse", "HEAD").strip()[:12]


def test_wheel():
    with xt.scratch() as home:
        recipe = packages.project(os.path.join(home, "recipes"))
        plain, _ = build(home, recipe, "--python", "cp311")
        head = commit(home)  # with the lock
        args = ["--python", "cp311", "--snapshot"]
        item, name = build(home, recipe, *args)
        xt.check(name.startswith(f"tiny-1.0+g{head}-cp311-cp311-manylinux"), name)
        xt.equal((item["id"], item["snapshot"]), (plain["id"], f"g{head}"))
        xt.check(item["key"] != plain["key"], item)
        xt.check(os.path.exists(plain["file"]), "the release is still there")
        judges.check_wheel(item["file"], "aarch64", "cp311")
        with zipfile.ZipFile(item["file"]) as z:
            folders = {n.split("/")[0] for n in z.namelist() if ".dist-info/" in n}
            xt.equal(folders, {f"tiny-1.0+g{head}.dist-info"})
            metadata = email.message_from_bytes(z.read(folders.pop() + "/METADATA"))
        xt.equal((metadata["Name"], metadata["Version"]), ("tiny", f"1.0+g{head}"))
        # pip takes it, and before the release
        pip = os.path.join(judges.environment("pip", "pip"), "bin", "python")
        subprocess.run([pip, "-m", "pip", "install", "-q", "--no-index", "--find-links",
                        os.path.join(home, "dist"), "--only-binary", ":all:",
                        "--python-version", "3.11", "--platform",
                        "manylinux_2_17_aarch64", "--target", os.path.join(home, "app"),
                        "tiny"], check=True)
        xt.check(f"tiny-1.0+g{head}.dist-info" in os.listdir(os.path.join(home, "app")))
        xt.equal(xorch(home, "rebuild", item["file"]).code, 0)

        # what is not committed has versions of its own, the same state the same
        seen = {name}
        for text in ("/* 1 */\n", "/* 2 */\n", "/* 1 */\n"):
            path = os.path.join(home, "recipes/tiny-src/more.h")
            xt.write(path, text)
            item, name = build(home, recipe, *args)
            xt.check(re.match(rf"tiny-1[.]0[+]g{head}[.]d[0-9a-f]{{8}}-cp311", name), name)
            seen.add(name)
        xt.equal(len(seen), 3, seen)
        xt.equal(item["state"], "cached")
        with open(item["file"] + ".intoto.jsonl", encoding="utf-8") as f:
            said = json.loads(f.readline())["predicate"]["buildDefinition"]
        xt.equal(said["externalParameters"]["snapshot"], item["snapshot"])


def test_program():
    with xt.scratch() as home:
        for path, text in GO.items():
            xt.write(os.path.join(home, "recipes", path), text)
        head = commit(home)
        item, name = build(home, "recipes/hello.yaml", "--snapshot")
        xt.equal(name, f"hello-1.0+g{head}-linux-arm64", item)
        xt.write(os.path.join(home, "recipes/hello-src/main.go"),
                 "package main\n\nfunc main() {}\n")
        _, name = build(home, "recipes/hello.yaml", XORCH_SNAPSHOT="1")
        xt.check(re.fullmatch(rf"hello-1[.]0[+]g{head}[.]d[0-9a-f]{{8}}-linux-arm64", name),
                 name)


def test_others_and_without_a_commit():
    with xt.scratch() as home:
        packages.project(os.path.join(home, "recipes"))
        xt.write(os.path.join(home, "recipes/a.yaml"), monorepo.text(monorepo.recipe("a")))
        args = ["plan", "--snapshot", "--json", "--target", "armv7", "--python", "cp311"]
        result = xorch(home, *args, code=2)
        xt.check("X0929" in result.err and "in no git repository" in result.err, result)
        monorepo.git(home, "init", "-q", ".")
        result = xorch(home, *args, code=2)
        xt.check("X0929" in result.err and "make a first commit" in result.err, result)
        head = commit(home)
        got = {i["id"]: i.get("snapshot") for i in xorch(home, *args).json["items"]}
        xt.equal(got, {"a-1.0-cp311-armv7": None, "tiny-1.0-cp311-armv7": f"g{head}"})


if __name__ == "__main__":
    xt.main(globals())
