"""The policies as data: what orchestrator/plan/policy_data.c says is what the policy files
of the auditwheel that it names say, for every machine; the script that writes it reads
another release as well; and the audit goes by it, version by version."""
import glob
import json
import os
import re
import shutil
import subprocess

import elfmake
import judges
import xt

DATA = os.path.join(xt.SOURCE, "orchestrator/plan/policy_data.c")
SCRIPT = os.path.join(xt.SOURCE, "orchestrator/plan/policy_import.py")
MACHINES = {"aarch64", "armv7l", "x86_64", "i686", "ppc64le", "s390x", "riscv64",
            "loongarch64"}
OLDER = "6.2.0"  # before manylinux_2_36 and later ones
LIBRARY = {"GLIBC": "libc.so.6", "GLIBCXX": "libstdc++.so.6", "CXXABI": "libstdc++.so.6",
           "GCC": "libgcc_s.so.1", "ZLIB": "libz.so.1", "LIBATOMIC": "libatomic.so.1"}


def auditwheel(version):
    """Folder of an environment with that release."""
    return judges.environment("auditwheel-" + version, "auditwheel==" + version)


def named(text):
    return re.search(r"policy files of auditwheel (\S+);", text)[1]


def policies(home, family):
    """The policies of an installed auditwheel, from the oldest on."""
    path, = glob.glob(os.path.join(home, "lib/python*/site-packages/auditwheel/policy",
                                   family + "-policy.json"))
    rows = [p for p in json.loads(xt.read(path)) if p["name"] != "linux"]
    return sorted(rows, key=lambda p: -p["priority"])


def stated(rows):
    """{policy: what it allows and forbids} of auditwheel's files."""
    return {p["name"]: {
        "aliases": sorted(p["aliases"]), "libraries": sorted(p["lib_whitelist"]),
        "private": sorted((n, s) for n, l in p["blacklist"].items() for s in l),
        "versions": {arch: sorted(f"{k}_{v}" for k, l in by.items() for v in l)
                     for arch, by in p["symbol_versions"].items()}} for p in rows}


def table(text, name):
    """The rows of one of the C file's tables, as tuples of texts and numbers."""
    body = re.search(rf"\b{name}\[\] = {{\n(.*?)\n}};", text, re.S)
    return [tuple(json.loads("[" + row.replace("NULL", "null") + "]")) for row in
            re.findall(r"^\t\{(.*)\},$", body[1], re.M)] if body else []


def written(text, family):
    """The same of the C file, read by other means than it was written or is used."""
    names = table(text, family + "_policies")
    # the last but one of an architecture's values is the name of another table
    arches = re.findall(r'^\t\{"(\w+)", (\d+), (\d+), "([^"]*)", (\w+), \d+\},$',
                        re.search(rf"{family}_arches\[\] = {{\n(.*?)\n}};", text, re.S)[1],
                        re.M)
    libraries = table(text, family + "_libraries")
    private = table(text, family + "_privates")
    out = {}
    for n, (name, alias) in enumerate(names):
        out[name] = {
            "aliases": [alias] if alias else [],
            "libraries": sorted(lib for lib, first in libraries if first <= n),
            "private": sorted((lib, s) for lib, s, last in private if n <= last),
            "versions": {arch: sorted(v for v, first in table(text, rows) if first <= n)
                         for arch, begin, end, _, rows in arches
                         if int(begin) <= n <= int(end)}}
    return out


def compare(text, home):
    for family in ("manylinux", "musllinux"):
        theirs, ours = stated(policies(home, family)), written(text, family)
        xt.equal(list(ours), list(theirs))
        for name, policy in theirs.items():
            for what, value in policy.items():
                xt.equal(ours[name][what], value, name, what)
    xt.check(len(written(text, "manylinux")) >= 8 and len(written(text, "musllinux")) == 2)


def imported(home, folder, *args):
    """What the script makes of that auditwheel, in a folder of its own."""
    script = os.path.join(folder, os.path.basename(SCRIPT))
    shutil.copyfile(SCRIPT, script)
    return subprocess.run([os.path.join(home, "bin/python"), script, *args],
                          capture_output=True, text=True)


def test_data_is_that_of_its_auditwheel():
    text = xt.read(DATA)
    home = auditwheel(named(text))
    compare(text, home)
    for family in ("manylinux", "musllinux"):
        known = {a for p in written(text, family).values() for a in p["versions"]}
        xt.check(MACHINES <= known, family, known)
    p = subprocess.run([os.path.join(home, "bin/python"), SCRIPT, "--check"],
                       capture_output=True, text=True)
    xt.equal(p.returncode, 0, p)


def test_script_reads_another_release():
    """Which it names; its --check tells one from the other."""
    home = auditwheel(OLDER)
    with xt.scratch() as folder:
        p = imported(home, folder)
        xt.equal(p.returncode, 0, p)
        xt.check(f"auditwheel {OLDER}, " in p.stdout, p)
        text = xt.read(os.path.join(folder, os.path.basename(DATA)))
        xt.equal(named(text), OLDER)
        xt.check(written(text, "manylinux").keys() < written(xt.read(DATA),
                                                             "manylinux").keys())
        compare(text, home)
        shutil.copyfile(DATA, os.path.join(folder, os.path.basename(DATA)))
        p = imported(home, folder, "--check")
        xt.check(p.returncode == 1 and OLDER in p.stderr, p)


def first(rows, arch, holds):
    """Tag of the oldest policy of the architecture for which it holds."""
    for p in rows:
        if arch in p["symbol_versions"] and holds(p):
            return f"{p['name']}_{arch}"
    return "linux_" + arch


def questions(rows, arch):
    """(what an object asks for, the tag that it deserves): every version, every library
    and every private symbol that any policy of that machine knows."""
    def allowed(prefix, version):
        return lambda p: version in p["symbol_versions"][arch].get(prefix, ())
    own = [p for p in rows if arch in p["symbol_versions"]]
    for prefix, version in sorted({(k, v) for p in own for k, l in
                                   p["symbol_versions"][arch].items() for v in l}):
        library = LIBRARY[prefix]
        yield ({"needed": [library], "undefined": [("f", library, f"{prefix}_{version}")]},
               first(rows, arch, allowed(prefix, version)))
    for library in sorted({n for p in own for n in p["lib_whitelist"]}):
        yield ({"needed": [library]},
               first(rows, arch, lambda p, n=library: n in p["lib_whitelist"]))
    for library, symbol in sorted({(n, s) for p in rows for n, l in p["blacklist"].items()
                                   for s in l}):
        yield ({"needed": [library], "undefined": [symbol]},
               first(rows, arch, lambda p, n=library, s=symbol:
                     s not in p["blacklist"].get(n, ()) and n in p["lib_whitelist"]))


def test_audit_goes_by_every_row():
    rows = policies(auditwheel(named(xt.read(DATA))), "manylinux")
    machines = {elfmake.WHEEL_ARCH.get(m, m): m for m in elfmake.MACHINES}
    xt.equal(set(machines), MACHINES)
    with xt.scratch() as folder:
        want, asked = {}, {}
        for arch, machine in machines.items():
            for n, (question, tag) in enumerate(questions(rows, arch)):
                so = elfmake.Elf(machine, defined=["PyInit__impl"], **question).bytes()
                path = elfmake.wheel(
                    os.path.join(folder, elfmake.wheel_name(machine, "manylinux_2_41",
                                                            version=f"1.{n}")),
                    {elfmake.module_name(machine): so})
                want[path], asked[path] = tag, question
        xt.check(len(want) > 1200, len(want))
        xt.check({f"manylinux_2_{n}_{a}" for n in (36, 41) for a in MACHINES} |
                 {"manylinux_2_31_riscv64", "manylinux_2_17_ppc64le", "manylinux_2_5_i686",
                  "linux_s390x"} <= set(want.values()), set(want.values()))
        result = xt.run(["audit", "--json", *want], timeout=900)
        xt.check(result.code in (0, 7), result.err[-3000:])
        got = {f["file"]: f["tag"] for f in result.json["files"]}
        wrong = [f"{asked[p]}: {got[p]}, not {tag}" for p, tag in want.items()
                 if got[p] != tag]
        xt.check(not wrong, f"{len(wrong)} of {len(want)}", *wrong[:20])


if __name__ == "__main__":
    xt.main(globals())
