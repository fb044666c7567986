"""Every way of mislabelling a wheel that rows W03 to W16 name, or that was seen in
published wheels: each is made on purpose, from a sound wheel with one thing wrong, and
each is refused with the code that says what is wrong."""
import os
import struct

import elfmake
import xt
from elfmake import Elf
from test_wheels import GLIBC, module

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


V2_17 = "pkg-1.0-cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64.whl"
ARM = SOUND % "armv7l"
WAYS = {
    # the machine
    "x86-64 code in an aarch64 wheel": ("X0703", made(so=module("x86_64"))),
    "aarch64 code in an armv7l wheel":
        ("X0703", made(ARM, machine="armv7", so=module("aarch64"))),
    "armv7 code in an aarch64 wheel": ("X0703", made(so=module("armv7"))),
    "i686 code in an x86_64 wheel":
        ("X0703", made(SOUND % "x86_64", machine="x86_64", so=module("i686") if "i686" in
                       GLIBC else Elf("i686", defined=["PyInit__impl"]).bytes())),
    "big-endian code in an aarch64 wheel":
        ("X0703", made(so=Elf("s390x", defined=["PyInit__impl"]).bytes())),
    "one x86-64 library beside sound ones":
        ("X0703", made(more={"pkg/libother.so": Elf("x86_64", soname="libother.so")
                             .bytes()})),
    "aarch64 code under the tag linux_arm":
        ("X0703", made("pkg-1.0-cp311-cp311-linux_arm.whl")),
    "code under a platform that is none":
        ("X0703", made("pkg-1.0-cp311-cp311-linux_toaster.whl")),
    "tags of two machines, code of one":
        ("X0703", made("pkg-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux_2_17_aarch64"
                       ".whl")),
    "x86-64 code under linux_armv6l":
        ("X0703", made("pkg-1.0-cp311-cp311-linux_armv6l.whl", machine="x86_64")),
    "a policy that is none": ("X0703", made("pkg-1.0-cp311-cp311-manylinux2015_aarch64"
                                            ".whl")),
    # 32-bit ARM
    "soft float": ("X0704", made(ARM, machine="armv7", flags=0x5000200)),
    "EABI of no float at all": ("X0704", made(ARM, machine="armv7", flags=0x5000000)),
    "EABI 4": ("X0704", made(ARM, machine="armv7", flags=0x4000400)),
    # the policy
    "a newer glibc": ("X0705", made(**newer("stat", "GLIBC_2.33"))),
    "glibc 2.29 under manylinux2014":
        ("X0705", made(V2_17, **newer("pow", "GLIBC_2.29", "libm.so.6"))),
    "glibc 2.34 under 2_31 for armv7":
        ("X0705", made("pkg-1.0-cp311-cp311-manylinux_2_31_armv7l.whl", machine="armv7",
                       **newer("dlopen", "GLIBC_2.34"))),
    "glibc 2.34 under 2_30, which lies between two policies":
        ("X0705", made("pkg-1.0-cp311-cp311-manylinux_2_30_aarch64.whl",
                       **newer("dlopen", "GLIBC_2.34"))),
    "one of two tags promises too much":
        ("X0705", made("pkg-1.0-cp311-cp311-manylinux_2_17_aarch64.manylinux_2_34_aarch64"
                       ".whl", **newer("dlopen", "GLIBC_2.34"))),
    "a newer libstdc++":
        ("X0705", made(**newer("_ZSt3foov", "GLIBCXX_3.4.29", "libstdc++.so.6"))),
    "a newer C++ ABI":
        ("X0705", made(**newer("__cxa_foo", "CXXABI_1.3.13", "libstdc++.so.6"))),
    "a library that no policy has":
        ("X0706", made(needed=["libssl.so.3", "libc.so.6"])),
    "libpython": ("X0706", made(needed=["libpython3.11.so.1.0", "libc.so.6"])),
    "x86-64-v3 under manylinux":
        ("X0703", made(SOUND % "x86_64", machine="x86_64", isa=4)),
    "musl code under manylinux": ("X0703", made(so=musl())),
    "glibc code under musllinux":
        ("X0703", made("pkg-1.0-cp311-cp311-musllinux_1_2_aarch64.whl",
                       member="pkg/_impl.cpython-311-aarch64-linux-musl.so")),
    # the Python
    "suffix of the build machine":
        ("X0713", made(member="pkg/_impl.cpython-311-x86_64-linux-gnu.so")),
    "suffix of aarch64 in an armv7l wheel":
        ("X0713", made(ARM, so=module("armv7"))),
    "suffix of another Python":
        ("X0713", made(member="pkg/_impl.cpython-312-aarch64-linux-gnu.so")),
    "suffix of the debug build":
        ("X0713", made(member="pkg/_impl.cpython-311d-aarch64-linux-gnu.so")),
    "free-threaded module, tag of the other":
        ("X0713", made("pkg-1.0-cp313-cp313-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.cpython-313t-aarch64-linux-gnu.so")),
    "tag of the free-threaded, module of the other":
        ("X0713", made("pkg-1.0-cp313-cp313t-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.cpython-313-aarch64-linux-gnu.so")),
    "one of several modules has another suffix":
        ("X0713", made(more={"pkg/_more.cpython-310-aarch64-linux-gnu.so": Elf(
            "aarch64", defined=["PyInit__more"]).bytes()})),
    "abi3 with names outside the stable ABI":
        ("X0722", made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.abi3.so", undefined=["PyFrame_GetBack"])),
    "abi3 of an older Python than its names":
        ("X0722", made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.abi3.so", undefined=["PyObject_Vectorcall"])),
    "no PyInit of that name":
        ("X0714", made(so=Elf("aarch64", defined=["PyInit_other"]).bytes())),
    # the wheel
    "machine code for any platform": ("X0716", made("pkg-1.0-py3-none-any.whl")),
    "machine code as pure": ("X0717", made(wheel={"purelib": True})),
    "machine code in the purelib part":
        ("X0717", made(more={"pkg-1.0.data/purelib/x.so": module()})),
    "a search path of the build machine": ("X0710", made(rpath="/usr/local/lib")),
    "a search path out of the wheel": ("X0710", made(runpath="$ORIGIN/../../..")),
    "half an ELF file": ("X0702", made(so=module()[:400])),
    "tables behind the end of the file":
        ("X0702", made(so=module()[:0x20] + struct.pack("<Q", 1 << 40) + module()[0x28:])),
    "METADATA of another project":
        ("X0719", made(wheel={"metadata": "Metadata-Version: 2.1\nName: other\n"
                                          "Version: 1.0\n"})),
    "METADATA of another version":
        ("X0719", made(wheel={"metadata": "Metadata-Version: 2.1\nName: pkg\n"
                                          "Version: 2.0\n"})),
    "RECORD of other contents":
        ("X0718", made(wheel={"record": lambda t: t.replace("sha256=4", "sha256=5", 1)})),
    "RECORD lacks a file":
        ("X0718", made(wheel={"record": lambda t: t.split("\n", 1)[1]})),
    "an entry point outside the scripts folder":
        ("X0726", made(wheel={"extra": {"entry_points.txt":
                                        b"[console_scripts]\n../x = pkg:main\n"}})),
}
# What works for those who have it, and is refused where strictness is asked for.
STRICT = {
    "a module without an ABI in its name": ("X0727", made(member="pkg/_impl.so")),
    "stable ABI in a free-threaded wheel":
        ("X0713", made("pkg-1.0-cp313-cp313t-manylinux_2_17_aarch64.whl",
                       member="pkg/_impl.abi3.so")),
    "Tag: lines of another wheel":
        ("X0724", made(wheel={"tags": ["cp311-cp311-linux_aarch64"]})),
    "NEON under armv7l":
        ("X0721", made(ARM, machine="armv7", attributes={6: 10, 10: 3, 12: 1, 28: 1})),
    "ARMv8 under armv7l":
        ("X0721", made(ARM, machine="armv7", attributes={6: 14, 10: 4, 28: 1})),
    "a build path": ("X0711", made(text=b"\0/xorch/src/pkg/impl.c\0")),
    "a build path in its list of parts":
        ("X0711", made(wheel={"extra": {"sboms/pkg.cyclonedx.json":
                                        b'{"bom-ref": "path+file:///xorch/src#pkg@1"}'}})),
    "an executable stack": ("X0712", made(stack=7)),
    "exp of a static libm": ("X0708", made(defined=["exp"])),
}


def judge(ways, *flags):
    """The report of each way, all judged in one run."""
    with xt.scratch() as folder:
        paths = []
        for number, (_, (name, files, more)) in enumerate(ways.values()):
            path = os.path.join(folder, f"{number:02}", name)
            os.mkdir(os.path.dirname(path))
            paths.append(elfmake.wheel(path, files, **more))
        result = xt.run(["audit", "--json", *flags, *paths])
        reports = result.json["files"]
        xt.equal([r["file"] for r in reports], paths)
        return result, dict(zip(ways, reports))


def codes(report, severity):
    return {f["code"] for f in report["findings"] if f["severity"] == severity}


def test_every_way_is_refused():
    result, reports = judge(WAYS)
    wrong = [f"{way}: want {WAYS[way][0]}, got {sorted(codes(r, 'error'))}"
             for way, r in reports.items() if WAYS[way][0] not in codes(r, "error")]
    xt.equal(wrong, [])
    xt.equal(result.code, 7)


def test_each_has_its_own_exit_status():
    """A run over several files could hide a sound one among them."""
    for way in list(WAYS)[::6]:
        xt.equal(judge({way: WAYS[way]})[0].code, 7, way)


def test_told_and_refused_when_strict():
    result, reports = judge(STRICT)
    xt.equal(result.code, 0, result)
    for way, report in reports.items():
        xt.check(STRICT[way][0] in codes(report, "warning") | codes(report, "note"), way,
                 report)
    result, reports = judge(STRICT, "--strict")
    xt.equal(result.code, 7, result)
    for way, report in reports.items():
        xt.check(STRICT[way][0] in codes(report, "error"), way, report)


def test_sound_ones_pass():
    """The same makers, nothing wrong: what is refused above is refused for its fault."""
    lib = Elf("aarch64", soname="libfoo-1a2b.so.1", defined=["foo"]).bytes()
    sound = {
        "aarch64": ("", made()), "armv7l": ("", made(ARM, machine="armv7")),
        "x86_64": ("", made(SOUND % "x86_64", machine="x86_64")),
        "two tags": ("", made(V2_17)),
        "free-threaded": ("", made("pkg-1.0-cp313-cp313t-manylinux_2_17_aarch64.whl",
                                   member="pkg/_impl.cpython-313t-aarch64-linux-gnu.so")),
        "abi3": ("", made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl",
                          member="pkg/_impl.abi3.so")),
        "abi3 in a wheel of one Python": ("", made(member="pkg/_impl.abi3.so")),
        "musl": ("", made("pkg-1.0-cp311-cp311-musllinux_1_2_aarch64.whl", so=musl(),
                          member="pkg/_impl.cpython-311-aarch64-linux-musl.so")),
        "grafted": ("", made(needed=["libfoo-1a2b.so.1", "libc.so.6"],
                             rpath="$ORIGIN/../pkg.libs",
                             more={"pkg.libs/libfoo-1a2b.so.1": lib})),
        "between two policies": ("", made("pkg-1.0-cp311-cp311-manylinux_2_30_aarch64.whl")),
        "armv6l": ("", made("pkg-1.0-cp311-cp311-linux_armv6l.whl", machine="armv7")),
        "a plain library": ("", made(more={"pkg/libdata.so": Elf(
            "aarch64", defined=["data"]).bytes()})),
    }
    result, reports = judge(sound, "--strict")
    xt.equal({way: r["findings"] for way, r in reports.items() if r["findings"]}, {})
    xt.equal(result.code, 0, result)


if __name__ == "__main__":
    xt.main(globals())
