"""Wheels at floors that debian-11 has and at those that debian-12 has: the tag is
auditwheel's, and they run on Debian 12's Python under emulation."""
import os

import judges
import packages
import target_root
import test_wheels
import xt

TARGETS = ("aarch64", "armv7")

# Asks of the C library what is newest of what the floor's headers offer.
NEWEST = """#include <pthread.h>
#include <stdlib.h>
#include <dlfcn.h>
static void *run(void *x) { return x; }
static PyObject *answer(PyObject *self, PyObject *args)
{
	pthread_t thread;
	void *out = 0;
	unsigned number = 1;
	(void)self; (void)args;
	if (pthread_create(&thread, 0, run, &out) || pthread_join(thread, &out) ||
		!dlsym(RTLD_DEFAULT, "PyLong_FromLong"))
		return PyErr_NoMemory();
#if __GLIBC_PREREQ(2, 36)
	number = arc4random() | 1;
#endif
	return PyLong_FromLong(__GLIBC_MINOR__ + !number);
}
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
"""


HALF = """static PyObject *half(PyObject *self, PyObject *value)
{
	volatile double wide = PyFloat_AsDouble(value);
	union { _Float16 half; unsigned short bits; } u = {(_Float16)wide};
	(void)self;
	return PyLong_FromLong(u.bits);
}
static PyMethodDef methods[] = {{"half", half, METH_O, ""}, {0}};
"""


def platforms(item):
    return item["file"][:-4].split("-")[-1].split(".")


def real(recipe, floors):
    for floor in floors:
        with xt.scratch() as home:
            r = test_wheels.build(recipe, TARGETS, "cp311", home, XORCH_FLOOR=floor)
            xt.equal(r.code, 0, r)
            # Built, not found: another floor is another key.
            xt.equal({i["floor"] for i in r.json["items"]}, {floor})
            xt.equal({i["sysroot"] for i in r.json["items"]},
                     {"debian-11" if floor == "2_31" else "debian-12"})
            xt.equal(test_wheels.judge(r), 2, r)


def test_cwcwidth():
    real("cwcwidth.yaml", ("2_31", "2_34", "2_35", "2_36"))


def test_half_precision():
    """clang's name for double to _Float16 on 32-bit ARM, which libgcc has under another:
    numpy 2.5 cannot be imported without. Python's own struct is the judge."""
    with xt.scratch() as home:
        recipe = packages.project(home, code=HALF)
        r = xt.run(["build", recipe, "--python", "cp311", "--target", "armv7", "--target",
                    "aarch64", "--json"], home=home, cwd=home,
                   XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(r)
        xt.equal(r.code, 0, r)
        for item, target in zip(r.json["items"], ("armv7", "aarch64")):
            judges.check_wheel(item["file"], target, "cp311")
            root = target_root.get("bookworm", target)
            # to the even one, up, below the smallest normal one, 0, both infinities, and
            # what rounding by way of a float would round twice
            said = root.run_wheel(item["file"], """
import random, struct, tiny
values = [1 + 2**-11, 1 + 3 * 2**-11, 65519.0, 2**-25, 3 * 2**-25, -0.0, 1e300, -1e300,
          1 + 2**-11 + 2**-40, 1 + 2**-11 - 2**-40]
values += [random.uniform(-70000, 70000) * 2.0**-random.randrange(40) for _ in range(3000)]
def want(x):
    try:
        return struct.unpack("<H", struct.pack("<e", x))[0]
    except OverflowError:
        return 0xfc00 if x < 0 else 0x7c00
print(sum(tiny.half(x) != want(x) for x in values))
""")
            xt.equal(said.strip(), "0", target)


def test_greenlet():
    real("greenlet.yaml", ("2_34",))


# label: long
def test_greenlet_at_every_floor():
    real("greenlet.yaml", ("2_31", "2_35", "2_36"))


def newest(home, name, *args, recipe="", **more):
    path = packages.project(home, name, code="#define _GNU_SOURCE\n" + NEWEST, recipe=recipe)
    # _GNU_SOURCE goes before Python.h.
    source = os.path.join(home, name + "-src", name + ".c")
    with open(source) as f:
        text = f.read()
    xt.write(source, "#define _GNU_SOURCE\n" + text.replace("#define _GNU_SOURCE\n", ""))
    r = xt.run(["build", path, "--python", "cp311", "--out", os.path.join(home, "dist"),
                "--json", *args], home=home, cwd=home, timeout=1700,
               XORCH_CACHE_DIR=test_wheels.shared_cache(), **more)
    test_wheels.need_network(r)
    xt.equal(r.code, 0, r)
    return r.json["items"]


def check(item, tag, minor):
    target, name = item["target"], os.path.basename(item["file"]).split("-")[0]
    arch = judges.WHEEL_ARCH[target]
    xt.check(f"manylinux_{tag}_{arch}" in platforms(item), item)
    judges.check_wheel(item["file"], target, "cp311")
    root = target_root.get("bookworm", target)
    xt.equal(root.run_wheel(item["file"], f"import {name}; print({name}.answer())").strip(),
             str(minor))


def test_the_tag_is_what_the_code_asks_for():
    """The same source at four floors: glibc 2.34's pthread_create and 2.36's arc4random
    are taken where the floor has them, and the tag says so; auditwheel agrees."""
    with xt.scratch() as home:
        for floor, tag in (("2_31", "2_17"), ("2_34", "2_34"), ("2_35", "2_34"),
                           ("2_36", "2_36")):
            items = newest(home, "newest" + floor[2:], "--floor", floor, "--target",
                           "aarch64", "--target", "armv7")
            for item in items:
                check(item, tag, int(floor[2:]))


def test_plat_decides_floor_and_target():
    """What a Dockerfile of the manylinux images sets is enough."""
    with xt.scratch() as home:
        items = newest(home, "platted", PLAT="manylinux_2_35_armv7l",
                       recipe='toolchain: {manylinux: "2_28"}\n')
        xt.equal([(i["target"], i["floor"]) for i in items], [("armv7", "2_35")])
        check(items[0], "2_34", 35)


def test_env_and_exec_with_plat():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "t.c"), "#include <pthread.h>\n#include <features.h>\n"
                 "int minor = __GLIBC_MINOR__;\nvoid *f(void *x) { pthread_t t; "
                 "pthread_create(&t, 0, f, x); return x; }\n")
        r = xt.run(["exec", "--", "sh", "-c", "echo $PLAT $GOARM && $CC -shared -fPIC t.c "
                    "-o t.so && $READELF -W --dyn-syms t.so"], home=home, cwd=home,
                   XORCH_CACHE_DIR=test_wheels.shared_cache(), PLAT="manylinux_2_35_armv7l")
        test_wheels.need_network(r)
        xt.equal(r.code, 0, r)
        xt.check(r.out.startswith("manylinux_2_35_armv7l 7\n"), r)
        xt.check("pthread_create@GLIBC_2.34" in r.out, r)
        r = xt.run(["env", "--format", "json"], home=home, cwd=home,
                   XORCH_CACHE_DIR=test_wheels.shared_cache(), PLAT="manylinux_2_35_armv7l")
        xt.equal(r.code, 0, r)
        with open(os.path.join(r.json["SYSROOT"], "usr/include/features.h")) as f:
            xt.check("\t__GLIBC_MINOR__\t35\n" in f.read())


if __name__ == "__main__":
    xt.main(globals())
