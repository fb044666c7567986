"""Wheels of C and C++ projects by CMake, meson, cffi, poetry-core and bundled configure
scripts: the recipes, for both targets, judged and run there. The slow ones (numpy,
rapidfuzz, uvloop, pyzmq) are left to their long tests (matrix.py)."""
import os

import judges
import target_root
import test_wheels
import xt


def test_pyyaml():
    test_wheels.both_targets("pyyaml.yaml")


def test_argon2_runs_with_our_cffi():
    """The cffi that is imported on the target is our own wheel too."""
    with xt.scratch() as home:
        for target in ("aarch64", "armv7"):
            site = os.path.join(home, "site-" + target)
            for recipe in ("cffi.yaml", "argon2-cffi-bindings.yaml"):
                result = test_wheels.build(recipe, [target], "cp311", home)
                xt.equal(result.code, 0, result)
                xt.equal(test_wheels.judge(result), 1, result)
                judges.unpack(result.json["items"][0]["file"], site)
            out = target_root.get("bookworm", target).python(["-c", """
from _argon2_cffi_bindings import ffi, lib
out = ffi.new('uint8_t[]', 16)
code = lib.argon2_hash(1, 64, 1, ffi.new('uint8_t[]', b'password'), 8,
                       ffi.new('uint8_t[]', b'saltsalt'), 8, out, 16, ffi.NULL, 0,
                       lib.Argon2_id, lib.ARGON2_VERSION_NUMBER)
print(code, bytes(ffi.buffer(out)).hex())
"""], path=[site])
            # as the wheel of PyPI for x86_64 says
            xt.equal(out.strip(), "0 " + HASH)


HASH = "716046bacd0eb1b1a08aa3a8e28837e3"


# label: long
def test_zeroconf():
    test_wheels.both_targets("zeroconf.yaml")


# label: long
def test_contourpy():
    test_wheels.both_targets("contourpy.yaml")


if __name__ == "__main__":
    xt.main(globals())
