"""Silent traps of setuptools in a cross build (wheels that are wrong and say nothing),
each by a small project, and what a project or its surroundings may set."""
import os
import zipfile

import judges
import packages
import target_root
import test_backends
import test_wheels
import xt

STRICT = """#include <Python.h>
#ifndef NDEBUG
#error "compiled with assertions"
#endif
#ifndef __OPTIMIZE__
#error "compiled without optimisation"
#endif
_Static_assert(SIZEOF_VOID_P == sizeof(void *), "pyconfig.h of another machine");
_Static_assert(SIZEOF_LONG == sizeof(long), "pyconfig.h of another machine");
"""
SETUP = packages.SETUP.format(name="tiny", module="tiny", sources=["tiny.c"], optional=False,
                              more="", packages="py_modules=[],")


def project(requires="setuptools", setup=SETUP, **more):
    return {"pyproject.toml": '[build-system]\nrequires = ["%s"]\nbuild-backend = '
                              '"setuptools.build_meta"\n' % requires, "setup.py": setup,
            "tiny.c": STRICT + test_backends.MODULE, **more}


def members(home, result):
    for item in result.json["items"]:
        with zipfile.ZipFile(item["file"]) as z:
            yield z


def test_flags_and_headers_of_every_age_of_setuptools():
    """65 took INCLUDEPY blindly, newer ones fall back to the build machine's headers when
    it is not there; up to 75.1 CFLAGS were added to Python's own, since then they are
    all there is, so -O2 and -DNDEBUG have to be among them. None may bring a search path
    of the Python it was built with."""
    for version in ("setuptools==65.5.1", "setuptools==75.1.0", "setuptools==75.8.2",
                    "setuptools"):
        with xt.scratch() as home:
            result = test_backends.build(home, project(version), targets=["armv7"])
            xt.equal(test_wheels.judge(result, imports=False), 1, version)
            [item] = result.json["items"]
            [module] = judges.unpack(item["file"], os.path.join(home, "x"))
            text = judges.readelf("-d", module)
            xt.check("RPATH" not in text and "RUNPATH" not in text, version, text)


def test_files_for_other_machines():
    """A library that the source brings, to be loaded elsewhere: refused by its name, and
    in the wheel as it came where wheel.foreign has it. An extension module never is."""
    with open("/lib/x86_64-linux-gnu/libdl.so.2", "rb") as f:
        other = f.read()
    setup = SETUP.replace("py_modules=[],", "packages=['far'], package_data={'far': ['*.so']},")
    name = "far/attach_amd64.so"
    files = project(setup=setup, **{"far/__init__.py": "", name: other})

    def told(recipe, code, *texts, **more):
        with xt.scratch() as home:
            result = test_backends.build(home, {**files, **more}, targets=["armv7"],
                                         recipe=recipe, code=code)
            for text in texts:
                xt.check(text in result.err, f"{text} should be said", result.err)
            for z in members(home, result) if not code else ():
                xt.equal(z.read(name), other)
                [tag] = {judges.auditwheel_tag(i["file"]) for i in result.json["items"]}
                xt.equal(tag, "manylinux_2_17_armv7l")
    told("", 7, "[X0703]", name, "wheel says armv7l, code is x86-64", "wheel.foreign")
    told(f"wheel: {{foreign: [{name}]}}\n", 0)
    told("wheel: {foreign: [far/attach_*.so, far/gone.so]}\n", 0,
         "[X0703] wheel.foreign names far/gone.so, which is not in the wheel")
    module = "far/_m.cpython-311-arm-linux-gnueabihf.so"
    told('wheel: {foreign: ["far/*"]}\n', 7, "[X0703]", module, **{module: other})


def test_scripts_name_no_python_of_the_build():
    setup = SETUP.replace("py_modules=[],", "py_modules=[], scripts=['run'], "
                          "entry_points={'console_scripts': ['say=tiny:answer']},")
    with xt.scratch() as home:
        result = test_backends.build(
            home, project(setup=setup, run="#!/usr/bin/env python3\nimport tiny\n"),
            targets=["aarch64"])
        for z in members(home, result):
            [script] = [n for n in z.namelist() if "/scripts/" in n]
            xt.check(z.read(script).startswith(b"#!python\n"), z.read(script))


def test_a_build_folder_that_another_machine_left():
    """setuptools takes what lies in build/ for its own when it is new enough."""
    stale = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + bytes(100)
    name = "tiny.cpython-311-arm-linux-gnueabihf.so"
    with xt.scratch() as home:
        files = project()
        for folder in ("build/lib.linux-armv7l-cpython-311", "build/lib.linux-x86_64-3.11"):
            files[f"{folder}/{name}"] = stale
        files["build/temp.linux-armv7l-cpython-311/tiny.o"] = stale
        result = test_backends.build(home, files, targets=["armv7"], code=None)
        if result.code == 0:
            xt.equal(test_wheels.judge(result, imports=False), 1)
        else:
            xt.equal(result.code, 7, result)
            xt.check("X0702" in result.err or "X0703" in result.err, result)


def test_cffi_that_a_setup_py_compiles_itself():
    setup = """from cffi import FFI
from setuptools import setup, Distribution
import shutil
ffi = FFI()
ffi.cdef("int answer(void);")
ffi.set_source("_tiny", "int answer(void) { return 42; }")
made = ffi.compile(tmpdir="made", verbose=True)
print("MADE", made)
shutil.copy(made, ".")
class binary(Distribution):
    def has_ext_modules(self):
        return True
import os
setup(name="tiny", version="1.0", py_modules=[], distclass=binary, packages=[""],
      package_dir={"": "."}, package_data={"": ["_tiny*.so"]})
"""
    with xt.scratch() as home:
        result = test_backends.build(home, {
            "pyproject.toml": '[build-system]\nrequires = ["setuptools", "cffi"]\n'
                              'build-backend = "setuptools.build_meta"\n',
            "setup.py": setup}, targets=["armv7"])
        for z in members(home, result):
            [module] = [n for n in z.namelist() if n.endswith(".so")]
            xt.equal(z.read(module)[:5] + z.read(module)[18:20], b"\x7fELF\x01\x28\x00")


def test_W08_no_abi_in_the_name():
    """What CPython imports all the same is told, and refused by --strict."""
    setup = SETUP.replace("from setuptools import setup, Extension", """
from setuptools import setup, Extension
from setuptools.command.build_ext import build_ext
class plain(build_ext):
    def get_ext_filename(self, name):
        return name + ".so"
""").replace("setup(name=", "setup(cmdclass={'build_ext': plain}, name=")
    with xt.scratch() as home:
        result = test_backends.build(home, project(setup=setup), targets=["aarch64"])
        xt.check("X0727" in result.err, result)
        path = result.json["items"][0]["file"]
        r = xt.run(["audit", "--strict", path])
        xt.equal(r.code, 7, r)
        xt.check("error[X0727]" in r.err and ".cpython-311-aarch64-linux-gnu.so" in r.err, r)


def test_headers_that_setup_py_looks_for():
    """It makes code of what it finds in the folders of CPATH; a recipe can name the
    sysroot's, wherever a level of the sandbox has them, for the backend's settings too."""
    setup = """import os
from setuptools import setup, Extension
found = [p for p in os.environ["CPATH"].split(":") if os.path.isfile(p + "/linux/input.h")]
text = open(found[0] + "/linux/input.h").read()
with open("found.h", "w") as out:
    out.write("#define FOUND %d\\n" % ("struct input_event" in text))
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension(
    "tiny", ["tiny.c"], define_macros=[("PLACE", repr(found[0]).replace("'", '"'))])])
"""
    code = """#include <linux/input.h>
#include "found.h"
_Static_assert(FOUND, "not the kernel's header");
"""
    backend = """import os
from setuptools import build_meta
from setuptools.build_meta import *
def build_wheel(folder, config_settings=None, metadata=None):
    assert os.path.isfile(config_settings["root"] + "/usr/include/stdio.h"), config_settings
    assert os.access(config_settings["ask"], os.X_OK), config_settings
    return build_meta.build_wheel(folder, None, metadata)
"""
    files = [("own.py", backend), ("pyproject.toml", '[build-system]\nrequires = '
                                   '["setuptools"]\nbuild-backend = "own"\n'
                                   'backend-path = ["."]\n')]
    recipe = """build:
  env: {CPATH: "/nowhere:${{host.sysroot}}/usr/include"}
  config_settings: {root: "${{ host.sysroot }}", ask: "${{ host.pkg_config_wrapper }}"}
"""
    with xt.scratch() as home:
        path = packages.project(home, setup=setup, code=code + packages.ANSWER, recipe=recipe,
                                files=files)
        for level in ("bwrap", "env"):
            result = xt.run(["build", path, "--python", "cp311", "--target", "armv7", "--json",
                             "--sandbox", level, "--force", "--out", os.path.join(home, level)],
                            home=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
            test_wheels.need_network(result)
            xt.equal(result.code, 0, result)
            xt.equal(test_wheels.judge(result, imports=False), 1)


def test_functions_inside_functions():
    """clang does not compile them, and the failure says who does; gcc does."""
    code = """static int twice(int x)
{
	int again(void) { return x + x; }
	return again();
}
""" + packages.ANSWER.replace("42", "twice(21)")
    with xt.scratch() as home:
        for compiler, class_ in (("clang", "gcc-only"), ("gcc", None)):
            path = packages.project(home, code=code, recipe=f"toolchain: {{c: {compiler}}}\n")
            result = xt.run(["build", path, "--python", "cp311", "--target", "armv7", "--json"],
                            home=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
            test_wheels.need_network(result)
            [item] = result.json["items"]
            xt.equal(item.get("class"), class_, result)
            if class_:
                xt.check("toolchain.c: gcc" in result.err, result)
            else:
                xt.equal(test_wheels.judge(result, imports=False), 1)


def test_what_gcc_only_warns_of():
    """A hash that is a long, where Python's is as wide as a pointer: an error of clang's
    from 16 on, on 32 bits alone. And a library for Windows, which clang's linker wants, and
    a version script that names what is not there, which it minds."""
    code = """#ifdef __clang__
#pragma comment(lib, "Ws2_32.lib")
#endif
static long hash(PyObject *self) { (void)self; return 42; }
static PyTypeObject thing = {
	PyVarObject_HEAD_INIT(NULL, 0)
	.tp_name = "thing", .tp_basicsize = sizeof(PyObject), .tp_hash = hash,
	.tp_flags = Py_TPFLAGS_DEFAULT, .tp_new = PyType_GenericNew,
};
static PyObject *answer(PyObject *self, PyObject *args)
{
	PyObject *one = PyType_Ready(&thing) ? NULL : PyObject_CallNoArgs((PyObject *)&thing);
	PyObject *out = one ? PyLong_FromSsize_t(PyObject_Hash(one)) : NULL;
	(void)self; (void)args;
	Py_XDECREF(one);
	return out;
}
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
    with xt.scratch() as home:
        path = packages.project(home, code=code,
                                more="extra_link_args=['-Wl,--version-script=names.map']")
        xt.write(os.path.join(home, "tiny-src", "names.map"),
                 "V1 { global: PyInit_tiny; init_tiny; local: *; };\n")
        result = xt.run(["build", path, "--python", "cp311", "--target", "armv7", "--json"],
                        home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(result)
        xt.equal(result.code, 0, result)
        [item] = result.json["items"]
        root = target_root.get("bookworm", "armv7")
        said = root.run_wheel(item["file"], "import tiny; print(tiny.answer())")
        xt.equal(said.strip(), "42")


def test_openmp():
    """gcc's library goes into the wheel; clang's failure says who has one."""
    code = """#include <omp.h>
static int count(void)
{
	int n = 0;
#pragma omp parallel for reduction(+ : n)
	for (int i = 0; i < 42; i++)
		n += omp_in_parallel() ? 1 : 1000;
	return n;
}
""" + packages.ANSWER.replace("42", "count()")
    setup = """from setuptools import setup, Extension
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension(
    "tiny", ["tiny.c"], extra_compile_args=["-fopenmp"], extra_link_args=["-fopenmp"])])
"""
    with xt.scratch() as home:
        for compiler, targets in (("clang", ["armv7"]), ("gcc", ["aarch64", "armv7"])):
            path = packages.project(home, code=code, setup=setup,
                                    recipe=f"toolchain: {{c: {compiler}}}\n")
            result = xt.run(["build", path, "--python", "cp311", "--json",
                             *(a for t in targets for a in ("--target", t))],
                            home=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
            test_wheels.need_network(result)
            if compiler == "clang":
                xt.equal(result.json["items"][0].get("class"), "gcc-only", result)
                xt.check("toolchain.c: gcc" in result.err, result)
                continue
            xt.equal(test_wheels.judge(result, imports=False), 2, result)
            for item in result.json["items"]:
                target = item["id"].split("-")[-1]
                root = target_root.get("bookworm", target)
                said = root.run_wheel(item["file"], "import tiny; print(tiny.answer())")
                xt.equal(said.strip(), "42", item)


if __name__ == "__main__":
    xt.main(globals())
