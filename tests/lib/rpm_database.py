"""What an image of Red Hat's family knows of its packages: RPM's database, by the rpm
program in SQLite (Red Hat 9 and later), and the same put into Berkeley DB's files (up to
8) by db5.3_load, since no rpm of today writes them."""
import os
import shutil
import sqlite3
import struct
import subprocess

import xt


def sqlite(home, package):
    """{path in the image: bytes} of a database in which this .rpm is installed."""
    root = os.path.join(home, "root")
    rpm = ["rpm", "--root", root, "--dbpath", "/var/lib/rpm"]
    os.makedirs(root)
    for more in (["--initdb"], ["-i", "--justdb", "--nodeps", "--ignorearch",
                                "--ignoreos", package]):
        p = subprocess.run(rpm + more, capture_output=True, text=True)
        xt.equal(p.returncode, 0, p.stdout, p.stderr)
    path = os.path.join(root, "var/lib/rpm/rpmdb.sqlite")
    with sqlite3.connect(path) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    with open(path, "rb") as f:
        return {"var/lib/rpm/rpmdb.sqlite": f.read()}


def load(path, kind, rows):
    """A table from pairs of bytes."""
    program = shutil.which("db5.3_load")
    xt.check(program, "db5.3_load is missing: tests/run installs it")
    text = (f"VERSION=3\nformat=bytevalue\ntype={kind}\nHEADER=END\n"
            + "".join(f" {k.hex()}\n {v.hex()}\n" for k, v in rows) + "DATA=END\n")
    subprocess.run([program, path], input=text.encode(), check=True)
    with open(path, "rb") as f:
        return f.read()


def berkeley(home, files):
    """The database of sqlite() as Berkeley DB: headers by number (0 holds the highest),
    and the index of names, each with the numbers of its headers."""
    path = xt.write(os.path.join(home, "copy.sqlite"), files["var/lib/rpm/rpmdb.sqlite"])
    with sqlite3.connect(path) as db:
        headers = db.execute("select hnum, blob from Packages").fetchall()
        names = db.execute("select key, hnum, idx from Name").fetchall()
    highest = struct.pack("<I", max(n for n, _ in headers))
    return {"var/lib/rpm/Packages": load(
                os.path.join(home, "Packages"), "hash",
                [(struct.pack("<I", 0), highest)]
                + [(struct.pack("<I", n), blob) for n, blob in headers]),
            "var/lib/rpm/Name": load(
                os.path.join(home, "Name"), "btree",
                [(key if isinstance(key, bytes) else key.encode(),
                  struct.pack("<II", n, at)) for key, n, at in names])}
