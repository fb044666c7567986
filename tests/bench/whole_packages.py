"""Larger packages: cross-built against the same built natively on this machine by the
same compilers (the toolchains of xorch's own store, started by their own loader), both
without any result or compiler cache; medians of builds in turn. Beside the time on the
clock stands the processors' own, which what else the machine does hardly changes."""
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
import zipfile

import test_wheels
import xt

# XORCH_BENCH_QUICK: one build of each side, without one before it that fills the caches
# (those of xorch must be full then).
QUICK = bool(os.environ.get("XORCH_BENCH_QUICK"))
ROUNDS = 1 if QUICK else 2


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def of_builds(home):
    """Seconds of processors that the builds on file took inside their sandboxes, which
    no parent is told of."""
    total = 0.0
    for folder, _, files in os.walk(os.path.join(home, ".local/state/xorch/builds")):
        for name in files:
            if name.endswith(".json"):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    total += json.load(f).get("cpu_seconds", 0)
    return total


def seconds(call):
    """(on the clock, of processors) of one command."""
    def used():
        return children() + of_builds(call["cwd"])
    begun, before = time.monotonic(), used()
    p = subprocess.run(stdin=subprocess.DEVNULL, capture_output=True, text=True, **call)
    if p.returncode:
        sys.exit(f"{call['args']} ended with {p.returncode}\n{p.stdout[-2000:]}\n"
                 f"{p.stderr[-3000:]}")
    return time.monotonic() - begun, used() - before


def in_turn(ours, theirs, rounds=ROUNDS):
    """Medians of both sides: ((clock, processors), (clock, processors))."""
    if not QUICK:
        ours(), theirs()  # fills caches of downloads
    both = [], []
    for _ in range(rounds):
        both[0].append(ours())
        both[1].append(theirs())
    return tuple(tuple(statistics.median(column) for column in zip(*side)) for side in both)


def recipes(home):
    shutil.copytree(os.path.join(xt.SOURCE, "recipes"), os.path.join(home, "recipes"))
    return xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache())


def cross(home, env, recipe, *args, target="aarch64"):
    return dict(args=[xt.XORCH, "build", os.path.join(home, "recipes", recipe), "--target",
                      target, "--force", "--replace", "--out",
                      os.path.join(home, "out"), *args], cwd=home, env=env)


def native_compilers(env):
    """The compilers for x86_64 by xorch's own wrappers, as `xorch env` says them."""
    out = subprocess.run([xt.XORCH, "env", "--target", "x86_64", "--format", "json"],
                         env=env, capture_output=True, text=True, check=True)
    said = json.loads(out.stdout)
    said = said.get("env", said)
    return {k: said[k] for k in ("CC", "CXX", "AR", "CFLAGS", "CXXFLAGS", "LDFLAGS",
                                 "LDSHARED", "LDCXXSHARED") if k in said}


def native_rust(home, env, linker):
    """cargo and rustc of the store's own tree."""
    subprocess.run([xt.XORCH, "fetch", os.path.join(home, "recipes", "sudachipy.yaml"),
                    "--target", "x86_64", "--python", "cp311"], env=env, check=True,
                   capture_output=True)
    trees = os.path.join(test_wheels.shared_cache(), "v1", "trees", "toolchain")
    tree = next(t for t in (os.path.join(trees, n) for n in os.listdir(trees))
                if os.path.exists(t + "/usr/bin/rustc") and os.path.isdir(
                    t + "/usr/lib/rustlib/x86_64-unknown-linux-gnu"))
    tools = os.path.join(home, "rust-tools")
    lib = f"{tree}/lib/x86_64-linux-gnu:{tree}/usr/lib/x86_64-linux-gnu"
    for name in ("cargo", "rustc"):
        path = xt.write(os.path.join(tools, name),
                        f"#!/bin/sh\nexec {tree}/lib/x86_64-linux-gnu/"
                        f"ld-linux-x86-64.so.2 --library-path {lib} "
                        f"--argv0 {tree}/usr/bin/{name} {tree}/usr/bin/{name} \"$@\"\n")
        os.chmod(path, 0o755)
    return {"CARGO": tools + "/cargo", "RUSTC": tools + "/rustc",
            "PATH": tools + ":" + os.environ["PATH"],
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": linker}


def unpacked(home, lock):
    """The sdist a lock names, out of the store."""
    with open(os.path.join(xt.SOURCE, "recipes", lock), encoding="utf-8") as f:
        digest = f.read().split("sha256: ", 1)[1].split()[0].strip('"')
    blob = test_wheels.stored(digest, "recipes/" + lock.replace(".lock", ".yaml"), home,
                              "--target", "x86_64")
    folder = os.path.join(home, "src-" + lock)
    os.makedirs(folder)
    subprocess.run(["tar", "xf", blob, "-C", folder, "--strip-components=1"], check=True)
    return folder


def extensions(folder):
    """How many modules the one wheel in a folder has."""
    wheel, = (os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".whl"))
    with zipfile.ZipFile(wheel) as z:
        return sum(n.endswith(".so") for n in z.namelist())


def native_wheel(home, uv, source, variables):
    python = shutil.which("python3.11") or sys.executable
    prefix = subprocess.run([python, "-c", "import sys; print(sys.base_prefix)"],
                            capture_output=True, text=True, check=True).stdout.strip()
    # The wrapper refuses this machine's headers, of Python too, unless it is the target's.
    env = dict(os.environ, UV_CACHE_DIR=os.path.join(home, "uvc"),
               XORCH_TARGET_PYTHON=prefix,
               CARGO_HOME=os.path.join(home, "cargo"), **variables)

    def go():
        work = os.path.join(home, "work")
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(source, work)
        return seconds(dict(args=[uv, "build", "--wheel", "--python", python, "-o",
                                  os.path.join(home, "native"), work], cwd=home, env=env))
    return go


def wheel(name, uv, rust=False, target="aarch64", **more):
    recipe, lock = name.lower() + ".yaml", name.lower() + ".lock"
    with xt.scratch() as home:
        env = recipes(home)
        build = cross(home, env, recipe, "--python", "cp311", target=target)
        variables = dict(native_compilers(env), **more)
        if rust:
            variables.update(native_rust(home, env, variables["CC"]))
        native = native_wheel(home, uv, unpacked(home, lock), variables)
        out = in_turn(lambda: seconds(build), native)
        xt.equal(extensions(os.path.join(home, "out")),
                 extensions(os.path.join(home, "native")), "modules of", name)
        return (f"{name} for {target}", *out)


FZF = "github.com/junegunn/fzf@v0.65.2"


def go_program():
    """Both have the standard library compiled already."""
    with xt.scratch() as home:
        build = cross(home, recipes(home), "fzf.yaml")
        env = dict(os.environ, GOTOOLCHAIN="local", CGO_ENABLED="0", GOFLAGS="-trimpath",
                   GOBIN=os.path.join(home, "bin"))
        standard, cache = os.path.join(home, "standard"), os.path.join(home, "gocache")
        subprocess.run(["go", "build", "std"], cwd=home, check=True,
                       env=dict(env, GOCACHE=standard))

        def native():
            shutil.rmtree(cache, ignore_errors=True)
            shutil.copytree(standard, cache)
            return seconds(dict(args=["go", "install", "-ldflags=-s -w", FZF],
                                cwd=home, env=dict(env, GOCACHE=cache)))
        return ("fzf for aarch64", *in_turn(lambda: seconds(build), native, ROUNDS * 2))


PACKAGES = {
    "fzf": lambda uv: go_program(),
    # For x86_64 on both sides: its three modules for SSE2 and AVX2 are in no other wheel.
    "rapidfuzz": lambda uv: wheel("rapidfuzz", uv, target="x86_64",
                                  RAPIDFUZZ_BUILD_EXTENSION="1"),
    "SudachiPy": lambda uv: wheel("SudachiPy", uv, rust=True),
}


def rows(uv, names):
    for name in names or PACKAGES:
        yield PACKAGES[name](uv)
