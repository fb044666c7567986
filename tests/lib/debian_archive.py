"""A Debian archive of one's own: packages made byte by byte, a suite signed with a key
made on the spot, served on this machine.

    with Archive() as a:
        a.add("tool", "1.0", {"usr/bin/tool": b"…"}, depends="lib")
        a.publish()
        a.define("mini", ["tool"])          # toolchains/mini.yaml of its catalogue
        a.xorch("fetch", "--toolchain", "mini")
"""
import glob
import gzip
import hashlib
import lzma
import os
import shutil
import subprocess
import tempfile
import time

import xt
from archives import Member, deb
from server import Reply, Server

SUITE = "testing-suite"
NOW = 1760000000


def date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(seconds))


class Key:
    """An OpenPGP key in a GNUPGHOME of its own."""

    def __init__(self, name="archive"):
        # short: gpg-agent's socket lies in it
        self.home = tempfile.mkdtemp(prefix="xgpg-", dir="/tmp")
        os.chmod(self.home, 0o700)
        self.gpg("--quick-generate-key", f"{name} <{name}@test.invalid>", "ed25519",
                 "sign", "never")
        colons = self.gpg("--list-keys", "--with-colons").decode()
        self.fingerprint = [line.split(":")[9] for line in colons.splitlines()
                            if line.startswith("fpr:")][0]
        self.public = self.gpg("--export")

    def gpg(self, *args, data=b""):
        return subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet", "--no-tty",
             "--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always",
             *args], input=data, check=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout

    def clearsign(self, text):
        return self.gpg("--clearsign", "--digest-algo", "SHA256", "--output", "-",
                        data=text.encode())

    def close(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "gpg-agent"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.home, ignore_errors=True)


class Archive:
    def __init__(self):
        self.key = Key()
        self.folder = tempfile.mkdtemp(prefix="xorch-test-")
        self.home = os.path.join(self.folder, "home")
        self.catalog = os.path.join(self.folder, "catalog")
        self.keyring = os.path.join(self.folder, "keys.gpg")
        os.makedirs(self.home)
        xt.write(self.keyring, self.key.public)
        self.server = Server()
        self.packages = {}
        self.contents = None
        self.files = {}
        self.time = NOW
        self.release_fields = {}

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *what):
        self.server.__exit__(*what)
        self.key.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, name, version="1.0", files=None, depends="", members=None, data=None,
            **fields):
        """Makes a package; an older one of the name leaves the suite and its file the
        mirror. `fields` override lines of its entry in Packages, None drops one."""
        old = self.packages.get(name)
        if old:
            self.server.replies.pop("/" + old["path"], None)
        control = (f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n"
                   f"Maintainer: nobody\nDescription: test\n")
        if members is None:
            members = [Member("./" + path, body) for path, body in (files or {
                f"usr/share/{name}": f"{name} {version}\n".encode()}).items()]
        body = data if data is not None else deb(control, members)
        path = f"pool/main/{name[0]}/{name}/{name}_{version}_amd64.deb"
        entry = {"Package": name, "Version": version, "Architecture": "amd64",
                 "Depends": depends or None, "Filename": path, "Size": len(body),
                 "SHA256": hashlib.sha256(body).hexdigest()}
        entry.update(fields)
        self.packages[name] = {"path": path, "entry": entry, "body": body}
        self.server.add("/" + path, body)

    def list_files(self, owners):
        """Contents of the suite, from the next publish() on: path -> package."""
        self.contents = gzip.compress("".join(
            f"{path:<59} libs/{name}\n" for path, name in sorted(owners.items())).encode(),
            mtime=0)

    def index(self):
        return "\n".join(
            "".join(f"{k}: {v}\n" for k, v in p["entry"].items() if v is not None)
            for p in self.packages.values()).encode()

    def release(self, packages_xz, **fields):
        lines = {"Origin": "Debian", "Suite": SUITE, "Codename": SUITE,
                 "Date": date(self.time), "Acquire-By-Hash": "yes",
                 "Architectures": "amd64", "Components": "main"}
        lines.update(self.release_fields)
        lines.update(fields)
        text = "".join(f"{k}: {v}\n" for k, v in lines.items() if v is not None)
        text += ("SHA256:\n " + hashlib.sha256(packages_xz).hexdigest() +
                 f" {len(packages_xz)} main/binary-amd64/Packages.xz\n")
        if self.contents is None:
            return text
        return (text + f" {hashlib.sha256(self.contents).hexdigest()} {len(self.contents)} "
                "main/Contents-amd64.gz\n")

    def publish(self, inrelease=None, packages=None, suite=SUITE, **fields):
        """Makes dists/ anew. inrelease: a function from the signed bytes to those
        served; packages: bytes to serve under the plain name instead."""
        fields = {"Suite": suite, "Codename": suite, **fields}
        packages_xz = lzma.compress(self.index())
        if self.contents is not None:
            digest = hashlib.sha256(self.contents).hexdigest()
            for where in ("Contents-amd64.gz", "by-hash/SHA256/" + digest):
                self.server.add(f"/dists/{suite}/main/{where}", self.contents)
        signed = self.key.clearsign(self.release(packages_xz, **fields))
        digest = hashlib.sha256(packages_xz).hexdigest()
        base = f"/dists/{suite}/main/binary-amd64/"
        if inrelease:
            signed = inrelease(signed)
        self.server.add(f"/dists/{suite}/InRelease",
                        *(signed if isinstance(signed, list) else [signed]))
        self.server.add(base + "Packages.xz", packages or packages_xz)
        self.server.add(base + "by-hash/SHA256/" + digest, packages_xz)
        return packages_xz

    def define(self, name, packages, fingerprints=None, exact=None, without=None,
               prune=None, updates=()):
        prints = fingerprints or [self.key.fingerprint]
        more = f"  updates: [{', '.join(updates)}]\n" if updates else ""
        text = (f"schema_version: 1\nname: {name}\ndebian:\n  suite: {SUITE}\n"
                f"{more}  architecture: amd64\n  signed_by: [{', '.join(prints)}]\n"
                f"packages: [{', '.join(packages)}]\n")
        for key, value in (("exact", exact), ("without", without), ("prune", prune)):
            if value is not None:
                text += f"{key}: [{', '.join(value)}]\n"
        return xt.write(os.path.join(self.catalog, "toolchains", name + ".yaml"), text)

    def lock_path(self, name):
        return os.path.join(self.catalog, "toolchains", name + ".lock")

    def xorch(self, *args, **env):
        environment = {"XORCH_MIRROR_DEBIAN": self.server.base,
                       "XORCH_KEYRING_DEBIAN": self.keyring,
                       "XORCH_CATALOG": self.catalog,
                       "XORCH_HTTP_BACKOFF": "0.02", "XORCH_HTTP_TIMEOUT": "2"}
        environment.update(env)
        return xt.run(args, home=self.home, **environment)

    def trees(self, kind="toolchain"):
        """Folders of finished trees in the store."""
        return [p for p in glob.glob(os.path.join(self.home, "cache/v1/trees", kind, "*"))
                if os.path.isdir(p)]

    def left_over(self):
        """What is in the store's folder of work in progress."""
        return [p for p in glob.glob(os.path.join(self.home, "cache/v1/tmp/*/*"))]


def refused(r, code, *texts):
    xt.equal(r.code, code, r)
    for text in texts:
        xt.check(text in r.err, f"no {text!r} in", r)
