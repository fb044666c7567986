"""xorch as what a container runs: logs that a collector reads, signals, no init beside
it, and a file system of which only cache and output can be written to."""
import os
import shutil
import signal
import subprocess
import time

import json_lines
import packages
import test_ci_output
import test_hostile
import test_wheels
import xt

SLOW = "import sys, time\nif 'bdist_wheel' in sys.argv:\n    time.sleep(120)\n"


def test_logs():
    with xt.scratch() as home:
        for setup, code in ((test_ci_output.HOSTILE, 0),
                            (test_ci_output.HOSTILE + "raise SystemExit('\\x1b[1mno')\n", 1)):
            result = test_hostile.build(home, setup, "--force", "-v", "--log-format=json",
                                        "--log-file=-", code=code,
                                        XDG_STATE_HOME=os.path.join(home, "state"))
            xt.equal(result.err, "", result)
            lines = json_lines.read(result.out)
            xt.equal(lines[-1]["exit"], code)
            output = [one["message"] for one in json_lines.of(lines, "output")]
            for text in ("::endgroup::", "a ##[endgroup]"):
                xt.check(text in output, output)
            xt.check(all(one["subject"] == "tiny-1.0-cp311-aarch64"
                         for one in json_lines.of(lines, "output")))
            steps = [(one["text"], one["phase"]) for one in json_lines.of(lines, "step")
                     if one["subject"] == "tiny-1.0-cp311-aarch64"]
            xt.check(("build", "begin") in steps, steps)
            xt.check(("build", "fail" if code else "end") in steps, steps)
            ended, = json_lines.of(lines, "item")
            xt.equal(ended["state"], "failed" if code else "built")
            document, = json_lines.of(lines, "result")
            xt.equal(document["result"]["items"][0]["state"], ended["state"])
            if code:
                error, = json_lines.of(lines, "error")
                xt.check(error["code"].startswith("X09") and error["log"], error)
                xt.check("SystemExit" in error["first_error"], error)
        # a HOME that could be written to has nothing more
        xt.equal(sorted(os.listdir(home)), ["dist", "state", "tiny-src", "tiny.lock",
                                            "tiny.yaml"])
        xt.equal(os.listdir(os.path.join(home, "state")), ["xorch"])


def unshare(*command):
    """In a PID namespace of its own, as its first process."""
    mine = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *mine, "--pid", "--fork", "--kill-child", "--mount-proc", *command]


def begin(home, command, *args):
    """Starts a slow build, returns when it builds."""
    packages.project(home, setup=SLOW + test_hostile.END)
    log = os.path.join(home, "log")
    p = subprocess.Popen(
        [*command, xt.XORCH, "build", "tiny.yaml", "--target", "aarch64", "--python",
         "cp311", "--log-format", "json", "--log-file", log, *args], cwd=home,
        env=xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache()),
        stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while '"phase":"begin","subject":"tiny-1.0-cp311-aarch64","text":"build"' not in text(log):
        if p.poll() is not None:
            with open(log, encoding="utf-8") as f:
                if '"exit":5}' in f.read():
                    raise xt.Skip("a registry cannot be reached")
        xt.check(p.poll() is None and time.monotonic() < deadline, text(log))
        time.sleep(0.05)
    return p, log


def text(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as f:
        return f.read()


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return int(f.read().split()[0])


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(n) for n in f.read().split()]


def stopped(home, p, log, begun, sig=signal.SIGTERM):
    xt.equal(p.wait(timeout=20), 128 + sig, text(log))
    xt.check(time.monotonic() - begun < 10, time.monotonic() - begun)
    lines = json_lines.read(text(log))
    xt.equal(lines[-1]["exit"], 128 + sig)
    xt.check(any("stopping" in one["message"] for one in lines), lines)
    xt.check(not os.path.exists(os.path.join(home, "dist")) or
             not os.listdir(os.path.join(home, "dist")), "something half done")
    # nothing is held: the same builds at once
    packages.project(home, setup=test_hostile.END)
    result = xt.run(["build", "tiny.yaml", "--target", "aarch64", "--python", "cp311",
                     "--force", "--json"], home=home, XORCH_CACHE_DIR=test_wheels.shared_cache(),
                    XORCH_LOCK_TIMEOUT="1")
    xt.equal(result.json["items"][0]["state"], "built", result)


def test_sigterm():
    with xt.scratch() as home:
        p, log = begin(home, [])
        begun = time.monotonic()
        p.send_signal(signal.SIGTERM)
        stopped(home, p, log, begun)


def test_sigterm_as_the_first_process():
    for sig in (signal.SIGTERM, signal.SIGINT):
        with xt.scratch() as home:
            p, log = begin(home, unshare())
            first = child_of(p.pid)
            begun = time.monotonic()
            os.kill(first, sig)
            stopped(home, p, log, begun, sig)
            xt.check(not os.path.exists(f"/proc/{first}"))


def test_orphans_are_waited_for():
    """What a shell in the container leaves behind becomes its child, and must not stay
    as a zombie."""
    with xt.scratch() as home:
        p, log = begin(home, unshare("sh", "-c", "(sleep 0.1 &); sleep 0.1 & exec \"$@\"",
                                     "sh"))
        first = child_of(p.pid)
        for _ in range(2):  # as `docker exec` would: a process of its namespace
            subprocess.run(["nsenter", "--target", str(first), "--pid", "sh", "-c",
                            "(sleep 0.2 &)"], check=True)
        deadline = time.monotonic() + 10
        while len(children(first)) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        xt.equal(len(children(first)), 1, "zombies of the first process")
        os.kill(first, signal.SIGTERM)
        xt.equal(p.wait(timeout=20), 143, text(log))


def test_status_of_the_first_process():
    with xt.scratch() as home:
        for args, code in ((["version"], 0), (["build", "nowhere.yaml"], 2)):
            r = subprocess.run(unshare(xt.XORCH, *args), cwd=home, capture_output=True,
                               env=xt.environment(home))
            xt.equal(r.returncode, code, r)
        r = subprocess.run(unshare(xt.XORCH, "explain", "X0201"), cwd=home, text=True,
                           env=xt.environment(home), capture_output=True)
        xt.check("unknown" in r.stdout, r)


def test_read_only_but_for_cache_and_output():
    """Neither HOME nor anything else can be written to, TMPDIR is a new one."""
    with xt.scratch() as home:
        packages.project(home, setup=test_hostile.END)
        cache = test_wheels.shared_cache()
        build = ["build", "tiny.yaml", "--target", "aarch64", "--python", "cp311"]
        locked = xt.run(["lock", "tiny.yaml", *build[2:]], home=home, XORCH_CACHE_DIR=cache)
        test_wheels.need_network(locked)
        xt.equal(locked.code, 0, locked)
        out = os.path.join(home, "out")
        os.mkdir(out)
        p = subprocess.run(
            ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs",
             "/tmp", "--ro-bind", home, home, "--bind", cache, cache, "--bind", out, out,
             # which may lie below /tmp
             "--ro-bind", xt.SOURCE, xt.SOURCE, "--ro-bind", os.path.dirname(xt.XORCH),
             os.path.dirname(xt.XORCH), xt.XORCH,
             *build, "--locked", "--out", out], cwd=home, text=True, capture_output=True,
            env=xt.environment(home, XORCH_CACHE_DIR=cache, HOME=home))
        xt.equal(p.returncode, 0, p.stderr)
        xt.check(p.stdout.startswith(out + "/tiny-1.0-cp311"), p.stdout)
        xt.equal(sorted(os.path.splitext(n)[1] for n in os.listdir(out)),
                 [".jsonl", ".whl"])
        xt.equal(sorted(os.listdir(home)),
                 sorted({"out", "tiny.lock", "tiny.yaml", "tiny-src"} |
                        (set(os.listdir(home)) & {".local", ".cache"})))
        log = xt.run(["log"], home=home, XORCH_CACHE_DIR=cache,
                     XDG_STATE_HOME="/proc/nowhere")
        xt.check("tiny-1.0-cp311-aarch64" in log.out, log)
        shutil.rmtree(os.path.join(cache, "history"))


if __name__ == "__main__":
    xt.main(globals())
