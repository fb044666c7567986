"""build.script of a wheel: it takes the backend's place and leaves one wheel."""
import os

import judges
import packages
import target_root
import test_wheels
import xt

# A project that says nothing of how it is built; its script writes the wheel itself.
MAKE = """import os, sysconfig, zipfile
tag = "cp311-cp311-" + sysconfig.get_platform().replace("-", "_")
module = "tiny" + sysconfig.get_config_var("EXT_SUFFIX")
info = "tiny-1.0.dist-info/"
files = {module: open("tiny.so", "rb").read(),
         info + "METADATA": b"Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n",
         info + "WHEEL": ("Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: false\\n"
                          "Tag: %s\\n" % tag).encode()}
files[info + "RECORD"] = "".join(n + ",,\\n" for n in [*files, info + "RECORD"])
with zipfile.ZipFile("%s/tiny-1.0-%s.whl" % (os.environ["XORCH_OUT"], tag), "w") as z:
    for n, data in files.items():
        z.writestr(n, data)
"""
COMPILE = '$CC -shared -fPIC -O2 tiny.c -o tiny.so -I"$("$XORCH_PYTHON" -c ' \
    '"import sysconfig; print(sysconfig.get_path(\'include\'))")"'


def recipe(home, lines):
    src = os.path.join(home, "tiny-src")
    xt.write(os.path.join(src, "tiny.c"),
             packages.MODULE.format(name="tiny", code=packages.ANSWER))
    xt.write(os.path.join(src, "make.py"), MAKE)
    xt.write(os.path.join(src, "run-id"), packages.RUN)
    script = "".join(f"    - '{l.replace(chr(39), chr(39) * 2)}'\n" for l in lines)
    return xt.write(os.path.join(home, "tiny.yaml"), packages.RECIPE.format(
        name="tiny", patches="", more="build:\n  script:\n" + script))


def build(home, path, *args, target="armv7", code=0):
    result = xt.run(["build", path, "--target", target, "--python", "cp311", "--json",
                     *args], home=home, cwd=home,
                    XORCH_CACHE_DIR=test_wheels.shared_cache())
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def test_without_a_project_file():
    with xt.scratch() as home:
        path = recipe(home, [COMPILE, '"$XORCH_PYTHON" make.py',
                             'test "$XORCH_TARGET" = armv7',
                             'test "$XORCH_TRIPLE" = arm-linux-gnueabihf',
                             'test "$XORCH_SOURCE" = "$PWD"'])
        wheel = build(home, path, "--check-reproducible").json["items"][0]["file"]
        judges.check_wheel(wheel, "armv7", "cp311")
        root = target_root.get("bookworm", "armv7")
        xt.equal(root.run_wheel(wheel, "import tiny; print(tiny.answer())").strip(), "42")
        # the script is part of the key
        again = build(home, path)
        xt.equal(again.json["items"][0]["state"], "cached")
        other = build(home, recipe(home, [COMPILE, '"$XORCH_PYTHON" make.py', "true"]),
                      "--explain")
        xt.equal(other.json["items"][0]["state"], "built")
        xt.check("build.script" in other.err, other.err)


def test_scripts_that_leave_something_else():
    with xt.scratch() as home:
        none = build(home, recipe(home, ["true"]), code=1)
        for words in ("X0916", "the script made no wheel", "$XORCH_OUT"):
            xt.check(words in none.err, words, none.err)
        two = build(home, recipe(home, [
            COMPILE, '"$XORCH_PYTHON" make.py', 'cp "$XORCH_OUT"/tiny*.whl '
            '"$XORCH_OUT"/other-1.0-py3-none-any.whl']), code=1)
        xt.check("X0916" in two.err and "several wheels" in two.err, two)
        # its failure is read like a backend's: set -eu
        wrong = build(home, recipe(home, ["$CC -c missing.c", "true"]), code=1)
        xt.check("missing.c" in wrong.err and "build.script" in wrong.err, wrong)
        unset = build(home, recipe(home, ['echo "$NOTHING_OF_THAT_NAME"']), code=1)
        xt.check("NOTHING_OF_THAT_NAME" in unset.err, unset)


def test_a_real_package():
    """setup.py called by hand instead of by its backend: the same module."""
    with xt.scratch() as home:
        path = xt.write(os.path.join(home, "markupsafe.yaml"), """schema_version: 1
package: {name: markupsafe, version: "3.0.2"}
kind: wheel
source: {pypi: markupsafe}
requirements: {build: [wheel]}
build:
  script:
    - '"$XORCH_PYTHON" setup.py -q bdist_wheel -d "$XORCH_OUT"'
""")
        wheel = build(home, path, target="aarch64").json["items"][0]["file"]
        judges.check_wheel(wheel, "aarch64", "cp311")
        with xt.scratch() as folder:
            xt.equal([os.path.basename(p).split(".")[0]
                      for p in judges.unpack(wheel, folder)], ["_speedups"])
        root = target_root.get("bookworm", "aarch64")
        xt.equal(root.run_wheel(wheel, "import markupsafe, markupsafe._speedups as s; "
                                "print(markupsafe.escape('<'), s.__name__)").split(),
                 ["&lt;", "markupsafe._speedups"])


if __name__ == "__main__":
    xt.main(globals())
