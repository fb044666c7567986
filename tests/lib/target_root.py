"""A target's own Python, unpacked from Debian packages and run by qemu-user.

    root = target_root.get("bookworm", "aarch64")
    out = root.python(["-c", "import x; print(x.y)"], path=[folder_of_unpacked_wheel])

Roots and packages stay in xt.CACHE. The archive is the one that the machine's apt
uses (or XORCH_MIRROR_DEBIAN); Packages is checked against Release, each package
against Packages. For tests only: signatures are xorch's business, not this file's."""
import fcntl
import glob
import hashlib
import lzma
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import xt

PYTHON = {"bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13"}
TAG = {"bullseye": "cp39", "bookworm": "cp311", "trixie": "cp313"}
DEBIAN = {"aarch64": "arm64", "armv7": "armhf", "x86_64": "amd64"}
QEMU = {"aarch64": "qemu-aarch64-static", "armv7": "qemu-arm-static"}
# Not needed to run an interpreter, and what would drag half a system in.
LEAVE_OUT = {"debconf", "debconf-2.0", "perl-base", "dpkg", "media-types", "tzdata",
             "mime-support", "install-info", "readline-common", "sensible-utils",
             "netbase", "openssl-provider-legacy"}


def mirrors():
    """Base addresses of Debian archives, in the order apt has them."""
    own = os.environ.get("XORCH_MIRROR_DEBIAN")
    if own:
        return own.split()
    found = []
    files = ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*"))
    for name in files:
        try:
            with open(name, encoding="utf-8") as f:
                text = f.read()
        except OSError:
            continue
        for line in text.splitlines():
            line = line.split("#", 1)[0].strip()
            if line.startswith("deb ") or line.lower().startswith("uris:"):
                found += re.findall(r"https?://\S+?/debian(?=/?(?:\s|$))", line)
    return list(dict.fromkeys(found))


def download(path):
    """Bytes of `path` below the first archive that has it."""
    last = None
    for base in mirrors():
        for attempt in range(3):
            try:
                with urllib.request.urlopen(base.rstrip("/") + "/" + path, timeout=60) as r:
                    return r.read()
            except urllib.error.HTTPError as e:
                last = e
                break
            except OSError as e:
                last = e
                time.sleep(attempt)
    raise xt.Skip(f"the Debian mirror cannot be reached for {path}: {last}")


def paragraphs(text):
    for block in text.split("\n\n"):
        fields = {}
        for line in block.split("\n"):
            if line[:1] not in ("", " ", "\t") and ":" in line:
                key, value = line.split(":", 1)
                fields[key] = value.strip()
        if "Package" in fields:
            yield fields


def cached(name, make):
    """Path of the file `name` in the cache, made by make() the first time."""
    path = os.path.join(xt.CACHE, name)
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        data = make()
        with open(f"{path}.{os.getpid()}", "wb") as f:
            f.write(data)
        os.replace(f.name, path)
    return path


def index(suite, arch):
    """Package name -> fields, and virtual name -> providers."""
    where = f"main/binary-{arch}/Packages.xz"

    def fetch():
        release = download(f"dists/{suite}/Release").decode()
        sums = release.split("\nSHA256:", 1)[1]
        want = re.search(r"^ ([0-9a-f]{64}) +\d+ " + re.escape(where) + "$", sums, re.M)
        data = download(f"dists/{suite}/{where}")
        xt.check(want and hashlib.sha256(data).hexdigest() == want[1],
                 f"{suite} {where} is not what Release says")
        return data
    with open(cached(f"debian/{suite}-{arch}.Packages.xz", fetch), "rb") as f:
        text = lzma.decompress(f.read()).decode()
    packages, provided = {}, {}
    for p in paragraphs(text):
        packages[p["Package"]] = p
        for name in p.get("Provides", "").split(","):
            provided.setdefault(re.sub(r"\(.*?\)", "", name).strip(), p["Package"])
    return packages, provided


def closure(suite, arch, roots, follow=True):
    packages, provided = index(suite, arch)
    out, todo = {}, list(roots)
    while todo:
        name = todo.pop()
        name = name if name in packages else provided.get(name)
        if not name or name in out or name in LEAVE_OUT:
            continue
        out[name] = packages[name]
        if follow:
            depends = ",".join(out[name].get(k, "") for k in ("Depends", "Pre-Depends"))
            for group in depends.split(","):
                first = re.sub(r"\(.*?\)|\[.*?\]|:any", "", group.split("|")[0]).strip()
                if first:
                    todo.append(first)
    return out


def deb(fields):
    def fetch():
        data = download(fields["Filename"])
        xt.check(hashlib.sha256(data).hexdigest() == fields["SHA256"],
                 f"{fields['Filename']} is not what Packages says")
        return data
    return cached("debian/pool/" + os.path.basename(fields["Filename"]), fetch)


def unpack(suite, arch, dest, roots, follow=True):
    """Unpacks packages (and what they depend on) of Debian's `arch` into dest."""
    for fields in closure(suite, arch, roots, follow).values():
        subprocess.run(["dpkg-deb", "-x", deb(fields), dest], check=True)


def prepared(name, make):
    """Folder `name` in the cache, filled by make(folder) once, by one process."""
    folder = os.path.join(xt.CACHE, name)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    if not os.path.isdir(folder):
        with open(folder + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.isdir(folder):
                shutil.rmtree(folder + ".part", ignore_errors=True)
                os.makedirs(folder + ".part")
                make(folder + ".part")
                os.rename(folder + ".part", folder)
    return folder


class Root:
    def __init__(self, suite, platform, folder):
        self.suite, self.platform, self.folder = suite, platform, folder
        self.version, self.tag = PYTHON[suite], TAG[suite]
        self.interpreter = os.path.join(folder, "usr/bin/python" + self.version)

    def command(self):
        if self.platform == "x86_64":
            loader = os.path.join(self.folder, "lib64/ld-linux-x86-64.so.2")
            if os.path.islink(loader) and os.readlink(loader)[0] == "/":
                loader = self.folder + os.readlink(loader)
            libs = ":".join(os.path.join(self.folder, d, "x86_64-linux-gnu")
                            for d in ("lib", "usr/lib"))
            return [loader, "--library-path", libs, self.interpreter]
        qemu = shutil.which(QEMU[self.platform])
        xt.check(qemu, f"{QEMU[self.platform]} is missing: install qemu-user-static")
        return [qemu, "-L", self.folder, self.interpreter]

    def python(self, args, path=(), timeout=300):
        """Output of the target's Python; path: folders to import from."""
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
               "PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONNOUSERSITE": "1"}
        p = subprocess.run(self.command() + list(args), env=env, timeout=timeout,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
        xt.check(p.returncode == 0, f"{self.suite} {self.platform} {args}",
                 f"exit {p.returncode}", p.stdout, p.stderr)
        return p.stdout

    def run_wheel(self, wheel, code, timeout=300):
        """Unpacks a wheel beside nothing else and runs `code` with it."""
        with xt.scratch() as folder:
            shutil.unpack_archive(wheel, folder, "zip")
            return self.python(["-c", code], path=[folder], timeout=timeout)


def get(suite, platform, more=()):
    """The root of Debian `suite` for a platform of xorch (aarch64, armv7, x86_64), with
    `more` packages in it."""
    python = "python" + PYTHON[suite]

    def make(folder):
        unpack(suite, DEBIAN[platform], folder,
               [python + "-minimal", f"lib{python}-stdlib", "libstdc++6", "libatomic1",
                *more])
        # Packages of a merged system ship usr/lib only; the links are base-files'.
        for name in ("bin", "lib", "lib64"):
            top = os.path.join(folder, name)
            if not os.path.lexists(top) and os.path.isdir(os.path.join(folder, "usr", name)):
                os.symlink("usr/" + name, top)
    return Root(suite, platform, prepared("-".join(
        [f"roots/{suite}-{platform}", *more]), make))


# What a package needs to be imported at all, from Debian.
NEEDS = {"cryptography": ("python3-cffi-backend",)}

# What a wheel of the recipes must do on its target: module -> code, printed "ok".
CHECKS = {
    "psycopg2": """
import psycopg2
assert psycopg2.__libpq_version__ >= 130000, psycopg2.__libpq_version__
try:
    psycopg2.connect('host=127.0.0.1 port=1 connect_timeout=2')
except psycopg2.OperationalError as e:
    assert 'refused' in str(e), e
else:
    raise SystemExit('connected')
print('ok')
""",
    "lxml": """
from lxml import etree, objectify
doc = etree.fromstring('<a><b n="1">x</b><b n="2">y</b></a>')
assert [e.text for e in doc.xpath('//b[@n>1]')] == ['y']
xsl = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
style = ('<xsl:stylesheet version="1.0" ' + xsl + '><xsl:output method="text"/>'
         '<xsl:template match="/"><xsl:for-each select="//b">'
         '<xsl:sort select="@n" order="descending"/><xsl:value-of select="."/>'
         '</xsl:for-each></xsl:template></xsl:stylesheet>')
assert str(etree.XSLT(etree.fromstring(style))(doc)) == 'yx'
assert objectify.fromstring('<r><i>3</i></r>').i + 1 == 4
print('ok')
""",
    "cwcwidth": """
import cwcwidth, cwcwidth._impl as i
assert i.__file__.endswith('.so'), i.__file__
assert cwcwidth.wcswidth('コンニチハ, セカイ!') == 19
assert cwcwidth.wcwidth('コ') == 2
print('ok')
""",
    "greenlet": """
import greenlet
def child(x):
    y = main.switch(x + 1)
    raise KeyError(y)
main = greenlet.getcurrent()
g = greenlet.greenlet(child)
assert g.switch(1) == 2
try:
    g.switch('through')
except KeyError as e:
    assert e.args == ('through',)
else:
    raise SystemExit('no exception came through')
assert g.dead and greenlet._greenlet.__file__.endswith('.so')
print('ok')
""",
    "cryptography": """
from cryptography.fernet import Fernet
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
assert backend.openssl_version_text().startswith('OpenSSL 3.'), backend.openssl_version_text()
f = Fernet(Fernet.generate_key())
assert f.decrypt(f.encrypt(b'secret')) == b'secret'
h = hashes.Hash(hashes.SHA256())
h.update(b'abc')
assert h.finalize().hex().startswith('ba7816bf8f01cfea')
key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
key.public_key().verify(key.sign(b'x'), b'x')
print('ok')
""",
    "rpds_py": """
import rpds
m = rpds.HashTrieMap({'a': 1}).insert('b', 2)
assert sorted(m.items()) == [('a', 1), ('b', 2)] and len(m.remove('a')) == 1
assert list(rpds.List([1, 2]).push_front(0)) == [0, 1, 2]
print('ok')
""",
    "sudachipy": r"""
import json, pathlib, tempfile
import sudachipy, sudachipy.sudachipy as native
folder = pathlib.Path(tempfile.mkdtemp())
(folder / 'matrix.def').write_text('1 1\n0 0 0\n')
pos = '名詞,普通名詞,一般,*,*,*'
rows = [f'{text},0,0,{cost},{text},{pos},ヨミ,{text},*,A,*,*,*,*'
        for text, cost in (('東京', 2000), ('都', 3000), ('東京都', 2500), ('に', 500))]
(folder / 'lex.csv').write_text('\n'.join(rows) + '\n')
native.build_system_dic(matrix=folder / 'matrix.def', lex=[folder / 'lex.csv'],
                        output=folder / 'system.dic', description='small')
(folder / 'config.json').write_text(json.dumps({
    'systemDict': str(folder / 'system.dic'), 'inputTextPlugin': [], 'pathRewritePlugin': [],
    'connectionCostPlugin': [], 'oovProviderPlugin': [{
        'class': 'com.worksap.nlp.sudachi.SimpleOovPlugin', 'oovPOS': pos.split(','),
        'leftId': 0, 'rightId': 0, 'cost': 30000}]}))
tokens = sudachipy.Dictionary(config_path=str(folder / 'config.json')).create()
words = [m.surface() for m in tokens.tokenize('東京都に行く')]
assert words[:2] == ['東京都', 'に'] and ''.join(words[2:]) == '行く', words
print('ok')
""",
    # It loads cffi's part of another wheel: tests/e2e/test_native.py has both.
    "argon2_cffi_bindings": """
try:
    import _argon2_cffi_bindings._ffi
except ModuleNotFoundError as e:
    assert e.name == '_cffi_backend', e
print('ok')
""",
    "cffi": """
import _cffi_backend as b, ctypes
double, integer = b.new_primitive_type('double'), b.new_primitive_type('int')
power = b.new_function_type((double, double), double, False)
assert b.load_library('libm.so.6', 0).load_function(power, 'pow')(2.0, 10.0) == 1024.0
for name, kind in (('long', ctypes.c_long), ('size_t', ctypes.c_size_t)):
    assert b.sizeof(b.new_primitive_type(name)) == ctypes.sizeof(kind)
assert b.callback(b.new_function_type((integer,), integer, False), lambda x: x + 1)(41) == 42
print('ok')
""",
    "pyyaml": """
import yaml, yaml._yaml
text = 'a: [1, 2.5, "x"]\\nb: {c: null}\\n'
want = {'a': [1, 2.5, 'x'], 'b': {'c': None}}
assert yaml.load(text, Loader=yaml.CSafeLoader) == want
assert yaml.load(yaml.dump(want, Dumper=yaml.CSafeDumper), Loader=yaml.SafeLoader) == want
print('ok')
""",
    "numpy": """
import numpy as np, ctypes
import numpy._core._multiarray_umath as m
assert m.__file__.endswith('.so') and np.dtype(np.intp).itemsize == ctypes.sizeof(ctypes.c_void_p)
bits = {('aarch64', 8): 112, ('armv7l', 4): 52, ('armv8l', 4): 52, ('x86_64', 8): 63}
import os
assert np.finfo(np.longdouble).nmant == bits[os.uname().machine, ctypes.sizeof(ctypes.c_void_p)]
a = np.random.default_rng(42).standard_normal(1000)
assert abs(a[0] - 0.30471707975443135) < 1e-15, a[0]
assert (np.diff(np.sort(a)) >= 0).all() and (np.sort(a.astype('f4')) == np.array(sorted(a.astype('f4')))).all()
assert abs(np.linalg.det(np.array([[1., 2], [3, 4]])) + 2) < 1e-12
assert np.allclose(np.fft.ifft(np.fft.fft(a)).real, a)
assert np.longdouble('0.1') + np.longdouble(1) > 1 and (np.arange(10, dtype='i8') ** 2).sum() == 285
print('ok')
""",
    "rapidfuzz": """
from rapidfuzz import fuzz, fuzz_cpp, process, process_cpp_impl
from rapidfuzz.distance import Levenshtein, metrics_cpp
assert fuzz.ratio is fuzz_cpp.ratio
assert abs(fuzz.ratio('this is a test', 'this is a test!') - 96.55172413793103) < 1e-9
assert Levenshtein.distance('kitten', 'sitting') == 3
assert process.extractOne('abcd', ['abce', 'zzzz'])[0] == 'abce'
print('ok')
""",
    "uvloop": """
import asyncio, uvloop, uvloop.loop
async def main():
    async def serve(r, w):
        w.write((await r.readline()).upper())
        w.close()
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    r, w = await asyncio.open_connection(*server.sockets[0].getsockname())
    w.write(b'hello\\n')
    assert await r.readline() == b'HELLO\\n'
    w.close()
    server.close()
    assert type(asyncio.get_running_loop()).__module__.startswith('uvloop')
uvloop.run(main())
print('ok')
""",
    # Its package imports ifaddr, a wheel of its own: given an empty one here.
    "zeroconf": """
import sys, types
sys.modules['ifaddr'] = types.ModuleType('ifaddr')
sys.modules['ifaddr'].Adapter = sys.modules['ifaddr'].IP = object
import zeroconf, zeroconf._services as services, zeroconf._protocol.incoming as incoming
for module in (services, incoming):
    assert module.__file__.endswith('.so'), module.__file__
out = zeroconf.DNSOutgoing(0)
out.add_question(zeroconf.DNSQuestion('_x._tcp.local.', 12, 1))
back = zeroconf.DNSIncoming(out.packets()[0])
assert back.questions[0].name == '_x._tcp.local.', back.questions
print('ok')
""",
    # Its package imports numpy: the modules alone.
    "contourpy": """
import importlib.util, glob, os, sys
folder = [p for p in sys.path if os.path.isdir(os.path.join(p, 'contourpy'))][0]
path, = glob.glob(os.path.join(folder, 'contourpy', '_contourpy*.so'))
spec = importlib.util.spec_from_file_location('_contourpy', path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
assert module.FillType.OuterCode != module.FillType.ChunkCombinedCode
assert module.max_threads() >= 1
print('ok')
""",
    "pyzmq": """
import zmq
context = zmq.Context()
a, b = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
a.bind('inproc://x')
b.connect('inproc://x')
b.send(b'hello')
assert a.recv() == b'hello'
assert zmq.has('curve') and len(zmq.curve_keypair()[0]) == 40
print('ok')
""",
    "markupsafe": """
import markupsafe, markupsafe._speedups as s
assert s.__file__.endswith('.so')
assert markupsafe._escape_inner is s._escape_inner
assert str(markupsafe.escape('<a href="x">&</a>')) == '&lt;a href=&#34;x&#34;&gt;&amp;&lt;/a&gt;'
print('ok')
""",
}


def check_wheel(root, wheel):
    """Runs the check of the wheel's package on the target."""
    package = os.path.basename(wheel).split("-")[0].lower()
    if package in NEEDS:
        root = get(root.suite, root.platform, NEEDS[package])
    xt.equal(root.run_wheel(wheel, CHECKS[package]).strip(), "ok", wheel)
