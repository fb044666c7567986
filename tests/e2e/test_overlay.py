"""The target overlay: headers and archives of a build requirement are the target's,
from a recipe of ours or from the index; what runs stays the build machine's."""
import os
import re
import shutil

import judges
import target_root
import test_backends
import test_wheels
import xt

# numpy's configuration must be that of the machine it compiles for, and its archive
# code for it: npy_spacing comes from libnpymath.a.
NUMPY = test_backends.HEADERS + """
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/npy_math.h>
_Static_assert(NPY_SIZEOF_LONG == sizeof(long), "numpy's headers of another machine");
_Static_assert(NPY_SIZEOF_INTP == sizeof(void *), "numpy's headers of another machine");
_Static_assert(NPY_SIZEOF_LONGDOUBLE == sizeof(long double), "of another machine");
static PyObject *total(PyObject *self, PyObject *arg)
{
	PyArrayObject *a = (PyArrayObject *)PyArray_FROM_OTF(arg, NPY_DOUBLE,
		NPY_ARRAY_IN_ARRAY);
	double sum = npy_spacing(1.0);
	(void)self;
	if (!a)
		return NULL;
	for (npy_intp i = 0; i < PyArray_SIZE(a); i++)
		sum += ((double *)PyArray_DATA(a))[i];
	Py_DECREF(a);
	return PyFloat_FromDouble(sum);
}
static PyMethodDef methods[] = {{"total", total, METH_O, ""}, {0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "tiny", 0, -1, methods};
PyMODINIT_FUNC PyInit_tiny(void) { import_array(); return PyModule_Create(&def); }
"""
SETUP = """from setuptools import setup, Extension
import numpy, os
lib = os.path.join(os.path.dirname(numpy.get_include()), "lib")
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension("tiny",
      ["tiny.c"], include_dirs=[numpy.get_include()], library_dirs=[lib],
      libraries=["npymath"])])
"""


def numpy_user(version="2.2.6"):
    return {"pyproject.toml": test_backends.pyproject(
        "setuptools.build_meta", ["setuptools", "numpy==" + version]),
        "setup.py": SETUP, "tiny.c": NUMPY}


def test_numpy_from_the_index():
    with xt.scratch() as home:
        result = test_backends.build(home, numpy_user(), targets=["aarch64"])
        xt.equal(test_wheels.judge(result, imports=False), 1)
        with open(os.path.join(home, "tiny.lock")) as f:
            lock = f.read()
        found = re.search(r"overlay:\n\s+- name: numpy\n\s+version: .2.2.6.\n"
                          r"\s+file: (numpy-2.2.6-cp311-\S+_aarch64.whl)", lock)
        xt.check(found, lock)
        # the archive that was linked is the target's: the build's own is in the env
        again = xt.run(["build", os.path.join(home, "tiny.yaml"), "--target", "aarch64",
                        "--python", "cp311", "--json", "--force", "--replace", "-v",
                        "--out", os.path.join(home, "dist")], home=home,
                       XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal(again.code, 0, again)
        xt.equal(again.json["items"][0]["sha256"], result.json["items"][0]["sha256"])


def test_numpy_has_none_for_armv7():
    with xt.scratch() as home:
        result = test_backends.build(home, numpy_user(), targets=["armv7"], code=1)
        for words in ("X0990", "numpy 2.2.6", "armv7l", "libnpymath.a", "xorch new numpy"):
            xt.check(words in result.err, words, result.err)


def test_headers_of_the_sdist_need_no_wheel():
    # cffi has no wheel for armv7; its headers are in its sdist as they are.
    files = {"pyproject.toml": test_backends.pyproject(
        "setuptools.build_meta", ["setuptools", "cffi"]),
        "setup.py": 'from setuptools import setup\n'
                    'setup(py_modules=[], cffi_modules=["ffi_build.py:ffi"])\n',
        "ffi_build.py": """from cffi import FFI
ffi = FFI()
ffi.cdef("long bits(void);")
ffi.set_source("tiny_ffi", "long bits(void) { return 8 * (long)sizeof(void *); }")
"""}
    with xt.scratch() as home:
        result = test_backends.build(home, files, targets=["armv7"])
        xt.check("overlay:" not in open(os.path.join(home, "tiny.lock")).read())
        wheel = result.json["items"][0]["file"]
        with xt.scratch() as folder:
            head = judges.readelf("-h", judges.unpack(wheel, folder)[0])
            xt.check("ARM" in head and "ELF32" in head, head)


GREENLET = """#include <Python.h>
#include <greenlet/greenlet.h>
static PyMethodDef methods[] = {{0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "tiny", 0, -1, methods};
PyMODINIT_FUNC PyInit_tiny(void) { return PyModule_Create(&def); }
"""
GREENLET_SETUP = """from setuptools import setup, Extension
import greenlet, os
site = os.path.dirname(os.path.dirname(greenlet.__file__))
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension("tiny",
      ["tiny.c"], include_dirs=[site])])
"""


def test_from_a_recipe_in_the_same_run_and_later():
    files = {"pyproject.toml": test_backends.pyproject(
        "setuptools.build_meta", ["setuptools", "greenlet==3.2.5"]),
        "setup.py": GREENLET_SETUP, "tiny.c": GREENLET}
    with xt.scratch() as home:
        for end in ("yaml", "lock"):
            shutil.copy(os.path.join(test_wheels.RECIPES, "greenlet." + end), home)
        args = ["--target", "armv7", "--python", "cp311", "--json", "--out",
                os.path.join(home, "dist")]
        alone = test_backends.build(home, files, targets=["armv7"], code=None)
        built_before = alone.code == 0
        if not built_before:
            xt.equal(alone.code, 1, alone)
            for words in ("X0991", "greenlet-3.2.5-cp311-armv7"):
                xt.check(words in alone.err, words, alone.err)
        xt.check("from: recipe" in open(os.path.join(home, "tiny.lock")).read())
        both = xt.run(["build", os.path.join(home, "tiny.yaml"),
                       os.path.join(home, "greenlet.yaml"), *args], home=home,
                      XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal(both.code, 0, both)
        xt.equal(len(both.json["items"]), 2, both)
        # alone it finds the last result, and has the same key
        again = xt.run(["build", os.path.join(home, "tiny.yaml"), *args], home=home,
                       XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal([i["state"] for i in again.json["items"]], ["cached"], again)


# label: long
def test_numpy_by_its_recipe_for_armv7():
    """numpy first, then what compiles against it; both run on the target."""
    with xt.scratch() as home:
        for end in ("yaml", "lock"):
            shutil.copy(os.path.join(test_wheels.RECIPES, "numpy-2.2.6." + end), home)
        src = os.path.join(home, "tiny-src")
        for path, text in numpy_user().items():
            xt.write(os.path.join(src, path), text)
        recipe = xt.write(os.path.join(home, "tiny.yaml"),
                          test_backends.packages.RECIPE.format(
                              name="tiny", more="", patches=""))
        result = xt.run(["build", recipe, os.path.join(home, "numpy-2.2.6.yaml"),
                         "--target", "armv7", "--python", "cp311", "--json", "--out",
                         os.path.join(home, "dist")], home=home, timeout=3600,
                        XORCH_CACHE_DIR=test_wheels.shared_cache(),
                        binary=test_wheels.RELEASE)
        test_wheels.need_network(result)
        xt.equal(result.code, 0, result)
        folder = os.path.join(home, "site")
        for item in result.json["items"]:
            judges.check_wheel(item["file"], "armv7", "cp311")
            judges.unpack(item["file"], folder)
        out = target_root.get("bookworm", "armv7").python(
            ["-c", "import numpy, tiny; print(tiny.total(numpy.arange(5.0)))"],
            path=[folder])
        xt.equal(out.strip(), "10.0")


if __name__ == "__main__":
    xt.main(globals())
