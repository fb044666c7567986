"""Rows W07 to W15 and A22 of the fault table, as foreign wheels that `xorch audit`
judges. Every case is the sound wheel below with one thing wrong."""
import os
import struct

import elfmake
import xt
from broken_wheels import GLIBC, module
from elfmake import GLOBAL, OBJECT, WEAK, Elf


def make(folder, machine="aarch64", policy="manylinux_2_17", abi="cp311", member=None,
         so=None, more=None, wheel=None, **elf):
    path = os.path.join(folder, elfmake.wheel_name(machine, policy, abi))
    files = {"pkg/__init__.py": b"", **(more or {}),
             member or elfmake.module_name(machine): so or module(machine, **elf)}
    return elfmake.wheel(path, files, **(wheel or {}))


def audit(path, *flags):
    result = xt.run(["audit", "--json", *flags, path])
    files = result.json["files"]
    assert len(files) == 1 and result.json["v"] == 1, result
    return result, files[0]


def finding(path, code, *flags, severity="error", exit_code=7):
    """The one finding with this code; the exit status must fit its severity."""
    result, file = audit(path, *flags)
    found = [f for f in file["findings"] if f["code"] == code]
    assert len(found) == 1, (code, result)
    assert found[0]["severity"] == severity, found
    assert result.code == exit_code, result
    if severity == "error":  # the text for people names code, wheel and a way out
        text = xt.run(["audit", *flags, path])
        assert f"error[{code}]: " in text.err, text
        assert text.code == exit_code, text
    return found[0]


def details(found):
    return "\n".join(found["details"])


def test_sound_wheels_pass():
    with xt.scratch() as folder:
        for machine, arch in (("aarch64", "aarch64"), ("armv7", "armv7l"),
                              ("x86_64", "x86_64")):
            path = make(folder, machine)
            result, file = audit(path, "--strict")
            assert result.code == 0 and file["findings"] == [], result
            want = "manylinux_2_5" if machine == "x86_64" else "manylinux_2_17"
            assert file["tag"] == f"{want}_{arch}", result


def test_W07_other_machine():
    with xt.scratch() as folder:
        path = make(folder, so=module("x86_64"))
        f = finding(path, "X0703")
        assert f["message"] == "wheel says aarch64, code is x86-64", f
        assert "62 (x86-64" in details(f) and "183 (AArch64" in details(f), f
        assert f["member"] == "pkg/_impl.cpython-311-aarch64-linux-gnu.so"
        # 32 against 64 bits, and another 64-bit machine
        assert finding(make(folder, so=module("armv7")), "X0703")
        assert audit(make(folder, so=module("armv7")))[1]["tag"] is None


def test_W08_wrong_suffix():
    with xt.scratch() as folder:
        f = finding(make(folder, member=elfmake.module_name("x86_64")), "X0713")
        assert "x86_64-linux-gnu" in details(f), f
        assert ".cpython-311-aarch64-linux-gnu.so" in details(f), f
        # another Python's ABI; free-threaded against not
        for abi in ("312", "311t"):
            f = finding(make(folder, member=elfmake.module_name("aarch64", abi=abi)),
                        "X0713")
            assert f"CPython ABI {abi}" in details(f), f
        for fine in ("pkg/_impl.so", "pkg/_impl.abi3.so"):
            assert audit(make(folder, member=fine))[0].code == 0, fine


def test_W09_soft_float():
    with xt.scratch() as folder:
        for flags in (0x5000200, 0x5000000):
            f = finding(make(folder, "armv7", flags=flags), "X0704")
            assert "soft-float" in f["message"] and f"0x{flags:x}" in details(f), f
        f = finding(make(folder, "armv7", flags=0x4000400), "X0704")
        assert "EABI version 4" in f["message"], f


def test_W09_cpu_above_the_platform():
    cases = [({6: 14, 10: 4, 28: 1}, "v8-A"), ({6: 10, 10: 3, 28: 1}, "VFPv3,"),
             ({6: 10, 10: 4, 12: 1, 28: 1}, "NEONv1"), ({6: 10, 10: 6, 28: 1}, "VFPv4-D16")]
    with xt.scratch() as folder:
        for attributes, shown in cases:
            path = make(folder, "armv7", attributes=attributes)
            f = finding(path, "X0721", severity="note", exit_code=0)
            assert shown in details(f), f
            finding(path, "X0721", "--strict")
        for fine in ({6: 10, 10: 4, 28: 1}, {6: 9, 10: 2, 28: 1}):
            path = make(folder, "armv7", attributes=fine)
            assert audit(path, "--strict")[1]["findings"] == [], fine


def test_W10_newer_glibc():
    with xt.scratch() as folder:
        new = [("__isoc23_strtol", "libc.so.6", "GLIBC_2.38"),
               ("stat", "libc.so.6", "GLIBC_2.33")]
        path = make(folder, policy="manylinux_2_31", undefined=new)
        f = finding(path, "X0705")
        assert f["message"] == "needs a newer glibc than manylinux_2_31_aarch64", f
        assert "__isoc23_strtol@GLIBC_2.38" in details(f), f
        assert "stat@GLIBC_2.33" in details(f) and "malloc" not in details(f), f
        assert f["minimum_tag"] == "manylinux_2_38_aarch64", f
        assert audit(path)[1]["tag"] == "manylinux_2_38_aarch64"
        cxx = [("_ZSt3foov", "libstdc++.so.6", "GLIBCXX_3.4.20")]
        f = finding(make(folder, undefined=cxx, needed=["libstdc++.so.6", "libc.so.6"]),
                    "X0705")
        assert "libstdc++" in f["message"] and f["minimum_tag"] == \
            "manylinux_2_24_aarch64", f
        # no policy at all: membership, not "at most"
        f = finding(make(folder, undefined=[("x", "libc.so.6", "GLIBC_PRIVATE")]), "X0705")
        assert "no policy allows GLIBC_PRIVATE" in details(f), f
        assert f["minimum_tag"] == "linux_aarch64", f
        # a bare need without a symbol
        f = finding(make(folder, needs=[("libc.so.6", "GLIBC_ABI_DT_RELR")]), "X0705")
        assert "GLIBC_ABI_DT_RELR" in details(f), f


def test_W10_private_symbols():
    with xt.scratch() as folder:
        path = make(folder, undefined=["inflate_table"], needed=["libz.so.1", "libc.so.6"])
        f = finding(path, "X0725")
        assert "inflate_table of libz.so.1" in details(f), f
        weak = [("inflate_table", "libz.so.1", "ZLIB_1.2.0", WEAK)]
        path = make(folder, undefined=weak, needed=["libz.so.1", "libc.so.6"])
        assert audit(path)[0].code == 0


def test_W11_needed_library():
    with xt.scratch() as folder:
        f = finding(make(folder, needed=["libssl.so.3", "libc.so.6"]), "X0706")
        assert "libssl.so.3" in f["message"] and f["member"].endswith("gnu.so"), f
        f = finding(make(folder, needed=["libpython3.11.so.1.0", "libc.so.6"]), "X0706")
        assert "interpreter" in f["hint"], f
        # grafted and found by RUNPATH: fine; grafted but not found: not
        lib = Elf("aarch64", soname="libfoo.so.1", defined=["foo"]).bytes()
        more = {"pkg.libs/libfoo.so.1": lib}
        path = make(folder, needed=["libfoo.so.1", "libc.so.6"], more=more,
                    runpath="$ORIGIN/../pkg.libs")
        assert audit(path)[0].code == 0
        path = make(folder, needed=["libfoo.so.1", "libc.so.6"], more=more)
        finding(path, "X0706")
        # what the grafted library needs counts too
        lib = Elf("aarch64", soname="libfoo.so.1", needed=["libbar.so.2"]).bytes()
        path = make(folder, needed=["libfoo.so.1", "libc.so.6"],
                    more={"pkg.libs/libfoo.so.1": lib}, rpath="$ORIGIN/../pkg.libs")
        f = finding(path, "X0706")
        assert "libbar.so.2" in f["message"] and f["member"] == "pkg.libs/libfoo.so.1", f


def test_W12_rpath():
    bad = ["/usr/local/lib", "", "lib", "$ORIGIN/../..", "$ORIGIN:/xorch/out",
           "${ORIGIN}/../../etc", "$ORIGINAL/x"]
    with xt.scratch() as folder:
        for value in bad[:1] + bad[2:]:
            for key in ("rpath", "runpath"):
                f = finding(make(folder, **{key: value}), "X0710")
                assert key.upper() in f["message"], f
        for value in ("$ORIGIN", "$ORIGIN/../pkg.libs", "${ORIGIN}/sub", ""):
            assert audit(make(folder, rpath=value))[0].code == 0, value


def test_W12_build_paths():
    with xt.scratch() as folder:
        path = make(folder, text=b"assert\0/xorch/src/pkg/impl.c\0")
        f = finding(path, "X0711", severity="note", exit_code=0)
        assert details(f) == "/xorch/src/pkg/impl.c", f
        assert "the same on every machine" in f["message"], f
        finding(path, "X0711", "--strict")
        for text in (b"/home/", b"/opt/rh/root/usr/include\0", b"/usr/include/stdio.h\0"):
            assert audit(make(folder, text=text), "--strict")[0].code == 0, text
        path = make(folder, text=b"\0/home/me/pkg/impl.c\0")
        finding(path, "X0711", severity="warning", exit_code=0)
        # the one that tells more is the one that is told
        path = make(folder, text=b"\0/xorch/src/pkg/impl.c\0/home/me/pkg/impl.c\0")
        f = finding(path, "X0711", severity="warning", exit_code=0)
        assert details(f) == "/home/me/pkg/impl.c" and "of the machine" in f["message"], f


def test_W13_damaged_elf():
    with xt.scratch() as folder:
        so = module()
        for damage in (so[:len(so) // 2], so[:0x20] + struct.pack("<Q", 1 << 40) + so[0x28:]):
            f = finding(make(folder, so=damage), "X0702")
            assert "damaged ELF" in f["message"], f


def test_W14_record():
    edits = {
        "not listed": lambda t: t.split("\n", 1)[1],
        "another hash": lambda t: t.replace("sha256=4", "sha256=5", 1),
        "another size": lambda t: t.replace(",0\n", ",7\n", 1),
        "listed twice": lambda t: t + "pkg/__init__.py,,\n",
        "an absolute path": lambda t: t + "/etc/passwd,,\n",
        'a path with ".."': lambda t: t + "../x,,\n",
        "not in the wheel": lambda t: t + "pkg/gone.py,,\n",
        "weaker than sha256": lambda t: t.replace("sha256=", "md5=", 1),
        "without a hash": lambda t: t.replace(t.split("\n")[0], "pkg/__init__.py,,", 1),
    }
    with xt.scratch() as folder:
        for want, edit in edits.items():
            f = finding(make(folder, wheel={"record": edit}), "X0718")
            assert want in details(f), (want, f)
        f = finding(make(folder, wheel={"record": lambda t: t + "a,sha256,x\n"}), "X0718")
        assert "line" in f["message"], f


def test_W15_entry_points_and_purelib():
    with xt.scratch() as folder:
        points = b"[console_scripts]\nfine = pkg:main\n../../bin/sh = pkg:main\n"
        f = finding(make(folder, wheel={"extra": {"entry_points.txt": points}}), "X0726")
        assert "../../bin/sh" in details(f) and "fine" not in details(f), f
        other = b"[pkg.plugins]\na/b = pkg:main\n"
        path = make(folder, wheel={"extra": {"entry_points.txt": other}})
        assert audit(path)[0].code == 0
        finding(make(folder, wheel={"purelib": True}), "X0717")
        path = make(folder, more={"pkg-1.0.data/purelib/x.so": module()})
        f = finding(path, "X0717")
        assert f["member"] == "pkg-1.0.data/purelib/x.so", f
        # a script's name cannot leave its folder: the container is refused
        path = make(folder, more={"pkg-1.0.data/scripts/../../x": b"#!/bin/sh"})
        finding(path, "X0651", exit_code=6)


def test_W16_stable_abi():
    with xt.scratch() as folder:
        def abi3(python, *names):
            path = os.path.join(folder, f"pkg-1.0-{python}-abi3-manylinux_2_17_aarch64.whl")
            return elfmake.wheel(path, {"pkg/_impl.abi3.so": module(undefined=names)})
        assert audit(abi3("cp39", "PyLong_FromLong"))[0].code == 0
        f = finding(abi3("cp39", "PyFrame_GetBack", "_PyObject_Secret"), "X0722")
        assert "_PyObject_Secret (not in the stable ABI)" in details(f), f
        f = finding(abi3("cp39", "PyObject_Vectorcall"), "X0722")
        assert "PyObject_Vectorcall (since 3.12)" in details(f), f
        assert audit(abi3("cp312", "PyObject_Vectorcall"))[0].code == 0


def test_memory_protection():
    with xt.scratch() as folder:
        for more, text in (({"stack": 7}, "executable stack"), ({"textrel": True}, "relocations"),
                           ({"code_flags": 7}, "both writable and executable")):
            path = make(folder, **more)
            f = finding(path, "X0712", severity="warning", exit_code=0)
            assert text in f["message"], f
            finding(path, "X0712", "--strict")


def test_leaked_definitions():
    with xt.scratch() as folder:
        path = make(folder, defined=["exp", ("sinf", WEAK), "my_exp"])
        f = finding(path, "X0708", severity="warning", exit_code=0)
        assert details(f) == "exp\nsinf", f
        strong = ["_ZNSt6locale5facetD1Ev", "__cxa_throw", "_ZNSt7__cxx1112basic_stringIcE3fooEv",
                  ("_ZNSt9exceptionD0Ev", WEAK), ("_ZNKSt4hashI3FooEclES0_", GLOBAL)]
        f = finding(make(folder, defined=strong), "X0709", severity="note", exit_code=0)
        assert details(f) == "_ZNSt6locale5facetD1Ev\n__cxa_throw", f
        assert audit(make(folder, defined=[("table", GLOBAL, OBJECT)]), )[1]["findings"] == []


def test_missing_init():
    with xt.scratch() as folder:
        so = Elf("aarch64", defined=["PyInit_other"]).bytes()
        f = finding(make(folder, so=so), "X0714")
        assert "PyInit__impl" in f["message"], f
        # a plain library may be called as it likes
        assert audit(make(folder, so=so, member="pkg/libdata.so"))[0].code == 0
        # offers functions, uses nothing of Python: for ctypes, though named like a module
        so = Elf("aarch64", defined=["table_lookup"]).bytes()
        assert audit(make(folder, so=so))[0].code == 0


def test_W03_names_and_metadata():
    with xt.scratch() as folder:
        meta = "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"
        f = finding(make(folder, wheel={"metadata": meta}), "X0719")
        assert "other 1.0" in details(f), f
        f = finding(make(folder, wheel={"tags": ["cp311-cp311-linux_aarch64"]}), "X0724",
                    severity="warning", exit_code=0)
        assert "only in WHEEL: cp311-cp311-linux_aarch64" in details(f), f
        path = os.path.join(folder, "pkg-1.0-py3-none-any.whl")
        elfmake.wheel(path, {"pkg/x.so": module()})
        assert "any platform" in finding(path, "X0716")["message"]


def patch(path, where, data):
    with open(path, "r+b") as f:
        f.seek(where)
        f.write(data)


def test_A22_zip():
    """Each edit makes two readers see two different wheels."""
    def central(data):
        return data.index(b"PK\1\2")

    def end(data):
        return data.rindex(b"PK\5\6")
    cases = {
        "local name": lambda d: d[:30] + b"X" + d[31:],
        "local size": lambda d: d[:22] + b"\xff" + d[23:],
        "local crc": lambda d: d[:14] + b"\xff" + d[15:],
        "central crc": lambda d: d[:central(d) + 16] + b"\xff" + d[central(d) + 17:],
        "trailing": lambda d: d + b"tail",
        "leading": lambda d: b"#!sh\n" + d,
        "comment": lambda d: d[:-2] + struct.pack("<H", 8) + b"PK\3\4xxxx",
        "zip in comment": lambda d: d[:-2] + struct.pack("<H", len(d)) + d,
        "gap": lambda d: d[:end(d)] + b"gap!" + d[end(d):],
        "cut": lambda d: d[:-30],
    }
    with xt.scratch() as folder:
        path = make(folder)
        sound = open(path, "rb").read()
        for name, edit in cases.items():
            with open(path, "wb") as f:
                f.write(edit(sound))
            found = finding(path, "X0651", exit_code=6)
            assert "refused as a ZIP file" in found["message"], (name, found)
        with open(path, "wb") as f:
            f.write(sound)
        assert audit(path)[0].code == 0


def test_W06_pure_is_no_error_by_itself():
    with xt.scratch() as folder:
        path = os.path.join(folder, "pkg-1.0-py3-none-any.whl")
        elfmake.wheel(path, {"pkg/__init__.py": b""}, purelib=True)
        result, file = audit(path)
        assert result.code == 0 and file["tag"] is None, result


if __name__ == "__main__":
    xt.main(globals())
