"""Runs golden tests: what xorch prints for given files and arguments.

A test is one file, tests/cli/NAME.test:

    # what it is about
    Args: check r.yaml
    Env: LC_ALL=C
    Exit: 2
    --- r.yaml
    text of a file in the folder it runs in
    --- stdin
    --- stdout
    --- stderr
    what must come out, to the byte

`Args` is split at blanks as a shell would. A section named `r.yaml (escaped)`
has backslash escapes for bytes that a text file cannot show. Sections stdout
and stderr that are missing must be empty. `golden.py --update FILE…` writes
what came out into the file, to be read before it is committed."""
import os
import shlex
import sys

import xt


def parse(path):
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    keys, sections, current = {"Env": []}, {}, None
    for line in lines:
        if line.startswith("--- "):
            current = line[4:]
            sections[current] = []
        elif current is not None:
            sections[current].append(line)
        elif line and not line.startswith("#"):
            key, _, value = line.partition(":")
            if key == "Env":
                keys["Env"].append(value.strip())
            elif key in ("Args", "Exit"):
                keys[key] = value.strip()
            else:
                sys.exit(f"{path}: unknown key {key!r}")
    texts = {name: "\n".join(body).removesuffix("\n") for name, body in sections.items()}
    return keys, {name: text + "\n" if text else "" for name, text in texts.items()}


def content(name, text):
    if name.endswith(" (escaped)"):
        joined = text.rstrip("\n").replace("\\\n", "")
        return name[:-10], joined.encode().decode("unicode_escape").encode("latin-1")
    return name, text.encode()


def run(path):
    keys, sections = parse(path)
    with xt.scratch() as home:
        stdin = None
        for name, text in sections.items():
            if name in ("stdout", "stderr"):
                continue
            name, data = content(name, text)
            if name == "stdin":
                stdin = data
            else:
                xt.write(os.path.join(home, name), data)
        env = dict(pair.split("=", 1) for pair in keys["Env"])
        env.setdefault("COLUMNS", "80")
        result = xt.run(shlex.split(keys["Args"]), home=home, stdin=stdin, **env)
        result.out = result.out.replace(home, "HOME")
        result.err = result.err.replace(home, "HOME")
    return keys, sections, result


def update(path):
    keys, sections, result = run(path)
    with open(path, encoding="utf-8") as f:
        head = f.read()
    for mark in ("--- stdout\n", "--- stderr\n"):
        at = head.find("\n" + mark)
        if at >= 0:
            head = head[:at + 1]
    lines = [f"Exit: {result.code}" if line.startswith("Exit:") else line
             for line in head.split("\n")]
    out = "\n".join(lines)
    for name, text in (("stdout", result.out), ("stderr", result.err)):
        if text:
            out += f"--- {name}\n{text}"
    with open(path, "w", encoding="utf-8") as f:
        f.write(out)


def test(path):
    keys, sections, result = run(path)
    ok = result.code == int(keys["Exit"])
    ok = ok and result.out == sections.get("stdout", "")
    ok = ok and result.err == sections.get("stderr", "")
    if not ok:
        print(f"{path}: got\n{result!r}")
        print(f"wanted exit {keys['Exit']}\n--- stdout\n{sections.get('stdout', '')}"
              f"--- stderr\n{sections.get('stderr', '')}")
    return ok


if __name__ == "__main__":
    if sys.argv[1:2] == ["--update"]:
        for file in sys.argv[2:]:
            update(file)
    else:
        sys.exit(0 if all([test(file) for file in sys.argv[1:]]) else 1)
