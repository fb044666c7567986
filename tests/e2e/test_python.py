"""The Python side of builds: whose headers and answers a project sees, what it is
asked for, and what is said when something of it is missing."""
import os
import re
import subprocess

import packages
import test_wheels
import xt

PYPROJECT = '[build-system]\nrequires = [{requires}]\nbuild-backend = "{backend}"\n{more}'


def build(home, recipe, *args, target="armv7", python="cp311", code=0, **env):
    result = xt.run(["build", recipe, "--target", target, "--python", python, "--json",
                     *args], home=home, cwd=home,
                    XORCH_CACHE_DIR=test_wheels.shared_cache(),
                    XORCH_MIRROR_PYPI=os.environ.get("XORCH_MIRROR_PYPI"), **env)
    if code != 5:
        test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def only(result):
    items = result.json["items"]
    xt.equal(len(items), 1, result)
    return items[0]


def log_of(result):
    with open(only(result)["log"], encoding="utf-8", errors="replace") as f:
        return f.read()


def pyproject(requires=("setuptools",), backend="setuptools.build_meta", more=""):
    return ("pyproject.toml", PYPROJECT.format(
        requires=", ".join(f'"{r}"' for r in requires), backend=backend, more=more))


ASKS = """
import json, os, platform, subprocess, sys, sysconfig
child = "import platform, sysconfig; print(platform.machine(), sysconfig.get_platform())"
print("ASKED " + json.dumps(dict(
    machine=platform.machine(), platform=sysconfig.get_platform(),
    suffix=sysconfig.get_config_var("EXT_SUFFIX"), include=sysconfig.get_path("include"),
    child=subprocess.check_output([sys.executable, "-c", child], text=True).split(),
    shell=subprocess.check_output("uname -m", shell=True, text=True).strip(),
    network=os.environ.get("HTTP_PROXY"), libc=platform.libc_ver())))
from setuptools import setup, Extension
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension("tiny", ["tiny.c"])])
"""


def test_X06_B17_a_project_that_asks_sees_the_target():
    with xt.scratch() as home:
        recipe = packages.project(home, setup=ASKS)
        log = log_of(build(home, recipe))
        asked = re.search(r"ASKED (.*)", log)[1]
        for words in ('"machine": "armv7l"', '"platform": "linux-armv7l"',
                      '"suffix": ".cpython-311-arm-linux-gnueabihf.so"',
                      '"include": "/xorch/python/include/python3.11"',
                      '"child": ["armv7l", "linux-armv7l"]', '"shell": "armv7l"',
                      '"libc": ["glibc", "2.17"]'):
            xt.check(words in asked, words, asked)


def test_X06_B17_a_project_that_gets_round_it_is_refused():
    """Isolated children see the build machine; what they lead to does not pass."""
    setup = """
import subprocess, sys
suffix = subprocess.check_output([sys.executable, "-I", "-S", "-c",
    "import importlib.machinery as m; print(m.EXTENSION_SUFFIXES[0])"], text=True).strip()
from setuptools import setup, Extension
from setuptools.command.build_ext import build_ext
class own(build_ext):
    def get_ext_filename(self, name):
        return name + suffix
setup(name="tiny", version="1.0", py_modules=[], cmdclass={"build_ext": own},
      ext_modules=[Extension("tiny", ["tiny.c"])])
"""
    with xt.scratch() as home:
        recipe = packages.project(home, setup=setup)
        result = build(home, recipe, code=7)
        xt.check("x86_64-linux-gnu" in result.err, result.err)


def test_X05_nothing_of_the_host_is_found_first():
    """A project that puts every host folder in front, and asks pkg-config: each header
    that a compilation read is the sandbox's."""
    setup = """
import glob, os, subprocess, sys, sysconfig
from setuptools import setup, Extension
base = getattr(sys, "base_prefix")
found = subprocess.run(["pkg-config", "--cflags", "python3", "zlib"], capture_output=True,
                       text=True).stdout.split()
print("PKGCONFIG", found)
include = ["/usr/include", "/usr/include/x86_64-linux-gnu", "/usr/local/include",
           base + "/include/python3.11", "/usr/include/python3.11",
           "/usr/lib/python3/dist-packages/numpy/core/include"]
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension(
    "tiny", ["tiny.c"], include_dirs=include, library_dirs=["/usr/lib",
    "/usr/lib/x86_64-linux-gnu", "/lib"], extra_compile_args=found + ["-MD", "-MF", "/xorch/tmp/deps.d"])])
if os.path.exists("/xorch/tmp/deps.d"):
    print("DEPS", open("/xorch/tmp/deps.d").read().replace(chr(92) + chr(10), " "))
"""
    with xt.scratch() as home:
        recipe = packages.project(home, setup=setup, source=packages.MODULE.format(
            name="tiny", code="#include <stdio.h>\n#include <math.h>\n" + packages.ANSWER))
        log = log_of(build(home, recipe))
        files = re.search(r"^DEPS \S+: (.*)$", log, re.M)[1].split()
        xt.check(len(files) > 30, files)
        for path in files:
            xt.check(path == "tiny.c" or os.path.normpath(path).startswith(
                ("/xorch/python/include/", "/xorch/sysroot/", "/xorch/toolchain/",
                 "/xorch/cross/")), path)
        xt.check(any(p.endswith("/python/include/python3.11/Python.h") for p in files), files)


def test_B12_environment_has_no_effect_on_bytes():
    with xt.scratch() as home:
        recipe = packages.project(home)
        plain = only(build(home, recipe, "--out", os.path.join(home, "a"), "--force",
                           SOURCE_DATE_EPOCH="1700000000"))
        bad = os.path.join(home, "bad")
        xt.write(os.path.join(bad, "sitecustomize.py"), "raise SystemExit('sitecustomize')\n")
        xt.write(os.path.join(bad, "setuptools.py"), "raise SystemExit('setuptools')\n")
        config = xt.write(os.path.join(home, "extra.cfg"), "[build_ext]\ndefine = EVIL\n")
        xt.write(os.path.join(home, ".config/pip/pip.conf"), "[global]\nno-index = true\n"
                 if os.environ.get("XORCH_MIRROR_PYPI") else "[install]\nuser = true\n")
        xt.write(os.path.join(home, ".config/uv/uv.toml"), "link-mode = 'symlink'\n")
        xt.write(os.path.join(home, ".pydistutils.cfg"), "[build_ext]\ndefine = EVIL\n")
        with open(recipe, "a", encoding="utf-8") as f:
            f.write("about: {summary: built again}\n")
        again = only(build(
            home, recipe, "--out", os.path.join(home, "b"), "--force", PYTHONPATH=bad,
            PYTHONSTARTUP=bad + "/sitecustomize.py", CFLAGS="-DEVIL -march=native",
            CXXFLAGS="-DEVIL", CPPFLAGS="-DEVIL", LDFLAGS="-L/usr/lib -levil", CC="/bin/false",
            CXX="/bin/false", LDSHARED="/bin/false", PKG_CONFIG_PATH="/usr/lib/pkgconfig",
            CPATH="/usr/include", LIBRARY_PATH="/usr/lib", DIST_EXTRA_CONFIG=config,
            SETUPTOOLS_EXT_SUFFIX=".evil.so", _PYTHON_HOST_PLATFORM="linux-x86_64",
            _PYTHON_SYSCONFIGDATA_NAME="evil", XORCH_IDENTITY="/nonexistent",
            SOURCE_DATE_EPOCH="1700000000", ARCHFLAGS="-arch evil", VIRTUAL_ENV="/nonexistent",
            UV_PYTHON="/bin/false", PIP_TARGET="/nonexistent", TZ="Asia/Tokyo",
            LC_ALL="C", PYTHONHASHSEED="7", LD_LIBRARY_PATH=bad))
        xt.equal([again["state"], again["sha256"]], ["built", plain["sha256"]])


def test_B16_build_requirement_missing_offline():
    with xt.scratch() as home:
        recipe = packages.project(
            home, files=[pyproject(["setuptools>=61", "Cython ~= 3.0"])],
            recipe='requirements: {build: ["wheel<1; platform_machine == \'armv7l\'"]}\n')
        result = build(home, recipe, "--offline", code=5)
        for words in ("cython~=3.0", "wheel<1", "setuptools>=61", "tiny"):
            xt.check(words in result.err, words, result.err)


def test_markers_of_the_top_level_are_the_targets():
    """What only the target needs is asked for; what only the build machine would need
    is not; beyond the top level it is the other way round."""
    with xt.scratch() as home:
        recipe = packages.project(home, files=[pyproject([
            "setuptools", "iniconfig; platform_machine == 'armv7l'",
            "no-such-project-at-all; platform_machine == 'x86_64'"])])
        build(home, recipe)
        with open(os.path.join(home, "tiny.lock"), encoding="utf-8") as f:
            lock = f.read()
        xt.check("iniconfig" in lock and "no-such" not in lock, lock)


IN_TREE = """
import os, zipfile
def get_requires_for_build_wheel(config_settings=None):
    print("SETTINGS", config_settings)
    return ["iniconfig; platform_machine == 'armv7l'"]
def build_wheel(folder, config_settings=None, metadata_directory=None):
{body}
"""


def in_tree(home, body, **more):
    text = IN_TREE.format(body="\n".join("    " + line for line in body.splitlines()))
    return packages.project(home, files=[
        ("pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "own"\n'
         'backend-path = ["helpers"]\n'), ("helpers/own.py", text)], **more)


def test_W01_not_exactly_one_wheel():
    for body, says in (
            ("return 'tiny-1.0-py3-none-any.whl'", "no wheel"),
            ("for n in ('a', 'b'):\n    open(f'{folder}/{n}-1.0-py3-none-any.whl', 'w')\n"
             "return 'a-1.0-py3-none-any.whl'", "several wheels"),
            ("open(f'{folder}/a-1.0-py3-none-any.whl', 'w')\n"
             "return 'b-1.0-py3-none-any.whl'", "another name"),
            ("os.symlink('/etc/passwd', f'{folder}/a-1.0-py3-none-any.whl')\n"
             "return 'a-1.0-py3-none-any.whl'", "X0916"),
            ("os.rmdir(folder)\nos.symlink('/tmp', folder)\n"
             "return 'a-1.0-py3-none-any.whl'", "no wheel")):
        with xt.scratch() as home:
            result = build(home, in_tree(home, body), code=1)
            xt.check(says in result.err and "X0916" in result.err, says, result.err)
            xt.equal(only(result)["class"], "no-artefact")


def test_backend_in_the_tree_is_asked_for_its_requirements():
    with xt.scratch() as home:
        recipe = in_tree(home, "import iniconfig\nraise SystemExit('SEEN ' + str(config_settings))",
                         recipe="build: {config_settings: {opt: [a, b], plain: c}}\n")
        result = build(home, recipe, code=1)
        xt.check("SEEN {'opt': ['a', 'b'], 'plain': 'c'}" in result.err, result.err)
        with open(os.path.join(home, "tiny.lock"), encoding="utf-8") as f:
            xt.check("iniconfig" in f.read())


def test_backend_that_is_not_there():
    with xt.scratch() as home:
        recipe = packages.project(home, files=[pyproject(backend="flitty.core")])
        result = build(home, recipe, code=1)
        xt.check("X0915" in result.err and "flitty" in result.err, result.err)
        xt.equal(only(result)["class"], "backend")
        xt.check("requirements.build" in result.err, result.err)


def test_pyproject_that_is_wrong():
    for text, says in (("[build-system\n", "pyproject.toml"),
                       ("[build-system]\nrequires = 'setuptools'\n", "list of strings"),
                       ("[build-system]\nbuild-backend = 'x'\n", "no `requires`"),
                       ("[build-system]\nrequires = ['a b c']\n", "not a requirement"),
                       ("[build-system]\nrequires = ['a @ https://e.example/a.whl']\n",
                        "names a URL")):
        with xt.scratch() as home:
            recipe = packages.project(home, files=[("pyproject.toml", text)])
            result = build(home, recipe, code=2)
            xt.check(says in result.err, says, result.err)


def test_requirements_that_cannot_be_met():
    with xt.scratch() as home:
        recipe = packages.project(home, files=[pyproject(["setuptools==99999"])])
        result = build(home, recipe, code=1)
        xt.check("X0912" in result.err and "setuptools==99999" in result.err, result.err)
        xt.equal(only(result)["class"], "requirements-unsolvable")


def test_project_without_pyproject():
    """The old way: only setup.py."""
    with xt.scratch() as home:
        recipe = packages.project(home)
        os.unlink(os.path.join(home, "tiny-src", "pyproject.toml"))
        xt.equal(only(build(home, recipe))["state"], "built")


def test_missing_interpreter_says_how_to_get_it():
    with xt.scratch() as home:
        recipe = packages.project(home)
        result = xt.run(["build", recipe, "--target", "armv7", "--python", "3.14t"],
                        home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        if result.code == 0:
            return  # this machine has one
        xt.equal(result.code, 8, result)
        for words in ("X0830", "3.14t", "pyenv install", "uv python install"):
            xt.check(words in result.err, words, result.err)


def test_second_run_starts_no_interpreter():
    """What the Pythons are is remembered: nothing but xorch itself is executed."""
    with xt.scratch() as home:
        recipe = packages.project(home)
        build(home, recipe, "--python", "all")
        trace = os.path.join(home, "trace")
        command = [xt.XORCH, "build", recipe, "--target", "armv7", "--python", "all"]
        env = xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                             ASAN_OPTIONS="detect_leaks=0")
        p = subprocess.run(["strace", "-f", "-e", "trace=execve", "-o", trace, *command],
                           env=env, cwd=home, capture_output=True, text=True)
        xt.equal(p.returncode, 0, p.stderr)
        with open(trace, encoding="utf-8") as f:
            started = [line for line in f if "execve(" in line and " = 0" in line]
        programs = [re.search(r'execve\("([^"]*)"', line)[1] for line in started]
        xt.check(programs and all("python" not in p for p in programs), *started)


xt.main(globals())
