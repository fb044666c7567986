"""The list of parts in wheels that xorch builds (wheel.sbom), judged by the CycloneDX
reference implementation: grafted libraries, Debian's and recipes', static ones, crates;
and none where nothing from outside is in the code."""
import os
import re
import zipfile

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
        xt.equal(list(found), ["libffi-dev"])
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
    for name in ("syn", "quote", "pyo3-macros", "pyo3-build-config", "windows-sys"):
        xt.check(name not in found, name, list(found))


# label: long
def test_crates_and_libraries():
    found = crates_of("cryptography.yaml")
    xt.check(found["openssl"]["purl"].startswith("pkg:generic/openssl@"), list(found))
    xt.check(found["asn1"]["purl"].startswith("pkg:cargo/asn1@"), list(found))


if __name__ == "__main__":
    xt.main(globals())
