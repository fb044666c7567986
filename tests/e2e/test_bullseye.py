"""The oldest system that is promised for: Debian 11 (glibc 2.31, Python 3.9) in emulation
runs a part of the projects' own test suites, in the newest releases that support Python
3.9, from wheels built at their lowest floor."""
import glob
import os
import re
import shutil
import subprocess
import tarfile

import judges
import target_root
import test_wheels
import xt

RECIPES = os.path.join(xt.SOURCE, "recipes")
OWN = os.path.join(xt.SOURCE, "tests", "fixtures", "bullseye")
STORE = test_wheels.shared_cache()


def built(home, name, target, floor):
    """Path of the wheel of tests/fixtures/bullseye/NAME.yaml or recipes/NAME.yaml."""
    recipes = os.path.join(home, "recipes")
    if not os.path.exists(recipes):
        shutil.copytree(RECIPES, recipes)
        shutil.copytree(OWN, recipes, dirs_exist_ok=True)
    out = os.path.join(home, "dist-" + name)
    result = xt.run(["build", f"recipes/{name}.yaml", "--python", "cp39", "--target", target,
                     "--locked", "--out", out, "--json"], home=home, cwd=home, timeout=3000,
                    XORCH_CACHE_DIR=STORE)
    test_wheels.need_network(result)
    xt.equal(result.code, 0, result)
    wheel = next(i["file"] for i in result.json["items"] if i.get("file"))
    judges.check_wheel(wheel, target, "cp39")
    xt.equal(re.findall(r"manylinux_2_\d+", wheel)[-1], "manylinux_" + floor, wheel)
    return wheel


def sdist(name, home):
    """The folder of the source that the lock of what was built names, unpacked."""
    for folder in (OWN, RECIPES):
        lock = os.path.join(folder, name + ".lock")
        if os.path.exists(lock):
            break
    with open(lock, encoding="utf-8") as f:
        text = f.read()
    sha256 = re.search(r'^\s*sha256: "?([0-9a-f]{64})', text[text.index("source"):], re.M)[1]
    blob = test_wheels.stored(sha256, f"recipes/{name}.yaml", home, "--python", "cp39",
                              "--target", "armv7")
    dest = os.path.join(home, "source")
    with tarfile.open(blob) as t:
        t.extractall(dest)
    return next(iter(glob.glob(os.path.join(dest, "*/"))))


def pure(home, *names):
    """Folder with projects in pure Python for 3.9."""
    to = os.path.join(home, "pure")
    p = subprocess.run([os.path.join(os.path.dirname(judges.auditwheel()), "pip"), "install",
                        "-q", "--only-binary", ":all:", "--python-version", "3.9",
                        "--target", to, *names],
                       capture_output=True, text=True)
    if p.returncode:
        raise xt.Skip(f"PyPI has not given {names}: {p.stderr[-400:]}")
    return to


def passed(text):
    """How many tests pytest or unittest says have passed; a failure ends with an error."""
    found = re.search(r"(\d+) passed", text) or re.search(r"Ran (\d+) tests", text)
    xt.check(found, text[-3000:])
    return int(found[1])


def lxml(target):
    with xt.scratch() as home:
        wheel = built(home, "lxml-6", target, "2_17")
        site = os.path.join(home, "site")
        shutil.unpack_archive(wheel, site, "zip")
        source = sdist("lxml-6", home)
        shutil.copytree(os.path.join(source, "src/lxml/tests"),
                        os.path.join(site, "lxml/tests"), dirs_exist_ok=True)
        root = target_root.get("bullseye", target)
        # not: what others inherit from, and the compact syntax, which wants rnc2rng
        code = """
import sys, unittest
def tests(suite):
    for t in suite:
        if isinstance(t, unittest.TestSuite):
            yield from tests(t)
        elif not type(t).__name__.startswith(("_", "RelaxNGCompact")):
            yield t
suite = unittest.TestSuite(tests(unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])))
result = unittest.TextTestRunner(stream=sys.stdout).run(suite)
sys.exit(not result.wasSuccessful())
"""
        said = root.python(["-c", code, *(f"lxml.tests.test_{n}" for n in (
            "etree", "objectify", "xpathevaluator", "xslt", "relaxng", "xmlschema", "sax",
            "unicode", "threading"))], path=[site], timeout=1700)
        xt.check(passed(said) > 750, said[-500:])


# label: long
def test_lxml_aarch64():
    lxml("aarch64")


# label: long
def test_lxml_armv7():
    lxml("armv7")


def by_pytest(target, name, needs, tests, least, more=(), source=False, without="nothing"):
    """tests: below the wheel, or below the sdist; without: a name's part."""
    with xt.scratch() as home:
        site = os.path.join(home, "site")
        for wheel in [built(home, name, target, "2_17"),
                      *(built(home, other, target, "2_17") for other in more)]:
            shutil.unpack_archive(wheel, site, "zip")
        # pip reads markers for the Python that it runs in: what 3.9 needs besides
        path = [site, pure(home, "pytest", "exceptiongroup", "tomli", "typing_extensions",
                           *needs)]
        top = sdist(name, home) if source else site
        root = target_root.get("bullseye", target)
        said = root.python(["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                            "-c", os.devnull, "--rootdir", top, "-k", f"not {without}",
                            *(os.path.join(top, t) for t in tests)], path=path, timeout=3400)
        xt.check(passed(said) >= least, said[-2000:])


def rapidfuzz(target):
    by_pytest(target, "rapidfuzz-3.13.0", ["hypothesis"],
              ["tests/test_fuzz.py", "tests/test_process.py", "tests/distance"], 100,
              source=True)


# label: long
def test_rapidfuzz_aarch64():
    rapidfuzz("aarch64")


# label: long
def test_rapidfuzz_armv7():
    rapidfuzz("armv7")


def numpy(target):
    by_pytest(target, "numpy-2.0.2", ["hypothesis"],
              ["numpy/_core/tests/test_indexing.py", "numpy/_core/tests/test_scalarmath.py",
               "numpy/linalg/tests/test_linalg.py", "numpy/fft/tests"], 500,
              # it starts this Python once more, which only binfmt_misc could emulate
              without="test_sdot_bug_8577")


# label: long
def test_numpy_aarch64():
    numpy("aarch64")


# label: long
def test_numpy_armv7():
    numpy("armv7")


def cryptography(target):
    by_pytest(target, "cryptography",
              ["cryptography_vectors==50.0.2", "pretend", "certifi", "pycparser"],
              ["tests/test_fernet.py", "tests/hazmat/primitives/test_aes.py",
               "tests/hazmat/primitives/test_hashes.py",
               "tests/hazmat/primitives/test_ed25519.py"], 50, more=["cffi-2.0.0"], source=True)


# label: long
def test_cryptography_aarch64():
    cryptography("aarch64")


# label: long
def test_cryptography_armv7():
    cryptography("armv7")


if __name__ == "__main__":
    xt.main(globals())
