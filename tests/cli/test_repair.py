"""`xorch repair` on wheels made byte by byte: what it says and does where nothing has to
be fetched. Real libraries are in tests/e2e/test_repair.py."""
import base64
import json
import os
import shutil
import zipfile

import elfmake
import judges
import xt
from xt import read, sha256 as sha
from elfmake import Elf

SUFFIX = ".intoto.jsonl"
ARM = "pkg-1.0-cp311-cp311-linux_armv7l.whl"
AARCH64 = "pkg-1.0-cp311-cp311-linux_aarch64.whl"


def made(folder, name=AARCH64, machine="aarch64", more=None, wheel=None, **elf):
    elf.setdefault("defined", ["PyInit__impl"])
    return elfmake.wheel(os.path.join(folder, name), {
        "pkg/__init__.py": b"", elfmake.module_name(machine): Elf(machine, **elf).bytes(),
        **(more or {})}, **(wheel or {}))


def repair(home, *args, **env):
    return xt.run(["repair", "--offline", *args], home=home, cwd=home, **env)


def refused(home, code, words, *args):
    result = repair(home, *args)
    xt.equal(result.code, code, result)
    for word in words:
        xt.check(word in result.err, word, result)
    xt.check(not os.path.exists(os.path.join(home, "dist")) or
             not os.listdir(os.path.join(home, "dist")), result)
    return result


def test_nothing_to_graft():
    """Only the tag, in the file name and inside; a second run changes nothing."""
    with xt.scratch() as home:
        wheel = made(home, undefined=[("memcpy", "libc.so.6", "GLIBC_2.17")])
        result = repair(home, wheel)
        xt.equal(result.code, 0, result)
        out = os.path.join(home, result.out.strip())
        xt.equal(os.path.basename(out), "pkg-1.0-cp311-cp311-manylinux2014_aarch64."
                 "manylinux_2_17_aarch64.whl")
        xt.check("nothing to graft" in result.err, result)
        with zipfile.ZipFile(out) as z:
            info = z.read("pkg-1.0.dist-info/WHEEL").decode()
            xt.check("Tag: cp311-cp311-manylinux_2_17_aarch64\n" in info, info)
            xt.check(not any("sboms" in n for n in z.namelist()), z.namelist())
        xt.equal(xt.run(["audit", "--strict", out]).code, 0)
        with open(out, "rb") as f:
            before = f.read()
        again = repair(home, out)
        xt.equal((again.code, again.out), (0, result.out), again)
        with open(out, "rb") as f:
            xt.equal(f.read(), before)


def test_what_has_its_tag_is_copied():
    """Byte by byte: its RECORD and dates are its maker's."""
    with xt.scratch() as home:
        wheel = made(home, "pkg-1.0-cp311-cp311-manylinux2014_aarch64."
                     "manylinux_2_17_aarch64.whl")
        pure = elfmake.wheel(os.path.join(home, "pure-1.0-py3-none-any.whl"),
                             {"pure.py": b"x = 1\n"}, purelib=True)
        result = repair(home, "--json", wheel, pure)
        xt.equal(result.code, 0, result)
        for source, entry in zip((wheel, pure), result.json["files"]):
            xt.equal(entry["grafted"], [])
            with open(source, "rb") as a, open(os.path.join(home, entry["repaired"]),
                                               "rb") as b:
                xt.equal(a.read(), b.read())


def test_build_tag_and_several():
    with xt.scratch() as home:
        made(home, "pkg-1.0-1local-cp311-cp311-linux_aarch64.whl")
        made(home, "pkg-1.0-cp311-cp311-linux_armv7l.whl", "armv7")
        result = repair(home, home, "--out", "wheels")
        xt.equal(result.code, 0, result)
        names = [
            "pkg-1.0-1local-cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
            "pkg-1.0-cp311-cp311-manylinux2014_armv7l.manylinux_2_17_armv7l.whl"]
        xt.equal(sorted(os.listdir(os.path.join(home, "wheels"))),
                 sorted(names + [n + SUFFIX for n in names]))
        with zipfile.ZipFile(os.path.join(home, "wheels", sorted(os.listdir(
                os.path.join(home, "wheels")))[0])) as z:
            xt.check("Build: 1local\n" in z.read("pkg-1.0.dist-info/WHEEL").decode())


def test_floor():
    """The lowest tag that holds, not above the floor; below it the symbols are named."""
    with xt.scratch() as home:
        wheel = made(home, undefined=[("dlopen", "libc.so.6", "GLIBC_2.34")])
        refused(home, 7, ["X0705", "manylinux_2_17_aarch64", "dlopen@GLIBC_2.34",
                          elfmake.module_name("aarch64"), "manylinux_2_34_aarch64"],
                wheel, "--floor", "2_17")
        for floor in ([], ["--floor", "2_34"], ["--floor", "2_39"]):
            result = repair(home, wheel, *floor)
            xt.check(result.out.endswith("manylinux_2_34_aarch64.whl\n"), result)
        # as auditwheel reads it; of another machine it says nothing
        for name, value, code in (("AUDITWHEEL_PLAT", "manylinux2014_aarch64", 7),
                                  ("PLAT", "manylinux_2_31_aarch64", 7),
                                  ("PLAT", "manylinux_2_31_armv7l", 0)):
            xt.equal(repair(home, wheel, **{name: value}).code, code, name, value)
        refused_text = repair(home, wheel, "--floor", "2.17")
        xt.equal(refused_text.code, 2)
        xt.check("X0121" in refused_text.err, refused_text)


def test_other_processors():
    with xt.scratch() as home:
        wheel = made(home, "pkg-1.0-cp311-cp311-linux_x86_64.whl", "x86_64", isa=4)
        refused(home, 7, ["X0703", "asks for x86-64-v3"], wheel)


def test_refused():
    with xt.scratch() as home:
        wheel = made(home)
        text = xt.write(os.path.join(home, "pkg-2.0-py3-none-any.whl"), "no zip")
        cases = [
            (2, ["X0731"], []),
            (3, ["X0732"], [os.path.join(home, "empty")]),
            (2, ["X0820", "nothere-1.0-py3-none-any.whl"], ["nothere-1.0-py3-none-any.whl"]),
            (7, ["X0719"], [xt.write(os.path.join(home, "pkg_1.whl"), "")]),
            (6, ["X0651"], [text]),
            (2, ["X0749", "linux_aarch64", "armv7"], [wheel, "--target", "armv7"]),
            (2, ["X0107"], [wheel, "--target", "s390x"]),
            (2, ["X0748", "it is for musl"],
             [made(home, "pkg-1.0-cp311-cp311-musllinux_1_2_aarch64.whl")]),
            (2, ["X0748", "its tag is linux_s390x"],
             [made(home, "pkg-1.0-cp311-cp311-linux_s390x.whl", "s390x")]),
            (2, ["X0748", "win_amd64"], [made(home, "pkg-1.0-cp311-cp311-win_amd64.whl")]),
            (2, ["X0748", "linux_arm"],
             [made(home, "pkg-1.0-cp311-cp311-linux_arm.whl", "armv7")]),
            (2, ["X0301", "debian-4"], [wheel, "--sysroot", "debian-4"]),
            (2, ["X0820", "nothere"], [wheel, "--lib-dir", "nothere"]),
            (7, ["X0703", "wheel says armv7l"], [made(home, ARM, "aarch64")]),
            (7, ["X0713"], [made(home, "pkg-1.0-cp312-cp312-linux_aarch64.whl")]),
            (7, ["X0718", "RECORD"], [made(home, "pkg-3.0-cp311-cp311-linux_aarch64.whl",
                                           wheel={"record": lambda t: t.replace(
                                               "sha256=4", "sha256=5")})]),
        ]
        os.mkdir(os.path.join(home, "empty"))
        for code, words, args in cases:
            refused(home, code, words, *args)


def test_linux_arm_of_distutils():
    """No installer knows that tag; with --target the code decides."""
    with xt.scratch() as home:
        wheel = made(home, "pkg-1.0-cp311-cp311-linux_arm.whl", "armv7")
        result = repair(home, wheel, "--target", "armv7")
        xt.check(result.out.endswith("manylinux_2_17_armv7l.whl\n"), result)
    with xt.scratch() as home:
        refused(home, 7, ["X0703"], made(home, "pkg-1.0-cp311-cp311-linux_arm.whl",
                                         "aarch64"), "--target", "armv7")


def test_never_over_other_bytes():
    with xt.scratch() as home:
        wheel = made(home)
        first = repair(home, wheel)
        made(home, more={"pkg/more.py": b"1\n"})
        again = repair(home, wheel)
        xt.equal(again.code, 7, again)
        xt.check("X0723" in again.err and "--out" in again.err, again)
        out = os.path.join(home, first.out.strip())
        xt.check(sha(out) in read(out + SUFFIX), "the old one's statement is gone")
        replaced = repair(home, wheel, "--replace")
        xt.equal((replaced.code, replaced.out), (0, first.out), replaced)
        xt.check(sha(out) in read(out + SUFFIX), "it has the old one's statement")


def test_several_failures():
    """Of one kind: its status; of several: 1. What can be repaired is."""
    with xt.scratch() as home:
        good = made(home)
        musl = made(home, "pkg-1.0-cp311-cp311-musllinux_1_2_aarch64.whl")
        bad = made(home, "pkg-1.0-cp312-cp312-linux_aarch64.whl")
        result = repair(home, "--json", musl, good, musl)
        xt.equal(result.code, 2, result)
        xt.equal([f["code"] for f in result.json["files"]], [2, 0, 2])
        xt.check("X0748" in result.json["files"][0]["error"], result)
        xt.equal(repair(home, musl, good, bad).code, 1)
        xt.equal([n.endswith(SUFFIX) for n in sorted(os.listdir(
            os.path.join(home, "dist")))], [False, True])


def test_excluded():
    """Another package brings it: neither grafted nor held against the tag."""
    with xt.scratch() as home:
        wheel = made(home, needed=["libcudart.so.12", "libc.so.6"])
        result = repair(home, wheel, "--exclude-lib", "libcu*.so.*")
        xt.equal(result.code, 0, result)
        out = os.path.join(home, result.out.strip())
        with xt.scratch() as folder:
            module, = judges.unpack(out, folder)
            xt.check("[libcudart.so.12]" in judges.readelf("-d", module))


def run(home, *args, code=0, **env):
    result = xt.run([args[0], "--offline", *args[1:]], home=home, cwd=home, **env)
    xt.equal(result.code, code, result)
    return result


def test_statement_of_a_tag():
    """Nothing was grafted: no sysroot and no tool is in it."""
    with xt.scratch() as home:
        wheel = made(home, undefined=[("memcpy", "libc.so.6", "GLIBC_2.17")])
        out = os.path.join(home, repair(home, wheel, "--floor", "2_31",
                                        SOURCE_DATE_EPOCH="1700000000").out.strip())
        d = json.loads(read(out + SUFFIX))["predicate"]["buildDefinition"]
        name = {"name": AARCH64, "digest": {"sha256": sha(wheel)}}
        xt.equal(d["externalParameters"], {
            "wheel": name, "target": "aarch64", "sysroot": "debian-11", "floor": "2_31",
            "sourceDateEpoch": "1700000000"})
        xt.equal(d["internalParameters"], {
            "before": {"platforms": ["linux_aarch64"], "tag": "manylinux_2_17_aarch64"},
            "after": {"platforms": ["manylinux2014_aarch64", "manylinux_2_17_aarch64"],
                      "tag": "manylinux_2_17_aarch64"}})
        xt.equal(d["resolvedDependencies"], [{
            **name, "uri": "pkg:pypi/pkg@1.0?file_name=" + AARCH64,
            "annotations": {"for": "wheel"}}])
        said = run(home, "explain", out)
        for words in ("repaired by", AARCH64, "linux_aarch64 (by its code "
                      "manylinux_2_17_aarch64)", "libraries put in    none", "as stated"):
            xt.check(words in said.out, words, said)
        xt.check("none: not in a git repository" not in said.out, said)
        # the date is that of the statement, and AUDITWHEEL_PLAT asks for nothing
        xt.check("identical" in run(home, "rebuild", out, "--strict",
                                    AUDITWHEEL_PLAT="manylinux_2_17_aarch64").out)


def test_rebuild_looks_for_the_wheel():
    with xt.scratch() as home:
        wheel = made(home)
        out = os.path.join(home, repair(home, wheel).out.strip())
        run(home, "rebuild", out)  # it is here
        os.mkdir(os.path.join(home, "in"))
        shutil.move(wheel, os.path.join(home, "in"))
        bad = run(home, "rebuild", out, code=2)
        for words in ("X0698", AARCH64, "sha256 ", f"{home}/dist, ., dist",
                      f"xorch rebuild {out} --find-links DIR"):
            xt.check(words in bad.err, words, bad)
        made(home, more={"pkg/more.py": b""})
        bad = run(home, "rebuild", out, code=2)
        xt.check(f"./{AARCH64} is another file" in bad.err, bad)
        run(home, "rebuild", out + SUFFIX, "--find-links", "in")
        run(home, "rebuild", out, XORCH_FIND_LINKS="in")
        # what a stranger's statement says leads nowhere else
        line = read(out + SUFFIX)
        for old, new, code, word in (
                (f'"wheel":{{"digest":{{"sha256":"{sha(home + "/in/" + AARCH64)}"}},'
                 f'"name":"{AARCH64}"', '"wheel":{"name":"../in/' + AARCH64 + '"', 6,
                 "X0690"),
                ('"target":"aarch64"', '"target":"armv7"', 2, "X0749"),
                ('"sysroot":"debian-11"', '"sysroot":"../x"', 2, "X0301"),
                ('"annotations":{"for":"wheel"}', '"annotations":{"for":"x","package":'
                 '"../y","path":"pool/z","size":1,"version":"1"}', 6, "X0690"),
                ('"annotations":{"for":"wheel"}', '"annotations":{"for":"x","package":'
                 '"y","path":"../z","size":1,"suite":"bullseye","version":"1"}', 2,
                 "within the archive"),
                ('"annotations":{"for":"wheel"}', '"annotations":{"for":"lib-dir"}', 2,
                 "X0699")):
            xt.check(old in line, old, line)
            xt.write(out + SUFFIX, line.replace(old, new))
            bad = run(home, "rebuild", out, "--find-links", "in", code=code)
            xt.check(word in bad.err, word, bad)


def test_rebuild_by_another_xorch():
    with xt.scratch() as home:
        out = os.path.join(home, repair(home, made(home)).out.strip())
        line = read(out + SUFFIX)
        version = json.loads(line)["predicate"]["runDetails"]["builder"]["version"]["xorch"]
        xt.write(out + SUFFIX, line.replace(f'"xorch":"{version}"', '"xorch":"0.0.1"'))
        said = run(home, "rebuild", out)
        xt.check(f"not as then: xorch: 0.0.1 -> {version}" in said.err, said)
        bad = run(home, "rebuild", out, "--strict", code=4)
        xt.check("X0694" in bad.err and "0.0.1" in bad.err, bad)


def test_statement_left_out():
    with xt.scratch() as home:
        wheel = made(home)
        for more, env in ((["--no-provenance"], {}), ([], {"XORCH_NO_PROVENANCE": "1"})):
            out = os.path.join(home, repair(home, wheel, *more, **env).out.strip())
            xt.equal(os.listdir(os.path.join(home, "dist")), [os.path.basename(out)])
        bad = run(home, "explain", out, code=2)
        xt.check("X0692" in bad.err and "xorch repair" in bad.err, bad)
        repair(home, wheel)  # it gets one when it is there already
        xt.check(sha(out) in read(out + SUFFIX))


def test_killed_before_the_wheel_has_its_name():
    """No wheel without its statement; the next run gives the same bytes of both."""
    with xt.scratch() as home:
        wheel = made(home)
        out = os.path.join(home, repair(home, wheel, "--out", "whole").out.strip())
        killed = repair(home, wheel, XORCH_TEST_DIE_AT="rename")
        xt.check(killed.code not in (0, 2, 7), killed)
        names = [n for n in os.listdir(os.path.join(home, "dist")) if n[0] != "."]
        xt.equal(names, [os.path.basename(out) + SUFFIX])
        again = os.path.join(home, repair(home, wheel).out.strip())
        xt.equal([sha(again), read(again + SUFFIX)], [sha(out), read(out + SUFFIX)])


def test_who_made_it_is_kept():
    """A wheel that is left as it is keeps what stands beside it, a signature too; without
    anything the repair says that it did nothing."""
    with xt.scratch() as home:
        wheel = made(home, "pkg-1.0-cp311-cp311-manylinux2014_aarch64."
                     "manylinux_2_17_aarch64.whl")
        out = os.path.join(home, repair(home, wheel).out.strip())
        s = json.loads(read(out + SUFFIX))
        xt.equal(s["predicate"]["buildDefinition"]["externalParameters"]["wheel"],
                 {"name": os.path.basename(wheel), "digest": {"sha256": sha(out)}})
        s["predicate"]["buildDefinition"]["buildType"] = "urn:other:build:1"
        line = json.dumps(s)
        own = line + "\n" + json.dumps({
            "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": "AA=="}],
            "payload": base64.b64encode(line.encode()).decode()}) + "\n"
        xt.write(wheel + SUFFIX, own)
        for folder in ("fresh", "dist", home):  # home: over itself
            repair(home, wheel, "--out", folder)
            xt.equal(read(os.path.join(home, folder, os.path.basename(wheel)) + SUFFIX), own)
        # one that is another file's is none
        xt.write(wheel + SUFFIX, own.replace(sha(wheel), "0" * 64))
        repair(home, wheel, "--out", "third")
        xt.check("urn:xorch:repair:1" in read(os.path.join(
            home, "third", os.path.basename(wheel)) + SUFFIX))


def test_pure_wheel_has_a_statement():
    with xt.scratch() as home:
        wheel = elfmake.wheel(os.path.join(home, "pure-1.0-py3-none-any.whl"),
                              {"pure.py": b"x = 1\n"}, purelib=True)
        out = os.path.join(home, repair(home, wheel).out.strip())
        d = json.loads(read(out + SUFFIX))["predicate"]["buildDefinition"]
        xt.equal(list(d["externalParameters"]), ["wheel"])
        xt.equal(d["internalParameters"]["after"], {"platforms": ["any"], "tag": None})
        xt.check("identical" in run(home, "rebuild", out).out)


def test_json_shape():
    with xt.scratch() as home:
        wheel = made(home)
        result = repair(home, "--json", wheel).json
        xt.equal(sorted(result), ["exit", "files", "v"])
        entry, = result["files"]
        xt.equal(sorted(entry), ["code", "error", "file", "findings", "grafted",
                                 "repaired", "sha256", "tags"])
        xt.equal(entry["tags"], ["manylinux2014_aarch64", "manylinux_2_17_aarch64"])


if __name__ == "__main__":
    xt.main(globals())
