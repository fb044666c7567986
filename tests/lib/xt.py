"""What the test scripts share: running xorch in a world of its own.

A script ends with `xt.main(globals())`; `python3 script.py test_NAME` runs one
test, no name all of them. Exit status 0 passed, 1 failed, 77 skipped (only
where a package registry cannot be reached or the machine lacks a CPython that the
test is about, and saying so)."""
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

SOURCE = os.environ.get("XORCH_SOURCE") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("XORCH_BUILD") or os.path.join(SOURCE, "build", "debug")
XORCH = os.environ.get("XORCH") or os.path.join(BUILD, "xorch")
CACHE = os.environ.get("XORCH_TEST_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "xorch-tests")


class Skip(Exception):
    """This test cannot run here; the text says what cannot be reached."""


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def environment(home, **more):
    """A clean environment with `home` as HOME and cache; None removes a name."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("XORCH_", "TARGET", "XDG_", "GITHUB_", "GITLAB_"))
           and k not in ("CI", "PLAT", "AUDITWHEEL_PLAT", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE")}
    # Much is proven by building twice, which a compiler cache of this machine would answer
    # the second time; tests/e2e/test_ccache.py is about it.
    env.update(HOME=home, XORCH_CACHE_DIR=os.path.join(home, "cache"), TERM="dumb",
               LC_ALL="C.UTF-8", XORCH_NO_CCACHE="1",
               ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "detect_leaks=0"))
    for name in ("XORCH_MIRROR_DEBIAN", "XORCH_MIRROR_PYPI", "XORCH_MIRROR_CRATES",
                 "XORCH_MIRROR_GO",
                 "XORCH_TEST_CACHE"):
        if name in os.environ:
            env[name] = os.environ[name]
    for name, value in more.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = str(value)
    return env


def run(args, home=None, cwd=None, timeout=900, stdin=None, binary=None, **env):
    """xorch with these arguments; keyword arguments are environment variables."""
    with contextlib.ExitStack() as stack:
        if home is None:
            home = stack.enter_context(scratch())
        p = subprocess.run([binary or XORCH, *map(str, args)], cwd=cwd or home,
                           env=environment(home, **env), timeout=timeout,
                           **({"stdin": subprocess.DEVNULL} if stdin is None
                              else {"input": stdin}),
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return Result(p.returncode, p.stdout.decode("utf-8", "surrogateescape"),
                  p.stderr.decode("utf-8", "surrogateescape"))


def pythons():
    """Tags of the CPythons that xorch finds here."""
    return [p["tag"] for p in run(["doctor", "--json"]).json["pythons"]]


def need_pythons(*tags):
    """Skips on a machine that lacks one: what a test is about cannot be tried there."""
    found = pythons()
    missing = [t for t in tags if t not in found]
    if missing:
        raise Skip(f"no {' '.join(missing)} on this machine, only {' '.join(found)}")


@contextlib.contextmanager
def scratch():
    path = tempfile.mkdtemp(prefix="xorch-test-")
    try:
        yield path
    finally:
        for folder, _, _ in os.walk(path):
            with contextlib.suppress(OSError):
                os.chmod(folder, 0o700)
        shutil.rmtree(path, ignore_errors=True)


def drain(terminal):
    """What a pseudo-terminal's main side gives until nobody has the other one open."""
    out = b""
    with contextlib.suppress(OSError):
        while data := os.read(terminal, 65536):
            out += data
    os.close(terminal)
    return out


def write(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def sha256(path):
    """Of a file, in hexadecimal digits."""
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def check(condition, *what):
    """An assertion that shows what it was about."""
    if not condition:
        raise AssertionError("\n".join(str(w) for w in what) or "check failed")


def equal(got, want, *what):
    check(got == want, f"got:  {got!r}", f"want: {want!r}", *what)


def main(names):
    tests = {n: f for n, f in names.items() if n.startswith("test_") and callable(f)}
    wanted = sys.argv[1:] or list(tests)
    status = 0
    for name in wanted:
        try:
            tests[name]()
            print(f"ok {name}")
        except Skip as why:
            print(f"SKIPPED {name}: {why}")
            status = status or 77
        except Exception:
            traceback.print_exc()
            print(f"FAILED {name}")
            status = 1
    sys.exit(status)
