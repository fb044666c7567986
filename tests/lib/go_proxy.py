"""Go modules made on the spot and a module proxy on this machine that serves them; it
stands in for the proxy that GOPROXY names. The hashes are computed here anew, from the
Go Modules Reference, not by the program under test."""
import base64
import hashlib
import io
import zipfile

from server import Reply


def escape(text):
    return "".join("!" + c.lower() if c.isupper() else c for c in text)


def h1(files):
    """files: {name: bytes}."""
    lines = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files))
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


class Module:
    def __init__(self, path, version, files=None, requires=(), go="1.21", mod=None):
        self.path, self.version = path, version
        text = mod or f"module {path}\n\ngo {go}\n" + "".join(
            f"\nrequire {r.path} {r.version}" for r in requires) + "\n"
        self.mod = text.encode()
        self.files = {"go.mod": self.mod,
                      **{n: t.encode() for n, t in (files or {}).items()}}

    def prefixed(self):
        return {f"{self.path}@{self.version}/{n}": b for n, b in self.files.items()}

    @property
    def h1(self):
        return h1(self.prefixed())

    @property
    def mod_h1(self):
        return h1({"go.mod": self.mod})

    @property
    def sum(self):
        return (f"{self.path} {self.version} {self.h1}\n"
                f"{self.path} {self.version}/go.mod {self.mod_h1}\n")

    @property
    def zip(self):
        return zip_of(self.prefixed())

    def url(self, kind, prefix=""):
        return f"{prefix}/{escape(self.path)}/@v/{escape(self.version)}.{kind}"


def zip_of(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o100644 << 16
            z.writestr(info, data)
    return out.getvalue()


def serve(s, *modules, prefix=""):
    for m in modules:
        s.add(m.url("info", prefix), Reply(b'{"Version":"%s"}' % m.version.encode()))
        s.add(m.url("mod", prefix), Reply(m.mod))
        s.add(m.url("zip", prefix), Reply(m.zip))
        s.add(f"{prefix}/{escape(m.path)}/@v/list", Reply(m.version.encode() + b"\n"))


def environment(s, prefix="", **more):
    return {"XORCH_MIRROR_GO": s.url(prefix), "GOSUMDB": "off", "GOPROXY": "off",
            "XORCH_HTTP_RETRIES": "0", "XORCH_HTTP_BACKOFF": "0.02",
            "XORCH_HTTP_TIMEOUT": "5", **more}
