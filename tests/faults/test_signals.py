"""Rows K02-K06 and B02, B05: what signals do to xorch and its children."""
import os
import signal
import subprocess
import time

import xt

LEVELS = ("bwrap", "landlock", "env")


def alive(marker):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if f.read().startswith(b"sleep\0" + marker.encode()):
                    return True
        except OSError:
            pass
    return False


def until(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def started(home, level, marker, deaf=False):
    """xorch with a build step that sleeps, one sleeper in a session of its own."""
    trap = "trap '' INT TERM HUP; " if deaf else ""
    script = (f"{trap}perl -e 'use POSIX; exit if fork; POSIX::setsid(); "
              f"exec \"sleep\", \"{marker}1\"'; sleep {marker}2")
    p = subprocess.Popen(
        [xt.XORCH, "__sandbox", "--sandbox", level, "sh", "-c", script], cwd=home,
        env=xt.environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True)
    xt.check(until(lambda: alive(marker + "1") and alive(marker + "2"), 20),
             "the step did not start")
    return p


def stops(number, deaf=False):
    for level in LEVELS:
        with xt.scratch() as home:
            marker = f"9{os.getpid()}{LEVELS.index(level)}{number}"
            p = started(home, level, marker, deaf)
            begun = time.monotonic()
            os.kill(p.pid, number)
            gone = until(lambda: not alive(marker + "1") and not alive(marker + "2"), 5)
            took = time.monotonic() - begun
            _, err = p.communicate(timeout=20)
            xt.check(gone and took < 2, f"{level}: children lived {took:.1f} s")
            xt.equal(p.returncode, 128 + number, level, err)
            xt.check(b"stopping" in err, err)


def test_K02_ctrl_c():
    stops(signal.SIGINT)


def test_K02_ctrl_c_deaf_children():
    stops(signal.SIGINT, deaf=True)


def test_K04_sigterm():
    stops(signal.SIGTERM)


def test_K04_sighup():
    stops(signal.SIGHUP)


def test_K03_ctrl_c_twice():
    for level in LEVELS:
        with xt.scratch() as home:
            marker = f"9{os.getpid()}{LEVELS.index(level)}7"
            p = started(home, level, marker, deaf=True)
            os.kill(p.pid, signal.SIGINT)
            time.sleep(0.1)
            os.kill(p.pid, signal.SIGINT)
            begun = time.monotonic()
            p.communicate(timeout=20)
            xt.check(time.monotonic() - begun < 0.5, "not at once")
            xt.equal(p.returncode, 130)
            xt.check(until(lambda: not alive(marker + "1") and not alive(marker + "2"),
                           2), f"{level}: something is left")


def test_K05_killed():
    for level in LEVELS:
        with xt.scratch() as home:
            marker = f"9{os.getpid()}{LEVELS.index(level)}5"
            p = started(home, level, marker)
            p.kill()
            p.wait()
            p.stdout.close()
            p.stderr.close()
            xt.check(until(lambda: not alive(marker + "1") and not alive(marker + "2"),
                           2), f"{level}: something is left")


def test_K04_ignored_signals_stay_ignored():
    """nohup: the run goes on when the terminal is gone."""
    with xt.scratch() as home:
        p = subprocess.Popen(
            ["sh", "-c", "trap '' HUP; exec \"$0\" __sandbox --sandbox env sh -c "
             "'touch begun; sleep 0.5; echo on'", xt.XORCH], cwd=home,
            env=xt.environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        xt.check(until(lambda: os.path.exists(os.path.join(home, "begun")), 20))
        p.send_signal(signal.SIGHUP)
        out, err = p.communicate(timeout=20)
        xt.equal((p.returncode, out), (0, b"on\n"), err)


def test_B02_no_terminal():
    script = "if read x; then echo got; else echo eof; fi; (: </dev/tty) 2>&1 | grep -c ."
    for level in LEVELS:
        r = xt.run(["__sandbox", "--sandbox", level, "sh", "-c", script], stdin=b"answer\n")
        xt.equal((r.code, r.out), (0, "eof\n1\n"), r)


def test_B03_time_limit():
    for level in LEVELS:
        r = xt.run(["__sandbox", "--sandbox", level, "--timeout", "1s", "sleep", "60"])
        xt.equal(r.code, 9, r)
        xt.check("X0902" in r.err, r)


xt.main(globals())
