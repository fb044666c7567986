"""How builds share a machine: processors and memory, seen from within the builds, and how
long they take by themselves."""
import contextlib
import fcntl
import glob
import json
import os
import re
import subprocess
import time

import packages
import test_wheels
import xt

SETUP = """
import os, sys, time
if "bdist_wheel" in sys.argv:
    print("PARALLEL", os.environ["CMAKE_BUILD_PARALLEL_LEVEL"], flush=True)
    time.sleep(1)
from setuptools import setup, Extension
setup(name={name!r}, version="1.0", py_modules=[],
      ext_modules=[Extension({name!r}, [{name!r} + ".c"])])
"""


def build(home, *args, code=0, **env):
    result = xt.run(["build", *args, "--target", "aarch64", "--python", "cp311", "--json"],
                    home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def recorded(home, name):
    """What the history says of the last build, and its log."""
    result = xt.run(["log", name + "-1.0-cp311-aarch64", "--json"], home=home, cwd=home,
                    XORCH_CACHE_DIR=test_wheels.shared_cache())
    xt.equal(result.code, 0, result)
    one = result.json["builds"][0]
    with open(one["log"], encoding="utf-8") as f:
        return one, f.read()


def told(home, name):
    """Processors that the build was told of."""
    one, log = recorded(home, name)
    found = set(map(int, re.findall("PARALLEL ([0-9]+)", log)))
    xt.equal(found, {one["jobs"]}, log)
    return one["jobs"]


def test_processors_are_shared():
    """Two that are built at the same time have one of two each, also the first of them;
    one alone has both."""
    with xt.scratch() as home:
        paths = [packages.project(home, name, setup=SETUP.format(name=name))
                 for name in ("ant", "bee")]
        build(home, *paths, "-j2")
        xt.equal([told(home, name) for name in ("ant", "bee")], [1, 1])
        build(home, paths[0], "-j2", "--force")
        xt.equal(told(home, "ant"), 2)


SPAN = """
import sys, time
if "bdist_wheel" in sys.argv:
    print("FROM %f" % time.time(), flush=True)
    time.sleep({seconds})
    print("UNTIL %f" % time.time(), flush=True)
from setuptools import setup, Extension
setup(name={name!r}, version="1.0", py_modules=[],
      ext_modules=[Extension({name!r}, [{name!r} + ".c"])])
"""


def overlaps(home, recipes, seconds=1):
    """Pairs of projects of which both were at work at some time, of these recipes (project
    -> further keys) built in one run by two processors."""
    paths = [packages.project(home, name, setup=SPAN.format(name=name, seconds=seconds),
                              recipe=more) for name, more in recipes.items()]
    build(home, *paths, "-j2", "--force")  # what an earlier round built would do
    spans = {}
    for name in recipes:
        log = recorded(home, name)[1]
        spans[name] = [float(re.search(rf"{word} ([0-9.]+)", log)[1])
                       for word in ("FROM", "UNTIL")]
    return {(a, b) for a in spans for b in spans
            if a < b and spans[a][0] < spans[b][1] and spans[b][0] < spans[a][1]}


def test_exclusive_and_memory():
    """build.exclusive: nothing else is built meanwhile. build.memory: two that do not fit
    into this machine's memory together are built one after the other."""
    with open("/proc/meminfo", encoding="ascii") as f:
        free = int(re.search(r"MemAvailable: +(\d+)", f.read())[1]) >> 10
    with xt.scratch() as home:
        together = {"ant": "", "bee": ""}
        # long enough for the second to have begun on a busy machine
        xt.equal(overlaps(home, together, seconds=6), {("ant", "bee")})
    with xt.scratch() as home:
        xt.equal(overlaps(home, {**together, "cat": "build: {exclusive: true}\n"}) &
                 {("ant", "cat"), ("bee", "cat")}, set())
    with xt.scratch() as home:
        large = "build: {memory: %dMiB}\n" % (free * 6 // 10)
        xt.equal(overlaps(home, {"ant": large, "bee": large}), set())


def test_durations_without_waits():
    """A build that waits for another process's lock: not in its time."""
    with xt.scratch() as home:
        path = packages.project(home, "ant", setup=SETUP.format(name="ant"))
        build(home, path)
        first, _ = recorded(home, "ant")
        lock = os.path.join(test_wheels.shared_cache(), "v1/locks",
                            f"item-{first['key']}.lock")
        with open(lock, "r+b") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            p = subprocess.Popen(
                [xt.XORCH, "build", path, "--target", "aarch64", "--python", "cp311",
                 "--force", "--json"], cwd=home, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                env=xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache()))
            said = ""
            while f"waiting for pid {os.getpid()}" not in said:
                line = p.stderr.readline()
                xt.check(line, said)
                said += line
            time.sleep(20)
        out, err = p.communicate(timeout=300)
        xt.equal(p.returncode, 0, said + err)
        shown = json.loads(out.splitlines()[-1])["items"][0]["seconds"]
        second, _ = recorded(home, "ant")
        xt.check(second["build"] != first["build"], first, second)
        # what a busy machine needs varies, hence the long wait
        for seconds in (shown, second["seconds"]):
            xt.check(1 <= seconds < max(20, first["seconds"] + 10), first, second, shown)


@contextlib.contextmanager
def cgroup(limit):
    """A folder of the kernel's: processes in it have so much memory together."""
    old = os.path.isdir("/sys/fs/cgroup/memory")
    path = os.path.join("/sys/fs/cgroup", "memory" if old else "", f"xorch-{os.getpid()}")
    try:
        os.mkdir(path)
    except OSError as e:
        raise xt.Skip(f"cgroups cannot be made here: {e}")
    try:
        if old:
            xt.write(os.path.join(path, "memory.limit_in_bytes"), str(limit))
        else:
            if not os.path.exists(os.path.join(path, "memory.max")):
                raise xt.Skip("the memory of cgroups cannot be limited here")
            xt.write(os.path.join(path, "memory.max"), str(limit))
            if os.path.exists(os.path.join(path, "memory.swap.max")):
                xt.write(os.path.join(path, "memory.swap.max"), "0")
        yield path
    finally:
        for _ in range(100):
            with contextlib.suppress(OSError):
                os.rmdir(path)
                break
            time.sleep(0.1)


def test_B06_the_kernel_takes_the_build():
    """Without build.memory, where the machine (here a cgroup) has less than it wants: the
    build dies and not xorch, which says who did it, and of what."""
    hungry = "hold = [b'x' * (16 << 20) for n in range(400)]"
    child = f"import subprocess; subprocess.check_call([sys.executable, '-c', {hungry!r}])"
    for wants, said in ((hungry, "killed by signal 9"),
                        (child, "died with <Signals.SIGKILL: 9>")):
        setup = f"import sys\nif 'bdist_wheel' in sys.argv:\n    {wants}\n"
        with xt.scratch() as home, cgroup(1536 << 20) as group:
            path = packages.project(home, "ant", setup=setup + SETUP.format(name="ant"))
            lock = xt.run(["lock", path, "--target", "aarch64", "--python", "cp311"],
                          home=home, cwd=home,
                          XORCH_CACHE_DIR=test_wheels.shared_cache())
            test_wheels.need_network(lock)
            p = subprocess.run(
                ["sh", "-c", f"echo $$ > {group}/cgroup.procs && exec \"$0\" \"$@\"",
                 xt.XORCH, "build", path, "--target", "aarch64", "--python", "cp311",
                 "--json"], cwd=home, capture_output=True, text=True, timeout=600,
                env=xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache()))
            xt.equal(p.returncode, 1, p.stderr)
            one = json.loads(p.stdout.splitlines()[-1])["items"][0]
            xt.equal(one["class"], "memory", p.stderr)
            for words in (said, "the kernel ended 1 process for want of memory",
                          "1.5 GiB", "-j 1", "build.memory"):
                xt.check(words in p.stderr.replace("\u00a0", " "), words, p.stderr)


if __name__ == "__main__":
    xt.main(globals())
