"""Wheels for armv7 with code for better processors in them (wheel.cpu of the recipe): it is
run on a processor that has what it asks for, and on no other. On processors of several
ages in emulation; what they lack ends the program with SIGILL there too."""
import json
import shutil
import subprocess

import judges
import target_root
import test_wheels
import xt

# qemu's name: which of numpy's features it has. The first is what a wheel's tag promises.
PROCESSORS = {"cortex-a9,neon=off": (), "cortex-a8": ("NEON",),
              "cortex-a7": ("NEON", "NEON_VFPV4"), "max": ("NEON", "NEON_VFPV4", "ASIMD")}

# What numpy has in several versions, against Python's own arithmetic.
EXERCISE = """
import json, math
import numpy as np
from numpy._core import _multiarray_umath as core

def close(got, want, kind):
    near = 16 * np.finfo(kind).eps
    assert np.allclose(got, want, rtol=near, atol=near), kind

for kind in (np.float32, np.float64):
    x = np.linspace(-2.9, 2.9, 1003, dtype=kind)
    up = np.abs(x) + kind(0.5)
    for name in ("sin", "cos", "tan", "tanh", "exp", "expm1", "sinh", "cosh", "arctan"):
        f = {"arctan": math.atan}.get(name) or getattr(math, name)
        close(getattr(np, name)(x), [f(v) for v in x.tolist()], kind)
    for name in ("log", "log2", "log1p", "sqrt"):
        close(getattr(np, name)(up), [getattr(math, name)(v) for v in up.tolist()], kind)
    y = x[::-1].copy()
    both = list(zip(x.tolist(), y.tolist()))
    close(x + y * x, [a + b * a for a, b in both], kind)
    close(x / up, [a / b for a, b in zip(x.tolist(), up.tolist())], kind)
    assert (x < y).tolist() == [a < b for a, b in both]
    assert np.maximum(x, y).tolist() == [max(p) for p in both]
    assert np.sort(y).tolist() == sorted(y.tolist()) and int(np.argmax(x)) == 1002
    assert np.floor(x).tolist() == [math.floor(v) for v in x.tolist()]
    assert np.rint(x).tolist() == [round(v) for v in x.tolist()]
    assert np.signbit(x).tolist() == [v < 0 for v in x.tolist()]
    z = x + 1j * y
    close((z * z).real, [a * a - b * b for a, b in both], kind)
    close(np.abs(z), [math.hypot(a, b) for a, b in both], kind)
    close(x.reshape(17, 59) @ np.eye(59, dtype=kind), x.reshape(17, 59), kind)
for kind in "bBhHiIqQ":
    a = (np.arange(1003) * 7 % 101).astype(kind)
    b = a[::-1].copy()
    both = list(zip(a.tolist(), b.tolist()))
    for got, want in ((a // 3, [p // 3 for p, _ in both]),
                      (a == b, [p == q for p, q in both]), (a <= b, [p <= q for p, q in both]),
                      (np.minimum(a, b), [min(p) for p in both]),
                      (a & b, [p & q for p, q in both]), (a % 5, [p % 5 for p, _ in both]),
                      (np.logical_and(a, b), [bool(p and q) for p, q in both]),
                      (np.sort(a), sorted(a.tolist())), (a >> 1, [p >> 1 for p, _ in both])):
        assert got.tolist() == want, kind
    assert int(np.argmax(a)) == a.tolist().index(max(a.tolist()))
half = np.linspace(-4, 4, 1003).astype(np.float16)
assert np.sort(half[::-1]).tolist() == half.tolist()
assert (half.astype(np.float32) * 2).astype(np.float16).tolist() == [v * 2 for v in half.tolist()]
flags = np.arange(1003) % 3 == 0
assert (~flags).sum() == 668 and flags.any() and not flags.all()
print(json.dumps(core.__cpu_features__))
"""


def on(cpu, root, site, code):
    qemu, *rest = root.command()
    p = subprocess.run([qemu, "-cpu", cpu, *rest, "-c", code], capture_output=True, text=True,
                       stdin=subprocess.DEVNULL, timeout=900,
                       env={"PATH": "/usr/bin:/bin", "PYTHONPATH": site, "LC_ALL": "C.UTF-8",
                            "PYTHONDONTWRITEBYTECODE": "1"})
    xt.equal(p.returncode, 0, cpu, p.stdout, p.stderr)
    return p.stdout


def unpacked(recipe, toolchain, home):
    """The wheel of a recipe for armv7 and CPython 3.11, judged; the folder it is in."""
    result = test_wheels.build(recipe, ["armv7"], "cp311", home, toolchain)
    xt.equal(result.code, 0, result)
    wheel = [i["file"] for i in result.json["items"] if i.get("file")][-1]
    judges.check_wheel(wheel, "armv7", "cp311",
                       judges.cpu_of(xt.SOURCE + "/recipes/" + recipe))
    site = home + "/site"
    shutil.unpack_archive(wheel, site, "zip")
    return site


def numpy(toolchain):
    with xt.scratch() as home:
        site = unpacked("numpy-2.2.6.yaml", toolchain, home)
        root = target_root.get("bookworm", "armv7")
        for cpu, has in PROCESSORS.items():
            said = json.loads(on(cpu, root, site, EXERCISE))
            xt.equal(tuple(n for n in PROCESSORS["max"] if said[n]), has, cpu)


# label: long
def test_numpy_by_clang():
    numpy("clang")


# label: long
def test_numpy_by_gcc():
    numpy("gcc")


# label: long
def test_openssl_in_cryptography():
    """Its assembler for NEON, where there is none."""
    with xt.scratch() as home:
        site = unpacked("cryptography.yaml", "clang", home)
        root = target_root.get("bookworm", "armv7", target_root.NEEDS["cryptography"])
        for cpu in PROCESSORS:
            said = on(cpu, root, site, target_root.CHECKS["cryptography"])
            xt.equal(said, "ok\n", cpu)


if __name__ == "__main__":
    xt.main(globals())
