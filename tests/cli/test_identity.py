"""What a build interpreter answers under the target's identity, on every CPython of
this machine (build/data/xorch_identity.py). No network, no compiler."""
import glob
import json
import os
import shutil
import subprocess
import sys

import xt

DATA = os.path.join(xt.SOURCE, "orchestrator/build/data")
TARGETS = {
    "aarch64": {"machine": "aarch64", "multiarch": "aarch64-linux-gnu", "bits": 64},
    "armv7": {"machine": "armv7l", "multiarch": "arm-linux-gnueabihf", "bits": 32},
}


def pythons():
    """One interpreter for each minor version from 3.9 on: pyenv's and PATH's."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    candidates = sorted(glob.glob(root + "/versions/*/bin/python3"))
    candidates += [p for p in map(shutil.which, ["python3"] + [
        f"python3.{n}" for n in range(9, 15)]) if p and "/shims/" not in p]
    found = {}
    say = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
    for path in candidates + [sys.executable]:
        p = subprocess.run([path, "-I", "-S", "-c", say], capture_output=True, text=True)
        name, major, minor = (p.stdout.split() + ["", 0, 0])[:3]
        if name == "cpython" and (int(major), int(minor)) >= (3, 9):
            found.setdefault(int(minor), path)
    xt.check(found, "no CPython from 3.9 on")
    return list(found.values())


def make(folder, python, target):
    """A virtual environment with the identity in it, and a target tree: the path of
    its interpreter and of identity.json."""
    env, tree = os.path.join(folder, "env"), os.path.join(folder, "python")
    subprocess.run([python, "-m", "venv", "--without-pip", env], check=True)
    site = glob.glob(env + "/lib/python3*/site-packages")[0]
    for name in ("xorch_identity.py", "xorch_identity.pth"):
        shutil.copy(os.path.join(DATA, name), site)
    version = os.path.basename(os.path.dirname(site))
    facts = dict(TARGETS[target], root="/xorch/python", libc=["glibc", "2.17"], abiflags="",
                 kernel="5.10.0", include="include/" + version)
    tag = version.replace("python", "").replace(".", "")
    facts["ext_suffix"] = f".cpython-{tag}-{facts['multiarch']}.so"
    facts["sysconfigdata"] = f"lib/_sysconfigdata__linux_{facts['multiarch']}.py"
    xt.write(f"{tree}/include/{version}/Python.h", "")
    xt.write(f"{tree}/include/{version}/pyconfig.h", "#define SIZEOF_LONG 4\n")
    values = {"EXT_SUFFIX": facts["ext_suffix"], "SOABI": facts["ext_suffix"][1:-3],
              "MULTIARCH": facts["multiarch"], "INCLUDEPY": f"/xorch/python/include/{version}",
              "CC": "cc", "CFLAGS": "", "LIBDIR": "", "SIZEOF_LONG": 4, "prefix": "/xorch/python"}
    xt.write(f"{tree}/{facts['sysconfigdata']}", f"build_time_vars = {json.dumps(values)}\n")
    xt.write(f"{tree}/identity.json", json.dumps(facts))
    return os.path.join(env, "bin", "python"), os.path.join(tree, "identity.json")


def ask(python, identity, code, *args):
    """What `code` prints as JSON, run with the identity (None: without)."""
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    if identity:
        env["XORCH_IDENTITY"] = identity
    p = subprocess.run([python, *args, "-c", code], env=env, capture_output=True, text=True)
    xt.check(p.returncode == 0, python, p.stdout, p.stderr)
    xt.equal(p.stderr, "", "nothing may be printed")
    return json.loads(p.stdout)


FACTS = """
import json, os, platform, sys, sysconfig, struct
print(json.dumps(dict(
    uname=list(os.uname()), machine=platform.machine(), processor=platform.processor(),
    architecture=list(platform.architecture()), libc=list(platform.libc_ver()),
    confstr=os.confstr('CS_GNU_LIBC_VERSION'), platform=sysconfig.get_platform(),
    include=[sysconfig.get_path('include'), sysconfig.get_path('platinclude'),
             sysconfig.get_paths()['include'], sysconfig.get_config_var('INCLUDEPY')],
    config_h=sysconfig.get_config_h_filename(), suffix=sysconfig.get_config_var('EXT_SUFFIX'),
    soabi=sysconfig.get_config_var('SOABI'), multiarch=sysconfig.get_config_var('MULTIARCH'),
    long=sysconfig.get_config_var('SIZEOF_LONG'), cc=sysconfig.get_config_var('CC'),
    cross=getattr(sys, 'cross_compiling', False), own=sys.implementation._multiarch,
    purelib=sysconfig.get_path('purelib'), sys_platform=sys.platform,
    pointer=struct.calcsize('P'), maxsize=sys.maxsize, prefix=sys.prefix)))
"""


def test_answers():
    for python in pythons():
        for target, want in TARGETS.items():
            with xt.scratch() as folder:
                env_python, identity = make(folder, python, target)
                tree = os.path.dirname(identity)
                a = ask(env_python, identity, FACTS)
                what = f"{python} {target}"
                xt.equal(a["machine"], want["machine"], what)
                xt.equal(a["uname"], ["Linux", "xorch", "5.10.0", "#1", want["machine"]], what)
                xt.equal(a["platform"], "linux-" + want["machine"], what)
                xt.equal(a["architecture"], [f"{want['bits']}bit", "ELF"], what)
                xt.equal(a["libc"], ["glibc", "2.17"], what)
                xt.equal(a["confstr"], "glibc 2.17", what)
                xt.equal(a["processor"], "", what)
                xt.check(a["suffix"].endswith(f"-{want['multiarch']}.so"), a)
                xt.equal(a["soabi"], a["suffix"][1:-3], what)
                xt.equal([a["multiarch"], a["own"]], [want["multiarch"]] * 2, what)
                xt.equal([a["long"], a["cc"], a["cross"]], [4, "cc", True], what)
                for path in a["include"] + [os.path.dirname(a["config_h"])]:
                    xt.check(path.startswith(tree + "/include/python3."), what, path)
                # What the standard library itself lives on is the build machine's.
                xt.equal([a["sys_platform"], a["pointer"], a["maxsize"]],
                         ["linux", 8, sys.maxsize], what)
                xt.check(a["purelib"].startswith(a["prefix"]), a)


def test_off_without_variable():
    for python in pythons():
        with xt.scratch() as folder:
            env_python, _ = make(folder, python, "armv7")
            a = ask(env_python, None, FACTS)
            b = ask(python, None, FACTS, "-I")
            for key in ("uname", "machine", "platform", "suffix", "include", "libc", "long"):
                xt.equal(a[key], b[key], python, key)


def test_children_inherit():
    code = """
import json, subprocess, sys
child = "import platform, sysconfig, json; print(json.dumps([platform.machine(), sysconfig.get_platform()]))"
print(json.dumps([json.loads(subprocess.check_output([sys.executable, "-c", child])),
                  json.loads(subprocess.check_output([sys.executable, "-I", "-c", child]))]))
"""
    for python in pythons():
        with xt.scratch() as folder:
            env_python, identity = make(folder, python, "armv7")
            xt.equal(ask(env_python, identity, code), [["armv7l", "linux-armv7l"]] * 2, python)


def test_installers_see_the_build_machine():
    """pip and uv install what the build machine runs, whoever starts them."""
    say = "import json, platform; print(json.dumps(platform.machine()))\n"
    for python in pythons():
        with xt.scratch() as folder:
            env_python, identity = make(folder, python, "armv7")
            site = glob.glob(os.path.join(folder, "env/lib/python3*/site-packages"))[0]
            xt.write(os.path.join(site, "pip/__init__.py"), "")
            xt.write(os.path.join(site, "pip/__main__.py"), say)
            script = xt.write(os.path.join(folder, "env/bin/pip"), say)
            other = xt.write(os.path.join(folder, "other.py"), say)
            env = {"PATH": "/usr/bin:/bin", "XORCH_IDENTITY": identity}
            for args, target in ((["-m", "pip", "install"], False), ([script], False),
                                 (["-I", "-m", "pip"], False), ([other, "pip"], True)):
                out = subprocess.check_output([env_python, *args], env=env, text=True)
                xt.equal(json.loads(out) == "armv7l", target, python, args)


def test_X06_broken_identity_stops_the_build():
    """Never the build machine's answers in silence."""
    for python in pythons()[:1]:
        for harm in ("missing", "json", "include", "data", "key"):
            with xt.scratch() as folder:
                env_python, identity = make(folder, python, "aarch64")
                tree = os.path.dirname(identity)
                if harm == "missing":
                    os.unlink(identity)
                elif harm == "json":
                    xt.write(identity, "{")
                elif harm == "include":
                    shutil.rmtree(tree + "/include")
                elif harm == "data":
                    shutil.rmtree(tree + "/lib")
                else:
                    xt.write(identity, '{"machine": "aarch64"}')
                p = subprocess.run([env_python, "-c", "print('went on')"],
                                   env={"XORCH_IDENTITY": identity}, capture_output=True,
                                   text=True)
                xt.equal([p.returncode, p.stdout], [70, ""], harm)
                xt.check("xorch: identity:" in p.stderr, p.stderr)


def test_packaging_of_any_age():
    """The manylinux part of packaging, under every name it is vendored by, in the
    shapes it had: functions of one argument, of two, of none."""
    old = """
def _is_linux_armhf():
    return False
def _have_compatible_manylinux_abi(arch):
    return False
def _have_compatible_glibc(a, b):
    return False
def answer():
    return [_is_linux_armhf(), _have_compatible_manylinux_abi('armv7l'),
            _have_compatible_glibc(2, 17), _have_compatible_glibc(2, 28)]
"""
    new = """
import functools
@functools.lru_cache
def _get_glibc_version():
    return (2, 99)
def _have_compatible_abi(executable, archs):
    return False
def answer():
    return [_have_compatible_abi('x', ['armv7l']), list(_get_glibc_version())]
"""
    for python in pythons():
        with xt.scratch() as folder:
            env_python, identity = make(folder, python, "armv7")
            site = glob.glob(os.path.join(folder, "env/lib/python3*/site-packages"))[0]
            for top in ("packaging", "pip/_vendor/packaging", "setuptools/_vendor/packaging",
                        "wheel/vendored/packaging"):
                xt.write(os.path.join(site, top, "__init__.py"), "")
                xt.write(os.path.join(site, top, "tags.py"), old)
                xt.write(os.path.join(site, top, "_manylinux.py"), new)
            code = """
import importlib, json
out = []
for top in ('packaging', 'pip._vendor.packaging', 'setuptools._vendor.packaging',
            'wheel.vendored.packaging'):
    out.append(importlib.import_module(top + '.tags').answer())
    out.append(importlib.import_module(top + '._manylinux').answer())
print(json.dumps(out))
"""
            xt.equal(ask(env_python, identity, code),
                     [[True, True, True, False], [True, [2, 17]]] * 4, python)


def test_distutils_of_the_standard_library():
    code = """
import json, warnings
warnings.simplefilter('ignore')
from distutils import sysconfig, util
print(json.dumps([sysconfig.get_python_inc(), sysconfig.get_python_inc(True),
                  sysconfig.get_config_var('EXT_SUFFIX'), util.get_platform()]))
"""
    for python in pythons():
        with xt.scratch() as folder:
            env_python, identity = make(folder, python, "aarch64")
            has = subprocess.run([env_python, "-W", "ignore", "-c", "import distutils"],
                                 stderr=subprocess.DEVNULL).returncode == 0
            if not has:
                continue  # gone since 3.12
            inc, plat, suffix, platform = ask(env_python, identity, code)
            tree = os.path.dirname(identity)
            xt.check(inc == plat and inc.startswith(tree + "/include/python3."), inc)
            xt.check(suffix.endswith("-aarch64-linux-gnu.so"), suffix)
            xt.equal(platform, "linux-aarch64")


def test_standard_library_works():
    """Extension modules of the build machine still import, among them new ones."""
    code = """
import json, ctypes, ssl, sqlite3, decimal, multiprocessing, asyncio, lzma, zoneinfo
import importlib.machinery, pkgutil, site, venv, zipimport, logging.config, unittest
ctypes.CDLL(None)
print(json.dumps([ctypes.sizeof(ctypes.c_void_p),
                  any('x86_64' in s or '-darwin' in s for s in
                      importlib.machinery.EXTENSION_SUFFIXES)]))
"""
    for python in pythons():
        with xt.scratch() as folder:
            env_python, identity = make(folder, python, "armv7")
            plain = subprocess.run([env_python, "-c", code], capture_output=True)
            if plain.returncode:
                continue  # this Python was built without one of them
            xt.equal(ask(env_python, identity, code), [8, True], python)


xt.main(globals())
