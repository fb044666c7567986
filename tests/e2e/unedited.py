"""Real projects that `xorch new` and `xorch build` are tried on, unedited, for aarch64 and
armv7 and CPython 3.11, and the table of what came of it in HACKING.md."""
import os
import re
import time

import xt

# Chosen before anything of them was looked at; what each came to on its first try, by
# the rules of that day: "" it was built and verified for both targets (for armv7 as far
# as the index has what it needs to run), else the class of the failure. What the program
# was then mended for is told by a word in MENDED, and such a project is no measure any
# more. nh3 was chosen too; the index of crates here lacks one that it has locked.
FIRST = {
    "mmh3": "", "setproctitle": "", "lru-dict": "", "immutables": "", "httptools": "",
    "zope.interface": "", "pyrsistent": "", "editdistance": "", "hiredis": "",
    "ormsgpack": "", "jellyfish": "", "cytoolz": "", "line-profiler": "",
    "levenshtein": "", "murmurhash": "", "pybase64": "lost-extension", "msgspec": "",
    "cbor2": "", "aiohttp": "", "sqlalchemy": "", "pyahocorasick": "", "tree-sitter": "",
    "pynacl": "tests-run", "coincurve": "other", "pywavelets": "no-target-wheel",
    "blake3": "", "pycryptodome": "lost-extension", "watchfiles": "", "orjson": "",
    "pillow": "recent-symbol", "gevent": "verify", "blosc2": "network",
    "websockets": "", "ruamel.yaml.clib": "other", "marisa-trie": "", "crc32c": "",
    "rtoml": "", "google-crc32c": "lost-extension", "pyclipper": "",
    "ciso8601": "", "cymem": "", "python-rapidjson": "", "pycares": "", "rjsmin": "",
    "srsly": "", "lupa": "other", "h3": "", "cramjam": "", "persistent": "",
}
# Chosen later, before anything of them was looked at, what people ask for on small boards
# among them. Their first tries were on armv7, of spidev, RPi.GPIO, evdev, posix-ipc, gpiod
# and dbus-fast on aarch64 too.
FIRST.update({
    "spidev": "", "RPi.GPIO": "compile-error", "evdev": "other", "posix-ipc": "",
    "gpiod": "", "protobuf": "", "dbus-fast": "", "pyroaring": "", "aiokafka": "",
    "hidapi": "other", "pymicro-vad": "", "pycairo": "integrity", "python-rtmidi": "",
    "brotlicffi": "wrong-tag", "pylibsrtp": "missing-header", "pycurl": "metadata",
    "dbus-python": "integrity", "shapely": "no-target-wheel",
})
# Lists of which HACKING.md tells: each was chosen before anything of it was looked at, by
# sha256 of "xorch", the day and the name among projects that people install, that are in
# no list before and compiled in minutes: the first twenty of a hundred and one on the
# first day, of fifty-two on the second (sdbus in the place of pyzstd, which has no machine
# code any more), of a hundred and four on the third time, whose newest release has machine
# code and an sdist and is of 2023 or later, of a hundred and seventy-four on the fourth,
# whose sdist also has at most 12 MB; the fifth are those that come next there. The sixth
# are of a hundred and thirty-seven such projects among the 3000 of PyPI that were
# downloaded most in March 2026 (hugovk's top-pypi-packages), tried in no way before; the
# seventh and eighth are those that come next there. The ninth are of two hundred and fifty
# such projects of the ranks 3001 to 8000 there, the tenth and eleventh those that come next,
# the twelfth those of the two hundred and one that were left, put in order anew.
# All were tried once; no test repeats it.
ONCE = {
    "2026-11-26": """pybcj bjoern gssapi uuid-utils cython lgpio fnv-hash-fast libcst
tiktoken simsimd python-lzo pyppmd dm-tree psycopg-c pylsqpack pysam ckzg netfilterqueue
cftime sdbus""".split(),
    "2026-11-27": """parasail pycld2 smbus-cffi html5-parser scrypt lzallright pyBigWig yappi python-sat
pendulum pylibmagic pymunk pybloomfiltermmap3 wsaccel cysimdjson pyfuse3 cachebox
rencode mappy triangle""".split(),
    "2026-11-27 second": """cypari2 pyrodigal pillow-heif thinc primecountpy fasttext polyleven glcontext pylzma
PyOpenGL-accelerate scylla-driver watchdog scs pycocotools py-spy miniaudio pyfastx
usearch fugashi blspy""".split(),
    "2026-11-27 third": """hdbscan zope.hookable fitsio cryptg fast-query-parsers fastcluster
zope.container mercurial stream-inflate zxing-cpp blosc acora edt rapidgzip python-crfsuite
nmslib-metabrainz tantivy cyksuid python-flint radvel""".split(),
    "2026-11-27 fourth": """libsql deflate python-geohash correctionlib opencc jpype1 nlpo3
rnet accesscontrol imagecodecs pyopal zope.i18nmessageid ta-lib fastexcel pytokens psqlpy
thriftpy2 tcod nanoarrow hmmlearn""".split(),
    "2026-11-27 fifth": """obstore pyqt6-sip scikit-learn pyqt5-sip pyodps spacy apache-tvm-ffi
frida snowflake-connector-python mitmproxy-wireguard ezdxf backports-datetime-fromisoformat
ruff betterproto-rust-codec openai-harmony ada-url mitmproxy-rs pyrefly astropy
newrelic""".split(),
    "2026-11-27 sixth": """pipdeptree pytest-codspeed pmdarima fonttools dbt-extractor xgrammar
fastar apache-sedona uv-build pandas temporalio python-box
geventhttpclient black clickhouse-connect mysql-connector-python
psycopg2-binary tree-sitter-c hypothesis torch-c-dlpack-ext""".split(),
    "2026-11-27 seventh": """tree-sitter-language-pack toons fasttext-wheel tree-sitter-ruby
amazon-ion sqlean-py deltalake statsforecast shap xgboost docling-parse lightgbm rcssmin
djlint textual-speedups tink grpcio-tools livekit pyqt5 jsonschema-rs""".split(),
    "2026-11-27 eighth": """serpyco-rs solders pyqtwebengine tibs kmeans1d pydevd mpi4py pymediainfo manifold3d
chiabip158 resvg-py s3torchconnectorclient pygame-ce schema-salad html-to-markdown
cmeel-qhull madoka jh2 crcmod-plus tree-sitter-sql""".split(),
    "2026-11-27 ninth": """portforward promql-parser p4python pykcs11 pyomo unicodedata2 asammdf lief stpyv8
fuzzysearch jenkspy systemrdl-compiler cmeel-boost plum-dispatch tree-sitter-json
highspy tree-sitter-regex fast-simplification type-enforced spacy-transformers""".split(),
    "2026-11-27 tenth": """openimageio yara-x pin phik zizmor singlestoredb aiocsv libpff-python qiskit-aer
sqlglotc btrees pytype mutf8 tree-sitter-xml cmsis-pack-manager kernels tsdownsample
curated-tokenizers scikit-network falcon""".split(),
    "2026-11-28": """cityhash ruptures cvxopt clang-tidy clvm-rs faust-cchardet ast-grep-py symengine
aerospike xattr mjml-python quickjs numpy-quaternion tree-sitter-toml hierarchicalforecast
linearmodels sgp4 sqloxide angr cartopy""".split(),
}
# What the program learnt from: what it now does.
MENDED = {
    "pybase64": "programs that setup.py starts become build requirements",
    "pynacl": "`make check` has nothing to run; abi3 only where the source speaks of it",
    "pycryptodome": "libraries for ctypes named like modules; modules of one processor",
    "pillow": "the floor follows libraries that are grafted",
    "gevent": "modules of cffi by the markers of what the wheel asks for",
    "ruamel.yaml.clib": "setup.py sees a name among its words",
    "RPi.GPIO": "functions inside functions are gcc's",
    "evdev": "CPATH for a setup.py that looks for headers",
    "hidapi": "what setup.py asks pkg-config for",
    "pycairo": "links into what a sysroot goes without",
    "dbus-python": "links into what a sysroot goes without",
    "pycurl": "what curl-config says of libcurl",
    "brotlicffi": "the stable ABI's version is the source's to say",
    "pylibsrtp": "what a script of cffi includes and links; libsrtp2",
    "pywavelets": "a recipe for numpy, which has no wheel for armv7",
    "shapely": "a recipe for numpy, which has no wheel for armv7",
}
# Why the others fail where the fault is not the program's.
REASON = {
    "coincurve": "its build wants an older cffi than it asks for; so does a native build",
    "blosc2": "its CMakeLists.txt fetches C-Blosc2 by git",
    "google-crc32c": "it links a library that bullseye does not have",
    "pillow": "bullseye has no libavif that is new enough",
    "lupa": "LuaJIT's Makefile starts a program that it compiled for the target",
    "ruamel.yaml.clib": "verify: its module imports a project that it does not ask for",
    "pycurl": "it wants a newer libcurl than bullseye's",
    "pycairo": "verify: libXrender, which manylinux takes for granted, is not in the root",
    "shapely": "it wants a newer GEOS than bullseye's",
}
# A native build of this release fails alike: no measure of a cross build.
NATIVE_TOO = ["coincurve"]
# Known before the rules of `new` were written.
TUNED = """asyncpg bcrypt bitarray brotli coverage fastavro frozenlist kiwisolver lz4 msgpack
multidict psutil pymongo regex simplejson tornado ujson wrapt xxhash yarl zstandard
pydantic-core""".split()

HACKING = os.path.join(xt.SOURCE, "orchestrator", "HACKING.md")
BEGIN, END = "<!-- unedited -->\n", "<!-- /unedited -->\n"


def measures():
    return [n for n in FIRST if n not in MENDED and n not in NATIVE_TOO]


def shown():
    """The rows of the table: name -> cells."""
    with open(HACKING, encoding="utf-8") as f:
        text = f.read()
    rows = re.findall(r"^\| ([\w.-]+) \| (.*) \|$", text[text.index(BEGIN):text.index(END)],
                      re.M)
    return {name: rest.split(" | ") for name, rest in rows if name in FIRST or
            name in TUNED}


def write(found, where=""):
    """found: name -> (version, class of the failure or ""), of a run of now. Rows of the
    others stay. `where`: on which target alone it was tried."""
    with open(HACKING, encoding="utf-8") as f:
        text = f.read()
    rows = shown()
    for name, (version, kind) in found.items():
        first = "known before" if name in TUNED else FIRST.get(name, kind) or "built"
        why = MENDED.get(name, "")
        why = REASON.get(name, why) if kind else why
        why = "; ".join(w for w in (where and f"tried on {where} alone", why) if w)
        rows[name] = [version, first, kind or "built", time.strftime("%Y-%m-%d"), why]
    fresh = [n for n in rows if n in FIRST]
    counted = [n for n in measures() if n in rows]
    good = [n for n in counted if rows[n][2] == "built"]
    table = (f"{sum(not FIRST[n] for n in fresh)} of {len(fresh)} on the first try. Of the "
             f"{len(counted)} that nothing was mended for and that can be built natively "
             f"{len(good)} are built now ({100 * len(good) // max(len(counted), 1)} %).\n\n"
             "| package | version | first try | now | date | |\n"
             "|---|---|---|---|---|---|\n")
    order = [n for n in FIRST if n in rows] + [n for n in TUNED if n in rows]
    for name in order:
        table += f"| {name} | {' | '.join(rows[name])} |\n"
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    xt.write(HACKING, text[:begin] + "\n" + table + "\n" + text[end:])
    print(table.splitlines()[0])
