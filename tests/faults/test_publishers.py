"""Row H16: who published a source, by what the index attests of it (PEP 740), against the
recipe's `publishers`. A library from PyPI is locked: that asks for nothing else."""
import base64
import json
import os

import xt
from server import Reply, Server, sha256

QUICK = {"XORCH_HTTP_BACKOFF": "0.02", "XORCH_HTTP_TIMEOUT": "2", "XORCH_HTTP_STALL": "2",
         "XORCH_HTTP_RETRIES": "0"}
RECIPE = """schema_version: 1
package: {{name: thing, version: "1.0"}}
kind: library
source: {{pypi: thing{more}}}
build: {{script: ["true"]}}
"""
SDIST = b"sdist bytes"
FILE = "thing-1.0.tar.gz"
PATH = f"/integrity/thing/1.0/{FILE}/provenance"
GITHUB = {"kind": "GitHub", "repository": "Octo-Org/thing", "workflow": "release.yml",
          "environment": None}
GITLAB = {"kind": "GitLab", "repository": "group/sub/thing",
          "workflow_filepath": "ci/release.yml"}


def statement(name=FILE, digest=sha256(SDIST), **more):
    return dict({"_type": "https://in-toto.io/Statement/v1",
                 "subject": [{"name": name, "digest": {"sha256": digest}}],
                 "predicateType": "https://index.example/attestations/publish/v1",
                 "predicate": None}, **more)


def attestation(s):
    text = s if isinstance(s, bytes) else json.dumps(s).encode()
    return {"version": 1, "verification_material": {"certificate": "eA==",
                                                    "transparency_entries": [{}]},
            "envelope": {"statement": base64.b64encode(text).decode(),
                         "signature": "eA=="}}


def bundle(publisher, *statements):
    return {"publisher": publisher,
            "attestations": [attestation(s) for s in statements or (statement(),)]}


def provenance(*bundles, **more):
    return Reply(json.dumps(dict({"version": 1, "attestation_bundles": bundles},
                                 **more)).encode(),
                 headers={"Content-Type": "application/vnd.pypi.integrity.v1+json"})


def page(link):
    entry = {"filename": FILE, "url": "/files/" + FILE, "size": len(SDIST),
             "hashes": {"sha256": sha256(SDIST)}}
    if link is not False:
        entry["provenance"] = link
    return Reply(json.dumps({"meta": {"api-version": "1.3"}, "name": "thing",
                             "files": [entry]}).encode(),
                 headers={"Content-Type": "application/vnd.pypi.simple.v1+json"})


def lock(s, home, publishers, *replies, link=PATH, args=(), reply=None, verb="lock"):
    s.requests.clear()
    s.replies.clear()
    s.add("/simple/thing/", reply or page(link))
    s.add("/files/" + FILE, SDIST)
    if replies:
        s.add(PATH, *replies)
    more = f", publishers: [{', '.join(publishers)}]" if publishers else ""
    recipe = xt.write(os.path.join(home, "thing.yaml"), RECIPE.format(more=more))
    return xt.run([verb, recipe, "--target", "aarch64", *args], home=home, cwd=home,
                  XORCH_MIRROR_PYPI=s.url("/simple"), **QUICK)


def passes(*args, **more):
    """What the lock then says."""
    with Server() as s, xt.scratch() as home:
        r = lock(s, home, *args, **more)
        xt.equal(r.code, 0, args, r)
        xt.equal(s.count(PATH), 1)
        xt.equal(s.count("/files/" + FILE), 0)
        return [l.strip() for l in xt.read(os.path.join(home, "thing.lock")).splitlines()
                if "publisher" in l]


def refused(publishers, *replies, words=(), code=6, id="X0607", **more):
    with Server() as s, xt.scratch() as home:
        r = lock(s, home, publishers, *replies, **more)
        xt.equal(r.code, code, publishers, r)
        for word in (f"[{id}]", FILE, "thing.yaml:4", *words):
            xt.check(word in r.err, word, r)
        xt.check(not os.path.exists(os.path.join(home, "thing.lock")))
        return r


def test_H16_the_right_publisher():
    for wanted in ("github:octo-org/thing", "github:Octo-Org/thing/release.yml"):
        xt.equal(passes([wanted], provenance(bundle(GITHUB))),
                 ["publisher: github:Octo-Org/thing/release.yml"])
    for wanted in ("gitlab:group/sub/thing", "gitlab:group/sub/thing//ci/release.yml"):
        xt.equal(passes([wanted], provenance(bundle(GITLAB))),
                 ["publisher: gitlab:group/sub/thing//ci/release.yml"])
    # one of several, of several bundles; two statements about the file
    slsa = statement(predicateType="https://slsa.dev/provenance/v1", predicate={})
    xt.equal(passes(["github:a/b", "gitlab:group/sub/thing"],
                    provenance(bundle({"kind": "Google", "email": "a@example.org"}),
                               bundle(GITLAB, statement(), slsa))),
             ["publisher: gitlab:group/sub/thing//ci/release.yml"])
    # a workflow of a name that no recipe can write is left out
    odd = dict(GITHUB, workflow="re lease\n.yml")
    xt.equal(passes(["github:octo-org/thing"], provenance(bundle(odd))),
             ["publisher: github:Octo-Org/thing"])
    html = Reply(f'<a href="../../files/{FILE}#sha256={sha256(SDIST)}" '
                 f'data-provenance="{PATH}">{FILE}</a>'.encode(),
                 headers={"Content-Type": "text/html"})
    xt.equal(passes(["github:octo-org/thing"], provenance(bundle(GITHUB)), reply=html),
             ["publisher: github:Octo-Org/thing/release.yml"])


def test_H16_another_publisher():
    for wanted in ("github:octo-org/other", "github:octo-org/thing/ci.yml",
                   "github:octo/thing", "gitlab:octo-org/thing"):
        refused([wanted], provenance(bundle(GITHUB)),
                words=["not published by whom", f"recipe: {wanted}",
                       "found:  github:Octo-Org/thing/release.yml"])
    for wanted in ("gitlab:group/sub", "gitlab:group/sub/thing//release.yml",
                   "github:group/sub"):
        refused([wanted], provenance(bundle(GITLAB)),
                words=["found:  gitlab:group/sub/thing//ci/release.yml"])
    r = refused(["github:octo-org/thing"], provenance(
        bundle({"kind": "Google", "email": "a@example.org"}),
        bundle({"kind": "Other\x1b[31m", "repository": "octo-org/thing"}),
        bundle(dict(GITHUB, repository="octo-org/thing/release.yml"))),
        words=["found:  Google a@example.org", "found:  Other", "GitHub octo-org/thing/"])
    xt.check("\x1b" not in r.err, r)


def test_H16_a_build_without_a_lock():
    refused(["github:octo-org/other"], provenance(bundle(GITHUB)), verb="build",
            words=["found:  github:Octo-Org/thing/release.yml"])


def test_H16_nothing_is_attested():
    for link in (False, None, ""):
        refused(["github:octo-org/thing"], link=link,
                words=["does not attest", "found:  no attestation", "mirror"])
    refused(["github:octo-org/thing"], provenance(), words=["no attestation"])
    refused(["github:octo-org/thing"], id="X0504", code=5)  # the page says there is one


def test_H16_of_another_file():
    other = statement("thing-0.9.tar.gz", sha256(b"other"))
    for statements in ([other], [statement(), other]):
        refused(["github:octo-org/thing"], provenance(bundle(GITHUB, *statements)),
                words=["about another file", f"expected:  {sha256(SDIST)} {FILE}",
                       f"found:     {sha256(b'other')} thing-0.9.tar.gz",
                       "publisher: github:Octo-Org/thing/release.yml"])


def test_H16_at_another_host():
    with Server() as away:
        away.add(PATH, provenance(bundle(GITHUB)))
        refused(["github:octo-org/thing"], link=away.url(PATH),
                words=["not on the index's own host", away.url(PATH)])
        xt.equal(away.count(), 0)


def test_H16_answers_that_cannot_be_read():
    sound = statement()
    two = statement(subject=sound["subject"] * 2)
    for reply in (Reply(b""), Reply(b"{"), Reply(b"[]"), Reply(b"[" * 100000),
                  Reply(b"<html>log in</html>"), provenance(version=2),
                  provenance(attestation_bundles={}), provenance("x"),
                  provenance({"publisher": GITHUB, "attestations": []}),
                  provenance({"attestations": [attestation(sound)]}),
                  provenance(bundle({"repository": "octo-org/thing"})),
                  provenance({"publisher": GITHUB, "attestations": [{"envelope": {}}]}),
                  provenance(bundle(GITHUB, b"no JSON")),
                  provenance(bundle(GITHUB, statement(_type="x"))),
                  provenance(bundle(GITHUB, statement(digest="00"))),
                  provenance(bundle(GITHUB, two)),
                  provenance(bundle(GITHUB, statement(subject=[])))):
        refused(["github:octo-org/thing"], reply, id="X0604")
    refused(["github:octo-org/thing"], Reply(b" " * 65536, endless=True), id="X0603",
            words=["more than 2097152 bytes"])


def test_H16_asked_once():
    """What the lock says holds, without the network; another wish is asked for anew."""
    with Server() as s, xt.scratch() as home:
        ours, theirs = ["github:octo-org/thing"], ["github:octo-org/other"]
        good = provenance(bundle(GITHUB))
        path = os.path.join(home, "thing.lock")
        xt.equal(lock(s, home, [], good).code, 0)
        xt.equal(s.count(PATH), 0, "nobody wanted to know")
        plain = xt.read(path)
        for verb, args in (("lock", ["--locked"]), ("check", [])):
            r = lock(s, home, ours, good, verb=verb, args=args) if verb == "lock" else \
                xt.run(["check", "thing.yaml"], home=home, cwd=home)
            xt.check(r.code == (4 if verb == "lock" else 2) and "X0413" in r.err, r)
        xt.equal(xt.read(path), plain)
        xt.equal(lock(s, home, ours, good).code, 0)
        xt.equal(s.count(PATH), 1)
        text = xt.read(path)
        xt.check("publisher: github:Octo-Org/thing/release.yml" in text, text)
        r = lock(s, home, ours, good, args=["--locked", "--offline"])
        xt.equal((r.code, s.count()), (0, 0), r)
        xt.equal(xt.run(["check", "thing.yaml"], home=home, cwd=home).code, 0)
        r = lock(s, home, theirs, good)
        xt.check(r.code == 6 and "X0607" in r.err, r)
        xt.equal(xt.read(path), text)


if __name__ == "__main__":
    xt.main(globals())
