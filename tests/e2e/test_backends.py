"""Small projects of every build backend, made on the spot, each with the trap that its
backend sets for a cross build (headers of the build machine, an empty SOABI, a meson
that takes the build machine for the target …)."""
import os
import re
import shutil
import zipfile

import judges
import packages
import test_wheels
import xt

# Compiles only with the target's pyconfig.h: long and pointers of armv7 are not those
# of the build machine.
HEADERS = """#define PY_SSIZE_T_CLEAN
#include <Python.h>
_Static_assert(SIZEOF_VOID_P == sizeof(void *), "pyconfig.h of another machine");
_Static_assert(SIZEOF_LONG == sizeof(long), "pyconfig.h of another machine");
"""
MODULE = HEADERS + packages.MODULE.replace("#include <Python.h>\n", "").format(
    name="tiny", code=packages.ANSWER)
BOTH = ("aarch64", "armv7")


def pyproject(backend, requires, more=""):
    listed = ", ".join(f'"{r}"' for r in requires)
    return (f'[build-system]\nrequires = [{listed}]\nbuild-backend = "{backend}"\n'
            f'[project]\nname = "tiny"\nversion = "1.0"\n{more}')


def build(home, files, targets=BOTH, code=0, recipe="", python="cp311", cache=None,
          options=(), **env):
    """Builds the project of these files; its result."""
    src = os.path.join(home, "tiny-src")
    shutil.rmtree(src, ignore_errors=True)
    for path, text in files.items():
        xt.write(os.path.join(src, path), text)
    xt.write(os.path.join(src, "run-id"), packages.RUN)
    path = xt.write(os.path.join(home, "tiny.yaml"),
                    packages.RECIPE.format(name="tiny", more=recipe, patches=""))
    args = ["build", path, "--python", python, "--json", "--out",
            os.path.join(home, "dist"), *options]
    for target in targets:
        args += ["--target", target]
    result = xt.run(args, home=home,
                    XORCH_CACHE_DIR=cache or test_wheels.shared_cache(), **env)
    test_wheels.need_network(result)
    if code is not None:
        xt.equal(result.code, code, result)
    return result


def good(files, **options):
    """Builds for both targets and has every wheel judged."""
    with xt.scratch() as home:
        result = build(home, files, **options)
        xt.equal(test_wheels.judge(result, imports=False), len(result.json["items"]))
        names = []
        for item in result.json["items"]:
            with xt.scratch() as folder:
                names += [os.path.relpath(p, folder)
                          for p in judges.unpack(item["file"], folder)]
        return names


CMAKE = """cmake_minimum_required(VERSION {version})
project(tiny LANGUAGES {language})
{body}
install(TARGETS tiny DESTINATION .)
"""
FIND_PYTHON = """find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
if(NOT CMAKE_CROSSCOMPILING)
  message(FATAL_ERROR "not a cross build")
endif()
if(NOT Python_SOABI)
  message(FATAL_ERROR "Python_SOABI is empty")
endif()
Python_add_library(tiny MODULE tiny.c WITH_SOABI)
"""


def scikit(body, version="3.15...3.31", language="C", requires=(), more="", files=None):
    return {"pyproject.toml": pyproject("scikit_build_core.build",
                                        ["scikit-build-core", *requires], more),
            "CMakeLists.txt": CMAKE.format(version=version, language=language, body=body),
            "tiny.c": MODULE, **(files or {})}


def test_cmake_find_python():
    good(scikit(FIND_PYTHON))


def test_cmake_find_python_of_an_older_cmake():
    good(scikit(FIND_PYTHON, requires=["cmake<3.30", "ninja"]), targets=["armv7"])


def test_cmake_openmp():
    """CMake takes the library's name from what gcc links; it goes into the wheel."""
    body = FIND_PYTHON + "find_package(OpenMP REQUIRED COMPONENTS C)\n" \
        "target_link_libraries(tiny PRIVATE OpenMP::OpenMP_C)\n"
    count = "#include <omp.h>\nstatic int count(void)\n{\n    int n = 0;\n" \
        "#pragma omp parallel for reduction(+ : n)\n    for (int i = 0; i < 42; i++)\n" \
        "        n += omp_in_parallel() ? 1 : 1000;\n    return n;\n}\n"
    module = HEADERS + packages.MODULE.replace("#include <Python.h>\n", "").format(
        name="tiny", code=count + packages.ANSWER.replace("42", "count()"))
    for requires in ([], ["cmake<3.30", "ninja"]):
        names = good(scikit(body, requires=requires, files={"tiny.c": module}),
                     recipe="toolchain: {c: gcc}\n")
        xt.equal(len([n for n in names if n.startswith("tiny.libs/libgomp-")]), 2, names)


def test_cmake_that_asks_for_less_than_the_newest_takes():
    """CMake 4 refuses what older ones took; a subfolder is what projects cannot help."""
    files = {"old/CMakeLists.txt": "cmake_minimum_required(VERSION 2.8.12)\nproject(old C)\n"
             "add_library(old INTERFACE)\n"}
    good(scikit("add_subdirectory(old)\n" + FIND_PYTHON, requires=["cmake>=4"], files=files),
         targets=["armv7"])


def test_cmeel_runs_no_tests():
    """It has CTest start what was compiled for the target."""
    body = FIND_PYTHON + "enable_testing()\nadd_executable(program program.c)\n" \
        "add_test(NAME program COMMAND program)\n" \
        "install(TARGETS tiny DESTINATION lib/python3.11/site-packages)\n"
    top = "cmake_minimum_required(VERSION 3.22)\nproject(tiny LANGUAGES C)\n"
    files = {"pyproject.toml": pyproject("cmeel.build", ["cmeel[build]"]).replace(
                 "[project]", '[project]\ndescription = "t"\nrequires-python = ">=3.9"\n'
                 'license = "MIT"\nreadme = "README.md"\nauthors = [{name = "a", '
                 'email = "a@example.org"}]'),
             "README.md": "t\n", "CMakeLists.txt": top + body, "tiny.c": MODULE,
             "program.c": "int main(void) { return 0; }\n"}
    with xt.scratch() as home:
        [item] = build(home, files, targets=["armv7"]).json["items"]
        xt.check("-armv7" in item["id"] and item["state"] == "built", item)


def test_warnings_of_clang_alone():
    """-Werror of a project that gcc compiles without a warning; its other warnings count."""
    body = FIND_PYTHON + "target_compile_options(tiny PRIVATE -Wall -Werror " \
        "-Wno-stringop-overflow -Wmaybe-uninitialized)\n"
    good(scikit(body), targets=["armv7"])
    bad = MODULE + "static int unused(void) { return 1; }\n"
    with xt.scratch() as home:
        result = build(home, scikit(body, files={"tiny.c": bad}), targets=["armv7"], code=1)
        xt.check("-Werror,-Wunused-function" in result.err, result)


WHERE = HEADERS + packages.MODULE.replace("#include <Python.h>\n", "").format(
    name="tiny", code='static PyObject *answer(PyObject *m, PyObject *a)\n{\n    (void)m; '
    '(void)a;\n    return PyUnicode_FromString("file:" __FILE__);\n}\n'
    'static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};\n')
GENERATED = FIND_PYTHON.replace("tiny.c", "${CMAKE_CURRENT_BINARY_DIR}/made.c").replace(
    "Python_add", "configure_file(tiny.c made.c COPYONLY)\nPython_add")


def names_of_sources(files, **options):
    """What the module of each target was compiled from."""
    names = []
    with xt.scratch() as home:
        for item in build(home, files, **options).json["items"]:
            with xt.scratch() as folder:
                module, = [p for p in judges.unpack(item["file"], folder)
                           if p.endswith(".so")]
                with open(module, "rb") as f:
                    names += re.findall(rb"file:([^\0]+)", f.read())
    return [n.decode() for n in names]


def test_cmake_builds_in_a_folder_of_a_constant_name():
    """scikit-build-core would take a random one; it is in the name of a generated file."""
    files = {**scikit(GENERATED), "tiny.c": WHERE}
    want = "/xorch/out/scikit-build/made.c"
    xt.equal(names_of_sources(files), [want] * 2)
    # not at the same place on every machine, but called so
    xt.equal(names_of_sources(files, targets=["armv7"], options=["--sandbox", "landlock"]),
             [want])
    # a recipe or a project that says where is obeyed
    xt.equal(names_of_sources(files, targets=["armv7"],
                              recipe="build: {config_settings: {build-dir: of-recipe}}\n"),
             ["/xorch/src/of-recipe/made.c"])
    files["pyproject.toml"] += '[tool.scikit-build]\nbuild-dir = "of-project"\n'
    xt.equal(names_of_sources(files, targets=["armv7"]), ["/xorch/src/of-project/made.c"])


def test_cmake_find_python_new_policies():
    # CMP0190: FindPython asks the interpreter through the emulator.
    good(scikit(FIND_PYTHON, version="4.1"), targets=["armv7"])


def test_cmake_find_python3_in_a_subfolder():
    body = """add_subdirectory(inner)\n"""
    inner = """find_package(Python3 REQUIRED COMPONENTS Development.Module)
Python3_add_library(tiny MODULE ../tiny.c WITH_SOABI)
"""
    files = scikit(body, files={"inner/CMakeLists.txt": inner +
                                "install(TARGETS tiny DESTINATION .)\n"})
    files["CMakeLists.txt"] = files["CMakeLists.txt"].replace(
        "install(TARGETS tiny DESTINATION .)\n", "")
    good(files, targets=["armv7"])


CXX = """#include <%s>
static_assert(SIZEOF_VOID_P == sizeof(void *), "pyconfig.h of another machine");
int answer() { return 42; }
%s(tiny, m) { m.def("answer", &answer); }
"""


def test_cmake_pybind11():
    body = "find_package(pybind11 CONFIG REQUIRED)\npybind11_add_module(tiny tiny.cpp)\n"
    good(scikit(body, language="CXX", requires=["pybind11"],
                files={"tiny.cpp": CXX % ("pybind11/pybind11.h", "PYBIND11_MODULE")}))


def test_cmake_pybind11_own_search():
    # FindPythonInterp and FindPythonLibs of its own, not FindPython.
    body = ("set(PYBIND11_FINDPYTHON OFF)\nfind_package(pybind11 CONFIG REQUIRED)\n"
            "pybind11_add_module(tiny tiny.cpp)\n")
    good(scikit(body, language="CXX", requires=["pybind11"],
                files={"tiny.cpp": CXX % ("pybind11/pybind11.h", "PYBIND11_MODULE")}),
         targets=["armv7"])


def test_cmake_pybind11_that_asks_no_interpreter():
    """A project may say so itself; then the module's ending has to be given."""
    body = ("if(NOT PYTHON_MODULE_EXTENSION)\n  message(FATAL_ERROR \"none is given\")\n"
            "endif()\n"
            "set(PYBIND11_USE_CROSSCOMPILING ON)\nset(PYBIND11_FINDPYTHON {})\n"
            "find_package(pybind11 CONFIG REQUIRED)\npybind11_add_module(tiny tiny.cpp)\n"
            "if(NOT _PYBIND11_CROSSCOMPILING)\n"
            "  message(FATAL_ERROR \"it did not count\")\nendif()\n")
    for new in ("ON", "OFF"):
        names = good(scikit(body.format(new), language="CXX", requires=["pybind11>=3"], files={
            "tiny.cpp": CXX % ("pybind11/pybind11.h", "PYBIND11_MODULE")}), targets=["armv7"])
        xt.equal(names, ["tiny.cpython-311-arm-linux-gnueabihf.so"])


def test_cmake_cxx20_without_a_scanner_of_modules():
    body = ("set(CMAKE_CXX_STANDARD 20)\nfind_package(pybind11 CONFIG REQUIRED)\n"
            "pybind11_add_module(tiny tiny.cpp)\n")
    good(scikit(body, version="3.28", language="CXX", requires=["pybind11"],
                files={"tiny.cpp": CXX % ("pybind11/pybind11.h", "PYBIND11_MODULE")}),
         targets=["armv7"])


def test_cmake_nanobind():
    body = ("find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)\n"
            "find_package(nanobind CONFIG REQUIRED)\nnanobind_add_module(tiny tiny.cpp)\n")
    good(scikit(body, language="CXX", requires=["nanobind"],
                files={"tiny.cpp": CXX % ("nanobind/nanobind.h", "NB_MODULE")}))


def test_nanobind_stubs():
    """Their generator imports the module that was compiled for the target: stubs of any
    names in its place, and a note."""
    body = """find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
find_package(nanobind CONFIG REQUIRED)
nanobind_add_module(tiny tiny.cpp)
nanobind_add_stub(tiny_stub MODULE tiny OUTPUT tiny.pyi PYTHON_PATH $<TARGET_FILE_DIR:tiny>
                  DEPENDS tiny MARKER_FILE py.typed)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tiny.pyi ${CMAKE_CURRENT_BINARY_DIR}/py.typed
        DESTINATION .)
"""
    files = scikit(body, language="CXX", requires=["nanobind"],
                   files={"tiny.cpp": CXX % ("nanobind/nanobind.h", "NB_MODULE")})
    with xt.scratch() as home:
        result = build(home, files, targets=["armv7"])
        xt.equal(test_wheels.judge(result, imports=False), 1)
        xt.check("stubs: replaced tiny.pyi: its generator imports the module, which is for "
                 "armv7l; every name in it is Any" in result.err, result.err)
        with zipfile.ZipFile(result.json["items"][0]["file"]) as z:
            stub = z.read("tiny.pyi").decode()
            xt.equal(z.read("py.typed"), b"")
        space = {}
        exec(compile(stub, "tiny.pyi", "exec"), space)
        xt.check("armv7l" in stub and "__getattr__" in space, stub)


# A setup.py that calls cmake itself and knows nothing of cross builds.
SETUP_CMAKE = """import os, subprocess, sys
from setuptools import setup, Extension
from setuptools.command.build_ext import build_ext
class cmake(build_ext):
    def build_extension(self, ext):
        out = os.path.dirname(os.path.abspath(self.get_ext_fullpath(ext.name)))
        subprocess.run(["cmake", "-S", ".", "-B", "b", "-DOUT=" + out,
                        "-DPython_EXECUTABLE=" + sys.executable], check=True)
        subprocess.run(["cmake", "--build", "b"], check=True)
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension("tiny", [])],
      cmdclass={"build_ext": cmake})
"""


def setup_cmake(body):
    body += "set_target_properties(tiny PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${OUT})\n"
    return {"pyproject.toml": pyproject("setuptools.build_meta", ["setuptools", "cmake"]),
            "setup.py": SETUP_CMAKE, "tiny.c": MODULE,
            "CMakeLists.txt": CMAKE.format(version="3.15", language="C", body=body)}


def test_cmake_from_setup_py():
    good(setup_cmake(FIND_PYTHON), targets=["armv7"])


def refused(files, *words, **options):
    with xt.scratch() as home:
        result = build(home, files, targets=["armv7"], code=1, **options)
        for word in ("X0904", *words):
            xt.check(word in result.err, word, result.err)


def test_X07_cmake_try_run():
    body = FIND_PYTHON + """include(CheckCSourceRuns)
check_c_source_runs("int main(void) { return 0; }" HAVE_RUN)
"""
    refused(scikit(body), "HAVE_RUN", "config_settings")
    # preset, as the message says
    with xt.scratch() as home:
        build(home, scikit(body), targets=["armv7"],
              recipe="build: {config_settings: {cmake.define.HAVE_RUN: '1'}}\n")
    # and where a setup.py starts cmake, which knows of no such setting
    guard = """if("${ODD}" STREQUAL "a;${b} \\"c\\"")
else()
    message(FATAL_ERROR "ODD is ${ODD}")
endif()
"""
    refused(setup_cmake(body), "CMake wanted to run", "config_settings")
    with xt.scratch() as home:
        build(home, setup_cmake(body + guard.replace("${b}", "\\${b}")), targets=["armv7"],
              recipe="build: {config_settings: {cmake.define.HAVE_RUN: '1', "
                     "cmake.define.ODD: 'a;$" + "{b} \"c\"'}}\n")


def test_X07_cmake_runs_what_it_built():
    body = FIND_PYTHON + """add_executable(generate main.c)
add_custom_command(OUTPUT made.h COMMAND generate > made.h DEPENDS generate)
add_custom_target(made ALL DEPENDS made.h)
"""
    refused(scikit(body, files={"main.c": "int main(void) { return 0; }\n"}), "generate")


MESON = """project('tiny', 'c', version: '1.0')
assert(meson.is_cross_build(), 'not a cross build')
assert(build_machine.cpu() == 'x86_64', build_machine.cpu())
assert(host_machine.cpu() in ['aarch64', 'armv7l'], host_machine.cpu())
assert(host_machine.cpu_family() in ['aarch64', 'arm'], host_machine.cpu_family())
assert(not meson.can_run_host_binaries(), 'target code would run')
longdouble = {'aarch64': 'IEEE_QUAD_LE', 'arm': 'IEEE_DOUBLE_LE'}
assert(meson.get_external_property('longdouble_format') ==
       longdouble[host_machine.cpu_family()])
if host_machine.cpu_family() == 'arm'
  assert(meson.get_compiler('c').sizeof('void*') == 4, 'compiled for another machine')
endif
py = import('python').find_installation(pure: false)
%s
py.extension_module('tiny', 'tiny.c', install: true)
"""


def meson(body=""):
    return {"pyproject.toml": pyproject("mesonpy", ["meson-python"]),
            "meson.build": MESON % body, "tiny.c": MODULE}


def test_meson():
    good(meson())


def test_meson_own_backend_around_it():
    files = meson()
    files["pyproject.toml"] = files["pyproject.toml"].replace(
        'build-backend = "mesonpy"', 'build-backend = "inner"\nbackend-path = ["back"]')
    files["back/inner.py"] = "from mesonpy import *\n"
    good(files, targets=["armv7"])


def test_meson_programs_for_the_build_machine():
    # native: true runs here, and is compiled by build-cc.
    files = meson("""gen = executable('gen', 'gen.c', native: true)
made = custom_target('made', output: 'made.h', command: [gen, '@OUTPUT@'],
                     build_by_default: true)
""")
    files["gen.c"] = """#include <stdio.h>
int main(int n, char **a)
{
	FILE *f = n > 1 ? fopen(a[1], "w") : NULL;
	return f && fprintf(f, "#define BITS %d\\n", (int)sizeof(void *) * 8) > 0 ? 0 : 1;
}
"""
    good(files, targets=["armv7"])


def test_X07_meson_without_exe_wrapper():
    refused(meson("meson.get_compiler('c').run('int main(void) { return 0; }')\n"))


def test_meson_keeps_the_build_type_and_the_recipes_flags():
    # -O3 of meson-python's release builds must not be undone by a later -O2.
    files = meson("""cc = meson.get_compiler('c')
foreach a : get_option('c_args')
  assert(not a.startswith('-O'), a)
endforeach
""")
    good(files, targets=["aarch64"])
    with xt.scratch() as home:
        files = meson("assert('-DMINE=1' in get_option('c_args'))\n")
        build(home, files, targets=["aarch64"],
              recipe='build: {env: {CFLAGS: "-O2 -DMINE=1"}}\n')


def test_flags_of_the_recipes_toolchain():
    """Every backend's compiler and linker get them, those for the build machine do not;
    another build of the same source without them is another result."""
    flags = 'toolchain: {cflags: [-DMINE=7, -O3], ldflags: ["-Wl,--defsym=mark=66"]}\n'
    code = "#if MINE != 7\n#error \"without the recipe's flags\"\n#endif\n" + MODULE
    setuptools = packages.SETUP.format(name="tiny", module="tiny", sources=["tiny.c"],
                                       optional=False, more="", packages="py_modules=[],")
    files = (meson("assert('-DMINE=7' in get_option('c_args'))\n"
                   "assert('-DMINE=7' not in get_option('build.c_args'))\n"),
             scikit(FIND_PYTHON),
             {"pyproject.toml": pyproject("setuptools.build_meta", ["setuptools"]),
              "setup.py": setuptools})
    for project in files:
        with xt.scratch() as home:
            result = build(home, {**project, "tiny.c": code}, targets=["armv7"], recipe=flags)
            [item] = result.json["items"]
            [module] = judges.unpack(item["file"], os.path.join(home, "x"))
            xt.check(re.search(r"00000042 .* ABS mark$", judges.readelf("--dyn-syms", module),
                               re.M), judges.readelf("--dyn-syms", module))
            build(home, {**project, "tiny.c": code}, code=1, targets=["armv7"])


def test_a_wheel_that_its_backend_labels_itself():
    """setup.cfg may name the platform, and be wrong: the tag is that of the code."""
    files = {"pyproject.toml": pyproject("setuptools.build_meta", ["setuptools"]),
             "setup.py": packages.SETUP.format(
                 name="tiny", module="tiny", sources=["tiny.c"], optional=False, more="",
                 packages="py_modules=[],"), "tiny.c": MODULE}
    for label in ("linux_x86_64", "linux_arm"):
        good({**files, "setup.cfg": f"[bdist_wheel]\nplat_name = {label}\n"})


def test_setuptools_cffi_api_mode():
    builder = """from cffi import FFI
ffi = FFI()
ffi.cdef("int answer(void); long bits(void);")
ffi.set_source("tiny_ffi", '''
int answer(void) { return 42; }
long bits(void) { return 8 * (long)sizeof(void *); }
''')
"""
    files = {"pyproject.toml": pyproject("setuptools.build_meta", ["setuptools", "cffi"]),
             "ffi_build.py": builder,
             "setup.py": 'from setuptools import setup\n'
                         'setup(py_modules=[], cffi_modules=["ffi_build.py:ffi"])\n'}
    with xt.scratch() as home:
        for item in build(home, files).json["items"]:
            with xt.scratch() as folder:
                objects = judges.unpack(item["file"], folder)
                xt.equal(len(objects), 1)
                machine = judges.MACHINE[item["id"].split("-")[-1]]
                xt.check(machine in judges.readelf("-h", objects[0]), objects)


POETRY = """[build-system]
requires = ["poetry-core", "setuptools"]
build-backend = "poetry.core.masonry.api"
[tool.poetry]
name = "tiny"
version = "1.0"
description = ""
authors = []
packages = [{include = "tiny"}]
include = [{path = "tiny/*.so", format = "wheel"}]
[tool.poetry.build]
script = "%s"
generate-setup-file = false
"""
EXTENSION = MODULE.replace("PyInit_tiny", "PyInit_inner").replace('"tiny"', '"inner"')
POETRY_SCRIPT = """import os, shutil
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext
d = Distribution({"name": "tiny", "ext_modules": [Extension("tiny.inner", ["inner.c"])]})
c = build_ext(d)
c.ensure_finalized()
c.run()
for made in c.get_outputs():
    shutil.copyfile(made, os.path.relpath(made, c.build_lib))
"""


def test_poetry_core_build_script():
    # The script runs in a Python of its own, which must be the target's too.
    names = good({"pyproject.toml": POETRY % "build.py", "build.py": POETRY_SCRIPT,
                  "tiny/__init__.py": "", "inner.c": EXTENSION})
    xt.equal(sorted(names), ["tiny/inner.cpython-311-aarch64-linux-gnu.so",
                             "tiny/inner.cpython-311-arm-linux-gnueabihf.so"])


def test_poetry_core_of_another_age():
    # It took the first of the tags that the Python it runs in would install.
    text = (POETRY % "build.py").replace('"poetry-core"', '"poetry-core==1.0.8"')
    names = good({"pyproject.toml": text, "build.py": POETRY_SCRIPT,
                  "tiny/__init__.py": "", "inner.c": EXTENSION}, targets=["armv7"])
    xt.equal(names, ["tiny/inner.cpython-311-arm-linux-gnueabihf.so"])


HATCH_HOOK = """import os, subprocess, sysconfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class Hook(BuildHookInterface):
    def initialize(self, version, data):
        name = "tiny/inner" + sysconfig.get_config_var("EXT_SUFFIX")
        subprocess.run([os.environ["CC"], "-shared", "-fPIC", "-O2",
                        "-I" + sysconfig.get_path("include"), "inner.c", "-o", name],
                       check=True)
        data["artifacts"].append(name)
        data["pure_python"] = False
        data["infer_tag"] = True
"""


def test_hatchling_build_hook():
    names = good({"pyproject.toml": pyproject(
        "hatchling.build", ["hatchling"], "[tool.hatch.build.hooks.custom]\n"
        "path = 'hook.py'\n[tool.hatch.build.targets.wheel]\npackages = ['tiny']\n"),
        "hook.py": HATCH_HOOK, "tiny/__init__.py": "", "inner.c": EXTENSION})
    xt.equal(sorted(names), ["tiny/inner.cpython-311-aarch64-linux-gnu.so",
                             "tiny/inner.cpython-311-arm-linux-gnueabihf.so"])


CONFIGURE = """AC_INIT([bundled], [1])
AC_CONFIG_AUX_DIR([aux])
AC_PROG_CC
AC_CANONICAL_HOST
%s
AC_FUNC_MALLOC
AC_C_BIGENDIAN
AC_CHECK_SIZEOF([void *])
AC_CONFIG_HEADERS([config.h])
AC_OUTPUT
"""
AUTOTOOLS_SETUP = """import os, subprocess
from setuptools import setup, Extension
subprocess.run(["autoreconf", "-i"], check=True)
os.makedirs("aux", exist_ok=True)
subprocess.run(["sh", "./configure"], check=True)
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension("tiny", ["tiny.c"])])
"""


def autotools(checks=""):
    # As those of old packages, which know no aarch64.
    old = ("#!/bin/sh\ntest \"$1\" = sun4 && echo sparc-sun-sunos4 && exit\n"
           "echo \"$0: $1 not recognized\" >&2\nexit 1\n")
    return {"pyproject.toml": pyproject("setuptools.build_meta", ["setuptools"]),
            "configure.ac": CONFIGURE % checks, "setup.py": AUTOTOOLS_SETUP,
            "aux/config.sub": old, "aux/config.guess": old, "aux/install-sh": old,
            "tiny.c": '#include "config.h"\n' + MODULE + """
_Static_assert(SIZEOF_VOID_P == sizeof(void *), "config.h of another machine");
#if !HAVE_MALLOC
#error "malloc was taken for broken"
#endif
"""}


def test_autotools_without_host_and_with_an_old_config_sub():
    xt.check(shutil.which("autoreconf"), "autoconf is missing: tests/run installs it")
    good(autotools())


def test_X07_autoconf_run_test():
    refused(autotools("AC_RUN_IFELSE([AC_LANG_PROGRAM([], [return 0;])], [], "
                      "[AC_MSG_ERROR([no])])"), "cross compiling")


if __name__ == "__main__":
    xt.main(globals())
