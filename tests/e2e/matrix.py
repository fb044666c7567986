"""One recipe for every target and every CPython found that its version supports, by
one toolchain, each wheel judged; a long test for each recipe (tests/CMakeLists.txt).

    matrix.py RECIPE.yaml clang|gcc [heavy]"""
import sys

import test_wheels
import xt


def main(recipe, toolchain, heavy=False):
    """heavy: a build takes minutes, so the narrowest target and one Python."""
    with xt.scratch() as home:
        targets = ["armv7"] if heavy else ["aarch64", "armv7", "x86_64"]
        result = test_wheels.build(recipe, targets, "cp311" if heavy else "all", home,
                                   toolchain)
        if heavy and result.code == 3:  # numpy's newest wants a newer Python
            result = test_wheels.build(recipe, targets, "cp313", home, toolchain)
        if result.code == 3:
            raise xt.Skip("no CPython of this machine is supported by it:\n" + result.err)
        xt.equal(result.code, 0, result)
        done = test_wheels.judge(result)
        print(f"{done} wheels of {recipe} by {toolchain}, Pythons found: "
              f"{' '.join(xt.pythons())}")
        xt.check(done >= len(targets), f"only {done} wheels", result)


def test_it():
    main(*arguments)


arguments, sys.argv[1:] = sys.argv[1:4], ["test_it"]
xt.main(globals())
