"""A C++17 wheel of two extensions at floor 2_17, from recipe to audit, run by
bullseye's Python 3.9 under emulation (bookworm's 3.11 where this machine has no 3.9)."""
import os
import shutil
import judges
import target_root
import test_floor
import test_wheels
import xt

SETUP = """
from setuptools import setup, Extension
def extension(name):
    return Extension("cxx_" + name, [name + "_module.cc", name + ".cc"], language="c++",
                     extra_compile_args=["-std=c++17", "-pthread", "-fvisibility=hidden"],
                     extra_link_args=["-pthread"])
setup(name="cxxpair", version="1.0", ext_modules=[extension("first"), extension("second")])
"""

RECIPE = """schema_version: 1
package:
  name: cxxpair
  version: "1.0"
kind: wheel
source:
  path: src
"""

RUN = """
import sys, cxx_first, cxx_second
sys.stdout.write(cxx_first.report("{folder}"))
print("caught", cxx_second.catches(cxx_first.thrower))
"""


def wheel(toolchain):
    with xt.scratch() as home:
        source = os.path.join(home, "recipes", "src")
        shutil.copytree(test_floor.FIXTURES, source)
        xt.write(os.path.join(source, "setup.py"), SETUP)
        xt.write(os.path.join(home, "recipes", "cxxpair.yaml"), RECIPE)
        some = os.path.dirname(xt.write(os.path.join(home, "some", "file"), "x"))
        python = "cp39" if "cp39" in xt.pythons() else "cp311"
        result = test_wheels.build("cxxpair.yaml", ["aarch64", "armv7"], python, home,
                                   toolchain)
        xt.equal(result.code, 0, result)
        items = [i for i in result.json["items"] if i["state"] != "skipped"]
        xt.equal(len(items), 2, result)
        for item in items:
            target = item["id"].split("-")[-1]
            xt.check("manylinux2014" in item["file"], item)
            judges.check_wheel(item["file"], target, python)
            root = target_root.get(test_wheels.SUITE[python], target)
            xt.equal(root.run_wheel(item["file"], RUN.format(folder=some)),
                     test_floor.REPORT, toolchain, target)


def test_cxx17_wheel_clang():
    wheel("clang")


def test_cxx17_wheel_gcc():
    wheel("gcc")


if __name__ == "__main__":
    xt.main(globals())
