"""Small Python projects made on the spot, as `path` sources of a recipe."""
import os
import uuid

import xt

# In every project's source: two runs of a test never find each other's results in the
# store that they share.
RUN = uuid.uuid4().hex

SETUP = """from setuptools import setup, Extension
setup(name={name!r}, version="1.0", {packages}
      ext_modules=[Extension({module!r}, {sources!r}, optional={optional!r}, {more})])
"""

MODULE = """#include <Python.h>
{code}
static struct PyModuleDef def = {{PyModuleDef_HEAD_INIT, "{name}", 0, -1, methods}};
PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModule_Create(&def); }}
"""

ANSWER = """static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""

RECIPE = """schema_version: 1
package: {{name: {name}, version: "1.0"}}
kind: wheel
source: {{path: {name}-src{patches}}}
{more}"""


def project(folder, name="tiny", code=ANSWER, source=None, setup=None, more="",
            recipe="", optional=False, patches="", files=()):
    """Writes NAME-src/ and NAME.yaml below folder; returns the recipe's path.
    `code` is C that defines `methods`; `more` goes into Extension(…), `recipe` is
    added to the recipe, `files` are further (path, text)."""
    src = os.path.join(folder, name + "-src")
    xt.write(os.path.join(src, "pyproject.toml"),
             '[build-system]\nrequires = ["setuptools"]\n'
             'build-backend = "setuptools.build_meta"\n')
    xt.write(os.path.join(src, name + ".c"),
             source or MODULE.format(name=name, code=code))
    xt.write(os.path.join(src, "setup.py"), setup or SETUP.format(
        name=name, module=name, sources=[name + ".c"], optional=optional, more=more,
        packages="py_modules=[],"))
    for path, text in files:
        xt.write(os.path.join(src, path), text)
    xt.write(os.path.join(src, "run-id"), RUN)
    return xt.write(os.path.join(folder, name + ".yaml"),
                    RECIPE.format(name=name, more=recipe, patches=patches))
