"""Unpacking the packages of sysroot debian-11 (aarch64), nothing left out, against
bsdtar and dpkg-deb, as ratios from one run:

    XORCH_BUILD=build python3 tests/bench/unpack.py [ROUNDS]

XORCH_BUILD is a release build. Every round unpacks into new folders, in turn, and
nothing is removed before the end: ext4 is slow at giving out inodes just freed."""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import xt  # noqa: E402

BUILD = os.path.abspath(os.environ.get("XORCH_BUILD") or
                        os.path.join(xt.SOURCE, "build"))


def packages(folder):
    """The .debs of the sysroot's lock, fetched by xorch, as files with their names. In a
    store of its own: one that was pruned may have the tree and not these."""
    store = os.path.join(folder, "store")
    r = xt.run(["fetch", "--sysroot", "debian-11", "--target", "aarch64"],
               home=folder, binary=os.path.join(BUILD, "xorch"), XORCH_CACHE_DIR=store)
    if r.code == 5:
        raise xt.Skip("the Debian mirror cannot be reached")
    xt.equal(r.code, 0, r)
    with open(os.path.join(xt.SOURCE, "sysroots/debian-11.lock")) as f:
        section = f.read().split("- target: ")[1]
    files = []
    for path, sha in re.findall(r"path: (\S+)\n.*\n\s+sha256: \"?([0-9a-f]{64})", section):
        files.append(os.path.join(folder, os.path.basename(path)))
        shutil.copy(os.path.join(store, "v1/blobs", sha[:2], sha), files[-1])
    xt.check(files, "no packages in the lock")
    return files


def shell(script, *args):
    subprocess.run(["sh", "-ec", script, "sh", *args], check=True)


BSDTAR = """d=$1; shift; mkdir "$d"
for f; do bsdtar -xOf "$f" 'data.tar*' | bsdtar -xf - -C "$d"; done"""
DPKG = 'd=$1; shift; for f; do dpkg-deb -x "$f" "$d"; done'


def ways(files):
    ours = os.path.join(BUILD, "tests", "bench_unpack")
    jobs = str(len(os.sched_getaffinity(0)))
    yield "xorch", lambda d: subprocess.run([ours, jobs, d, *files], check=True)
    yield "xorch, one thread", lambda d: subprocess.run([ours, "1", d, *files], check=True)
    if shutil.which("bsdtar"):
        yield "bsdtar", lambda d: shell(BSDTAR, d, *files)
    yield "dpkg-deb", lambda d: shell(DPKG, d, *files)


def processor():
    """Seconds of processor time of all children so far."""
    t = os.times()
    return t.children_user + t.children_system


def measure(rounds=5):
    """name -> (median seconds, median seconds of processor time)."""
    with xt.scratch() as folder:
        files = packages(folder)
        times = {}
        with tempfile.TemporaryDirectory(dir=folder) as out:
            for n in range(rounds + 1):
                for name, run in ways(files):
                    begun, used = time.perf_counter(), processor()
                    run(os.path.join(out, f"{name}-{n}".replace(" ", "-")))
                    took = (time.perf_counter() - begun, processor() - used)
                    if n:  # the first round warms the page cache
                        times.setdefault(name, []).append(took)
        return {name: tuple(map(statistics.median, zip(*t)))
                for name, t in times.items()}


def main():
    times = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    for name, (seconds, used) in times.items():
        print(f"{name:20} {seconds:.3f} s  {seconds / times['xorch'][0]:.2f} times xorch"
              f"   (processor {used:.2f} s)")


if __name__ == "__main__":
    try:
        main()
    except xt.Skip as why:
        print("SKIPPED:", why)
        sys.exit(77)
