"""--allow-network: the build of an item reaches the network, and nothing hides it."""
import json
import os

import packages
import server
import test_wheels
import xt

# What its build fetches stands for an archive that a project's setup.py downloads.
SETUP = """import sys, urllib.request
from setuptools import setup, Extension
answer = "0"
if "bdist_wheel" in sys.argv:
    answer = urllib.request.urlopen({url!r}, timeout=5).read().decode()
setup(name={name!r}, version="1.0", py_modules=[], ext_modules=[
    Extension({name!r}, [{name!r} + ".c"], define_macros=[("ANSWER", answer)])])
"""


def build(home, *args, code=0, **env):
    result = xt.run(["build", "recipes", "--target", "aarch64", "--python", "cp311",
                     "--json", *args], home=home, cwd=home,
                    XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result, {i["id"].split("-")[0]: i for i in result.json["items"]}


def test_of_one_item():
    with xt.scratch() as home, server.Server() as net:
        net.add("/answer", server.Reply(b"42"))
        for name in ("open", "shut"):
            packages.project(os.path.join(home, "recipes"), name,
                             setup=SETUP.format(name=name, url=net.url("/answer")))
        result, items = build(home, "--keep-going", code=1)
        xt.equal([i["state"] for i in items.values()], ["failed"] * 2, result)
        xt.equal(net.requests, [])

        ident = items["open"]["id"]
        allow = ["--allow-network", ident]
        plan = xt.run(["plan", "recipes", "--target", "aarch64", "--python", "cp311", *allow],
                      home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal(["with network" in line for line in plan.out.splitlines()], [True, False],
                 plan)
        result, items = build(home, "--keep-going", *allow, code=1)
        xt.equal([items[n]["state"] for n in ("open", "shut")], ["built", "failed"], result)
        xt.equal([items[n].get("network") for n in ("open", "shut")], [True, None], result)
        xt.equal(net.count("/answer"), 1)
        warnings = [t for t in result.err.splitlines() if t.startswith("warning: ")]
        xt.check(len(warnings) == 1 and f"{ident}: its build may reach the network" in
                 warnings[0], result)
        xt.check(f"xorch build {ident}" not in result.err, result)

        built = items["open"]
        with open(built["file"] + ".intoto.jsonl", encoding="utf-8") as f:
            said = json.loads(f.readline())["predicate"]["buildDefinition"]
        xt.equal(said["externalParameters"]["network"], True)
        xt.equal(said["internalParameters"]["sandbox"]["network"], "open")
        xt.check(["network", "open by --allow-network"] in
                 said["internalParameters"]["inputs"], said)

        # a rebuild opens it again; a build that may not is another, and the pattern the same
        again = xt.run(["rebuild", built["file"]], home=home, cwd=home,
                       XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal(again.code, 0, again)
        xt.equal(net.count("/answer"), 2)
        result, items = build(home, "--only", ident, XORCH_ALLOW_NETWORK="open-*")
        xt.equal(items["open"]["state"], "cached", result)
        xt.check("--allow-network" not in result.err, result)
        result, items = build(home, "--only", ident, "--explain", code=1)
        xt.check("network: open by --allow-network" in result.err, result)
        xt.equal(net.count("/answer"), 2)


if __name__ == "__main__":
    xt.main(globals())
