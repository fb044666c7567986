"""What `xorch new` reads out of setup.py and of scripts in its place: names, libraries and
the variables that decide what is compiled. Nothing of them may run."""
import json
import os
import re

import xt
from server import Server
from test_new import TRAP, Index, dist_info, new, recipe, wheel

TAG = "cp311-cp311-manylinux_2_17_x86_64"
SETUP = "import os, sys\nfrom setuptools import setup, Extension\n"
POETRY = """[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
[tool.poetry.build]
script = "build_ext.py"
"""


def made(index, home, name, files, modules=None):
    """The recipe of a project whose wheel for x86_64 has these modules."""
    index.sdist(name, "1.0", files)
    if modules is not None:
        index.add(name, f"{name}-1.0-{TAG}.whl", wheel(dist_info(name, "1.0", TAG, [
            f"{m}.cpython-311-x86_64-linux-gnu.so" for m in modules] or ["x/__init__.py"])))
    result = new(index, home, name)
    xt.equal(result.code, 0, result)
    xt.check(not os.path.exists(os.path.join(home, "executed")), "it was run")
    return recipe(home, name)


def extensions(text):
    part = re.search(r"^wheel:\n  extensions:\n((?:    - .*\n)*)", text, re.M)
    return re.findall(r"- (\S+)", part[1]) if part else []


def env(text):
    """NAME: (value, reason) of build.env."""
    part = re.search(r"^build:\n  env:\n((?:    .*\n)*)", text, re.M)
    return {n: (v, why) for n, v, why in re.findall(
        r'^    (\w+): "(.*?)"  # guessed: (.*)$', part[1], re.M)} if part else {}


def test_names():
    """Of lists that are added, extended, chosen, looped over; of folders; of functions."""
    cases = {
        "added": ("A = [Extension('p.a', [])]\nsetup(ext_modules=A + [Extension('p.b', [])])",
                  "p/a p/b"),
        "grown": ("e = []\ne.append(Extension('p.a', []))\ne += [Extension('p.b', [])]\n"
                  "e.extend([Extension('p.c', [])])\nsetup(ext_modules=e)", "p/a p/b p/c"),
        "looped": ("setup(ext_modules=[Extension('p.%s' % n, [f'c/{n}.c'])\n"
                   "    for n in ('a', 'b')])", "p/a p/b"),
        "globbed": ("import glob\nfrom os.path import join\nsetup(ext_modules=[\n"
                    " Extension(f[2:-2].replace(os.sep, '.'), [f])\n"
                    " for f in glob.glob(join('c', 'q', '*.c'))])", "q/x q/y"),
        "paths": ("from pathlib import Path\nsetup(ext_modules=[Extension(\n"
                  " str(f.relative_to('c').with_suffix('')).replace('/', '.'), [str(f)])\n"
                  " for f in Path('c').glob('**/*.c')])", "q/x q/y"),
        "stars": ("from Cython.Build import cythonize\nsetup(ext_modules=cythonize([\n"
                  " Extension('r.*', ['r/*.pyx'])]))", "r/one r/two"),
        "patterns": ("from Cython.Build import cythonize\nsetup(ext_modules=cythonize("
                     "'r/*.pyx'))", "r/one r/two"),
        "package": ("setup(ext_package='p', ext_modules=[Extension('a', [])])", "p/a"),
        "called": ("def get(names, more=('z',)):\n  found = []\n  for n in names:\n"
                   "    found.append(Extension('p.' + n, []))\n"
                   "  return found + [Extension('p.' + n, []) for n in more]\n"
                   "setup(ext_modules=get(['a']))", "p/a p/z"),
        "keywords": ("kw = dict(name='p.a', sources=[])\nsetup(ext_modules=[Extension(**kw)])",
                     "p/a"),
        "systems": ("e = [Extension('p.a', [])]\nif sys.platform == 'win32':\n"
                    "  e.append(Extension('p.win', []))\nelif sys.platform.startswith("
                    "'linux'):\n  e.append(Extension('p.linux', []))\nelse:\n"
                    "  e.append(Extension('p.mac', []))\nsetup(ext_modules=e)",
                    "p/a p/linux"),
        "chosen": ("setup(ext_modules=[Extension('p.nt' if os.name == 'nt' else 'p.posix',"
                   " [])])", "p/posix"),
        "dropped": ("x = Extension('p.old', [])\nsetup(ext_modules=[Extension('p.a', [])])",
                    "p/a"),
        "unknown": ("setup(ext_modules=[Extension('p.a', []), Extension(call(), [])])",
                    "p/a"),
    }
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, (code, want) in cases.items():
            text = made(index, home, name, {
                "setup.py": TRAP.format(home=home) + SETUP + code + "\n",
                "c/q/x.c": "", "c/q/y.c": "", "r/__init__.py": "", "r/one.pyx": "",
                "r/two.pyx": ""})
            xt.equal(" ".join(extensions(text)), want, name)


def test_libraries():
    """By whatever way they come into the list; not those of other systems."""
    cases = {
        "chosen": ("libs = []\nif os.path.exists('zlib.c'):\n  libs = []\nelse:\n"
                   "  libs = ['z']\nsetup(ext_modules=[Extension('p.a', [], libraries=libs)])",
                   "zlib1g-dev"),
        "bundled": ("libs = []\nif not os.path.exists('a.c'):\n  libs = ['z']\n"
                    "setup(ext_modules=[Extension('p.a', [], libraries=libs)])", ""),
        "later": ("class B(build_ext):\n  def finalize_options(self):\n"
                  "    self.libraries.append('z')\n"
                  "setup(ext_modules=[Extension('p.a', [])])", "zlib1g-dev"),
        "keys": ("kw = {'libraries': []}\nkw['libraries'] += ['z']\n"
                 "setup(ext_modules=[Extension('p.a', [], **kw)])", "zlib1g-dev"),
        "other": ("libs = ['z'] if sys.platform == 'darwin' else []\n"
                  "setup(ext_modules=[Extension('p.a', [], libraries=libs)])", ""),
    }
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, (code, deb) in cases.items():
            text = made(index, home, name, {"setup.py": SETUP + code + "\n",
                                            "a.c": "#include <zlib.h>\n"}, ["p/a"])
            xt.equal(re.findall("deb:([a-z0-9-]+)", text), deb.split(), name)


OWN_BACKEND = """import flags
from flags import linked as more
from setuptools import Extension, build_meta as _orig
from setuptools.build_meta import *
def modules():
    return [Extension("p.a", ["a.c"], extra_compile_args=flags.of("fuse3", False),
                      extra_link_args=more("lua5.3", least="5.3.2"))]
"""
FLAGS = """import subprocess
def of(package, linked=True):
    command = ["pkg-config", package, "--libs" if linked else "--cflags"]
    return subprocess.check_output(command).split()
def linked(what, least=None):
    subprocess.check_call(["pkg-config", "--atleast-version", least, what])
    return of(what)
"""


def test_libraries_of_a_backend():
    """Of a backend that is the project's own, through functions of a file beside it that
    ask pkg-config for what they are given. A header of several libraries is that of the
    one that is linked; the version is kept for the choice of a sysroot."""
    files = {"pyproject.toml": "[build-system]\nrequires = ['setuptools']\n"
             "build-backend = 'own'\nbackend-path = ['util']\n", "util/own.py": OWN_BACKEND,
             "util/flags.py": FLAGS, "p/__init__.py": "",
             "a.c": "#include <fuse_lowlevel.h>\n#include <lua.h>\n"}
    with Server() as s, xt.scratch() as home:
        text = made(Index(s), home, "own", files)
        xt.equal(re.findall("deb:([a-z0-9.-]+)", text), ["libfuse3-dev", "liblua5.3-dev"])
        xt.equal(extensions(text), ["p/a"])
        # of one that nothing asks for it is the usual one's
        files["util/flags.py"] = FLAGS.replace("pkg-config", "frob")
        text = made(Index(s), home, "unasked", files)
        xt.equal(re.findall("deb:([a-z0-9.-]+)", text), ["libfuse-dev", "liblua5.4-dev"])


def test_functions_of_other_files():
    """What they give back is worked out; of an installed package nothing is."""
    code = "from tools import build\nfrom tools.names import *\nimport p\n" \
        "setup(ext_modules=[build.one(MODULE), p.other('p.c')])\n"
    files = {"tools/__init__.py": "", "tools/build.py": "from setuptools import Extension\n"
             "ROOT = 'p.'\ndef one(name):\n    return Extension(ROOT + name, [])\n",
             "tools/names.py": "MODULE = 'a' + 'b'\nfrom tools import build\n",
             "p/__init__.py": "def other(n): return Extension(n, [])\n",
             "split.egg-info/top_level.txt": "p\n"}
    with Server() as s, xt.scratch() as home:
        text = made(Index(s), home, "split", {"setup.py": SETUP + code, **files})
        xt.equal(extensions(text), ["p/ab"])


def test_script_of_cffi():
    """The name of its module may be a variable's."""
    script = "name = '_s' + 'mall'\nffi = FFI()\nffi.cdef('int f(void);')\n" \
        "libs = ['yaml']\nffi.set_source(name, 'C of it', libraries=libs)\n"
    code = "setup(ext_package='p', setup_requires=['cffi'], cffi_modules=['b.py:ffi'])\n"
    with Server() as s, xt.scratch() as home:
        text = made(Index(s), home, "scripted", {"setup.py": SETUP + code, "b.py": script,
                                                 "p/__init__.py": ""})
        xt.equal(extensions(text), ["p/_small"])
        xt.check("- deb:libyaml-dev  # guessed: b.py links yaml" in text, text)


def test_links_without_a_header():
    """Whatever declares it, what an extension links must be there; not what setup.py
    compiles itself."""
    cases = {"linked": ("", True),
             "compiled": ("libraries=[('yaml', {'sources': ['y.c']})], ", False)}
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, (more, there) in cases.items():
            code = f"setup({more}ext_modules=[Extension('p.a', ['a.c'], libraries=['yaml'])])\n"
            text = made(index, home, name, {"setup.py": SETUP + code, "a.c": ""})
            xt.equal("deb:libyaml-dev" in text, there, name)


GUARDED = """e = []
if %s:
    e = [Extension("p.fast", [])]
setup(ext_modules=e)
"""


def test_switches():
    """A variable without which nothing is compiled is set, where upstream's wheel has the
    modules; to the value that the test wants."""
    cases = {
        "plain": ("os.environ.get('P_FAST')", "1"),
        "one": ("os.getenv('P_FAST', '0') == '1'", "1"),
        "word": ("os.environ.get('P_FAST', '').lower() in ('true', 'yes')", "true"),
        "named": ("os.environ.get('P_FAST', 'pure') == 'native'", "native"),
        "inside": ("'P_FAST' in os.environ", "1"),
        "number": ("bool(int(os.environ.get('P_FAST', 0)))", "1"),
        "off": ("not os.environ.get('P_PURE')", None),
        "other": ("sys.platform == 'linux'", None),
    }
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, (test, value) in cases.items():
            text = made(index, home, name, {"setup.py": SETUP + GUARDED % test}, ["p/fast"])
            want = {"P_FAST": (value, "setup.py compiles p/fast only when it is set")}
            xt.equal(env(text), want if value else {}, name)
        # not what upstream leaves out, too
        pair = "e = [Extension('p.slow', [])]\nif os.getenv('P_FAST'):\n" \
            "    e.append(Extension('p.fast', []))\nsetup(ext_modules=e)\n"
        xt.equal(env(made(index, home, "without", {"setup.py": SETUP + pair}, ["p/slow"])), {})
        both = made(index, home, "with", {"setup.py": SETUP + pair}, ["p/slow", "p/fast"])
        xt.equal(list(env(both)), ["P_FAST"])
        # Cython from the .pyx, since the .c is not in the sdist
        ext = "x = '.pyx' if os.getenv('USE_CYTHON') else '.c'\n" \
            "setup(ext_modules=[Extension('p.fast', ['p/fast' + x])])\n"
        for name, there in (("pyx", ()), ("c", ("p/fast.c",))):
            text = made(index, home, name, {"setup.py": SETUP + ext, "p/fast.pyx": "",
                                            **dict.fromkeys(there, "")}, ["p/fast"])
            xt.equal(list(env(text)), [] if there else ["USE_CYTHON"], name)


def test_no_switch_for_what_the_script_makes():
    """Sources that it copies or generates are none that are missing."""
    code = "s = []\nif os.getenv('P_SYSTEM') is None:\n    copy()\n" \
        "    s = ['build/copied.c']\n" \
        "setup(ext_modules=[Extension('p.a', ['p/a.c'] + s)])\n"
    with Server() as s, xt.scratch() as home:
        xt.equal(env(made(Index(s), home, "copies", {"setup.py": SETUP + code, "p/a.c": ""},
                          ["p/a"])), {})


def test_switch_without_a_wheel_upstream():
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        text = made(index, home, "alone", {"setup.py": SETUP + GUARDED % "os.getenv('F')"})
        xt.equal(list(env(text)), ["F"])
        # whose wheel serves every platform means it
        index.sdist("pure", "1.0", {"setup.py": SETUP + GUARDED % "os.getenv('F')"})
        index.add("pure", "pure-1.0-py3-none-any.whl", wheel(
            dist_info("pure", "1.0", "py3-none-any")))
        result = new(index, home, "pure")
        xt.equal(result.code, 3, result)


def test_build_script():
    """Poetry calls it; it goes on without its modules unless it is told not to."""
    script = """import os
from setuptools import Extension
NAMES = ["src/p/a.py", "src/p/b.py"]
def build(setup_kwargs):
    if os.environ.get("SKIP_CYTHON"):
        return
    try:
        from Cython.Build import cythonize
        setup_kwargs.update({"ext_modules": cythonize([
            Extension(n.removeprefix("src/").removesuffix(".py").replace("/", "."), [n])
            for n in NAMES])})
    except Exception:
        if os.environ.get("REQUIRE_CYTHON"):
            raise
"""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        files = {"pyproject.toml": POETRY, "build_ext.py": script, "src/p/__init__.py": "",
                 "src/p/a.py": "", "src/p/b.py": ""}
        text = made(index, home, "scripted", files)
        xt.equal(extensions(text), ["p/a", "p/b"])
        xt.equal(env(text), {"REQUIRE_CYTHON": (
            "1", "without it build_ext.py goes on when its modules cannot be compiled")})
        # whose name is the project's to choose
        odd = "b\u202e\u2028: .py"
        text = made(index, home, "odd", {
            **files, "pyproject.toml": POETRY.replace("build_ext.py", json.dumps(odd)[1:-1]),
            odd: script})
        xt.check("REQUIRE_CYTHON" in text and "\u202e" not in text, text)
        # a script that nothing names is none
        files["pyproject.toml"] = POETRY.replace("build_ext.py", "other.py")
        index.sdist("unnamed", "1.0", files)
        xt.equal(new(index, home, "unnamed").code, 3)


def test_profile():
    """Optimising by a profile runs the target's code."""
    code = "if os.getenv('P_USE_PGO', '1') == '1': x()\nif os.getenv('P_LTO', '1'): y()\n" \
        "setup(ext_modules=[Extension('p.a', [])])\n"
    with Server() as s, xt.scratch() as home:
        text = made(Index(s), home, "trained", {"setup.py": SETUP + code}, ["p/a"])
        xt.equal(env(text), {"P_USE_PGO": ("0", "setup.py would run what it compiled")})


def test_hatch_hook_and_cibuildwheel():
    """Hooks that are off unless asked for; what upstream's own wheels are built with."""
    hatch = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n" \
        "[tool.hatch.build.targets.wheel.hooks.mypyc]\nenable-by-default = false\n"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        text = made(index, home, "hatched", {"pyproject.toml": hatch}, ["p/a"])
        xt.equal(env(text), {"HATCH_BUILD_HOOK_ENABLE_MYPYC": (
            "true", "pyproject.toml compiles its modules only when it is set")})
        ci = "[tool.cibuildwheel]\nenvironment = {%s}\n" \
            "[tool.cibuildwheel.linux]\nenvironment = 'P_FAST=full P_HOST=$HOME CFLAGS=-O1'\n"
        code = SETUP + "os.getenv('P_HOST'); os.getenv('P_MODE'); os.getenv('CFLAGS')\n"
        text = made(index, home, "ci", {
            "pyproject.toml": ci % "P_MODE = 'x1', P_OTHER = '1', P_STATIC_DEPS = 'true'",
            "setup.py": code + "os.getenv('P_STATIC_DEPS')\n" + GUARDED % "os.getenv('P_FAST')"}, ["p/fast"])
        why = "upstream's wheels are built with it"  # but for libraries of its own making
        xt.equal(env(text), {"P_FAST": ("full", why), "P_MODE": ("x1", why)})
        # What such a variable names as a library is linked.
        for name, variable, wanted in (("linking", "P_BLAS_LIB", True),
                                       ("naming", "P_BLAS_KIND", False)):
            text = made(index, home, name, {
                "pyproject.toml": ci % f"{variable} = 'm;openblas'",
                "setup.py": SETUP + f"os.getenv('{variable}')\n"}, ["p/a"])
            xt.equal("deb:libopenblas-dev  # guessed: P_BLAS_LIB of pyproject.toml names "
                     "openblas\n" in text, wanted, text)


HOSTILE = {
    "sizes": "a = 'x' * 10**10\nb = '%9999999999d' % 1\nc = '{:>9999999999}'.format(1)\n"
    "d = f'{1:9999999999}'\ne = [0] * 10**10\nf = 10**10**10\n",
    "doubling": "a = 'xx'\n" + "a = a + a\n" * 60 + "l = [1]\n" + "l = l + l\n" * 60,
    "formats": "a = '{} {x}'.format(True, x=None)\nb = '{} {9}'.format(1)\n"
    "c = '{y}'.format(x=1)\nd = '%s %d' % (True,)\n",
    "nesting": "a = []\na.append(a)\nif unknown(): a.append(a)\nx = str(a)\n",
    "loops": "while True:\n  for i in range(10**9):\n    for j in range(10**9): pass\n",
    "calls": "def f(): f(); g()\ndef g(): f(); g()\nf()\n",
    "imports": "from own import *\nfrom other import f\nimport own\nf(own.g)\n",
    "deep": "x = " + "(" * 90 + "1" + ")" * 90 + "\n" + "y = " + "-" * 500 + "1\n",
    "names": "import os\nos.environ['A B'] = '1'\nif os.getenv('A: b\\n'): pass\n"
    "if os.getenv('B') == 'x\\ny: z': e = Extension('q.q', [])\n",
    "branches": "l = []\n" + "if u(): l.append(l + ['x'])\n" * 500,
}


def test_hostile_scripts():
    """Bounded, and what comes of it is a recipe."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, code in HOSTILE.items():
            text = made(index, home, name, {
                "own.py": "import setup\nfrom other import *\nfrom own import f\n"
                "def g(): g(); f()\n", "other.py": "from own import *\nimport other\n"
                "def f(x): other.f(x); x()\nl = [f] * 3\n",
                "setup.py": SETUP + code + "setup(ext_modules=[Extension('p.a', [])])\n"})
            xt.check("kind: wheel" in text, name, text)
            if name == "formats":  # and the reading goes on
                xt.equal(extensions(text), ["p/a"])


if __name__ == "__main__":
    xt.main(globals())
