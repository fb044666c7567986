"""Imports the modules named on the command line, each told before and after, so that a
crash names its module. Runs on the target's Python, 3.9 or newer, under emulation."""
import importlib
import sys
import traceback


def show(word, text):
    sys.stdout.write("\x1exorch %s %s\n" % (word, text))
    sys.stdout.flush()


status = 0
# Not this file's folder: only what a user would have.
sys.path[:] = [p for p in sys.path if p != sys.path[0]]
for name in sys.argv[1:]:
    show("begin", name)
    try:
        importlib.import_module(name)
    except BaseException as e:
        traceback.print_exception(type(e), e, e.__traceback__.tb_next)
        sys.stderr.flush()
        show("failed", "%s %s: %s" % (name, type(e).__name__, " ".join(str(e).split())))
        status = 1
    else:
        show("passed", name)
sys.exit(status)
