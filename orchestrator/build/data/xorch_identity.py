"""Makes the build interpreter answer as the target's would.

Switched on by one variable, XORCH_IDENTITY=/…/identity.json, through a .pth file in
the build environment, so the processes a backend starts see the target too. What
is answered for the target: os.uname, os.confstr, platform, sysconfig and distutils
(variables, header folders), the manylinux part of packaging wherever a copy of it
lives, and the extension suffixes setuptools goes by. What stays the build
machine's, because the standard library runs on it: sys.platform, sys.maxsize,
struct, importlib's own suffixes.

Everything heavy waits until the module it concerns is imported.
"""
import importlib.machinery
import json
import os
import sys


def give_up(text):
    # An exception in a .pth file is only printed: the build would go on under
    # the build machine's identity and mislabel what it makes.
    sys.stderr.write("xorch: identity: %s\n" % text)
    sys.stderr.flush()
    os._exit(70)


def command_line():
    """What comes behind the interpreter's name; sys.argv is not there yet."""
    try:
        with open("/proc/self/cmdline", "rb") as f:
            return f.read().split(b"\0")[1:-1]
    except OSError:
        return []


def is_installer(words):
    """pip and uv work for the build machine, whoever starts them."""
    for i, word in enumerate(words):
        if word == b"-m":
            return words[i + 1:i + 2] in ([b"pip"], [b"uv"])
        if not word.startswith(b"-"):
            return os.path.basename(word) in (b"pip", b"pip3", b"uv")
    return False


class Identity:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            facts = json.load(f)
        self.root = os.path.dirname(os.path.abspath(path))
        self.written_root = facts["root"]
        self.machine = facts["machine"]
        self.multiarch = facts["multiarch"]
        self.bits = facts["bits"]
        self.libc = tuple(facts["libc"])
        self.abiflags = facts["abiflags"]
        self.release = facts["kernel"]
        self.ext_suffix = facts["ext_suffix"]
        self.include = os.path.join(self.root, facts["include"])
        self.sysconfigdata = os.path.join(self.root, facts["sysconfigdata"])
        for needed in (os.path.join(self.include, "Python.h"), self.sysconfigdata):
            if not os.path.exists(needed):
                give_up("%s does not exist" % needed)

    def build_time_vars(self):
        """The target's variables, with paths as they are in this process: the
        file has those of the sandbox, a build without one sees others."""
        space = {}
        with open(self.sysconfigdata, encoding="utf-8") as f:
            exec(compile(f.read(), self.sysconfigdata, "exec"), space)
        values = space["build_time_vars"]
        if self.root != self.written_root:
            for k, v in values.items():
                if isinstance(v, str) and v.startswith(self.written_root + "/"):
                    values[k] = self.root + v[len(self.written_root):]
        return values


class DataLoader:
    """Loads _sysconfigdata_* modules: they are the target's, whatever the name
    (Debian leaves the platform out of it)."""

    def __init__(self, identity):
        self.identity = identity

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__file__ = self.identity.sysconfigdata
        module.build_time_vars = self.identity.build_time_vars()


class PatchingLoader:
    """Runs `patch(module)` right after the real loader has run the module."""

    def __init__(self, loader, patch):
        self.loader = loader
        self.patch = patch

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        module.__loader__ = module.__spec__.loader = self.loader
        self.patch(module)


class Finder:
    def __init__(self, identity, patches):
        self.identity = identity
        self.patches = patches
        self.busy = set()

    def find_spec(self, name, path=None, target=None):
        if name.startswith("_sysconfigdata_"):
            return importlib.machinery.ModuleSpec(name, DataLoader(self.identity))
        patch = self.patches.get(name) or self.patches.get(".".join(name.split(".")[-2:]))
        if not patch or name in self.busy:
            return None
        self.busy.add(name)
        try:
            for finder in sys.meta_path:
                spec = finder.find_spec(name, path, target) if finder is not self else None
                if spec is not None:
                    break
            else:
                return None
        finally:
            self.busy.discard(name)
        if spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = PatchingLoader(spec.loader, patch)
        return spec


# PEP 484: a stub that knows of no name leaves every one to be Any.
STUB = """# nanobind imports the module to describe it, which is for %s.
from typing import Any

def __getattr__(name: str) -> Any: ...
"""


def write_stubs(me, words):
    """nanobind's stub generator would import what was compiled for another machine: in its
    place, stubs that say so, and a line for the user. Only what CMake's nanobind_add_stub
    passes is known here."""
    words = [os.fsdecode(w) for w in words]
    script = next((w for w in words if not w.startswith("-")), "")
    if os.path.basename(script) != "stubgen.py" or "nanobind" not in script or \
            os.uname().machine == me.machine:
        return
    given = {}
    words = words[words.index(script) + 1:]
    for option, value in zip(words, words[1:]):
        if option in ("-m", "-o", "-O", "-M"):
            given.setdefault(option, []).append(value)
    outputs = given.get("-o") or [
        os.path.join(folder, name.rsplit(".", 1)[-1] + ".pyi")
        for folder in given.get("-O", ["."]) for name in given.get("-m", [])]
    for path in outputs:
        with open(path, "w", encoding="utf-8") as f:
            f.write(STUB % me.machine)
        with open(os.environ.get("XORCH_WRAPPER_LOG", os.devnull), "a") as f:
            f.write("replaced\tstubgen\t%s\tits generator imports the module, which is for "
                    "%s; every name in it is Any\n" % (os.path.basename(path), me.machine))
    for path in given.get("-M", []):
        open(path, "a").close()
    sys.stderr.write("xorch: %s: stubs in which every name is Any\n" % " ".join(outputs))
    sys.stderr.flush()
    os._exit(0)


def patch_os(me):
    result = type(os.uname())
    answer = result(("Linux", "xorch", me.release, "#1", me.machine))
    os.uname = lambda: answer
    confstr, libc = os.confstr, " ".join(me.libc)

    def target_confstr(name, *rest):
        if name in ("CS_GNU_LIBC_VERSION", os.confstr_names["CS_GNU_LIBC_VERSION"]):
            return libc
        return confstr(name, *rest)
    os.confstr = target_confstr


def patch_sys(me):
    sys.implementation._multiarch = me.multiarch
    sys.cross_compiling = True
    if getattr(sys, "abiflags", "") != me.abiflags:
        sys.abiflags = me.abiflags


def patch_sysconfig(me, module):
    for scheme, paths in module._INSTALL_SCHEMES.items():
        if scheme in ("posix_prefix", "posix_local", "deb_system", "venv", "posix_venv"):
            for key in ("include", "platinclude"):
                if key in paths:
                    paths[key] = me.include


def patch_distutils(me, module):
    def get_python_inc(plat_specific=False, prefix=None):
        return me.include
    module.get_python_inc = get_python_inc


def patch_platform(me, module):
    architecture, libc_ver = module.architecture, module.libc_ver

    def target_architecture(executable=sys.executable, bits="", linkage=""):
        if executable != sys.executable:
            return architecture(executable, bits, linkage)
        return bits or "%dbit" % me.bits, linkage or "ELF"

    def target_libc_ver(executable=None, *rest, **more):
        if executable not in (None, sys.executable):
            return libc_ver(executable, *rest, **more)
        return me.libc
    module.architecture = target_architecture
    module.libc_ver = target_libc_ver
    if hasattr(module, "_Processor"):
        module._Processor.get = classmethod(lambda cls: "")


def patch_packaging(me, module):
    """packaging.tags and ._manylinux of any age: which names exist differs."""
    major, minor = (int(x) for x in me.libc[1].split(".")[:2])
    arm = me.machine == "armv7l"
    answers = {
        "_have_compatible_abi": lambda *a, **k: True,
        "_have_compatible_manylinux_abi": lambda *a, **k: True,
        "_is_linux_armhf": lambda *a, **k: arm,
        "_glibc_version_string": lambda *a, **k: me.libc[1],
        "_glibc_version_string_confstr": lambda *a, **k: me.libc[1],
        "_get_glibc_version": lambda *a, **k: (major, minor),
        "_have_compatible_glibc": lambda a, b: (a, b) <= (major, minor),
        "_get_musl_version": lambda *a, **k: None,
    }
    for name, answer in answers.items():
        if hasattr(module, name):
            setattr(module, name, answer)


def patch_suffixes(me, module):
    own = importlib.machinery.EXTENSION_SUFFIXES[0]
    if hasattr(module, "EXTENSION_SUFFIXES"):
        module.EXTENSION_SUFFIXES = [me.ext_suffix if s == own else s
                                     for s in module.EXTENSION_SUFFIXES]


def patch_meson(me, module):
    """The machine meson itself runs on is the build machine; the target is in the
    cross file."""
    for name in ("detect_cpu", "detect_cpu_family"):
        if hasattr(module, name):
            setattr(module, name, lambda compilers=None: "x86_64")


def main(words):
    try:
        me = Identity(os.environ["XORCH_IDENTITY"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        give_up("%s: %s: %s" % (os.environ["XORCH_IDENTITY"], type(e).__name__, e))
    patches = {
        "sysconfig": patch_sysconfig,
        "platform": patch_platform,
        "distutils.sysconfig": patch_distutils,
        "_distutils.sysconfig": patch_distutils,
        "packaging.tags": patch_packaging,
        "packaging._manylinux": patch_packaging,
        "packaging._musllinux": patch_packaging,
        "command.build_ext": patch_suffixes,
        "mesonbuild.envconfig": patch_meson,
        "mesonbuild.environment": patch_meson,
    }
    write_stubs(me, words)
    bound = {name: (lambda module, f=f: f(me, module)) for name, f in patches.items()}
    patch_os(me)
    patch_sys(me)
    sys.meta_path.insert(0, Finder(me, bound))
    for name in ("sysconfig", "platform"):
        if name in sys.modules:
            bound[name](sys.modules[name])
    # Computed already (a .pth file before this one asked): compute them again.
    early = sys.modules.get("sysconfig")
    if getattr(early, "_CONFIG_VARS", None) is not None:
        early._CONFIG_VARS = None
        if hasattr(early, "_CONFIG_VARS_INITIALIZED"):
            early._CONFIG_VARS_INITIALIZED = False


WORDS = command_line()
if not is_installer(WORDS):
    main(WORDS)
