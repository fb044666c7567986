"""Rows N of the fault table, against the fetcher alone (`xorch __fetch`)."""
import json
import os
import subprocess
import time

import xt
from server import Reply, Server, certificate, sha256

BODY = bytes(range(256)) * 2000
QUICK = {"XORCH_HTTP_BACKOFF": "0.02", "XORCH_HTTP_TIMEOUT": "0.6",
         "XORCH_HTTP_STALL": "0.6"}


def item(*urls, body=BODY, **more):
    return dict({"label": "thing-1.0.tar.gz", "where": "recipes/thing.yaml:8:3",
                 "sha256": sha256(body), "size": len(body), "urls": urls}, **more)


def fetch(home, *items, args=(), **env):
    return xt.run(["__fetch", *args], home=home, stdin=json.dumps(items).encode(),
                  **dict(QUICK, **env))


def taken(r, body=BODY):
    """The one path printed holds the body."""
    xt.equal(r.code, 0, r)
    with open(r.out.strip(), "rb") as f:
        xt.check(f.read() == body, "other bytes", r)


def test_N01_silent_mirror_is_waited_for_once():
    """Ten files, a dead mirror first: not ten times all its tries."""
    with Server() as dead:
        gone = dead.base
    with Server() as s, xt.scratch() as home:
        items = []
        for i in range(10):
            s.add(f"/{i}", b"%d" % i)
            items.append(item(f"{gone}/{i}", s.url(f"/{i}"), body=b"%d" % i))
        r = fetch(home, *items, XORCH_HTTP_PARALLEL="2")
        xt.equal(r.code, 0, r)
        xt.check(r.err.count("trying again") <= 2 * 3, r)
        xt.check("not asked: it did not answer just before" in r.err, r)
        r = fetch(home, *[item(f"{gone}/{i}", body=b"x%d" % i) for i in range(10)],
                  XORCH_HTTP_PARALLEL="2")
        xt.equal(r.code, 5, r)
        xt.check("9 more files could not be fetched" in r.err, r)


def test_long_downloads_say_so():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, rate=1_000_000))
        r = fetch(home, item(s.url("/f")), XORCH_HTTP_REPORT="0.15")
        taken(r)
        xt.check(" of 512.0 kB so far, " in r.err and " s left" in r.err, r)


def test_settings_that_are_no_numbers():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY))
        r = fetch(home, item(s.url("/f")), XORCH_HTTP_STALL="many")
        taken(r)
        xt.check("XORCH_HTTP_STALL: 'many' is not a number; 30 is used" in r.err, r)


def test_verbose_shows_each_request():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", cut=1000), Reply(BODY, etag="v1"))
        r = fetch(home, item(s.url("/f")), args=["-v"])
        taken(r)
        xt.check(f"GET {s.url('/f')}: status 200, 1000 bytes from 0: " in r.err, r)
        xt.check(f"GET {s.url('/f')}: status 206, {len(BODY) - 1000} bytes from 1000"
                 in r.err, r)


def test_N02_server_errors_then_ok():
    for status in (500, 502, 503, 504, 408, 429):
        with Server() as s, xt.scratch() as home:
            s.add("/f", Reply(status=status), Reply(status=status), Reply(BODY))
            r = fetch(home, item(s.url("/f")))
            taken(r)
            xt.equal(s.count("/f"), 3)
            xt.check(f"HTTP status {status}" in r.err, r)


def test_N01_nothing_listens():
    with Server() as s, xt.scratch() as home:
        dead = s.url("/f")
    with xt.scratch() as home:
        r = fetch(home, item(dead))
        xt.equal(r.code, 5, r)
        xt.check("[X0502]" in r.err and dead in r.err, r)
        xt.check("4 tries in" in r.err, r)
        xt.equal(r.err.count("trying again"), 3, r)


def test_N02_retry_after():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(status=503, headers={"Retry-After": "1"}), Reply(BODY))
        begun = time.monotonic()
        r = fetch(home, item(s.url("/f")))
        taken(r)
        xt.check(0.9 < time.monotonic() - begun < 5, "Retry-After was not kept")
        s.add("/g", Reply(status=429, headers={
            "Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}), Reply(BODY + b"g"))
        taken(fetch(home, item(s.url("/g"), body=BODY + b"g")), BODY + b"g")


def test_N03_always_500():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(status=500))
        s.add("/other", Reply(b"other"))
        r = fetch(home, item(s.url("/f")), item(s.url("/other"), body=b"other"))
        xt.equal(r.code, 5, r)
        xt.equal(s.count("/f"), 4)
        xt.check("HTTP status 500 (4 tries" in r.err, r)
        # The rest went on: it is there for the next run.
        r = fetch(home, item(body=b"other"), args=["--offline"])
        taken(r, b"other")


def test_N04_not_found_next_mirror():
    for status in (404, 410):
        with Server() as s, xt.scratch() as home:
            s.add("/1", Reply(status=status))
            s.add("/2", Reply(BODY))
            taken(fetch(home, item(s.url("/1"), s.url("/2"))))
            xt.equal((s.count("/1"), s.count("/2")), (1, 1))
            r = fetch(home, item(s.url("/1"), s.url("/gone"), body=b"x"))
            xt.equal(r.code, 5, r)
            xt.check("[X0504]" in r.err and "yanked or renamed" in r.err, r)
            xt.check("mirror 2 of 2" in r.err, r)


def test_N05_credentials_are_not_shown():
    for status in (401, 403):
        with Server() as s, xt.scratch() as home:
            s.add("/f", Reply(status=status))
            url = s.url("/f").replace("://", "://user:tops3cret@") + "?token=tops3cret"
            for args in ((), ("-vv",), ("--json",), ("--progress", "json")):
                r = fetch(home, item(url), args=args)
                xt.equal(r.code, 5, r)
                xt.check("tops3cret" not in r.out + r.err, "a token was printed", r)
                code = '"code":"X0505"' if "json" in args else "[X0505]"
                xt.check(code in r.err and "NETRC" in r.err, r)
            xt.equal(s.count("/f"), 8, "one retry each")
            sent = s.requests[0].headers["Authorization"]
            xt.check(sent and sent.startswith("Basic "), sent)


def test_N06_accepts_and_never_answers():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, stall=3600), Reply(BODY))
        r = fetch(home, item(s.url("/f")), XORCH_HTTP_TIMEOUT="0.3")
        taken(r)
        xt.check("no answer within 0.3 s" in r.err, r)


def test_N07_too_slow():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", stall_after=1000))
        r = fetch(home, item(s.url("/f")), XORCH_HTTP_STALL="0.2",
                  XORCH_HTTP_RETRIES="2")
        xt.equal(r.code, 5, r)
        xt.check("stalled: " in r.err, r)
        s.add("/f", Reply(BODY, etag="v1"))
        taken(fetch(home, item(s.url("/f"))))
        xt.equal(s.requests[-1].headers["Range"], "bytes=3000-",
                 "what came before is gone on with")


def test_N08_short_body_is_resumed():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", cut=100000), Reply(BODY, etag="v1"))
        taken(fetch(home, item(s.url("/f"))))
        xt.equal(s.count("/f"), 2)
        again = s.requests[1].headers
        xt.equal((again["Range"], again["If-Range"]), ("bytes=100000-", '"v1"'))
        date = {"Last-Modified": "Wed, 01 May 2024 00:00:00 GMT"}
        s.add("/g", Reply(BODY + b"g", headers=date, cut=5000),
              Reply(BODY + b"g", headers=date))
        taken(fetch(home, item(s.url("/g"), body=BODY + b"g")), BODY + b"g")
        xt.equal(s.requests[-1].headers["If-Range"], date["Last-Modified"])


def test_N08_without_validator_restarted():
    for headers in ({}, {"ETag": 'W/"weak"'}):
        with Server() as s, xt.scratch() as home:
            s.add("/f", Reply(BODY, headers=headers, cut=100000),
                  Reply(BODY, headers=headers))
            taken(fetch(home, item(s.url("/f"))))
            xt.equal(s.requests[1].headers["Range"], None)


def test_N08_in_a_later_run():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", cut=100000))
        r = fetch(home, item(s.url("/f")), XORCH_HTTP_RETRIES="0")
        xt.equal(r.code, 5, r)
        s.add("/f", Reply(BODY, etag="v1"))
        taken(fetch(home, item(s.url("/f"))))
        xt.equal(s.requests[-1].headers["Range"], "bytes=100000-")
        parts = os.listdir(os.path.join(home, "cache/v1/parts"))
        xt.equal(parts, [], "nothing is left beside the file")


def test_N08_many_breaks_still_progress():
    """A bad line: each try brings a piece, and more pieces than there are tries."""
    body = os.urandom(3 << 20)
    with Server() as s, xt.scratch() as home:
        s.add("/f", *[Reply(body, etag="v1", cut=400000)] * 7, Reply(body, etag="v1"))
        taken(fetch(home, item(s.url("/f"), body=body)), body)
        xt.check(s.count("/f") >= 8, s.count("/f"))


def test_N09_cut_without_length():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, no_length=True, cut=1000))
        r = fetch(home, item(s.url("/f")))
        xt.equal(r.code, 6, r)
        xt.equal(s.count("/f"), 2, "one full retry")
        xt.check("[X0601]" in r.err and "1000 bytes" in r.err, r)
        s.add("/f", Reply(BODY, no_length=True, cut=1000), Reply(BODY, no_length=True))
        taken(fetch(home, item(s.url("/f"))))


def test_N10_endless_body():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(b"x" * 65536, endless=True))
        r = fetch(home, item(s.url("/f")))
        xt.equal(r.code, 6, r)
        xt.check(f"more than {len(BODY)} bytes" in r.err, r)
        unknown = item(s.url("/f"), body=b"y", size=-1, max=300000)
        r = fetch(home, unknown)
        xt.equal(r.code, 6, r)
        xt.check("[X0603]" in r.err and "more than 300000 bytes" in r.err, r)
        size = sum(os.path.getsize(os.path.join(at, n)) for at, _, names in
                   os.walk(os.path.join(home, "cache")) for n in names)
        xt.check(size < 10000, "what was too long is kept", size)
        r = xt.run(["__fetch", s.url("/f"), "1000000"], home=home, **QUICK)
        xt.equal(r.code, 6, r)


def test_N11_range_ignored():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", cut=100000),
              Reply(BODY, etag="v1", ranges="ignore"))
        taken(fetch(home, item(s.url("/f"))))
        xt.equal(s.requests[1].headers["Range"], "bytes=100000-")


def test_N11_range_at_another_offset():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", cut=100000),
              Reply(BODY, etag="v1", ranges="shift"), Reply(BODY, etag="v1"))
        taken(fetch(home, item(s.url("/f"))))
        xt.equal([r.headers["Range"] for r in s.requests],
                 [None, "bytes=100000-", None])


def test_N11_range_refused():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", cut=100000),
              Reply(BODY, etag="v1", ranges="refuse"), Reply(BODY, etag="v1"))
        taken(fetch(home, item(s.url("/f"))))
        xt.equal(s.count("/f"), 3)


def test_N12_etag_changed():
    old = bytes(reversed(BODY))
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(old, etag="old", cut=100000), Reply(BODY, etag="new"))
        taken(fetch(home, item(s.url("/f"))))
        xt.equal(s.requests[1].headers["If-Range"], '"old"')
        # A server that does not look at If-Range mixes two files: found, refetched.
        s.add("/g", Reply(old + b"g", etag="v", cut=100000), Reply(BODY + b"g", etag="v"))
        taken(fetch(home, item(s.url("/g"), body=BODY + b"g")), BODY + b"g")
        xt.equal(s.count("/g"), 3)


def test_N13_captive_portal():
    page = b"<!DOCTYPE html><title>\x1b[31mLogin</title>" + b" " * 3000
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(page, headers={"Content-Type": "text/html"}))
        r = fetch(home, item(s.url("/f")))
        xt.equal(r.code, 6, r)
        for text in ("[X0601]", "thing-1.0.tar.gz   (recipes/thing.yaml:8:3)",
                     f"expected: sha256 {sha256(BODY)}", f"got: sha256 {sha256(page)}",
                     f"{len(page)} bytes, text/html", 'begins "<!DOCTYPE html><title>',
                     "\\x1b", "login or error page of a proxy", "nothing was unpacked",
                     "mirror 1 of 1"):
            xt.check(text in r.err, text, r)
        xt.check("\x1b" not in r.err, "an escape sequence reached the terminal")
        bad = os.path.join(home, "cache/v1/bad", sha256(page))
        with open(bad, "rb") as f:
            xt.check(f.read() == page)
        # A page longer than the file is stopped before its end.
        s.add("/f", Reply(page * 200, headers={"Content-Type": "text/html"}))
        r = fetch(home, item(s.url("/f")))
        xt.equal(r.code, 6, r)
        xt.check("more than" in r.err and "text/html" in r.err, r)
        # And when the login is done it works, without cleaning up.
        s.add("/f", Reply(BODY))
        taken(fetch(home, item(s.url("/f"))))


def test_N14_https_to_http():
    with xt.scratch() as home:
        both, cert = certificate(home)
        with Server() as plain, Server(tls=both) as s:
            plain.add("/f", Reply(BODY))
            s.add("/f", Reply(redirect=plain.url("/f")))
            r = fetch(home, item(s.url("/f")), SSL_CERT_FILE=cert, CURL_CA_BUNDLE=None)
            xt.equal(r.code, 5, r)
            xt.check("[X0503]" in r.err and s.url("/f") in r.err and
                     plain.url("/f") in r.err, r)
            xt.equal((s.count(), plain.count()), (1, 0))


def test_N14_loopback_to_plain_http_elsewhere():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(redirect="http://192.0.2.1/f"))
        r = fetch(home, item(s.url("/f")))
        xt.equal(r.code, 5, r)
        xt.check("redirect refused (it is not https)" in r.err, r)
        r = fetch(home, item("http://192.0.2.1/f"))
        xt.equal(r.code, 5, r)
        xt.check("it is not https" in r.err, r)


def test_N15_redirect_to_other_protocols():
    for to in ("file:///etc/passwd", "ftp://127.0.0.1/f", "gopher://127.0.0.1/",
               "FILE:///etc/passwd", "dict://127.0.0.1/"):
        with Server() as s, xt.scratch() as home:
            s.add("/f", Reply(redirect=to))
            r = fetch(home, item(s.url("/f"), body=b"root"))
            xt.equal(r.code, 5, r)
            xt.check("redirect refused" in r.err, to, r)


def test_N16_redirects_end():
    with Server() as s, xt.scratch() as home:
        s.add("/loop", Reply(redirect="/loop"))
        r = fetch(home, item(s.url("/loop")))
        xt.equal(r.code, 5, r)
        xt.check("more than 5 redirects" in r.err, r)
        xt.equal(s.count("/loop"), 6)
        for i in range(5):
            s.add(f"/{i}", Reply(redirect=f"{i + 1}", status=(301, 302, 303, 307, 308)[i]))
        s.add("/5", Reply(BODY))
        taken(fetch(home, item(s.url("/0"))))


def test_N17_credentials_stay_with_their_origin():
    with Server() as a, Server() as b, xt.scratch() as home:
        a.add("/f", Reply(redirect="/g"))
        a.add("/g", Reply(redirect=b.url("/h")))
        b.add("/h", Reply(BODY))
        taken(fetch(home, item(a.url("/f").replace("://", "://user:tops3cret@"))))
        xt.check(all(r.headers["Authorization"] for r in a.requests), "same origin")
        xt.equal(b.requests[0].headers["Authorization"], None)
        xt.check("tops3cret" not in str(b.requests[0].headers), "the token got out")
        names = {n.lower() for n in b.requests[0].headers.keys()}
        xt.equal(names - {"host", "user-agent", "accept", "accept-encoding"}, set())


def test_N18_content_encoding():
    import gzip
    packed = gzip.compress(BODY, mtime=0)
    with Server() as s, xt.scratch() as home:
        # A server that calls a .tar.gz gzip-encoded: the file is what is sent.
        s.add("/f", Reply(packed, headers={"Content-Encoding": "gzip"}))
        taken(fetch(home, item(s.url("/f"), body=packed)), packed)
        xt.equal(s.requests[0].headers["Accept-Encoding"], "identity")
        # One that compresses although it must not: other bytes, never unpacked.
        s.add("/g", Reply(packed, headers={"Content-Encoding": "gzip"}))
        r = fetch(home, item(s.url("/g")))
        xt.equal(r.code, 6, r)
        # A page may be compressed; its limit counts what it unpacks to.
        s.add("/p", Reply(packed, headers={"Content-Encoding": "gzip"}))
        r = xt.run(["__fetch", s.url("/p"), str(len(BODY) - 1)], home=home, **QUICK)
        xt.equal(r.code, 6, r)
        r = xt.run(["__fetch", s.url("/p"), str(len(BODY))], home=home, **QUICK)
        xt.equal(r.code, 0)


def test_N19_certificates():
    with xt.scratch() as home:
        both, cert = certificate(home)
        with Server(tls=both) as s:
            s.add("/f", Reply(BODY))
            r = fetch(home, item(s.url("/f")), SSL_CERT_FILE=None, CURL_CA_BUNDLE=None)
            xt.equal(r.code, 5, r)
            xt.check("[X0503]" in r.err and "SSL_CERT_FILE" in explain("X0503"), r)
            taken(fetch(home, item(s.url("/f")), SSL_CERT_FILE=cert,
                        CURL_CA_BUNDLE=None))
    with xt.scratch() as home:
        both, cert = certificate(home, names="DNS:other.example")
        with Server(tls=both) as s:
            s.add("/f", Reply(BODY))
            r = fetch(home, item(s.url("/f")), SSL_CERT_FILE=cert, CURL_CA_BUNDLE=None)
            xt.equal(r.code, 5, r)
            xt.equal(s.count(), 0)


def explain(code):
    return xt.run(["explain", code]).out


def test_N20_second_mirror_is_good():
    wrong = b"!" + BODY[1:]
    with Server() as s, xt.scratch() as home:
        s.add("/1", Reply(wrong))
        s.add("/2", Reply(BODY))
        r = fetch(home, item(s.url("/1"), s.url("/2")))
        taken(r)
        xt.check("warning:" in r.err and sha256(wrong) in r.err and
                 sha256(BODY) in r.err, r)
        xt.equal(s.count("/1"), 1, "a whole body of the right length is not tried twice")


def test_N21_offline_lists_all():
    with xt.scratch() as home, Server() as s:
        s.add("/a", Reply(b"a"))
        taken(fetch(home, item(s.url("/a"), body=b"a")), b"a")
        items = [item(s.url("/a"), body=b"a", label="a")] + [
            item(s.url(f"/{n}"), body=n.encode(), label=f"{n}.tar.gz",
                 where=f"recipes/{n}.yaml:1:1") for n in ("b", "c", "d")]
        before = s.count()
        r = fetch(home, *items, args=["--offline"])
        xt.equal(r.code, 5, r)
        xt.check("[X0501]" in r.err and "3 files are not in the cache" in r.err, r)
        for n in ("b", "c", "d"):
            xt.check(f"{n}.tar.gz   sha256 {sha256(n.encode())[:12]}" in r.err and
                     f"(recipes/{n}.yaml:1:1)" in r.err, r)
        xt.equal(s.count(), before, "asked the network")


def test_H01_mismatch_says_all():
    with Server() as s, xt.scratch() as home:
        s.add("/1", Reply(b"first"))
        s.add("/2", Reply(b"second"))
        r = fetch(home, item(s.url("/1"), s.url("/2")))
        xt.equal(r.code, 6, r)
        for text in ("mirror 1 of 2", "mirror 2 of 2", sha256(b"first"),
                     sha256(b"second"), s.url("/1"), s.url("/2"), sha256(BODY)):
            xt.check(text in r.err, text, r)
        bad = os.listdir(os.path.join(home, "cache/v1/bad"))
        xt.equal(sorted(bad), sorted([sha256(b"first"), sha256(b"second")]))
        blobs = os.path.join(home, "cache/v1/blobs")
        xt.equal([n for at, _, n in os.walk(blobs) if n], [])


def test_H03_digests():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY))
        taken(fetch(home, item(s.url("/f"), sha256=sha256(BODY).upper())))
        for wrong in ("", "d41d8cd98f00b204e9800998ecf8427e", sha256(BODY)[:63],
                      sha256(BODY) + " ", "g" * 64):
            r = fetch(home, item(s.url("/f"), sha256=wrong))
            xt.equal(r.code, 2, wrong, r)
            xt.check("[X0602]" in r.err, r)


def blob(home, body=BODY):
    digest = sha256(body)
    return os.path.join(home, "cache/v1/blobs", digest[:2], digest)


def test_H04_flipped_bit():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY))
        taken(fetch(home, item(s.url("/f"))))
        before = os.stat(blob(home))
        os.chmod(blob(home), 0o644)
        with open(blob(home), "r+b") as f:
            f.write(b"\x01")
        os.utime(blob(home), ns=(before.st_atime_ns, before.st_mtime_ns))
        r = fetch(home, item(s.url("/f")), args=["--offline"])
        xt.equal(r.code, 6, r)
        r = fetch(home, item(s.url("/f")))
        taken(r)
        xt.equal(s.count("/f"), 2)
        with open(blob(home), "r+b") as f:
            f.write(b"\x01")
        r = fetch(home, item(s.url("/f")))
        taken(r)
        xt.check("warning:" in r.err and "damaged" in r.err, r)


def test_H05_empty_blob():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY))
        taken(fetch(home, item(s.url("/f"))))
        os.truncate(blob(home), 0)
        taken(fetch(home, item(s.url("/f"))))
        xt.equal(s.count("/f"), 2)


def start(home, *items, **env):
    p = subprocess.Popen([xt.XORCH, "__fetch"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env=xt.environment(home, **dict(QUICK, **env)))
    p.stdin.write(json.dumps(items).encode())
    p.stdin.close()
    p.stdin = None
    return p


def test_C02_eight_processes_one_download():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, rate=2_000_000))
        s.add("/g", Reply(b"g", stall=0.2))
        both = [item(s.url("/f")), item(s.url("/g"), body=b"g")]
        all_ = [start(home, *(both if i % 2 else both[::-1])) for i in range(8)]
        for p in all_:
            out, err = p.communicate(timeout=60)
            xt.equal(p.returncode, 0, err)
            xt.equal(len(out.split()), 2)
        xt.equal((s.count("/f"), s.count("/g")), (1, 1))


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        xt.check(time.monotonic() < end, "waited too long")
        time.sleep(0.01)


def test_C03_downloader_killed_next_goes_on():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", stall_after=300000), Reply(BODY, etag="v1"))
        part = os.path.join(home, "cache/v1/parts", sha256(BODY) + ".part")
        first = start(home, item(s.url("/f")), XORCH_HTTP_STALL="60")
        wait_for(lambda: os.path.exists(part) and os.path.getsize(part) == 300000)
        second = start(home, item(s.url("/f")))
        seen = second.stderr.readline()
        xt.check(f"waiting for pid {first.pid}".encode() in seen, seen)
        first.kill()
        first.communicate()
        begun = time.monotonic()
        out, err = second.communicate(timeout=30)
        xt.equal(second.returncode, 0, err)
        xt.check(time.monotonic() - begun < 5, "the lock was not given back at once")
        xt.equal(s.requests[1].headers["Range"], "bytes=300000-")


def test_K01_killed_while_fetching():
    body = os.urandom(2 << 20)
    for step in ("download", "download:3", "verify", "rename"):
        with Server() as s, xt.scratch() as home:
            s.add("/f", Reply(body, etag="v1"))
            r = fetch(home, item(s.url("/f"), body=body), XORCH_TEST_DIE_AT=step)
            xt.equal(r.code, -9, step, r)
            r = fetch(home, item(s.url("/f"), body=body))
            taken(r, body)
            if step in ("verify", "rename"):
                xt.equal(s.count("/f"), 1, "what had come whole was fetched again")
            for folder in ("parts", "tmp", "bad"):
                xt.equal(os.listdir(os.path.join(home, "cache/v1", folder)), [], step)


def test_D01_no_space():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY))
        pretend = xt.write(os.path.join(home, "free"), "1000")
        r = fetch(home, item(s.url("/f")), XORCH_TEST_FREE_SPACE_FILE=pretend)
        xt.equal(r.code, 8, r)
        for text in ("[X0821]", os.path.join(home, "cache/v1"), str(len(BODY)), "1000"):
            xt.check(text in r.err, text, r)
        xt.equal(s.count(), 0, "asked before it knew where to put it")
        taken(fetch(home, item(s.url("/f"))))


def test_D01_disk_full_meanwhile():
    """A real full disk: a tiny tmpfs in a mount namespace of its own."""
    body = os.urandom(3 << 20)
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(body, etag="v1"))
        listing = xt.write(os.path.join(home, "items"),
                           json.dumps([item(s.url("/f"), body=body, size=-1)]))
        small = os.path.join(home, "small")
        os.mkdir(small)
        script = ('mount -t tmpfs -o size=2m,mode=755 none "$1" && "$2" __fetch <"$3"; '
                  'code=$?; find "$1/v1/parts" "$1/v1/tmp" -type f; exit $code')
        p = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, "sh", small, xt.XORCH, listing],
            env=xt.environment(home, XORCH_CACHE_DIR=small, **QUICK),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        xt.equal(p.returncode, 8, p.stderr.decode())
        xt.check(b"[X0821]" in p.stderr and b"free:" in p.stderr, p.stderr.decode())
        xt.equal(p.stdout, b"", "a partial file was left")


def test_D03_read_only_cache():
    """A filled cache mounted read-only, as in the layer of an image."""
    script = ('mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && '
              '"$2" __fetch <"$3"')
    with Server() as s, xt.scratch() as home:
        s.add("/old", b"old")
        s.add("/new", b"new")
        cache = os.path.join(home, "cache")
        both = [item(s.url("/old"), body=b"old"), item(s.url("/new"), body=b"new")]
        taken(fetch(home, both[0]), b"old")
        listing = xt.write(os.path.join(home, "items"), json.dumps(both))
        for round_ in range(2):
            p = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", cache,
                                xt.XORCH, listing], env=xt.environment(home, **QUICK),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            xt.equal(p.returncode, 0, p.stderr.decode())
            old, new = p.stdout.decode().split()
            xt.equal(old, blob(home, b"old"))
            xt.check(new.startswith(f"{home}/.cache/xorch/v1/blobs/"), new)
            xt.check(b"is read-only" in p.stderr, p.stderr)
        xt.equal((s.count("/old"), s.count("/new")), (1, 1))


def test_D04_unsafe_cache():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY))
        os.mkdir(os.path.join(home, "cache"))
        os.chmod(os.path.join(home, "cache"), 0o777)
        r = fetch(home, item(s.url("/f")))
        xt.equal(r.code, 8, r)
        xt.check("[X0824]" in r.err and "chmod o-w" in r.err, r)
        xt.equal(os.listdir(os.path.join(home, "cache")), [])
        os.chmod(os.path.join(home, "cache"), 0o755)
        taken(fetch(home, item(s.url("/f"))))
        if os.geteuid() == 0:
            os.chown(os.path.join(home, "cache"), 12345, -1)
            r = fetch(home, item(s.url("/f")))
            xt.equal(r.code, 8, r)
            xt.check("uid 12345" in r.err, r)


def test_D06_temporary_files_beside_the_target():
    """TMPDIR elsewhere, even on another device or missing, plays no part."""
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY))
        for tmp in ("/dev/shm", "/nonexistent"):
            taken(fetch(home, item(s.url("/f")), TMPDIR=tmp))


def test_D09_odd_paths():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY))
        for odd in ("with blank", "quote'\"$(x)", "new\nline", "\udcff\udcfe", "é" * 100,
                    "/".join(["deep" * 10] * 20)):
            cache = os.path.join(home, odd)
            r = fetch(home, item(s.url("/f")), XORCH_CACHE_DIR=cache)
            xt.equal(r.code, 0, odd, r)
            with open(r.out[:-1], "rb") as f:
                xt.check(f.read() == BODY)


if __name__ == "__main__":
    xt.main(globals())
