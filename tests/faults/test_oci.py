"""Sysroots out of images: what layers come to, who is let in, and what is never used.
A server on this machine stands in for a registry that misbehaves or wants a token;
tests/e2e/test_oci.py uses a real one."""
import base64
import json
import os
import time
import urllib.parse

import images
import xt
from images import Image, Layer, Member, layer
from server import Reply, Server

FAST = {"XORCH_HTTP_BACKOFF": 0.01, "XORCH_HTTP_RETRIES": 2, "XORCH_HTTP_TIMEOUT": 2}
GOOD = [layer([Member("usr/include/a.h", b"lower"), Member("usr/include/gone.h", b"x"),
               Member("usr/lib64/libx.so.1", b"x" * 300000),
               Member("usr/share/doc/a", b"doc")]),
        layer([Member("usr/include/a.h", b"upper"), Member("usr/include/.wh.gone.h")])]
KEEP = "keep: [usr/include, usr/lib64]\nplace: {usr/lib64: 'usr/lib/{triple}'}"


def fetch(home, *args, name="base", **env):
    return xt.run(["fetch", "--sysroot", name, "--target", "aarch64", *args], home=home,
                  XORCH_CATALOG=home, **{**FAST, **env})


def lock(home, *args, **env):
    return xt.run(["lock", "--sysroot", "base", *args], home=home, XORCH_CATALOG=home,
                  **{**FAST, **env})


def refused(r, code, *texts):
    xt.equal(r.code, code, r)
    for text in texts:
        xt.check(text in r.err, "not said:", text, r)
    xt.check("Sanitizer" not in r.err, r)


def tree_of(r):
    xt.equal(r.code, 0, r)
    return images.files(r.out.strip())


def start(s, home, image, more=KEEP, guard=None, tag="latest"):
    images.serve(s, image, "team/base", guard=guard, tag=tag)
    images.define(home, "base", images.host(s) + "/team/base", more)


def one(image, code, *texts, more="", **env):
    """The image is refused so, and nothing of it stays; a good one in its place
    serves without cleaning up."""
    with xt.scratch() as home, Server() as s:
        start(s, home, image, more)
        refused(fetch(home, **env), code, *texts)
        trees = os.path.join(home, "cache/v1/trees/sysroot")
        left = os.listdir(trees) if os.path.exists(trees) else []
        xt.equal(left, [], "a tree was left")
        start(s, home, Image(GOOD))
        xt.equal(lock(home, "--upgrade").code, 0)
        tree_of(fetch(home))


def test_layers_come_to_one_tree():
    """Whiteouts, opaque folders, links and hard links across layers, gzip, zstd and
    plain, only what is kept, placed where the definition says."""
    made = Image([
        layer([Member("usr/"), Member("usr/include/"), Member("usr/include/a.h", b"1"),
               Member("usr/include/old/x.h", b"1"), Member("usr/include/sub/y.h", b"1"),
               Member("lib64", link="usr/lib64"),
               Member("usr/lib64/libm.so.6", b"elf", mode=0o4755),
               Member("dev/null", type="3"), Member("etc/passwd", b"root")]),
        layer([Member("usr/include/.wh.old"), Member("usr/include/sub/.wh..wh..opq"),
               Member("usr/include/sub/z.h", b"2"),
               Member("usr/include/again.h", type="1", link="usr/include/a.h"),
               Member("usr/lib64/libm.so", link="/lib64/libm.so.6"),
               Member("usr/lib64/libn.so", link="/etc/alternatives/libn.so")], "zstd"),
        layer([Member("./usr/include/a.h", b"3"),
               Member("lib64/libk.so.1", b"through the link"),
               Member("usr/lib64/libc.so", b"GROUP ( /lib64/libk.so.1 )\n")], None)])
    with xt.scratch() as home, Server() as s:
        start(s, home, made)
        r = fetch(home)
        got = tree_of(r)
        lib = "usr/lib/aarch64-linux-gnu/"
        xt.equal(got, {
            "lib": "-> usr/lib", "usr/include/a.h": b"3", "usr/include/again.h": b"1",
            "usr/include/sub/z.h": b"2", lib + "libm.so.6": b"elf",
            lib + "libm.so": "-> libm.so.6", lib + "libk.so.1": b"through the link",
            lib + "libc.so": b"GROUP ( libk.so.1 )\n"})
        mode = os.stat(os.path.join(r.out.strip(), lib + "libm.so.6")).st_mode
        xt.equal(mode & 0o7777, 0o755)
        with open(os.path.join(home, "sysroots/base.lock")) as f:
            text = f.read()
        for part in [made.digest[7:], "latest", *[
                str(len(x.data)) for x in made.layers], *[
                images.digest(x.data)[7:] for x in made.layers]]:
            xt.check(part in text, part, "is not in the lock", text)
        # the layers are there: neither registry nor token is asked
        asked = s.count()
        tree_of(fetch(home, "--offline"))
        xt.equal(s.count(), asked)
        xt.equal(xt.run(["check", home], home=home).code, 0)


def test_index_gives_the_image_of_the_target():
    own, other = Image(GOOD), Image(GOOD[:1], "armv7")
    index = images.index(other, own, first=[
        {**other.descriptor(), "platform": {"os": "unknown", "architecture": "unknown"}}])
    with xt.scratch() as home, Server() as s:
        images.serve(s, own, "team/base", tag="none")
        images.serve(s, other, "team/base", tag="none")
        images.add_manifest(s, "team/base", index, "latest", media="index")
        images.define(home, "base", images.host(s) + "/team/base", KEEP,
                      targets=("aarch64", "x86_64"))
        xt.equal(tree_of(fetch(home))["usr/include/a.h"], b"upper")
        with open(os.path.join(home, "sysroots/base.lock")) as f:
            text = f.read()
        xt.check(images.digest(index)[7:] in text and own.digest[7:] in text, text)
        r = xt.run(["fetch", "--sysroot", "base", "--target", "x86_64"], home=home,
                   XORCH_CATALOG=home, **FAST)
        refused(r, 2, "X0563", "linux/arm/v7, linux/arm64", "is not for x86_64")


def test_single_image_of_another_platform():
    with xt.scratch() as home, Server() as s:
        start(s, home, Image(GOOD, "armv7"))
        refused(fetch(home), 2, "X0563", "linux/arm/v7")


def test_by_digest():
    made = Image(GOOD)
    with xt.scratch() as home, Server() as s:
        images.serve(s, made, "team/base")
        name = f"{images.host(s)}/team/base@{made.digest}"
        images.define(home, "base", name, KEEP)
        tree_of(fetch(home))
        # another manifest under that digest
        s.add(f"/v2/team/base/manifests/{made.digest}", Reply(made.manifest + b" "))
        os.unlink(os.path.join(home, "sysroots/base.lock"))
        refused(fetch(home, XORCH_CACHE_DIR=os.path.join(home, "c2")), 6, "X0601",
                "expected: sha256 " + made.digest[7:])


def test_contents_are_what_the_configuration_says():
    """A layer whose digest is right and whose tar is another than diff_ids says."""
    good = Image(GOOD)
    config = json.loads(good.config)
    for n in (0, 1):
        ids = [*config["rootfs"]["diff_ids"]]
        ids[n] = images.digest(b"another tar")
        bad = {**config, "rootfs": {"type": "layers", "diff_ids": ids}}
        one(Image(GOOD, config=bad), 6, "X0601", f"layer-00{n + 1} of ", "(diff_id)",
            ids[n][7:], images.digest(GOOD[n].tar)[7:], more=KEEP)
    ids = ["md5:" + "0" * 32, config["rootfs"]["diff_ids"][1]]
    one(Image(GOOD, config={**config, "rootfs": {"type": "layers", "diff_ids": ids}}), 6,
        "X0560", "diff_ids", more=KEEP)
    # what is behind the end of a tar counts, in every compression
    for how in ("gzip", "zstd", None):
        padded = Image([images.Layer(None, how, tar=GOOD[0].tar + bytes(40960)), GOOD[1]])
        with xt.scratch() as home, Server() as s:
            start(s, home, padded)
            tree_of(fetch(home))
            with open(os.path.join(home, "sysroots/base.lock")) as f:
                text = f.read()
            xt.check(images.digest(padded.layers[0].tar)[7:] in text, text)
        one(Image([images.Layer(None, how, tar=GOOD[0].tar + bytes(40960)), GOOD[1]],
                  config=config), 6, "X0601", "(diff_id)", more=KEEP)
    # a lock that was made before they were noted
    with xt.scratch() as home, Server() as s:
        start(s, home, good)
        tree_of(fetch(home))
        path = os.path.join(home, "sysroots/base.lock")
        with open(path) as f:
            text = f.read()
        xt.write(path, "".join(x for x in text.splitlines(True) if "diff_ids" not in x))
        tree_of(fetch(home, "--locked", XORCH_CACHE_DIR=os.path.join(home, "c2")))


def test_catalogue_that_cannot_be_written():
    """An installed one: its first lock goes to the user's state, is told of, and counts
    from then on."""
    def read_only(home, *args, more=()):
        """bubblewrap stands in for a package's /usr/share, which is not the user's."""
        folder = os.path.join(home, "share")
        binds = [x for f in (folder, *more) for x in ("--ro-bind", f, f)]
        r = xt.run(["--dev-bind", "/", "/", *binds, xt.XORCH, *args],
                   binary="bwrap", home=home, XORCH_CATALOG=folder, **FAST)
        xt.equal(os.listdir(os.path.join(folder, "sysroots")), ["base.yaml"])
        return r
    with xt.scratch() as home, Server() as s:
        made = Image(GOOD)
        start(s, os.path.join(home, "share"), made)
        what = ["--sysroot", "base", "--target", "aarch64"]
        r = read_only(home, "fetch", *what)
        tree_of(r)
        folder = os.path.join(home, ".local/state/xorch/locks")
        name, = os.listdir(folder)
        xt.check(name.startswith("base-") and name.endswith(".lock"), name)
        xt.check(os.path.join(folder, name) in r.err and "cannot be written" in r.err, r)
        # pinned: the tag may name another image now
        images.serve(s, Image(GOOD[:1]), "team/base")
        r = read_only(home, "fetch", *what, "--locked")
        xt.equal(tree_of(r)["usr/include/a.h"], b"upper")
        xt.check("cannot be written" not in r.err, r)
        r = read_only(home, "lock", "--sysroot", "base", "--upgrade")
        xt.equal(r.code, 0, r)
        xt.equal(tree_of(read_only(home, "fetch", *what))["usr/include/a.h"], b"lower")
        # and nowhere at all
        os.rename(folder, folder + ".old")
        os.mkdir(folder)
        r = read_only(home, "fetch", *what, more=[folder])
        xt.equal(tree_of(r)["usr/include/a.h"], b"lower")
        xt.check("not recorded" in r.err, r)


# ---- who is let in ----

class Tokens:
    """A token service as registries have it, and the guard of what wants its tokens.
    `login`: user:password without which none is given."""

    def __init__(self, s, login=None, answer=None, scope="team/base", uses=1000):
        self.s, self.login, self.given, self.uses = s, login, {}, uses
        self.answer, self.scope = answer, scope
        s.add("/token", self.token)

    def token(self, request):
        if self.answer is not None:
            return Reply(self.answer)
        sent = request.headers.get("Authorization") or ""
        want = "Basic " + base64.b64encode((self.login or "").encode()).decode()
        posted = dict(urllib.parse.parse_qsl(request.body.decode()))
        if self.login and sent != want and posted.get("refresh_token") != self.login:
            return Reply(b"{}", status=401)
        token = f"secret-token-{len(self.given)}"
        self.given[token] = 0
        return Reply(json.dumps({"token": token, "expires_in": 60}).encode())

    def guard(self, request):
        kind, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if kind == "Bearer" and token in self.given and self.given[token] < self.uses:
            self.given[token] += 1
            return None
        return Reply(b"{}", status=401, headers={
            "WWW-Authenticate": f'Bearer realm="{self.s.url("/token")}",'
            f'service="s.example",scope="repository:{self.scope}:pull"'})


def docker_login(home, where, **entry):
    xt.write(os.path.join(home, ".docker/config.json"),
             json.dumps({"auths": {where: entry}}))


def test_token_for_everybody():
    with xt.scratch() as home, Server() as s:
        tokens = Tokens(s)
        start(s, home, Image(GOOD), guard=tokens.guard)
        tree_of(fetch(home))
        asked = urllib.parse.parse_qs(s.asked("/token")[0].path.split("?")[1])
        xt.equal(asked, {"service": ["s.example"], "scope": ["repository:team/base:pull"]})
        xt.check(not s.asked("/token")[0].headers["Authorization"])


def test_token_for_docker_login():
    with xt.scratch() as home, Server() as s:
        tokens = Tokens(s, login="me:pass:word")
        start(s, home, Image(GOOD), guard=tokens.guard)
        r = fetch(home)
        refused(r, 5, "X0562", "without credentials", "docker login " + images.host(s))
        docker_login(home, images.host(s), auth=base64.b64encode(b"me:wrong").decode())
        r = fetch(home)
        refused(r, 5, "X0562", ".docker/config.json")
        xt.check("wrong" not in r.err, r)
        docker_login(home, f"https://{images.host(s)}/v2/",
                     auth=base64.b64encode(b"me:pass:word").decode())
        r = fetch(home, "-v", "-v")
        tree_of(r)
        for secret in ("pass:word", "secret-token", base64.b64encode(b"me:pass").decode()[:9]):
            xt.check(secret not in r.err + r.out, "shown:", secret, r)
        docker_login(home, images.host(s), auth="!!!")
        refused(lock(home, "--upgrade"), 2, "X0566", "docker login")


def helper(home, script):
    """docker-credential-here, and the PATH that has it."""
    folder = os.path.join(home, "bin")
    path = xt.write(os.path.join(folder, "docker-credential-here"), f"""#!/bin/sh
[ "$1" = get ] || exit 9
read -r server
echo "$server" >> {home}/asked
{script}
""")
    os.chmod(path, 0o755)
    return {"PATH": folder + ":" + os.environ["PATH"]}


def settings(home, **what):
    xt.write(os.path.join(home, ".docker/config.json"), json.dumps(what))


def test_credential_helpers():
    """credHelpers before the file's own entry, which goes before credsStore; one that
    fails is no reason to give up what everybody may have."""
    gives = "echo '{\"ServerURL\":\"x\",\"Username\":\"me\",\"Secret\":\"pass:word\"}'"
    wrong = {"auth": base64.b64encode(b"me:wrong").decode()}
    right = {"auth": base64.b64encode(b"me:pass:word").decode()}
    with xt.scratch() as home, Server() as s:
        here = images.host(s)
        tokens = Tokens(s, login="me:pass:word")
        start(s, home, Image(GOOD), guard=tokens.guard)
        path = helper(home, gives)
        for n, what in enumerate((
                {"credHelpers": {here: "here"}}, {"credsStore": "here"},
                {"credsStore": "here", "auths": {here: {}}},
                {"credHelpers": {here: "here"}, "credsStore": "none",
                 "auths": {here: wrong}})):
            settings(home, **what)
            r = lock(home, "--target", "aarch64", "--upgrade", "-v", "-v", **path)
            xt.equal(r.code, 0, what, r)
            for secret in ("pass:word", "secret-token", right["auth"]):
                xt.check(secret not in r.err + r.out, "shown:", secret, r)
            xt.equal(xt.read(os.path.join(home, "asked")), f"{here}\n" * (n + 1))
        for what in ({"credHelpers": {"ghcr.io": "here"}, "auths": {here: right}},
                     {"credsStore": "here", "auths": {here: right}}):
            settings(home, **what)
            xt.equal(lock(home, "--upgrade", **path).code, 0, what)
        xt.equal(xt.read(os.path.join(home, "asked")).count("\n"), 4)
        # what podman writes without a run-time folder
        settings(home)
        xt.write(os.path.join(home, ".config/containers/auth.json"),
                 json.dumps({"auths": {here: right}}))
        xt.equal(lock(home, "--upgrade").code, 0)


def test_credential_helpers_that_fail():
    with xt.scratch() as home, Server() as s:
        tokens = Tokens(s, login="me:pw")
        start(s, home, Image(GOOD), guard=tokens.guard)
        settings(home, credsStore="here")
        for script, code, texts, more in (
                (None, 5, ("X0562", "docker-credential-here, is not in PATH"), {}),
                ("echo credentials not found in native keychain; exit 1", 5,
                 ("X0562", "docker-credential-here, says: credentials not found"), {}),
                ("exit 1", 5, ("X0562", "docker-credential-here, ended with status 1"), {}),
                ("printf 'no\\033[2J\\n'; exit 1", 5, ("says: no\\x1b[2J",), {}),
                ("exec sleep 20", 5, ("did not answer within 1 s (XORCH_HTTP_TIMEOUT)",),
                 {"XORCH_HTTP_TIMEOUT": 1}),
                ("echo hello", 2, ("X0566", "docker-credential-here does not answer"), {}),
                ("echo '{\"Username\": \"me\"}'", 2, ("X0566", "| docker-credential-here"),
                 {}),
                ("echo '{\"Username\": \"me\", \"Secret\": \"old\"}'", 5,
                 ("X0562", "with the credentials of docker-credential-here"), {})):
            path = helper(home, script) if script else {}
            r = fetch(home, **{**path, **more})
            refused(r, code, *texts)
            xt.check("\x1b" not in r.err and "old" not in r.err, r)
        for name in ("../here", "", "-", "a b", "x;y"):
            settings(home, credHelpers={images.host(s): name})
            refused(fetch(home), 2 if name not in ("", "-") else 5,
                    "X0566" if name not in ("", "-") else "X0562")
        # what everybody may have is had without
        start(s, home, Image(GOOD))
        settings(home, credsStore="here")
        tree_of(fetch(home, **helper(home, "exit 1")))


def test_identity_token_of_a_helper():
    with xt.scratch() as home, Server() as s:
        tokens = Tokens(s, login="long-lived")
        start(s, home, Image(GOOD), guard=tokens.guard)
        settings(home, credsStore="here")
        tree_of(fetch(home, **helper(
            home, "echo '{\"Username\": \"<token>\", \"Secret\": \"long-lived\"}'")))
        posted = dict(urllib.parse.parse_qsl(s.asked("/token")[0].body.decode()))
        xt.equal(posted["refresh_token"], "long-lived")


def test_identity_token_is_exchanged():
    with xt.scratch() as home, Server() as s:
        tokens = Tokens(s, login="long-lived")
        start(s, home, Image(GOOD), guard=tokens.guard)
        docker_login(home, images.host(s), identitytoken="long-lived")
        r = fetch(home, "-v")
        tree_of(r)
        sent = s.asked("/token")[0]
        posted = dict(urllib.parse.parse_qsl(sent.body.decode()))
        xt.equal(sent.method, "POST")
        xt.equal(posted["grant_type"], "refresh_token")
        xt.check("long-lived" not in sent.path and "long-lived" not in r.err, r)


def test_basic_password():
    def guard(request):
        want = "Basic " + base64.b64encode(b"me:pw").decode()
        return None if request.headers.get("Authorization") == want else Reply(
            b"", status=401, headers={"WWW-Authenticate": 'Basic realm="r"'})
    with xt.scratch() as home, Server() as s:
        start(s, home, Image(GOOD), guard=guard)
        refused(fetch(home), 5, "X0562")
        docker_login(home, images.host(s), auth=base64.b64encode(b"me:pw").decode())
        tree_of(fetch(home))


def test_authorization_stays_with_its_host():
    """Blobs are often elsewhere: the other host gets no token."""
    made = Image(GOOD)
    with xt.scratch() as home, Server() as s, Server() as elsewhere:
        tokens = Tokens(s)
        start(s, home, made, guard=tokens.guard)
        for key, data in made.blobs().items():
            elsewhere.add("/" + key, data)
            s.add(f"/v2/team/base/blobs/{key}", images.guarded(
                tokens.guard, Reply(redirect=elsewhere.url("/" + key))))
        tree_of(fetch(home))
        xt.equal(elsewhere.count(), 3)
        for request in elsewhere.requests:
            xt.check(not request.headers["Authorization"], request.headers)


def test_token_that_runs_out():
    """Each token serves three requests: layers that are left get a new one."""
    many = [layer([Member(f"usr/include/{i}.h", b"%d" % i)]) for i in range(9)]
    with xt.scratch() as home, Server() as s:
        tokens = Tokens(s, uses=4)
        start(s, home, Image(many), guard=tokens.guard)
        tree_of(fetch(home))
        xt.check(len(tokens.given) > 2, tokens.given)


def test_demands_that_are_refused():
    for name, answer, realm in (
            ("none", b"{}", None), ("two", b'{"token": "a\\r\\nX-Evil: 1"}', None),
            ("text", b"<html>", None), ("number", b'{"token": 7}', None),
            ("huge", b'{"token": "' + b"a" * 70000 + b'"}', None),
            ("http", None, "http://198.51.100.1/token"), ("file", None, "file:///etc/passwd"),
            ("ftp", None, "ftp://example.org/")):
        with xt.scratch() as home, Server() as s:
            tokens = Tokens(s, answer=answer)
            guard = tokens.guard if not realm else lambda _, r=realm: Reply(
                status=401, headers={"WWW-Authenticate": f'Bearer realm="{r}"'})
            start(s, home, Image(GOOD), guard=guard)
            docker_login(home, images.host(s), auth=base64.b64encode(b"me:pw").decode())
            r = fetch(home)
            xt.equal(r.code, 6, name, r)
            xt.check("me:pw" not in r.err, r)
            start(s, home, Image(GOOD))
            tree_of(fetch(home))


def test_not_there_and_too_often():
    made = Image(GOOD)
    with xt.scratch() as home, Server() as s:
        images.define(home, "base", images.host(s) + "/team/base:v9", KEEP)
        refused(fetch(home), 5, "X0561", "/team/base:v9", "asked: ")
        busy = Reply(status=429, headers={"Retry-After": "0"})
        images.serve(s, made, "team/base", "v9")
        fine = Reply(made.manifest, headers={"Content-Type": images.MEDIA["manifest"]})
        s.add("/v2/team/base/manifests/v9", busy)
        refused(fetch(home), 5, "X0502", "429", "XORCH_MIRROR_OCI")
        s.add("/v2/team/base/manifests/v9", busy, busy, fine)
        tree_of(fetch(home))


def test_layers_that_are_denied_gone_or_too_many():
    """The manifest may be had, a layer not: each answer in words of its own."""
    made = Image(GOOD)
    path = "/v2/team/base/blobs/" + images.digest(GOOD[1].data)
    fine = Reply(GOOD[1].data)
    with xt.scratch() as home, Server() as s:
        start(s, home, made)
        for status, texts in ((403, ("X0562", "403", "docker login " + images.host(s))),
                              (401, ("X0562", "401")), (404, ("X0561", "404")),
                              (429, ("X0502", "429", "XORCH_MIRROR_OCI"))):
            s.add(path, Reply(status=status))
            refused(fetch(home), 5, "/team/base", *texts)
        begun = time.monotonic()
        s.add(path, Reply(status=429, headers={"Retry-After": "1"}), fine)
        tree_of(fetch(home))
        xt.check(time.monotonic() - begun >= 1, "Retry-After was not kept")
        # and the manifest itself
        for status, code in ((403, "X0562"), (404, "X0561")):
            s.add("/v2/team/base/manifests/latest", Reply(status=status))
            refused(lock(home, "--upgrade"), 5, code, str(status))


# ---- what is never used ----

def test_other_bytes():
    made = Image(GOOD)
    layer_path = "/v2/team/base/blobs/" + images.digest(GOOD[0].data)
    with xt.scratch() as home, Server() as s:
        start(s, home, made)
        good = GOOD[0].data
        for bad in (good[:-1] + b"!", good + b"!", b"<html>login</html>"):
            s.add(layer_path, bad)
            refused(fetch(home), 6, "X0601")
        s.add(layer_path, good)
        tree_of(fetch(home))
        # the configuration
        with xt.scratch() as other:
            s.add("/v2/team/base/blobs/" + images.digest(made.config), b"{}")
            images.define(other, "base", images.host(s) + "/team/base", KEEP)
            refused(fetch(other), 6, "X0601")


def test_digest_that_the_registry_says():
    """Of what is asked for by a tag its own word is held: a proxy that changed or cut it
    is found. A registry that says nothing, or by another algorithm, is not refused."""
    made = Image(GOOD)
    for said, fine in ((made.digest, True), (made.digest.upper().replace("SHA", "sha"), True),
                       ("sha512:" + "0" * 128, True), ("sha256:" + "0" * 64, False),
                       ("sha256:", False), ("sha256:\x1b[31m", False)):
        with xt.scratch() as home, Server() as s:
            start(s, home, made)
            s.add("/v2/team/base/manifests/latest", Reply(made.manifest, headers={
                "Content-Type": images.MEDIA["manifest"], "Docker-Content-Digest": said}))
            if fine:
                tree_of(fetch(home))
                continue
            refused(fetch(home), 6, "X0601", "Docker-Content-Digest",
                    made.digest, "nothing of it was read")
            xt.check(not os.path.exists(os.path.join(home, "sysroots", "base.lock")), said)
            start(s, home, made)
            tree_of(fetch(home))


def test_manifest_of_an_index_is_checked():
    made = Image(GOOD)
    for name, data, texts in (
            ("bytes", made.manifest + b"\n", ["X0601"]),
            ("size", made.manifest, ["X0560", "another size"])):
        with xt.scratch() as home, Server() as s:
            start(s, home, made, tag="none")
            told = made.descriptor(**({"size": len(data) + 1} if name == "size" else {}))
            images.add_manifest(s, "team/base", json.dumps({
                "schemaVersion": 2, "manifests": [told]}).encode(), "latest",
                media="index")
            s.add(f"/v2/team/base/manifests/{made.digest}", data)
            refused(fetch(home), 6, *texts)


def test_size_that_lies():
    fields = [{**GOOD[0].descriptor(), "size": 100}, GOOD[1].descriptor()]
    one(Image(GOOD, fields={"layers": fields}), 6, "X0601")
    fields[0]["size"] = len(GOOD[0].data) + 100
    one(Image(GOOD, fields={"layers": fields}), 6, "X0601")
    fields[0]["size"] = 2 ** 60
    one(Image(GOOD, fields={"layers": fields}), 8, "free")


def test_manifests_that_are_refused():
    for fields, text in (
            ({"schemaVersion": 1}, "schema 1"),
            ({"manifests": []}, "at once"),
            ({"layers": []}, "no layers"),
            ({"layers": [GOOD[0].descriptor(urls=["https://example.com/l"])]}, "foreign"),
            ({"layers": [GOOD[0].descriptor()]}, "layers"),  # diff_ids say two
            ({"layers": [{**GOOD[0].descriptor(), "digest": "sha512:" + "0" * 128}]},
             "sha256")):
        one(Image(GOOD, fields=fields), 6, "X0560", text)


def test_index_that_is_huge():
    with xt.scratch() as home, Server() as s:
        start(s, home, Image(GOOD))
        s.add("/v2/team/base/manifests/latest", Reply(b" " * 65536, endless=True))
        refused(fetch(home), 6, "X0603")
        xt.check(not os.path.exists(os.path.join(home, "sysroots/base.lock")))


def test_members_that_are_refused():
    for members, text in (
            ([Member("../../etc/x", b"1")], "member"),
            ([Member("/etc/x", b"1")], "absolute"),
            ([Member("usr/a", link="../../../etc"), Member("usr/a/x", b"1")], "link"),
            ([Member("a/.wh...", b"")], "whiteout"),
            ([Member("../.wh.x", b"")], "member"),
            ([Member("usr/.wh.", b"")], "whiteout"),
            ([Member("a", type="1", link="../../../../etc/passwd")], "hard link"),
            ([Member("a", type="1", link="nothing")], "hard link"),
            ([Member("a", b"1"), Member("a", b"2")], "twice"),
            ([Member("usr/include/null", type="3")], "device"),
            ([Member("usr/include/fifo", type="6")], "FIFO"),
            ([Member("a\x1b[2J", b"1")], "control")):
        one(Image([GOOD[0], layer(members)]), 6, "X0620", text)


def test_links_that_lead_out_of_all_layers():
    """A link by itself harms nobody: absolute ones count from the image, those that
    climb out are left away, and nothing is ever written through them."""
    with xt.scratch() as home, Server() as s:
        outside = os.path.join(home, "outside")
        start(s, home, Image([
            layer([Member("usr/include/a", link=outside),
                   Member("usr/include/b", link="../../../../../../" + outside[1:]),
                   Member("usr/include/c.h", b"1")]),
            layer([Member("usr/include/a/x", b"evil")])]), KEEP)
        got = tree_of(fetch(home))
        xt.equal(got, {"usr/include/c.h": b"1"})
        xt.check(not os.path.exists(outside))


def test_layers_that_are_no_tar():
    one(Image([GOOD[0], Layer([], tar=b"hello" * 200)]), 6)
    one(Image([GOOD[0], Layer([], "gzip", tar=GOOD[1].tar[:514])]), 6)
    cut = Layer([Member("a", b"x" * 100000)])
    cut.data = cut.data[:len(cut.data) // 2]
    one(Image([GOOD[0], cut]), 6)


def test_layer_without_an_end():
    """As umoci writes them: without the last padding and the end mark."""
    text = layer([Member("usr/include/b.h", b"12")]).tar
    for tar in (text[:514], text[:1024], text[:1536]):
        with xt.scratch() as home, Server() as s:
            start(s, home, Image([Layer([], tar=tar)]))
            xt.equal(tree_of(fetch(home)), {"usr/include/b.h": b"12"})
    one(Image([GOOD[0], Layer([], tar=text[:513])]), 6)
    one(Image([GOOD[0], Layer([], tar=text[:500])]), 6)


def test_bomb():
    with xt.scratch() as home, Server() as s:
        start(s, home, Image([layer([Member("usr/include/a.h", b"\0" * (600 << 20))],
                                    "zstd")]))
        refused(fetch(home), 6, "X0621")


def test_nothing_of_what_is_kept():
    one(Image([layer([Member("etc/x", b"1")])]), 6, "X0622", "keep", more=KEEP)


# ---- broken off, moved on ----

def test_goes_on_where_it_was_broken_off():
    data = os.urandom(3 << 20)
    big = layer([Member("usr/include/big.h", data)], None)
    path = "/v2/team/base/blobs/" + images.digest(big.data)
    with xt.scratch() as home, Server() as s:
        start(s, home, Image([big]))
        s.add(path, Reply(big.data, etag="e", cut=2 << 20), Reply(big.data, etag="e"))
        xt.equal(tree_of(fetch(home))["usr/include/big.h"], data)
        xt.equal([r.headers["Range"] for r in s.asked(path)], [None, f"bytes={2 << 20}-"])


def test_tag_that_moved():
    """The lock stands until it is renewed; what the registry has no more is exit 4."""
    old, new = Image(GOOD), Image(GOOD[:1])
    with xt.scratch() as home, Server() as s:
        start(s, home, old)
        xt.equal(lock(home, "--target", "aarch64").code, 0)
        images.serve(s, new, "team/base")
        xt.equal(tree_of(fetch(home, "--locked"))["usr/include/a.h"], b"upper")
        s.replies.pop(f"/v2/team/base/manifests/{old.digest}")
        fresh = {"XORCH_CACHE_DIR": os.path.join(home, "c2")}
        refused(fetch(home, **fresh), 4, "X0431", "--upgrade", old.digest)
        r = lock(home, "--target", "aarch64", "--upgrade")
        xt.check(r.code == 0 and "1 layers" in r.out, r)
        xt.equal(tree_of(fetch(home, **fresh))["usr/include/a.h"], b"lower")
        # another name in the definition is another section
        images.define(home, "base", images.host(s) + "/team/base:next", KEEP)
        refused(fetch(home, "--locked"), 4, "X0430", "`oci`")
        refused(fetch(home, "--offline"), 5, "X0501")


def test_mirrors():
    made = Image(GOOD)
    with xt.scratch() as home, Server() as a, Server() as b:
        images.define(home, "base", "quay.io/team/base", KEEP)
        tokens = Tokens(b, login="me:pw", scope="cache/quay/team/base")
        images.serve(b, made, "cache/quay/team/base", guard=tokens.guard)
        login = b.base.replace("//", "//me:pw@")
        mirrors = f"ghcr.io=http://127.0.0.1:1 quay.io={a.base} quay.io={login}/cache/quay"
        r = fetch(home, XORCH_MIRROR_OCI=mirrors)
        tree_of(r)
        xt.check(a.count() and "trying the next mirror" in r.err, r)
        xt.check("pw" not in r.err, r)
        with open(os.path.join(home, "sysroots/base.lock")) as f:
            xt.check("127.0.0.1" not in f.read(), "the lock names a mirror")
        # by the configuration, and for every registry
        xt.write(os.path.join(home, ".config/xorch/config.yaml"),
                 f"mirrors: {{oci: ['{login}/cache/quay']}}\n")
        tree_of(fetch(home, XORCH_CACHE_DIR=os.path.join(home, "c2")))
        refused(fetch(home, XORCH_CACHE_DIR=os.path.join(home, "c3"),
                      XORCH_MIRROR_OCI="quay.io=ftp://example.org"), 2, "X0506")


def test_definitions():
    for text, what in (("oci: quay.io/A/B", "not the name of an image"),
                       ("oci: [a]", "map from target to such a name"),
                       ("oci: {m68k: quay.io/a}", "unknown target"),
                       ("oci: {x86_64: quay.io/a}", "no image for it"),
                       ("oci: quay.io/a\npackages: [libc6]", "`packages`"),
                       ("oci: quay.io/a\nwithout: [libc6]", "`without`"),
                       ("oci: quay.io/a\nplace: {a: ../b}", "path within"),
                       ("oci: quay.io/a\nplace: {a: 'b/{x}'}", "{triple}")):
        with xt.scratch() as home:
            xt.write(os.path.join(home, "sysroots/base.yaml"), f"""schema_version: 1
name: base
glibc: "2.31"
gcc: "10"
targets: [aarch64]
{text}
""")
            r = xt.run(["check", home], home=home)
            xt.equal(r.code, 2, text, r)
            xt.check(what in r.err, what, r)


if __name__ == "__main__":
    xt.main(globals())
