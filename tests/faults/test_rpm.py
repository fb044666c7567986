"""Sysroots of RPMs: the chain from repomd.xml to the files, and everything on it that is
wrong. A repository of the tests' own stands in for a distribution's."""
import gzip
import hashlib
import lzma
import os
import re
import struct
import subprocess

import xt
from rpm_repository import Repository

PLACE = "place: {usr/lib64: 'usr/lib/{triple}'}\n"


def simple(r, **more):
    r.add("base", {"usr/lib64/libbase.so.1.0": b"library\n", "usr/share/doc/base": b"doc\n",
                   "usr/include/base.h": b"header\n"},
          links=[("usr/lib64/libbase.so.1", "libbase.so.1.0"),
                 ("usr/lib64/libbase.so", "/usr/lib64/libbase.so.1")],
          version="2.0", provides=["libbase.so.1()(64bit)"], **more)
    r.add("app", requires=["base >= 1:1"])
    r.publish()


def good(r, name="mini"):
    got = r.do("fetch", name)
    xt.equal(got.code, 0, got)
    return got.out.strip()


def refused(got, code, *texts):
    xt.equal(got.code, code, got)
    for text in texts:
        xt.check(text in got.err, f"no {text!r} in", got)


def test_whole_way():
    """Links relative, lib64 where Debian's would be, pruned, the lock without a URL; with
    the lock no index is asked for."""
    with Repository() as r:
        r.add("base", {"usr/lib64/libbase.so.1.0": b"library\n", "usr/share/doc/b": b"d\n",
                       "usr/include/base.h": b"header\n"}, version="2.0", epoch=1,
              links=[("usr/lib64/libbase.so.1", "libbase.so.1.0"),
                     ("usr/lib64/libbase.so", "/usr/lib64/libbase.so.1")])
        r.add("base", {"usr/include/base.h": b"old\n"}, version="3.0")
        r.add("app", requires=["base >= 1:1"], arch="noarch")
        r.add("other")
        r.publish()
        r.define("mini", ["app"], more=PLACE + "prune: [usr/share/doc]\n")
        tree = good(r)
        with open(os.path.join(tree, "usr/include/base.h")) as f:
            xt.equal(f.read(), "header\n", "the epoch decides")
        lib = os.path.join(tree, "usr/lib/aarch64-linux-gnu")
        xt.equal(os.readlink(os.path.join(lib, "libbase.so")), "libbase.so.1")
        xt.equal(os.readlink(os.path.join(lib, "libbase.so.1")), "libbase.so.1.0")
        xt.equal(os.readlink(os.path.join(tree, "lib")), "usr/lib")
        xt.check(not os.path.exists(os.path.join(tree, "usr/share/doc")), "not pruned")
        xt.equal(r.locked(), [("app", "1.0-1"), ("base", "1:2.0-1")])
        lock = r.lock()
        xt.check("path: base/Packages/base-2.0-1.aarch64.rpm" in lock, lock)
        xt.check("suite: rpm" in lock and "architecture: aarch64" in lock, lock)
        xt.check("Thu, 09 Oct 2025 08:53:20 UTC" in lock, lock)
        xt.check("127.0.0.1" not in lock, lock)
        r.server.requests.clear()
        xt.equal(good(r), tree)
        xt.equal(r.server.requests, [])
        got = r.do("fetch", "mini", "--locked", XORCH_CACHE_DIR=r.home + "/second")
        xt.equal(got.code, 0, got)
        xt.check(all(q.path.endswith(".rpm") for q in r.server.requests), r.server.requests)


def test_pinned_by_digest():
    with Repository() as r:
        simple(r)
        digest = r.publish(sign=False)
        r.define("mini", ["base"], pinned={"base": digest})
        good(r)
        r.define("other", ["base"], pinned={"base": "0" * 64})
        refused(r.do("lock", "other"), 6, "X0601", "repomd.xml")


def test_compressions():
    """Index and payload in each form that distributions use."""
    with Repository() as r:
        for n, (payload, index) in enumerate((("w6.gzdio", "gz"), ("w6.xzdio", "xz"),
                                              ("w3.zstdio", "bz2"), ("w9.bzdio", "gz"),
                                              ("w0.ufdio", "gz"))):
            r.add(f"p{n}", {f"usr/share/p{n}": b"content\n" * 1000}, payload=payload)
            r.publish(compression=index)
            r.define(f"mini{n}", [f"p{n}"])
            tree = good(r, f"mini{n}")
            with open(os.path.join(tree, f"usr/share/p{n}"), "rb") as f:
                xt.equal(f.read(), b"content\n" * 1000, payload)


def test_index_in_zstd():
    """As Fedora has it since 40; createrepo_c of Debian 12 does not write it."""
    with Repository() as r:
        simple(r)
        _, path = r.index()
        with gzip.open(path) as f:
            plain = f.read()
        packed = subprocess.run(["zstd", "-q", "-c"], input=plain, check=True,
                                stdout=subprocess.PIPE).stdout
        xt.write(r.file("repodata/primary.xml.zst"), packed)

        def edit(text):
            old = re.search(rb'<data type="primary">.*?</data>', text, re.S)[0]
            new = re.sub(rb"<checksum type=.*?</checksum>", b'<checksum type="sha256">' +
                         hashlib.sha256(packed).hexdigest().encode() + b"</checksum>", old)
            new = re.sub(rb'href="[^"]*"', b'href="repodata/primary.xml.zst"', new)
            new = re.sub(rb"<size>\d+", b"<size>%d" % len(packed), new)
            return text.replace(old, new)
        path = r.file("repodata/repomd.xml")
        with open(path, "rb") as f:
            text = edit(f.read())
        xt.write(path, text)
        r.serve()
        where = "/base/aarch64/repodata/repomd.xml.asc"
        r.server.replies.pop(where)
        r.server.add(where, r.key.gpg("--armor", "--detach-sign", "--output", "-",
                                      data=text))
        r.define("mini", ["base"])
        good(r)
        xt.check([q for q in r.server.requests if q.path.endswith(".zst")])


def test_dependencies():
    """Rich ones, on files that primary.xml does not list, on what is provided, `without`."""
    with Repository() as r:
        r.add("tools", {"opt/deep/inside/tool": b"x\n"})
        r.add("plugin")
        r.add("engine")
        r.add("extra")
        r.add("more", repository="second")
        r.add("app", requires=["/opt/deep/inside/tool", "(plugin if engine)", "engine",
                               "(nothing or extra)", "virtual = 2", "more"])
        r.add("real", provides=["virtual = 2"])
        r.add("wrong", provides=["virtual = 3"])
        r.publish()
        r.publish(repository="second")
        r.define("mini", ["app"], ("base", "second"))
        good(r)
        xt.equal([n for n, _ in r.locked()],
                 ["app", "engine", "extra", "more", "plugin", "real", "tools"])
        r.define("less", ["app"], ("base", "second"), more="without: [engine, tools]\n")
        good(r, "less")
        # (plugin if engine): it was chosen with engine there
        xt.equal([n for n, _ in r.locked("less")],
                 ["app", "extra", "more", "plugin", "real"])


def test_what_cannot_be_met():
    with Repository() as r:
        r.add("app", requires=["lacking >= 3"])
        r.add("foreign", arch="x86_64")
        r.publish()
        r.define("mini", ["app"])
        refused(r.do("lock"), 2, "X0633", "lacking", "wanted for sysroot mini for aarch64")
        r.define("mini", ["nobody"])
        refused(r.do("lock"), 2, "X0633", "nobody")
        # of another architecture only
        r.define("mini", ["foreign"])
        refused(r.do("lock"), 2, "X0633", "foreign")


def test_hard_links():
    """Of several names of a file the last alone has the contents in an RPM."""
    with Repository() as r:
        r.add("linked", {"usr/share/a/one": b"same\n", "usr/share/empty": b"",
                         "usr/share/z": b"z"},
              hard=[("usr/share/a/two", "usr/share/a/one"), ("usr/share/b", "usr/share/a/one"),
                    ("usr/share/none", "usr/share/empty")])
        r.publish()
        r.define("mini", ["linked"])
        tree = good(r)
        for name in ("a/one", "a/two", "b"):
            with open(os.path.join(tree, "usr/share", name)) as f:
                xt.equal(f.read(), "same\n", name)
        for name in ("empty", "none"):
            xt.equal(os.path.getsize(os.path.join(tree, "usr/share", name)), 0)


def test_signatures():
    with Repository() as r:
        simple(r)
        r.define("mini", ["base"])
        where = "/base/aarch64/repodata/repomd.xml"
        with open(r.file("repodata/repomd.xml"), "rb") as f:
            text = f.read()
        # changed after it was signed
        r.server.replies.pop(where)
        r.server.add(where, text.replace(b"filelists", b"filelistz"))
        refused(r.do("lock"), 6, "X0631", "its signature is bad")
        # not signed at all
        simple_where = where + ".asc"
        r.server.replies.pop(where)
        r.server.add(where, text)
        r.server.replies.pop(simple_where)
        refused(r.do("lock"), 6, "X0631", "it is not signed", "repomd.xml.asc", "sha256")
        # something that is no signature
        r.server.add(simple_where, b"hello\n")
        refused(r.do("lock"), 6, "X0631")
        # by a key that may not sign
        r.publish()
        r.define("mini", ["base"], signed_by="A" * 40)
        refused(r.do("lock"), 6, "X0631", "which may not sign it")
        # keys that are not there
        r.define("mini", ["base"])
        os.rename(r.catalog + "/sysroots/KEY", r.catalog + "/sysroots/AWAY")
        refused(r.do("lock"), 8, "X0841", "KEY")
        # and without armor they are as good
        xt.write(r.catalog + "/sysroots/KEY", r.key.public)
        good(r)


def test_index_files():
    with Repository() as r:
        simple(r)
        r.define("mini", ["base"])
        for kind in ("primary", "filelists"):
            where, path = r.index(kind)
            with open(path, "rb") as f:
                body = f.read()
            for other in (body[:-1] + bytes([body[-1] ^ 1]), body[:-5], body + b"x"):
                r.server.replies.pop(where)
                r.server.add(where, other)
                refused(r.do("lock"), 6, "X0601", kind)
            r.server.replies.pop(where)
            r.server.add(where, body)
        good(r)


def test_index_that_lies():
    """Signed by the right key, and wrong all the same."""
    with Repository() as r:
        simple(r)
        r.define("mini", ["base"])
        for old, new, words in (
                (rb'href="repodata/[^"]*primary', b'href="../../primary', "leads elsewhere"),
                (rb'href="repodata/[^"]*primary', b'href="http://x.example/p',
                 "leads elsewhere"),
                (rb"<size>\d+", b"<size>0", "no size"),
                (rb'type="sha256"', b'type="md5"', "no sha256"),
                (rb"<repomd", b"<repomd><a><b><c><d><e><f><g><h><i><j><k><l><m><n><o><p><q",
                 "X0636"),
                (rb"</repomd>", b"", "X0636"),
                (rb"<\?xml[^>]*>", b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]>&a;", "X0636")):
            r.publish(edit=lambda text: re.sub(old, new, text))
            refused(r.do("lock"), 6, "X0636", words)
        r.publish()
        good(r)


def primary_lies(r, change):
    """primary.xml changed, repomd.xml made to fit and signed."""
    _, path = r.index()
    with gzip.open(path) as f:
        text = f.read()
    packed = gzip.compress(change(text))
    xt.write(path, packed)

    def edit(repomd):
        old = re.search(rb'<data type="primary">.*?</data>', repomd, re.S)[0]
        new = re.sub(rb"<checksum type=.*?</checksum>", b'<checksum type="sha256">' +
                     hashlib.sha256(packed).hexdigest().encode() + b"</checksum>", old)
        return repomd.replace(old, re.sub(rb"<size>\d+", b"<size>%d" % len(packed), new))
    with open(r.file("repodata/repomd.xml"), "rb") as f:
        repomd = edit(f.read())
    xt.write(r.file("repodata/repomd.xml"), repomd)
    r.serve()
    where = "/base/aarch64/repodata/repomd.xml.asc"
    r.server.replies.pop(where)
    r.server.add(where, r.key.gpg("--armor", "--detach-sign", "--output", "-", data=repomd))


def test_packages_list_that_lies():
    with Repository() as r:
        simple(r)
        r.define("mini", ["base"])
        for change in (
                lambda t: t.replace(b'href="Packages/base', b'href="../../etc/base'),
                lambda t: t.replace(b'href="Packages/base', b'href="/etc/base'),
                lambda t: re.sub(rb'<checksum type="sha256" pkgid="YES">', b'<checksum '
                                 b'type="md5" pkgid="YES">', t),
                lambda t: t[:len(t) // 2],
                lambda t: b"not XML at all",
                lambda t: b"<metadata/>"):
            r.publish()
            primary_lies(r, change)
            refused(r.do("lock"), 6, "X0632")
        r.publish()
        good(r)


def test_an_older_index():
    with Repository() as r:
        simple(r)
        r.define("mini", ["base"])
        good(r)
        r.revision -= 86400
        r.publish()
        refused(r.do("lock", "mini", "--upgrade"), 6, "X0635", "older", "9 Oct 2025")
        r.revision += 2 * 86400
        r.publish()
        got = r.do("lock", "mini", "--upgrade")
        xt.equal(got.code, 0, got)
        xt.check("Fri, 10 Oct 2025" in r.lock(), r.lock())


def test_packages():
    """Changed, cut off, gone."""
    with Repository() as r:
        simple(r)
        r.define("mini", ["base"])
        xt.equal(r.do("lock").code, 0)
        where = "/base/aarch64/Packages/base-2.0-1.aarch64.rpm"
        with open(r.file("Packages/base-2.0-1.aarch64.rpm"), "rb") as f:
            body = f.read()
        for other in (body[:-1] + bytes([body[-1] ^ 1]), body[:-9], b"<html>no</html>"):
            r.server.replies.pop(where)
            r.server.add(where, other)
            refused(r.do("fetch"), 6, "X0601", "base-2.0-1")
        r.server.replies.pop(where)
        refused(r.do("fetch"), 4, "X0431", "base-2.0-1", "--upgrade")
        r.server.add(where, body)
        good(r)


def cpio(*members):
    """newc, as an RPM's payload has it: (name, mode, data[, nlink])."""
    out = b""
    for n, (name, mode, data, *rest) in enumerate((*members, ("TRAILER!!!", 0, b""))):
        fields = [n + 1, mode, 0, 0, rest[0] if rest else 1, 1760000000, len(data), 0, 0, 0,
                  0, len(name) + 1, 0]
        out += b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return out


def header(tags):
    """An RPM header of string tags."""
    index, data = b"", b""
    for tag, text in tags.items():
        index += struct.pack(">IIII", tag, 6, len(data), 1)
        data += text + b"\0"
    return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", len(tags), len(data)) + \
        index + data


def rpm(payload, compressor=b"gzip", form=b"cpio", lead=None, main=None):
    lead = lead or (b"\xed\xab\xee\xdb\x03\x00\x00\x00\x00\x01" + b"x" * 66 +
                    b"\x00\x01\x00\x05" + bytes(16))
    signature = header({})
    out = lead + signature
    out += b"\0" * (-len(out) % 8)
    return out + (main or header({1124: form, 1125: compressor})) + payload


GOOD = ("./usr/share/x", 0o100644, b"x\n")


def swap(r, body):
    """A package with these bytes under base's name, in the lock as it is."""
    path = r.file("Packages/base-2.0-1.aarch64.rpm")
    xt.write(path, body)
    text = r.lock()
    old = re.search(r"base-2.0-1\.aarch64\.rpm\n +size: (\d+)\n +sha256: \"?([0-9a-f]{64})",
                    text)
    text = text.replace("size: " + old[1] + "\n", f"size: {len(body)}\n").replace(
        old[2], hashlib.sha256(body).hexdigest())
    xt.write(os.path.join(r.catalog, "sysroots/mini.lock"), re.sub(
        r"sha256: \"?([0-9a-f]{64})\"?", r'sha256: "\1"', text))
    r.serve()


def test_hostile_packages():
    """With the right sha256 in the lock: nothing outside is written, nothing skipped."""
    with Repository() as r:
        simple(r)
        r.define("mini", ["base"])
        xt.equal(r.do("lock").code, 0)
        fine = rpm(gzip.compress(cpio(GOOD)))
        swap(r, fine)
        tree = good(r)
        xt.check(os.path.exists(os.path.join(tree, "usr/share/x")))
        # says 2 GiB, which nobody has to make to be refused
        date = b"%08x" % 1760000000
        big = cpio(("./usr/big", 0o100644, b"")).replace(date + b"00000000",
                                                         date + b"7fffffff", 1)
        for body, code, words in (
                (rpm(gzip.compress(cpio(("../../../tmp/evil", 0o100644, b"x")))), 6, "X0620"),
                (rpm(gzip.compress(cpio(("./usr/../../evil", 0o100644, b"x")))), 6, "X0620"),
                (rpm(gzip.compress(cpio(("./usr/l", 0o120777, b"../../../../tmp"),
                                        ("./usr/l/evil", 0o100644, b"x")))), 6, "X0620"),
                (rpm(gzip.compress(cpio(("./dev/sda", 0o60644, b"")))), 6, "X0620"),
                (rpm(gzip.compress(cpio(GOOD, GOOD))), 6, "X0620"),
                (rpm(gzip.compress(cpio(GOOD)[:-200])), 6, "X0622"),
                (rpm(gzip.compress(cpio(GOOD))[:-20]), 6, "X0622"),
                (rpm(gzip.compress(big)), 6, "X0621"),
                (rpm(gzip.compress(b"070701garbage")), 6, "X0622"),
                (rpm(b"no compression, no cpio"), 6, "X0622"),
                (rpm(lzma.compress(cpio(GOOD), lzma.FORMAT_ALONE), b"lzma"), 6, "lzma"),
                (rpm(gzip.compress(cpio(GOOD)), form=b"drpm"), 6, "no cpio"),
                (rpm(gzip.compress(cpio(GOOD)), main=header({5008: b"x"})), 6, "4 GiB"),
                (rpm(b""), 6, "no payload"),
                (rpm(gzip.compress(cpio(GOOD)), lead=b"\xed\xab\xee\xdb\x03\x00\x00\x01" +
                     bytes(88)), 6, "source package"),
                (rpm(b"", main=b"\x8e\xad\xe8\x01" + bytes(4) + b"\xff" * 8), 6,
                 "impossible size"),
                (rpm(b"", main=b"\x8e\xad\xe8\x01" + bytes(4) +
                     struct.pack(">II", 9, 100)), 6, "ends within its header"),
                (b"\xed\xab\xee\xdb" + bytes(100), 6, "X0625"),
                (b"!<arch>\n", 6, "X0622")):
            swap(r, body)
            got = r.do("fetch")
            refused(got, code, words)
            xt.check(not os.path.exists("/tmp/evil"), words)
        swap(r, fine)
        xt.equal(good(r), tree)


def test_definitions_that_contradict_themselves():
    with Repository() as r:
        simple(r)
        for rpm_text, words in (
                ("  repositories: {a: 'http://x.example/a'}", "every repository wants"),
                ("  repositories: {a: 'http://x.example/a'}\n  keyring: KEY",
                 "belong together"),
                ("  repositories: {a: 'ftp://x.example/a'}", "http or https"),
                ("  repositories: {a: 'http://u:p@x.example/a'}", "http or https"),
                ("  repositories: {a: 'http://x.example/{basearch}'}", "{arch} alone"),
                ("  repositories: {'../a': 'http://x.example/a'}", "letters"),
                (f"  repositories: {{a: 'http://x.example/a'}}\n  keyring: ../KEY\n"
                 f"  signed_by: [{r.key.fingerprint}]", "beside this one"),
                ("  repositories: {a: 'http://x.example/a'}\n  sha256: {b: '" + "0" * 64 +
                 "'}", "not there")):
            xt.write(os.path.join(r.catalog, "sysroots/odd.yaml"),
                     'schema_version: 1\nname: odd\nglibc: "2.31"\ngcc: "10"\n'
                     f"targets: [aarch64]\npackages: [x]\nrpm:\n{rpm_text}\n")
            refused(r.do("lock", "odd"), 2, words)
        xt.write(os.path.join(r.catalog, "sysroots/odd.yaml"),
                 'schema_version: 1\nname: odd\nglibc: "2.31"\ngcc: "10"\n'
                 "targets: [aarch64]\nrpm: {repositories: {a: 'https://x.example/'}}\n")
        refused(r.do("lock", "odd"), 2, "X0303", "`rpm` and `packages`")


if __name__ == "__main__":
    xt.main(globals())
