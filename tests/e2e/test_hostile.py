"""Rows B of the fault table that need a whole build: projects that flood, fork, take all
memory, look for the network, write where they should not, and leave a mess."""
import os
import re
import shutil
import subprocess
import time

import packages
import test_wheels
import xt

END = """
from setuptools import setup, Extension
setup(name="tiny", version="1.0", py_modules=[], ext_modules=[Extension("tiny", ["tiny.c"])])
"""


def build(home, setup="", *args, recipe="", code=0, cache=None, **env):
    path = packages.project(home, setup=setup + END, recipe=recipe)
    begun = time.monotonic()
    result = xt.run(["build", path, "--target", "aarch64", "--python", "cp311", "--json",
                     *args], home=home, cwd=home,
                    **{"XORCH_CACHE_DIR": cache or test_wheels.shared_cache(), **env})
    if code != 5:
        test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    result.seconds = time.monotonic() - begun
    return result


def item(result):
    xt.equal(len(result.json["items"]), 1, result)
    return result.json["items"][0]


def sound(home):
    """Afterwards the same project without its fault builds, with nothing cleaned up."""
    xt.equal(item(build(home))["state"], "built")


def test_B04_output_without_end():
    """Far more than a log may have: its head and its tail are kept, the build goes on."""
    with xt.scratch() as home:
        one = item(build(home, """
import os
os.write(1, b"the first line\\n")
for n in range(1200):
    os.write(1 + n % 2, (b"%08d " % n + b"x" * 117 + b"\\n") * 1024)
os.write(1, b"the last line\\n")
"""))
        xt.equal(one["state"], "built")
        size = os.path.getsize(one["log"])
        xt.check(60 << 20 < size <= (64 << 20) + 4096, size)
        with open(one["log"], "rb") as f:
            log = f.read()
        for words in (b"the first line\n", b"the last line\n", b"00001199 "):
            xt.check(words in log, words)
        xt.check(re.search(rb"\n[^\n]*\d[^\n]* bytes[^\n]*left out[^\n]*\n|\n[^\nx]*\.\.\.[^\nx]*\n"
                           rb"|\n[^\nx]*omitted[^\nx]*\n", log), log[32 << 20:][:300])


def test_B06_all_memory():
    with xt.scratch() as home:
        result = build(home, """
hold = [b"x" * (16 << 20) for n in range(64)]
""", recipe="build: {memory: 300MiB}\n", code=1)
        one = item(result)
        xt.equal((one["state"], one["class"]), ("failed", "memory"), result)
        xt.check("300.0" in result.err and "build.memory" in result.err, result)
        sound(home)


def test_B06_fork_bomb():
    """It meets a limit, this machine does not: what it started is dead at the end."""
    with xt.scratch() as home:
        mark = f"7{os.getpid()}"
        result = build(home, f"""
import subprocess
print(subprocess.run(["perl", "-e",
    'my $n = 0; while ($n < 20000) {{ my $p = fork; last unless defined $p; '
    'if (!$p) {{ close STDOUT; close STDERR; exec "sleep", "{mark}" if $n % 1000 == 0; '
    'sleep {mark}; exit }} $n++ }} '
    'print "HELD AT $n: $!\\\\n";'], capture_output=True, text=True).stdout)
""", code=1)
        xt.equal((item(result)["state"], item(result)["class"]), ("failed", "memory"), result)
        with open(item(result)["log"], encoding="utf-8") as f:
            held = re.search(r"HELD AT (\d+): (.*)", f.read())
        xt.check(held and int(held[1]) < 8192 and held[2], held)
        # thousands die by the kernel's hand, which takes a busy machine a while
        for _ in range(300):
            left = subprocess.run(["pgrep", "-f", f"sleep {mark}"],
                                  stdout=subprocess.PIPE).stdout
            if not left:
                break
            time.sleep(0.1)
        xt.equal(left, b"")
        sound(home)


def test_B09_git_clone():
    with xt.scratch() as home:
        result = build(home, """
import subprocess
subprocess.check_call(["git", "clone", "https://example.invalid/a/b.git"])
""", code=1)
        one = item(result)
        xt.equal(one["class"], "network", result)
        xt.check("build.network" in result.err, result)
        with open(one["log"], encoding="utf-8") as f:
            log = f.read()
        xt.check("not allowed" in log or "No such file" in log, log)
        sound(home)


WRITES = """
import os
done = []
def touch(path):
    try:
        with open(path, "ab") as f:
            f.write(b"/* changed */\\n")
        done.append(path)
    except OSError as e:
        pass
    if not path.startswith({other!r}):
        return
    for change in (os.unlink, os.rmdir, lambda p: os.rename(p, p + ".away"),
                   lambda p: os.symlink("x", p + ".link"), lambda p: os.truncate(p, 0)):
        try:
            change(path)
            done.append(path)
        except OSError:
            pass
prefix = os.path.dirname(os.path.dirname(os.environ["CC"]))
folders = ["/xorch/sysroot", "/xorch/toolchain", "/xorch/env", "/xorch/python",
           "/xorch/cross", prefix, *{more!r}]
for folder in folders:
    for name in ("usr/include/stdio.h", "usr/lib/python3.11/new.py", "bin/cc", "new",
                 "include/python3.11/Python.h", "src/tiny.c"):
        if os.path.isdir(folder):
            touch(os.path.join(folder, name))
print("WROTE", done)
"""


def test_B11_bwrap_and_landlock_hold():
    """Sysroot, toolchain, environments, the cache and other builds: nothing is written."""
    v1 = os.path.join(test_wheels.shared_cache(), "v1")
    # As a build that runs beside this one has it; who sweeps the store leaves a stranger's
    # folder there for a day.
    other = os.path.join(v1, "tmp", "other-" + packages.RUN)
    more = [os.path.dirname(v1), other, *(os.path.join(v1, name) for name in (
        "", "blobs", "tmp", "trees", "trees/sysroot", "records", "records/item"))]
    try:
        source = xt.write(os.path.join(other, "src", "tiny.c"), "int other;\n")
        with xt.scratch() as home:
            for level in ("bwrap", "landlock"):
                text = WRITES.format(more=more, other=other)
                one = item(build(home, text, "--sandbox", level, "--force"))
                with open(one["log"], encoding="utf-8") as f:
                    xt.check(re.search(r"^WROTE \[\]$", f.read(), re.M), level)
        xt.equal([names for _, *names in os.walk(other)], [[["src"], []], [[], ["tiny.c"]]])
        with open(source, encoding="utf-8") as f:
            xt.equal(f.read(), "int other;\n")
    finally:
        shutil.rmtree(other, ignore_errors=True)


def test_B11_below_them_it_is_seen():
    """At the level env nothing holds the step back: its result is refused, the changed
    tree is made anew, and the bytes are those of an undisturbed build. In a store of its
    own: a test beside it might repair the tree first, or build with it while it is wrong."""
    with xt.scratch() as home:
        own = test_wheels.own_store(os.path.join(home, "own"))
        plain = item(build(home, "", "--sandbox", "env", cache=own))
        # the target's Python: small to make again, and the wheel is compiled with it
        result = build(home, """
import os, sysconfig
path = os.path.join(sysconfig.get_path("include"), "pyconfig.h")
os.chmod(os.path.dirname(path), 0o755)
os.chmod(path, 0o644)
with open(path, "a") as f:
    f.write("#define CHANGED 1\\n")
""", "--sandbox", "env", code=6, cache=own)
        xt.check("X0606" in result.err and "pyconfig.h" in result.err, result)
        xt.equal(item(result)["state"], "failed")
        name = os.path.basename(plain["file"])
        xt.equal(sorted(os.listdir(os.path.join(home, "dist"))),
                 [name, name + ".intoto.jsonl"])
        again = build(home, "", "--sandbox", "env", "--force", cache=own)
        xt.equal(item(again)["sha256"], plain["sha256"], again)
        xt.check("damaged" in again.err, again)


def test_B15_folders_without_permissions():
    with xt.scratch() as home:
        cache = test_wheels.shared_cache()
        before = set(os.listdir(os.path.join(cache, "v1/tmp")))
        one = item(build(home, """
import os
for top in (".", os.environ["TMPDIR"], os.path.expanduser("~")):
    deep = os.path.join(top, "closed", "inner", "deep")
    os.makedirs(deep)
    open(os.path.join(deep, "file"), "w").close()
    os.chmod(os.path.join(deep, "file"), 0)
    for folder in (deep, os.path.dirname(deep), os.path.join(top, "closed")):
        os.chmod(folder, 0)
"""))
        xt.equal(one["state"], "built")
        left = set(os.listdir(os.path.join(cache, "v1/tmp"))) - before
        mine = [n for n in left if not os.path.exists(f"/proc/{n.split('-')[0]}")]
        xt.equal(mine, [], "left behind")


def test_B15_as_an_ordinary_user():
    """Root may empty any folder; who is not root has to open it first."""
    if os.geteuid() != 0:
        print("not root: the test before this one was it")
        return
    with xt.scratch() as home:
        os.chmod(home, 0o755)
        tree = os.path.join(home, "tree")
        script = f"""
            umask 077; mkdir -p {tree}/a/b/c {tree}/cache
            echo x > {tree}/a/b/c/file
            cd {tree}/a && XORCH_CACHE_DIR={tree}/cache HOME={tree} \
            {xt.XORCH} __sandbox --sandbox env sh -c \
                'mkdir -p $HOME/x/y $TMPDIR/x/y; chmod 0 $HOME/x/y $HOME/x $TMPDIR/x/y $TMPDIR/x'
            echo "status $?"; find /tmp -maxdepth 1 -user 12345 -name 'xorch-step-*'
        """
        os.chown(home, 12345, 12345)
        p = subprocess.run(["setpriv", "--reuid", "12345", "--regid", "12345",
                            "--clear-groups", "sh", "-c", script], capture_output=True,
                           text=True, env=xt.environment(home), cwd="/")
        xt.equal(p.stdout, "status 0\n", p.stderr)


LATE = """
import os, socket
said = []
open(os.path.join(os.path.expanduser("~"), "ran"), "w").close()
try:
    socket.create_connection(("192.0.2.1", 80), 3)
    said.append("REACHED")
except OSError as e:
    said.append("CUT")
for path in {paths!r}:
    try:
        open(path, "a").close()
        said.append("WROTE " + path)
    except OSError:
        pass
    try:
        said.append("READ " + open(path).read()[:20])
    except OSError:
        pass
said += [k for k in os.environ if "TOKEN" in k]
raise ImportError("it is not what it seems: " + " ".join(said))
"""


def test_B20_import_time_malware():
    """What a wheel does when it is imported, its tests do in the sandbox: no network,
    nothing of this machine, and a failure of its import is one of the test."""
    with xt.scratch() as home:
        secret = xt.write(os.path.join(home, "secret"), "swordfish")
        text = LATE.format(paths=[secret, "/root/ran", "/etc/shadow", "/usr/new"])
        path = packages.project(
            home, setup=END.replace("py_modules=[]", "py_modules=['evil_start']"),
            files=[("evil_start.py", text)], recipe="tests:\n  - imports: [evil_start]\n")
        r = xt.run(["build", path, "--target", "aarch64", "--python", "cp311", "--json"],
                   home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(r)
        xt.equal(r.code, 0, r)
        r = xt.run(["verify", "--json", item(r)["file"]], home=home, TOKEN="swordfish",
                   XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(r)
        xt.equal(r.code, 1, r)
        said = r.out + r.err
        xt.check("it is not what it seems: CUT\"" in said, r)
        xt.check(not os.path.exists(os.path.join(home, "ran")))


if __name__ == "__main__":
    xt.main(globals())
