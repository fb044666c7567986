"""Every way of breaking and mislabelling a wheel that rows W03 to W16 name, that the audit
is to find, or that was seen in published wheels: each is made on purpose, from a sound
wheel with one thing wrong (tests/lib/broken_wheels.py), and each is refused with the code
and the words that say what is wrong, as JSON and as text."""
import os
import subprocess
import sys

import broken_wheels
import xt
from broken_wheels import ARM, SOUND, STRICT, V2_17, WAYS, Elf, grafted, made, musl


def judge(ways, *flags):
    """The report of each way, all judged in one run."""
    with xt.scratch() as folder:
        paths = broken_wheels.write(ways, folder)
        result = xt.run(["audit", "--json", *flags, *paths])
        reports = result.json["files"]
        xt.equal([r["file"] for r in reports], paths)
        return result, dict(zip(ways, reports))


def has_cause(report, row, *severities):
    """One finding has both the code and the words, in its message or its details."""
    return any(f["code"] == row[0] and f["severity"] in severities and
               any(row[1] in text for text in [f["message"], *f["details"]] +
                   [f"{f['member']}: {d}" for d in f["details"]])
               for f in report["findings"])


def shown(report):
    return [(f["code"], f["severity"], f["message"], f["details"])
            for f in report["findings"]]


def test_every_way_is_refused():
    xt.check(len(WAYS) + len(STRICT) >= 80, len(WAYS), len(STRICT))
    for flags in ((), ("--strict",)):
        result, reports = judge(WAYS, *flags)
        wrong = [f"{way}: want {WAYS[way][:2]}, got {shown(r)}"
                 for way, r in reports.items() if not has_cause(r, WAYS[way], "error")]
        xt.equal(wrong, [])
        xt.equal(result.code, 7)


def test_linux_arm_is_told_where_it_comes_from():
    ways = {w: r for w, r in WAYS.items() if w.endswith("under the tag linux_arm")}
    xt.equal(len(ways), 2)
    for way, report in judge(ways)[1].items():
        hints = [f["hint"] for f in report["findings"] if f["code"] == "X0703"]
        xt.check(any("_PYTHON_HOST_PLATFORM=linux-armv7l" in h for h in hints), way, hints)


def test_each_has_its_own_exit_status():
    """A run over several files could hide a sound one among them."""
    for way in list(WAYS)[::8]:
        xt.equal(judge({way: WAYS[way]})[0].code, 7, way)
    for way in list(STRICT)[::5]:
        xt.equal(judge({way: STRICT[way]}, "--strict")[0].code, 7, way)


def test_told_and_refused_when_strict():
    result, reports = judge(STRICT)
    xt.equal(result.code, 0, result)
    for way, report in reports.items():
        xt.check(has_cause(report, STRICT[way], "warning", "note"), way, shown(report))
    result, reports = judge(STRICT, "--strict")
    xt.equal(result.code, 7, result)
    for way, report in reports.items():
        xt.check(has_cause(report, STRICT[way], "error"), way, shown(report))


def test_text_says_the_same():
    """Each way's block in its turn: the code on the first line, the cause in it."""
    every = {**WAYS, **STRICT}
    with xt.scratch() as folder:
        paths = broken_wheels.write(every, folder)
        result = xt.run(["audit", "--strict", *paths])
    xt.equal(result.code, 7)
    at = 0
    for way, (code, cause, _) in every.items():
        block = result.err.find(f"error[{code}]: ", at)
        words = result.err.find(cause, block)
        end = result.err.find("\nerror[", block + 1)
        xt.check(block >= 0 and block < words and (end < 0 or words < end), way,
                 result.err[at:at + 2000])
        at = block + 1
    for path in paths:
        xt.check(f"{path}: " in result.out and f"{path}: ok" not in result.out, path)


def test_repair_does_not_dress_them_up():
    """What no graft can mend is refused by `xorch repair` too, and nothing is placed."""
    mended = {"X0710", "X0706", "X0724", "X0711", "X0712", "X0721", "X0727", "X0708", "X0709"}
    ways = {w: r for w, r in WAYS.items() if r[0] not in mended}
    # the tag is made anew, so what the old one promised is no matter
    tags = {"a newer glibc", "glibc 2.29 under manylinux2014", "a newer libstdc++",
            "glibc 2.34 under 2_31 for armv7", "one of two tags promises too much",
            "glibc 2.34 under 2_30, which lies between two policies", "a newer C++ ABI",
            "a newer zlib", "packed relocations"}
    with xt.scratch() as folder:
        every = {w: r for w, r in ways.items() if w not in tags}
        paths = broken_wheels.write(every, folder)
        result = xt.run(["repair", "--json", "--offline", "--out", "out", *paths],
                        cwd=folder)
        xt.check(result.code != 0, result)
        passed = [(way, f["repaired"]) for way, f in zip(every, result.json["files"])
                  if f["code"] == 0]
        xt.equal(passed, [])
        xt.check(not os.path.exists(os.path.join(folder, "out")) or
                 not os.listdir(os.path.join(folder, "out")))
        # and those get the tag that they deserve
        every = {w: r for w, r in ways.items() if w in tags}
        paths = broken_wheels.write(every, os.path.join(folder, "tags"))
        result = xt.run(["repair", "--json", "--offline", "--out", "out", "--replace",
                         *paths], cwd=folder)
        xt.equal(result.code, 0, result)
        for f in result.json["files"]:
            xt.equal(xt.run(["audit", os.path.join(folder, f["repaired"])]).code, 0)


def test_the_generator_by_hand():
    with xt.scratch() as folder:
        p = subprocess.run([sys.executable, broken_wheels.__file__, folder],
                           capture_output=True, text=True, check=True)
        xt.equal(len(p.stdout.splitlines()), len(WAYS) + len(STRICT))


def test_sound_ones_pass():
    """The same makers, nothing wrong: what is refused above is refused for its fault."""
    sound = {
        "aarch64": made(), "armv7l": made(ARM, machine="armv7"),
        "x86_64": made(SOUND % "x86_64", machine="x86_64"),
        "two tags": made(V2_17),
        "free-threaded": made("pkg-1.0-cp313-cp313t-manylinux_2_17_aarch64.whl",
                              member="pkg/_impl.cpython-313t-aarch64-linux-gnu.so"),
        "abi3": made("pkg-1.0-cp39-abi3-manylinux_2_17_aarch64.whl",
                     member="pkg/_impl.abi3.so"),
        # one file for CPythons of either kind, from 3.15 on (PEP 803)
        "abi3t": made("pkg-1.0-cp315-abi3.abi3t-manylinux_2_17_aarch64.whl",
                      member="pkg/_impl.abi3t.so"),
        "abi3t alone": made("pkg-1.0-cp315-abi3t-manylinux_2_17_aarch64.whl",
                            member="pkg/_impl.abi3t.so"),
        "abi3t as PEP 793 has it": made(
            "pkg-1.0-cp315-abi3t-manylinux_2_17_aarch64.whl", member="pkg/_impl.abi3t.so",
            so=Elf("aarch64", defined=["PyModExport__impl"],
                   undefined=["PyModule_FromSlotsAndSpec"]).bytes()),
        "abi3t in a wheel of one Python": made(
            "pkg-1.0-cp315-cp315t-manylinux_2_17_aarch64.whl", member="pkg/_impl.abi3t.so"),
        "abi3 in a wheel of one Python": made(member="pkg/_impl.abi3.so"),
        "musl": made("pkg-1.0-cp311-cp311-musllinux_1_2_aarch64.whl", so=musl(),
                     member="pkg/_impl.cpython-311-aarch64-linux-musl.so"),
        "grafted": grafted(),
        "between two policies": made("pkg-1.0-cp311-cp311-manylinux_2_30_aarch64.whl"),
        "armv6l": made("pkg-1.0-cp311-cp311-linux_armv6l.whl", machine="armv7"),
        "a plain library": made(more={"pkg/libdata.so": Elf(
            "aarch64", defined=["data"]).bytes()}),
        # what the notes say is no more than every processor has or passes over
        "BTI and PAC": made(feature=3),
        "x86-64's baseline": made(SOUND % "x86_64", machine="x86_64", isa=1),
        "a program": made(more={"pkg/prog": Elf(
            "aarch64", interp="/lib/ld-linux-aarch64.so.1").bytes()}),
        # no code, and no tag that promises any
        "data for one system": ("pkg-1.0-py3-none-manylinux_2_17_aarch64.whl",
                                {"pkg/firmware.bin": b"x"}, {}),
    }
    result, reports = judge({way: ("", "", row) for way, row in sound.items()}, "--strict")
    xt.equal({way: r["findings"] for way, r in reports.items() if r["findings"]}, {})
    xt.equal(result.code, 0, result)


if __name__ == "__main__":
    xt.main(globals())
