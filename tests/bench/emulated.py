"""The build that cross-building replaces: the same sdist and requirements, built by
the target's own gcc and Python, every program under qemu-user (binfmt_misc in a user
namespace of its own, so nothing of the machine changes)."""
import glob
import os
import shutil
import subprocess
import sys

import target_root
import xt

MAGIC = {
    "aarch64": r":q:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00"
               r"\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff"
               r"\xff\xfe\xff\xff\xff:%s:F",
    "armv7": r":q:M::\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00"
             r"\x28\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff"
             r"\xff\xfe\xff\xff\xff:%s:F",
}


CWCWIDTH = ["gcc", "libc6-dev", "libpython3.11-dev", "python3.11", "libpython3.11-stdlib",
            "dash", "coreutils"]


def root(target, name="gcc", packages=CWCWIDTH):
    """A bookworm root of the target with gcc and Python's headers, or other packages."""
    def make(folder):
        target_root.unpack("bookworm", target_root.DEBIAN[target], folder, packages)
        for name in ("bin", "sbin", "lib", "lib64"):
            top, usr = os.path.join(folder, name), os.path.join(folder, "usr", name)
            if os.path.isdir(top) and not os.path.islink(top):
                shutil.copytree(top, usr, symlinks=True, dirs_exist_ok=True)
                shutil.rmtree(top)
            if os.path.isdir(usr):
                os.symlink("usr/" + name, top)
        for name in ("proc", "dev", "tmp"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
    return target_root.prepared(f"roots/bench-{name}-{target}", make)


def requirements(target, names, python, folder=None):
    """Folder with the build requirements as the target's pip would have them."""
    arch = {"aarch64": "aarch64", "armv7": "armv7l"}[target]

    def make(folder):
        wheels = os.path.join(folder, "wheels")
        subprocess.run([python, "-m", "pip", "download", "-q", "-d", wheels,
                        "--only-binary=:all:", "--python-version", "3.11",
                        "--platform", f"manylinux_2_28_{arch}",
                        "--platform", f"manylinux_2_31_{arch}",
                        "--platform", f"manylinux2014_{arch}", *names], check=True)
        for wheel in glob.glob(wheels + "/*.whl"):
            shutil.unpack_archive(wheel, os.path.join(folder, "site"), "zip")
    return target_root.prepared(
        "-".join(["bench-requirements", target] + ([folder] if folder else [])), make)


def run_in(target, folder, source, site, out, command):
    """argv that runs `command` (NAME=VALUE words before it are its environment) in the
    root `folder` with a copy of `source` at /tmp/src, `site` at /tmp/site and `out` at
    /tmp/out."""
    qemu = shutil.which(target_root.QEMU[target])
    xt.check(qemu, "qemu-user-static is missing")
    # $0 is only the script's name; every path is an argument, none is shell text.
    script = """set -eu
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf '%s' "$5" > /proc/sys/fs/binfmt_misc/register
mount -t tmpfs none "$1/tmp"; mkdir "$1/tmp/src" "$1/tmp/site" "$1/tmp/out"
cp -r "$2/." "$1/tmp/src"
mount --bind "$3" "$1/tmp/site"; mount --bind "$4" "$1/tmp/out"
mount --rbind /dev "$1/dev"
mount --rbind /proc "$1/proc"
root=$1; shift 5
exec chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 HOME=/tmp \
  PYTHONPATH=/tmp/site "$@"
"""
    return ["unshare", "-Urm", "sh", "-c", script, "emulated", folder, source, site, out,
            MAGIC[target] % qemu, *command]


def command(target, source, out, names, python=sys.executable):
    """argv of one emulated build of the unpacked sdist `source` into `out`."""
    site = os.path.join(requirements(target, names, python), "site")
    return run_in(target, root(target), source, site, out, [
        "CC=gcc", "/usr/bin/python3.11", "-c",
        "import os; os.chdir('/tmp/src')\n"
        "from setuptools import build_meta; build_meta.build_wheel('/tmp/out')"])
