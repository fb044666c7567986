"""RPM repositories of one's own: packages by rpmbuild, the index by createrepo_c, signed
with a key made on the spot, served on this machine. It stands in for the mirror of a
distribution that is made of RPMs.

    with Repository() as r:
        r.add("lib", {"usr/lib64/libx.so.1": b"…"}, requires=["base >= 2"])
        r.publish()
        r.define("mini", ["lib"])           # sysroots/mini.yaml of its catalogue
        r.xorch("fetch", "--sysroot", "mini", "--target", "aarch64")
"""
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

import xt
from debian_archive import Key
from server import Server

# So that rpmbuild takes the files as they are and looks into none of them.
SPEC = """%global __os_install_post %{{nil}}
%global debug_package %{{nil}}
%global _build_id_links none
%define _binary_payload {payload}
%define _binaries_in_noarch_packages_terminate_build 0
Name: {name}
Version: {version}
Release: {release}
{epoch}Summary: test
License: none
AutoReqProv: no
{tags}
%description
test
%install
mkdir -p %{{buildroot}}
cp -a {tree}/. %{{buildroot}}/
{scripts}
%files
{files}
"""


def need_programs():
    for program in ("rpmbuild", "createrepo_c"):
        xt.check(shutil.which(program), f"{program} is missing: tests/run installs it")


def files_of(tree):
    for folder, folders, names in os.walk(tree):
        for name in sorted(names + [f for f in folders
                                    if os.path.islink(os.path.join(folder, f))]):
            yield "/" + os.path.relpath(os.path.join(folder, name), tree)


def build_rpm(out, name, tree, version="1.0", release="1", epoch=None, arch="aarch64",
              requires=(), provides=(), payload="w6.gzdio", scripts=""):
    """Path of the package made of the files below `tree`."""
    need_programs()
    with xt.scratch() as top:
        tags = [f"Requires: {r}" for r in requires] + [f"Provides: {p}" for p in provides]
        if arch == "noarch":
            tags.append("BuildArch: noarch")
        spec = xt.write(os.path.join(top, name + ".spec"), SPEC.format(
            name=name, version=version, release=release, tree=tree, payload=payload,
            epoch=f"Epoch: {epoch}\n" if epoch is not None else "", tags="\n".join(tags),
            scripts=scripts, files="\n".join('"' + f.replace("%", "%%") + '"'
                                             for f in files_of(tree))))
        p = subprocess.run(
            ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {top}", "--define",
             f"_tmppath {top}", "--target", "noarch" if arch == "noarch" else arch, spec],
            capture_output=True, text=True, env={**os.environ, "HOME": top,
                                                 "SOURCE_DATE_EPOCH": "1760000000"})
        made = glob.glob(os.path.join(top, "RPMS", "*", "*.rpm"))
        xt.check(p.returncode == 0 and len(made) == 1, p.stdout, p.stderr)
        os.makedirs(out, exist_ok=True)
        return shutil.copy(made[0], out)


class Repository:
    def __init__(self, arch="aarch64", target="aarch64"):
        need_programs()
        self.arch, self.target = arch, target
        self.key = Key("rpm")
        self.folder = tempfile.mkdtemp(prefix="xorch-test-")
        self.home = os.path.join(self.folder, "home")
        self.catalog = os.path.join(self.folder, "catalog")
        os.makedirs(self.home)
        self.server = Server()
        self.revision = 1760000000
        self.armored = self.key.gpg("--armor", "--export")
        xt.write(os.path.join(self.catalog, "sysroots", "KEY"), self.armored)

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *what):
        self.server.__exit__(*what)
        self.key.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def top(self, repository="base"):
        return os.path.join(self.folder, "repositories", repository, self.arch)

    def add(self, name, files=None, repository="base", tree=None, links=(), hard=(), **more):
        """files: path -> bytes; links: (path, to); hard: (path, of)."""
        with xt.scratch() as scratch:
            if not tree:
                tree = os.path.join(scratch, "tree")
                os.makedirs(tree)
                for path, body in (files or {f"usr/share/{name}": b"x\n"}).items():
                    xt.write(os.path.join(tree, path), body)
                for path, to in links:
                    os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
                    os.symlink(to, os.path.join(tree, path))
                for path, of in hard:
                    os.link(os.path.join(tree, of), os.path.join(tree, path))
            return build_rpm(os.path.join(self.top(repository), "Packages"), name, tree,
                             arch=more.pop("arch", self.arch), **more)

    def file(self, path, repository="base"):
        return os.path.join(self.top(repository), path)

    def publish(self, compression="gz", repository="base", edit=None, sign=True):
        """Indexes and serves the repository; `edit` changes repomd.xml before it is
        signed."""
        top = self.top(repository)
        subprocess.run(["createrepo_c", "--quiet", "--no-database", "--revision",
                        str(self.revision), "--general-compress-type", compression, top],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        path = os.path.join(top, "repodata", "repomd.xml")
        with open(path, "rb") as f:
            text = f.read()
        if edit:
            text = edit(text)
            xt.write(path, text)
        self.serve(repository)
        where = f"/{repository}/{self.arch}/repodata/repomd.xml.asc"
        self.server.replies.pop(where, None)
        if sign:
            self.server.add(where, self.key.gpg("--armor", "--detach-sign", "--output", "-",
                                                data=text))
        return hashlib.sha256(text).hexdigest()

    def serve(self, repository="base"):
        top = self.top(repository)
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as f:
                    where = f"/{repository}/{self.arch}/{os.path.relpath(path, top)}"
                    self.server.replies.pop(where, None)
                    self.server.add(where, f.read())

    def url(self, repository="base"):
        return self.server.url(f"/{repository}/{{arch}}")

    def index(self, kind="primary", repository="base"):
        """Path on the server of an index file, and on disk."""
        names = [n for n in os.listdir(self.file("repodata", repository)) if kind in n]
        xt.equal(len(names), 1, names)
        return (f"/{repository}/{self.arch}/repodata/{names[0]}",
                self.file("repodata/" + names[0], repository))

    def define(self, name, packages, repositories=("base",), pinned=None, signed_by=None,
               glibc="2.31", gcc="10", more="", targets=None, distribution=None):
        rpm = ["  repositories:", *(f"    {r}: {self.url(r)}" for r in repositories)]
        if pinned:
            rpm += ["  sha256:", *(f"    {r}: \"{d}\"" for r, d in pinned.items())]
        else:
            rpm += [f"  signed_by: [{signed_by or self.key.fingerprint}]", "  keyring: KEY"]
        if distribution:
            rpm.append(f"  distribution: {distribution}")
        text = "\n".join([
            "schema_version: 1", f"name: {name}", f'glibc: "{glibc}"', f'gcc: "{gcc}"',
            f"targets: [{', '.join(targets or [self.target])}]", "rpm:", *rpm,
            f"packages: [{', '.join(packages)}]", more, ""])
        return xt.write(os.path.join(self.catalog, "sysroots", name + ".yaml"), text)

    def lock(self, name="mini"):
        with open(os.path.join(self.catalog, "sysroots", name + ".lock")) as f:
            return f.read()

    def locked(self, name="mini"):
        """Names and versions of the lock, sorted as they stand there."""
        return re.findall(r"- name: (\S+)\n +version: \"?([^\"\n]+)", self.lock(name))

    def xorch(self, *args, **env):
        environment = {"XORCH_CATALOG": self.catalog, "XORCH_HTTP_BACKOFF": "0.02",
                       "XORCH_HTTP_TIMEOUT": "2", "XORCH_HTTP_RETRIES": "1"}
        environment.update(env)
        return xt.run(args, home=self.home, **environment)

    def do(self, verb, name="mini", *more, **env):
        return self.xorch(verb, "--sysroot", name, "--target", self.target, *more, **env)
