"""`xorch audit` as a command: files, folders, JSON, exit statuses."""
import os
import subprocess

import elfmake
import xt
from elfmake import Elf


def sound(folder, name="pkg", machine="aarch64"):
    so = Elf(machine, defined=["PyInit__impl"]).bytes()
    return elfmake.wheel(os.path.join(folder, elfmake.wheel_name(machine, name=name)),
                         {elfmake.module_name(machine): so})


def bad(folder, name="bad"):
    so = Elf("aarch64", defined=["PyInit__impl"], needed=["libnowhere.so.1"]).bytes()
    return elfmake.wheel(os.path.join(folder, elfmake.wheel_name("aarch64", name=name)),
                         {elfmake.module_name("aarch64"): so})


def test_one_wheel():
    with xt.scratch() as folder:
        path = sound(folder)
        r = xt.run(["audit", path])
        xt.equal(r.code, 0, r)
        xt.equal(r.out, path + ": ok, manylinux_2_17_aarch64\n", r)
        xt.equal(r.err, "", r)


def test_finding_as_text():
    with xt.scratch() as folder:
        path = bad(folder)
        r = xt.run(["audit", path])
        xt.equal(r.code, 7, r)
        xt.equal(r.out, path + ": 1 error, linux_aarch64\n", r)
        xt.equal(r.err, """\
error[X0706]: needs libnowhere.so.1, which manylinux_2_17_aarch64 does not take from the system
  wheel: bad-1.0-cp311-cp311-manylinux_2_17_aarch64.whl
  file:  pkg/_impl.cpython-311-aarch64-linux-gnu.so
  = note: the lowest tag that fits is linux_aarch64
  = help: graft it (wheel.repair), link it statically (wheel.link_static), or build without it
""", r)


def test_several_and_folders():
    with xt.scratch() as folder:
        sub = os.path.join(folder, "sub")
        hidden = os.path.join(folder, ".hidden")
        os.mkdir(sub)
        os.mkdir(hidden)
        b, a = sound(folder, "b"), sound(folder, "a", "armv7")
        c, d = sound(sub, "c"), bad(hidden)
        xt.write(os.path.join(folder, "notes.txt"), "not a wheel")
        os.symlink(d, os.path.join(folder, "link-1-py3-none-any.whl"))
        r = xt.run(["audit", "--json", folder])
        xt.equal(r.code, 0, r)
        xt.equal([f["file"] for f in r.json["files"]], [a, b, c], r)
        r = xt.run(["audit", "--json", d, folder])
        xt.equal(r.code, 7, r)
        xt.equal([f["file"] for f in r.json["files"]], [d, a, b, c], r)
        # many files at once go to several threads; order and results stay
        names = [sound(sub, f"n{i}") for i in range(40)]
        r = xt.run(["audit", "--json", "-j", "4", *names])
        xt.equal([f["file"] for f in r.json["files"]], names, r.err)
        xt.equal({f["tag"] for f in r.json["files"]}, {"manylinux_2_17_aarch64"})


def test_json_shape():
    with xt.scratch() as folder:
        path = bad(folder)
        r = xt.run(["audit", "--json", path])
        xt.equal(r.err, "", r)
        xt.equal(r.json, {"v": 1, "files": [{
            "file": path, "tag": "linux_aarch64", "findings": [{
                "code": "X0706", "severity": "error",
                "message": "needs libnowhere.so.1, which manylinux_2_17_aarch64 does not take "
                           "from the system",
                "member": "pkg/_impl.cpython-311-aarch64-linux-gnu.so", "details": [],
                "minimum_tag": "linux_aarch64",
                "hint": "graft it (wheel.repair), link it statically (wheel.link_static), or "
                        "build without it"}]}]}, r)


def test_bare_files():
    with xt.scratch() as folder:
        so = xt.write(os.path.join(folder, "x.so"), Elf(
            "armv7", undefined=[("stat", "libc.so.6", "GLIBC_2.33")]).bytes())
        r = xt.run(["audit", so])
        xt.equal((r.code, r.out), (0, so + ": ok, manylinux_2_34_armv7l (ARM, 32-bit, "
                                   "shared object)\n"), r)
        r = xt.run(["audit", xt.XORCH])
        xt.equal(r.code, 0, r)
        xt.check("x86-64, 64-bit, program" in r.out, r)


def test_static_programs_have_no_tag():
    """What takes nothing from the system is under no policy: compiled here, both ways."""
    with xt.scratch() as folder:
        source = xt.write(os.path.join(folder, "p.c"), "void _start(void) { for (;;); }\n")
        for flags in (["-static"], ["-static-pie", "-fPIE"]):
            out = os.path.join(folder, "program")
            subprocess.run(["cc", "-nostdlib", "-ffreestanding", *flags, "-o", out, source],
                           check=True)
            r = xt.run(["audit", out])
            xt.equal((r.code, r.out), (0, out + ": ok (x86-64, 64-bit, static program)\n"), r)
            xt.equal(xt.run(["audit", "--json", out]).json["files"][0]["tag"], None)


def test_other_systems():
    with xt.scratch() as folder:
        path = os.path.join(folder, "pkg-1.0-cp311-cp311-macosx_11_0_arm64.whl")
        elfmake.wheel(path, {"pkg/_impl.cpython-311-darwin.so": b"\xcf\xfa\xed\xfe"})
        r = xt.run(["audit", "--json", path])
        xt.equal(r.code, 0, r)
        file = r.json["files"][0]
        xt.equal(file["tag"], None, r)
        xt.equal([f["message"] for f in file["findings"]],
                 ["a wheel for another system than Linux"], r)


def test_exit_statuses():
    with xt.scratch() as folder:
        good, broken = sound(folder), os.path.join(folder, "x-1-py3-none-any.whl")
        empty = os.path.join(folder, "empty")
        os.mkdir(empty)
        xt.write(broken, "no zip file")
        text = xt.write(os.path.join(folder, "text"), "text")
        missing = os.path.join(folder, "missing.whl")
        os.mkfifo(os.path.join(folder, "fifo"))
        for args, code, words in (
                ([], 2, "X0731"), ([empty], 3, "X0732"), ([missing], 2, "missing.whl"),
                ([text], 2, "neither a wheel nor an ELF file"),
                ([os.path.join(folder, "fifo")], 2, "not a regular file"),
                ([broken], 6, "X0651"), ([bad(folder)], 7, "X0706"),
                # the others are judged all the same, the worst decides
                ([missing, good], 2, "missing.whl"), ([missing, bad(folder)], 7, "X0706"),
                ([missing, bad(folder), broken], 6, "X0651")):
            r = xt.run(["audit", *args])
            xt.equal(r.code, code, args, r)
            xt.check(words in r.err, words, r)
            if good in args:
                xt.check(good + ": ok" in r.out, r)
        r = xt.run(["audit", "--json", missing, good])
        xt.equal([f["tag"] for f in r.json["files"]], [None, "manylinux_2_17_aarch64"], r)
        xt.equal(r.json["files"][0]["findings"][0]["code"], "X0730", r)


def test_hostile_names_are_escaped():
    with xt.scratch() as folder:
        path = os.path.join(folder, "evil\x1b[2J-1-py3-none-any.whl")
        xt.write(path, "PK\3\4")
        r = xt.run(["audit", path])
        xt.equal(r.code, 6, r)
        xt.check("\x1b" not in r.out + r.err and "\\x1b" in r.err, r)


if __name__ == "__main__":
    xt.main(globals())
