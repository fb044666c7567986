"""Rows H02 and H06: a lock that was made for another recipe than the one at hand is
refused before anything is fetched, and never changed to fit."""
import os

import xt

RECIPE = """schema_version: 1
package: {{name: foo, version: "{version}"}}
kind: wheel
source: {{pypi: foo{more}}}
{rest}"""

LOCK = """lock_version: 1
recipe:
  name: foo
  version: "0.9"
sources:
  - pypi: foo
    version: "0.9"
    file: foo-0.9.tar.gz
    size: 7
    sha256: bfc16531d1246dd2558eb9b3a63aa37a9978672b956860dc5426da2343ebf366
environments:
  - python: {tag}
    targets: [aarch64]
    recipe_requires: [cython>=3]
    requires: [cython>=3]
    packages: []
"""


def tag(home):
    """A CPython of this machine."""
    return xt.run(["doctor", "--json"], home=home).json["pythons"][0]["tag"]


def build(home, *args, lock=True, version="0.9", more="", rest=""):
    recipe = xt.write(os.path.join(home, "foo.yaml"),
                      RECIPE.format(version=version, more=more, rest=rest))
    python = tag(home)
    text = LOCK.format(tag=python)
    if lock:
        xt.write(os.path.join(home, "foo.lock"), text)
    # port 9 answers nobody: whoever asked the index would fail with 5, not 4
    result = xt.run(["build", recipe, "--target", "aarch64", "--python", python, *args],
                    home=home, cwd=home, XORCH_MIRROR_PYPI="http://127.0.0.1:9/simple",
                    XORCH_HTTP_RETRIES="0")
    if lock:
        with open(os.path.join(home, "foo.lock"), encoding="utf-8") as f:
            xt.equal(f.read(), text, "the lock was changed")
    return result


def refused(result, *words):
    xt.equal(result.code, 4, result)
    for w in words:
        xt.check(w in result.err, w, result.err)


def test_H02_version_changed_and_hash_not():
    for flags in ([], ["--locked"], ["--locked", "--offline"]):
        with xt.scratch() as home:
            refused(build(home, *flags, version="1.0"), "X0403", "bfc165", "0.9", "1.0",
                    "xorch lock")


def test_H06_no_lock():
    with xt.scratch() as home:
        refused(build(home, "--locked", lock=False), "X0407", "foo 0.9", "foo.lock",
                "xorch lock")
        xt.check(not os.path.exists(os.path.join(home, "foo.lock")))


def test_H06_recipe_changed_since():
    with xt.scratch() as home:
        refused(build(home, "--locked", rest='requirements: {build: ["cython>=3.1"]}\n'),
                "X0408", "requirements.build", "xorch lock")
        refused(build(home, "--locked", more=", sha256: " + "0" * 64), "X0406", "000000",
                "xorch lock")
        # another project: neither is its entry taken nor is the old one left over
        result = build(home, "--locked", more=", version: '0.9'")
        xt.check("X0408" in result.err, result.err)


if __name__ == "__main__":
    xt.main(globals())
