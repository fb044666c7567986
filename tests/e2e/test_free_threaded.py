"""A free-threaded CPython (3.13t), built from trixie's source package, as host Python."""
import glob
import hashlib
import lzma
import os
import re
import shutil
import subprocess
import tarfile

import judges
import target_root
import test_backends
import test_wheels
import xt


def source(folder):
    """Unpacks the upstream tarball of trixie's python3.13; returns its folder."""
    sources = lzma.decompress(target_root.download("dists/trixie/main/source/Sources.xz"))
    fields = next(p for p in sources.decode().split("\n\n")
                  if re.search(r"^Package: python3\.13$", p, re.M))
    where = re.search(r"^Directory: (.*)$", fields, re.M)[1]
    sums = re.search(r"^Checksums-Sha256:\n((?: .*(?:\n|$))+)", fields, re.M)[1]
    for line in sums.splitlines():
        sha256, _, name = line.split()
        if re.search(r"\.orig\.tar\.(xz|gz)$", name):
            data = target_root.download(f"{where}/{name}")
            xt.equal(hashlib.sha256(data).hexdigest(), sha256, name)
            tarball = xt.write(os.path.join(folder, name), data)
    with tarfile.open(tarball) as t:
        t.extractall(folder, filter="tar") if hasattr(tarfile, "tar_filter") \
            else t.extractall(folder)
    return next(iter(glob.glob(folder + "/Python-3.13*")))


def interpreter():
    """Folder of programs of the built Python; kept in the cache."""
    def make(prefix):
        with xt.scratch() as folder:
            tree = source(folder)
            final = prefix[:-len(".part")]
            for command in (["./configure", "--quiet", "--disable-gil", "--prefix=" + final,
                             "--without-ensurepip", "--disable-test-modules"],
                            ["make", f"-j{os.cpu_count()}"],
                            ["make", "altinstall", "DESTDIR=" + folder + "/root"]):
                p = subprocess.run(command, cwd=tree, capture_output=True, text=True)
                xt.check(p.returncode == 0, command, p.stdout[-2000:], p.stderr[-2000:])
            shutil.copytree(folder + "/root" + final, prefix, symlinks=True,
                            dirs_exist_ok=True)
    return os.path.join(target_root.prepared("cpython-3.13t", make), "bin")


def small(files):
    """Builds that project for cp313t; its only module is named for it, and so is the
    wheel. The sources see to the macro. What is long is to build the interpreter."""
    with xt.scratch() as home:
        result = test_backends.build(home, files, targets=["armv7"], python="3.13t",
                                     PATH=interpreter() + ":" + os.environ["PATH"])
        [item] = result.json["items"]
        name = os.path.basename(item["file"])
        xt.check("-1.0-cp313-cp313t-manylinux" in name and "_armv7l.whl" in name, name)
        [module] = judges.unpack(item["file"], os.path.join(home, "site"))
        xt.equal(os.path.basename(module), "tiny.cpython-313t-arm-linux-gnueabihf.so")
        xt.check("ARM" in judges.readelf("-h", module))


GIL = """#ifndef Py_GIL_DISABLED
#error "compiled for the CPython with a GIL"
#endif
"""


# label: long
def test_cmake_find_python():
    files = test_backends.scikit(test_backends.FIND_PYTHON)
    small({**files, "tiny.c": files["tiny.c"] + GIL})


# label: long
def test_cmake_pybind11():
    body = "find_package(pybind11 CONFIG REQUIRED)\npybind11_add_module(tiny tiny.cpp)\n"
    code = test_backends.CXX % ("pybind11/pybind11.h", "PYBIND11_MODULE")
    small(test_backends.scikit(
        "find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)\n" + body,
        language="CXX", requires=["pybind11"], files={"tiny.cpp": code + GIL}))


# label: long
def test_meson():
    files = test_backends.meson()
    small({**files, "tiny.c": files["tiny.c"] + GIL})


# What PyO3 makes of its configuration is what use_pyo3_cfgs hands on. 0.25: the newest
# do not know 3.13t any more.
CARGO = """[package]
name = "tiny"
version = "1.0.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[dependencies]
pyo3 = { version = "0.25", features = ["extension-module"] }
[build-dependencies]
pyo3-build-config = "0.25"
"""
RUST = """use pyo3::prelude::*;
#[cfg(not(Py_GIL_DISABLED))]
compile_error!("compiled for the CPython with a GIL");
#[pyfunction]
fn answer() -> u32 { 42 }
#[pymodule(gil_used = false)]
fn tiny(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(answer, m)?)
}
"""


# label: long
def test_pyo3():
    small({"pyproject.toml": test_backends.pyproject("maturin", ["maturin"]),
           "Cargo.toml": CARGO, "src/lib.rs": RUST,
           "build.rs": "fn main() { pyo3_build_config::use_pyo3_cfgs(); }\n"})


# label: long
def test_wheels_of_313t():
    with xt.scratch() as home:
        shutil.copytree(os.path.join(xt.SOURCE, "recipes"), os.path.join(home, "recipes"))
        names = ["cwcwidth", "markupsafe", "greenlet"]
        result = xt.run(["build", *(f"recipes/{n}.yaml" for n in names), "--python", "3.13t",
                         "--target", "aarch64", "--target", "armv7", "--target", "x86_64",
                         "--json"],
                        home=home, cwd=home, timeout=1700,
                        XORCH_CACHE_DIR=test_wheels.shared_cache(),
                        PATH=interpreter() + ":" + os.environ["PATH"])
        test_wheels.need_network(result)
        xt.equal(result.code, 0, result)
        for item in result.json["items"]:
            item["file"] = os.path.join(home, item["file"])
            xt.check("-cp313-cp313t-manylinux" in os.path.basename(item["file"]), item)
            listing = subprocess.check_output(["unzip", "-Z1", item["file"]], text=True)
            modules = re.findall(r"^.*\.so$", listing, re.M)
            xt.check(modules and all(".cpython-313t-" in m for m in modules), listing)
            if item["target"] == "x86_64":
                run_here(item)


def run_here(item):
    """Debian has no free-threaded Python for a target; the x86_64 wheels run in the
    one that was built."""
    package = os.path.basename(item["file"]).split("-")[0]
    with xt.scratch() as folder:
        shutil.unpack_archive(item["file"], folder, "zip")
        p = subprocess.run([os.path.join(interpreter(), "python3.13t"), "-c",
                            target_root.CHECKS[package]], capture_output=True, text=True,
                           env={"PYTHONPATH": folder, "LC_ALL": "C.UTF-8"})
        xt.equal([p.returncode, p.stdout.strip()], [0, "ok"], item["id"], p.stderr)


if __name__ == "__main__":
    xt.main(globals())
