"""Larger packages: cross-built against the same built natively on this machine by the
same compilers (the toolchains of xorch's own store, started by their own loader), both
without any result or compiler cache; medians of builds in turn."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import test_wheels
import xt

ROUNDS = 2


def cached_env(home):
    return xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache())


def seconds(call):
    begun = time.monotonic()
    p = subprocess.run(stdin=subprocess.DEVNULL, capture_output=True, text=True, **call)
    if p.returncode:
        sys.exit(f"{call['args']} ended with {p.returncode}\n{p.stdout[-2000:]}\n"
                 f"{p.stderr[-3000:]}")
    return time.monotonic() - begun


def cross(home, recipe, target, *args):
    return dict(args=[xt.XORCH, "build", os.path.join(home, "recipes", recipe), "--target",
                      target, "--force", "--replace", "--out", os.path.join(home, "out"),
                      *args], cwd=home, env=cached_env(home))


def native_variables(home):
    """The compilers for x86_64 by xorch's own wrappers, as `xorch env` says them."""
    out = subprocess.run([xt.XORCH, "env", "--target", "x86_64", "--format", "json"],
                         env=cached_env(home), capture_output=True, text=True, check=True)
    env = json.loads(out.stdout)
    return {k: env[k] for k in ("CC", "CXX", "AR", "CFLAGS", "CXXFLAGS", "LDFLAGS",
                                "LDSHARED", "LDCXXSHARED") if k in env}


def rust_variables(home):
    """cargo and rustc of the store's own tree."""
    subprocess.run([xt.XORCH, "fetch", "--toolchain", "rust", "--target", "x86_64"],
                   env=cached_env(home), check=True, capture_output=True)
    trees = os.path.join(test_wheels.shared_cache(), "v1", "trees", "toolchain")
    tree = next(t for t in (os.path.join(trees, n) for n in os.listdir(trees))
                if os.path.exists(t + "/usr/bin/rustc") and os.path.isdir(
                    t + "/usr/lib/rustlib/x86_64-unknown-linux-gnu"))
    tools = os.path.join(home, "rust-tools")
    for name in ("cargo", "rustc"):
        lib = f"{tree}/lib/x86_64-linux-gnu:{tree}/usr/lib/x86_64-linux-gnu"
        path = xt.write(os.path.join(tools, name),
                        f"#!/bin/sh\nexec {tree}/lib/x86_64-linux-gnu/"
                        f"ld-linux-x86-64.so.2 --library-path {lib} "
                        f"--argv0 {name} {tree}/usr/bin/{name} \"$@\"\n")
        os.chmod(path, 0o755)
    return {"CARGO": tools + "/cargo", "RUSTC": tools + "/rustc",
            "PATH": tools + ":" + os.environ["PATH"]}


def unpacked(home, lock):
    """The sdist a lock names, out of the store."""
    with open(os.path.join(xt.SOURCE, "recipes", lock), encoding="utf-8") as f:
        digest = f.read().split("sha256: ", 1)[1].split()[0].strip('"')
    blob = os.path.join(test_wheels.shared_cache(), "v1", "blobs", digest[:2], digest)
    folder = os.path.join(home, "src-" + lock)
    os.makedirs(folder)
    subprocess.run(["tar", "xf", blob, "-C", folder, "--strip-components=1"], check=True)
    return folder


def native_wheel(home, uv, source, variables):
    python = shutil.which("python3.11") or sys.executable

    def go():
        work = os.path.join(home, "work")
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(source, work)
        env = dict(os.environ, UV_CACHE_DIR=os.path.join(home, "uvc"),
                   CARGO_HOME=os.environ.get("CARGO_HOME",
                                             os.path.expanduser("~/.cargo")),
                   **variables)
        return seconds(dict(args=[uv, "build", "--wheel", "--python", python, "-o",
                                  os.path.join(home, "native"), work], cwd=home, env=env))
    return go


def in_turn(ours, theirs):
    ours(), theirs()  # fills caches of downloads
    a, b = [], []
    for _ in range(ROUNDS):
        a.append(ours())
        b.append(theirs())
    return statistics.median(a), statistics.median(b)


def wheel(name, recipe, lock, uv, rust):
    with xt.scratch() as home:
        shutil.copytree(os.path.join(xt.SOURCE, "recipes"), os.path.join(home, "recipes"))
        build = cross(home, recipe, "aarch64", "--python", "cp311")
        seconds(build)
        variables = native_variables(home)
        if rust:
            variables.update(rust_variables(home))
        native = native_wheel(home, uv, unpacked(home, lock), variables)
        return (f"{name} for aarch64", *in_turn(lambda: seconds(build), native))


def go_program():
    with xt.scratch() as home:
        shutil.copytree(os.path.join(xt.SOURCE, "recipes"), os.path.join(home, "recipes"))
        build = cross(home, "fzf.yaml", "aarch64")
        module = "github.com/junegunn/fzf@v0.65.2"
        env = dict(os.environ, GOTOOLCHAIN="local", CGO_ENABLED="0", GOFLAGS="-trimpath",
                   GOBIN=os.path.join(home, "bin"))

        def native():
            cache = os.path.join(home, "gocache")
            shutil.rmtree(cache, ignore_errors=True)
            return seconds(dict(args=["go", "install", "-ldflags=-s -w", module],
                                cwd=home, env=dict(env, GOCACHE=cache)))
        return ("fzf for aarch64", *in_turn(lambda: seconds(build), native))


def rows(uv):
    yield wheel("rapidfuzz", "rapidfuzz.yaml", "rapidfuzz.lock", uv, False)
    yield wheel("SudachiPy", "sudachipy.yaml", "sudachipy.lock", uv, True)
    yield go_program()
