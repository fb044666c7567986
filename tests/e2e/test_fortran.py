"""Fortran by the gfortran of the gcc toolchains: its library is linked statically, so a wheel
keeps its floor and brings none."""
import os

import judges
import packages
import xt
from test_backends import pyproject
from test_libs import build, run_answer, wheel_of

# Its input and output, and a power, are the library's; 42 comes out.
CODE = """
module near
  use iso_c_binding
  implicit none
contains
  function answer_of(n) bind(c) result(r)
    use, intrinsic :: ieee_arithmetic
    integer(c_int), value :: n
    integer(c_int) :: r
    real(8) :: x
    character(len=32) :: text
    write (text, '(f12.3)') real(n, 8)**2.0d0
    read (text, *) x
    if (.not. ieee_is_finite(x)) x = 0
    r = int(x) - 7
  end function
end module
"""
MODULE = """#include <Python.h>
int answer_of(int);
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(answer_of(7)); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "tiny", "", -1, methods};
PyMODINIT_FUNC PyInit_tiny(void) { return PyModule_Create(&def); }
"""
MESON = """project('tiny', 'c', 'fortran')
py = import('python').find_installation(pure: false)
py.extension_module('tiny', 'tiny.c', 'near.f90', install: true)
"""
CMAKE = """cmake_minimum_required(VERSION 3.18)
project(tiny LANGUAGES C Fortran)
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
Python_add_library(tiny MODULE WITH_SOABI tiny.c near.f90)
install(TARGETS tiny DESTINATION .)
"""
SETUP = """import os, subprocess
from setuptools import setup, Extension
subprocess.check_call([os.environ["FC"], *os.environ["FFLAGS"].split(), "-c", "near.f90"])
setup(name="tiny", version="1.0", ext_modules=[Extension(
    "tiny", ["tiny.c"], extra_objects=["near.o"], extra_link_args=["-lgfortran"])])
"""
GCC = "toolchain: {c: gcc}\n"


def project(home, backend, requires, **files):
    src = os.path.join(home, "tiny-src")
    for name, text in {"pyproject.toml": pyproject(backend, requires), "tiny.c": MODULE,
                       "near.f90": CODE, "run-id": packages.RUN, **files}.items():
        xt.write(os.path.join(src, name), text)
    return xt.write(os.path.join(home, "tiny.yaml"),
                    packages.RECIPE.format(name="tiny", more=GCC, patches=""))


def judge(home, recipe, *targets):
    for target in targets:
        wheel = wheel_of(build(home, recipe, target=target))
        judges.check_wheel(wheel, target, "cp311")
        xt.check("_2_17_" in os.path.basename(wheel), wheel)
        with xt.scratch() as folder:
            for module in judges.unpack(wheel, folder):
                said = judges.readelf("--dynamic", module)
                xt.check("gfortran" not in said and "quadmath" not in said, said)
        run_answer(wheel, target)


def test_meson():
    with xt.scratch() as home:
        judge(home, project(home, "mesonpy", ["meson-python"], **{"meson.build": MESON}),
              "armv7", "aarch64")


def test_cmake():
    with xt.scratch() as home:
        judge(home, project(home, "scikit_build_core.build", ["scikit-build-core"],
                            **{"CMakeLists.txt": CMAKE}), "armv7")


def test_setup_py():
    with xt.scratch() as home:
        judge(home, project(home, "setuptools.build_meta", ["setuptools"],
                            **{"setup.py": SETUP}), "aarch64")


def test_clang_has_none():
    """It is told what is missing, and which toolchain has it."""
    with xt.scratch() as home:
        recipe = project(home, "mesonpy", ["meson-python"], **{"meson.build": MESON})
        xt.write(recipe, xt.read(recipe).replace(GCC, ""))
        result = build(home, recipe, code=1)
        xt.equal(result.json["items"][0]["class"], "missing-fortran", result)
        xt.check("`toolchain: {c: gcc}` has gfortran" in result.err, result)


xt.main(globals())
