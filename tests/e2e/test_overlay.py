"""The target overlay: headers and archives of a build requirement are the target's,
from a recipe of ours or from the index; what runs stays the build machine's."""
import json
import os
import re
import shutil

import elfmake
import judges
import target_root
import test_backends
import test_repair
import test_wheels
import xt
from server import Reply, Server, sha256

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
        # and that it is in there stands in the list of parts
        parts = test_repair.sbom_of(again.json["items"][0]["file"])["components"]
        part, = [p for p in parts if p["name"] == "numpy"]
        xt.equal(part["purl"], "pkg:pypi/numpy@2.2.6")
        # its code for long double calls libgcc's
        xt.check({p["name"] for p in parts} <= {"numpy", "libgcc-10-dev"}, parts)
        xt.check(part["hashes"][0]["content"] in lock, part)


def test_numpy_has_none_for_armv7():
    with xt.scratch() as home:
        # a store without results: a numpy of our own would serve
        own = test_wheels.own_store(os.path.join(home, "own"))
        result = test_backends.build(home, numpy_user(), targets=["armv7"], code=1,
                                     cache=own)
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


# A build requirement of the kind of numpy: its build writes a header about the machine.
# Backends of their own, so that nothing else is required.
BACKEND = """import os, subprocess, sysconfig, zipfile
def build_wheel(folder, settings=None, metadata=None):
    platform = sysconfig.get_platform().replace("-", "_")
    tag = "cp311-cp311-" + platform
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    module = NAME + "/inner" + suffix
    os.makedirs(NAME, exist_ok=True)
    subprocess.run([os.environ["CC"], "-shared", "-fPIC", "-O2", "inner.c", "-o", module,
                    "-I" + sysconfig.get_path("include")] + includes(), check=True)
    files = {NAME + "/__init__.py": "", module: open(module, "rb").read()}
    if HEADER:
        bits = 64 if "64" in platform else 32
        files[NAME + "/made.h"] = "#define BITS %d\\n" % bits
    info = NAME + "-1.0.dist-info/"
    files[info + "METADATA"] = "Metadata-Version: 2.1\\nName: %s\\nVersion: 1.0\\n" % NAME
    files[info + "WHEEL"] = "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: false\\n" \
        "Tag: %s\\n" % tag
    files[info + "RECORD"] = "".join(n + ",,\\n" for n in [*files, info + "RECORD"])
    name = "%s-1.0-%s.whl" % (NAME, tag)
    with zipfile.ZipFile(os.path.join(folder, name), "w") as z:
        for n, data in files.items():
            z.writestr(n, data)
    return name
"""
CARRIER = "NAME, HEADER = 'carrier', True\ndef includes(): return []\n" + BACKEND
USER = """NAME, HEADER = 'user', False
def includes():
    import carrier
    return ["-I" + os.path.dirname(carrier.__file__)]
""" + BACKEND
INNER = test_backends.HEADERS + """
%s
static PyMethodDef methods[] = {{0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "inner", 0, -1, methods};
PyMODINIT_FUNC PyInit_inner(void) { return PyModule_Create(&def); }
"""
USES = """#include "made.h"
_Static_assert(BITS == 8 * sizeof(void *), "made.h of the build machine");
"""


def project(home, name, backend, requires, code):
    src = os.path.join(home, name + "-src")
    xt.write(os.path.join(src, "pyproject.toml"),
             f'[build-system]\nrequires = {requires}\nbuild-backend = "back"\n'
             f'backend-path = ["."]\n[project]\nname = "{name}"\nversion = "1.0"\n')
    xt.write(os.path.join(src, "back.py"), backend)
    xt.write(os.path.join(src, "inner.c"), INNER % code)
    xt.write(os.path.join(src, "run-id"), test_backends.packages.RUN)
    return xt.write(os.path.join(home, name + ".yaml"),
                    test_backends.packages.RECIPE.format(name=name, more="", patches=""))


def build_of(home, recipes, target, **env):
    return xt.run(["build", *recipes, "--target", target, "--python", "cp311", "--json",
                   "--out", os.path.join(home, "dist-" + target), "-v"], home=home,
                  **env)


RULE = ("h", "hpp", "hxx", "inc", "ipp", "pxd", "pxi", "a", "pc", "cmake", "f90", "mod")
NOT_READ = ("so", "py", "txt", "c")


def carrier_for(folder, machine, multiarch):
    """Path of a wheel of carrier; a file of every ending says whose it is."""
    says = f"{machine} {test_backends.packages.RUN}".encode()
    return elfmake.wheel(
        os.path.join(folder, f"carrier-1.0-cp311-cp311-manylinux_2_17_{machine}.whl"),
        {**{f"carrier/sub/made.{end}": says for end in RULE + NOT_READ},
         "carrier/__init__.py": b"", "carrier-1.0.data/headers/out.h": says,
         f"carrier/inner.cpython-311-{multiarch}.so": says})


SEES = """import glob, json, os
NAME, HEADER = 'user', False
def includes():
    import carrier
    folder = os.path.dirname(carrier.__file__)
    paths = glob.glob(folder + "/sub/*.*") + glob.glob(folder + "/*.*")
    print("SEES", json.dumps({os.path.relpath(p, folder): open(p).read() for p in paths}))
    return []
""" + BACKEND


def test_which_files_are_the_targets():
    """By the end of the name: what compilers and linkers read, and nothing that runs."""
    with xt.scratch() as home, Server() as server:
        listed = []
        for machine, multiarch in (("x86_64", "x86_64-linux-gnu"),
                                   ("armv7l", "arm-linux-gnueabihf")):
            path = carrier_for(home, machine, multiarch)
            name = os.path.basename(path)
            with open(path, "rb") as f:
                data = f.read()
            server.add("/files/" + name, data)
            listed.append({"filename": name, "url": "/files/" + name, "size": len(data),
                           "hashes": {"sha256": sha256(data)}})
        server.add("/simple/carrier/", Reply(json.dumps({
            "meta": {"api-version": "1.1"}, "name": "carrier", "files": listed}).encode(),
            headers={"Content-Type": "application/vnd.pypi.simple.v1+json"}))
        user = project(home, "user", SEES, '["carrier==1.0"]', "")
        result = build_of(home, [user], "armv7", XORCH_MIRROR_PYPI=server.url("/simple"),
                          XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(result)
        xt.equal(result.code, 0, result)
        log = xt.read(result.json["items"][0]["log"])
        seen = {name: text.partition(" ")[0] for name, text in json.loads(
            re.search("^SEES (.*)$", log, re.M)[1]).items()}
        want = {f"sub/made.{end}": "armv7l" for end in RULE}
        want |= {f"sub/made.{end}": "x86_64" for end in NOT_READ}
        want |= {"__init__.py": "", "inner.cpython-311-x86_64-linux-gnu.so": "x86_64"}
        xt.equal(seen, want)


# What Cython reads of numpy is the target's too.
CIMPORT = """cimport numpy as cnp
cnp.import_array()
def total(cnp.ndarray[cnp.float64_t, ndim=1] a):
    cdef double sum = sizeof(cnp.npy_intp)
    for i in range(a.shape[0]):
        sum += a[i]
    return sum
"""


def test_cimport_of_numpy():
    setup = SETUP.replace("import numpy, os", "import numpy, os\n"
                          "from Cython.Build import cythonize").replace(
        "ext_modules=[", "ext_modules=cythonize([").replace("tiny.c", "tiny.pyx").replace(
        '["npymath"])])', '["npymath"])]))')
    files = {"pyproject.toml": test_backends.pyproject(
        "setuptools.build_meta", ["setuptools", "numpy==2.2.6", "cython==3.1.2"]),
        "setup.py": setup, "tiny.pyx": CIMPORT}
    with xt.scratch() as home:
        result = test_backends.build(home, files, targets=["aarch64"], options=["-v"])
        xt.equal(test_wheels.judge(result, imports=False), 1)
        xt.check("overlay: numpy 2.2.6 for aarch64 from " in result.err, result.err)


def test_from_a_recipe_in_the_same_run_and_later():
    with xt.scratch() as home, Server() as server:
        carrier = project(home, "carrier", CARRIER, "[]", "")
        # a store without results: an earlier run's carrier would serve too
        index = {"XORCH_CACHE_DIR": test_wheels.own_store(os.path.join(home, "own"))}
        mine = build_of(home, [carrier], "x86_64", **index)
        test_wheels.need_network(mine)
        xt.equal(mine.code, 0, mine)
        wheel = mine.json["items"][0]["file"]
        with open(wheel, "rb") as f:
            bytes_ = f.read()
        name = os.path.basename(wheel)
        server.add("/files/" + name, bytes_)
        server.add("/simple/carrier/", Reply(json.dumps({
            "meta": {"api-version": "1.1"}, "name": "carrier", "files": [
                {"filename": name, "url": "/files/" + name, "size": len(bytes_),
                 "hashes": {"sha256": sha256(bytes_)}}]}).encode(), headers={
                     "Content-Type": "application/vnd.pypi.simple.v1+json"}))
        index["XORCH_MIRROR_PYPI"] = server.url("/simple")
        user = project(home, "user", USER, '["carrier==1.0"]', USES)
        # no recipe beside it, no wheel at the index
        alone = os.path.join(home, "alone")
        os.makedirs(alone)
        shutil.copytree(os.path.join(home, "user-src"), os.path.join(alone, "user-src"))
        shutil.copy(user, alone)
        none = build_of(home, [os.path.join(alone, "user.yaml")], "armv7", **index)
        xt.equal(none.code, 1, none)
        for words in ("X0990", "carrier 1.0", "carrier/made.h", "xorch new carrier"):
            xt.check(words in none.err, words, none.err)
        # a recipe beside it, which is kept out of the run
        apart = build_of(home, [user, "--skip", "carrier-1.0-cp311-armv7"], "armv7",
                         **index)
        xt.equal(apart.code, 1, apart)
        for words in ("X0991", "carrier-1.0-cp311-armv7"):
            xt.check(words in apart.err, words, apart.err)
        with open(os.path.join(home, "user.lock")) as f:
            xt.check("from: recipe" in f.read())
        # both, in the order that is wrong
        both = build_of(home, [user, carrier], "armv7", **index)
        xt.equal(both.code, 0, both)
        xt.equal([i["state"] for i in both.json["items"]], ["built", "built"], both)
        xt.check("1 files, 1 differ: carrier/made.h" in both.err, both.err)
        # alone it brings the carrier along, or finds the last result: the same key
        again = build_of(home, [user], "armv7", **index)
        xt.equal([i["state"] for i in again.json["items"]], ["cached", "cached"], again)
        again = build_of(home, [user, "--skip", "carrier-1.0-cp311-armv7"], "armv7",
                         **index)
        xt.equal([i["state"] for i in again.json["items"]], ["cached"], again)


def test_numpy_comes_along():
    """Only what uses it is named; the plan has numpy's item before it."""
    with xt.scratch() as home:
        for end in ("yaml", "lock"):
            shutil.copy(os.path.join(test_wheels.RECIPES, "numpy-2.2.6." + end), home)
        for path, text in numpy_user().items():
            xt.write(os.path.join(home, "tiny-src", path), text)
        recipe = xt.write(os.path.join(home, "tiny.yaml"),
                          test_backends.packages.RECIPE.format(
                              name="tiny", more="", patches=""))
        for verb in ("lock", "plan"):
            result = xt.run([verb, recipe, "--target", "armv7", "--python", "cp311",
                             "--json"], home=home,
                            XORCH_CACHE_DIR=test_wheels.shared_cache())
            test_wheels.need_network(result)
            xt.equal(result.code, 0, result)
        tiny, numpy = result.json["items"]
        xt.equal(tiny["needs"], ["numpy-2.2.6-cp311-armv7"], result)
        xt.equal(numpy["id"], "numpy-2.2.6-cp311-armv7", result)


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
                        XORCH_CACHE_DIR=test_wheels.shared_cache())
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
