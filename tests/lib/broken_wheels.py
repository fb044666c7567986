"""Wheels that are wrong, each in one way: made byte by byte from a sound one.

    python3 tests/lib/broken_wheels.py FOLDER    writes them all, one folder each

WAYS are refused by every audit, STRICT ones told, and refused under --strict. A row is
the way's name -> the finding's code, words of it that say the cause, and what to write
(file name, members, further arguments of elfmake.wheel)."""
import os
import struct
import sys

import elfmake
from elfmake import Elf

GLIBC = {"aarch64": "GLIBC_2.17", "armv7": "GLIBC_2.4", "x86_64": "GLIBC_2.2.5"}


def module(machine="aarch64", undefined=(), defined=(), **more):
    return Elf(machine, undefined=["PyModule_Create2",
                                   ("malloc", "libc.so.6", GLIBC[machine]), *undefined],
               defined=["PyInit__impl", *defined], **more).bytes()


SOUND = "pkg-1.0-cp311-cp311-manylinux_2_17_%s.whl"


def made(name="pkg-1.0-cp311-cp311-manylinux_2_17_aarch64.whl", member=None, so=None,
         machine="aarch64", more=None, wheel=None, **elf):
    """What to write: file name, members, further arguments of elfmake.wheel."""
    files = {"pkg/__init__.py": b"", **(more or {}),
             member or elfmake.module_name(machine): so or module(machine, **elf)}
    return name, files, wheel or {}


def newer(symbol, version, library="libc.so.6"):
    return {"undefined": [(symbol, library, version)],
            "needed": sorted({library, "libc.so.6"})}


def musl(**more):
    return Elf("aarch64", needed=["libc.musl-aarch64.so.1"], defined=["PyInit__impl"],
               **more).bytes()


def ilp32():
    code = Elf("armv7", defined=["PyInit__impl"]).bytes()
    return code[:18] + struct.pack("<H", 183) + code[20:]


def grafted(rpath="$ORIGIN/../pkg.libs", library=None):
    return made(needed=["libfoo-1a2b.so.1", "libc.so.6"], rpath=rpath, more={
        "pkg.libs/libfoo-1a2b.so.1": Elf("aarch64", soname="libfoo-1a2b.so.1",
                                         defined=["foo"], **(library or {})).bytes()})


V2_17 = "pkg-1.0-cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64.whl"
ARM = SOUND % "armv7l"
WAYS = {
    # the machine
    "x86-64 code in an aarch64 wheel": (
        "X0703", "wheel says aarch64, code is x86-64",
        made(so=module("x86_64"))),
    "aarch64 code in an armv7l wheel": (
        "X0703", "wheel says armv7l, code is AArch64",
        made(ARM, machine="armv7", so=module("aarch64"))),
    "armv7 code in an aarch64 wheel": (
        "X0703", "wheel says aarch64, code is ARM",
        made(so=module("armv7"))),
    "i686 code in an x86_64 wheel": (
        "X0703", "wheel says x86_64, code is x86",
        made(SOUND % "x86_64", machine="x86_64", so=module("i686") if "i686" in
                       GLIBC else Elf("i686", defined=["PyInit__impl"]).bytes())),
    "big-endian code in an aarch64 wheel": (
        "X0703", "wheel says aarch64, code is S/390",
        made(so=Elf("s390x", defined=["PyInit__impl"]).bytes())),
    "one x86-64 library beside sound ones": (
        "X0703", "wheel says aarch64, code is x86-64",
        made(more={"pkg/libother.so": Elf("x86_64", soname="libother.so")
                             .bytes()})),
    "aarch64 code under the tag linux_arm": (
        "X0703", "no installer asks for the platform tag linux_arm",
        made("pkg-1.0-cp311-cp311-linux_arm.whl")),
    "armv7 code under the tag linux_arm": (
        "X0703", "no installer asks for the platform tag linux_arm",
        made("pkg-1.0-cp311-cp311-linux_arm.whl", machine="armv7")),
    "code under a platform that is none": (
        "X0703", "no installer asks for the platform tag linux_toaster",
        made("pkg-1.0-cp311-cp311-linux_toaster.whl")),
    "tags of two machines, code of one": (
        "X0703", "promises manylinux_2_17_x86_64, the code is that of aarch64",
        made("pkg-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux_2_17_aarch64"
                       ".whl")),
    "x86-64 code under linux_armv6l": (
        "X0703", "the code in it is that of manylinux_2_5_x86_64",
        made("pkg-1.0-cp311-cp311-linux_armv6l.whl", machine="x86_64")),
    "a policy that is none": (
        "X0703", "no installer asks for the platform tag manylinux2015_aarch64",
        made("pkg-1.0-cp311-cp311-manylinux2015_aarch64"
                                            ".whl")),
    # 32-bit ARM
    "soft float": (
        "X0704", "e_flags 0x5000200 (soft float)",
        made(ARM, machine="armv7", flags=0x5000200)),
    "EABI of no float at all": (
        "X0704", "e_flags 0x5000000 (float ABI not stated)",
        made(ARM, machine="armv7", flags=0x5000000)),
    "EABI 4": (
        "X0704", "ARM EABI version 4, wanted is 5",
        made(ARM, machine="armv7", flags=0x4000400)),
    # the policy
    "a newer glibc": (
        "X0705", "stat@GLIBC_2.33",
        made(**newer("stat", "GLIBC_2.33"))),
    "glibc 2.29 under manylinux2014": (
        "X0705", "pow@GLIBC_2.29",
        made(V2_17, **newer("pow", "GLIBC_2.29", "libm.so.6"))),
    "glibc 2.34 under 2_31 for armv7": (
        "X0705", "dlopen@GLIBC_2.34",
        made("pkg-1.0-cp311-cp311-manylinux_2_31_armv7l.whl", machine="armv7",
                       **newer("dlopen", "GLIBC_2.34"))),
    "glibc 2.34 under 2_30, which lies between two policies": (
        "X0705", "a newer glibc than manylinux_2_30_aarch64",
        made("pkg-1.0-cp311-cp311-manylinux_2_30_aarch64.whl",
                       **newer("dlopen", "GLIBC_2.34"))),
    "one of two tags promises too much": (
        "X0705", "a newer glibc than manylinux_2_17_aarch64",
        made("pkg-1.0-cp311-cp311-manylinux_2_17_aarch64.manylinux_2_34_aarch64"
                       ".whl", **newer("dlopen", "GLIBC_2.34"))),
    "a newer libstdc++": (
        "X0705", "_ZSt3foov@GLIBCXX_3.4.29",
        made(**newer("_ZSt3foov", "GLIBCXX_3.4.29", "libstdc++.so.6"))),
    "a newer C++ ABI": (
        "X0705", "__cxa_foo@CXXABI_1.3.13",
        made(**newer("__cxa_foo", "CXXABI_1.3.13", "libstdc++.so.6"))),
    "a library that no policy has": (
        "X0706", "needs libssl.so.3, which manylinux_2_17_aarch64 does not",
        made(needed=["libssl.so.3", "libc.so.6"])),
    "libpython": (
        "X0706", "needs libpython3.11.so.1.0",
        made(needed=["libpython3.11.so.1.0", "libc.so.6"])),
    "x86-64-v3 under manylinux": (
        "X0703", "its property note asks for x86-64-v3",
        made(SOUND % "x86_64", machine="x86_64", isa=4)),
    "musl code under manylinux": (
        "X0703", "needs libc.musl-aarch64.so.1, the wheel is manylinux",
        made(so=musl())),
    "glibc code under musllinux": (
        "X0703", "needs libc.so.6, the wheel is musllinux",
        made("pkg-1.0-cp311-cp311-musllinux_1_2_aarch64.whl",
                       member="pkg/_impl.cpython-311-aarch64-linux-musl.so")),
    # the Python
    "suffix of the build machine": (
        "X0713", "its name says x86_64-linux-gnu, the wheel is for aarch64-linux-gnu",
        made(member="pkg/_impl.cpython-311-x86_64-linux-gnu.so")),
    "suffix of aarch64 in an armv7l wheel": (
        "X0713", "its name says aarch64-linux-gnu, the wheel is for arm-linux-gnueabihf",
        made(ARM, so=module("armv7"))),
    "suffix of another Python": (
        "X0713", "it is for CPython ABI 312",
        made(member="pkg/_impl.cpython-312-aarch64-linux-gnu.so")),
    "suffix of the debug build": (
        "X0713", "it is for CPython ABI 311d",
        made(member="pkg/_impl.cpython-311d-aarch64-linux-gnu.so")),
    "free-threaded module, tag of the other": (
        "X0713", "it is for CPython ABI 313t",
        made("pkg-1.0-cp313-cp313-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.cpython-313t-aarch64-linux-gnu.so")),
    "tag of the free-threaded, module of the other": (
        "X0713", "it is for CPython ABI 313,",
        made("pkg-1.0-cp313-cp313t-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.cpython-313-aarch64-linux-gnu.so")),
    "one of several modules has another suffix": (
        "X0713", "it is for CPython ABI 310",
        made(more={"pkg/_more.cpython-310-aarch64-linux-gnu.so": Elf(
            "aarch64", defined=["PyInit__more"]).bytes()})),
    "abi3 with names outside the stable ABI": (
        "X0722", "PyFrame_GetBack (not in the stable ABI)",
        made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.abi3.so", undefined=["PyFrame_GetBack"])),
    "abi3 of an older Python than its names": (
        "X0722", "PyObject_Vectorcall (since 3.12)",
        made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.abi3.so", undefined=["PyObject_Vectorcall"])),
    "no PyInit of that name": (
        "X0714", "has no PyInit__impl",
        made(so=Elf("aarch64", defined=["PyInit_other"]).bytes())),
    # the wheel
    "machine code for any platform": (
        "X0716", "machine code in a wheel tagged for any platform",
        made("pkg-1.0-py3-none-any.whl")),
    "machine code as pure": (
        "X0717", "machine code in the part for pure Python (purelib)",
        made(wheel={"purelib": True})),
    "machine code in the purelib part": (
        "X0717", "machine code in the part for pure Python (purelib)",
        made(more={"pkg-1.0.data/purelib/x.so": module()})),
    "a search path of the build machine": (
        "X0710", "/usr/local/lib: an absolute path of the build machine",
        made(rpath="/usr/local/lib")),
    "a search path out of the wheel": (
        "X0710", "$ORIGIN/../../..: it leaves the wheel",
        made(runpath="$ORIGIN/../../..")),
    "half an ELF file": (
        "X0702", "a segment lies outside the file",
        made(so=module()[:400])),
    "tables behind the end of the file": (
        "X0702", "program headers: invalid data",
        made(so=module()[:0x20] + struct.pack("<Q", 1 << 40) + module()[0x28:])),
    "METADATA of another project": (
        "X0719", "METADATA:  other 1.0",
        made(wheel={"metadata": "Metadata-Version: 2.1\nName: other\n"
                                          "Version: 1.0\n"})),
    "METADATA of another version": (
        "X0719", "METADATA:  pkg 2.0",
        made(wheel={"metadata": "Metadata-Version: 2.1\nName: pkg\n"
                                          "Version: 2.0\n"})),
    "RECORD of other contents": (
        "X0718", "another hash than the file has",
        made(wheel={"record": lambda t: t.replace("sha256=4", "sha256=5", 1)})),
    "RECORD lacks a file": (
        "X0718", "pkg/__init__.py: not listed",
        made(wheel={"record": lambda t: t.split("\n", 1)[1]})),
    "an entry point outside the scripts folder": (
        "X0726", '"../x"',
        made(wheel={"extra": {"entry_points.txt":
                                        b"[console_scripts]\n../x = pkg:main\n"}})),
    "32-bit AArch64 code": (
        "X0703", "e_machine 183 (AArch64, 32-bit)",
        made(so=ilp32())),
    "x86-64-v2": (
        "X0703", "its property note asks for x86-64-v2",
        made(SOUND % "x86_64", machine="x86_64", isa=2)),
    "x86-64-v4": (
        "X0703", "its property note asks for x86-64-v4",
        made(SOUND % "x86_64", machine="x86_64", isa=8)),
    "x86-64-v3 in a library beside the module": (
        "X0703", "pkg/libown.so: its property note asks for x86-64-v3",
        made(SOUND % "x86_64", machine="x86_64", more={"pkg/libown.so": Elf(
            "x86_64", soname="libown.so", isa=4, defined=["f"]).bytes()})),
    "Python 2's floating-point trap": (
        "X0703", "uses Python 2's PyFPE", made(undefined=["PyFPE_jbuf"])),
    "a program for another loader": (
        "X0728", "it asks for /lib64/ld-linux-x86-64.so.2, wanted is ld-linux-aarch64.so.1",
        made(more={"pkg/prog": Elf("aarch64", interp="/lib64/ld-linux-x86-64.so.2")
                   .bytes()})),
    "a newer zlib": ("X0705", "deflate@ZLIB_1.2.12",
                     made(**newer("deflate", "ZLIB_1.2.12", "libz.so.1"))),
    "a newer libgcc": ("X0705", "no policy allows GCC_12.0.0",
                       made(**newer("f", "GCC_12.0.0", "libgcc_s.so.1"))),
    "glibc's own": ("X0705", "no policy allows GLIBC_PRIVATE",
                    made(**newer("f", "GLIBC_PRIVATE"))),
    "packed relocations": ("X0705", "needs version GLIBC_ABI_DT_RELR of libc.so.6",
                           made(needs=[("libc.so.6", "GLIBC_ABI_DT_RELR")])),
    "a private symbol": ("X0725", "inflate_table of libz.so.1",
                         made(needed=["libz.so.1", "libc.so.6"],
                              undefined=["inflate_table"])),
    "a grafted library that nothing leads to": (
        "X0706", "needs libfoo-1a2b.so.1",
        grafted(rpath=None)),
    "a library grafted beside the path": (
        "X0706", "needs libfoo-1a2b.so.1",
        grafted(rpath="$ORIGIN/pkg.libs")),
    "abi3 tag, module of one Python": (
        "X0713", "it is for CPython ABI 311",
        made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl")),
    "abi3 with a private function": (
        "X0722", "_PyUnicode_Ready (not in the stable ABI)",
        made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl", member="pkg/_impl.abi3.so",
             undefined=["_PyUnicode_Ready"])),
    "a module of abi3t for Pythons that do not look for it": (
        "X0713", "CPython looks for .abi3t.so from 3.15 on",
        made("pkg-1.0-cp313-cp313t-manylinux_2_17_aarch64.whl",
             member="pkg/_impl.abi3t.so")),
    "a module of abi3t in an abi3 wheel of older Pythons": (
        "X0713", "CPython looks for .abi3t.so from 3.15 on",
        made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl",
             member="pkg/_impl.abi3t.so")),
    "a module of abi3t without its PyInit": (
        "X0714", "has no PyInit__impl",
        made("pkg-1.0-cp315-abi3t-manylinux_2_17_aarch64.whl",
             member="pkg/_impl.abi3t.so",
             so=Elf("aarch64", undefined=["PyModule_Create2"], defined=["f"]).bytes())),
    "abi3t tag, module of the CPython with a GIL": (
        "X0713", "CPython ABI 315, the wheel's tag is not",
        made("pkg-1.0-cp315-abi3t-manylinux_2_17_aarch64.whl",
             member="pkg/_impl.cpython-315-aarch64-linux-gnu.so")),
    "abi3t with a private function": (
        "X0722", "_PyUnicode_Ready (not in the stable ABI)",
        made("pkg-1.0-cp315-abi3t-manylinux_2_17_aarch64.whl",
             member="pkg/_impl.abi3t.so", undefined=["_PyUnicode_Ready"])),
    "abi3t tag and no extension at all": (
        "X0716", "tagged for machine code, and there is none in it",
        ("pkg-1.0-cp315-abi3t-manylinux_2_17_aarch64.whl", {"pkg/__init__.py": b""}, {})),
    "no extension at all": (
        "X0716", "tagged for machine code, and there is none in it",
        (SOUND % "aarch64", {"pkg/__init__.py": b""}, {})),
    "sources in place of the extension": (
        "X0716", "tagged for machine code, and there is none in it",
        ("pkg-1.0-cp39-abi3-linux_armv7l.whl",
         {"pkg/__init__.py": b"", "pkg/_impl.c": b"int x;", "pkg/_impl.pyi": b""}, {})),
    "an empty search path": ("X0710", "an empty entry means the current folder",
                             made(rpath="$ORIGIN::$ORIGIN/..")),
    "a relative search path": ("X0710", "lib: relative to the current folder",
                               made(runpath="lib")),
    "a search path by $LIB": ("X0710", "$LIB/x: relative to the current folder",
                              made(rpath="$LIB/x")),
    "a search path in a grafted library": (
        "X0710", "/opt/lib: an absolute path of the build machine",
        grafted(library={"rpath": "/opt/lib"})),
}
# What works for those who have it, and is refused where strictness is asked for.
STRICT = {
    "a module without an ABI in its name": (
        "X0727", "every CPython would import it",
        made(member="pkg/_impl.so")),
    "stable ABI in a free-threaded wheel": (
        "X0713", "a module of the stable ABI in a wheel for the free-threaded",
        made("pkg-1.0-cp313-cp313t-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.abi3.so")),
    "stable ABI of the CPython with a GIL under abi3t": (
        "X0713", "a module of the stable ABI in a wheel for the free-threaded",
        made("pkg-1.0-cp315-abi3t-manylinux_2_17_aarch64.whl",
             member="pkg/_impl.abi3.so")),
    "Tag: lines of another wheel": (
        "X0724", "only in WHEEL: cp311-cp311-linux_aarch64",
        made(wheel={"tags": ["cp311-cp311-linux_aarch64"]})),
    "NEON under armv7l": (
        "X0721", "CPU v7, FP VFPv3, SIMD NEONv1",
        made(ARM, machine="armv7", attributes={6: 10, 10: 3, 12: 1, 28: 1})),
    "ARMv8 under armv7l": (
        "X0721", "CPU v8-A, FP VFPv3-D16, SIMD none",
        made(ARM, machine="armv7", attributes={6: 14, 10: 4, 28: 1})),
    "a build path": (
        "X0711", "/xorch/src/pkg/impl.c",
        made(text=b"\0/xorch/src/pkg/impl.c\0")),
    "a build path in its list of parts": (
        "X0711", "/xorch/src#pkg@1",
        made(wheel={"extra": {"sboms/pkg.cyclonedx.json":
                                        b'{"bom-ref": "path+file:///xorch/src#pkg@1"}'}})),
    "an executable stack": (
        "X0712", "PT_GNU_STACK is RWE",
        made(stack=7)),
    "exp of a static libm": (
        "X0708", "exports functions of the C library",
        made(defined=["exp"])),
    "x86-64-v3 in a library that the module needs": (
        "X0721", "its property note asks for x86-64-v3",
        made(SOUND % "x86_64", machine="x86_64", needed=["libown.so", "libc.so.6"],
             rpath="$ORIGIN", more={"pkg/libown.so": Elf(
                 "x86_64", soname="libown.so", isa=4, defined=["f"]).bytes()})),
    "VFPv4 under armv7l": (
        "X0721", "CPU v7, FP VFPv4, SIMD none",
        made(ARM, machine="armv7", attributes={6: 10, 10: 5, 28: 1})),
    "32 double registers under armv7l": (
        "X0721", "CPU v7, FP VFPv3, SIMD none",
        made(ARM, machine="armv7", attributes={6: 10, 10: 3, 28: 1})),
    "ARMv8's NEON under armv7l": (
        "X0721", "CPU v8-A, FP FP-ARMv8, SIMD NEON for v8",
        made(ARM, machine="armv7", attributes={6: 14, 10: 7, 12: 3, 28: 1})),
    "an executable stack of a grafted library": (
        "X0712", "PT_GNU_STACK is RWE", grafted(library={"stack": 7})),
    "nothing said of the stack": (
        "X0712", "PT_GNU_STACK is missing", made(ARM, machine="armv7", stack=None)),
    "memory both writable and executable": (
        "X0712", "PT_LOAD is RWE", made(code_flags=7)),
    "relocations in the code": ("X0712", "DT_TEXTREL is set", made(textrel=True)),
    "a path of a home": ("X0711", "/home/me/src/x.c", made(text=b"\0/home/me/src/x.c\0")),
    "a path of pip's": ("X0711", "/tmp/pip-abc/x.c", made(text=b"\0/tmp/pip-abc/x.c\0")),
    "a second libstdc++": (
        "X0709", "_ZSt9terminatev",
        made(needed=["libstdc++.so.6", "libc.so.6"], defined=["_ZSt9terminatev"])),
}


def write(ways, folder):
    """Paths of the wheels, in the table's order."""
    paths = []
    for number, (_, _, (name, files, more)) in enumerate(ways.values()):
        path = os.path.join(folder, f"{number:03}", name)
        os.makedirs(os.path.dirname(path))
        paths.append(elfmake.wheel(path, files, **more))
    return paths


if __name__ == "__main__":
    every = {**WAYS, **STRICT}
    for way, path in zip(every, write(every, sys.argv[1])):
        print(f"{path}: {every[way][0]}: {way}")
