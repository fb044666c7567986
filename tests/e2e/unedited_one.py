"""One project of the table in orchestrator/HACKING.md, by `xorch new` and `xorch build`
unedited for both targets: it comes to what its row says; a long test for each row
(tests/CMakeLists.txt).

    unedited_one.py NAME"""
import sys

import test_new
import unedited
import xt


def main(name):
    version, _, expected = unedited.shown()[name][:3]
    with xt.scratch() as home:
        found, kind, said = test_new.outcome(home, name)
    print(f"{name} {found}: {kind or 'built'}; the table has {version}: {expected}\n{said}")
    xt.equal(kind or "built", expected)


def test_it():
    main(*arguments)


arguments, sys.argv[1:] = sys.argv[1:2], ["test_it"]
xt.main(globals())
