"""Rows C04 to C07: several processes, one store, and locks that do not do what one
hopes. The downloads come from a server on this machine."""
import contextlib
import json
import os
import re
import signal
import subprocess
import time

import xt
from server import Reply, Server, sha256
from test_network import BODY, QUICK, item, start, wait_for


def state(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


@contextlib.contextmanager
def stopped_holder(s, home):
    """A process that was stopped in the middle of a download."""
    s.add("/f", Reply(BODY, etag="v1", rate=300_000), Reply(BODY, etag="v1"))
    part = os.path.join(home, "cache/v1/parts", sha256(BODY) + ".part")
    p = start(home, item(s.url("/f")))
    try:
        wait_for(lambda: os.path.exists(part) and os.path.getsize(part) > 0)
        p.send_signal(signal.SIGSTOP)
        wait_for(lambda: state(p.pid) == "T")
        yield p
    finally:
        p.kill()
        p.communicate()


def test_C06_stopped_holder():
    with Server() as s, xt.scratch() as home, stopped_holder(s, home) as first:
        second = start(home, item(s.url("/f")), XORCH_LOCK_TIMEOUT="0.5")
        out, err = second.communicate(timeout=60)
        err = err.decode()
        xt.equal(second.returncode, 8, err)
        for words in ("X0823", f"pid {first.pid}", "XORCH_LOCK_TIMEOUT", "locks/blob-",
                      f"kill -CONT {first.pid}"):
            xt.check(words in err, words, err)
        # let go on, it ends well, and so does the next
        first.send_signal(signal.SIGCONT)
        out, err = first.communicate(timeout=60)
        xt.equal(first.returncode, 0, err)
        third = start(home, item(s.url("/f")))
        out, err = third.communicate(timeout=60)
        xt.equal((third.returncode, s.count("/f")), (0, 1), err)


def test_C06_holder_at_work_is_waited_for():
    """Longer than the limit for stopped ones, and said again and again."""
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", rate=len(BODY) / 2.5))
        part = os.path.join(home, "cache/v1/parts", sha256(BODY) + ".part")
        first = start(home, item(s.url("/f")))
        wait_for(lambda: os.path.exists(part))
        second = start(home, item(s.url("/f")), XORCH_LOCK_TIMEOUT="0.3",
                       XORCH_LOCK_REPORT="0.5")
        out, err = second.communicate(timeout=60)
        xt.equal(second.returncode, 0, err)
        said = err.decode()
        xt.equal(said.count("\nnote: waiting for pid") +
                 said.startswith("note: waiting for pid"), 1, said)
        xt.check(said.count("still waiting for pid %d" % first.pid) >= 2, said)
        xt.equal(first.wait(60), 0)
        first.communicate()
        xt.equal(s.count("/f"), 1)


def test_C06_the_wait_ends_with_ctrl_c():
    with Server() as s, xt.scratch() as home, stopped_holder(s, home):
        second = start(home, item(s.url("/f")))
        xt.check(b"waiting for pid" in second.stderr.readline())
        begun = time.monotonic()
        second.send_signal(signal.SIGINT)
        out, err = second.communicate(timeout=60)
        xt.equal(second.returncode, 130, err)
        xt.check(time.monotonic() - begun < 3, "it took too long", err)


def test_C04_lock_files_removed_while_someone_waits():
    """A cleaner that takes all lock files away: the one who waits does not go on with a
    file that nobody else looks at."""
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", rate=len(BODY) / 1.5))
        locks = os.path.join(home, "cache/v1/locks")
        first = start(home, item(s.url("/f")))
        wait_for(lambda: os.path.isdir(locks) and any(
            n.startswith("blob-") for n in os.listdir(locks)))
        second = start(home, item(s.url("/f")))
        xt.check(b"waiting for pid" in second.stderr.readline())
        for name in os.listdir(locks):
            os.unlink(os.path.join(locks, name))
        for p in (first, second):
            out, err = p.communicate(timeout=60)
            xt.equal(p.returncode, 0, err)
            with open(out.decode().split()[0], "rb") as f:
                xt.check(f.read() == BODY)


def test_C05_each_needs_what_the_other_has():
    """Two processes that want the same things in opposite orders, again and again."""
    with Server() as s, xt.scratch() as home:
        bodies = {f"/{n}": os.urandom(20000) for n in range(6)}
        for path, body in bodies.items():
            s.add(path, Reply(body, stall=0.05))
        both = [item(s.url(path), body=body) for path, body in bodies.items()]
        running = [start(home, *(both if i % 2 else both[::-1]), XORCH_HTTP_PARALLEL="1",
                         XORCH_LOCK_TIMEOUT="20") for i in range(4)]
        for p in running:
            out, err = p.communicate(timeout=60)
            xt.equal((p.returncode, len(out.split())), (0, 6), err)
        xt.equal([s.count(path) for path in bodies], [1] * 6)


def traced(home, items, *inject, **env):
    """xorch __fetch under strace, which makes system calls fail as some NFS do."""
    trace = os.path.join(home, "trace")
    flags = [f for i in inject for f in ("-e", "inject=" + i)]
    p = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=flock,openat", *flags,
                        xt.XORCH, "__fetch"], input=json.dumps(items), text=True,
                       env=xt.environment(home, **dict(QUICK, **env)), timeout=120,
                       capture_output=True)
    with open(trace) as f:
        return p, f.read()


def test_C07_no_locks_on_this_file_system():
    """ENOLCK, ENOSYS and EOPNOTSUPP: told once, and the work is done without them."""
    for error in ("ENOLCK", "ENOSYS", "EOPNOTSUPP"):
        with Server() as s, xt.scratch() as home:
            s.add("/f", Reply(BODY, etag="v1"))
            p, trace = traced(home, [item(s.url("/f"))], f"flock:error={error}")
            xt.equal(p.returncode, 0, p.stderr)
            xt.equal(p.stderr.count("no file locks here"), 1, p.stderr)
            xt.check(f"= -1 {error}" in trace, trace)
            with open(p.stdout.split()[0], "rb") as f:
                xt.check(f.read() == BODY)
            for folder in ("parts", "tmp", "bad"):
                xt.equal(os.listdir(os.path.join(home, "cache/v1", folder)), [])


def test_C07_two_at_once_without_locks():
    """Neither waits for the other, and neither writes into the other's file."""
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1", rate=len(BODY) / 1.5))
        running = []
        for n in range(2):
            p = subprocess.Popen(
                ["strace", "-f", "-o", os.path.join(home, f"trace{n}"), "-e", "trace=flock",
                 "-e", "inject=flock:error=ENOLCK", xt.XORCH, "__fetch"], text=True,
                env=xt.environment(home, **QUICK), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            p.stdin.write(json.dumps([item(s.url("/f"))]))
            p.stdin.close()
            p.stdin = None
            running.append(p)
        for p in running:
            out, err = p.communicate(timeout=60)
            xt.equal(p.returncode, 0, err)
            xt.check("not the locked file" not in err, err)
            with open(out.split()[0], "rb") as f:
                xt.check(f.read() == BODY)
        xt.equal(s.count("/f"), 2)


def test_C07_lock_files_are_opened_for_writing():
    """NFSv4 answers EBADF to an exclusive lock on a file opened for reading."""
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1"))
        p, trace = traced(home, [item(s.url("/f"))])
        xt.equal(p.returncode, 0, p.stderr)
        opened = dict(re.findall(r'openat\(AT_FDCWD, "[^"]*/locks/([^"]*)", (\w+)', trace))
        xt.check(opened and set(opened.values()) == {"O_RDWR"}, opened, trace)


def test_C07_other_errors_are_errors():
    with Server() as s, xt.scratch() as home:
        s.add("/f", Reply(BODY, etag="v1"))
        p, _ = traced(home, [item(s.url("/f"))], "flock:error=EIO")
        xt.equal(p.returncode, 8, p.stderr)
        xt.check("X0820" in p.stderr and "/locks/" in p.stderr, p.stderr)


if __name__ == "__main__":
    xt.main(globals())
