"""Hosts that are not Debian 12: Debian 11, Debian 13, one that calls itself Ubuntu, and one
with musl, busybox and no glibc at all, each new. Every toolchain works there, and xorch
builds wheels and Go programs, repairs and locks with what the host brings (Python, gpgv,
bubblewrap). The program itself is the tests' own with all its libraries, glibc and loader
too, so that what is tried is the host and not how old a glibc the program was made for."""
import json
import os
import re
import shutil
import subprocess

import debian_host
import judges
import rust_packages
import target_root
import test_repair
import test_wheels
import xt

PREFIX = "/opt/xorch"
PACKAGES = "python3-venv python3-dev gpgv bubblewrap ca-certificates"
UBUNTU = """PRETTY_NAME="Ubuntu 22.04.5 LTS"
NAME="Ubuntu"
VERSION_ID="22.04"
VERSION_CODENAME=jammy
ID=ubuntu
ID_LIKE=debian
"""
ALPINE = """NAME="Alpine Linux"
ID=alpine
VERSION_ID=3.20.3
PRETTY_NAME="Alpine Linux v3.20"
"""
GO = """schema_version: 1
package: {name: hello, version: "1.0"}
kind: go-binary
source: {path: hello-src}
"""
CC = """#include <math.h>
#include <string>
#include <vector>
double f(const std::string &s) { return exp(std::vector<double>{1, 2}.size() + s.size()); }
"""


def portable(root):
    """xorch below PREFIX of the root, with what it needs of libraries."""
    top = root + PREFIX
    subprocess.run(["cmake", "--install", xt.BUILD, "--prefix", top], check=True,
                   stdout=subprocess.DEVNULL)
    own = PREFIX + "/own"
    os.makedirs(root + own)
    loaded = xt.read(os.path.join(xt.BUILD, "loaded-libraries.txt")).split()
    text = subprocess.run(["ldd", top + "/bin/xorch", *loaded], check=True,
                          capture_output=True, text=True).stdout
    loader = re.search(r"^\s*(/\S+/ld-linux-x86-64\.so\.2) \(", text, re.M)[1]
    found = dict(re.findall(r"^\s*(\S+) => (/\S+) \(", text, re.M))
    found[os.path.basename(loader)] = loader
    for path in loaded:
        found[re.search(r"soname: \[(.*)\]", judges.readelf("-d", path))[1]] = path
    for name, path in found.items():
        shutil.copy(os.path.realpath(path), root + own)
        real = os.path.basename(os.path.realpath(path))
        if name != real and not os.path.lexists(os.path.join(root + own, name)):
            os.symlink(real, os.path.join(root + own, name))
    subprocess.run(["patchelf", "--set-interpreter", f"{own}/{os.path.basename(loader)}",
                    "--force-rpath", "--set-rpath", own, top + "/bin/xorch"], check=True)


def blobs(root):
    """What was downloaded before is there by hard links; all else is made anew."""
    shared = os.path.join(test_wheels.shared_cache(), "v1/blobs")
    to = root + "/root/.cache/xorch/v1"
    os.makedirs(to, mode=0o700)
    if os.path.isdir(shared) and subprocess.run(["cp", "-al", shared, to],
                                                capture_output=True).returncode:
        shutil.rmtree(to + "/blobs", ignore_errors=True)


class Host(debian_host.Host):
    """A new Debian with the program in it; `release` in place of its os-release."""

    settings = {}

    def __init__(self, home, suite, release=None):
        super().__init__(suite, home)
        self.run(f"apt-get -qq update && apt-get -qq install -y --no-install-recommends "
                 f"{PACKAGES}", timeout=3600)
        if release:
            os.unlink(self.root + "/etc/os-release")
            xt.write(self.root + "/etc/os-release", release)
        portable(self.root)
        blobs(self.root)

    def xorch(self, words, code=0, **env):
        """stdout, and below /root/err what it said."""
        settings = " ".join(f"{k}='{v}'" for k, v in {**self.settings, **env}.items())
        return self.run(f"export ASAN_OPTIONS=detect_leaks=0 {settings}; "
                        f"{PREFIX}/bin/xorch {words} 2> err || {{ e=$?; cat err >&2; "
                        f"exit $e; }}", timeout=7200, code=code)

    def said(self):
        return xt.read(self.root + "/root/err")

    def recipe(self, name):
        for suffix in (".yaml", ".lock"):
            shutil.copy(os.path.join(xt.SOURCE, "recipes", name + suffix),
                        self.root + "/root")

    def results(self, folder="dist"):
        top = self.root + "/root/" + folder
        return sorted(os.path.join(top, n) for n in os.listdir(top)
                      if not n.endswith((".intoto.jsonl", ".lock")))


class Musl(Host):
    """What Alpine is: musl, busybox, a static gpgv for its gnupg; no Python, no
    bubblewrap, for Debian has none that is linked to musl."""

    def __init__(self, home):
        self.root = root = os.path.join(home, "musl")
        for folder in ("dev", "proc", "tmp", "root", "etc", "usr/bin"):
            os.makedirs(os.path.join(root, folder))
        target_root.unpack("bookworm", "amd64", root,
                           ["busybox-static", "musl", "gpgv-static"], follow=False)
        box, = [os.path.join(root, p) for p in ("bin/busybox", "usr/bin/busybox")
                if os.path.exists(os.path.join(root, p))]
        applets = subprocess.run([box, "--list"], check=True, capture_output=True, text=True)
        for name in applets.stdout.split():
            if not os.path.lexists(os.path.join(root, "bin", name)):
                os.symlink(box[len(root):], os.path.join(root, "bin", name))
        os.symlink("gpgv-static", root + "/usr/bin/gpgv")
        xt.write(root + "/etc/os-release", ALPINE)
        xt.write(root + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        debian_host.network(root)
        xt.check(os.path.exists(root + "/lib/ld-musl-x86_64.so.1"))
        for name in ("lib64", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/libc.so.6"):
            xt.check(not os.path.lexists(os.path.join(root, name)), name, "is there")
        portable(root)
        blobs(root)


def compilers(host):
    """C++ at the lowest floor, by each compiler, from the command line."""
    xt.write(host.root + "/root/f.cc", CC)
    for toolchain in ("clang", "gcc"):
        for target in ("aarch64", "armv7"):
            host.xorch(f"exec --target {target} --toolchain {toolchain} -- sh -c "
                       "'$CXX -std=c++17 -O2 -fPIC -shared -Wl,-z,defs f.cc -o f.so'")
            out = judges.readelf("-h", "-V", host.root + "/root/f.so")
            xt.check(judges.MACHINE[target] in out and "GLIBC_2.29" not in out, out)


def level_of(path):
    """The sandbox that a result was built in, as its statement says."""
    inside = json.loads(xt.read(path + ".intoto.jsonl"))["predicate"]["buildDefinition"]
    return inside["internalParameters"]["sandbox"]["level"]


def go_program(host, level):
    """By the Go of toolchains/go.yaml: the host has none."""
    xt.write(host.root + "/root/hello.yaml", GO)
    xt.write(host.root + "/root/hello-src/go.mod", "module hello\n\ngo 1.21\n")
    xt.write(host.root + "/root/hello-src/main.go",
             'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n')
    host.xorch("build hello.yaml --target armv7 --out go")
    program, = host.results("go")
    xt.equal(level_of(program), level)
    p = subprocess.run(["qemu-arm-static", program], capture_output=True, text=True)
    xt.equal(p.stdout, "hello\n", p)


def repair(host):
    """A module of bullseye's is grafted the libraries that it needs, by patchelf."""
    test_repair.debian_wheel(host.root + "/root", "psycopg2", "armv7")
    host.xorch("repair psycopg2-*.whl --out fixed")
    wheel, = host.results("fixed")
    xt.equal([judges.auditwheel_tag(wheel)], os.path.basename(wheel)[:-4].split("-")[-1]
             .split("."))
    test_repair.is_missing_in(target_root.get("bullseye", "armv7"), "libpq.so*")
    target_root.check_wheel(target_root.get("bullseye", "armv7"), wheel)


def lock(host, code=0):
    host.run(f"rm -rf catalog && cp -r {PREFIX}/share/xorch catalog && "
             "rm catalog/sysroots/debian-11.lock")
    host.xorch("lock --sysroot debian-11 --target armv7", code, XORCH_CATALOG="/root/catalog")


def signed(host):
    """The chain of signatures, by the host's gpgv and the keyring it has, or none."""
    lock(host)
    xt.check("libc6-dev" in xt.read(host.root + "/root/catalog/sysroots/debian-11.lock"))


def needs_addresses(host):
    """Where nothing says where Debian's archive is: told, and then by the variable."""
    lock(host, 2)
    xt.check("XORCH_MIRROR_DEBIAN" in host.said(), host.said())
    found = dict(line.split()[:2] for line in xt.run(["__index"]).out.splitlines())
    host.settings = {"XORCH_MIRROR_DEBIAN": found["debian"],
                     "XORCH_MIRROR_PYPI": found["pypi"]}


def wheels(host, python, level):
    """In C by both compilers, and in Rust with a macro, a build script and a C file."""
    host.recipe("markupsafe")
    for toolchain in ("clang", "gcc"):
        host.xorch(f"build markupsafe.yaml --target armv7 --target aarch64 --toolchain "
                   f"{toolchain} --out {toolchain}")
        made = host.results(toolchain)
        xt.equal(len(made), 2, made)
        for wheel, target in zip(made, ("aarch64", "armv7")):
            judges.check_wheel(wheel, target, python)
            xt.equal(level_of(wheel), level)
    rust_packages.project(host.root + "/root")
    host.xorch("build rusty.yaml --target aarch64 --out rust")
    wheel, = host.results("rust")
    judges.check_wheel(wheel, "aarch64", python)
    xt.equal(level_of(wheel), level)


def everything(host, python, level="bwrap"):
    host.xorch("doctor")
    wheels(host, python, level)
    compilers(host)
    go_program(host, level)
    repair(host)
    signed(host)


# label: long
def test_debian_11():
    with xt.scratch() as home:
        everything(Host(home, "bullseye"), "cp39", "landlock")  # its bubblewrap is 0.4.1


# label: long
def test_debian_13():
    with xt.scratch() as home:
        everything(Host(home, "trixie"), "cp313")


def tools(host):
    """uv is static; rustc comes with its own loader, as clang and gcc do."""
    uv = host.xorch("fetch --toolchain uv").split()[-1]
    xt.check(host.run(f"{uv} --version").startswith("uv "), uv)
    rust = host.xorch("fetch --toolchain rust --target aarch64").split()[-1]
    xt.write(host.root + "/root/r.rs", "#[no_mangle]\npub extern \"C\" fn r() -> usize "
             "{ vec![1u8; 3].len() }\n")
    lib = f"{rust}/lib/x86_64-linux-gnu"
    host.xorch(f"exec --target aarch64 -- sh -c '{lib}/ld-linux-x86-64.so.2 --library-path "
               f"{lib}:{rust}/usr/lib/x86_64-linux-gnu:{rust}/usr/lib {rust}/usr/bin/rustc "
               f"--sysroot={rust}/usr --target aarch64-unknown-linux-gnu -C linker=$CC "
               "--crate-type cdylib r.rs -o r.so'")
    out = judges.readelf("-h", host.root + "/root/r.so")
    xt.check(judges.MACHINE["aarch64"] in out, out)


# label: long
def test_ubuntu():
    """Debian's packages under another name, and neither Debian's addresses nor its keys."""
    with xt.scratch() as home:
        host = Host(home, "bookworm", UBUNTU)
        host.run("rm -rf /etc/apt/sources.list* /etc/apt/trusted.gpg.d "
                 "/usr/share/keyrings && mkdir /etc/apt/sources.list.d && echo 'deb "
                 "http://127.0.0.1:9/ubuntu jammy main' > /etc/apt/sources.list")
        needs_addresses(host)
        xt.check("Ubuntu 22.04.5 LTS is not Debian" in host.xorch("doctor"), host.said())
        everything(host, "cp311")


# label: long
def test_musl():
    """As far as a host without CPython goes, and what it is told then."""
    with xt.scratch() as home:
        host = Musl(home)
        needs_addresses(host)
        xt.check("has musl" in host.xorch("doctor", code=8), host.said())
        host.recipe("markupsafe")
        host.xorch("build markupsafe.yaml --target armv7", code=8)
        xt.check("no CPython" in host.said(), host.said())
        go_program(host, "landlock")
        compilers(host)
        repair(host)
        signed(host)
        tools(host)


if __name__ == "__main__":
    xt.main(globals())
