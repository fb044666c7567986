"""One recipe for every target and every CPython found that its version supports, by
one toolchain, each wheel judged; a long test for each recipe (tests/CMakeLists.txt).

    matrix.py RECIPE.yaml clang|gcc"""
import sys

import test_wheels
import xt

# A build of these takes over a minute: one older and one newer Python stand for all.
HEAVY = ("cryptography", "lxml", "numpy", "pyzmq", "rapidfuzz", "sudachipy")


def main(recipe, toolchain):
    heavy = recipe.startswith(HEAVY)
    with xt.scratch() as home:
        result = test_wheels.build(recipe, ["aarch64", "armv7", "x86_64"],
                                   "cp311,cp313" if heavy else "all", home, toolchain)
        if result.code == 3:
            raise xt.Skip("no CPython of this machine is supported by it:\n" + result.err)
        xt.equal(result.code, 0, result)
        done = test_wheels.judge(result)
        print(f"{done} wheels of {recipe} by {toolchain}, Pythons found: "
              f"{' '.join(test_wheels.pythons())}")
        xt.check(done >= 3, f"only {done} wheels", result)


def test_it():
    main(*arguments)


arguments, sys.argv[1:] = sys.argv[1:3], ["test_it"]
xt.main(globals())
