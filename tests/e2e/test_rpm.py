"""A sysroot of RPMs that compiles: the files of debian-11's packages laid out as Red Hat's
distributions have them (/usr/lib64, one usr/include, compilers of another triple), made into
packages by rpmbuild and a signed repository by createrepo_c. It stands in for a mirror of
AlmaLinux or Fedora, which the tests cannot count on."""
import os
import re
import shutil
import zipfile

import elfmake
import judges
import packages
import target_root
import test_repair
import test_sysroot
import test_wheels
import xt
from rpm_repository import Repository
from test_floor import CAPS, TRIPLE, Cross, check_versions

ARCH = {"aarch64": "aarch64", "armv7": "armv7hl", "x86_64": "x86_64"}

MORE = """keep:
  - usr/include
  - usr/lib/gcc
  - usr/lib64
  - usr/lib/ld-linux*
place:
  usr/lib/gcc/*-redhat-linux: usr/lib/gcc/{triple}
  usr/include/c++/*/*-redhat-linux: usr/include/{triple}/c++/{1}
  usr/lib64: usr/lib/{triple}
  usr/include/asm: usr/include/{triple}/asm
  usr/include/bits: usr/include/{triple}/bits
  usr/include/fpu_control.h: usr/include/{triple}/fpu_control.h
  usr/include/gnu: usr/include/{triple}/gnu
  usr/include/ieee754.h: usr/include/{triple}/ieee754.h
  usr/include/sys: usr/include/{triple}/sys
"""


def red_hat(path, triple, arch):
    """Where a file of Debian's would lie there."""
    for old, new in ((f"usr/lib/{triple}/", "usr/lib64/"),
                     (f"usr/lib/gcc/{triple}/", f"usr/lib/gcc/{arch}-redhat-linux/"),
                     (f"usr/include/{triple}/c++/10/",
                      f"usr/include/c++/10/{arch}-redhat-linux/"),
                     (f"usr/include/{triple}/", "usr/include/")):
        if path.startswith(old):
            return new + path[len(old):]
    return path


def package_of(path):
    if path.startswith("usr/lib/gcc/"):
        return "gcc"
    if path.startswith("usr/include/c++/"):
        return "libstdc++-devel"
    if path.startswith(("usr/include/linux/", "usr/include/asm")):
        return "kernel-headers"
    if path.startswith("usr/include/") or path.endswith((".o", ".a", ".so")):
        return "glibc-devel"
    return "glibc"


REQUIRES = {"glibc": [], "kernel-headers": [], "glibc-devel": [
    "glibc = 0:2.31", "(kernel-headers or linux-headers)", "/usr/lib64/libc.so.6"],
    "libstdc++-devel": ["glibc-devel", "gcc(abi) >= 10"], "gcc": ["glibc-devel"]}


def repackage(r, tree, target):
    triple, arch = TRIPLE[target], ARCH[target]
    with xt.scratch() as top:
        for folder, folders, names in os.walk(os.path.join(tree, "usr")):
            links = [f for f in folders if os.path.islink(os.path.join(folder, f))]
            for name in names + links:
                source = os.path.join(folder, name)
                path = os.path.relpath(source, tree)
                new = red_hat(path, triple, arch)
                dest = os.path.join(top, package_of(new), new)
                os.makedirs(os.path.dirname(dest), exist_ok=True)
                if os.path.islink(source):
                    to = os.path.normpath(os.path.join(os.path.dirname(path),
                                                       os.readlink(source)))
                    os.symlink("/" + red_hat(to, triple, arch), dest)
                else:
                    shutil.copy2(source, dest)
        for name in REQUIRES:
            r.add(name, tree=os.path.join(top, name), requires=REQUIRES[name],
                  version="2.31" if name.startswith("glibc") else "10", payload="w3.zstdio",
                  provides=["gcc(abi) = 10"] if name == "gcc" else
                  ["linux-headers"] if name == "kernel-headers" else ())
    r.publish()
    r.define("red-hat", ["gcc", "libstdc++-devel"], more=MORE)


def catalog(r):
    return {"XORCH_CATALOG": f"{r.catalog}:{xt.SOURCE}"}


def with_rpms(target, use):
    tree = test_sysroot.fetch("--sysroot", "debian-11", "--target", target)
    with Repository(ARCH[target], target) as r:
        repackage(r, tree, target)
        use(r)


CXX = """#include <filesystem>
#include <iostream>
#include <regex>
#include <thread>
int main(int n, char **v)
{
	std::thread([] {}).join();
	std::cout << std::regex_match(n > 1 ? v[1] : "aaa", std::regex("a+"))
		  << std::filesystem::path("/x/y").filename() << std::endl;
}
"""


def compile_and_build(r):
    with xt.scratch() as home:
        env = xt.run(["env", "--target", r.target, "--sysroot", "red-hat", "--format", "json"],
                     home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                     **catalog(r))
        test_wheels.need_network(env)
        xt.equal(env.code, 0, env)
        xt.equal([n for n, _ in r.locked("red-hat")], sorted(REQUIRES))
        xt.check("127.0.0.1" not in r.lock("red-hat"))
        cross = Cross.__new__(Cross)
        cross.target, cross.toolchain = r.target, "clang"
        cross.dir = os.path.dirname(os.path.dirname(env.json["CC"]))
        xt.write(os.path.join(home, "p.cc"), CXX)
        cross.tool("c++", "-std=c++17", "-O2", "-shared", "-fPIC", "-pthread", "p.cc", "-o",
                   "p.so", "-Wl,-z,defs", cwd=home)
        check_versions(cross, os.path.join(home, "p.so"),
                       {**CAPS, "GCC": (4, 8, 0)})
        built = test_wheels.build("cwcwidth.yaml", [r.target], "cp311", home,
                                  XORCH_SYSROOT="red-hat", **catalog(r))
        xt.equal(built.code, 0, built)
        item, = built.json["items"]
        xt.equal([item["sysroot"], item["floor"]], ["red-hat", "2_17"])
        judges.check_wheel(item["file"], r.target, "cp311")
        target_root.check_wheel(target_root.get("bookworm", r.target), item["file"])
        # a library of Debian's has no place there
        xt.write(os.path.join(home, "recipes", "cwcwidth.yaml"),
                 open(os.path.join(home, "recipes", "cwcwidth.yaml")).read() +
                 "requirements: {host: ['deb:zlib1g-dev']}\n")
        built = test_wheels.build("cwcwidth.yaml", [r.target], "cp311", home,
                                  XORCH_SYSROOT="red-hat", **catalog(r))
        xt.equal(built.code, 2, built)
        xt.check("X0337" in built.err and "red-hat" in built.err, built)


def test_cwcwidth_and_cxx_aarch64():
    with_rpms("aarch64", compile_and_build)


# label: long
def test_cwcwidth_and_cxx_armv7():
    with_rpms("armv7", compile_and_build)


GREET = """#include <greet.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(greet()); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
PURL = "pkg:rpm/almalinux/greet-libs@3.1-2?arch=aarch64&distro=almalinux-8&epoch=1"


def add_greet(r, cross, home):
    """A shared library as Red Hat's distributions have them: the library with its licence,
    and what is compiled against in a package of its own."""
    xt.write(os.path.join(home, "greet.c"), "int greet(void) { return 42; }\n")
    cross.tool("cc", "-O2", "-shared", "-fPIC", "greet.c", "-Wl,-soname,libgreet.so.1", "-o",
               "libgreet.so.1.0", cwd=home)
    with open(os.path.join(home, "libgreet.so.1.0"), "rb") as f:
        library = f.read()
    r.add("greet-libs", {"usr/lib64/libgreet.so.1.0": library,
                         "usr/share/licenses/greet-libs/COPYING": b"As you like it.\n"},
          links=[("usr/lib64/libgreet.so.1", "libgreet.so.1.0")], version="3.1",
          release="2", epoch=1)
    r.add("greet-devel", {"usr/include/greet.h": b"int greet(void);\n"},
          links=[("usr/lib64/libgreet.so", "libgreet.so.1")], requires=["greet-libs"],
          version="3.1", release="2")
    r.publish()
    r.define("red-hat", ["gcc", "libstdc++-devel", "greet-devel"], more=MORE,
             distribution="almalinux-8")


def check_named(wheel):
    bom = test_repair.sbom_of(wheel)
    part, = bom["components"]
    xt.equal([part["name"], part["version"], part["purl"]],
             ["greet-libs", "1:3.1-2", PURL], bom)
    package = part["hashes"][0]["content"]
    grafted, = part["components"]
    xt.check(re.fullmatch(r"tiny\.libs/libgreet-[0-9a-f]{8,}\.so\.1(\.0)?", grafted["name"]),
             grafted)
    with zipfile.ZipFile(wheel) as z:
        text = z.read("tiny-1.0.dist-info/licenses/greet-libs/COPYING")
        xt.equal(text, b"As you like it.\n")
    return package


def test_grafted_libraries_are_named_by_their_rpm():
    """In a build and in a repair: package, version, epoch, architecture, licence."""
    def use(r):
        with xt.scratch() as home:
            env = {"XORCH_CACHE_DIR": test_wheels.shared_cache(), **catalog(r)}
            add_greet(r, Cross("clang", "aarch64"), home)
            recipe = packages.project(home, code=GREET, more="libraries=['greet']")
            built = xt.run(["build", recipe, "--target", "aarch64", "--python", "cp311",
                            "--sysroot", "red-hat", "--json"], home=home, cwd=home, **env)
            test_wheels.need_network(built)
            xt.equal(built.code, 0, built)
            wheel = built.json["items"][0]["file"]
            judges.check_wheel(wheel, "aarch64", "cp311")
            package = check_named(wheel)
            xt.check(package in r.lock("red-hat"), package)
            root = target_root.get("bookworm", "aarch64")
            xt.equal(root.run_wheel(wheel, "import tiny; print(tiny.answer())").strip(), "42")
            statement = xt.run(["explain", wheel, "--json"], home=home, cwd=home, **env)
            xt.check(PURL in statement.out, statement)
            # a module that somebody else built, without the library in it
            xt.write(os.path.join(home, "m.c"), "int greet(void);\n"
                     "void *PyInit_tiny(void) { return greet() ? 0 : (void *)1; }\n")
            Cross("clang", "aarch64").tool("cc", "-O2", "-shared", "-fPIC", "m.c",
                                           "libgreet.so.1.0", "-o", "m.so", cwd=home)
            with open(os.path.join(home, "m.so"), "rb") as f:
                bare = elfmake.wheel(
                    os.path.join(home, "tiny-1.0-cp311-cp311-linux_aarch64.whl"),
                    {"tiny.cpython-311-aarch64-linux-gnu.so": f.read()})
            test = xt.run(["repair", bare, "--sysroot", "red-hat", "--out", "fixed", "--json"],
                          home=home, cwd=home, **env)
            xt.equal(test.code, 0, test)
            graft, = test.json["files"][0]["grafted"]
            xt.equal([graft["package"], graft["version"]], ["greet-libs", "1:3.1-2"])
            out = test_repair.repaired(home, test)
            xt.equal(check_named(out), package)
            d = test_repair.check_statement(home, bare, out, [graft])
            row, = [r for r in d["resolvedDependencies"] if "package" in r["annotations"]]
            xt.equal([row["uri"], row["digest"]["sha256"]], [PURL, package])
            test_repair.run(home, "rebuild", out, "--strict", "--offline", **env)
    with_rpms("aarch64", use)


if __name__ == "__main__":
    xt.main(globals())
