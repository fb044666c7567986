"""K07: a power cut must not leave half a file that counts. Shown from the system
calls: a name that counts is reached by fsync of the file, rename, fsync of the
folder, in this order."""
import json
import os
import re
import subprocess

import xt
from server import Server, sha256


def trace(args, home, **options):
    log = os.path.join(home, "trace")
    p = subprocess.run(["strace", "-f", "-y", "-s", "4096", "-o", log, "-e",
                        "trace=fsync,fdatasync,rename,renameat,renameat2", *args],
                       env=xt.environment(home), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, **options)
    xt.equal(p.returncode, 0, p.stderr.decode())
    calls = []
    with open(log) as f:
        for line in f:
            sync = re.match(r"\d+ +f(?:data)?sync\(\d+<(.*)>\) += 0", line)
            move = re.match(r'\d+ +rename(?:at2?)?\(.*?"([^"]*)", .*?"([^"]*)".*\) += 0',
                            line)
            if sync:
                calls.append(("sync", sync[1]))
            elif move:
                calls.append(("move", move[1], move[2]))
    return calls


def safe_moves(calls, pattern, is_folder=False):
    """How many files whose final name matches got there in the safe way."""
    seen = 0
    for i, call in enumerate(calls):
        if call[0] != "move" or not re.search(pattern, call[2]):
            continue
        seen += 1
        xt.check(is_folder or ("sync", call[1]) in calls[:i],
                 f"{call[1]} was not synced before it became {call[2]}", calls)
        xt.check(("sync", os.path.dirname(call[2])) in calls[i:],
                 f"the folder of {call[2]} was not synced after", calls)
    return seen


def test_K07_download():
    with Server() as s, xt.scratch() as home:
        s.add("/f", b"contents")
        items = [{"label": "f", "sha256": sha256(b"contents"), "size": 8,
                  "urls": [s.url("/f")]}]
        calls = trace([xt.XORCH, "__fetch"], home, input=json.dumps(items).encode())
        xt.equal(safe_moves(calls, r"/v1/blobs/../[0-9a-f]{64}$"), 1, calls)
        xt.equal(safe_moves(calls, r"/v1/records/download/"), 1, calls)
        xt.equal(safe_moves(calls, r"/CACHEDIR\.TAG$"), 1, calls)


def test_K07_tree():
    """The manifest is what makes a tree count; it comes after the tree."""
    with xt.scratch() as home:
        program = os.path.join(xt.BUILD, "tests/unit_store")
        calls = trace([program, "-p", "/store/trees-A19"], home)
        xt.equal(safe_moves(calls, r"/v1/trees/test/k1$", is_folder=True), 1, calls)
        xt.equal(safe_moves(calls, r"/v1/trees/test/k1\.manifest$"), 1, calls)
        moves = [c[2] for c in calls if c[0] == "move" and "/trees/" in c[2]]
        xt.check(moves[0].endswith("/k1") and moves[1].endswith("/k1.manifest"), moves)
        xt.equal(len(moves), 2, moves)
        place = calls.index(next(c for c in calls if c[0] == "move" and
                                 c[2].endswith("/k1")))
        written = calls.index(next(c for c in calls if c[0] == "move" and
                                   c[2].endswith("/k1.manifest")))
        xt.check(any(c == ("sync", os.path.dirname(moves[0]))
                     for c in calls[place:written]), "the tree's name came too late")


if __name__ == "__main__":
    xt.main(globals())
