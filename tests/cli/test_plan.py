"""What a plan tells without asking anybody."""
import os

import xt

RECIPE = """schema_version: 1
package: {name: foo, version: "1.0"}
kind: wheel
source: {pypi: foo}
"""
LOCK = """lock_version: 1
recipe: {name: foo, version: "1.0"}
sources:
  - pypi: foo
    version: "1.0"
    file: foo-1.0.tar.gz
    size: 7
    sha256: bfc16531d1246dd2558eb9b3a63aa37a9978672b956860dc5426da2343ebf366
    requires_python: "%s"
"""


def plan(home, requires):
    recipe = xt.write(os.path.join(home, "foo.yaml"), RECIPE)
    xt.write(os.path.join(home, "foo.lock"), LOCK % requires)
    return xt.run(["plan", recipe, "--target", "aarch64", "--python", "all", "--json"],
                  home=home, cwd=home, XORCH_MIRROR_PYPI="http://127.0.0.1:9/simple")


def test_without_any_lock():
    with xt.scratch() as home:
        for kind in ("pypi: foo", "gomod: example.com/foo", "debsrc: foo"):
            wheel = kind.startswith("pypi")
            recipe = xt.write(os.path.join(home, "foo.yaml"), RECIPE.replace(
                "pypi: foo", kind).replace("kind: wheel", "kind: wheel" if wheel else
                                           "kind: go-binary" if "gomod" in kind else
                                           "kind: library"))
            result = xt.run(["plan", recipe, "--target", "aarch64", "--json"], home=home,
                            XORCH_MIRROR_PYPI="http://127.0.0.1:9/simple")
            xt.equal(result.code, 0, kind, result)
            for item in result.json["items"]:
                xt.equal([item["state"], item["reason"]], ["planned", "not locked yet"])


def test_with_an_empty_cache():
    """A job of CI that only plans has nothing yet, and fetches nothing: all recipes that
    are locked get their keys."""
    xt.need_pythons("cp311")
    with xt.scratch() as home:
        result = xt.run(["plan", os.path.join(xt.SOURCE, "recipes"), "--target", "aarch64",
                         "--target", "armv7", "--python", "3.11", "--json"], home=home,
                        XORCH_MIRROR_PYPI="http://127.0.0.1:9/simple",
                        XORCH_MIRROR_DEBIAN="http://127.0.0.1:9/debian")
        xt.equal(result.code, 0, result)
        states = {i["id"]: i["state"] for i in result.json["items"]}
        xt.check(len(states) > 40 and set(states.values()) <= {"planned", "skipped"}, states)
        xt.check(not os.path.exists(os.path.join(home, "cache/v1/trees/uv")))


def test_requires_python_of_the_lock():
    with xt.scratch() as home:
        for item in plan(home, ">=3.0").json["items"]:
            xt.equal([item["state"], item["reason"]], ["planned", "not locked yet"])
        result = plan(home, ">=3.99")
        for item in result.json["items"]:
            xt.equal([item["state"], item["reason"]],
                     ["skipped", "foo 1.0 requires Python >=3.99"])


if __name__ == "__main__":
    xt.main(globals())
