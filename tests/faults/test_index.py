"""Package index pages that are wrong (H15), through `xorch __index`."""
import json
import os

import xt
from server import Reply, Server, sha256

QUICK = {"XORCH_HTTP_BACKOFF": "0.02", "XORCH_HTTP_TIMEOUT": "2",
         "XORCH_HTTP_STALL": "2"}
JSON = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
SDIST = b"sdist bytes"


def entry(name="thing-1.0.tar.gz", body=SDIST, **more):
    return dict({"filename": name, "url": "/files/" + name, "size": len(body),
                 "hashes": {"sha256": sha256(body)}}, **more)


def page(*files, **more):
    return Reply(json.dumps(dict({"meta": {"api-version": "1.1"}, "name": "thing",
                                  "files": files}, **more)).encode(), headers=JSON)


def index(s, *args, home=None, **env):
    return xt.run(["__index", *args], home=home,
                  **{**QUICK, "XORCH_MIRROR_PYPI": s.url("/simple"), **env})


def refused(s, code, *texts, args=("thing", "1.0"), **env):
    r = index(s, *args, **env)
    xt.equal(r.code, code, r)
    for text in texts:
        xt.check(text in r.err, text, r)
    return r


def serve(s, *replies):
    s.add("/simple/thing/", *replies)
    s.add("/files/thing-1.0.tar.gz", SDIST)


def test_json():
    with Server() as s, xt.scratch() as home:
        serve(s, page(entry(), entry("thing-2.0rc1.tar.gz")))
        r = index(s, "Thing", "1.0.0", home=home)
        xt.equal(r.code, 0, r)
        with open(r.out.strip(), "rb") as f:
            xt.check(f.read() == SDIST)
        xt.check("simple.v1+json" in s.requests[0].headers["Accept"])
        xt.equal(index(s, "thing").out, "1.0\n", "a prerelease is not the newest")


def test_html():
    with Server() as s, xt.scratch() as home:
        serve(s, Reply(b'<a href="../../files/thing-1.0.tar.gz#sha256='
                       + sha256(SDIST).encode() + b'">thing</a>',
                       headers={"Content-Type": "text/html; charset=utf-8"}))
        r = index(s, "thing", "1.0", home=home)
        xt.equal(r.code, 0, r)


def test_redirected_page_gives_the_base_of_links():
    with Server() as a, Server() as b, xt.scratch() as home:
        a.add("/simple/thing/", Reply(redirect=b.url("/pypi/thing/")))
        b.add("/pypi/thing/", page(entry(url="f.tar.gz")))
        b.add("/pypi/thing/f.tar.gz", SDIST)
        xt.equal(index(a, "thing", "1.0", home=home).code, 0)


def test_H15_other_project():
    with Server() as s:
        serve(s, page(entry(), name="other"))
        refused(s, 6, "[X0604]", "another project: other", s.url("/simple/thing/"))


def test_H15_hash_missing():
    with Server() as s:
        serve(s, page(entry(hashes={})))
        refused(s, 6, "[X0604]", "no sha256 for thing-1.0.tar.gz")
        serve(s, page(entry(hashes={"md5": "x"})))
        refused(s, 6, "[X0604]")


def test_H15_file_on_plain_http_elsewhere():
    with Server() as s:
        serve(s, page(entry(url="http://192.0.2.1/thing-1.0.tar.gz")))
        r = refused(s, 5, args=("thing", "1.0"), XORCH_HTTP_RETRIES="0",
                    XORCH_HTTP_TIMEOUT="0.2")
        xt.check("thing-1.0.tar.gz" in r.err, r)


def test_H15_yanked():
    with Server() as s, xt.scratch() as home:
        serve(s, page(entry(yanked="broken \x1b[31m on arm"), entry("thing-0.9.tar.gz")))
        r = index(s, "thing", "1.0", home=home)
        xt.equal(r.code, 0, r)
        xt.check("warning: thing 1.0 was yanked" in r.err and "broken" in r.err, r)
        xt.check("\x1b" not in r.err)
        xt.equal(index(s, "thing").out, "0.9\n", "a yanked one is not the newest")


def test_H15_two_sdists():
    with Server() as s, xt.scratch() as home:
        serve(s, page(entry(), entry("thing-1.0.zip", b"zip")))
        xt.equal(index(s, "thing", "1.0", home=home).code, 0, "tar.gz before zip")
        serve(s, page(entry(), entry("Thing-1.0.tar.gz", b"twin")))
        refused(s, 6, "[X0604]", "two source archives", "Thing-1.0.tar.gz")


def test_H15_page_without_end():
    with Server() as s:
        serve(s, Reply(b" " * 65536, endless=True, headers=JSON))
        refused(s, 6, "[X0603]", "more than 33554432 bytes")


def test_H15_not_json():
    with Server() as s:
        for body in (b"", b"{", b"[" * 100000, b'{"name":"thing","name":"thing"}'):
            serve(s, Reply(body, headers=JSON))
            refused(s, 6, "[X0604]")


def test_no_such_project_or_version():
    with Server() as s:
        refused(s, 5, "[X0504]", "there is no project nothing", args=("nothing",))
        serve(s, page(entry(), entry("thing-0.9.tar.gz")))
        refused(s, 5, "[X0504]", "no version 7", "1.0, 0.9", args=("thing", "7"))
        serve(s, page(entry("thing-1.0-py3-none-any.whl")))
        refused(s, 5, "[X0504]", "no source archive", "git:")
        refused(s, 2, "[X0507]", args=("../thing",))


def test_second_index_when_the_first_fails():
    with Server() as s, xt.scratch() as home:
        s.add("/two/thing/", page(entry()))
        s.add("/files/thing-1.0.tar.gz", SDIST)
        r = index(s, "thing", "1.0", home=home,
                  XORCH_MIRROR_PYPI=f"{s.url('/one')} {s.url('/two')}")
        xt.equal(r.code, 0, r)


def test_S03_credentials_of_the_index_are_masked():
    with Server() as s:
        mirror = s.url("/simple").replace("://", "://me:tops3cret@")
        r = index(s, "thing", XORCH_MIRROR_PYPI=mirror)
        xt.equal(r.code, 5, r)
        xt.check("***@127.0.0.1" in r.err and "tops3cret" not in r.err + r.out, r)
        xt.check(s.requests[0].headers["Authorization"].startswith("Basic "))
        r = xt.run(["__index"], XORCH_MIRROR_PYPI=mirror,
                   XORCH_MIRROR_DEBIAN="https://you:tops3cret@mirror.example/debian")
        xt.equal(r.code, 0, r)
        xt.check("tops3cret" not in r.out and "***@mirror.example" in r.out, r)


def test_no_registry_known():
    with xt.scratch() as home:
        r = xt.run(["__index"], home=home, XORCH_MIRROR_DEBIAN=None,
                   XORCH_APT_DIR=os.path.join(home, "none"))
        xt.equal(r.code, 2, r)
        xt.check("[X0506]" in r.err and "XORCH_MIRROR_DEBIAN" in r.err, r)


def test_offline():
    with Server() as s, xt.scratch() as home:
        r = xt.run(["__index", "--offline", "thing"], home=home,
                   XORCH_MIRROR_PYPI=s.url("/simple"))
        xt.equal(r.code, 5, r)
        xt.check("[X0501]" in r.err, r)
        xt.equal(s.count(), 0)


if __name__ == "__main__":
    xt.main(globals())
