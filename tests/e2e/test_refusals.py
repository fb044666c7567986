"""Made on purpose, refused by name: what would crash on the user's machine must not
leave this one."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import emulated
import packages
import target_root
import test_wheels
import xt

METHODS = "static PyMethodDef methods[] = {{\"answer\", answer, METH_NOARGS, \"\"}, {0}};\n"


def refused(says, target="aarch64", codes=(7,), wrap=None, args=(), kind=None, never=(),
            **project):
    """kind: the failure class that `--json` and the history give it. never: words that must
    not be said."""
    with xt.scratch() as home:
        recipe = packages.project(home, **project)
        command = [xt.XORCH, "build", recipe, "--target", target, "--python", "cp311",
                   "--json", *args]
        p = subprocess.run((wrap or []) + command, cwd=home, text=True,
                           env=xt.environment(home,
                                              XORCH_CACHE_DIR=test_wheels.shared_cache()),
                           capture_output=True, timeout=900, stdin=subprocess.DEVNULL)
        test_wheels.need_network(xt.Result(p.returncode, p.stdout, p.stderr))
        xt.check(p.returncode in codes, f"exit {p.returncode}, want {codes}", p.stderr)
        for words in [says] if isinstance(says, str) else says:
            xt.check(re.search(words, p.stderr), f"the message should say {words}",
                     p.stderr)
        for words in never:
            xt.check(not re.search(words, p.stderr), f"not meant: {words}", p.stderr)
        if kind:
            [item] = json.loads(p.stdout)["items"]
            xt.equal(item["class"], kind, p.stderr)
        xt.check(not os.path.isdir(os.path.join(home, "dist")) or
                 not os.listdir(os.path.join(home, "dist")), "something was placed")


def test_fcntl64_at_2_17():
    refused("fcntl64", code="""
extern int fcntl64(int, int, ...);
static PyObject *answer(PyObject *s, PyObject *a)
{ (void)s; (void)a; return PyLong_FromLong(fcntl64(0, 1)); }
""" + METHODS)


def test_pthread_name_of_2_30_at_2_17():
    refused("pthread_cond_clockwait", target="armv7", code="""
#include <pthread.h>
#include <time.h>
extern int pthread_cond_clockwait(pthread_cond_t *, pthread_mutex_t *, clockid_t,
                                  const struct timespec *);
static PyObject *answer(PyObject *s, PyObject *a)
{ (void)s; (void)a; return PyLong_FromLong(pthread_cond_clockwait(0, 0, 0, 0)); }
""" + METHODS)


def test_X03_newer_symbols_than_the_floor():
    """What gets round the stubs (a version said in assembler) is seen at the link or
    by the audit; a floor that the sysroot cannot have is refused by the plan."""
    code = """
__asm__(".symver own, fcntl64@GLIBC_2.28");
extern int own(int, int, ...);
static PyObject *answer(PyObject *s, PyObject *a)
{ (void)s; (void)a; return PyLong_FromLong(own(0, 1)); }
""" + METHODS
    refused([r"fcntl64@*GLIBC_2\.28|fcntl64.*2\.28"], codes=(1, 7), code=code)
    refused([r"fcntl64@GLIBC_2\.28", "2_17"], codes=(7,), kind="recent-symbol", code="""
extern int fcntl64(int, int, ...);
static PyObject *answer(PyObject *s, PyObject *a)
{ (void)s; (void)a; return PyLong_FromLong(fcntl64(0, 1)); }
""" + METHODS, setup="""
import subprocess
from setuptools import setup, Extension
open("new.c", "w").write("int fcntl64(int a, int b, ...) { return a + b; }")
open("new.map", "w").write("GLIBC_2.28 { fcntl64; };")
subprocess.check_call(["cc", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.so.6",
                       "-Wl,--version-script=new.map", "-o", "libnew.so", "new.c"])
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[
    Extension("tiny", ["tiny.c"], extra_objects=["libnew.so"])])
""")
    refused(["X0331", "2_35", r"2\.31"], codes=(2,),
            args=["--floor", "2_35", "--sysroot", "debian-11"])
    refused(["X0331", "2_42", "debian-13"], codes=(2,), args=["--floor", "2_42"])


def test_X04_two_time_t_worlds():
    refused(["X0333", "libssl3t64", "armv7"], target="armv7", codes=(2,),
            recipe="requirements: {host: [\"deb:libssl3t64\"]}\n")


def test_libm_symbol_from_a_static_archive():
    # what a dangling libm.so does: exp and its kin come out of libm.a
    refused([r"\bexp\b", "libm"], code="""
double exp(double x) { return x + 1; }
static PyObject *answer(PyObject *s, PyObject *a)
{ (void)s; (void)a; return PyFloat_FromDouble(exp(1)); }
""" + METHODS)


def test_W07_x86_64_object():
    refused(["x86-64", "AArch64|aarch64"], kind="wrong-machine", setup="""
import os, shutil, subprocess
from setuptools import setup, Extension
from setuptools.command.build_ext import build_ext
class other(build_ext):
    def build_extension(self, ext):
        build_ext.build_extension(self, ext)
        out = self.get_ext_fullpath(ext.name)
        subprocess.check_call(["build-cc", "-shared", "-fPIC", "-o", out, "x.c"])
setup(name="tiny", version="1.0", py_modules=[], cmdclass={"build_ext": other},
      ext_modules=[Extension("tiny", ["tiny.c"])])
""", files=[("x.c", "int PyInit_tiny(void) { return 0; }\n")])


def test_W08_wrong_suffix():
    refused("x86_64-linux-gnu", kind="wrong-tag", setup="""
from setuptools import setup, Extension
from setuptools.command.build_ext import build_ext
class other(build_ext):
    def get_ext_filename(self, name):
        return name + ".cpython-311-x86_64-linux-gnu.so"
setup(name="tiny", version="1.0", py_modules=[], cmdclass={"build_ext": other},
      ext_modules=[Extension("tiny", ["tiny.c"])])
""")


NEON = """
#include <arm_neon.h>
static PyObject *answer(PyObject *s, PyObject *a)
{
    (void)s; (void)a;
    float32x4_t v = vdupq_n_f32(2.0f);
    v = vmulq_f32(v, v);
    return PyFloat_FromDouble(vgetq_lane_f32(v, 0));
}
""" + METHODS


def test_W09_neon_where_the_platform_has_none():
    refused(["NEON", r"say `wheel: \{cpu: \[neon\]\}`"], target="armv7", kind="foreign-code",
            code=NEON, more='extra_compile_args=["-mfpu=neon"]')


VFPV4 = """
static PyObject *answer(PyObject *s, PyObject *a)
{ (void)s; (void)a; return PyFloat_FromDouble(__builtin_fma(2.0, 3.0, 4.0)); }
""" + METHODS
# Module: its code, its flags, and what its object says then.
BETTER = {"plain": (packages.ANSWER, [], None), "neon": (NEON, ["-mfpu=neon"], "SIMD NEONv1"),
          "fused": (VFPV4, ["-mfpu=vfpv4-d16"], "FP VFPv4-D16"),
          "later": (NEON, ["-march=armv8-a", "-mfpu=neon-fp-armv8"], "CPU v8-A")}
MODULES = "from setuptools import setup, Extension\nsetup(name='tiny', version='1.0', " \
    "py_modules=[], ext_modules=[%s])\n" % ", ".join(
        f"Extension({name!r}, [{name + '.c'!r}], extra_compile_args={flags})"
        for name, (_, flags, _) in BETTER.items())


def test_W09_what_the_recipe_allows_and_no_more():
    """wheel.cpu is exact, by either compiler: what it does not name is refused, object by
    object, and the error names all that would have to be said."""
    project = dict(setup=MODULES, files=[
        (name + ".c", packages.MODULE.format(name=name, code=code))
        for name, (code, *_) in BETTER.items()])
    for toolchain in ("clang", "gcc"):
        args = ["--toolchain", toolchain]
        says = [re.escape("cpu: [neon, vfpv4, armv8]"), re.escape("(the recipe says [neon])"),
                *(rf"{name}\.o: .*{re.escape(BETTER[name][2])}" for name in ("fused", "later"))]
        refused(says, target="armv7", kind="foreign-code", args=args, **project,
                recipe="wheel: {cpu: [neon]}\n", never=[r"plain\.o", r"neon\.o"])
        with xt.scratch() as home:
            recipe = packages.project(home, **project,
                                      recipe="wheel: {cpu: [neon, vfpv4, armv8]}\n")
            result = xt.run(["build", recipe, "--target", "armv7", "--python", "cp311",
                             *args], home=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
            test_wheels.need_network(result)
            xt.equal(result.code, 0, toolchain, result)


def test_strong_libstdcxx_definitions():
    refused("libstdc", setup="""
from setuptools import setup, Extension
setup(name="tiny", version="1.0", py_modules=[],
      ext_modules=[Extension("tiny", ["tiny.c", "own.cc"])])
""", files=[("own.cc", """
namespace std {
void __throw_length_error(const char *) { __builtin_abort(); }
}
""")])


def test_lost_optional_extension():
    """The error that its build went on after is told, with what its kind asks for."""
    refused(["tiny", "extension", r"the build went on after an error \(log line [0-9]+\): "
             r"\S*tiny.c:[0-9:]+ error: unknown type name 'this'"],
            code="this is no C\n" + METHODS, optional=True,
            recipe="wheel: {extensions: [tiny]}\n", kind="lost-extension")
    refused(["went on after an error .* 'png.h' file not found", "deb:libpng-dev"],
            code="#include <png.h>\n" + METHODS, optional=True,
            recipe="wheel: {extensions: [tiny]}\n", kind="lost-extension")


def test_lost_to_a_variable():
    """What is compiled only when the environment says so: its names are told."""
    refused(["X0715|X0716", "the setup script reads TINY_FAST, TINY_MODE, TINY_X\n",
             "build.env sets it"], kind="lost-extension", never=["CFLAGS,|RUN_ME"],
            files=[("run.py", "import os\nos.getenv('RUN_ME')\n")], setup="""
import os
from os import environ
from setuptools import setup, Extension
os.getenv('TINY_MODE', 'x'); os.environ.get("CFLAGS"); "TINY_X" in environ
fast = os.environ.get(
    "TINY_FAST") == "1"
setup(name="tiny", version="1.0", py_modules=[],
      ext_modules=[Extension("tiny", ["tiny.c"])] if fast else [])
""")


def test_W06_pure_wheel():
    refused("machine code|extension|pure", code="this is no C\n" + METHODS, optional=True,
            kind="lost-extension")


RUNS = """
import os, subprocess
from setuptools import setup, Extension
open("conftest.c", "w").write("int main(void) { return 0; }")
subprocess.check_call([os.environ["CC"], "-o", "conftest", "conftest.c"])
subprocess.check_call(["./conftest"])
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension("tiny", ["tiny.c"])])
"""


def with_binfmt(target):
    """A command prefix under which this machine runs the target's programs."""
    import shutil
    qemu = shutil.which(target_root.QEMU[target])
    script = ("mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && "
              "printf %s \"$0\" > /proc/sys/fs/binfmt_misc/register && exec \"$@\"")
    return ["unshare", "-Urm", "sh", "-c", script, emulated.MAGIC[target] % qemu]


def test_B14_target_code_is_run_with_binfmt():
    for target in ("aarch64", "armv7"):
        refused("target", target=target, setup=RUNS, codes=(1,), wrap=with_binfmt(target))


def test_B13_march_of_another_architecture():
    refused("-mavx2", codes=(1,), more='extra_compile_args=["-mavx2"]')


def test_B08_network_in_the_build():
    refused("network", codes=(1,), setup="""
import socket
s = socket.create_connection(("192.0.2.1", 80), 3)
""")


def test_B01_compiler_error_is_shown_first():
    refused([r"tiny\.c:\d+:\d+: error: ", "log"], codes=(1,),
            code="static int f(void) { return nonsense; }\n" + packages.ANSWER)


def test_B03_silent_for_ever():
    refused("silent|without output", codes=(9,), setup="import time\ntime.sleep(600)\n",
            recipe="build: {silent_timeout: 1s}\n", kind="silent")


def test_B03_busy_for_ever():
    refused(["X0902", "build.timeout"], codes=(9,), kind="time-out",
            setup="while True:\n    print('busy')\n",
            recipe="build: {timeout: 2s}\n")


def test_more_than_the_stable_abi():
    refused(["X0722", r"PyFrame_GetBack \(not in the stable ABI\)"], kind="wrong-tag", code="""
static PyObject *answer(PyObject *s, PyObject *a)
{ (void)s; (void)a; return (PyObject *)PyFrame_GetBack(NULL); }
""" + METHODS, setup="""
from setuptools import setup, Extension
setup(name="tiny", version="1.0", py_modules=[],
      options={"bdist_wheel": {"py_limited_api": "cp39"}},
      ext_modules=[Extension("tiny", ["tiny.c"], py_limited_api=True)])
""")


def test_W02_wheel_of_another_version():
    refused(["1.0", "2.0"], kind="wrong-tag", setup="""
from setuptools import setup, Extension
setup(name="tiny", version="2.0", py_modules=[], ext_modules=[Extension("tiny", ["tiny.c"])])
""")


if __name__ == "__main__":
    xt.main(globals())
