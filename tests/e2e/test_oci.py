"""Sysroots out of images in a real registry: Debian's docker-registry on this machine,
filled by umoci and skopeo with bullseye's own files laid out as Red Hat's images have
them, under the names of the images that sysroots/manylinux_2_28.yaml asks for."""
import contextlib
import ctypes
import glob
import http.client
import io
import json
import os
import re
import shutil
import socket
import subprocess
import tarfile
import time

import images
import judges
import test_pyconfig
import test_sysroot
import test_wheels
import xt

TRIPLE = "aarch64-linux-gnu"
TOOLSET = "opt/rh/gcc-toolset-10/root/usr"
NAME = "pypa/manylinux_2_28_aarch64"
# The places in which bullseye's files lie in the image, the first that fits.
PLACES = ((f"usr/lib/gcc/{TRIPLE}", TOOLSET + "/lib/gcc/aarch64-redhat-linux"),
          ("usr/include/c++", TOOLSET + "/include/c++"),
          (f"usr/include/{TRIPLE}/c++/10",
           TOOLSET + "/include/c++/10/aarch64-redhat-linux"),
          (f"usr/include/{TRIPLE}", "usr/include"),
          (f"usr/lib/{TRIPLE}", "usr/lib64"), (f"lib/{TRIPLE}", "usr/lib64"),
          ("lib", "usr/lib"))


def program(*args, **more):
    p = subprocess.run(args, capture_output=True, **more)
    xt.equal(p.returncode, 0, args, p.stderr.decode()[-2000:])
    return p.stdout


class Registry:
    """docker-registry with a storage of its own; `login` user:password."""

    def __init__(self, folder, login=None):
        for name in ("docker-registry", "skopeo", "umoci"):
            xt.check(shutil.which(name), name, "is not here: tests/run installs it")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.host = "127.0.0.1:%d" % s.getsockname()[1]
        os.makedirs(folder, exist_ok=True)
        self.login, self.log = login, os.path.join(folder, "registry.log")
        config = {"version": 0.1, "log": {"level": "info"},
                  "storage": {"filesystem": {"rootdirectory": os.path.join(folder, "r")}},
                  "http": {"addr": self.host}}
        if login:
            user, password = login.split(":")
            library = ctypes.CDLL("libcrypt.so.1")
            library.crypt.restype = ctypes.c_char_p
            secret = library.crypt(password.encode(), b"$2b$05$" + b"abcdefghijklmnopqrstuu")
            path = xt.write(os.path.join(folder, "htpasswd"), f"{user}:{secret.decode()}\n")
            config["auth"] = {"htpasswd": {"realm": "here", "path": path}}
        path = xt.write(os.path.join(folder, "registry.yaml"), json.dumps(config))
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", path],
                                            stdout=log, stderr=log)
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(self.host.split(":"), 1).close()
                return
            xt.check(self.process.poll() is None and time.monotonic() < end,
                     "docker-registry does not start", open(self.log).read())
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def push(self, layout, name, *args):
        login = ["--dest-creds", self.login] if self.login else []
        program("skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", *login,
                *args, "oci:" + layout, f"docker://{self.host}/{name}")

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.host)
        connection.request(method, f"/v2/{path}", body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read(), dict(reply.getheaders())


def place(path, places=PLACES):
    for old, new in places:
        if path == old or path.startswith(old + "/"):
            return new + path[len(old):]
    return path


def packages(folder, target="aarch64", sysroot="debian-11"):
    """bullseye's (or another suite's) packages for a target, unpacked each, as
    {name: folder}."""
    store = test_wheels.shared_cache()
    test_sysroot.fetch("--sysroot", sysroot, "--target", target)
    with open(os.path.join(xt.SOURCE, "sysroots", sysroot + ".lock")) as f:
        section, = [part for part in f.read().split("- target: ")
                    if part.startswith(target)]
    listed = re.findall(r"- name: (\S+)\n.*?sha256: \"?([0-9a-f]{64})", section, re.S)

    def blob(sha256):
        return os.path.join(store, "v1/blobs", sha256[:2], sha256)
    os.makedirs(folder)
    if not all(os.path.exists(blob(sha256)) for _, sha256 in listed):
        # pruned, while the tree made of them stayed
        store = os.path.join(folder, ".store")
        test_sysroot.fetch("--sysroot", sysroot, "--target", target, store=store)
    found = {}
    for name, sha256 in listed:
        found[name] = os.path.join(folder, name)
        program("dpkg-deb", "-x", blob(sha256), found[name])
    return found


def lay(root, dest, places=PLACES, triple=TRIPLE):
    """The files below root in the image's places; links absolute, as many images have
    them, and linker scripts with the image's paths."""
    for at, folders, names in os.walk(root):
        for name in names + [f for f in folders if os.path.islink(os.path.join(at, f))]:
            path = os.path.join(at, name)
            old = os.path.relpath(path, root)
            new = os.path.join(dest, place(old, places))
            os.makedirs(os.path.dirname(new), exist_ok=True)
            if os.path.islink(path):
                to = os.path.normpath(os.path.join("/", os.path.dirname(old),
                                                   os.readlink(path)))
                # x86_64's loader has two names in Debian, which are one here
                if "/" + place(to[1:], places) != "/" + place(old, places) and \
                        not os.path.lexists(new):
                    os.symlink("/" + place(to[1:], places), new)
                continue
            shutil.copy2(path, new)
            if name.endswith(".so") and os.path.getsize(path) < 4096:
                with open(path, "rb") as f:
                    text = f.read()
                if b"GROUP" in text:
                    text = text.replace(f"/usr/lib/{triple}/".encode(), b"/usr/lib64/")
                    text = text.replace(f"/lib/{triple}/".encode(), b"/lib64/")
                    xt.write(new, text)


def tar_of(folder, extra=()):
    """A layer's tar; extra: (name, kind, contents or link) on top."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for at, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names + folders):
                path = os.path.join(at, name)
                t.add(path, os.path.relpath(path, folder), recursive=False)
        for name, kind, what in extra:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(what)
                t.addfile(info, io.BytesIO(what))
            else:
                info.linkname = what
                t.addfile(info)
    return out.getvalue()


def lay_python(dest):
    """bookworm's Python for aarch64 where PyPA's images have theirs."""
    config = test_pyconfig.oracle("bookworm", "aarch64")
    headers = os.path.join(config.split("/usr/include/")[0], "usr/include/python3.11")
    top = os.path.join(dest, "opt/_internal/cpython-3.11.2")
    shutil.copytree(headers, os.path.join(top, "include/python3.11"))
    shutil.copy(config, os.path.join(top, "include/python3.11/pyconfig.h"))
    xt.write(os.path.join(top, f"lib/python3.11/_sysconfigdata__linux_{TRIPLE}.py"),
             "raise SystemExit('this is not to be run')\n")


def make_image(folder):
    """An OCI layout with the image "l:v", by umoci. Layers: glibc with things too many,
    links of the root; the compiler's files, a hard link down; a Python; what umoci makes of
    insertions: whiteouts, an opaque folder."""
    libc, gcc = os.path.join(folder, "libc"), os.path.join(folder, "gcc")
    for name, path in packages(os.path.join(folder, "deb")).items():
        lay(path, gcc if re.match(r"(lib(std|gcc|atomic|gomp)|gcc)", name) else libc)
    layout, python = os.path.join(folder, "l"), os.path.join(folder, "python")
    lay_python(python)
    layers = [
        tar_of(libc, [("lib64", tarfile.SYMTYPE, "usr/lib64"),
                      ("lib", tarfile.SYMTYPE, "usr/lib"),
                      ("usr/include/stdio.h.bad", tarfile.REGTYPE, b"#error\n"),
                      ("usr/include/old/a.h", tarfile.REGTYPE, b"#error\n"),
                      ("usr/lib64/libm-2.31.a", tarfile.REGTYPE, b"!<arch>\n"),
                      ("etc/hostname", tarfile.REGTYPE, b"h\n")]),
        tar_of(gcc, [("usr/include/stdio-again.h", tarfile.LNKTYPE, "usr/include/stdio.h"),
                     ("usr/include/.wh.stdio.h.bad", tarfile.REGTYPE, b"")]),
        tar_of(python)]
    program("umoci", "init", "--layout", layout)
    program("umoci", "new", "--image", layout + ":v")
    for i, data in enumerate(layers):
        path = xt.write(os.path.join(folder, f"layer{i}.tar"), data)
        program("umoci", "raw", "add-layer", "--image", layout + ":v", path)
    new = os.path.join(folder, "new")
    xt.write(os.path.join(new, "b.h"), "#define B 1\n")
    program("umoci", "insert", "--rootless", "--image", layout + ":v", "--opaque", new,
            "/usr/include/old")
    program("umoci", "insert", "--image", layout + ":v", "--whiteout", "/etc/hostname")
    program("umoci", "config", "--image", layout + ":v", "--architecture", "arm64",
            "--os", "linux")
    return layout + ":v"


VERSIONS = (('glibc: "2.28"', 'glibc: "2.31"'), ('gcc: "14"', 'gcc: "10"'))


def catalog(home, name="manylinux_2_28", versions=VERSIONS):
    """The project's own definition, but for the versions that its image has and ours
    has not; debian-11 for what is built for the build machine."""
    path = os.path.join(home, "sysroots", name + ".yaml")
    with open(os.path.join(xt.SOURCE, "sysroots", name + ".yaml")) as f:
        text = f.read()
    for old, new in versions:
        xt.check(old in text, "no", old, "in the definition")
        text = text.replace(old, new)
    return xt.write(path, text)


@contextlib.contextmanager
def world(login=None):
    with xt.scratch() as home, Registry(home, login) as registry:
        layout = make_image(os.path.join(home, "make"))
        registry.push(layout, NAME)
        catalog(home)
        yield home, registry, layout


def fetch(home, registry, name="manylinux_2_28", target="aarch64", **env):
    env = {"XORCH_MIRROR_OCI": f"quay.io=http://{registry.host}", "XORCH_CATALOG": home,
           **env}
    return xt.run(["fetch", "--sysroot", name, "--target", target], home=home,
                  timeout=600, **env)


def check_tree(tree):
    lib = os.path.join(tree, "usr/lib", TRIPLE)
    for path in ("usr/include/stdio.h", f"usr/include/{TRIPLE}/bits/libc-header-start.h",
                 f"usr/lib/gcc/{TRIPLE}/10/crtbeginS.o", "usr/include/c++/10/map",
                 f"usr/include/{TRIPLE}/c++/10/bits/c++config.h", "usr/include/old/b.h",
                 "lib/ld-linux-aarch64.so.1", f"usr/lib/{TRIPLE}/libc_nonshared.a"):
        xt.check(os.path.exists(os.path.join(tree, path)), path, "is missing")
    xt.equal(os.listdir(os.path.join(tree, "opt")), ["_internal"])
    for path in ("etc", "usr/lib64", "usr/include/old/a.h", "usr/include/stdio.h.bad",
                 f"usr/lib/{TRIPLE}/libm-2.31.a"):
        xt.check(not os.path.lexists(os.path.join(tree, path)), path, "is there")
    for path in ("libm.so", "libstdc++.so.6", "libpthread.so"):
        xt.check(not os.readlink(os.path.join(lib, path)).startswith("/"), path)
    one, two = (os.stat(os.path.join(tree, "usr/include", n))
                for n in ("stdio.h", "stdio-again.h"))
    xt.equal(one.st_ino, two.st_ino, "the hard link became another file")
    with open(os.path.join(lib, "libc.so")) as f:
        xt.check("/" not in re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S))
    compile_both("aarch64", tree)


def test_image_of_a_registry_is_a_sysroot():
    """By gzip layers, by zstd ones, out of an index, behind a password: one tree."""
    with world("me:secret") as (home, registry, layout):
        r = fetch(home, registry)
        xt.check(r.code == 5 and "X0562" in r.err, r)
        program("skopeo", "login", "--authfile", os.path.join(home, ".docker/config.json"),
                "--tls-verify=false", "-u", "me", "-p", "secret", registry.host)
        r = fetch(home, registry)
        xt.equal(r.code, 0, r)
        check_tree(r.out.strip())
        xt.check("secret" not in r.err, r)
        want = images.files(r.out.strip())
        with open(os.path.join(home, "sysroots/manylinux_2_28.lock")) as f:
            text = f.read()
        xt.check(f"quay.io/{NAME}:latest" in text and registry.host not in text, text)
        xt.equal(text.count("- name: layer-"), 5, text)
        os.unlink(os.path.join(home, "sysroots/manylinux_2_28.lock"))
        # skopeo compresses anew only what the registry has not got
        with Registry(os.path.join(home, "other")) as other:
            other.push(layout, NAME, "--dest-compress-format", "zstd")
            r = fetch(home, other, XORCH_CACHE_DIR=os.path.join(home, "c2"))
        xt.equal(r.code, 0, r)
        with open(os.path.join(home, "sysroots/manylinux_2_28.lock")) as f:
            xt.check("+zstd" in f.read(), "the layers are not zstd")
        xt.equal(images.files(r.out.strip()), want)


def compile_both(target, tree):
    with xt.scratch() as folder:
        for text, name, flags in (
                (test_sysroot.C, "a.c", ["-lm", "-lpthread", "-ldl"]),
                (test_sysroot.CXX, "b.cc", ["--driver-mode=g++", "-std=c++17",
                                            "-latomic"])):
            out = test_sysroot.compile_and_link(target, tree, folder, text, name, *flags)
            xt.check(judges.MACHINE[target] in judges.readelf("-h", out))


def test_image_in_debians_layout():
    """manylinux_2_31, which armv7 alone has: bullseye's files as they lie there."""
    name = "manylinux_2_31"
    with xt.scratch() as home, Registry(home) as registry:
        layout = os.path.join(home, "l")
        program("umoci", "init", "--layout", layout)
        program("umoci", "new", "--image", layout + ":v")
        for i, path in enumerate(packages(os.path.join(home, "deb"), "armv7").values()):
            tar = xt.write(os.path.join(home, f"{i}.tar"), tar_of(path))
            program("umoci", "raw", "add-layer", "--image", layout + ":v", tar)
        program("umoci", "config", "--image", layout + ":v", "--architecture", "arm",
                "--os", "linux")  # this umoci knows no variant: arm alone is v7
        registry.push(layout + ":v", "pypa/manylinux_2_31_armv7l")
        path = catalog(home, name, (('gcc: "9"', 'gcc: "10"'), ("gcc/*/9", "gcc/*/10")))
        r = fetch(home, registry, name, "armv7")
        xt.equal(r.code, 0, r)
        compile_both("armv7", r.out.strip())
        with open(path.replace(".yaml", ".lock")) as f:
            xt.check("architecture: linux/arm/v7" in f.read())


def test_wheel_out_of_an_image():
    """cwcwidth against the image, lowered to 2_17 by stubs; out of an index."""
    xt.need_pythons("cp311")
    with world() as (home, registry, _):
        media = images.MEDIA["manifest"]
        status, manifest, headers = registry.request(
            "GET", NAME + "/manifests/latest", Accept=media)
        xt.equal(status, 200, manifest)
        index = json.dumps({"schemaVersion": 2, "mediaType": images.MEDIA["index"],
                            "manifests": [{"mediaType": media, "size": len(manifest),
                                           "digest": images.digest(manifest),
                                           "platform": images.PLATFORM["aarch64"]}]})
        status, text, _ = registry.request("PUT", NAME + "/manifests/latest", index, **{
            "Content-Type": images.MEDIA["index"]})
        xt.equal(status, 201, text)
        r = test_wheels.build("cwcwidth.yaml", ["aarch64"], "cp311", home,
                              XORCH_CATALOG=home, XORCH_SYSROOT="manylinux_2_28",
                              XORCH_MIRROR_OCI=f"quay.io=http://{registry.host}")
        xt.equal(r.code, 0, r)
        xt.equal(test_wheels.judge(r), 1)
        with open(os.path.join(home, "sysroots/manylinux_2_28.lock")) as f:
            xt.check(images.digest(index.encode())[7:] in f.read(), "no index in the lock")
        wheel, = glob.glob(home + "/dist/*.whl")
        xt.check("manylinux2014_aarch64" in wheel, wheel)
        check_python(home, registry)
        check_cxx(home, registry)


def check_python(home, registry):
    """The image's own Python goes before a derived one, where it has that minor."""
    r = xt.run(["__python", "--python", "all", "--target", "aarch64", "--sysroot",
                "manylinux_2_28"], home=home, timeout=600, XORCH_CATALOG=home,
               XORCH_CACHE_DIR=test_wheels.shared_cache(),
               XORCH_MIRROR_OCI=f"quay.io=http://{registry.host}")
    xt.equal(r.code, 0, r)
    oracle = test_pyconfig.oracle("bookworm", "aarch64")
    for tag, _, tree in map(str.split, r.out.splitlines()):
        config, = glob.glob(tree + "/include/*/pyconfig.h")
        with open(config) as ours, open(oracle) as theirs:
            xt.equal(ours.read() == theirs.read(), tag == "cp311", tag)
        data = {}
        with open(glob.glob(tree + "/lib/_sysconfigdata_*.py")[0]) as f:
            exec(f.read(), data)
        known = data["build_time_vars"]
        differ = {name for name, value in test_pyconfig.parse(config).items()
                  if re.fullmatch(r"-?\d+", value or "0")
                  and isinstance(known.get(name), int) and known[name] != int(value or 0)}
        # modules never link to it
        xt.check(differ <= {"Py_ENABLE_SHARED"}, tag, differ)
        xt.equal(known["SIZEOF_LONG"], 8, tag)


def check_cxx(home, registry):
    """C++17 at the floor, by both compilers, as a build would see it."""
    source = xt.write(os.path.join(home, "b.cc"), test_sysroot.CXX)
    for toolchain in ("clang", "gcc"):
        out = os.path.join(home, toolchain + ".so")
        r = xt.run(["exec", "--target", "aarch64", "--toolchain", toolchain, "--", "sh",
                    "-c", f"$CXX -std=c++17 -O2 -fPIC -shared -Wl,-z,defs {source} "
                    f"-o {out} -latomic"], home=home, timeout=600,
                   XORCH_CACHE_DIR=test_wheels.shared_cache(), XORCH_CATALOG=home,
                   XORCH_SYSROOT="manylinux_2_28",
                   XORCH_MIRROR_OCI=f"quay.io=http://{registry.host}")
        xt.equal(r.code, 0, toolchain, r)
        symbols = judges.readelf("--dyn-syms", out)
        versions = {tuple(map(int, v.split("."))) for v in
                    re.findall(r"UND \S+@GLIBC_([0-9.]+)", symbols)}
        xt.check(versions and max(versions) <= (2, 17), toolchain, versions)
        versions = {tuple(map(int, v.split("."))) for v in
                    re.findall(r"UND \S+@GLIBCXX_([0-9.]+)", symbols)}
        xt.check(versions and max(versions) <= (3, 4, 19), toolchain, versions)


if __name__ == "__main__":
    xt.main(globals())
