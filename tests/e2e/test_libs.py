"""C libraries of the target: Debian's (requirements.host), grafted or linked statically,
and those that recipes build; what pkg-config and *-config answer."""
import os
import re
import shutil
import subprocess
import zipfile

import judges
import packages
import target_root
import test_wheels
import xt

# Calls libffi; the answer comes through it.
FFI = """#include <ffi.h>
static int add(int a, int b) { return a + b; }
static PyObject *answer(PyObject *self, PyObject *args)
{
	int a = 40, b = 2;
	ffi_arg r = 0;
	ffi_cif cif;
	ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint};
	void *values[] = {&a, &b};
	(void)self; (void)args;
	if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) != FFI_OK)
		return PyErr_Format(PyExc_RuntimeError, "no cif");
	ffi_call(&cif, FFI_FN(add), &r, values);
	return PyLong_FromLong((int)r);
}
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
HOST = "requirements: {host: [deb:libffi-dev]}\n"


def build(home, recipe, *args, target="aarch64", code=0):
    result = xt.run(["build", recipe, "--target", target, "--python", "cp311", "--json",
                     *args], home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def wheel_of(result):
    return [i for i in result.json["items"] if "file" in i][-1]["file"]


def dynamic(path):
    return judges.readelf("-d", path)


def run_answer(wheel, target="aarch64"):
    root = target_root.get("bookworm", target)
    xt.equal(root.run_wheel(wheel, "import tiny; print(tiny.answer())").strip(), "42")


def elflint(path):
    """A second opinion on an edited file, where elfutils is there."""
    program = shutil.which("eu-elflint")
    if program:
        p = subprocess.run([program, "--gnu-ld", "-q", path], capture_output=True, text=True)
        # patchelf moves sections; what may not happen is a damaged segment or table
        bad = [l for l in p.stderr.splitlines() if re.search(r"out of range|bogus", l)]
        xt.equal(bad, [], path)


def test_grafted_library():
    with xt.scratch() as home:
        recipe = packages.project(home, code=FFI, more="libraries=['ffi']", recipe=HOST)
        wheel = wheel_of(build(home, recipe, "--check-reproducible"))
        judges.check_wheel(wheel, "aarch64", "cp311")
        with xt.scratch() as folder:
            found = judges.unpack(wheel, folder)
            libs = os.listdir(os.path.join(folder, "tiny.libs"))
            xt.equal(len(libs), 1, libs)
            xt.check(re.fullmatch(r"libffi-[0-9a-f]{8}\.so\.7\.1\.0", libs[0]), libs)
            for path in found:
                elflint(path)
            module = [p for p in found if ".libs" not in p][0]
            text = dynamic(module)
            xt.check(f"[{libs[0]}]" in text and "[libffi.so.7]" not in text, text)
            xt.check("[$ORIGIN/tiny.libs]" in text and "(RPATH)" in text, text)
            own = dynamic(os.path.join(folder, "tiny.libs", libs[0]))
            xt.check(f"Library soname: [{libs[0]}]" in own, own)
            licence = os.path.join(folder, "tiny-1.0.dist-info/licenses/libffi7/copyright")
            xt.check(os.path.getsize(licence) > 500, licence)
        run_answer(wheel)


def test_search_paths_of_the_build():
    """Meson and others leave the folder of a library that the module was linked with in its
    RUNPATH, even where nothing of it is needed: what leads into the sysroot goes, and what
    leads elsewhere on the build machine is refused."""
    sysroot = "-Wl,-rpath,/xorch/sysroot/usr/lib/x:$ORIGIN/own"
    with xt.scratch() as home:
        recipe = packages.project(home, more=f"extra_link_args=['{sysroot}']", recipe=HOST)
        wheel = wheel_of(build(home, recipe))
        judges.check_wheel(wheel, "aarch64", "cp311")
        with xt.scratch() as folder:
            [module] = judges.unpack(wheel, folder)
            text = dynamic(module)
            xt.check("[$ORIGIN/own]" in text and "xorch" not in text, text)
            elflint(module)
        run_answer(wheel)
    for path in ("/xorch/src/build", "/xorch/sysroots", "/xorch/sysroot/../src/build",
                 "/xorch/sysroot/usr/lib/x:/xorch/src/build"):
        with xt.scratch() as home:
            recipe = packages.project(
                home, more=f"extra_link_args=['-Wl,-rpath,{path}']", recipe=HOST)
            result = build(home, recipe, code=7)
            xt.check("[X0710]" in result.err and path.split(":")[-1] in result.err, result)


CRYPT = """#include <crypt.h>
static PyObject *answer(PyObject *self, PyObject *args)
{
	(void)self; (void)args;
	return PyUnicode_FromString(crypt("secret", "$6$salt"));
}
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""


def test_grafted_from_the_sysroot_itself():
    """libcrypt is the sysroot's own: its package is named and its licence kept too."""
    with xt.scratch() as home:
        recipe = packages.project(
            home, code=CRYPT, more="libraries=['crypt']",
            recipe=HOST + 'toolchain: {manylinux: "2_28"}\n')
        wheel = wheel_of(build(home, recipe))
        judges.check_wheel(wheel, "aarch64", "cp311")
        with zipfile.ZipFile(wheel) as z:
            names = z.namelist()
            xt.check(any(n.startswith("tiny.libs/libcrypt-") for n in names), names)
            text = z.read("tiny-1.0.dist-info/licenses/libcrypt1/copyright").decode()
            xt.check("prepackaged version of libxcrypt" in text, text[:300])
        root = target_root.get("bookworm", "aarch64")
        xt.check(root.run_wheel(wheel, "import tiny; print(tiny.answer())")
                 .startswith("$6$salt$"))


# Calls BLAS, whose functions are Fortran's.
BLAS = """extern double ddot_(const int *, const double *, const int *, const double *,
	const int *);
static PyObject *answer(PyObject *self, PyObject *args)
{
	const double a[] = {4, 6}, b[] = {6, 3};
	const int n = 2, step = 1;
	(void)self; (void)args;
	return PyLong_FromLong((long)ddot_(&n, a, &step, b, &step));
}
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""


def asked(option, name):
    """For a setup.py: the words that pkg-config answers."""
    return f"__import__('subprocess').check_output(['pkg-config', '{option}', '{name}'], " \
        "text=True).split()"


def test_library_behind_an_alternative():
    """libblas.so and blas.pc are links that Debian's packages have update-alternatives make,
    in a script that is never run here."""
    with xt.scratch() as home:
        flags = "extra_link_args=" + asked("--libs", "blas")
        recipe = packages.project(home, code=BLAS, more=flags, recipe="""\
requirements: {host: [deb:libblas-dev]}
toolchain: {manylinux: "2_31"}
""")
        wheel = wheel_of(build(home, recipe, target="armv7"))
        judges.check_wheel(wheel, "armv7", "cp311")
        with xt.scratch() as folder:
            judges.unpack(wheel, folder)
            libs = os.listdir(os.path.join(folder, "tiny.libs"))
            xt.check(any(l.startswith("libblas-") for l in libs), libs)
        run_answer(wheel, "armv7")


def test_executable_stack_of_a_library():
    """bullseye's OpenBLAS for armhf asks for one, for want of a word in its assembler; the
    copy in the wheel does not, and computes."""
    with xt.scratch() as home:
        flags = "extra_link_args=" + asked("--libs", "blas")
        recipe = packages.project(home, code=BLAS, more=flags, recipe="""\
requirements: {host: [deb:libopenblas-dev]}
toolchain: {manylinux: "2_31"}
""")
        result = build(home, recipe, target="armv7")
        xt.check(re.search(r"note: tiny\S+: \S*blas\S* asks for an executable stack",
                           result.err), result)
        wheel = wheel_of(result)
        judges.check_wheel(wheel, "armv7", "cp311")
        with xt.scratch() as folder:
            judges.unpack(wheel, folder)
            libs = os.path.join(folder, "tiny.libs")
            for name in os.listdir(libs):
                said = judges.readelf("--program-headers", os.path.join(libs, name))
                xt.check(re.search(r"GNU_STACK.* RW  ", said), name, said)
                elflint(os.path.join(libs, name))
        run_answer(wheel, "armv7")


def test_library_outside_the_folder_of_the_target():
    """libdsdp's lies in /usr/lib itself: it was not made for Debian's multiarch."""
    code = """#include <dsdp5.h>
static PyObject *answer(PyObject *self, PyObject *args)
{
	DSDP one;
	(void)self; (void)args;
	return PyLong_FromLong(DSDPCreate(3, &one) || DSDPDestroy(one) ? 0 : 42);
}
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
    with xt.scratch() as home:
        recipe = packages.project(
            home, code=code, more="include_dirs=['/usr/include/dsdp'], libraries=['dsdp']",
            recipe='requirements: {host: [deb:libdsdp-dev]}\ntoolchain: {manylinux: "2_31"}\n')
        wheel = wheel_of(build(home, recipe, target="armv7"))
        judges.check_wheel(wheel, "armv7", "cp311")
        with xt.scratch() as folder:
            judges.unpack(wheel, folder)
            libs = os.listdir(os.path.join(folder, "tiny.libs"))
            xt.check(any(re.fullmatch(r"libdsdp-5\.8gf-[0-9a-f]{8}\.so", l) for l in libs),
                     libs)
            licences = os.path.join(folder, "tiny-1.0.dist-info/licenses")
            xt.check(os.path.exists(os.path.join(licences, "libdsdp-5.8gf/copyright")),
                     os.listdir(licences))
        run_answer(wheel, "armv7")


def test_alternative_of_a_package_that_is_not_there():
    """libhdf5-dev would have hdf5.pc be that of an MPI before its own."""
    code = """#include <hdf5.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(H5open() < 0 ? 0 : 42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
    with xt.scratch() as home:
        recipe = packages.project(
            home, code=code, more="extra_compile_args=" + asked("--cflags", "hdf5") +
            ", extra_link_args=" + asked("--libs", "hdf5"),
            recipe='requirements: {host: [deb:libhdf5-dev]}\ntoolchain: {manylinux: "2_31"}\n')
        wheel = wheel_of(build(home, recipe))
        judges.check_wheel(wheel, "aarch64", "cp311")
        run_answer(wheel)


def test_headers_by_heart():
    """setup.py that looks for headers in /usr/include finds those of the target, and none of
    this machine; what it then says to the compiler means the target's."""
    code = """#include <libxml/xmlversion.h>
#if !THERE || FOREIGN
#error "it looked in vain"
#endif
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(LIBXML_VERSION > 20000 ? 42 : 0); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
    exists = "str(int(__import__('os').path.exists('/usr/include/%s')))"
    more = "include_dirs=['/usr/include/libxml2'], define_macros=[" \
        f"('THERE', {exists % 'libxml2/libxml/tree.h'}), " \
        f"('FOREIGN', {exists % 'x86_64-linux-gnu'})]"
    with xt.scratch() as home:
        recipe = packages.project(
            home, code=code, more=more, recipe="requirements: {host: [deb:libxml2-dev]}\n"
            "wheel: {exclude_libs: [libxml2.so.2]}\n")
        for target in ("aarch64", "armv7"):
            wheel = wheel_of(build(home, recipe, target=target))
            judges.check_wheel(wheel, target, "cp311")
            run_answer(wheel, target)


def test_not_grafted_is_refused():
    with xt.scratch() as home:
        for wheel in ("{repair: off}", "{exclude_libs: [libffi.so.7]}"):
            recipe = packages.project(home, code=FFI, more="libraries=['ffi']",
                                      recipe=HOST + f"wheel: {wheel}\n")
            result = build(home, recipe, code=7)
            xt.check("X0706" in result.err and "libffi.so.7" in result.err, result)
            xt.equal(result.json["items"][0]["class"], "unknown-library", result)


def test_linked_statically():
    with xt.scratch() as home:
        recipe = packages.project(home, code=FFI, more="libraries=['ffi']",
                                  recipe=HOST + "wheel: {link_static: [ffi]}\n")
        wheel = wheel_of(build(home, recipe, target="armv7"))
        with xt.scratch() as folder:
            found = judges.unpack(wheel, folder)
            xt.equal(len(found), 1, found)
            xt.check("ffi" not in dynamic(found[0]), dynamic(found[0]))
            # none of its symbols is to be seen from outside
            names = judges.readelf("--dyn-syms", found[0])
            xt.check("ffi_call" not in names, names)
        run_answer(wheel, "armv7")
        recipe = packages.project(home, code=FFI, more="libraries=['ffi']",
                                  recipe=HOST + "wheel: {link_static: [nothing]}\n")
        xt.check("X0976" in build(home, recipe, code=2).err)


def test_X05_pkg_config_sees_the_sysroot_alone():
    setup = """import subprocess
from setuptools import setup, Extension
def ask(*words):
    return subprocess.run(words, capture_output=True, text=True)
flags = ask("pkg-config", "--cflags", "--libs", "libffi")
assert flags.returncode == 0, flags
assert "/usr/include" not in flags.stdout.replace("/xorch/sysroot/usr/include", ""), flags
assert "-lffi" in flags.stdout, flags
for module in ("glib-2.0", "libcurl", "python3"):
    there = ask("pkg-config", "--exists", module)
    assert there.returncode == 1, module
assert ask("aarch64-linux-gnu-pkg-config", "--modversion", "libffi").stdout == "3.3\\n"
assert ask("sh", "-c", "command -v xml2-config").returncode != 0
setup(name="tiny", version="1.0", py_modules=[],
      ext_modules=[Extension("tiny", ["tiny.c"], libraries=["ffi"])])
"""
    with xt.scratch() as home:
        recipe = packages.project(home, code=FFI, setup=setup, recipe=HOST)
        build(home, recipe)


CONFIGS = """import subprocess
from setuptools import setup, Extension
def ask(*words):
    p = subprocess.run(words, capture_output=True, text=True)
    assert p.returncode == 0, (words, p)
    return p.stdout.split()
def equal(got, *want):
    assert got == list(want), (got, want)
root, triple = "/xorch/sysroot/usr", "arm-linux-gnueabihf"
equal(ask("xml2-config", "--version"), "2.9.10")
equal(ask("xml2-config", "--cflags"), "-I%s/include/libxml2" % root)
equal(ask("xml2-config", "--prefix"), root)
assert "-lxml2" in ask("xml2-config", "--libs")
assert "-lxslt" in ask("xslt-config", "--libs"), ask("xslt-config", "--libs")
for program in ("pg_config", triple + "-pg_config"):
    equal(ask(program, "--version")[:1], "PostgreSQL")
    equal(ask(program, "--includedir"), root + "/include/postgresql")
    equal(ask(program, "--libdir"), "%s/lib/%s" % (root, triple))
    assert ask(program, "--includedir-server")[0].endswith("/server")
# one of its libraries is a word
assert "-lgssapi_krb5" in ask("krb5-config", "--libs", "gssapi")
assert "-lgssapi_krb5" not in ask("krb5-config", "--libs")
for words in (("xml2-config", "--libs"), ("xslt-config", "--cflags", "--libs"),
              ("pg_config", "--libs")):
    for flag in ask(*words):
        # nothing of the build machine, whose libraries lie in the same places
        assert not flag.startswith(("-I/usr", "-L/usr")), (words, flag)
unknown = subprocess.run(["pg_config", "--frobnicate"], capture_output=True, text=True)
assert unknown.returncode == 1 and "--frobnicate is not known" in unknown.stderr, unknown
unknown = subprocess.run(["krb5-config", "--libs", "frob"], capture_output=True, text=True)
assert unknown.returncode == 1 and "frob is not known" in unknown.stderr, unknown
for absent in ("curl-config", "mysql_config"):
    gone = subprocess.run(["sh", "-c", "command -v " + absent], capture_output=True)
    assert gone.returncode, absent
flags = [f[2:] for f in ask("xml2-config", "--cflags")] + ask("pg_config", "--includedir")
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[
    Extension("tiny", ["tiny.c"], libraries=["xml2", "pq"], include_dirs=flags)])
"""
BY_CONFIGS = """#include <libpq-fe.h>
#include <libxml/xmlversion.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; xmlCheckVersion(LIBXML_VERSION);
  return PyLong_FromLong(PQlibVersion() / 10000 == 13 ? 42 : 0); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""


def test_config_programs_answer_for_the_target():
    """xml2-config, xslt-config and pg_config: the sysroot's folders and versions, though
    nothing of the target runs; what is linked by them is the target's."""
    with xt.scratch() as home:
        recipe = packages.project(
            home, code=BY_CONFIGS, setup=CONFIGS, recipe='toolchain: {manylinux: "2_31"}\n'
            "requirements: {host: [deb:libxml2-dev, deb:libxslt1-dev, deb:libpq-dev, "
            "deb:libkrb5-dev]}\n")
        wheel = wheel_of(build(home, recipe, target="armv7"))
        judges.check_wheel(wheel, "armv7", "cp311")
        run_answer(wheel, "armv7")


def test_curl_config():
    """Its own answers: what libcurl can do, one a line, and its name before the version."""
    setup = """import subprocess
from setuptools import setup, Extension
def ask(*words):
    return subprocess.run(("curl-config",) + words, check=True, capture_output=True,
                          text=True).stdout
assert ask("--version") == "libcurl 7.74.0\\n", ask("--version")
assert "SSL" in ask("--features").splitlines(), ask("--features")
assert "HTTPS" in ask("--protocols").splitlines(), ask("--protocols")
assert "-lcurl" in ask("--libs").split() and "-lssl" not in ask("--libs").split()
assert {"-lcurl", "-lssl"} <= set(ask("--static-libs").split()), ask("--static-libs")
setup(name="tiny", version="1.0", py_modules=[],
      ext_modules=[Extension("tiny", ["tiny.c"], extra_link_args=ask("--libs").split())])
"""
    code = """#include <curl/curl.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args;
  return PyLong_FromLong(curl_version_info(CURLVERSION_NOW)->version_num == 0x74a00 ? 42 : 0); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
    with xt.scratch() as home:
        recipe = packages.project(
            home, code=code, setup=setup, recipe='toolchain: {manylinux: "2_31"}\n'
            "requirements: {host: [deb:libcurl4-openssl-dev]}\n")
        run_answer(wheel_of(build(home, recipe, target="armv7")), "armv7")


LIBRARY = """schema_version: 1
package: {name: mini, version: "1.0"}
kind: library
source: {path: mini-src}
build:
  script:
    - $CC $CFLAGS -c -o mini.o mini.c
    - $AR rcs libmini.a mini.o
    - lib=$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE
    - mkdir -p "$lib/pkgconfig" "$XORCH_DESTDIR/usr/include"
    - cp libmini.a "$lib/"
    - cp mini.h "$XORCH_DESTDIR/usr/include/"
    - cp mini.pc "$lib/pkgconfig/"
"""
MINI = """#include <mini.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(mini_answer()); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""


def library(home, more=""):
    src = os.path.join(home, "mini-src")
    xt.write(os.path.join(src, "mini.h"), "int mini_answer(void);\n")
    xt.write(os.path.join(src, "mini.c"), "/* %s */\n#include <zlib.h>\n#include \"mini.h\"\n"
             "int mini_answer(void) { return zlibVersion()[0] == '1' ? 42 : 0; }\n"
             % packages.RUN)
    xt.write(os.path.join(src, "mini.pc"), "prefix=/usr\nName: mini\nDescription: mini\n"
             "Version: 1.0\nLibs: -lmini\nLibs.private: -L/nowhere -lz\n")
    xt.write(os.path.join(src, "COPYING"), "Do as you like.\n")
    return xt.write(os.path.join(home, "mini.yaml"), LIBRARY + more)


def test_library_of_a_recipe():
    with xt.scratch() as home:
        library(home, "requirements: {host: [deb:zlib1g-dev]}\n")
        recipe = packages.project(home, code=MINI, more="libraries=['mini']",
                                  recipe="requirements: {host: [recipe:mini]}\n")
        result = build(home, recipe)
        wheel = wheel_of(result)
        judges.check_wheel(wheel, "aarch64", "cp311")
        with xt.scratch() as folder:
            found = judges.unpack(wheel, folder)
            xt.equal(len(found), 1, found)
            # -lmini alone brought what the archive needs
            xt.check("[libz.so.1]" in dynamic(found[0]), dynamic(found[0]))
            xt.check("mini_answer" not in judges.readelf("--dyn-syms", found[0]))
            licence = os.path.join(folder, "tiny-1.0.dist-info/licenses/mini/COPYING")
            xt.check(os.path.exists(licence), os.listdir(os.path.dirname(licence)))
        run_answer(wheel)
        again = build(home, recipe).json["items"]
        xt.equal(sorted(i["state"] for i in again), ["cached", "cached"], again)
        plan = xt.run(["plan", recipe, "--target", "aarch64", "--python", "cp311"],
                      home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.check(re.search(r"^mini-\S+ +up to date$", plan.out, re.M), plan)
        # another library: another wheel
        xt.write(os.path.join(home, "mini-src", "mini.h"), "/* new */\nint mini_answer(void);\n")
        result = build(home, recipe)
        xt.equal(sorted(i["state"] for i in result.json["items"]), ["built", "built"], result)


# Where only its .pc file finds it.
OF_ITS_OWN = """schema_version: 1
package: {name: mini, version: "1.0"}
kind: library
source: {path: mini-src}
requirements: {host: [deb:zlib1g-dev]}
build:
  script:
    - usr=$XORCH_DESTDIR/usr
    - pc=$usr/lib/$XORCH_TRIPLE/pkgconfig
    - mkdir -p "$usr/include/mini" "$usr/lib/mini" "$pc"
    - $CC $CFLAGS -c -o mini.o mini.c
    - $AR rcs "$usr/lib/mini/libmini.a" mini.o
    - cp mini.h "$usr/include/mini/"
    - cp mini.pc plain.pc "$pc/"
"""


def test_pkg_config_file_that_moves_with_its_library():
    """A prefix by ${pcfiledir} lies in the sysroot already, which is not to be put before
    it once more; one by the name of the folder is the sysroot's as well."""
    with xt.scratch() as home:
        library(home)
        pc = ("exec_prefix=${prefix}\nlibdir=${prefix}/lib/mini\nincludedir=${prefix}/include/"
              "mini\nName: mini\nDescription: mini\nVersion: 1.0\nRequires.private: zlib\n"
              "Cflags: -I${includedir}\nLibs: -L${libdir} -lmini\n")
        for name, prefix in (("mini", "${pcfiledir}/../../.."), ("plain", "/usr")):
            xt.write(os.path.join(home, "mini-src", name + ".pc"), f"prefix={prefix}\n" + pc)
        xt.write(os.path.join(home, "mini.yaml"), OF_ITS_OWN)
        recipe = packages.project(
            home, code=MINI, recipe="requirements: {host: [recipe:mini]}\n", setup="""import os
import subprocess
from setuptools import setup, Extension
def ask(module, *words):
    return subprocess.run(("pkg-config", *words, module), check=True, capture_output=True,
                          text=True).stdout.split()
root = os.environ["PKG_CONFIG_SYSROOT_DIR"]
for module in ("mini", "plain"):
    flags = ask(module, "--cflags", "--libs")
    paths = [f[2:] for f in flags[:2]] + ask(module, "--variable=libdir")
    assert [os.path.realpath(p) for p in paths] == [
        root + "/usr/include/mini", *[root + "/usr/lib/mini"] * 2], (module, paths)
    assert flags[2:] == ["-lmini", "-lz"], (module, flags)
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[
    Extension("tiny", ["tiny.c"], extra_compile_args=ask("mini", "--cflags"),
              extra_link_args=ask("mini", "--libs"))])
""")
        for level in ("bwrap", "landlock"):
            run_answer(wheel_of(build(home, recipe, "--sandbox", level, "--force")))


def test_libraries_refused():
    with xt.scratch() as home:
        recipe = packages.project(home, code=MINI,
                                  recipe="requirements: {host: [recipe:mini]}\n")
        xt.check("X0312" in build(home, recipe, code=2).err)
        library(home, "requirements: {host: [recipe:mini]}\n")
        xt.check("X0313" in build(home, recipe, code=2).err)
        library(home, 'toolchain: {manylinux: "2_28"}\n')
        xt.check("X0314" in build(home, recipe, code=2).err)


SHARED = """schema_version: 1
package: {{name: {name}, version: "1.0"}}
kind: library
source: {{path: {name}-src}}
build:
  script:
    - lib=$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE
    - mkdir -p "$lib"
    - $CC $CFLAGS -shared -fPIC -Wl,-soname,{soname} -o "$lib/{soname}" own.c
    - ln -s {soname} "$lib/{link}"
"""


def shared(home, name, soname, link, code):
    src = os.path.join(home, name + "-src")
    xt.write(os.path.join(src, "own.c"), code + "\n/* %s */\n" % packages.RUN)
    xt.write(os.path.join(src, "COPYING"), "Do as you like.\n")
    xt.write(os.path.join(home, name + ".yaml"),
             SHARED.format(name=name, soname=soname, link=link))


CLASH = "int clash(void);\n" + packages.ANSWER.replace("42", "clash()")


def test_two_libraries_of_one_name():
    """Of two recipes, and of a recipe and Debian: nobody can tell which of them a module
    was linked with, so both are named and nothing is made."""
    with xt.scratch() as home:
        for name, n in (("one", 42), ("two", 43)):
            shared(home, name, "libclash.so.1", "libclash.so",
                   "int clash(void) { return %d; }" % n)
        for hosts, code, says in (("recipe:one, recipe:two", 2, ["X0975", "libclash.so"]),
                                  ("recipe:one", 0, [])):
            recipe = packages.project(home, code=CLASH, more="libraries=['clash']",
                                      recipe="requirements: {host: [%s]}\n" % hosts)
            result = build(home, recipe, code=code)
            for words in says:
                xt.check(words in result.err, words, result)
        run_answer(wheel_of(result))
    with xt.scratch() as home:
        shared(home, "own", "libffi.so.7", "libffi.so", "int clash(void) { return 42; }")
        recipe = packages.project(home, code=CLASH, more="libraries=['ffi']",
                                  recipe="requirements: {host: [deb:libffi-dev, recipe:own]}\n")
        result = build(home, recipe, code=2)
        for words in ("X0975", "libffi.so", "a Debian package"):
            xt.check(words in result.err, words, result)


def test_newer_floor_of_a_library():
    """bullseye's libxml2 needs more than glibc 2.17, which is known before the build."""
    code = """#include <libxml/parser.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; xmlInitParser(); return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
    with xt.scratch() as home:
        recipe = packages.project(
            home, code=code, more="libraries=['xml2'], include_dirs=["
            "'/xorch/sysroot/usr/include/libxml2']",
            recipe="requirements: {host: [deb:libxml2-dev]}\n")
        for said in (build(home, recipe, code=2), xt.run(
                ["plan", recipe, "--target", "aarch64", "--python", "cp311"], home=home,
                cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())):
            text = said.err + said.out
            xt.check("X0338" in text and "libxml2-dev" in text, said)
            xt.check(re.search(r"libxml2\.so\.2[.0-9]*: \w+@GLIBC_2\.29", said.err), said)
            xt.check('toolchain.manylinux to "2_31"' in said.err, said)
            xt.check(": build" not in said.err.replace(": build (", ""), said)
        wheel = wheel_of(build(home, recipe, "--floor", "2_31"))
        judges.check_wheel(wheel, "aarch64", "cp311")
        run_answer(wheel)


def test_headers_alone():
    """A package of headers has no floor; of one that has a library too, the recipe can say
    that it stays outside: the wheel then keeps the floor that the library could not."""
    code = """#include <libxml/xmlversion.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(LIBXML_VERSION > 20000 ? 42 : 0); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
    more = "include_dirs=['/xorch/sysroot/usr/include/libxml2']"
    host = "requirements: {host: [deb:libutfcpp-dev%s]}\n%s"
    with xt.scratch() as home:
        recipe = packages.project(home, recipe=host % ("", ""))
        build(home, recipe)
        os.remove(os.path.join(home, "tiny.lock"))  # other packages from here on
        recipe = packages.project(home, code=code, more=more,
                                  recipe=host % (", deb:libxml2-dev", ""))
        result = build(home, recipe, code=2)
        xt.check("X0338" in result.err and "exclude_libs" in result.err, result)
        for name in ("libxml2.so.2", '"libxml2.so.*"'):
            recipe = packages.project(home, code=code, more=more, recipe=host % (
                ", deb:libxml2-dev", "wheel: {exclude_libs: [%s]}\n" % name))
            wheel = wheel_of(build(home, recipe))
            xt.check("manylinux2014" in os.path.basename(wheel) or
                     "manylinux_2_17" in os.path.basename(wheel), wheel)
            judges.check_wheel(wheel, "aarch64", "cp311")
            run_answer(wheel)


# label: long
def test_psycopg2():
    test_wheels.both_targets("psycopg2.yaml")


# label: long
def test_lxml_by_recipes():
    test_wheels.both_targets("lxml.yaml")


# label: long
def test_lxml_by_debian():
    test_wheels.both_targets("lxml-deb.yaml")


SAYS_BUILD = "prefix=/xorch/src/installed\\nVersion: 1\\nLibs: -lmini\\n"
HEADER = 'mkdir -p "$XORCH_DESTDIR/usr/include" && cp mini.h "$XORCH_DESTDIR/usr/include/"'
ARCHIVE = '%s -c -o mini.o mini.c && mkdir -p "$XORCH_DESTDIR/usr/lib" && ' \
    '$AR rcs "$XORCH_DESTDIR/usr/lib/libmini.a" mini.o'
WRONG = {
    # how: (exit status, class, words, lines of build.script)
    "nothing": (1, "no-artefact", ["X0971", "$XORCH_DESTDIR"], ["true"]),
    "machine": (7, "wrong-machine", ["X0972", " usr/lib/libmini.a member mini.o", "$CC"],
                [HEADER, ARCHIVE % "build-cc"]),
    "pc": (7, "audit", ["X0973", " usr/lib/pkgconfig/mini.pc", "source.patches"], [
        HEADER, ARCHIVE % "$CC", 'mkdir -p "$XORCH_DESTDIR/usr/lib/pkgconfig" && '
        f'printf "{SAYS_BUILD}" > "$XORCH_DESTDIR/usr/lib/pkgconfig/mini.pc"']),
    "none": (2, "recipe", ["X0970", "CMakeLists.txt", "build.script"], None),
}


def test_libraries_that_are_wrong():
    for code, kind, words, lines in WRONG.values():
        with xt.scratch() as home:
            recipe = library(home)
            with open(recipe, encoding="utf-8") as f:
                head = f.read().split("build:\n")[0]
            xt.write(os.path.join(home, "mini-src", "mini.c"),
                     '#include "mini.h"\nint mini_answer(void) { return 42; }\n')
            xt.write(recipe, head + ("build:\n  script:\n" + "".join(
                f"    - '{l}'\n" for l in lines) if lines else ""))
            result = build(home, recipe, code=code)
            for word in words:
                xt.check(word in result.err, word, result.err)
            xt.equal(result.json["items"][0]["class"], kind, result.err)


def states(result):
    return [i["state"] for i in result.json["items"]]


TOLD = """#include <mini.h>
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyUnicode_FromFormat("%s %d", BUILT_BY, mini_bits()); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""
BY_CMAKE = """cmake_minimum_required(VERSION 3.20)
project(mini C)
file(WRITE ${CMAKE_BINARY_DIR}/mini.h
     "#define BUILT_BY \\"cmake ${CMAKE_VERSION}\\"\\nint mini_bits(void);\\n")
add_library(mini mini.c)
install(TARGETS mini)
install(FILES ${CMAKE_BINARY_DIR}/mini.h TYPE INCLUDE)
"""
BY_MESON = """project('mini', 'c')
head = configure_file(output: 'mini.h', configuration: {
  'BUILT_BY': '"meson ' + meson.version() + '"'})
library('mini', 'mini.c', install: true)
install_headers(head, 'bits.h')
"""


def test_cmake_and_meson_are_the_locked_ones():
    """Not those of this machine, which are not part of the key."""
    for tool, file, text, head in (("cmake", "CMakeLists.txt", BY_CMAKE, "mini.h"),
                                   ("meson", "meson.build", BY_MESON, "bits.h")):
        with open(os.path.join(xt.SOURCE, "toolchains", tool + ".lock")) as f:
            version = re.search(r'\n +version: "?([0-9.]+)', f.read())[1]
        with xt.scratch() as home:
            src = os.path.join(home, "mini-src")
            xt.write(os.path.join(src, file), text)
            xt.write(os.path.join(src, "mini.c"),
                     "int mini_bits(void) { return 8 * (int)sizeof(void *); }\n")
            xt.write(os.path.join(src, "bits.h"), "int mini_bits(void);\n")
            xt.write(os.path.join(home, "mini.yaml"), 'schema_version: 1\npackage: {name: '
                     'mini, version: "1.0"}\nkind: library\nsource: {path: mini-src}\n')
            code = TOLD if head == "mini.h" else "#include <bits.h>\n" + TOLD
            recipe = packages.project(home, code=code, more="libraries=['mini']",
                                      recipe="requirements: {host: [recipe:mini]}\n")
            wheel = wheel_of(build(home, recipe, target="armv7"))
            root = target_root.get("bookworm", "armv7")
            xt.equal(root.run_wheel(wheel, "import tiny; print(tiny.answer())").strip(),
                     f"{tool} {version} 32")
            with xt.scratch() as folder:
                xt.equal(len(judges.unpack(wheel, folder)), 1, tool, "static, unless asked")


# No autoconf made it: it holds the arguments and the environment to what they must be.
CONFIGURE = r"""#!/bin/sh
set -eu
for want in --host=arm-linux-gnueabihf --build=x86_64-linux-gnu --prefix=/usr \
	--libdir=/usr/lib/arm-linux-gnueabihf --disable-shared --enable-static --with-pic \
	--with-answer; do
	case " $* " in *" $want "*) ;; *) echo "configure: error: no $want: $*" >&2; exit 1 ;; esac
done
host_alias=arm-linux-gnueabihf
. "$CONFIG_SITE"
test "$ac_cv_func_malloc_0_nonnull" = yes
cat > Makefile <<END
libmini.a: mini.c
	$CC $CFLAGS -fPIC -c mini.c
	$AR rcs \$@ mini.o
install:
	mkdir -p \$(DESTDIR)/usr/lib/arm-linux-gnueabihf \$(DESTDIR)/usr/include
	cp libmini.a \$(DESTDIR)/usr/lib/arm-linux-gnueabihf/
	cp mini.h \$(DESTDIR)/usr/include/
END
"""


def test_configure_of_a_library():
    with xt.scratch() as home:
        library(home)
        xt.write(os.path.join(home, "mini-src", "configure"), CONFIGURE)
        xt.write(os.path.join(home, "mini-src", "mini.c"), "/* %s */\n#include \"mini.h\"\n"
                 "int mini_answer(void) { return 42; }\n" % packages.RUN)
        xt.write(os.path.join(home, "mini.yaml"), LIBRARY.split("build:\n")[0] +
                 "build: {options: [--with-answer]}\n")
        recipe = packages.project(home, code=MINI, more="libraries=['mini']",
                                  recipe="requirements: {host: [recipe:mini]}\n")
        run_answer(wheel_of(build(home, recipe, target="armv7")), "armv7")


def scripted(home, *lines):
    return library(home, "".join(f"    - {l}\n" for l in lines) +
                   "requirements: {host: [deb:zlib1g-dev]}\n")


def test_W19_a_library_twice():
    with xt.scratch() as home:
        recipe = scripted(home)
        xt.equal(states(build(home, recipe, "--check-reproducible")), ["built"])
        # also one that an earlier run made
        again = build(home, recipe, "--check-reproducible")
        xt.equal(states(again), ["cached"])
        xt.check("once more" in again.err, again.err)
    with xt.scratch() as home:
        recipe = scripted(home, "cat /proc/sys/kernel/random/uuid >> "
                          "\"$XORCH_DESTDIR/usr/include/mini.h\"")
        for _ in range(2):  # the second time of what is in the store
            result = build(home, recipe, "--check-reproducible", code=7)
            for words in ("X0729", "mini-1.0-linux-aarch64", "usr/include/mini.h"):
                xt.check(words in result.err, words, result.err)


def test_B19_a_library_edited_during_its_build():
    with xt.scratch() as home:
        recipe = scripted(home, "sleep 3")
        p = subprocess.Popen(
            [xt.XORCH, "build", recipe, "--target", "aarch64", "--json"], cwd=home,
            env=xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache()),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        said = ""
        for line in p.stderr:
            said += line
            if line.rstrip().endswith("-aarch64: build"):
                break
        xt.write(os.path.join(home, "mini-src", "more.h"), "/* edited */\n")
        out, err = p.communicate(timeout=300)
        xt.equal(p.returncode, 1, said, err)
        xt.check("X0908" in err and "source path mini-src" in err, err)
        # nothing of it is in the store
        xt.equal(states(build(home, recipe)), ["built"])


# An object for every ARMv7 and, after it in the archive, one for those with NEON: lld gives
# the module the attributes of the first.
VECTOR = """schema_version: 1
package: {{name: vec, version: "1.0"}}
kind: library
source: {{path: vec-src}}
{more}build:
  script:
    - case $XORCH_TARGET in armv7) neon=-mfpu=neon;; *) neon=;; esac
    - $CC $CFLAGS -c plain.c
    - $CC $CFLAGS $neon -c neon.c
    - mkdir -p "$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE"
    - $AR rcs "$XORCH_DESTDIR/usr/lib/$XORCH_TRIPLE/libvec.a" plain.o neon.o
"""
VECTOR_C = {"plain.c": "int neon(int); int vec(int n) { return n ? neon(n) : 0; }\n",
            "neon.c": "#include <arm_neon.h>\nint neon(int n)\n"
                      "{ return vget_lane_s32(vadd_s32(vdup_n_s32(n), vdup_n_s32(2)), 0); }\n"}
VECTOR_USER = """int vec(int);
static PyObject *answer(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(vec(40)); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""


def test_W09_neon_in_a_library():
    """Asked of the library's own objects, and of all archives that a wheel is linked with:
    each recipe has to say it. Nothing on a platform that always has it."""
    def library(home, more=""):
        xt.write(os.path.join(home, "vec.yaml"), VECTOR.format(more=more))
        for name, text in VECTOR_C.items():
            xt.write(os.path.join(home, "vec-src", name),
                     text + f"char run_{packages.RUN}_{name[:-2]};\n")

    def wheel(home, more=""):
        return packages.project(home, code=VECTOR_USER, more="libraries=['vec']",
                                recipe="requirements: {host: [recipe:vec]}\n" + more)

    def refused(result, *words):
        for w in ("X0721", "libvec.a(neon.o): CPU v7, FP VFPv3, SIMD NEONv1", *words):
            xt.check(w in result.err, w, result)
        xt.check("plain.o" not in result.err, result)
        failed, = [i for i in result.json["items"] if i["state"] == "failed"]
        xt.equal(failed["class"], "foreign-code", result)

    with xt.scratch() as home:
        library(home)
        recipe = wheel(home)
        refused(build(home, recipe, target="armv7", code=7), "of the library vec",
                "`library: {cpu: [neon]}`", "wheel.cpu")
        build(home, recipe)
        library(home, "library: {cpu: [neon]}\n")
        refused(build(home, recipe, target="armv7", code=7), "linked into this wheel",
                "`wheel: {cpu: [neon]}`")
        wheel(home, "wheel: {cpu: [neon]}\n")
        made = wheel_of(build(home, recipe, target="armv7"))
        judges.check_wheel(made, "armv7", "cp311")
        with xt.scratch() as folder:
            # what the module itself says: nothing of it
            said = judges.readelf("-A", judges.unpack(made, folder)[0])
            xt.check("Tag_CPU_arch: v7" in said and "Advanced_SIMD" not in said, said)
        run_answer(made, "armv7")


def test_W09_neon_in_an_archive_of_debian():
    """libcrypto.a of the suite, linked by wheel.link_static: the same."""
    with xt.scratch() as home:
        host = 'requirements: {host: [deb:libssl-dev]}\ntoolchain: {manylinux: "2_28"}\n'
        recipe = packages.project(
            home, code="#include <openssl/crypto.h>\n" + VECTOR_USER.replace(
                "int vec(int);", "").replace("vec(40)", "OpenSSL_version_num() ? 42 : 0"),
            more="libraries=['crypto']", recipe=host + "wheel: {link_static: [crypto]}\n")
        result = build(home, recipe, target="armv7", code=7)
        for words in ("X0721", "linked into this wheel", "libcrypto.a(", "SIMD NEONv1",
                      "`wheel: {cpu: [neon]}`"):
            xt.check(words in result.err, words, result)


if __name__ == "__main__":
    xt.main(globals())
