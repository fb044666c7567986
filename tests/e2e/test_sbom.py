"""The list of parts in wheels that xorch builds (wheel.sbom), judged by the CycloneDX
reference implementation: grafted libraries, Debian's and recipes', static ones, the
compilers' own, crates; and none where nothing from outside is in the code."""
import os
import re
import zipfile

import judges
import packages
import test_libs
import test_repair
import test_wheels
import xt

LISTS = r"tiny-1\.0\.dist-info/sboms/.*"


def components(wheel):
    return {c["name"]: c for c in test_repair.sbom_of(wheel)["components"]}


def has_list(wheel):
    with zipfile.ZipFile(wheel) as z:
        return any(re.fullmatch(LISTS, n) for n in z.namelist())


def test_grafted():
    with xt.scratch() as home:
        recipe = packages.project(home, code=test_libs.FFI, more="libraries=['ffi']",
                                  recipe=test_libs.HOST)
        wheel = test_libs.wheel_of(test_libs.build(home, recipe, "--check-reproducible"))
        bom = test_repair.check_parts(wheel, [{"package": "libffi7", "version": "3.3-6"}])
        part, = bom["components"]
        xt.equal(part["purl"], "pkg:deb/debian/libffi7@3.3-6?arch=arm64&distro=bullseye")
        # and without the key there is none
        recipe = packages.project(home, code=test_libs.FFI, more="libraries=['ffi']",
                                  recipe=test_libs.HOST + "wheel: {sbom: false}\n")
        bare = test_libs.wheel_of(test_libs.build(home, recipe, "--out", "bare"))
        xt.check(has_list(wheel) and not has_list(bare), bare)


def test_plain_wheels_have_none():
    with xt.scratch() as home:
        wheel = test_libs.wheel_of(test_libs.build(home, packages.project(home)))
        xt.check(not has_list(wheel), wheel)


def test_static_of_debian():
    with xt.scratch() as home:
        recipe = packages.project(
            home, code=test_libs.FFI, more="libraries=['ffi']",
            recipe=test_libs.HOST + "wheel: {link_static: [ffi]}\n")
        wheel = test_libs.wheel_of(test_libs.build(home, recipe, target="armv7"))
        found = components(wheel)
        # on ARM libffi calls __clear_cache of libgcc
        xt.equal(sorted(found), ["libffi-dev", "libgcc-10-dev"])
        xt.check("components" not in found["libffi-dev"], found)
        xt.equal(found["libffi-dev"]["purl"],
                 "pkg:deb/debian/libffi-dev@3.3-6?arch=armhf&distro=bullseye")
        with zipfile.ZipFile(wheel) as z:
            xt.check("tiny-1.0.dist-info/licenses/libffi-dev/copyright" in z.namelist(),
                     z.namelist())


def test_library_of_a_recipe():
    """Static: named alone; its licence in SPDX's words is the recipe's. Another licence
    is another wheel, though the library is the same."""
    with xt.scratch() as home:
        seen = set()
        for licence in ("MIT OR Apache-2.0", "ISC"):
            test_libs.library(home, "requirements: {host: [deb:zlib1g-dev]}\n"
                              f"about: {{license: {licence}}}\n")
            recipe = packages.project(home, code=test_libs.MINI, more="libraries=['mini']",
                                      recipe="requirements: {host: [recipe:mini]}\n")
            wheel = test_libs.wheel_of(test_libs.build(home, recipe, "--replace"))
            found = components(wheel)
            xt.equal(list(found), ["mini"])
            xt.equal(found["mini"]["purl"], "pkg:generic/mini@1.0")
            xt.equal(found["mini"]["licenses"], [{"expression": licence}])
            with open(wheel, "rb") as f:
                seen.add(f.read())
        xt.equal(len(seen), 2)


def test_shared_library_of_a_recipe():
    with xt.scratch() as home:
        test_libs.shared(home, "one", "libclash.so.1", "libclash.so",
                         "int clash(void) { return 42; }")
        recipe = packages.project(home, code=test_libs.CLASH, more="libraries=['clash']",
                                  recipe="requirements: {host: [recipe:one]}\n")
        wheel = test_libs.wheel_of(test_libs.build(home, recipe))
        found = components(wheel)
        xt.equal(list(found), ["one"])
        file, = found["one"]["components"]
        xt.check(re.fullmatch(r"tiny\.libs/libclash-[0-9a-f]{8}\.so\.1", file["name"]), file)
        test_libs.run_answer(wheel)


PATHS = """#include <Python.h>
#include <filesystem>
static PyObject *answer(PyObject *, PyObject *)
{ return PyLong_FromLong(std::filesystem::path("/a/b").parent_path() == "/a" ? 42 : 0); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {}};
static PyModuleDef def = {PyModuleDef_HEAD_INIT, "tiny", nullptr, -1, methods};
PyMODINIT_FUNC PyInit_tiny() { return PyModule_Create(&def); }
"""
PARENT = "_ZNKSt10filesystem7__cxx114path11parent_pathEv"


def plus_plus(home, recipe=""):
    """A project in C++17, which at floor 2_17 takes pieces of libstdc++ along."""
    setup = packages.SETUP.format(name="tiny", module="tiny", sources=["tiny.cc"],
                                  optional=False, packages="py_modules=[],",
                                  more="extra_compile_args=['-std=c++17']")
    return packages.project(home, setup=setup, files=[("tiny.cc", PATHS)], recipe=recipe)


def defined(wheel):
    """Names that the modules of an unstripped wheel define, by readelf."""
    names = set()
    with xt.scratch() as home, zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            if name.endswith(".so"):
                table = judges.readelf("-s", z.extract(name, home))
                names |= {line.split()[7].split("@")[0] for line in table.splitlines()
                          if len(line.split()) > 7 and line.split()[6] != "UND"}
    return names


def test_compilers_own():
    """What is linked of the compilers' archives: of the sysroot's C++ library below a
    floor, of the compiler's libgcc; at a floor that has all of it, nothing is. The
    symbols of the module say the same."""
    rows = (("armv7", "clang", "libstdc++-10-dev", "armhf", "bullseye"),
            ("aarch64", "gcc", "libstdc++-10-dev", "arm64", "bullseye"))
    for target, toolchain, name, arch, suite in rows:
        with xt.scratch() as home:
            recipe = plus_plus(home, "wheel: {strip: false}\n")
            wheel = test_libs.wheel_of(test_libs.build(
                home, recipe, "--toolchain", toolchain, "--check-reproducible",
                target=target))
            found = components(wheel)
            xt.equal(found[name]["version"], "10.2.1-6")
            xt.equal(found[name]["purl"], "pkg:deb/debian/libstdc%2B%2B-10-dev@10.2.1-6"
                                          f"?arch={arch}&distro={suite}")
            xt.check("components" not in found[name], found)
            if toolchain == "gcc":
                xt.check("pkg:deb/debian/libgcc-12-dev-arm64-cross@12." in
                         found["libgcc-12-dev-arm64-cross"]["purl"], found)
            xt.check(PARENT in defined(wheel), found)
            test_libs.run_answer(wheel, target)
            if target != "armv7":
                continue
            high = test_libs.wheel_of(test_libs.build(
                home, recipe, "--floor", "2_31", "--out", "high", target=target))
            xt.check(PARENT not in defined(high) and not has_list(high), high)


DIVIDE = """static PyObject *answer(PyObject *self, PyObject *args)
{ long long a, b; (void)self;
  if (!PyArg_ParseTuple(args, "LL", &a, &b)) return NULL;
  return PyLong_FromLongLong(a / b); }
static PyMethodDef methods[] = {{"answer", answer, METH_VARARGS, ""}, {0}};
"""


def test_libgcc_of_the_sysroot():
    """A division that an ARMv7 has no instruction for; an AArch64 has."""
    with xt.scratch() as home:
        recipe = packages.project(home, code=DIVIDE, recipe="wheel: {strip: false}\n")
        wheel = test_libs.wheel_of(test_libs.build(home, recipe, target="armv7"))
        part, = components(wheel).values()
        xt.equal(part["purl"],
                 "pkg:deb/debian/libgcc-10-dev@10.2.1-6?arch=armhf&distro=bullseye")
        xt.check("__aeabi_ldivmod" in defined(wheel), defined(wheel))
        wheel = test_libs.wheel_of(test_libs.build(home, recipe))
        xt.check(not has_list(wheel) and "__divdi3" not in defined(wheel), wheel)


def crates_of(recipe, python="cp311"):
    with xt.scratch() as home:
        result = test_wheels.build(recipe, ["armv7"], python, home)
        xt.equal(result.code, 0, result)
        wheel = [i for i in result.json["items"] if "file" in i][-1]["file"]
        found = components(wheel)
        with open(os.path.join(home, "recipes", recipe.replace(".yaml", ".lock"))) as f:
            lock = f.read()
        for name, part in found.items():
            if part["purl"].startswith("pkg:cargo/"):
                xt.check(part["hashes"][0]["content"] in lock, part)
        return found


def test_crates():
    """Those that were compiled for the target: not the macros, the build scripts' own and
    other systems' of the lock."""
    found = crates_of("rpds-py.yaml")
    for name in ("rpds", "pyo3", "pyo3-ffi", "archery"):
        xt.check(found[name]["purl"].startswith("pkg:cargo/" + name + "@"), found)
    std = found["libstd-rust-web-dev"]
    xt.check(re.fullmatch(r"pkg:deb/debian/libstd-rust-web-dev@1\.\d+\.\d+.*"
                          r"\?arch=armhf&distro=bookworm", std["purl"]), std)
    for name in ("syn", "quote", "pyo3-macros", "pyo3-build-config", "windows-sys"):
        xt.check(name not in found, name, list(found))


# label: long
def test_rapidfuzz():
    """In C++17, at floor 2_17."""
    for target, arch in (("aarch64", "arm64"), ("armv7", "armhf")):
        with xt.scratch() as home:
            result = test_wheels.build("rapidfuzz.yaml", [target], "cp311", home)
            xt.equal(result.code, 0, result)
            wheel = [i for i in result.json["items"] if "file" in i][-1]["file"]
            found = components(wheel)
            xt.check(set(found) <= {"libstdc++-10-dev", "libgcc-10-dev"}, found)
            xt.check(found["libstdc++-10-dev"]["purl"].endswith(
                f"?arch={arch}&distro=bullseye"), found)


# label: long
def test_crates_and_libraries():
    found = crates_of("cryptography.yaml")
    xt.check(found["openssl"]["purl"].startswith("pkg:generic/openssl@"), list(found))
    xt.check(found["asn1"]["purl"].startswith("pkg:cargo/asn1@"), list(found))


if __name__ == "__main__":
    xt.main(globals())
