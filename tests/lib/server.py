"""A web server on this machine that misbehaves on demand.

    with server.Server() as s:
        s.add("/f.tar.gz", Reply(status=503), Reply(body))
        xt.run([...], ...)            # s.url("/f.tar.gz")
        s.count("/f.tar.gz"), s.requests[0].headers["Range"]

Each request for a path takes that path's next reply; the last one stays. A path
that nobody added answers 404. A reply may also be a function of the request.

As a program: `python3 server.py ROUTES.json` ({"path": [{"status": 503}, {"text":
"…"}, {"file": "name", "cut": 100}]}) prints its address and runs until its
standard input is closed."""
import contextlib
import dataclasses
import hashlib
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    etag: str = None            # strong; ranges with another If-Range get the whole
    ranges: str = "obey"        # obey, ignore (200), shift (206 at another offset),
                                # refuse (416)
    cut: int = None             # close after so many body bytes
    length: int = None          # Content-Length to claim
    no_length: bool = False     # none; the end is the closed connection
    chunked: bool = False
    endless: bool = False       # body again and again, for ever
    stall: float = 0            # seconds before the status line
    stall_after: int = None     # body bytes after which nothing more comes
    rate: float = None          # bytes per second
    redirect: str = None        # Location, with status 302 unless one is given
    reset: bool = False         # RST instead of an answer


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: object
    host: str
    body: bytes = b""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        owner = self.server.owner
        path = self.path.split("?")[0]
        if path not in owner.replies:
            path = urllib.parse.unquote(path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, self.headers,
                          self.headers.get("Host", ""), body)
        reply = owner.next_reply(path, request)
        if callable(reply):
            reply = reply(request)
        with contextlib.suppress(OSError, ssl.SSLError):
            self.answer(reply)

    do_HEAD = do_POST = do_GET

    def answer(self, r):
        if r.reset:
            import struct
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.wait(r.stall)
        status, body, headers = r.status, r.body, dict(r.headers)
        if r.redirect is not None:
            headers["Location"] = r.redirect
            status = 302 if status == 200 else status
        if r.etag:
            headers["ETag"] = f'"{r.etag}"'
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        valid = self.headers.get("If-Range") in (None, headers.get("ETag"),
                                                 headers.get("Last-Modified"))
        if asked and status == 200 and r.ranges != "ignore" and valid:
            start = int(asked[1])
            if r.ranges == "refuse" or start >= len(body):
                status, headers["Content-Range"] = 416, f"bytes */{len(body)}"
                body = b""
            else:
                if r.ranges == "shift":
                    start = max(0, start - 7)
                status = 206
                headers["Content-Range"] = \
                    f"bytes {start}-{len(body) - 1}/{len(body)}"
                body = body[start:]
        if r.chunked or r.endless:
            headers["Transfer-Encoding"] = "chunked"
        elif not r.no_length:
            headers["Content-Length"] = str(len(body) if r.length is None
                                            else r.length)
        if r.no_length or r.cut is not None:
            headers["Connection"] = "close"
            self.close_connection = True
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if r.endless:
            while not self.server.owner.closing:
                self.chunk(body or b"x" * 65536)
        elif r.chunked:
            for i in range(0, len(body), 65536):
                self.chunk(body[i:i + 65536])
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send(body if r.cut is None else body[:r.cut], r)
        self.wfile.flush()
        if r.cut is not None:
            self.close_connection = True

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def send(self, body, r):
        if r.stall_after is not None:
            self.wfile.write(body[:r.stall_after])
            self.wfile.flush()
            self.wait(3600)
            self.close_connection = True
        elif r.rate:
            for i in range(0, len(body), max(1, int(r.rate / 20))):
                self.wfile.write(body[i:i + max(1, int(r.rate / 20))])
                self.wfile.flush()
                self.wait(0.05)
        else:
            self.wfile.write(body)

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while not self.server.owner.closing and time.monotonic() < end:
            time.sleep(min(0.02, max(0, end - time.monotonic())))


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass  # clients that hang up are what the tests are about


class Server:
    def __init__(self, tls=None):
        """tls: path of a PEM file with key and certificate (see certificate)."""
        self.replies, self.requests, self.lock = {}, [], threading.Lock()
        self.closing = False
        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.listener.owner = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.listener.socket = context.wrap_socket(
                self.listener.socket, server_side=True,
                do_handshake_on_connect=False)
        self.base = "%s://127.0.0.1:%d" % ("https" if tls else "http",
                                           self.listener.server_port)
        self.thread = threading.Thread(target=self.listener.serve_forever,
                                       args=(0.02,), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing = True
        self.listener.shutdown()
        self.listener.server_close()

    def add(self, path, *replies):
        self.replies[path] = [Reply(r) if isinstance(r, bytes) else r
                              for r in replies]

    def add_folder(self, folder, prefix="/"):
        """Every file below the folder under its relative name."""
        for at, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(at, name)
                with open(path, "rb") as f:
                    self.add(prefix + os.path.relpath(path, folder), f.read())

    def url(self, path):
        return self.base + path

    def next_reply(self, path, request):
        with self.lock:
            self.requests.append(request)
            replies = self.replies.get(path)
            if not replies:
                return Reply(b"not here\n", status=404)
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def count(self, path=None):
        with self.lock:
            return sum(path is None or r.path.split("?")[0] == path
                       for r in self.requests)

    def asked(self, path):
        with self.lock:
            return [r for r in self.requests if r.path.split("?")[0] == path]


def certificate(folder, names="IP:127.0.0.1", days=2):
    """A self-signed certificate with its key in one PEM file."""
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=xorch test", "-addext", f"subjectAltName={names}",
                    "-days", str(days), "-keyout", key, "-out", cert],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    both = os.path.join(folder, "both.pem")
    with open(both, "w") as f:
        for part in (key, cert):
            with open(part) as p:
                f.write(p.read())
    return both, cert


def main():
    with open(sys.argv[1]) as f:
        routes = json.load(f)
    here = os.path.dirname(os.path.abspath(sys.argv[1]))
    with Server() as s:
        for path, replies in routes.items():
            made = []
            for r in replies:
                body = r.pop("text", "").encode()
                if "file" in r:
                    with open(os.path.join(here, r.pop("file")), "rb") as f:
                        body = f.read()
                made.append(Reply(body, **r))
            s.add(path, *made)
        print(s.base, flush=True)
        sys.stdin.read()
        print(json.dumps([[r.method, r.path] for r in s.requests]))


if __name__ == "__main__":
    main()
