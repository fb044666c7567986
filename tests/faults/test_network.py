"""Rows N of the fault table, against the fetcher alone (`xorch __fetch`)."""
import json
import os

import xt
from server import Reply, Server, sha256

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


def test_N02_server_errors_then_ok():
    for status in (500, 502, 503, 504, 408, 429):
        with Server() as s, xt.scratch() as home:
            s.add("/f", Reply(status=status), Reply(status=status), Reply(BODY))
            r = fetch(home, item(s.url("/f")))
            taken(r)
            xt.equal(s.count("/f"), 3)
            xt.check(f"HTTP status {status}" in r.err, r)


if __name__ == "__main__":
    xt.main(globals())
