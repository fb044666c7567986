"""One recipe for every target and every CPython found that its version supports, by
one toolchain, each wheel judged; a long test for each recipe (tests/CMakeLists.txt).

    matrix.py RECIPE.yaml clang|gcc"""
import sys

import test_wheels
import xt

# A build of these takes minutes. test_all_recipes.py builds them by clang for both arm
# targets; here is what that leaves: the third target, and gcc for the narrowest.
HEAVY = ("cryptography", "lxml", "numpy", "pyzmq", "rapidfuzz", "sudachipy")
HEAVY_TARGET = {"clang": "x86_64", "gcc": "armv7"}


def main(recipe, toolchain):
    heavy = recipe.startswith(HEAVY)
    with xt.scratch() as home:
        targets = ([HEAVY_TARGET[toolchain]] if heavy
                   else ["aarch64", "armv7", "x86_64"])
        result = test_wheels.build(recipe, targets, "cp311" if heavy else "all", home,
                                   toolchain)
        if heavy and result.code == 3:  # numpy's newest wants a newer Python
            result = test_wheels.build(recipe, targets, "cp313", home, toolchain)
        if result.code == 3:
            raise xt.Skip("no CPython of this machine is supported by it:\n" + result.err)
        xt.equal(result.code, 0, result)
        done = test_wheels.judge(result)
        print(f"{done} wheels of {recipe} by {toolchain}, Pythons found: "
              f"{' '.join(test_wheels.pythons())}")
        xt.check(done >= len(targets), f"only {done} wheels", result)


def test_it():
    main(*arguments)


arguments, sys.argv[1:] = sys.argv[1:3], ["test_it"]
xt.main(globals())
