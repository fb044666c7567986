"""Git repositories made on the spot and served over http from this machine by git's own
http-backend; stands in for a forge. `stall` lets the answer end in the middle."""
import http.server
import os
import subprocess
import threading
import time

BACKEND = "/usr/lib/git-core/git-http-backend"
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
       "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
       "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
       "GIT_AUTHOR_DATE": "2024-05-06T07:08:09Z", "GIT_COMMITTER_DATE": "2024-05-06T07:08:09Z",
       "GIT_ALLOW_PROTOCOL": "file:http"}
DATE = 1714979289


def git(folder, *args, stdin=None):
    r = subprocess.run(["git", "-C", folder, "-c", "init.defaultBranch=main",
                        "-c", "core.protectNTFS=false", "-c", "core.protectHFS=false",
                        *args], env=ENV, input=stdin, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    if r.returncode:
        raise RuntimeError(f"git {args}: {r.stderr.decode()}")
    return r.stdout.decode().strip()


class Repository:
    """A bare repository NAME.git below the server's folder."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        self.path = os.path.join(server.folder, name + ".git")
        os.makedirs(self.path)
        git(self.path, "init", "-q", "--bare")
        self.last, self.blobs = None, {}

    @property
    def url(self):
        return f"{self.server.base}/{self.name}.git"

    def blob(self, data):
        if data not in self.blobs:
            self.blobs[data] = git(self.path, "hash-object", "-w", "--stdin", stdin=data)
        return self.blobs[data]

    def tree(self, files):
        """{name: bytes | dict | ("mode", bytes) | ("160000", commit hex)}, any name; or
        a list of such pairs, which may have a name twice."""
        lines = []
        for name, value in files.items() if isinstance(files, dict) else files:
            if isinstance(value, (dict, list)):
                lines.append(("040000", "tree", self.tree(value), name))
            elif isinstance(value, tuple) and value[0] == "160000":
                lines.append(("160000", "commit", value[1], name))
            else:
                mode, data = value if isinstance(value, tuple) else ("100644", value)
                lines.append((mode, "blob", self.blob(data), name))
        text = "".join(f"{m} {k} {h}\t{n}\0" for m, k, h, n in lines)
        return git(self.path, "mktree", "-z", "--missing", stdin=text.encode())

    def commit(self, files, tag=None, branch="main"):
        parent = ["-p", self.last] if self.last else []
        self.last = git(self.path, "commit-tree", self.tree(files), *parent, "-m", "c")
        if branch:
            git(self.path, "update-ref", f"refs/heads/{branch}", self.last)
        if tag:
            git(self.path, "tag", "-f", "-a", "-m", "t", tag, self.last)
        return self.last


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *args):
        pass

    def do_GET(self):
        owner = self.server.owner
        path, _, query = self.path.partition("?")
        owner.requests.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        env = dict(ENV, GIT_PROJECT_ROOT=owner.folder, GIT_HTTP_EXPORT_ALL="1",
                   PATH_INFO=path, QUERY_STRING=query, REQUEST_METHOD=self.command,
                   CONTENT_TYPE=self.headers.get("Content-Type", ""),
                   CONTENT_LENGTH=str(len(body)), REMOTE_ADDR="127.0.0.1",
                   GIT_PROTOCOL=self.headers.get("Git-Protocol", ""))
        out = subprocess.run([BACKEND], env=env, input=body, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout
        head, _, body = out.partition(b"\r\n\r\n")
        status = 200
        headers = []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        pack = path.endswith("/git-upload-pack")
        try:
            if pack and owner.stall:
                self.wfile.write(body[:len(body) // 2])
                self.wfile.flush()
                end = time.monotonic() + 60
                while not owner.closing and time.monotonic() < end:
                    time.sleep(0.05)
            elif pack and owner.damage:
                i = body.index(b"PACK") + 40
                self.wfile.write(body[:i] + bytes([body[i] ^ 0xff]) + body[i + 1:])
            else:
                self.wfile.write(body)
        except OSError:
            pass

    do_POST = do_GET


class Server:
    def __init__(self, folder):
        self.folder, self.requests = folder, []
        self.stall = self.damage = self.closing = False
        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.listener.daemon_threads = True
        self.listener.owner = self
        self.base = f"http://127.0.0.1:{self.listener.server_port}"
        threading.Thread(target=self.listener.serve_forever, args=(0.02,),
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing = True
        self.listener.shutdown()
        self.listener.server_close()

    def repository(self, name):
        return Repository(self, name)
