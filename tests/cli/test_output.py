"""Where the output goes and how it looks: terminals, colours, locales, streams
that are closed or full, JSON. Golden files beside this one hold the texts."""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import time

import server
import xt

BAD = """schema_version: 1
package: {name: foo, version: 1.10}
kind: wheel
source: {pypi: foo}
requirments: {build: [cython]}
"""
GOOD = """schema_version: 1
package: {name: foo, version: "1.0"}
kind: wheel
source: {pypi: foo}
"""
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def on_terminal(args, home, columns=80, binary=None, **env):
    """Exit status and everything printed, with a terminal as stdout and stderr."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = args if binary == "" else [xt.XORCH, *args]
    p = subprocess.Popen(command, cwd=home, env=xt.environment(home, **env),
                         stdin=subprocess.DEVNULL, stdout=side, stderr=side)
    os.close(side)
    out = xt.drain(main).decode()
    return p.wait(), out


def recipe(home, text=BAD):
    return xt.write(os.path.join(home, "r.yaml"), text)


def test_U01_not_a_terminal():
    with xt.scratch() as home:
        recipe(home)
        r = xt.run(["check", "r.yaml"], home=home, TERM="xterm-256color")
        xt.equal(r.code, 2)
        xt.check(not CONTROL.search(r.err.replace("\n", "")), r)


def test_U01_dumb_and_narrow():
    with xt.scratch() as home:
        recipe(home)
        for columns, term in ((80, "dumb"), (80, ""), (20, "dumb")):
            code, out = on_terminal(["check", "r.yaml"], home, columns, TERM=term)
            xt.equal(code, 2)
            xt.check("unknown key" in out, out)
            xt.check(not CONTROL.search(out.replace("\r\n", "")), repr(out))


def test_U01_forced_tty_without_terminal():
    with xt.scratch() as home:
        recipe(home)
        r = xt.run(["check", "r.yaml", "--progress", "tty"], home=home, TERM="xterm")
        xt.check("\x1b" not in r.err, r)


def test_U02_colours():
    with xt.scratch() as home:
        recipe(home)
        for env, args, coloured in (
                ({}, [], True),
                ({"NO_COLOR": "1"}, [], False),
                ({"NO_COLOR": ""}, [], True),
                ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False),
                ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, [], False),
                ({"NO_COLOR": "1", "XORCH_COLOR": "always"}, [], False),
                ({"NO_COLOR": "1"}, ["--color", "always"], True),
                ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
                ({"FORCE_COLOR": "1"}, ["--color=never"], False)):
            _, out = on_terminal(["check", "r.yaml", *args], home, TERM="xterm", **env)
            xt.equal("\x1b[" in out, coloured, env, args, out)


def test_U02_force_color_in_a_pipe():
    with xt.scratch() as home:
        recipe(home)
        for env, coloured in (({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "0"}, False),
                              ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)):
            r = xt.run(["check", "r.yaml"], home=home, **env)
            xt.equal("\x1b[" in r.err, coloured, env, r)


def test_U02_colour_changes_no_text():
    with xt.scratch() as home:
        recipe(home)
        plain = xt.run(["check", "r.yaml"], home=home)
        coloured = xt.run(["check", "r.yaml", "--color", "always"], home=home)
        xt.equal(re.sub("\x1b\\[[0-9;]*m", "", coloured.err), plain.err)


def shell(command, home, **env):
    return subprocess.run(["sh", "-c", command], cwd=home, env=xt.environment(
        home, X=xt.XORCH, **env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60, text=True)


def test_U03_closed_streams():
    with xt.scratch() as home:
        recipe(home, GOOD)
        xt.equal(shell("$X explain X0201 >&-", home).returncode, 0)
        xt.equal(shell("$X check r.yaml 2>&-", home).returncode, 0)
        xt.equal(shell("$X check r.yaml >&- 2>&- <&-", home).returncode, 0)
        # What is opened next must not become standard output.
        r = shell("$X check r.yaml >&-; cat r.yaml", home)
        xt.equal(r.stdout, GOOD)


def test_U03_full_device():
    with xt.scratch() as home:
        recipe(home, BAD)
        xt.equal(shell("$X check r.yaml 2>/dev/full", home).returncode, 2)
        r = shell("$X explain X0201 >/dev/full", home)
        xt.equal(r.returncode, 8, r)
        xt.check("[X0129]" in r.stderr and "No space left" in r.stderr, r)


def test_U03_reader_gone():
    with xt.scratch() as home:
        r = shell("{ $X explain; echo $? >&3; } 3>code | true; cat code", home)
        xt.check(r.stdout.strip() in ("0", "141"), r)
        xt.equal(r.stderr, "")
        r = shell("{ sleep 0.3; $X explain; echo $? >&3; } 3>code | true; cat code", home)
        xt.equal(r.stdout.strip(), "141", r)
        xt.equal(r.stderr, "")


def test_U03_locales():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "r.yaml"), GOOD + 'about: {summary: "コン… é", x: y}\n')
        for locale in ("C", "POSIX", "en_US.ISO-8859-1", "nonsense", ""):
            r = xt.run(["check", "r.yaml"], home=home, LC_ALL=locale, LANG=None)
            xt.equal(r.code, 2)
            xt.check(r.err.isascii(), locale, r)
            lines = r.err.split("\n")
            caret = next(line for line in lines if "^" in line)
            above = lines[lines.index(caret) - 1]
            xt.equal(above[caret.index("^")], "x", r)


def test_U07_json_only():
    with xt.scratch() as home:
        recipe(home)
        r = xt.run(["check", "--json", "r.yaml"], home=home)
        xt.equal(r.json["exit"], 2)
        xt.equal([d["code"] for d in r.json["diagnostics"]], ["X0218", "X0201"])
        xt.check("warning[X0218]" in r.err and "error[X0201]" in r.err, r)
        for args in (["explain", "X0201"], ["explain"], ["version"], ["explain", "nope"]):
            r = xt.run([*args, "--json"], home=home)
            xt.equal(r.json["v"], 1)


def test_U07_json_file_name_not_utf8():
    with xt.scratch() as home:
        name = os.fsencode(home) + b"/\xff.yaml"
        with open(name, "wb") as f:
            f.write(BAD.encode())
        r = xt.run(["check", "--json", "."], home=home)
        xt.equal(len(r.json["diagnostics"]), 2, r)


def test_U05_names_with_control_characters():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "a\x1b[31m\n.yaml"), BAD)
        r = xt.run(["check", "."], home=home)
        xt.check("a\\x1b[31m\\x0a.yaml:5:1" in r.err and "\x1b" not in r.err, r)


def test_U01_resized():
    """The width is asked anew: nothing is remembered from the start."""
    with xt.scratch() as home:
        for columns in (20, 80, 300):
            code, out = on_terminal(["help"], home, columns, TERM="xterm")
            xt.equal(code, 0)
            xt.check("--verbose" in out, out)


def screen(out):
    """What is left on a terminal after these bytes: the few controls used."""
    lines, row, column = [""], 0, 0
    for part in re.findall("\x1b\\[[0-9]*[AJK]|\r|\n|[^\x1b\r\n]+", out):
        if part[-1] == "A" and part[0] == "\x1b":
            row = max(0, row - int(part[2:-1] or 1))
        elif part in ("\x1b[K", "\x1b[J"):
            lines[row] = lines[row][:column]
            if part == "\x1b[J":
                del lines[row + 1:]
        elif part == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            column = 0
        else:
            lines[row] = lines[row][:column].ljust(column) + part + \
                lines[row][column + len(part):]
            column += len(part)
    return [line for line in lines if line]


def test_U01_live_lines_leave_nothing():
    with xt.scratch() as home, server.Server() as s:
        body = b"x" * 200000
        items = []
        for i in range(12):
            s.add(f"/f{i}", server.Reply(body + bytes([i]), rate=300000))
            items.append({"label": f"file-{i}", "urls": [s.url(f"/f{i}")],
                          "sha256": server.sha256(body + bytes([i])),
                          "size": len(body) + 1})
        path = xt.write(os.path.join(home, "items.json"), json.dumps(items))
        command = ["sh", "-c", f"exec {xt.XORCH} __fetch -v < {path}"]
        code, out = on_terminal(command, home, 50, binary="", TERM="xterm")
        xt.equal(code, 0, out)
        xt.check(re.search("\x1b\\[[0-9]+A", out) and " of 200.0 kB" in out, out)
        left = screen(out)
        xt.equal(len([line for line in left if "fetched 200.0 kB" in line]), 12, left)
        xt.check(not any("%" in line for line in left), left)
        drawn = re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", out)
        xt.check(all(len(line) <= 50 for line in re.split("[\r\n]+", drawn)
                     if line.startswith("  ")), drawn)


def test_U01_rate_and_time_left():
    """Three files of 4 s, by a server that sends 150 kB/s of each."""
    with xt.scratch() as home, server.Server() as s:
        items = []
        for i in range(3):
            body = b"x" * 600000 + bytes([i])
            s.add(f"/f{i}", server.Reply(body, rate=150000))
            items.append({"label": f"file-{i}", "urls": [s.url(f"/f{i}")],
                          "sha256": server.sha256(body), "size": len(body)})
        path = xt.write(os.path.join(home, "items.json"), json.dumps(items))
        command = ["sh", "-c", f"exec {xt.XORCH} __fetch < {path}"]
        code, out = on_terminal(command, home, 90, binary="", TERM="xterm")
        xt.equal(code, 0, out)
        lines = re.split("[\r\n]+", re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", out))
        amount = r"  [0-9.]+ [kM]?B of ([0-9.]+ [kM]B)  [0-9]+%"
        one, all_of_them = [], []
        for line in lines:
            if found := re.fullmatch(rf"  (file-[0-2]|downloads){amount}(?:  ([0-9.]+) kB/s"
                                     r"(?:  about ([0-9]+) s left)?)?", line):
                name, total, rate, left = found.groups()
                xt.equal(total, "1.8 MB" if name == "downloads" else "600.0 kB", line)
                if left:
                    (all_of_them if name == "downloads" else one).append(
                        (float(rate), int(left)))
        xt.check(one and all_of_them, out)
        xt.check(all(50 < rate < 250 and left <= 8 for rate, left in one), one)
        xt.check(all(150 < rate < 700 and left <= 8 for rate, left in all_of_them),
                 all_of_them)
        xt.check(all_of_them[-1][1] <= 2, all_of_them)


def test_Y12_too_large():
    with xt.scratch() as home:
        recipe(home, GOOD + "extra:\n" + "".join(f"  k{i}: v\n" for i in range(200000)))
        begun = time.monotonic()
        r = xt.run(["check", "r.yaml"], home=home)
        xt.equal(r.code, 2)
        xt.check("[X0215]" in r.err and "larger than 1 MiB" in r.err, r)
        recipe(home, GOOD + "#" + "x" * (2 << 20))
        xt.check("[X0215]" in xt.run(["check", "r.yaml"], home=home).err)
        xt.check(time.monotonic() - begun < 10)


def test_Y22_kinds_of_paths():
    with xt.scratch() as home:
        os.mkfifo(os.path.join(home, "fifo.yaml"))
        os.mkdir(os.path.join(home, "d.yaml"))
        recipe(home, GOOD)
        for args, code, text in (
                (["fifo.yaml"], 2, "not a regular file"), (["d.yaml"], 2, "no recipe in"),
                (["/dev/zero"], 2, "not a regular file"), (["none"], 2, "no such file"),
                (["r.yaml", "./r.yaml", "."], 0, "1 file checked"), ([], 0, "1 file")):
            r = xt.run(["check", *args], home=home, timeout=20)
            xt.equal(r.code, code, args, r)
            xt.check(text in r.err, args, r)
        r = xt.run(["check", "-"], home=home, stdin=GOOD.encode())
        xt.equal(r.code, 0, r)


def test_Y22_unreadable():
    with xt.scratch() as home:
        path = recipe(home, GOOD)
        os.chmod(path, 0)
        if os.access(path, os.R_OK):  # root reads everything: ask as somebody else
            os.chmod(home, 0o755)
            p = subprocess.run([xt.XORCH, "check", path], env=xt.environment(home),
                               user=65534, group=65534, extra_groups=[], cwd="/",
                               capture_output=True, text=True)
            code, err = p.returncode, p.stderr
        else:
            r = xt.run(["check", path], home=home)
            code, err = r.code, r.err
        xt.equal(code, 2, err)
        xt.check("Permission denied" in err, err)


def test_quiet():
    with xt.scratch() as home:
        recipe(home, GOOD)
        r = xt.run(["check", "-q", "r.yaml"], home=home)
        xt.equal((r.code, r.out, r.err), (0, "", ""))


def test_every_code_is_explained():
    r = xt.run(["explain", "--json"])
    codes = r.json["codes"]
    xt.check(len(codes) > 50)
    for entry in codes:
        xt.check(re.fullmatch("X[0-9]{4}", entry["code"]), entry)
        xt.check(len(entry["title"]) < 80 and entry["text"].endswith("."), entry)


def test_help_of_every_verb():
    overview = xt.run(["help"])
    verbs = re.findall("^  ([a-z]+) ", overview.out, re.M)
    xt.check("check" in verbs and "explain" in verbs, verbs)
    for verb in verbs:
        by_verb = xt.run(["help", verb])
        xt.equal(by_verb.code, 0)
        xt.equal(by_verb.out, xt.run([verb, "--help"]).out)
        xt.check(max(map(len, by_verb.out.split("\n"))) <= 90, by_verb.out)


def shared_library(name):
    """Where the loader finds it."""
    listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    found = re.search(rf"^\t{re.escape(name)}\.so\.[0-9.]+ .*x86-64.* => (.*)$", listing, re.M)
    xt.check(found, f"no {name} on this machine")
    return os.path.realpath(found.group(1))


def test_a_library_is_loaded_when_needed():
    """Without libcurl, libgit2, libsolv and libarchive the rest works; whoever needs one
    is told which is missing."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "foo.yaml"), GOOD)
        hide = ["bwrap", "--dev-bind", "/", "/"]
        for name in ("libcurl", "libgit2", "libsolvext", "libarchive"):
            hide += ["--ro-bind", "/dev/null", shared_library(name)]
        def without(*args):
            return subprocess.run([*hide, xt.XORCH, *args], cwd=home, text=True,
                                  env=xt.environment(home), capture_output=True)
        done = without("version")
        xt.equal(done.returncode, 0, done.stderr)
        done = without("audit", "foo.yaml")
        xt.check("cannot be loaded" not in done.stderr, done.stderr)
        done = without("version", "--verbose")
        xt.equal(done.returncode, 8, done.stderr)
        xt.check(re.match(r"error\[X0843\]: lib[a-z]+\.so\.[0-9.]+ cannot be loaded: ",
                          done.stderr), done.stderr)
        xt.check("= help: " in done.stderr, done.stderr)


if __name__ == "__main__":
    xt.main(globals())
