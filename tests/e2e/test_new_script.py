"""Variables that a setup script wants: found by `xorch new`, and what is built with them."""
import os

import git_server
import packages
import test_wheels
import xt

GUARDED = """import os
from setuptools import setup, Extension
fast = os.getenv("TINY_FAST", "no").lower() in ("yes", "full")
setup(name="tiny", version="1.0", py_modules=[],
      ext_modules=[Extension("tiny", ["tiny.c"])] if fast else [])
"""
POETRY = """[build-system]
requires = ["poetry-core", "setuptools"]
build-backend = "poetry.core.masonry.api"
[tool.poetry]
name = "tiny"
version = "1.0"
description = ""
authors = []
packages = [{include = "tinypkg.py"}]
[tool.poetry.build]
generate-setup-file = true
script = "build_ext.py"
"""
# A failure is passed over unless it is told not to.
SCRIPT = """import os
from distutils.command.build_ext import build_ext
from setuptools import Extension
class Optional(build_ext):
    def build_extensions(self):
        try:
            super().build_extensions()
        except Exception:
            if os.environ.get("REQUIRE_EXTENSION"):
                raise
def build(setup_kwargs):
    setup_kwargs.update({"ext_modules": [Extension("tiny", ["tiny.c"])],
                         "cmdclass": {"build_ext": Optional}})
"""


def whole_way(home, edit=None, **project):
    """(text of the recipe, result of its build) of a project that a server here has."""
    packages.project(home, **project)
    src = os.path.join(home, "tiny-src")
    contents = {}
    for name in os.listdir(src):
        with open(os.path.join(src, name), "rb") as f:
            contents[name] = f.read()
    contents.update(edit or {})
    os.mkdir(os.path.join(home, "served"))
    cache = {"XORCH_CACHE_DIR": test_wheels.shared_cache()}
    with git_server.Server(os.path.join(home, "served")) as s:
        repo = s.repository("team/tiny")
        repo.commit(contents, tag="v1.0")
        made = xt.run(["new", "--from", "git", repo.url, "--python", "cp311"], home=home,
                      timeout=600, **cache)
        test_wheels.need_network(made)
        xt.equal(made.code, 0, made)
        with open(os.path.join(home, "recipes/tiny.yaml"), encoding="utf-8") as f:
            text = f.read()
        built = xt.run(["build", os.path.join(home, "recipes/tiny.yaml"), "--target", "armv7", "--python",
                        "cp311", "--json"], home=home, timeout=900, **cache)
        test_wheels.need_network(built)
    return text, built


def test_variable_that_setup_py_wants():
    with xt.scratch() as home:
        text, built = whole_way(home, setup=GUARDED)
        xt.check('TINY_FAST: "yes"  # guessed: setup.py compiles tiny only' in text, text)
        xt.equal(built.code, 0, built)
        xt.equal(test_wheels.judge(built, imports=False), 1, built)


def test_script_that_passes_over_failures():
    """The compiler's error is what is told, not that a module is missing."""
    with xt.scratch() as home:
        text, built = whole_way(home, code="this is no C\n" + packages.ANSWER, files=[
            ("build_ext.py", SCRIPT), ("tinypkg.py", "")], edit={
                "pyproject.toml": POETRY.encode()})
        xt.check('REQUIRE_EXTENSION: "1"' in text and "- tiny  # guessed: build_ext.py" in
                 text, text)
        [item] = built.json["items"]
        xt.equal((built.code, item["class"]), (1, "compile-error"), built)


if __name__ == "__main__":
    xt.main(globals())
