"""xorch env and exec: targets, formats, precedence."""
import json
import os
import re
import subprocess

import xt


def env(*args, **more):
    return xt.run(["env", "--no-fetch", *args], **more)


def variables(*args, **more):
    r = env("--format", "json", *args, **more)
    xt.equal(r.code, 0, r)
    return json.loads(r.out)


def test_targets():
    for target, want in {
            "linux/arm/v7": {"GOARCH": "arm", "GOARM": "7",
                             "PLAT": "manylinux_2_17_armv7l",
                             "AUDITWHEEL_PLAT": "manylinux_2_17_armv7l",
                             "_PYTHON_HOST_PLATFORM": "linux-armv7l",
                             "CARGO_BUILD_TARGET": "armv7-unknown-linux-gnueabihf",
                             "TARGETVARIANT": "v7"},
            "aarch64": {"GOARCH": "arm64", "GOARM64": "v8.0", "GOOS": "linux",
                        "PLAT": "manylinux_2_17_aarch64", "TARGETVARIANT": "",
                        "CMAKE_SYSTEM_PROCESSOR": "aarch64"},
            "amd64": {"GOARCH": "amd64", "GOAMD64": "v1"},
            "linux/arm64/v9": {"GOARM64": "v9.0"},
            "arm/v6": {"GOARM": "6"},
            "riscv64": {"GOARCH": "riscv64"}}.items():
        got = variables("--target", target)
        for name, value in want.items():
            xt.equal(got.get(name), value, target, name)
        xt.check("GOARM" not in got or got["GOARCH"] == "arm", got)
        xt.check("CC" not in got, "no toolchain was made ready")


def test_X01_docker_arguments():
    xt.equal(variables(TARGETARCH="arm", TARGETVARIANT="v7")["GOARM"], "7")
    xt.equal(variables(TARGETPLATFORM="linux/arm64")["GOARCH"], "arm64")
    xt.equal(variables(TARGETARCH="ARM64", TARGETVARIANT="")["GOARCH"], "arm64")
    for args, code, words in (
            ({"TARGETARCH": "arm"}, "X0109", "TARGETVARIANT"),
            ({"TARGETARCH": "arm", "TARGETVARIANT": "v9"}, "X0107", "v9"),
            ({"TARGETPLATFORM": "linux/arm64", "TARGETARCH": "amd64"}, "X0108",
             "TARGETARCH=amd64"),
            ({"TARGETOS": "windows", "TARGETARCH": "amd64"}, "X0107", "not Linux"),
            ({}, "X0110", "--target aarch64")):
        r = env(**args)
        xt.equal((r.code, r.out), (2, ""), r)
        xt.check(code in r.err and words in r.err, r)
    r = env(TARGETARCH="arm", TARGETVARIANT="v8")
    xt.equal(r.code, 0, r)
    xt.check("built as armv7" in r.err and "GOARM='7'" in r.out, r)


def test_X02_flag_wins():
    r = env("--target", "aarch64", TARGETARCH="arm", TARGETVARIANT="v7")
    xt.equal(r.code, 0, r)
    xt.check("GOARCH='arm64'" in r.out, r)
    xt.equal(r.err.count("note:"), 1, r)


def test_formats_agree():
    want = variables("--target", "armv7")
    sh = env("--target", "armv7", "--format", "sh").out
    for name in want:
        p = subprocess.run(["sh", "-c", sh + f'\nprintf %s "${name}"'], env={},
                           stdout=subprocess.PIPE, text=True, check=True)
        xt.equal(p.stdout, want[name], name)
    for form in ("github", "dotenv"):
        got = dict(line.split("=", 1) for line in
                   env("--target", "armv7", "--format", form).out.splitlines())
        xt.equal({k: v.strip("'") for k, v in got.items()}, want, form)
    docker = env("--target", "armv7", "--format", "docker").out
    got = {m[1]: re.sub(r"\\(.)", r"\1", m[2]) for m in
           re.finditer(r'^ENV (\w+)="(.*)"$', docker, re.M)}
    xt.equal(got, want, "docker")
    xt.equal(len(docker.splitlines()), len(want))
    r = xt.run(["env", "--no-fetch", "--target", "armv7", "--json"])
    xt.equal(r.json, want)


def test_bad_input():
    for args, code, words in (
            (["--target", "m68k"], "X0107", "m68k"),
            (["--target", "armv7,aarch64"], "X0128", "one"),
            (["--target", "all"], "X0128", "one"),
            (["--target", "armv7", "--format", "xml"], "X0111", "dotenv"),
            (["--target", "armv7", "--floor", "17"], "X0121", "--floor"),
            (["--target", "armv7", "--json", "--format", "sh"], "X0121", "--json")):
        r = env(*args)
        xt.equal(r.code, 2, r)
        xt.check(not r.out or "--json" in args, r)
        xt.check(code in r.err and words in r.err, r)


def test_floor():
    xt.equal(variables("--target", "armv7", "--floor", "2_28")["PLAT"],
             "manylinux_2_28_armv7l")


def test_plat():
    """PLAT and AUDITWHEEL_PLAT of the environment say floor and target."""
    for given, target, plat in (
            ({"PLAT": "manylinux_2_35_armv7l"}, [], "manylinux_2_35_armv7l"),
            ({"AUDITWHEEL_PLAT": "manylinux_2_28_aarch64"}, [], "manylinux_2_28_aarch64"),
            ({"PLAT": "manylinux2014_x86_64"}, [], "manylinux_2_17_x86_64"),
            ({"PLAT": "manylinux_2_34"}, ["armv7"], "manylinux_2_34_armv7l"),
            ({"PLAT": "manylinux_2_34_armv7l", "AUDITWHEEL_PLAT": "manylinux_2_34"}, [],
             "manylinux_2_34_armv7l"),
            # multibuild's PLAT, auditwheel's auto, and nothing at all
            ({"PLAT": "x86_64"}, ["armv7"], "manylinux_2_17_armv7l"),
            ({"AUDITWHEEL_PLAT": "auto", "PLAT": ""}, ["armv7"], "manylinux_2_17_armv7l"),
            # what an image says of itself is nothing to other targets
            ({"AUDITWHEEL_PLAT": "manylinux_2_28_x86_64"}, ["aarch64"],
             "manylinux_2_17_aarch64"),
            ({"AUDITWHEEL_PLAT": "manylinux_2_28_x86_64"}, ["x86_64"],
             "manylinux_2_28_x86_64"),
            ({"AUDITWHEEL_PLAT": "musllinux_1_2_x86_64"}, ["armv7"],
             "manylinux_2_17_armv7l"),
            ({"AUDITWHEEL_PLAT": "manylinux_2_28_x86_64", "PLAT": "manylinux_2_31_armv7l"},
             [], "manylinux_2_31_armv7l"),
            # for Go alone: no wheels, no floor
            ({"PLAT": "manylinux_2_28_aarch64"}, ["arm/v6"], None)):
        args = [x for t in target for x in ("--target", t)]
        xt.equal(variables(*args, **given).get("PLAT"), plat, given, target)


def test_plat_goes_after_flags_and_before_nothing_else():
    both = {"PLAT": "manylinux_2_28_armv7l", "AUDITWHEEL_PLAT": "manylinux_2_28_armv7l"}
    xt.equal(variables("--floor", "2_31", **both)["PLAT"], "manylinux_2_31_armv7l")
    xt.equal(variables(XORCH_FLOOR="2_31", **both)["PLAT"], "manylinux_2_31_armv7l")
    xt.equal(variables("--floor", "2_24", XORCH_FLOOR="2_31", **both)["PLAT"],
             "manylinux_2_24_armv7l")
    # Docker's variables and PLAT must agree; --target decides, and says so once.
    xt.equal(variables(TARGETPLATFORM="linux/arm/v7", **both)["PLAT"],
             "manylinux_2_28_armv7l")
    r = env("--target", "aarch64", **both)
    xt.equal(r.code, 0, r)
    xt.check("PLAT='manylinux_2_17_aarch64'" in r.out, r)
    xt.equal(r.err.count("note:"), 1, r)
    xt.check("--target decides; PLAT=manylinux_2_28_armv7l" in r.err, r)


def test_plat_contradictions():
    for given, code, words in (
            ({"PLAT": "manylinux_2_28_aarch64", "TARGETPLATFORM": "linux/arm/v7"}, "X0108",
             ("PLAT=manylinux_2_28_aarch64 is for aarch64, the target is armv7",)),
            ({"PLAT": "manylinux_2_28_aarch64", "AUDITWHEEL_PLAT": "manylinux2014_aarch64"},
             "X0108", ("PLAT=manylinux_2_28_aarch64", "AUDITWHEEL_PLAT=manylinux2014_aarch64",
                       "--floor")),
            ({"PLAT": "manylinux_2_28_aarch64", "AUDITWHEEL_PLAT": "manylinux_2_28_armv7l"},
             "X0108", ("contradict each other",)),
            ({"PLAT": "manylinux_2_28_ppc64le"}, "X0131", ("no wheels can be built",)),
            ({"PLAT": "musllinux_1_2_aarch64"}, "X0131", ("not for musl",)),
            ({"PLAT": "manylinux_2_aarch64"}, "X0131", ("not the platform tag",)),
            ({"PLAT": "manylinux2015_aarch64"}, "X0131", ("not the platform tag",)),
            ({"PLAT": "manylinux_2_28_aarch64\x1b[31m"}, "X0131", ("\\x1b[31m",))):
        r = env(**given)
        xt.equal((r.code, r.out), (2, ""), given, r)
        xt.check(code in r.err and all(w in r.err for w in words), given, r)


def test_exec():
    base = ["exec", "--target", "armv7", "--no-fetch", "--"]
    r = xt.run([*base, "sh", "-c", "echo $GOARM $_PYTHON_HOST_PLATFORM $MINE; exit 5"],
               MINE="kept")
    xt.equal((r.code, r.out), (5, "7 linux-armv7l kept\n"), r)
    r = xt.run([*base, "sh", "-c", "kill -TERM $$"])
    xt.equal(r.code, -15, r)
    r = xt.run([*base, "cat"], stdin=b"through")
    xt.equal(r.out, "through", r)
    r = xt.run([*base, "no-such-program"])
    xt.equal(r.code, 8, r)
    xt.check("X0810" in r.err, r)
    r = xt.run(["exec", "--target", "armv7"])
    xt.equal(r.code, 2, r)
    xt.check("X0112" in r.err, r)
    # SIGPIPE as everywhere: `yes | head` ends.
    r = xt.run([*base, "sh", "-c", "yes | head -1"], timeout=20)
    xt.equal((r.code, r.out), (0, "y\n"), r)


xt.main(globals())
