"""A project that asks for the build machine: what the compiler wrappers do about
it in a whole build, and that it is told."""
import os
import re
import zipfile
import xt

SETUP = """
from setuptools import setup, Extension
setup(name="leaky", version="1.0", ext_modules=[Extension("leaky", ["leaky.c"],
    extra_compile_args={flags!r}, library_dirs=["/usr/lib"])])
"""

SOURCE = """
#include <Python.h>
static PyObject *half(PyObject *self, PyObject *x)
{
	return PyFloat_FromDouble(PyFloat_AsDouble(x) / 2);
}
static PyMethodDef methods[] = {{"half", half, METH_O, 0}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "leaky", 0, -1, methods};
PyMODINIT_FUNC PyInit_leaky(void) { return PyModule_Create(&module); }
"""

RECIPE = """schema_version: 1
package:
  name: leaky
  version: "1.0"
kind: wheel
source:
  path: src
"""


def build(home, flags, *more):
    xt.write(os.path.join(home, "src", "setup.py"), SETUP.format(flags=flags))
    xt.write(os.path.join(home, "src", "leaky.c"), SOURCE)
    xt.write(os.path.join(home, "leaky.yaml"), RECIPE)
    r = xt.run(["build", os.path.join(home, "leaky.yaml"), "--target", "armv7", "-v",
                "--out", os.path.join(home, "out"), *more], home=home, cwd=home,
               XORCH_CACHE_DIR=os.path.join(xt.CACHE, "store"))
    if r.code == 5:
        raise xt.Skip(f"a package registry cannot be reached: {r.err}")
    return r


def test_B13_host_flags_are_kept_out_and_told():
    with xt.scratch() as home:
        flags = ["-march=native", "-I/usr/include", "-O3", f"-DRUN=\"{os.path.basename(home)}\""]
        r = build(home, flags)
        xt.equal(r.code, 0, r)
        for what in ("replaced -march=native", "dropped -I/usr/include", "dropped -L/usr/lib"):
            xt.check("compiler wrapper: " + what in r.err, what, r)
        wheel = r.out.strip()
        xt.check(wheel.endswith("_armv7l.whl"), r)
        with zipfile.ZipFile(wheel) as z:
            name = next(n for n in z.namelist() if n.endswith(".so"))
            data = z.read(name)
        xt.equal(data[:5] + data[18:20], b"\x7fELF\x01\x28\x00", name)
        # EABI 5, hard float.
        xt.equal(data[36:40], b"\x00\x04\x00\x05")


def test_B13_a_flag_for_x86_fails_by_name():
    with xt.scratch() as home:
        r = build(home, ["-msse2"])
        xt.equal(r.code, 1, r)
        xt.check(re.search(r"error: -msse2: a flag for x86 processors", r.err), r)


xt.main(globals())
