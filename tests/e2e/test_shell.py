"""xorch shell: the sandbox of a build that was kept, as its last step had it."""
import os
import pty
import re
import select
import subprocess
import time

import packages
import test_hostile
import test_wheels
import xt

BROKEN = packages.ANSWER.replace("42", "42 +")
ID = "tiny-1.0-cp311-aarch64"


def build(home, *args, code=1, **env):
    result = xt.run(["build", "tiny.yaml", "--target", "aarch64", "--python", "cp311",
                     "--keep", *args], home=home, cwd=home,
                    XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
    if result.code != code:
        test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def shell(home, *args, code=0, **env):
    result = xt.run(["shell", *args], home=home, cwd=home,
                    XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
    xt.equal(result.code, code, result)
    return result


def failing(level):
    """A C file that does not compile, looked at, mended and compiled in its sandbox."""
    with xt.scratch() as home:
        packages.project(home, code=BROKEN)
        failed = build(home, "--sandbox", level)
        xt.check(f"`xorch shell {ID}` opens it" in failed.err, failed)
        # as the step saw it
        out = shell(home, ID, "--", "sh", "-c", "pwd; ls; echo $CC; $CC --version; "
                    "echo home $HOME; command -v gcc cargo | cat").out
        xt.check("tiny.c\n" in out and "setup.py\n" in out, out)
        xt.check("clang version" in out, out)
        inside = {"bwrap": r"^/xorch/src$"}.get(level, r"^/.*/kept/tiny.*/src$")
        xt.check(re.search(inside, out, re.M), out)
        if level != "env":  # which would let it
            out = shell(home, ID, "--", "sh", "-c", "touch /usr/xorch-test 2>&1 || true").out
            xt.check("touch: cannot touch" in out and not os.path.exists("/usr/xorch-test"),
                     out)
        # the exit status is the command's
        shell(home, ID, "--", "sh", "-c", "exit 7", code=7)
        # mended in place; what is changed stays from one visit to the next
        shell(home, ID, "--", "sed", "-i", "s/42 +/42/", "tiny.c")
        shell(home, ID, "--", "sh", "-c", "$CC $CFLAGS -fPIC -c tiny.c -o t.o "
              "$(for d in /xorch/python/include/python3.11 \"$(dirname \"$PWD\")\"; do echo "
              "-I$d; done)" if level == "bwrap" else "echo 1 > t.o")
        kept = os.path.join(home, ".local/state/xorch/kept")
        name, = os.listdir(kept)
        path = os.path.join(kept, name, "src", "t.o")
        if level == "bwrap":
            machine = subprocess.run(["readelf", "-h", path], capture_output=True, text=True)
            xt.check("AArch64" in machine.stdout, machine)
        # the network is cut as it was
        if level == "bwrap":
            r = shell(home, ID, "--", "sh", "-c", "cat /proc/net/dev")
            xt.equal(re.findall(r"^ *(\w+):", r.out, re.M), ["lo"], r)
        # the project itself is as it was, and no later build minds
        with open(os.path.join(home, "tiny-src", "tiny.c"), encoding="utf-8") as f:
            xt.check("42 +" in f.read())


def test_prune_beside_a_shell():
    """A folder that somebody is in stays; its last visit counts, not its making."""
    with xt.scratch() as home:
        packages.project(home, code=BROKEN)
        build(home)
        kept = os.path.join(home, ".local/state/xorch/kept")
        name, = os.listdir(kept)
        os.utime(os.path.join(kept, name), (1, 1))

        def prune(*args):
            return xt.run(["cache", "prune", "--json", *args], home=home).json
        inside = subprocess.Popen(
            [xt.XORCH, "shell", ID, "--", "sh", "-c", "echo in; while [ ! -e go ]; do "
             "sleep 0.1; done; cat tiny.c"],
            env=xt.environment(home, XORCH_CACHE_DIR=test_wheels.shared_cache()),
            cwd=home, stdout=subprocess.PIPE, text=True)
        try:
            xt.equal(inside.stdout.readline(), "in\n")
            for old in (os.path.join(kept, name, ".use"), os.path.join(kept, name)):
                os.utime(old, (1, 1))
            pruned = prune()
            xt.equal((pruned["removed"], pruned["in_use"]), (0, 1))
        finally:
            xt.write(os.path.join(kept, name, "src", "go"), "")
            out, _ = inside.communicate(timeout=60)
        xt.check("PyInit" in out or "42 +" in out, out)
        shell(home, ID, "--", "true")
        xt.equal(prune()["removed"], 0)
        xt.equal(os.listdir(kept), [name])
        for old in (os.path.join(kept, name, ".use"), os.path.join(kept, name)):
            os.utime(old, (1, 1))
        xt.equal(prune()["removed"], 1)
        xt.equal(os.listdir(kept), [])
        refused = shell(home, ID, "--", "true", code=2)
        xt.check("[X0852]" in refused.err, refused)


def test_failing_build_bwrap():
    failing("bwrap")


def test_failing_build_landlock():
    failing("landlock")


def test_failing_build_env():
    failing("env")


def test_library_and_script():
    """A library's last command, one of its script's."""
    with xt.scratch() as home:
        name = "lib" + packages.RUN[:8]
        xt.write(os.path.join(home, "recipes", "l-src", "a.c"), "int a(void) { return 1; }\n")
        xt.write(os.path.join(home, "recipes", name + ".yaml"),
                 f'schema_version: 1\npackage: {{name: {name}, version: "1.0"}}\n'
                 "kind: library\nsource: {path: l-src}\nbuild:\n  script:\n"
                 "    - $CC -fPIC -c a.c -o a.o\n    - exit 3\n")
        r = xt.run(["build", f"recipes/{name}.yaml", "--target", "armv7", "--keep"], home=home,
                   cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(r)
        xt.equal(r.code, 1, r)
        r = shell(home, f"{name}-1.0-linux-armv7", "--", "sh", "-c",
                  "echo $XORCH_TRIPLE $XORCH_DESTDIR; ls; readelf -h a.o | grep Machine")
        xt.check("arm-linux-gnueabihf" in r.out and "a.o" in r.out and "ARM" in r.out, r)


def test_go():
    with xt.scratch() as home:
        name = "prog" + packages.RUN[:8]
        xt.write(os.path.join(home, "recipes", "g-src", "go.mod"), f"module example.com/{name}\n\ngo 1.21\n")
        xt.write(os.path.join(home, "recipes", "g-src", "main.go"), "package main\n\nfunc main() { nope() }\n")
        xt.write(os.path.join(home, "recipes", name + ".yaml"),
                 f'schema_version: 1\npackage: {{name: {name}, version: "1.0"}}\n'
                 "kind: go-binary\nsource: {path: g-src}\n")
        r = xt.run(["build", f"recipes/{name}.yaml", "--target", "aarch64", "--keep"],
                   home=home, cwd=home, XORCH_CACHE_DIR=test_wheels.shared_cache())
        test_wheels.need_network(r)
        xt.equal(r.code, 1, r)
        r = shell(home, f"{name}-1.0", "--", "sh", "-c",
                  "go env GOOS GOARCH GOFLAGS; sed -i 's/nope()//' main.go; "
                  "go build -o /xorch/out/p . && cat /xorch/out/p | head -c 4 | od -c")
        xt.check("linux\narm64" in r.out and "177   E   L   F" in r.out, r)


def test_secrets_are_not_kept():
    with xt.scratch() as home:
        packages.project(home, setup="import sys\nif 'bdist_wheel' in sys.argv:\n"
                         "    raise SystemExit(1)\n" + test_hostile.END,
                         recipe="build: {env_pass: [MY_TOKEN]}\n")
        build(home, MY_TOKEN="tops3cret")
        for folder, _, files in os.walk(os.path.join(home, ".local")):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    xt.check(b"tops3cret" not in f.read(), folder, name)
        r = shell(home, ID, "--", "sh", "-c", "echo token=$MY_TOKEN")
        xt.check("token=\n" in r.out and "MY_TOKEN" in r.err, r)
        r = shell(home, ID, "--", "sh", "-c", "echo token=$MY_TOKEN", MY_TOKEN="again1")
        xt.check("token=again1\n" in r.out, r)


def test_what_was_not_kept():
    with xt.scratch() as home:
        r = shell(home, ID, "--", "true", code=2)
        xt.check("X0852" in r.err and f"xorch build {ID} --keep" in r.err, r)
        r = shell(home, code=2)
        xt.check("X0112" in r.err, r)
        packages.project(home, setup=test_hostile.END)
        build(home, "--force", code=0)  # one that went well too
        r = shell(home, ID, code=2)
        xt.check("X0112" in r.err and "terminal" in r.err, r)
        r = shell(home, "tiny-1.0", "--", "ls", "/xorch/out")
        xt.check("dist" in r.out, r)
        kept = os.path.join(home, ".local/state/xorch/kept")
        name, = os.listdir(kept)
        note = os.path.join(kept, name, "sandbox.json")
        with open(note, encoding="utf-8") as f:
            text = f.read()
        xt.write(note, text.replace("/trees/", "/gone/"))
        r = shell(home, ID, "--", "true", code=2)
        xt.check("X0853" in r.err and "/gone/" in r.err and "--force --keep" in r.err, r)
        xt.write(note, "{")
        r = shell(home, ID, "--", "true", code=2)
        xt.check("X0853" in r.err, r)


INTERRUPT, SUSPEND = "\x03", "\x1a"


def typed(home, *lines):
    """A shell on a terminal, these lines typed into it; what it showed, its status."""
    main, side = pty.openpty()
    p = subprocess.Popen([xt.XORCH, "shell", ID], cwd=home, stdin=side, stdout=side,
                         stderr=side, start_new_session=True, env=xt.environment(
                             home, XORCH_CACHE_DIR=test_wheels.shared_cache()))
    os.close(side)
    seen, deadline = "", time.monotonic() + 90
    for line in lines:
        mark = len(seen)
        if line == INTERRUPT:  # the command that it is meant for runs by then
            time.sleep(2)
        while line != INTERRUPT and f"{ID} " not in seen[mark:]:  # the prompt
            xt.check(time.monotonic() < deadline, seen)
            if select.select([main], [], [], 0.2)[0]:
                seen += os.read(main, 65536).decode()
        os.write(main, line.encode())
    seen += xt.drain(main).decode()
    return p.wait(timeout=30), seen


def on_terminal(level):
    """Job control, Ctrl-C ends what runs and not the shell, and what the build could do
    to a terminal it does to one of its own."""
    with xt.scratch() as home:
        packages.project(home, code=BROKEN)
        build(home, "--sandbox", level)
        code, seen = typed(home, "tty; ls\r", "sleep 600\r", INTERRUPT, "echo still here\r",
                           "exit 5\r")
        xt.equal(code, 5, seen)
        xt.check("still here\r\n" in seen and "tiny.c" in seen, seen)
        xt.check("no job control" not in seen and "cannot set terminal" not in seen, seen)


def test_terminal_bwrap():
    on_terminal("bwrap")


def test_terminal_landlock():
    on_terminal("landlock")


def command_typed(home, script, *keys):
    """A command on a terminal, a key typed at each line `ready` that it says; what it
    showed, its status, and the seconds from the last key to the end."""
    main, side = pty.openpty()
    p = subprocess.Popen([xt.XORCH, "shell", ID, "--", "sh", "-c", script], cwd=home,
                         stdin=side, stdout=side, stderr=side, start_new_session=True,
                         env=xt.environment(
                             home, XORCH_CACHE_DIR=test_wheels.shared_cache()))
    os.close(side)
    seen, deadline = "", time.monotonic() + 90
    try:
        for n, key in enumerate(keys, 1):
            while seen.count("ready\r\n") < n:
                xt.check(time.monotonic() < deadline, "never ready:", seen)
                if select.select([main], [], [], 0.2)[0]:
                    seen += os.read(main, 65536).decode()
            time.sleep(0.2)  # what it says it is ready for follows
            os.write(main, key.encode())
        begun = time.monotonic()
        code = p.wait(timeout=60)
        return code, seen + xt.drain(main).decode(), time.monotonic() - begun
    finally:
        p.kill()


def keys_of_a_command(level):
    """What is typed reaches the command and nothing that stands around it."""
    with xt.scratch() as home:
        packages.project(home, code=BROKEN)
        build(home, "--sandbox", level)
        code, seen, seconds = command_typed(home, "echo ready; exec sleep 100", INTERRUPT)
        xt.equal(code, 130, seen)
        xt.check(seconds < 30 and "error" not in seen, seconds, seen)
        # one that has something to put away first does so, and says how it ended
        code, seen, _ = command_typed(
            home, "trap 'sleep 1; echo put away; exit 3' INT; echo ready; sleep 100; "
            "echo no", INTERRUPT)
        xt.equal(code, 3, seen)
        xt.check("put away\r\n" in seen and "no\r\n" not in seen, seen)
        # one that goes on does, and the second is another's
        code, seen, _ = command_typed(
            home, "trap 'echo first' INT; echo ready; sleep 100; trap - INT; echo ready; "
            "exec sleep 100", INTERRUPT, INTERRUPT)
        xt.equal(code, 130, seen)
        xt.check("first\r\n" in seen, seen)
        # nobody is there who could wake what Ctrl-Z stops
        code, seen, _ = command_typed(home, "echo ready; sleep 2; echo done; exit 4", SUSPEND)
        xt.equal(code, 4, seen)
        xt.check("done\r\n" in seen, seen)


def test_keys_bwrap():
    keys_of_a_command("bwrap")


def test_keys_landlock():
    keys_of_a_command("landlock")


if __name__ == "__main__":
    xt.main(globals())
