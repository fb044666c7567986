"""A small Python project in Rust made on the spot: a workspace of the extension, a
procedural macro and, by a build script with the cc crate, a C file. What the module
answers comes from all three."""
import os

import packages
import xt

SETUP = """from setuptools import setup
from setuptools_rust import Binding, RustExtension
setup(name="rusty", version="1.0", packages=["rusty"], {options}
      rust_extensions=[RustExtension("rusty.native", binding=Binding.NoBinding,
                                     py_limited_api={limited})])
"""

CARGO = """[package]
name = "native"
version = "1.0.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[dependencies]
number = {{ path = "number" }}
{depends}
[build-dependencies]
cc = "1.2"

[workspace]
members = ["number"]
"""

MACRO_CARGO = """[package]
name = "number"
version = "1.0.0"
edition = "2021"

[lib]
proc-macro = true
"""

# The macro runs inside rustc, so it must be the build machine's.
MACRO = """extern crate proc_macro;

#[proc_macro]
pub fn forty(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    assert_eq!(std::mem::size_of::<usize>(), 8, "a macro for another machine");
    "40".parse().unwrap()
}
"""

LIB = """use std::os::raw::{c_int, c_void};

extern "C" {
    fn native_module() -> *mut c_void;
}

#[no_mangle]
pub extern "C" fn native_rust(x: c_int) -> c_int {
    if x < 0 {
        panic!("a panic that would name this file");
    }
    x + number::forty!()
}

#[no_mangle]
pub unsafe extern "C" fn PyInit_native() -> *mut c_void {
    native_module()
}
"""

C = """{limited}#include <Python.h>
int native_rust(int x);
static PyObject *answer(PyObject *self, PyObject *args)
{{ (void)self; (void)args; return PyLong_FromLong(native_rust(sizeof(long) / 4)); }}
static PyMethodDef methods[] = {{{{"answer", answer, METH_NOARGS, ""}}, {{0}}}};
static struct PyModuleDef def = {{PyModuleDef_HEAD_INIT, "native", 0, -1, methods}};
PyObject *native_module(void) {{ return PyModule_Create(&def); }}
"""

# The headers are looked for as the build script of cryptography does it.
BUILD = """use std::{env, path::Path};

fn main() {
    assert_ne!(env::var("HOME").unwrap_or_default(), "/root");
    let lib = env::var("PYO3_CROSS_LIB_DIR").unwrap();
    let lib = Path::new(&lib);
    let prefix = lib.parent().unwrap().parent().unwrap();
    let include = prefix.join("include").join(lib.file_name().unwrap());
    assert!(include.join("pyconfig.h").exists(), "{}", include.display());
    cc::Build::new().file("module.c").include(include).compile("module");
}
"""


def project(folder, recipe="", limited=None, depends="", files=(), cargo_lock=None):
    """Writes rusty-src/ and rusty.yaml below folder; returns the recipe's path.
    `limited` is the oldest Python of an abi3 wheel: "9"."""
    src = os.path.join(folder, "rusty-src")
    options = f'options={{"bdist_wheel": {{"py_limited_api": "cp3{limited}"}}}},'
    define = f"#define Py_LIMITED_API 0x03{int(limited or 0):02x}0000\n"
    all_files = {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools", "setuptools-rust"]\n'
                          'build-backend = "setuptools.build_meta"\n',
        "setup.py": SETUP.format(options=options if limited else "",
                                 limited=bool(limited)),
        "rusty/__init__.py": "from .native import answer\n",
        "Cargo.toml": CARGO.format(depends=depends),
        "number/Cargo.toml": MACRO_CARGO,
        "number/src/lib.rs": MACRO,
        "src/lib.rs": LIB,
        "module.c": C.format(limited=define if limited else ""),
        "build.rs": BUILD,
        "run-id": packages.RUN}
    all_files.update(files)
    if cargo_lock:
        all_files["Cargo.lock"] = cargo_lock
    for name, text in all_files.items():
        xt.write(os.path.join(src, name), text)
    return xt.write(os.path.join(folder, "rusty.yaml"),
                    packages.RECIPE.format(name="rusty", more=recipe, patches=""))
