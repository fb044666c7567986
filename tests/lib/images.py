"""Images of a registry made byte by byte, and a server that stands in for a registry
where one of Debian's would never misbehave so.

    image = Image([layer([Member("a", b"text")]), layer([...], "zstd")])
    serve(server, image, "team/base")          # /v2/team/base/…
    define(home, "base", server, "team/base")  # sysroots/base.yaml in home"""
import hashlib
import json
import os
import subprocess
import zlib

import archives
import xt
from archives import Member
from server import Reply

MEDIA = {"index": "application/vnd.oci.image.index.v1+json",
         "manifest": "application/vnd.oci.image.manifest.v1+json",
         "config": "application/vnd.oci.image.config.v1+json",
         "layer": "application/vnd.oci.image.layer.v1.tar",
         "docker": "application/vnd.docker.distribution.manifest.v2+json",
         "list": "application/vnd.docker.distribution.manifest.list.v2+json"}
PLATFORM = {"aarch64": {"os": "linux", "architecture": "arm64"},
            "armv7": {"os": "linux", "architecture": "arm", "variant": "v7"},
            "x86_64": {"os": "linux", "architecture": "amd64"}}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def compress(data, how):
    if how == "gzip":
        z = zlib.compressobj(6, zlib.DEFLATED, 31)
        return z.compress(data) + z.flush()
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, check=True,
                              stdout=subprocess.PIPE).stdout
    return data


class Layer:
    def __init__(self, members, how="gzip", tar=None):
        self.tar = archives.tar(members) if tar is None else tar
        self.data = compress(self.tar, how)
        self.type = MEDIA["layer"] + ("+" + how if how else "")

    def descriptor(self, **more):
        return {"mediaType": self.type, "size": len(self.data),
                "digest": digest(self.data), **more}


def layer(members, how="gzip"):
    return Layer(members, how)


class Image:
    """One platform's image; `fields` go into its manifest, over what is there."""

    def __init__(self, layers, target="aarch64", config=None, fields=()):
        self.layers, self.target = layers, target
        self.config = json.dumps(config or {
            **PLATFORM[target], "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(x.tar) for x in layers]},
        }).encode()
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MEDIA["manifest"],
            "config": {"mediaType": MEDIA["config"], "size": len(self.config),
                       "digest": digest(self.config)},
            "layers": [x.descriptor() for x in layers], **dict(fields)}).encode()
        self.digest = digest(self.manifest)

    def blobs(self):
        return {digest(self.config): self.config,
                **{digest(x.data): x.data for x in self.layers}}

    def descriptor(self, **more):
        return {"mediaType": MEDIA["manifest"], "size": len(self.manifest),
                "digest": self.digest, "platform": PLATFORM[self.target], **more}


def index(*images, first=()):
    """An index of images as bytes; `first`: descriptors before theirs."""
    return json.dumps({"schemaVersion": 2, "mediaType": MEDIA["index"], "manifests": [
        *first, *[i.descriptor() for i in images]]}).encode()


def add_manifest(server, name, data, *references, media="manifest", guard=None):
    reply = Reply(data, headers={"Content-Type": MEDIA[media]})
    for reference in (*references, digest(data)):
        server.add(f"/v2/{name}/manifests/{reference}", guarded(guard, reply))


def guarded(guard, reply):
    """The reply, behind guard(request), which gives another one or None."""
    return (lambda request: guard(request) or reply) if guard else reply


def serve(server, image, name, tag="latest", guard=None):
    add_manifest(server, name, image.manifest, tag, guard=guard)
    for key, data in image.blobs().items():
        server.add(f"/v2/{name}/blobs/{key}",
                   guarded(guard, Reply(data, etag=key[-9:])))


def host(server):
    return server.base.split("//")[1]


def define(home, name, oci, more="", targets=("aarch64",), glibc="2.31", gcc="10"):
    """sysroots/NAME.yaml below home; `oci` as the file has it. The path."""
    return xt.write(os.path.join(home, "sysroots", name + ".yaml"), f"""schema_version: 1
name: {name}
glibc: "{glibc}"
gcc: "{gcc}"
targets: [{", ".join(targets)}]
oci: {oci}
{more}""")


def files(tree):
    """Everything in a tree: folders as None, links as "-> TARGET", files as bytes."""
    found = {}
    for at, names, others in os.walk(tree):
        for name in names + others:
            path = os.path.join(at, name)
            key = os.path.relpath(path, tree)
            if os.path.islink(path):
                found[key] = "-> " + os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    found[key] = f.read()
    return found


__all__ = ["Image", "Layer", "MEDIA", "Member", "PLATFORM", "add_manifest", "compress",
           "define", "digest", "files", "host", "index", "layer", "serve"]
