"""Small ELF files and wheels made byte by byte, so that each test can be wrong in
just one way and needs no compiler.

    so = Elf("aarch64", needed=["libc.so.6"], soname=None,
             undefined=[("malloc", "libc.so.6", "GLIBC_2.17")],
             defined=["PyInit__impl"]).bytes()
    wheel(path, {"pkg/_impl.cpython-311-aarch64-linux-gnu.so": so})

The files are sound ELF: program headers, dynamic table, symbols, SysV hash,
version needs, ARM attributes, section headers; code is a few zero bytes."""
import base64
import hashlib
import os
import struct
import zipfile

MACHINES = {  # name: class, machine, e_flags, endian
    "aarch64": (64, 183, 0, "<"), "x86_64": (64, 62, 0, "<"),
    "armv7": (32, 40, 0x5000400, "<"), "i686": (32, 3, 0, "<"),
    "s390x": (64, 22, 0, ">"), "ppc64le": (64, 21, 2, "<"), "riscv64": (64, 243, 5, "<"),
    "loongarch64": (64, 258, 0x43, "<"),
}
WHEEL_ARCH = {"armv7": "armv7l"}
MULTIARCH = {"aarch64": "aarch64-linux-gnu", "x86_64": "x86_64-linux-gnu",
             "armv7": "arm-linux-gnueabihf", "i686": "i386-linux-gnu",
             "s390x": "s390x-linux-gnu", "ppc64le": "powerpc64le-linux-gnu",
             "riscv64": "riscv64-linux-gnu", "loongarch64": "loongarch64-linux-gnu"}
FUNC, OBJECT = 2, 1
GLOBAL, WEAK = 1, 2


class Strings:
    def __init__(self):
        self.data, self.at = b"\0", {"": 0}

    def add(self, text):
        if text not in self.at:
            self.at[text] = len(self.data)
            self.data += text.encode() + b"\0"
        return self.at[text]


def sysv_hash(name):
    h = 0
    for c in name.encode():
        h = (h << 4) + c
        g = h & 0xf0000000
        h = (h ^ (g >> 24)) & ~g & 0xffffffff
    return h


def uleb(n):
    out = b""
    while True:
        byte, n = n & 0x7f, n >> 7
        out += bytes([byte | (0x80 if n else 0)])
        if not n:
            return out


def arm_attributes(tags):
    """tags: {6: 10 (CPU arch), 10: 4 (FP), 12: 0 (SIMD), 28: 1 (VFP args)}"""
    body = b"".join(uleb(t) + (v.encode() + b"\0" if isinstance(v, str) else uleb(v))
                    for t, v in sorted(tags.items()))
    file = b"\x01" + struct.pack("<I", len(body) + 5) + body
    vendor = b"aeabi\0" + file
    return b"A" + struct.pack("<I", len(vendor) + 4) + vendor


class Elf:
    def __init__(self, machine="aarch64", needed=("libc.so.6",), soname=None, rpath=None,
                 runpath=None, undefined=(), defined=(), text=b"", flags=None, stack=6,
                 textrel=False, code_flags=5, attributes=None, needs=(), isa=None,
                 feature=None, interp=None):
        """undefined: name or (name, library, version[, bind]); defined: name or
        (name, bind[, type]); needs: bare (library, version) without a symbol;
        stack: flags of PT_GNU_STACK, None: no such header; isa, feature: bits of the
        GNU property notes of x86-64 and AArch64; interp: a program's loader."""
        self.bits, self.machine, self.flags, self.order = MACHINES[machine]
        if flags is not None:
            self.flags = flags
        if attributes is None and machine == "armv7":
            attributes = {6: 10, 7: 65, 8: 1, 9: 2, 10: 4, 28: 1}
        self.needed, self.soname, self.rpath, self.runpath = needed, soname, rpath, runpath
        self.undefined = [(u,) if isinstance(u, str) else tuple(u) for u in undefined]
        self.defined = [(d,) if isinstance(d, str) else tuple(d) for d in defined]
        self.text, self.stack, self.textrel, self.code_flags = text, stack, textrel, code_flags
        self.attributes, self.needs, self.isa = attributes, needs, isa
        self.feature, self.interp = feature, interp

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def word(self, *values):
        return self.pack("%d%s" % (len(values), "Q" if self.bits == 64 else "I"), *values)

    def symbol(self, name, info, section, value, size):
        if self.bits == 64:
            return self.pack("IBBHQQ", name, info, 0, section, value, size)
        return self.pack("IIIBBH", name, value, size, info, 0, section)

    def versions(self, strings):
        """Version needs: bytes, count, index of each (library, version)."""
        libraries = {}
        for u in self.undefined:
            if len(u) > 2:
                libraries.setdefault(u[1], []).append(u[2])
        for library, version in self.needs:
            libraries.setdefault(library, []).append(version)
        out, index, n = b"", {}, 2
        for i, (library, names) in enumerate(libraries.items()):
            names = list(dict.fromkeys(names))
            aux = b""
            for k, version in enumerate(names):
                index[library, version] = n
                aux += self.pack("IHHII", sysv_hash(version), 0, n, strings.add(version),
                                 16 if k + 1 < len(names) else 0)
                n += 1
            last = i + 1 == len(libraries)
            out += self.pack("HHIII", 1, len(names), strings.add(library), 16,
                             0 if last else 16 + len(aux)) + aux
        return out, len(libraries), index

    def bytes(self):
        wide = self.bits == 64
        ehsize, phsize, shsize = (64, 56, 64) if wide else (52, 32, 40)
        strings = Strings()
        needs, n_needs, index = self.versions(strings)
        symbols = self.symbol(0, 0, 0, 0, 0)
        versym = self.pack("H", 0)
        names = [""]
        for u in self.undefined:
            bind = u[3] if len(u) > 3 else GLOBAL
            symbols += self.symbol(strings.add(u[0]), bind << 4 | 0, 0, 0, 0)
            versym += self.pack("H", index[u[1], u[2]] if len(u) > 2 else 1)
            names.append(u[0])
        text_section = 6
        for d in self.defined:
            bind = d[1] if len(d) > 1 else GLOBAL
            kind = d[2] if len(d) > 2 else FUNC
            symbols += self.symbol(strings.add(d[0]), bind << 4 | kind, text_section, 0x10, 8)
            versym += self.pack("H", 1)
            names.append(d[0])
        chain = [0] * len(names)
        for i in range(2, len(names)):
            chain[i] = i - 1
        # 64-bit S/390 alone has 8-byte words in this table.
        hashes = self.pack("%d%s" % (3 + len(names), "Q" if self.machine == 22 else "I"),
                           1, len(names), len(names) - 1, *chain)
        tags = [(1, strings.add(n)) for n in self.needed]
        for tag, value in ((14, self.soname), (15, self.rpath), (29, self.runpath)):
            if value is not None:
                tags.append((tag, strings.add(value)))
        if self.textrel:
            tags.append((22, 0))
        note, interp = b"", self.interp.encode() + b"\0" if self.interp else b""
        if self.isa is not None or self.feature is not None:
            kind, bits = (0xc0008002, self.isa) if self.feature is None else (
                0xc0000000, self.feature)
            desc = self.pack("III", kind, 4, bits) + (b"\0" * 4 if wide else b"")
            note = self.pack("III", 4, len(desc), 5) + b"GNU\0" + desc

        n_ph = 3 + (self.stack is not None) + bool(note) + bool(interp)
        parts, at = {}, ehsize + n_ph * phsize
        layout = [(".hash", hashes), (".dynsym", symbols), (".dynstr", strings.data),
                  (".gnu.version", versym), (".gnu.version_r", needs),
                  (".text", b"\0" * 32), (".rodata", self.text or b"\0"),
                  (".note.gnu.property", note), (".interp", interp)]
        body = b""
        for name, data in layout:
            pad = -at % 8
            body += b"\0" * pad + data
            at += pad
            parts[name] = (at, len(data))
            at += len(data)
        pad = -at % 8
        body, at = body + b"\0" * pad, at + pad
        tags += [(4, parts[".hash"][0]), (5, parts[".dynstr"][0]),
                 (6, parts[".dynsym"][0]), (10, len(strings.data)), (11, 24 if wide else 16)]
        if n_needs:
            tags += [(0x6ffffff0, parts[".gnu.version"][0]),
                     (0x6ffffffe, parts[".gnu.version_r"][0]), (0x6fffffff, n_needs)]
        dynamic = b"".join(self.word(t, v) for t, v in tags + [(0, 0)])
        parts[".dynamic"] = (at, len(dynamic))
        body, at = body + dynamic, at + len(dynamic)
        loaded = at
        attributes = arm_attributes(self.attributes) if self.attributes else b""
        parts[".ARM.attributes"] = (at, len(attributes))
        body, at = body + attributes, at + len(attributes)

        headers = [(1, self.code_flags, 0, loaded, 0x1000), (1, 6, 0, 0, 0x1000),
                   (2, 6, *parts[".dynamic"], 8)]
        if self.stack is not None:
            headers.append((0x6474e551, self.stack, 0, 0, 16))
        if interp:
            headers.insert(0, (3, 4, *parts[".interp"], 1))
        if note:
            headers.append((4, 4, *parts[".note.gnu.property"], 8 if wide else 4))
        program = b""
        for kind, flags, offset, size, align in headers:
            if wide:
                program += self.pack("IIQQQQQQ", kind, flags, offset, offset, offset, size,
                                     size, align)
            else:
                program += self.pack("IIIIIIII", kind, offset, offset, offset, size, size,
                                     flags, align)
        rows = [("", 0, 0, 0, 0, 0, 0), (".hash", 5, 2, 2, 0, 4, 4),
                (".dynsym", 11, 2, 3, 1, 24 if wide else 16, 8), (".dynstr", 3, 2, 0, 0, 0, 1),
                (".gnu.version", 0x6fffffff, 2, 2, 0, 2, 2),
                (".gnu.version_r", 0x6ffffffe, 2, 3, n_needs, 0, 4) if n_needs
                else (".padding", 1, 0, 0, 0, 0, 1),
                (".text", 1, 6, 0, 0, 0, 4), (".rodata", 1, 2, 0, 0, 0, 1),
                (".dynamic", 6, 3, 3, 0, 16 if wide else 8, 8)]
        if note:
            rows.append((".note.gnu.property", 7, 2, 0, 0, 0, 8 if wide else 4))
        if attributes:
            rows.append((".ARM.attributes", 0x70000003, 0, 0, 0, 0, 1))
        rows.append((".shstrtab", 3, 0, 0, 0, 0, 1))
        shstr = Strings()
        for row in rows:
            shstr.add(row[0])
        parts[".shstrtab"] = (at, len(shstr.data))
        body, at = body + shstr.data, at + len(shstr.data)
        pad = -at % 8
        body, at = body + b"\0" * pad, at + pad
        sections = b""
        for name, kind, flags, link, info, entry, align in rows:
            offset, size = parts.get(name, (0, 0))
            address = offset if flags & 2 else 0
            sections += self.pack("II", shstr.add(name), kind) + self.word(
                flags, address, offset, size) + self.pack("II", link, info) + self.word(
                align, entry)
        ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if self.order == "<" else 2, 1]) \
            + b"\0" * 9
        header = ident + self.pack("HHI", 3, self.machine, 1) + self.word(
            0, ehsize, at) + self.pack("IHHHHHH", self.flags, ehsize, phsize, len(headers),
                                       shsize, len(rows), len(rows) - 1)
        return header + program + body + sections


def record_line(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def wheel(path, files, metadata=None, tags=None, purelib=False, record=None, extra=None,
          compress=True):
    """A sound wheel called `path`; name, version and tags come from the file name.
    record: function that edits RECORD's text; extra: dist-info files by name."""
    stem = os.path.basename(path)[:-4].split("-")
    name, version = stem[:2]
    info = f"{name}-{version}.dist-info/"
    files = dict(files)
    meta = metadata or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if tags is None:
        tags = [f"{a}-{b}-{c}" for a in stem[-3].split(".") for b in stem[-2].split(".")
                for c in stem[-1].split(".")]
    files[info + "METADATA"] = meta.encode()
    files[info + "WHEEL"] = ("Wheel-Version: 1.0\nGenerator: elfmake\nRoot-Is-Purelib: "
                             + ("true" if purelib else "false") + "\n"
                             + "".join(f"Tag: {t}\n" for t in tags)).encode()
    for key, value in (extra or {}).items():
        files[info + key] = value
    text = "".join(record_line(n, d) for n, d in files.items()) + info + "RECORD,,\n"
    files[info + "RECORD"] = (record(text) if record else text).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compress else
                         zipfile.ZIP_STORED) as z:
        for member, data in files.items():
            entry = zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if member.endswith(".so") else 0o100644) << 16
            entry.compress_type = z.compression
            z.writestr(entry, data)
    return path


def module_name(machine, module="_impl", abi="311"):
    return f"pkg/{module}.cpython-{abi}-{MULTIARCH[machine]}.so"


def wheel_name(machine, policy="manylinux_2_17", abi="cp311", name="pkg", version="1.0"):
    arch = WHEEL_ARCH.get(machine, machine)
    return f"{name}-{version}-{abi}-{abi}-{policy}_{arch}.whl"
