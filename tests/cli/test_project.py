"""The project file xorch.yaml and the user's configuration: which value counts."""
import json
import os
import subprocess

import monorepo
import server
import xt


def world(home, project=None, user=None, recipe=None):
    xt.write(f"{home}/recipes/a.yaml", monorepo.text({**monorepo.recipe("a"),
                                                      **(recipe or {})}))
    for path, text in ((f"{home}/xorch.yaml", project),
                       (f"{home}/.config/xorch/config.yaml", user)):
        if text is not None:
            xt.write(path, text)
        elif os.path.exists(path):
            os.remove(path)


def plan(home, *args, code=0, cwd=None, **env):
    result = xt.run(["plan", "--json", *args], home=home, cwd=cwd or home, **env)
    xt.equal(result.code, code, result)
    return result


def items(home, *args, **env):
    return plan(home, *args, **env).json["items"]


PROJECT = """schema_version: 1
targets: [x86_64]
python: {versions: ["3.11"]}
toolchain: {c: gcc, manylinux: {x86_64: "2_28", armv7: "2_31"}, sysroot: debian-11}
"""


def test_precedence():
    """flags > environment > Docker's variables > recipe > project > user > built in"""
    def one(**env):
        return [(i["id"].removeprefix("a-1.0-"), i["toolchain"], i["floor"])
                for i in items(home, **env)]
    xt.need_pythons("cp311", "cp312")
    with xt.scratch() as home:
        world(home)
        built_in = one()
        xt.equal([(t, f) for _, t, f in built_in], [("clang", "2_17")] * 2)
        world(home, user="toolchain: {c: gcc, manylinux: \"2_24\"}\ntargets: [armv7]\n")
        xt.equal([(i[0][-5:], *i[1:]) for i in one()], [("armv7", "gcc", "2_24")])
        user = "toolchain: {c: clang, manylinux: \"2_24\"}\ntargets: [armv7]\n"
        world(home, PROJECT, user)
        xt.equal(one(), [("cp311-x86_64", "gcc", "2_28")])
        # of a map only the targets it names; the rest is the user's no more
        xt.equal(one(TARGETARCH="arm64"), [("cp311-aarch64", "gcc", "2_17")])
        xt.equal(one(TARGETARCH="arm", TARGETVARIANT="v7"),
                 [("cp311-armv7", "gcc", "2_31")])
        world(home, PROJECT, user, {
            "targets": ["aarch64"], "python": {"versions": ["3.12"]},
            "toolchain": {"c": "clang", "manylinux": "2_19"}})
        xt.equal(one(), [("cp312-aarch64", "clang", "2_19")])
        xt.equal(one(XORCH_FLOOR="2_31", XORCH_TOOLCHAIN="gcc"),
                 [("cp312-aarch64", "gcc", "2_31")])
        got = items(home, "--floor", "2_29", "--toolchain", "clang", XORCH_FLOOR="2_31",
                    XORCH_TOOLCHAIN="gcc")
        xt.equal([(i["toolchain"], i["floor"]) for i in got], [("clang", "2_29")])


def test_user_and_system():
    """$XDG_CONFIG_HOME/xorch/config.yaml before /etc/xorch/config.yaml, each value from the
    first that has it; the project's before both."""
    xt.need_pythons("cp311")
    with xt.scratch() as home:
        world(home)
        system = xt.write(f"{home}/system.yaml", 'targets: [armv7]\npython: {versions: ["3.11"]}'
                          '\ntoolchain: {c: gcc, manylinux: "2_24"}\n')

        def one(**env):
            p = subprocess.run(
                ["bwrap", "--ro-bind", "/", "/", "--bind", home, home, "--dev", "/dev",
                 "--proc", "/proc", "--tmpfs", "/etc", "--ro-bind", system,
                 "/etc/xorch/config.yaml", xt.XORCH, "plan", "--json"], cwd=home, text=True,
                env=xt.environment(home, **env), capture_output=True)
            xt.equal(p.returncode, 0, p.stderr)
            return [(i["target"], i["toolchain"], i["floor"])
                    for i in json.loads(p.stdout)["items"]]
        xt.equal(one(), [("armv7", "gcc", "2_24")])
        world(home, user='toolchain: {manylinux: "2_28"}\n')
        xt.equal(one(), [("armv7", "gcc", "2_28")])
        xt.write(f"{home}/other/xorch/config.yaml", "targets: [aarch64]\n")
        xt.equal(one(XDG_CONFIG_HOME=f"{home}/other"), [("aarch64", "gcc", "2_24")])
        world(home, project='schema_version: 1\ntoolchain: {c: clang}\n',
              user='toolchain: {manylinux: "2_28"}\n')
        xt.equal(one(), [("armv7", "clang", "2_28")])


def test_of_env():
    with xt.scratch() as home:
        world(home, "schema_version: 1\ntoolchain: {manylinux: \"2_28\"}\n")
        args = ["env", "--no-fetch", "--json", "--target", "aarch64"]
        result = xt.run(args, home=home, cwd=home)
        xt.check(result.json["PLAT"] == "manylinux_2_28_aarch64", result)
        result = xt.run([*args, "--floor", "2_31"], home=home, cwd=home)
        xt.check(result.json["PLAT"] == "manylinux_2_31_aarch64", result)


def test_where_it_is():
    """At the top of the git work tree, from whatever folder below; else where one is."""
    with xt.scratch() as home:
        world(home, PROJECT)
        below = os.path.join(home, "deep", "er")
        xt.write(f"{below}/recipes/b.yaml", monorepo.text(monorepo.recipe("b")))
        xt.check("x86_64" not in plan(home, cwd=below).out)
        monorepo.git(home, "init", "-q", ".")
        xt.equal([i["id"] for i in items(home, cwd=below)], ["b-1.0-cp311-x86_64"])
        xt.equal([i["id"] for i in items(home, "-C", below)], ["b-1.0-cp311-x86_64"])
        # by a link from outside, as the shell's PWD has it
        with xt.scratch() as other:
            os.symlink(below, f"{other}/link")
            xt.equal([i["id"] for i in items(home, cwd=f"{other}/link", PWD=f"{other}/link")],
                     ["b-1.0-cp311-x86_64"])


def test_folders():
    with xt.scratch() as home:
        world(home, "schema_version: 1\ncache: .cache/x\nout: wheels/here\n"
                    "durations: d.json\n")
        monorepo.git(home, "init", "-q", ".")
        below = os.path.join(home, "recipes")
        result = xt.run(["cache", "dir"], home=home, cwd=below, XORCH_CACHE_DIR="")
        xt.equal(os.path.realpath(result.out.strip()),
                 os.path.realpath(f"{home}/.cache/x"), result)
        result = xt.run(["cache", "dir"], home=home, cwd=below,
                        XORCH_CACHE_DIR=f"{home}/other")
        xt.equal(result.out.strip(), f"{home}/other", result)
        # read only when a part is asked for, and then missed
        plan(home)
        result = plan(home, "--shard", "1/2", code=8)
        xt.check("d.json" in result.err, result)


def test_mirrors():
    """XORCH_MIRROR_… before the project's before the user's."""
    with xt.scratch() as home, server.Server() as project, server.Server() as user, \
            server.Server() as named:
        world(home, f"schema_version: 1\nmirrors: {{pypi: {project.url('/simple')} }}\n",
              f"mirrors: {{pypi: [{user.url('/simple')}]}}\n")
        for env, asked in (({"XORCH_MIRROR_PYPI": named.url("/simple")}, named),
                           ({"XORCH_MIRROR_PYPI": None}, project)):
            before = [len(s.requests) for s in (project, user, named)]
            xt.run(["lock", "recipes/a.yaml"], home=home, cwd=home,
                   XORCH_HTTP_RETRIES="0", **env)
            after = [len(s.requests) for s in (project, user, named)]
            grown = [s for s, a, b in zip((project, user, named), before, after) if b > a]
            xt.equal(grown, [asked])
        os.remove(f"{home}/xorch.yaml")
        xt.run(["lock", "recipes/a.yaml"], home=home, cwd=home, XORCH_HTTP_RETRIES="0",
               XORCH_MIRROR_PYPI=None)
        xt.check(user.requests, "the user's mirror was not asked")


def test_index():
    """`index` as uv and pip have it: asked before mirrors.pypi of the same file, which
    comes next when it has no such project; a file that says either hides the others."""
    with xt.scratch() as home, server.Server() as index, server.Server() as mirror, \
            server.Server() as user, server.Server() as named:
        servers = (index, mirror, user, named)

        def asked(**env):
            before = [len(s.requests) for s in servers]
            result = xt.run(["lock", "recipes/a.yaml"], home=home, cwd=home,
                            XORCH_HTTP_RETRIES="0", **env)
            xt.equal(result.code, 5, result)
            return [s for s, n in zip(servers, before) if len(s.requests) > n], result
        at = {s: s.url("/simple") for s in servers}
        own = f"index: {at[user]}/\n"
        world(home, f"schema_version: 1\nindex: {at[index]}\n", own)
        got, result = asked(XORCH_MIRROR_PYPI=None)
        xt.equal(got, [index], result)
        # the word of the index is told
        xt.check(f"index: {at[index]}" in result.err, result)
        xt.equal(index.requests[0].path, "/simple/a/", result)
        xt.equal(asked(XORCH_MIRROR_PYPI=at[named])[0], [named])
        # pip's and uv's own settings are for pip and uv
        xt.equal(asked(XORCH_MIRROR_PYPI=None, UV_DEFAULT_INDEX=at[named],
                       PIP_INDEX_URL=at[named])[0], [index])
        both = f"schema_version: 1\nmirrors: {{pypi: {at[mirror]}}}\nindex: {at[index]}\n"
        world(home, both, own)
        got, result = asked(XORCH_MIRROR_PYPI=None)
        xt.equal(got, [index, mirror], result)
        xt.check(f"index: {at[index]}" in result.err, result)
        world(home, f"schema_version: 1\nmirrors: {{pypi: {at[mirror]}}}\n", own)
        xt.equal(asked(XORCH_MIRROR_PYPI=None)[0], [mirror])
        world(home, "schema_version: 1\n", own + f"mirrors: {{pypi: {at[mirror]}}}\n")
        xt.equal(asked(XORCH_MIRROR_PYPI=None)[0], [mirror, user])
        world(home, "schema_version: 1\n", own)
        xt.equal(asked(XORCH_MIRROR_PYPI=None)[0], [user])


def test_a_wrong_one_stops_all_but_what_needs_none():
    with xt.scratch() as home:
        world(home, "schema_version: 1\ntargts: [armv7]\n")
        for verb in (["plan"], ["build"], ["lock"], ["env", "--target", "armv7"]):
            result = xt.run(verb, home=home, cwd=home)
            xt.equal(result.code, 2, verb, result)
            xt.check("X0201" in result.err and "xorch.yaml:2:1" in result.err and
                     "did you mean `targets`" in result.err, verb, result)
        for verb in (["version"], ["help"], ["explain", "X0340"], ["plan", "--help"]):
            xt.equal(xt.run(verb, home=home, cwd=home).code, 0, verb)
        result = xt.run(["check", "recipes", "--json"], home=home, cwd=home)
        xt.equal(result.code, 2, result)
        xt.equal([(d["code"], d["line"]) for d in result.json["diagnostics"]],
                 [("X0201", 2)], result)
        world(home, None, "mirrors: {pypi: [[x]]}\n")
        result = plan(home, code=2)
        xt.check("config.yaml:1" in result.err, result)


def test_no_trust_from_a_project():
    with xt.scratch() as home:
        for key in ("tls: {verify: false}", "insecure: true", "token: x", "git: {x: y}",
                    "netrc: /etc/passwd", "sandbox: env"):
            world(home, f"schema_version: 1\n{key}\n")
            result = xt.run(["check"], home=home, cwd=home)
            xt.check(result.code == 2 and "X0340" in result.err, key, result)
            xt.check("unknown key" not in result.err, key, result)
        for text in ("cache: /tmp/x", "out: ../x", "mirrors: {pypi: http://a.example/}",
                     "mirrors: {pypi: https://user:pw@a.example/simple}",
                     "mirrors: {oci: quay.io=ftp://a.example}",
                     "index: https://user:pw@a.example/simple", "index: ../simple"):
            world(home, f"schema_version: 1\n{text}\n")
            result = xt.run(["check"], home=home, cwd=home)
            xt.check(result.code == 2 and "X0213" in result.err, text, result)
            xt.check(":pw@" not in result.err, result)


if __name__ == "__main__":
    xt.main(globals())
