"""Makes the seeds of corpus/{audit,elf,zip,wheel}; files that a fuzzer found are
kept beside them under other names. python3 tests/fuzz/corpus/make_wheels.py"""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))
import elfmake  # noqa: E402
from elfmake import WEAK, Elf  # noqa: E402

FIXTURES = os.path.join(HERE, "..", "..", "fixtures", "elf")


def save(kind, name, data):
    folder = os.path.join(HERE, kind)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def wheel(name, files, **more):
    with tempfile.TemporaryDirectory() as folder:
        return read(elfmake.wheel(os.path.join(folder, name), files, **more))


def main():
    new = [("stat", "libc.so.6", "GLIBC_2.33"), "PyModule_Create2", ("x", "libm.so.6",
                                                                    "GLIBC_2.17", WEAK)]
    elves = {
        "aarch64": Elf("aarch64", undefined=new, defined=["PyInit__impl", "exp"],
                       runpath="$ORIGIN/../pkg.libs", needed=["libown.so", "libc.so.6"]),
        "armv7": Elf("armv7", undefined=["inflate_table"], needed=["libz.so.1"],
                     attributes={5: "cpu", 6: 14, 10: 7, 12: 3, 28: 1, 67: "2.09"}),
        "x86_64": Elf("x86_64", isa=7, rpath="/usr/lib", stack=7, textrel=True),
        "s390x": Elf("s390x", needs=[("libc.so.6", "GLIBC_2.2")]),
    }
    for name, elf in elves.items():
        save("elf", name, elf.bytes())
        save("audit", "elf-" + name, b"\2" + elf.bytes())
    for name in ("ver-aarch64.so", "ver-armv7.so", "objects.a"):
        save("elf", name, read(os.path.join(FIXTURES, name)))
    plain = wheel("pkg-1.0-cp311-cp311-manylinux_2_17_aarch64.whl", {
        "pkg/__init__.py": b"", elfmake.module_name("aarch64"): elves["aarch64"].bytes(),
        "pkg.libs/libown.so": Elf("aarch64", soname="libown.so").bytes()},
        extra={"entry_points.txt": b"[console_scripts]\n../x = a:b\n"}, compress=False)
    save("audit", "wheel", b"\0" + plain)
    save("audit", "abi3", b"\1" + wheel(
        "pkg-1.0-cp39-abi3-manylinux_2_31_armv7l.whl",
        {"pkg/_impl.abi3.so": elves["armv7"].bytes()}, compress=False))
    small = wheel("a-1-py3-none-any.whl", {"a/b.py": b"x" * 100, "c.py": b""}, record=None)
    save("zip", "deflated", small)
    save("zip", "stored", wheel("a-1-py3-none-any.whl", {"a.py": b"1"}, compress=False))
    save("zip", "comment", small[:-2] + b"\5\0hello")
    save("zip", "empty", b"PK\5\6" + b"\0" * 18)
    for i, name in enumerate(("a-1-py3-none-any.whl",
                              "a_b-1!2.0+x.1-2b-cp39.cp310-abi3.cp310-linux_armv7l.whl")):
        save("wheel", f"name-{i}", b"\0" + name.encode())
    save("wheel", "record", b'\1a,sha256=abc,1\r\n"b,""c",,\nx-1.dist-info/RECORD,,\n')
    save("wheel", "fields", b"\2A: b\n c\n d:e\nX:\n\nbody: x\n")
    save("wheel", "version", b"\x031!2.0a1.post3.dev4+local.5")


main()
