"""Wheels in Rust: by setuptools-rust and maturin, for both targets."""
import glob
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile

import judges
import packages
import rust_packages
import target_root
import test_wheels
import xt
from server import Reply, Server

ANSWER = "import rusty; print(rusty.answer())"


def build(home, recipe, *args, targets=("aarch64",), python="cp311", code=0, verb="build",
          **env):
    flags = [f for t in targets for f in ("--target", t)]
    result = xt.run([verb, recipe, "--python", python, "--json", *flags, *args], home=home,
                    cwd=home, **{"XORCH_CACHE_DIR": test_wheels.shared_cache(), **env})
    if code != 5:
        test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def refused(home, recipe, code, *texts, **more):
    result = build(home, recipe, code=code, **more)
    for text in texts:
        xt.check(text in result.err, f"the error should say {text}", result.err)


def rustc_lines(home, item):
    """What was compiled: crate name -> rustc's command lines."""
    lines = {}
    with open(item["log"], encoding="utf-8", errors="replace") as f:
        for line in f:
            found = re.search(r"Running `(.*--crate-name (\w+).*)`", line)
            if found:
                lines.setdefault(found.group(2), []).append(found.group(1))
    return lines


def test_rpds_py():
    """maturin and PyO3, with a Cargo.lock in the sdist."""
    with xt.scratch() as home:
        result = test_wheels.build("rpds-py.yaml", ["aarch64"], "cp311", home)
        xt.equal(result.code, 0, result)
        xt.equal(test_wheels.judge(result), 1, result)


def test_certificates_from_anywhere():
    """SSL_CERT_FILE may name a file that no sandbox shows."""
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    with xt.scratch() as home:
        own = shutil.copy(os.environ.get("SSL_CERT_FILE") or bundle,
                          os.path.join(home, "own.pem"))
        recipe = rust_packages.project(home)
        for level in ("bwrap", "landlock"):
            build(home, recipe, "--sandbox", level, verb="lock", SSL_CERT_FILE=own)
            with open(os.path.join(home, "rusty.lock")) as f:
                xt.check(re.search(r"\bcc\b.*1\.", f.read()), "no crates in the lock")
            os.unlink(os.path.join(home, "rusty.lock"))


def test_X08_small_both_targets():
    """No Cargo.lock: the crates are resolved. A build script compiles C with the cc
    crate for the target (X08), and is for the build machine itself, like the macro."""
    with xt.scratch() as home:
        recipe = rust_packages.project(home)
        result = build(home, recipe, targets=["aarch64", "armv7"])
        xt.equal(test_wheels.judge(result, imports=False), 2, result)
        for item in result.json["items"]:
            target = item["id"].split("-")[-1]
            root = target_root.get("bookworm", target)
            want = {"aarch64": "42", "armv7": "41"}[target]
            xt.equal(root.run_wheel(item["file"], ANSWER).strip(), want, item)
            flags_stay_with_the_target(home, item, target)
        with open(os.path.join(home, "rusty.lock")) as f:
            lock = f.read()
        xt.check(re.search(r"  - \{name: cc, version: \"1\.[^}]*sha256: ", lock), lock)
        xt.check(not os.path.exists(os.path.join(home, "rusty-src", "Cargo.lock")),
                 "the source was written to")
        xt.equal(build(home, recipe, "--locked").json["items"][0]["state"], "cached")
        # without them in the lock
        xt.write(os.path.join(home, "rusty.lock"), re.sub(
            r"crates:\n(  - .*\n)*", "", lock, count=1))
        refused(home, recipe, 4, "[X0407]", "crates", "xorch lock",
                verb="build", python="cp311", targets=["aarch64"], XORCH_LOCKED="1")


# label: long
def test_small_below_bwrap_and_gcc():
    """Where paths are not constant they stay out of the module all the same; and with
    gcc as linker and C compiler."""
    for args in (["--sandbox", "landlock"], ["--sandbox", "env"], ["--toolchain", "gcc"]):
        with xt.scratch() as home:
            [item] = build(home, rust_packages.project(home), *args).json["items"]
            root = target_root.get("bookworm", "aarch64")
            xt.equal(root.run_wheel(item["file"], ANSWER).strip(), "42", args)
            [module] = judges.unpack(item["file"], os.path.join(home, "x"))
            with open(module, "rb") as f:
                data = f.read()
            xt.check(b"/xorch" not in data and home.encode() not in data, args)


def flags_stay_with_the_target(home, item, target):
    lines = rustc_lines(home, item)
    triple = {"aarch64": "aarch64-unknown-linux-gnu",
              "armv7": "armv7-unknown-linux-gnueabihf"}[target]
    for name in ("build_script_build", "number", "cc"):
        for line in lines[name]:
            xt.check("--target" not in line and "strip=symbols" not in line and
                     "remap-path-prefix" not in line, "for the build machine", line)
        if name != "cc":
            xt.check("linker=/xorch/cross/bin/build-cc" in lines[name][0], lines[name])
    for line in lines["native"]:
        for flag in (f"--target {triple}", "linker=/xorch/cross/bin/cc", "-Cstrip=symbols",
                     "--remap-path-prefix=/xorch/src="):
            xt.check(flag in line, f"for the target: {flag}", line)
    with xt.scratch() as folder:
        [module] = judges.unpack(item["file"], folder)
        with open(module, "rb") as f:
            data = f.read()
        xt.check(b"/xorch" not in data, "a path of the build is in the module")
        xt.check(b"src/lib.rs" in data, "the panic should name its file")
        xt.check(".symtab" not in judges.readelf("-S", module), "not stripped")


# The C of a macro and of what a build script calls, which run here while the rest is
# compiled.
C_OF_CRATE = """#ifndef __x86_64__
#error "compiled for the target"
#endif
int %s(void) { return %d; }
"""
CC_BUILD = """fn main() { cc::Build::new().file("part.c").compile("part"); }
"""
CC_NEEDED = '[build-dependencies]\ncc = "1.2"\n'


def test_c_of_what_runs_in_the_build():
    """C that build scripts have compiled by the cc crate: that of a procedural macro and of
    a build-dependency for the build machine, the target's for the target. CFLAGS is the
    target's, though the crate gives it to both compilers."""
    with xt.scratch() as home:
        flags = "-O2 -DNDEBUG -fPIC -g0 -mtune=cortex-a7 -mfloat-abi=hard"
        recipe = f'build: {{env: {{CFLAGS: "{flags}"}}}}\n'
        recipe = rust_packages.project(home, recipe=recipe, files={
            "Cargo.toml": rust_packages.CARGO.format(depends="").replace(
                CC_NEEDED, CC_NEEDED + 'maker = { path = "maker" }\n'),
            "number/Cargo.toml": rust_packages.MACRO_CARGO + CC_NEEDED,
            "number/build.rs": CC_BUILD, "number/part.c": C_OF_CRATE % ("thirty", 30),
            "number/src/lib.rs": """extern crate proc_macro;
extern "C" { fn thirty() -> i32; }
#[proc_macro]
pub fn forty(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    format!("{} + TEN", unsafe { thirty() }).parse().unwrap()
}
""",
            "maker/Cargo.toml": '[package]\nname = "maker"\nversion = "1.0.0"\n'
                                'edition = "2021"\n' + CC_NEEDED,
            "maker/build.rs": CC_BUILD, "maker/part.c": C_OF_CRATE % ("ten", 10),
            "maker/src/lib.rs": 'extern "C" { fn ten() -> i32; }\n'
                                "pub fn number() -> i32 { unsafe { ten() } }\n",
            "build.rs": rust_packages.BUILD.replace("fn main() {", """fn main() {
    let made = Path::new(&env::var("OUT_DIR").unwrap()).join("made.rs");
    std::fs::write(made, format!("const TEN: i32 = {};", maker::number())).unwrap();"""),
            "src/lib.rs": 'include!(concat!(env!("OUT_DIR"), "/made.rs"));\n'
                          + rust_packages.LIB,
            "module.c": "#if !defined(__arm__) || !defined(NDEBUG)\n#error of the target\n"
                        "#endif\n" + rust_packages.C.format(limited="")})
        result = build(home, recipe, targets=["armv7"])
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        xt.equal(target_root.get("bookworm", "armv7").run_wheel(
            result.json["items"][0]["file"], ANSWER).strip(), "41")


def test_abi3_built_once():
    """One wheel for two Pythons, in one run and in the next."""
    xt.need_pythons("cp310", "cp311", "cp312")
    with xt.scratch() as home:
        recipe = rust_packages.project(home, limited="9", recipe="python: {abi3: '3.9'}\n")
        result = build(home, recipe, python="cp311,cp312")
        first, second = sorted(result.json["items"], key=lambda i: i["state"] != "built")
        xt.equal((first["state"], second["state"]), ("built", "cached"), result)
        xt.equal(first["file"], second["file"])
        xt.check("-cp39-abi3-manylinux2014_aarch64" in first["file"], first)
        xt.check("served by the abi3 wheel of CPython 3.9 and newer" in result.err, result)
        [again] = build(home, recipe, python="cp310").json["items"]
        xt.equal((again["state"], again["sha256"]), ("cached", first["sha256"]), again)
        with xt.scratch() as folder:
            [module] = judges.unpack(first["file"], folder)
            xt.check(module.endswith("/native.abi3.so"), module)
        for suite in ("bullseye", "bookworm", "trixie"):
            root = target_root.get(suite, "aarch64")
            xt.equal(root.run_wheel(first["file"], ANSWER).strip(), "42", suite)


def pyo3_project(home, pyo3, more="", **files):
    """Recipe of a module by PyO3 and maturin: `pyo3` is its dependency in Cargo.toml,
    `files` further ones, `more` the recipe's further keys."""
    files = {
        **files,
        "pyproject.toml": '[build-system]\nrequires = ["maturin>=1.9,<2"]\n'
                          'build-backend = "maturin"\n[project]\nname = "rusty"\n'
                          'version = "1.0"\n',
        "Cargo.toml": '[package]\nname = "rusty"\nversion = "1.0.0"\nedition = "2021"\n'
                      f'[lib]\ncrate-type = ["cdylib"]\n[dependencies]\npyo3 = {pyo3}\n',
        "src/lib.rs": 'use pyo3::prelude::*;\n\n#[pyfunction]\nfn answer() -> usize { '
                      'usize::BITS as usize }\n\n#[pymodule]\nfn rusty(m: &Bound<\'_, '
                      'PyModule>) -> PyResult<()> {\n    m.add_function('
                      'wrap_pyfunction!(answer, m)?)\n}\n',
        "run-id": packages.RUN}
    for name, text in files.items():
        xt.write(os.path.join(home, "rusty-src", name), text)
    return xt.write(os.path.join(home, "rusty.yaml"), packages.RECIPE.format(
        name="rusty", patches="", more=more))


def test_abi3_of_pyo3():
    """The project says abi3, the recipe from which Python on; maturin and PyO3."""
    with xt.scratch() as home:
        recipe = pyo3_project(home, '{ version = "0.29", features = ["abi3"] }',
                              "python: {abi3: '3.9'}\n")
        result = build(home, recipe, targets=["armv7"])
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        [item] = result.json["items"]
        xt.check("-cp39-abi3-manylinux2014_armv7l" in item["file"], item)
        for suite in ("bullseye", "trixie"):
            root = target_root.get(suite, "armv7")
            xt.equal(root.run_wheel(item["file"], ANSWER).strip(), "32", suite)


def test_abi3_of_an_older_pyo3():
    """Before 0.23 the configuration file hid the feature from PyO3, and not from maturin."""
    with xt.scratch() as home:
        recipe = pyo3_project(home, '{ version = "0.21", features = ["abi3-py38"] }')
        result = build(home, recipe, targets=["aarch64"])
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        [item] = result.json["items"]
        xt.check("-cp38-abi3-manylinux" in item["file"], item)
        root = target_root.get("bookworm", "aarch64")
        xt.equal(root.run_wheel(item["file"], ANSWER).strip(), "64")


# label: long
def test_bindgen_with_libclang_of_the_index():
    """A build script makes Rust of a C header by the build requirement libclang: sizes
    are the target's, which the bindings assert, and stddef.h is found."""
    files = {
        "sizes.h": "#include <stddef.h>\n#include <stdint.h>\n"
                   "struct pair { size_t a; long b; };\n",
        "build.rs": 'fn main() {\n    let made = bindgen::Builder::default()'
                    '.header("sizes.h").generate().unwrap();\n    let out = '
                    'std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap());\n'
                    '    made.write_to_file(out.join("sizes.rs")).unwrap();\n}\n'}
    for toolchain, targets in (("clang", ["aarch64", "armv7"]), ("gcc", ["armv7"])):
        with xt.scratch() as home:
            recipe = pyo3_project(home, '"0.29"\n[build-dependencies]\nbindgen = "0.71"',
                                  "requirements: {build: [libclang]}\n", **files)
            library = os.path.join(home, "rusty-src", "src", "lib.rs")
            xt.write(library, "#![allow(non_upper_case_globals, non_camel_case_types)]\n"
                     'include!(concat!(env!("OUT_DIR"), "/sizes.rs"));\n' +
                     xt.read(library).replace("usize::BITS as usize",
                                              "std::mem::size_of::<pair>()"))
            result = build(home, recipe, "--toolchain", toolchain, targets=targets)
            xt.equal(test_wheels.judge(result, imports=False), len(targets), result)
            for item in result.json["items"]:
                target = item["id"].split("-")[-1]
                root = target_root.get("bookworm", target)
                want = {"aarch64": "16", "armv7": "8"}[target]
                xt.equal(root.run_wheel(item["file"], ANSWER).strip(), want, item)


# label: long
def test_pyo3_told_of_another_python():
    """PYO3_PYTHON and its kin, set by the machine and by the project itself (cargo's
    [env], forced): the module is for the target's Python all the same."""
    with xt.scratch() as home:
        recipe = pyo3_project(home, '"0.29"', **{
            ".cargo/config.toml": '[env]\nPYO3_PYTHON = { value = "/usr/bin/python3", '
                                  'force = true }\n'})
        result = build(home, recipe, targets=["armv7"], PYO3_PYTHON="/bin/false",
                       PYO3_NO_PYTHON="1", PYO3_CONFIG_FILE="/nonexistent",
                       PYO3_CROSS_PYTHON_VERSION="3.7", CARGO_BUILD_TARGET="evil",
                       RUSTFLAGS="-Clinker=/bin/false", MATURIN_PEP517_ARGS="--evil")
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        [item] = result.json["items"]
        root = target_root.get("bookworm", "armv7")
        xt.equal(root.run_wheel(item["file"], ANSWER).strip(), "32", item)


def test_abi3_of_another_age():
    with xt.scratch() as home:
        recipe = rust_packages.project(home, limited="9", recipe="python: {abi3: '3.10'}\n")
        refused(home, recipe, 7, "[X0955]", "cp39-abi3", 'python.abi3: "3.10"')


def test_cargo_lock_that_cannot_be_used():
    lock = 'version = 3\n\n[[package]]\nname = "%s"\nversion = "1.0.0"\n%s\n'
    sha = hashlib.sha256(b"").hexdigest()
    registry = 'source = "registry+https://git.example/rust-lang/example-index"\n'
    with xt.scratch() as home:
        recipe = rust_packages.project(home, cargo_lock=lock % (
            "thing", 'source = "git+https://git.example/a/b?rev=1#2"\n'))
        refused(home, recipe, 2, "[X0951]",
                "Cargo.lock: crate thing 1.0.0 names no commit")
        xt.write(os.path.join(home, "rusty-src", "Cargo.lock"),
                 lock % ("native", "") + "\n" + (lock % ("number", "")).split("\n", 2)[2])
        refused(home, recipe, 2, "[X0952]", "do not fit", "`cc`")
        # cargo may complete it, and the copy that is built gets it
        own = os.path.join(home, "rusty-src", "Cargo.lock")
        with open(recipe) as f:
            text = f.read()
        with open(own) as f:
            before = f.read()
        xt.write(recipe, text + "cargo: {locked: false}\n")
        build(home, recipe, "--upgrade", verb="lock")
        with open(os.path.join(home, "rusty.lock")) as f:
            xt.check("{name: cc, " in f.read(), "cc is not locked")
        with open(own) as f:
            xt.equal(f.read(), before)
        xt.write(recipe, text)
        # the recipe's lock is from another Cargo.lock than the source's
        xt.write(os.path.join(home, "rusty-src", "Cargo.lock"),
                 lock % ("thing", registry + f'checksum = "{sha}"\n'))
        refused(home, recipe, 4, "[X0954]", "thing 1.0.0", "xorch lock --upgrade")


def test_rust_that_is_not_there():
    with xt.scratch() as home:
        recipe = rust_packages.project(home, recipe="toolchain: {rust: '1.2.3'}\n")
        refused(home, recipe, 2, "[X0950]", "there is no Rust 1.2.3 here", "1.85.0")
        recipe = rust_packages.project(home, recipe="toolchain: {rust: rustup}\n")
        refused(home, recipe, 2, "[X0950]", "rustup has no default toolchain",
                RUSTUP_HOME=os.path.join(home, "rustup"))


def test_newer_rust_of_the_catalogue():
    """That of a suite's security updates; its lock is used, no suite is asked."""
    newest = max(glob.glob(os.path.join(xt.SOURCE, "toolchains", "rust-*.yaml")))
    with open(newest) as f:
        version = re.search('^version: "(.*)"', f.read(), re.M)[1]
    with xt.scratch() as home:
        recipe = rust_packages.project(home, recipe=f"toolchain: {{rust: '{version}'}}\n")
        result = build(home, recipe)
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        root = target_root.get("bookworm", "aarch64")
        xt.equal(root.run_wheel(result.json["items"][0]["file"], ANSWER).strip(), "42")


def test_too_new_a_project():
    """Its Cargo.toml, or its workspace's, names a newer Rust: said when it is locked, and
    cargo, which decides, ends the build."""
    with xt.scratch() as home:
        cargo = rust_packages.CARGO.format(depends="").replace(
            'edition = "2021"\n', 'edition = "2021"\nrust-version.workspace = true\n')
        recipe = rust_packages.project(home, files={
            "Cargo.toml": cargo + '[workspace.package]\nrust-version = "1.999"\n'})
        result = build(home, recipe, verb="lock")
        xt.check("rusty 1.0 wants Rust 1.999, there is 1.85.0" in result.err, result)
        result = build(home, recipe, code=1)
        xt.check("wants a newer Rust" in result.err and "wants Rust" not in result.err, result)


def test_features_of_setuptools_rust():
    """They cannot be given from outside, so the recipe must not pretend."""
    with xt.scratch() as home:
        recipe = rust_packages.project(home, recipe="cargo: {features: [fast]}\n")
        refused(home, recipe, 2, "[X0956]", "setuptools.build_meta")


def program_by(maturin, targets):
    """A program in the wheel, a manifest below the top, features of the recipe's choice;
    the tag is the target's whatever uname says here."""
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["%s"]\n'
                          'build-backend = "maturin"\n[project]\nname = "rusty"\n'
                          'version = "1.0"\n[tool.maturin]\nbindings = "bin"\n' % maturin,
        "tool/Cargo.toml": '[package]\nname = "rusty"\nversion = "1.0.0"\n'
                           'edition = "2021"\n[features]\ndefault = ["quiet"]\n'
                           'quiet = []\nloud = []\n',
        "tool/src/main.rs": '#[cfg(not(feature = "loud"))]\ncompile_error!("not loud");\n'
                            '#[cfg(feature = "quiet")]\ncompile_error!("quiet");\n'
                            'fn main() { println!("{} {}", usize::BITS, '
                            'std::env::consts::ARCH); }\n'}
    with xt.scratch() as home:
        src = os.path.join(home, "rusty-src")
        for name, text in {**files, "run-id": packages.RUN}.items():
            xt.write(os.path.join(src, name), text)
        recipe = xt.write(os.path.join(home, "rusty.yaml"), packages.RECIPE.format(
            name="rusty", patches="", more="cargo: {manifest: tool/Cargo.toml, features: "
            "[loud], no_default_features: true}\n"))
        result = build(home, recipe, targets=targets)
        for item in result.json["items"]:
            target = item["id"].split("-")[-1]
            arch = judges.WHEEL_ARCH[target]
            xt.check(item["file"].endswith(
                f"rusty-1.0-py3-none-manylinux2014_{arch}.manylinux_2_17_{arch}.whl"), item)
            xt.equal(judges.auditwheel_tag(item["file"]), "manylinux_2_17_" + arch)
            root = target_root.get("bookworm", target)
            folder = os.path.join(home, target)
            judges.unpack(item["file"], folder)
            program = os.path.join(folder, "rusty-1.0.data", "scripts", "rusty")
            os.chmod(program, 0o755)
            out = subprocess.run([shutil.which(target_root.QEMU[target]), "-L", root.folder,
                                  program], capture_output=True, text=True)
            xt.equal(out.stdout.strip(), {"aarch64": "64 aarch64", "armv7": "32 arm"}[target],
                     out.stderr)


def test_maturin_program():
    program_by("maturin>=1.9,<2", ["aarch64", "armv7"])


def test_maturin_of_every_age():
    """Options that came and went."""
    for version in ("1.4.0", "0.14.17"):
        program_by("maturin==" + version, ["armv7"])


def test_maturin_cffi():
    """Bindings that maturin generates by running a Python with cffi: the build machine's."""
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["maturin>=1.9,<2", "cffi"]\n'
                          'build-backend = "maturin"\n[project]\nname = "rusty"\n'
                          'version = "1.0"\n[tool.maturin]\nbindings = "cffi"\n',
        "Cargo.toml": '[package]\nname = "rusty"\nversion = "1.0.0"\nedition = "2021"\n'
                      '[lib]\ncrate-type = ["cdylib"]\n',
        "src/lib.rs": '#[no_mangle]\npub extern "C" fn bits() -> u32 { usize::BITS }\n',
        "target/header.h": "uint32_t bits(void);\n", "run-id": packages.RUN}
    with xt.scratch() as home:
        for name, text in files.items():
            xt.write(os.path.join(home, "rusty-src", name), text)
        recipe = xt.write(os.path.join(home, "rusty.yaml"), packages.RECIPE.format(
            name="rusty", patches="", more=""))
        [item] = build(home, recipe, targets=["armv7"]).json["items"]
        xt.check("-py3-none-manylinux2014_armv7l" in item["file"], item)
        root = target_root.get("bookworm", "armv7", ("python3-cffi-backend",))
        xt.equal(root.run_wheel(item["file"], "import rusty; print(rusty.lib.bits())"),
                 "32\n")


def rustup_root():
    """This machine's rustup, when it has a default toolchain."""
    root = os.environ.get("RUSTUP_HOME") or os.path.expanduser("~/.rustup")
    rustc = glob.glob(os.path.join(root, "toolchains", "*", "bin", "rustc"))
    if not rustc or not os.path.exists(os.path.join(root, "settings.toml")):
        return None
    return root


def test_installed_rustup():
    """For this machine's own platform, the one that every rustup has; for one that it
    lacks the error says how to add it."""
    root = rustup_root()
    if not root:
        print("no rustup here: only that it is missed is tested")
        return test_rust_that_is_not_there()
    with xt.scratch() as home:
        recipe = rust_packages.project(
            home, recipe="targets: [x86_64, armv7]\ntoolchain: {rust: rustup}\n")
        result = build(home, recipe, targets=["x86_64"], RUSTUP_HOME=root)
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        folder = os.path.join(home, "site")
        judges.unpack(result.json["items"][0]["file"], folder)
        p = subprocess.run([shutil.which("python3.11") or "python3", "-c", ANSWER],
                           env=dict(os.environ, PYTHONPATH=folder), capture_output=True,
                           text=True)
        xt.equal(p.stdout.strip(), "42", p.stderr)
        if not glob.glob(os.path.join(root, "toolchains/*/lib/rustlib/armv7-*hf/lib")):
            refused(home, recipe, 2, "[X0950]", "armv7-unknown-linux-gnueabihf",
                    "rustup target add", targets=["armv7"], RUSTUP_HOME=root)


GLIBC = ("ld-linux", "libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so",
         "libresolv.so", "libutil.so", "libanl.so")


def like_rustup(tree, top):
    """Debian's compiler, which is started through a loader of its own, in a folder where
    it runs by itself, as one that rustup installed."""
    if subprocess.run(["cp", "-al", tree, top], stderr=subprocess.DEVNULL).returncode:
        shutil.rmtree(top, ignore_errors=True)  # the cache is on another file system
        subprocess.run(["cp", "-a", tree, top], check=True)
    libraries = os.path.join(top, "usr/lib/x86_64-linux-gnu")
    os.makedirs(os.path.join(top, "own"))
    for name in os.listdir(libraries):
        if ".so" in name and not name.startswith(GLIBC):
            os.symlink(f"../usr/lib/x86_64-linux-gnu/{name}", os.path.join(top, "own", name))
    os.unlink(os.path.join(top, "bin"))  # a link to usr/bin
    os.makedirs(os.path.join(top, "bin"))
    for name in ("rustc", "cargo"):
        path = os.path.join(top, "bin", name)
        shutil.copy(os.path.join(top, "usr/bin", name), path)
        subprocess.run(["patchelf", "--force-rpath", "--set-rpath", "$ORIGIN/../own", path],
                       check=True)


def test_installed_rustup_with_the_target():
    """One that has the target's standard library is used for it. No rustup here has more
    than its own platform's, so Debian's compiler, laid out as rustup does, stands in."""
    with xt.scratch() as home:
        r = xt.run(["fetch", "--toolchain", "rust", "--target", "armv7"], home=home,
                   XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(r)
        xt.equal(r.code, 0, r)
        root = os.path.join(home, "rustup")
        os.makedirs(os.path.join(root, "toolchains"))
        like_rustup(r.out.strip(),
                    os.path.join(root, "toolchains", "mine-x86_64-unknown-linux-gnu"))
        xt.write(os.path.join(root, "settings.toml"), 'default_toolchain = "mine"\n')
        recipe = rust_packages.project(home, recipe="toolchain: {rust: rustup}\n")
        result = build(home, recipe, targets=["armv7"], RUSTUP_HOME=root)
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        [item] = result.json["items"]
        xt.equal(target_root.get("bookworm", "armv7").run_wheel(
            item["file"], ANSWER).strip(), "41")
        flags_stay_with_the_target(home, item, "armv7")


NO_CRATES = rust_packages.CARGO.replace('[build-dependencies]\ncc = "1.2"\n', "")


def crate(name, body, version="0.1.0", more=""):
    """A .crate file as cargo packages it."""
    out = io.BytesIO()
    files = {"Cargo.toml": f'[package]\nname = "{name}"\nversion = "{version}"\n'
                           f'edition = "2021"\n{more}', "src/lib.rs": body}
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(text.encode())
            t.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


NATIVE = """use std::os::raw::{c_int, c_void};
extern "C" { fn PyModule_Create2(def: *mut c_void, version: c_int) -> *mut c_void; }
#[repr(C)] pub struct Def([usize; 13]);
static mut NAME: [u8; 7] = *b"native\\0";
static mut DEF: Def = Def([0; 13]);
#[no_mangle]
pub unsafe extern "C" fn PyInit_native() -> *mut c_void {
    DEF.0[0] = (homemade::two() - 1) as usize;
    DEF.0[5] = std::ptr::addr_of_mut!(NAME) as usize;
    DEF.0[7] = usize::MAX;
    PyModule_Create2(std::ptr::addr_of_mut!(DEF) as *mut c_void, 1013)
}
"""


def test_crates_chosen_anew():
    """The source's Cargo.lock holds a crate that wants a newer Rust than there is: with
    cargo.renew one is taken that does not, in the build as in the lock."""
    with xt.scratch() as home, Server() as server:
        server.add("/index/config.json", Reply(json.dumps(
            {"dl": server.url("/files/{crate}/{version}")}).encode()))
        lines = ""
        for version, rust in (("0.1.0", "1.60"), ("0.1.1", "1.999")):
            data = crate("homemade", "pub fn two() -> i32 { 2 }\n", version,
                         f'rust-version = "{rust}"\n')
            sha = hashlib.sha256(data).hexdigest()
            lines += json.dumps({"name": "homemade", "vers": version, "deps": [], "cksum": sha,
                                 "features": {}, "yanked": False,
                                 "rust_version": rust}) + "\n"
            server.add("/files/homemade/" + version, Reply(data))
        server.add("/index/ho/me/homemade", Reply(lines.encode()))
        files = {"Cargo.toml": NO_CRATES.format(depends='homemade = "0.1"\n'),
                 "src/lib.rs": NATIVE, "build.rs": "fn main() {}\n", "rusty/__init__.py": "",
                 "Cargo.lock": 'version = 3\n\n[[package]]\nname = "homemade"\nversion = '
                 '"0.1.1"\nsource = "registry+https://git.example/rust-lang/example-index"\n'
                 f'checksum = "{sha}"\n\n[[package]]\nname = "native"\nversion = "1.0.0"\n'
                 'dependencies = [\n "homemade",\n "number",\n]\n\n[[package]]\n'
                 'name = "number"\nversion = "1.0.0"\n'}
        mirror = {"XORCH_MIRROR_CRATES": server.url("/index/")}
        recipe = rust_packages.project(home, files=files, recipe="cargo: {renew: true}\n")
        result = build(home, recipe, **mirror)
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        with open(os.path.join(home, "rusty.lock")) as f:
            lock = f.read()
        xt.check("homemade-0.1.0" in lock or "0.1.0" in lock and "0.1.1" not in lock, lock)
        with open(os.path.join(home, "rusty-src", "Cargo.lock")) as f:
            xt.check("0.1.1" in f.read(), "the source itself was changed")


def test_cargo_lock_of_a_workspace():
    """cargo reads that beside the workspace's root alone: the one of a member does not
    count, so its crates are chosen; where the member is excluded it does."""
    member = NO_CRATES.format(depends='homemade = "0.1"\n').split("[workspace]")[0].replace(
            'path = "number"', 'path = "../number"')
    with xt.scratch() as home, Server() as server:
        server.add("/index/config.json", Reply(json.dumps(
            {"dl": server.url("/files/{crate}/{version}")}).encode()))
        lines = ""
        for version in ("0.1.1", "0.1.0"):
            data = crate("homemade", "pub fn two() -> i32 { 2 }\n", version)
            sha = hashlib.sha256(data).hexdigest()
            lines += json.dumps({"name": "homemade", "vers": version, "deps": [],
                                 "cksum": sha, "features": {}, "yanked": False}) + "\n"
            server.add("/files/homemade/" + version, Reply(data))
        server.add("/index/ho/me/homemade", Reply(lines.encode()))
        lock = ('version = 3\n\n[[package]]\nname = "homemade"\nversion = "0.1.0"\nsource = '
                '"registry+https://git.example/rust-lang/example-index"\n'
                f'checksum = "{sha}"\n\n[[package]]\nname = "native"\nversion = "1.0.0"\n'
                'dependencies = [\n "homemade",\n "number",\n]\n\n[[package]]\n'
                'name = "number"\nversion = "1.0.0"\n')
        files = {"one/Cargo.toml": member, "one/src/lib.rs": NATIVE, "rusty/__init__.py": "",
                 "one/Cargo.lock": lock, "one/build.rs": "fn main() {}\n"}
        mirror = {"XORCH_MIRROR_CRATES": server.url("/index/")}
        for manifest, version in (
                ('members = ["one", "number"]\n', "0.1.1"),
                ('exclude = [\n  "one",\n]\n', "0.1.0")):
            files["Cargo.toml"] = "[workspace]\n" + manifest
            recipe = rust_packages.project(home, files=files,
                                           recipe="cargo: {manifest: one/Cargo.toml}\n")
            build(home, recipe, "--upgrade", verb="lock", **mirror)
            with open(os.path.join(home, "rusty.lock")) as f:
                locked = f.read()
            xt.check(f'name: homemade, version: "{version}",' in locked, locked)


def test_B08_network_in_a_build_script():
    """A name is not found and an address not reached, this machine's own neither; the error
    shows the line and names the key that would allow it."""
    reach = "use std::net::*;\nfn main() {{\n    {}.unwrap();\n}}\n"
    with xt.scratch() as home, Server() as server:
        for words, said in (('("crates.invalid", 443).to_socket_addrs()',
                             "failed to lookup address information"),
                            ('TcpStream::connect("192.0.2.1:80")', "Network is unreachable"),
                            (f'TcpStream::connect("{server.url("").split("/")[2]}")',
                             "kind: ConnectionRefused")):
            recipe = rust_packages.project(home, files={
                "Cargo.toml": NO_CRATES.format(depends=""), "build.rs": reach.format(words)})
            result = build(home, recipe, "--sandbox", "bwrap", code=1)
            [item] = result.json["items"]
            xt.equal((item["state"], item["class"]), ("failed", "network"), words, item)
            xt.check(said in item["first_error"], item)
            xt.check("build.network" in item["hint"] and "build.network" in result.err, result)


def test_own_registry():
    """A registry of a company's, which a server here stands in for, by the sparse
    protocol: XORCH_MIRROR_CRATES. A file that is not the locked one is refused."""
    data = crate("homemade", "pub fn two() -> i32 { 2 }\n")
    sha = hashlib.sha256(data).hexdigest()
    entry = {"name": "homemade", "vers": "0.1.0", "deps": [], "cksum": sha,
             "features": {}, "yanked": False}
    manifest = NO_CRATES.format(depends='homemade = "0.1"\n')
    with xt.scratch() as home, Server() as server:
        server.add("/index/config.json", Reply(json.dumps(
            {"dl": server.url("/files/{crate}/{version}/{sha256-checksum}")}).encode()))
        server.add("/index/ho/me/homemade", Reply(json.dumps(entry).encode() + b"\n"))
        path = f"/files/homemade/0.1.0/{sha}"
        server.add(path, Reply(b"x" * len(data)), Reply(data))
        recipe = rust_packages.project(home, files={
            "Cargo.toml": manifest, "src/lib.rs": NATIVE, "build.rs": "fn main() {}\n",
            "rusty/__init__.py": ""})
        mirror = {"XORCH_MIRROR_CRATES": server.url("/index/"), "XORCH_HTTP_RETRIES": "0"}
        refused(home, recipe, 6, "[X0601]", "homemade-0.1.0.crate", sha, **mirror)
        result = build(home, recipe, **mirror)
        xt.equal(test_wheels.judge(result, imports=False), 1, result)
        root = target_root.get("bookworm", "aarch64")
        root.run_wheel(result.json["items"][0]["file"], "import rusty.native")
        with open(os.path.join(home, "rusty.lock")) as f:
            lock = f.read()
        xt.check("127.0.0.1" not in lock and f"{sha}" in lock, lock)


if __name__ == "__main__":
    xt.main(globals())
