"""A build of six jobs, of which one fails, as somebody sees it: recorded on a terminal of
tmux, and plain; to its end, stopped by Ctrl-C, resized and suspended meanwhile."""
import glob
import os
import re
import signal
import subprocess
import sys
import time
import zipfile

import packages
import screen
import test_wheels
import xt

NAMES = ["ant", "bee", "cicada", "dragonfly", "earwig", "firefly"]
FAILS = "dragonfly"
ARGS = ["build", "recipes", "--target", "aarch64", "--python", "cp311"]
BUILD = "$XORCH " + " ".join(ARGS) + ' -j 2 {}; echo "exit $?"'
ID = r"[a-z]+-1\.0-cp311-aarch64"
TIME = r"(?:[0-9.]+ s|[0-9]+ min [0-9]{2} s)(?![a-z])"
LEFT = r"(?:  about [0-9]+ (?:s|min) left|  last time " + TIME + ")?"
# What live lines look like; no printed line looks like one.
LIVE = re.compile(rf"  (?:stopping|{ID}(?:: [a-z ]+)?  {TIME}{LEFT}"
                  rf"|[0-6] of [26] done(?:, 1 failed)?  {TIME}{LEFT}"
                  r"|[a-z0-9+ ._-]+: (?:floor|index|unpack|target Python|libraries|"
                  rf"build environment)  {TIME}|and [0-9]+ more|downloads  .*"
                  r"|[^ ]+  [0-9.]+ [kMG]?B(?: of .*)?)")


def six(home, seconds=1.0, fails=FAILS, more=0.0):
    """Six recipes with their locks; each sleeps a little longer than the one before, all
    but the first `more` seconds longer."""
    folder = os.path.join(home, "recipes")
    for n, name in enumerate(NAMES):
        code = packages.ANSWER
        if name == fails:
            code += "#include <no_such_header.h>\n"
        packages.project(folder, name, code=code, setup="import time\ntime.sleep(" +
                         f"{seconds + n * 0.2 + (more if n else 0)})\n" + packages.SETUP.format(
                             name=name, module=name, sources=[name + ".c"], more="",
                             optional=False, packages="py_modules=[],"))
    result = xt.run(["lock", *ARGS[1:]], home=home, cwd=home, **cache())
    test_wheels.need_network(result)
    xt.equal(result.code, 0, result)


def cache():
    return {"XORCH_CACHE_DIR": test_wheels.shared_cache()}


def wheels(home):
    """Names of those in dist, all of them whole and nothing beside them."""
    found = sorted(os.path.basename(p).split("-")[0]
                   for p in glob.glob(os.path.join(home, "dist", "*.whl")))
    for path in glob.glob(os.path.join(home, "dist", "*")) + \
            glob.glob(os.path.join(home, "dist", ".*")):
        xt.check(path.endswith((".whl", ".whl.intoto.jsonl")), "left behind:", path)
        if path.endswith(".whl"):
            with zipfile.ZipFile(path) as z:
                xt.equal(z.testzip(), None)
    return found


def live_part(frame):
    """The live lines of a frame, which are its last, and what stands above them."""
    lines = frame.removesuffix("\n^C").split("\n")  # the terminal's own echo
    at = len(lines)
    while at and LIVE.fullmatch(lines[at - 1]):
        at -= 1
    return lines[at:], lines[:at]


def judge_frames(frames, columns=80):
    """What holds for every frame; returns the live parts."""
    found = []
    for frame in frames:
        live, above = live_part(frame)
        found.append(live)
        xt.check(not any(LIVE.fullmatch(line) for line in above),
                 "a live line that was left behind:", frame)
        xt.check(all(len(line) < columns for line in live), frame)
        ids = [m.group() for line in live if (m := re.search(ID, line))]
        xt.equal(len(ids), len(set(ids)), "two lines for one build:", frame)
        totals = [line for line in live if " of 6 done" in line]
        xt.check(len(totals) < 2 and (not totals or live[-1] == totals[0]), frame)
    return found


def show(name, frames):
    """The recording, for who wants to look at it: XORCH_TEST_RECORDING is a folder."""
    folder = os.environ.get("XORCH_TEST_RECORDING")
    if folder:
        line = "\n" + "=" * 80 + "\n"
        xt.write(os.path.join(folder, name + ".txt"), line.join(frames) + "\n")


def ended(text):
    return re.search(r"\nexit [0-9]+\n\$$", text) is not None


def record(s, command, seconds=300):
    """Frames from the command to the prompt after it, and all lines of the end."""
    s.tmux("clear-history")
    s.type("clear")
    s.key("Enter")
    s.wait_for(lambda text: text == "$")
    s.type(command)
    s.key("Enter")
    frames = s.wait_for(ended, seconds)
    return frames, s.scrolled()


def judge_end(s, text, code):
    xt.check(ended(text) and f"\nexit {code}\n" in text, text)
    xt.check(not any(LIVE.fullmatch(line) for line in text.split("\n")), text)
    shown, column, _ = s.cursor()
    xt.equal([shown, column], [1, 2], "the cursor")


def test_six_jobs_on_a_terminal():
    with xt.scratch() as home:
        six(home)
        with screen.Screen(home, **cache()) as s:
            frames, text = record(s, BUILD.format(""))
            show("first", [*frames, text])
            live = judge_frames(frames)
            judge_end(s, text, 1)
            for name in NAMES:
                xt.check(any(f"  {name}-1.0-cp311-aarch64: build  " in line
                             for part in live for line in part), name, text)
            done = [int(line.split()[0]) for part in live for line in part
                    if " of 6 done" in line]
            xt.check(done == sorted(done) and done[-1] >= 4, done)
            xt.check(any(", 1 failed" in line for part in live for line in part), text)
            # nothing is known of any of them
            xt.check(not any("left" in line for part in live for line in part), text)
            # the error is in one piece, with what to do
            error = re.search(r"^error\[X0901\]: dragonfly-1\.0(.*?)^  = help: to see it "
                              r"again: xorch build dragonfly-1\.0-cp311-aarch64 ", text,
                              re.M | re.S)
            xt.check(error and "no_such_header.h" in error.group(1), text)
            xt.check(not re.search(r"^[a-z]+-1\.0-", error.group(1), re.M), text)
            summary = re.search(r"^ant-1\.0-cp311-aarch64 +built in .*?^5 built, 1 failed$",
                                text, re.M | re.S).group()
            for name in NAMES:
                xt.check(re.search(rf"^{name}-1\.0-cp311-aarch64 +" + (
                    "failed: missing-header `no_such_header.h`: " if name == FAILS
                    else "built in "), summary, re.M), summary)
            log = re.search(r"^ +log (/.*\.log):([0-9]+)$", summary, re.M)
            with open(log.group(1), encoding="utf-8") as f:
                line = f.read().split("\n")[int(log.group(2)) - 1]
            xt.check("no_such_header.h" in line, line)
            xt.equal(wheels(home), sorted(set(NAMES) - {FAILS}))

            # Once more: now it is known how long five of them take.
            frames, text = record(s, BUILD.format("--force"))
            show("second", [*frames, text])
            live = [line for part in judge_frames(frames) for line in part]
            judge_end(s, text, 1)
            xt.check(any(re.match(r"  firefly-1\.0-cp311-aarch64: build  .* left$", line)
                         for line in live), *live)
            xt.check(not any("dragonfly" in line and "left" in line for line in live), live)
            xt.check(any(re.match("  [345] of 6 done.* left$", line) for line in live), *live)


def interrupt(s):
    """Waits for a first wheel and two builds, then types Ctrl-C."""
    s.type(BUILD.format(""))
    s.key("Enter")
    frames = s.wait_for(lambda text: re.search("audit: done", text) and len(
        re.findall("-aarch64: build  ", text)) == 2, 300)
    s.key("C-c")
    return frames + s.wait_for(ended, 60)


def test_interrupted_on_a_terminal():
    with xt.scratch() as home:
        six(home, 2, more=6)  # the second builds for long yet when the first has ended
        with screen.Screen(home, **cache()) as s:
            s.type("stty -g > before")
            s.key("Enter")
            frames = interrupt(s)
            text = s.scrolled()
            show("interrupted", [*frames, text])
            judge_frames(frames)
            judge_end(s, text, 130)
            xt.equal(text.count("note: stopping (Ctrl-C); again to stop at once"), 1, text)
            xt.equal(len(re.findall(rf"^{ID}: build: stopped after {TIME}$", text, re.M)), 2,
                     text)
            xt.check("\nerror: stopped by Ctrl-C\n" in text, text)
            summary = text[text.rindex("note: stopping"):]
            states = re.findall(rf"^{ID}  +(built|stopped|not started)", summary, re.M)
            xt.equal(sorted(states), ["built"] * states.count("built") +
                     ["not started"] * (4 - states.count("built")) + ["stopped"] * 2, text)
            xt.check(re.search(r"^[1-3] built, 2 stopped(, [1-3] not started)?$", summary,
                               re.M), text)
            xt.check("error[" not in text, text)  # what was stopped did not fail
            xt.equal(len(wheels(home)), states.count("built"))
            s.type("clear; stty -g > after; cat before after; echo")
            s.key("Enter")
            s.wait_for(lambda text: text.count(":") > 20)
            with open(os.path.join(home, "before")) as a, \
                    open(os.path.join(home, "after")) as b:
                xt.equal(a.read(), b.read(), "modes of the terminal")
        # and the rest is built as if nothing had been
        result = xt.run([*ARGS, "-j2"], home=home, cwd=home, **cache())
        xt.equal(result.code, 1, result)
        xt.equal(wheels(home), sorted(set(NAMES) - {FAILS}))
        xt.check("up to date" in result.err, result)


DEAF = "import signal, time\nfor s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n" \
       "    signal.signal(s, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(60)\n"


def deaf(home, s):
    """Two builds that take no notice of signals, seen running."""
    for name in NAMES[:2]:
        packages.project(os.path.join(home, "recipes"), name, setup="import sys\nif "
                         "'bdist_wheel' in sys.argv:\n    " + DEAF.replace("\n", "\n    ") +
                         "\n" + packages.SETUP.format(
                             name=name, module=name, sources=[name + ".c"], more="",
                             optional=False, packages="py_modules=[],"))
    s.type(BUILD.format(""))
    s.key("Enter")
    frames = s.wait_for(building, 300)
    logs = os.path.join(home, ".local/state/xorch/builds/*/*.log")
    end = time.monotonic() + 60
    while sum(said(path, "deaf\n") for path in glob.glob(logs)) < 2:
        xt.check(time.monotonic() < end, "they are not deaf", s.frame())
        time.sleep(0.05)
    return frames


def said(path, words):
    with open(path, encoding="utf-8", errors="replace") as f:
        return words in f.read()


def building(text):
    return re.search("-aarch64: build  ", text) is not None


def test_interrupted_twice():
    """At once, and the live lines do not stay behind. Builds that do not listen have half
    a second from the first: on a busy machine they may be gone before the second, which
    then meets the shell's prompt."""
    with xt.scratch() as home, screen.Screen(home, **cache()) as s:
        deaf(home, s)
        s.key("C-c")
        s.wait_for(lambda text: "note: stopping (Ctrl-C)" in text)
        s.key("C-c")
        frames = s.wait_for(lambda text: re.search(
            r"\n(\^C)?exit [0-9]+\n\$( \^C\n\$)?$", text) is not None, 30)
        show("twice", frames)
        judge_end(s, s.scrolled().replace("^Cexit", "exit").replace("\n$ ^C", ""), 130)
        xt.equal(wheels(home), [])


def both(text):
    return re.search(rf"^(?:  (?:ant|bee)-1\.0-\S+(?: \S+)?  {TIME}\n){{2}}"
                     rf"  0 of 2 done  {TIME}$", text, re.M) is not None


def test_resized():
    """Narrower, lower, wider: nothing wraps and nothing is left behind."""
    with xt.scratch() as home, screen.Screen(home, 100, 24, **cache()) as s:
        frames = deaf(home, s)
        for columns, lines in ((60, 24), (41, 12), (30, 8), (120, 30), (80, 24), (50, 5)):
            # tmux wraps its lines anew at once, but tells the program of a second size
            # within a quarter of a second only then; what is drawn between is drawn for
            # the size before.
            s.resize(columns, lines)
            time.sleep(0.5)
            s.wait_for(both)
            frames.append(f"{columns} x {lines}:\n" + s.frame())
            shown = [line for line in s.frame().split("\n") if line.startswith("  ")]
            xt.check(len(shown) <= lines and all(len(line) < columns for line in shown),
                     s.frame())
            xt.equal(len(shown), 3, s.frame())
        show("resized", frames)
        s.resize(100, 24)
        s.key("C-c")
        s.wait_for(ended, 30)
        judge_end(s, s.scrolled(), 130)
        text = s.scrolled()
        xt.check(not re.search(r"^  (ant|bee|[0-9] of)", text, re.M), text)
        for name in NAMES[:2]:
            for line in (f"{name}-1.0-cp311-aarch64: lock: done in", f"wrote recipes/{name}."):
                xt.equal(text.count(line), 1, text)
        xt.equal(text.count("sandbox bwrap: "), 1, text)


def test_resized_twice_at_once():
    """tmux tells of the second size only a quarter of a second after the first, and has
    broken its lines by then: what is drawn between would leave a line behind."""
    with xt.scratch() as home, screen.Screen(home, 100, 24, **cache()) as s:
        frames = deaf(home, s)
        for first, second in (((70, 24), (36, 20)), ((90, 20), (31, 12)), ((60, 24), (90, 24))):
            s.resize(*first)
            time.sleep(0.05)
            s.resize(*second)
            time.sleep(1)
            s.wait_for(both)
            frames.append(f"{first}, {second}:\n" + s.frame())
            shown = [line for line in s.scrolled().split("\n") if line.startswith("  ")]
            xt.equal(len(shown), 3, s.scrolled())
            s.resize(100, 24)
            time.sleep(1)
        show("resized twice", frames)
        s.key("C-c")
        s.wait_for(ended, 30)
        judge_end(s, s.scrolled(), 130)
        xt.check(not re.search(r"^  (ant|bee|[0-9] of)", s.scrolled(), re.M), s.scrolled())


def test_typed():
    """Enter, and words, typed while the lines are shown: the echo goes below them, and
    they are drawn where they were."""
    with xt.scratch() as home, screen.Screen(home, 100, 24, **cache()) as s:
        frames = deaf(home, s)
        s.wait_for(both)
        for words in ("", "", "what is it doing", ""):
            s.type(words)
            s.key("Enter")
            time.sleep(0.7)
            s.wait_for(both)
            frames.append(f"{words!r}:\n" + s.frame())
            shown = [line for line in s.scrolled().split("\n") if line.startswith("  ")]
            xt.equal(len(shown), 3, s.scrolled())
        show("typed", frames)
        # nothing above them is lost, and the shell gets what Ctrl-C does not drop
        text = s.scrolled()
        for name in NAMES[:2]:
            for line in (f"{name}-1.0-cp311-aarch64: lock: done in", f"wrote recipes/{name}."):
                xt.equal(text.count(line), 1, text)
        s.key("C-c")
        s.wait_for(ended, 30)
        judge_end(s, s.scrolled(), 130)
        xt.check(not re.search(r"^  (ant|bee|[0-9] of)", s.scrolled(), re.M), s.scrolled())


def test_suspended():
    """Ctrl-Z gives the shell a clean screen, and fg goes on below."""
    with xt.scratch() as home, screen.Screen(home, **cache()) as s:
        deaf(home, s)
        s.key("C-z")
        s.wait_for(lambda text: "Stopped" in text)
        xt.check(not live_part(s.frame())[0] and "aarch64: build  " not in s.frame(),
                 s.frame())
        s.type("clear; echo between; fg")
        s.key("Enter")
        frames = s.wait_for(building)
        show("suspended", frames)
        judge_frames(frames[-1:])
        xt.check("between" in frames[-1], frames[-1])
        s.key("C-c")
        s.wait_for(lambda text: text.endswith("\n$") and "stopped by Ctrl-C" in text, 30)
        xt.check("between" in s.scrolled() and "aarch64: build  " not in s.scrolled(),
                 s.scrolled())


# ---- without a terminal ----

def normalised(home, text):
    """Without times, folders and what only happens when the store is new."""
    text = re.sub(TIME, "TIME", text.replace(home, "HOME"))
    text = re.sub(r"(builds/\S+/)[0-9A-Z.]+Z[0-9-]+\.log", r"\1BUILD.log", text)
    text = re.sub(r"^sandbox [a-z]+: .*$", "sandbox …", text, flags=re.M)
    return "".join(line for line in text.splitlines(True) if not re.match(
        r"\S+(?: [\S]+)?: (floor|index|unpack|target Python|libraries|build environment|"
        r"fetched)\b|fetched ", line))


def in_order(text, *names):
    """With the blocks of the builds, one after the other with -j1, in the order of their
    names or as `names` say: locks are read side by side, so any may be the first."""
    head, blocks, tail = [], {}, []
    for line in text.splitlines(True):
        at = re.match(rf"({ID}): ", line)
        block = blocks.setdefault(at.group(1), []) if at else \
            head if line.startswith("sandbox") else tail if tail or \
            re.match(rf"{ID}  ", line) else block
        block.append(line)
    return "".join(head + sum((blocks[i] for i in sorted(blocks)), []) + tail)


def golden(home, name, text):
    path = os.path.join(xt.SOURCE, "tests", "fixtures", "plain", name + ".txt")
    got = normalised(home, text)
    if os.environ.get("XORCH_TEST_UPDATE"):
        xt.write(path, got)
    with open(path, encoding="utf-8") as f:
        want = f.read()
    xt.check(got == want, "--- want", want, "--- got", got)


def test_six_jobs_plain():
    with xt.scratch() as home:
        six(home, 0)
        result = xt.run([*ARGS, "-j1", "--progress", "plain"], home=home, cwd=home,
                        TERM="xterm", **cache())
        xt.equal(result.code, 1, result)
        xt.check("\x1b" not in result.err and "\r" not in result.err, result)
        golden(home, "failure", in_order(result.err) + "--- standard output\n" + result.out)


def test_interrupted_plain():
    with xt.scratch() as home:
        six(home, 2, fails=None)
        p = subprocess.Popen([xt.XORCH, *ARGS, "-j1"], cwd=home, stdin=subprocess.DEVNULL,
                             env=xt.environment(home, **cache()), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        seen = ""
        order = []
        while len(order) < 2:
            line = p.stderr.readline()
            xt.check(line, seen)
            seen += line
            order += re.findall("^([a-z]+)-1.0-cp311-aarch64: build$", line)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=30)
        xt.equal(p.returncode, 130, seen + err)
        # which of the two is said first is not ours to say
        note = "note: stopping (Ctrl-C); again to stop at once\n"
        xt.equal(err.count(note), 1, err)
        text = seen + note + err.replace(note, "") + "--- standard output\n" + out
        summary = sorted(re.findall(rf"^{ID}  .*\n", text, re.M), key=lambda line: (
            line.split("-")[0] not in order, "stopped" in line, line))
        text = re.sub(rf"^(?:{ID}  .*\n)+", lambda _: "".join(summary), text, flags=re.M)
        for name, role in zip(order, ("first", "second")):
            text = re.sub(rf"\b{name}-1\.0-", rf"{role}-1.0-", text)
        text = re.sub("^[a-z]+(-1\\.0-cp311-aarch64)  +not", r"other\1  not", text, flags=re.M)
        text = re.sub("(-aarch64)  +", r"\1  ", text)
        golden(home, "interrupt", text)
        xt.equal(wheels(home), order[:1])


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        os.environ["XORCH_TEST_UPDATE"] = "1"
        sys.argv[1:] = ["test_six_jobs_plain", "test_interrupted_plain"]
    xt.main(globals())
