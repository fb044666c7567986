"""Archives made byte by byte, so that a test can say what no archiver would write
and the same call gives the same bytes on every machine.

    tar([Member("p-1/a", b"text"), Member("p-1/l", link="a")])
    gz(...), xz(...), zst is left to the zstd program; zip_([...]); ar([...]); deb(...)"""
import binascii
import dataclasses
import lzma
import struct
import zlib

MTIME = 1700000000


@dataclasses.dataclass
class Member:
    name: str
    data: bytes = b""
    type: str = None          # tar's: 0 file, 1 hard link, 2 link, 5 folder, 3 4 6 …
    link: str = ""
    mode: int = None
    size: int = None          # to claim; default the real one
    pax: dict = None          # records of a pax header before it

    def __post_init__(self):
        if self.type is None:
            self.type = "2" if self.link else "5" if self.name.endswith("/") else "0"
        if self.mode is None:
            self.mode = 0o755 if self.type == "5" else 0o777 if self.type == "2" else 0o644


def _pad(data, size=512):
    return data + b"\0" * (-len(data) % size)


def _header(m, size):
    name = m.name.encode("utf-8", "surrogateescape")
    link = m.link.encode("utf-8", "surrogateescape")
    out = bytearray(512)
    out[0:len(name[:100])] = name[:100]
    out[100:108] = b"%07o\0" % m.mode
    out[108:116] = out[116:124] = b"0000000\0"
    out[124:136] = b"%011o\0" % size
    out[136:148] = b"%011o\0" % MTIME
    out[148:156] = b" " * 8
    out[156:157] = m.type.encode()
    out[157:157 + len(link[:100])] = link[:100]
    out[257:265] = b"ustar\x0000"
    out[148:156] = b"%06o\0 " % sum(out)
    return bytes(out)


def pax_records(records):
    out = b""
    for key, value in records.items():
        body = b" %s=%s\n" % (key.encode(), value.encode())
        size = len(body) + 1
        while size != len(b"%d" % size + body):
            size = len(b"%d" % size + body)
        out += b"%d" % size + body
    return out


def tar(members, end=True):
    out = b""
    for m in members:
        if m.pax:
            records = pax_records(m.pax)
            out += _header(Member("PaxHeaders/x", type="x"), len(records)) + _pad(records)
        if len(m.name.encode("utf-8", "surrogateescape")) > 100:
            name = m.name.encode("utf-8", "surrogateescape") + b"\0"
            out += _header(Member("././@LongLink", type="L"), len(name)) + _pad(name)
        size = len(m.data) if m.size is None else m.size
        out += _header(m, size) + _pad(m.data)
    return out + (b"\0" * 1024 if end else b"")


def gz(data, crc=None):
    """One gzip member without name and time, of stored blocks."""
    body, rest = b"", data
    while True:
        block, rest = rest[:65535], rest[65535:]
        body += struct.pack("<BHH", not rest, len(block), len(block) ^ 0xffff) + block
        if not rest:
            break
    crc = zlib.crc32(data) if crc is None else crc
    return (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body +
            struct.pack("<II", crc & 0xffffffff, len(data) & 0xffffffff))


def gz_small(data):
    """The same, compressed: for archives that grow when unpacked."""
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = c.compress(data) + c.flush()
    return (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body +
            struct.pack("<II", zlib.crc32(data), len(data) & 0xffffffff))


def xz(data):
    return lzma.compress(data, preset=0)


def zip_(members):
    """Stored members; the central directory agrees with the local headers."""
    out, directory = b"", b""
    for m in members:
        name = m.name.encode()
        crc = binascii.crc32(m.data)
        size = len(m.data)
        common = struct.pack("<HHHHHIIIHH", 20, 0x800, 0, 0, 0x21, crc, size, size,
                             len(name), 0)
        directory += (b"PK\x01\x02\x14\x03" + common +
                      struct.pack("<HHHII", 0, 0, 0, (0o100000 | m.mode) << 16, len(out)) +
                      name)
        out += b"PK\x03\x04" + common + name + m.data
    return out + directory + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(members),
                                         len(members), len(directory), len(out), 0)


def ar(members):
    """(name, data) or (name, data, size to claim)."""
    out = b"!<arch>\n"
    for name, data, *claimed in members:
        size = claimed[0] if claimed else len(data)
        out += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name.encode(), MTIME, 0, 0, b"100644",
                                                    size)
        out += data + (b"\n" if len(data) % 2 else b"")
    return out


def deb(control, members, compress=xz, suffix=".xz"):
    """A .deb: `control` is the control file's text, `members` its files."""
    return ar([("debian-binary", b"2.0\n"),
               ("control.tar" + suffix,
                compress(tar([Member("./control", control.encode())]))),
               ("data.tar" + suffix, compress(tar(members)))])
