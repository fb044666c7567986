"""xorch audit against auditwheel show: cwcwidth, numpy and a folder of 50 wheels.

    python3 tests/bench/audit.py [--json]

Both programs are started as a user would start them; times are the best of
several turns taken alternately, so that another program's load hits both."""
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "e2e")]
import judges  # noqa: E402
import test_audit  # noqa: E402
import xt  # noqa: E402

XORCH = os.environ.get("XORCH_BENCH") or os.path.join(xt.SOURCE, "build", "xorch")
# goals: how many times faster
CASES = [("cwcwidth", 10, 12), ("numpy", 10, 5), ("folder of 50", 20, 3)]


def seconds(commands):
    start = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def folder_of(n, folder):
    """Fifty wheels of the published ones, told apart by a build number."""
    names = [(p, a) for p, arches in test_audit.PUBLISHED for a in arches.split()]
    for i in range(n):
        source = test_audit.published(*names[i % len(names)])
        stem = os.path.basename(source).split("-")
        stem.insert(len(stem) - 3, str(i + 1))
        shutil.copy(source, os.path.join(folder, "-".join(stem)))
    return sorted(os.path.join(folder, f) for f in os.listdir(folder))


def measure():
    show = judges.auditwheel()
    rows = []
    with xt.scratch() as folder:
        wheels = folder_of(50, folder)
        paths = {"cwcwidth": [test_audit.published("cwcwidth==0.1.12", "aarch64")],
                 "numpy": [test_audit.published("numpy==2.2.0", "aarch64")],
                 "folder of 50": wheels}
        for name, goal, turns in CASES:
            theirs, ours = [], []
            own = [XORCH, "audit", folder if len(paths[name]) > 1 else paths[name][0]]
            for turn in range(turns):
                ours.append(seconds([own]))
                if len(paths[name]) == 1 or turn == 0:
                    theirs.append(seconds([show, "show", p] for p in paths[name]))
            rows.append({"case": name, "auditwheel": min(theirs), "xorch": min(ours),
                         "times": min(theirs) / min(ours), "goal": goal})
    return rows


def main():
    rows = measure()
    if "--json" in sys.argv:
        print(json.dumps(rows))
        return
    print(f"{'audit':14} {'auditwheel show':>16} {'xorch audit':>12} {'ratio':>8} {'goal':>6}")
    for r in rows:
        print(f"{r['case']:14} {r['auditwheel']:14.3f} s {r['xorch']:10.4f} s "
              f"{r['times']:7.1f}x {r['goal']:5}x")


if __name__ == "__main__":
    main()
