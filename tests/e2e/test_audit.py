"""xorch's audit against auditwheel: the same tag for the same wheel, on published
wheels of several architectures and on made ones that try the policies' corners."""
import glob
import json
import os
import random
import subprocess
import sys

import elfmake
import judges
import xt

# project and version, wheel architectures
PUBLISHED = [
    ("cwcwidth==0.1.12", "aarch64 x86_64"),
    ("markupsafe==3.0.4", "aarch64 x86_64 armv7l"),
    ("greenlet==3.1.1", "aarch64 x86_64"),
    ("numpy==2.2.0", "aarch64 x86_64"),
    ("lxml==6.1.3", "aarch64 x86_64 armv7l"),
    ("cryptography==50.0.2", "aarch64 armv7l"),
    ("orjson==3.13.0", "armv7l x86_64"),
    ("psutil==6.1.0", "aarch64 x86_64"),
    ("pillow==11.0.0", "aarch64"),
    ("rpds-py==2026.9.1", "armv7l s390x ppc64le"),
    ("pydantic-core==2.50.4", "armv7l s390x ppc64le"),
    ("maturin==1.7.8", "x86_64 armv7l"),  # static, tagged for glibc and musl at once
]
POLICIES = ["2_5", "2_12", "2_17", "2_24", "2_27", "2_28", "2_31", "2_34"]

# Runs in auditwheel's own Python: JSON lines of [path, tag or null], "error: …" where it
# cannot judge.
TAGS = """
import json, pathlib, sys, logging
logging.disable(logging.CRITICAL)
from auditwheel.wheel_abi import analyze_wheel_abi
from auditwheel.wheeltools import get_wheel_architecture, get_wheel_libc
from auditwheel.error import NonPlatformWheelError, WheelToolsError
for path in sys.argv[1:]:
    path = pathlib.Path(path)
    try:
        try:
            libc = get_wheel_libc(path.name)
        except WheelToolsError:
            libc = None
        info = analyze_wheel_abi(libc, get_wheel_architecture(path.name), path, frozenset(),
                                 disable_isa_ext_check=False, allow_graft=False)
        tag = info.overall_policy.name
    except NonPlatformWheelError:
        tag = None
    except Exception as e:
        tag = f"error: {type(e).__name__}: {e}"
    print(json.dumps([str(path), tag]))
"""


def auditwheel_tags(paths, before=()):
    python = os.path.join(os.path.dirname(judges.auditwheel()), "python")
    p = subprocess.run([*before, python, "-c", TAGS, *paths], capture_output=True, text=True)
    xt.check(p.returncode == 0, p.stderr[-2000:])
    return dict(json.loads(line) for line in p.stdout.splitlines())


def own_tags(paths):
    result = xt.run(["audit", "--json", *paths])
    xt.check(result.code in (0, 7), result)
    return {f["file"]: f["tag"] for f in result.json["files"]}


def compare(paths):
    theirs, ours = auditwheel_tags(paths), own_tags(paths)
    for path in paths:
        xt.equal(ours[path], theirs[path], os.path.basename(path))
    return theirs


def published(project, arch):
    """The wheel for CPython 3.11, downloaded once by pip."""
    folder = os.path.join(xt.CACHE, "published", f"{project}-{arch}")
    found = glob.glob(folder + "/*.whl")
    if found:
        return found[0]
    python = os.path.join(os.path.dirname(judges.auditwheel()), "python")
    platforms = [f"--platform=manylinux_{p}_{arch}" for p in POLICIES]
    legacy = [f"--platform=manylinux{n}_{arch}" for n in ("1", "2010", "2014")]
    p = subprocess.run(
        [python, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:",
         "--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=abi3",
         "-d", folder, *platforms, *legacy, project], capture_output=True, text=True)
    if p.returncode and "(from versions: none)" not in p.stderr:
        xt.check("No matching distribution" not in p.stderr, p.stderr)
    if p.returncode:
        raise xt.Skip(f"{project} for {arch} cannot be fetched from PyPI: "
                      + p.stderr[-500:])
    return glob.glob(folder + "/*.whl")[0]


def test_published_wheels_agree():
    paths = [published(p, a) for p, arches in PUBLISHED for a in arches.split()]
    tags = compare(paths)
    xt.check(len(set(tags.values())) >= 6, tags)  # the sample is no monoculture
    # what is on PyPI passes: an error here would be a false alarm
    for path in paths:
        result = xt.run(["audit", "--json", path])
        xt.equal(result.code, 0, result.out[:3000])


VERSIONS = {
    "libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.4", "GLIBC_2.17", "GLIBC_2.18", "GLIBC_2.27",
                  "GLIBC_2.28", "GLIBC_2.31", "GLIBC_2.33", "GLIBC_2.34", "GLIBC_2.35",
                  "GLIBC_2.38", "GLIBC_2.41", "GLIBC_2.42", "GLIBC_PRIVATE",
                  "GLIBC_ABI_DT_RELR"],
    "libm.so.6": ["GLIBC_2.2.5", "GLIBC_2.4", "GLIBC_2.17", "GLIBC_2.27", "GLIBC_2.29"],
    "libstdc++.so.6": ["GLIBCXX_3.4", "GLIBCXX_3.4.9", "GLIBCXX_3.4.19", "GLIBCXX_3.4.20",
                       "GLIBCXX_3.4.26", "GLIBCXX_3.4.30", "GLIBCXX_LDBL_3.4", "CXXABI_1.3",
                       "CXXABI_ARM_1.3.3", "CXXABI_1.3.8", "CXXABI_1.3.15"],
    "libgcc_s.so.1": ["GCC_3.0", "GCC_3.5", "GCC_4.8.0", "GCC_7.0.0", "GCC_12.0.0"],
    "libz.so.1": ["ZLIB_1.2.0", "ZLIB_1.2.9", "ZLIB_1.2.12"],
    "libatomic.so.1": ["LIBATOMIC_1.0", "LIBATOMIC_1.2"],
    "libxml2.so.2": ["LIBXML2_2.4.30"],
    "ld-linux-aarch64.so.1": ["GLIBC_2.42"],
}
LIBRARIES = ["libexpat.so.1", "libmvec.so.1", "libcrypt.so.1", "libX11.so.6", "libnsl.so.1",
             "libfoo.so.3", "ld-linux-x86-64.so.2", "libpython3.11.so.1.0"]
PRIVATES = ["__cxa_thread_atexit_impl", "inflate_table", "deflate_copyright", "__issignaling",
            "pthread_getattr_default_np", "PyFPE_jbuf", "memcpy"]


def random_elf(pick, machine, inside, **more):
    undefined, needed = [], ["libc.so.6"]
    for library in pick.sample(list(VERSIONS), pick.randint(0, 3)):
        needed.append(library)
        for version in pick.sample(VERSIONS[library], min(len(VERSIONS[library]),
                                                          pick.randint(1, 2))):
            undefined.append((f"f_{version}", library, version))
    if pick.random() < 0.3:
        needed.append(pick.choice(LIBRARIES))
    if pick.random() < 0.3:
        undefined.append(pick.choice(PRIVATES))
    if pick.random() < 0.2:
        undefined.append((pick.choice(PRIVATES), "libc.so.6", "GLIBC_2.17", elfmake.WEAK))
    if inside and pick.random() < 0.7:
        needed += pick.sample(inside, 1)
    if machine == "x86_64" and pick.random() < 0.2:
        more["isa"] = pick.choice([1, 3, 7, 15])
    path = pick.choice([None, "$ORIGIN/../pkg.libs", "$ORIGIN", "/usr/lib/nowhere"])
    more[pick.choice(["rpath", "runpath"])] = path
    return elfmake.Elf(machine, needed=list(dict.fromkeys(needed)), undefined=undefined,
                       **more).bytes()


def random_wheel(pick, folder, n):
    machine = pick.choice(["aarch64", "armv7", "x86_64", "i686", "s390x", "ppc64le"])
    libraries = [f"libown{i}.so.1" for i in range(pick.randint(0, 2))]
    files = {"pkg/__init__.py": b""}
    for i in range(pick.randint(1, 2)):
        name = f"_m{i}"
        files[elfmake.module_name(machine, name)] = random_elf(
            pick, machine, libraries, defined=["PyInit_" + name])
    for i, library in enumerate(libraries):
        place = pick.choice(["pkg.libs/", "pkg/", "other/"])
        files[place + library] = random_elf(pick, machine, libraries[:i], soname=library)
    if pick.random() < 0.1:
        files["pkg/tool"] = random_elf(pick, machine, libraries)
    return elfmake.wheel(os.path.join(
        folder, elfmake.wheel_name(machine, "manylinux_2_41", version=f"1.{n}")), files)


def test_made_wheels_agree():
    """Random wheels; the seed is printed, and taken from XORCH_TEST_SEED."""
    seed = int(os.environ.get("XORCH_TEST_SEED") or random.SystemRandom().randrange(10 ** 6))
    print(f"seed {seed}", file=sys.stderr)
    pick = random.Random(seed)
    with xt.scratch() as folder:
        tags = compare([random_wheel(pick, folder, n) for n in range(300)])
        xt.check(len(set(tags.values())) >= 10, tags)


if __name__ == "__main__":
    xt.main(globals())
