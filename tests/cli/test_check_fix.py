"""`xorch check --fix`: what has one remedy is mended, everything else keeps its bytes."""
import os

import xt

HEAD = 'schema_version: 1\npackage: {name: foo, version: "1.0"}\nkind: wheel\n'
TAIL = "source: {pypi: foo}\n"

# before, after, exit status
MENDED = [
    ("requirments: # why\n  build: [cython]\n", "requirements: # why\n  build: [cython]\n", 0),
    # what a key put right brings up is mended too
    ("biuld:\n    network: no   # never\n    jobs: 4\n",
     "build:\n    network: false   # never\n    jobs: 4\n", 0),
    ("targets: [arm64, 'linux/arm/v7', x86_64]\n", "targets: [aarch64, 'armv7', x86_64]\n", 0),
    ('python: {versions: ["cp311", python3.13], abi3: CP39}\n',
     'python: {versions: ["3.11", 3.13], abi3: 3.9}\n', 0),
    ("toolchain: {manylinux: manylinux2014}\n", 'toolchain: {manylinux: "2_17"}\n', 0),
    ('toolchain: {manylinux: {arm64: "manylinux_2_28", armv7: "2.31"}}\n',
     'toolchain: {manylinux: {aarch64: "2_28", armv7: "2_31"}}\n', 0),
    ("build: {backend: maturn, exclusive: Yes}\n", "build: {backend: maturin, exclusive: true}\n", 0),
    ("update: {min_age: 7}\n", 'update: {min_age: "7d"}\n', 0),
]
# Left as they are, and reported.
LEFT = [
    "requirements: {}\nrequirments: {}\n",            # that key is there already
    "targets: [arm64, aarch64]\n",                    # would be there twice
    "targets: [arm]\n",                               # v5, v6 or v7?
    'context: {t: arm64}\ntargets: ["${{ t }}"]\n',   # the value is not the text
    "tset: []\nxyz: 1\n",                             # more than a slip, or nothing near
    "build: {memory: 4G}\n",                          # GB or GiB?
    "toolchain: {cflags: -O2 -g}\n",                  # one string, how many flags?
    "build: {network: maybe}\n",
]


def check(text, *args):
    with xt.scratch() as home:
        path = xt.write(f"{home}/a.yaml", text)
        result = xt.run(["check", *args, "a.yaml"], home=home)
        return result, open(path, newline="").read()


def test_mended():
    for before, after, code in MENDED:
        for end in ("\n", "\r\n"):
            texts = [(HEAD + middle + TAIL).replace("\n", end) for middle in (before, after)]
            xt.equal(check(texts[0])[0].code, 2, before)
            result, now = check(texts[0], "--fix")
            xt.equal([result.code, now], [code, texts[1]], result)
            xt.check("is now" in result.err, result)
            again, same = check(now, "--fix")
            xt.equal([again.code, same], [0, now], again)
            xt.check("is now" not in again.err, again)


def test_version_gets_quotes():
    text = HEAD.replace('"1.0"', "1.10") + TAIL
    result, now = check(text, "--fix", "--strict")
    xt.equal([result.code, now], [0, text.replace("1.10", '"1.10"')], result)
    xt.equal(result.err, 'note: a.yaml:2:31: `1.10` is now "1.10"\n'
                         "note: 1 file checked: 0 errors, 0 warnings\n")


def test_left():
    for text in LEFT:
        result, now = check(HEAD + text + TAIL, "--fix")
        xt.equal([result.code, now], [2, HEAD + text + TAIL], result)
        xt.check("is now" not in result.err and "error[" in result.err, result)


def test_broken_files_are_not_touched():
    for text in (HEAD + "requirments: [\n", HEAD + "requirments: {}\nrequirments: {}\n" + TAIL):
        result, now = check(text, "--fix")
        xt.equal([result.code, now], [2, text], result)


def test_many_files():
    """Project file and definitions too; a link stays one, a lock is nobody's to mend."""
    with xt.scratch() as home:
        xt.write(f"{home}/r/a.yaml", HEAD + "abuot: {}\n" + TAIL)
        os.chmod(f"{home}/r/a.yaml", 0o600)
        xt.write(f"{home}/xorch.yaml", "schema_version: 1\ntargets: [arm64]\n")
        xt.write(f"{home}/sysroots/s.yaml",
                 'schema_version: 1\nname: s\nglibc: "2.31"\ngcc: "10"\ntargets: [armv7]\n'
                 "pakages: {armv7: [a]}\ndebian: {suite: b, signed_by: "
                 "[1F89983E0081FDE018F3CC9673A4F27B8DD47936]}\n")
        lock = "lock_version: 1\nname: s\nsectoins: []\n"
        xt.write(f"{home}/sysroots/s.lock", lock)
        os.symlink("r/a.yaml", f"{home}/link.yaml")
        result = xt.run(["check", "--fix", "--json", "link.yaml", "xorch.yaml", "sysroots"],
                        home=home)
        xt.equal(result.code, 2, result)
        xt.equal(result.json["fixed"], ["link.yaml:4:1: `abuot` is now `about`",
                                        "xorch.yaml:2:11: `arm64` is now `aarch64`",
                                        "sysroots/s.yaml:6:1: `pakages` is now `packages`"])
        xt.check(os.path.islink(f"{home}/link.yaml"))
        xt.equal(os.stat(f"{home}/r/a.yaml").st_mode & 0o777, 0o600)
        xt.equal(open(f"{home}/sysroots/s.lock").read(), lock)


if __name__ == "__main__":
    xt.main(globals())
