"""Rows S01, S05, B07, B10, B12, B14: the sandbox as the user meets it."""
import os
import subprocess

import xt


def bwrap_that_fails(folder, message):
    path = xt.write(os.path.join(folder, "bwrap"),
                    f"#!/bin/sh\necho 'bwrap: {message}' >&2\nexit 1\n")
    os.chmod(path, 0o755)
    return path


def test_S01_named_level():
    with xt.scratch() as home:
        fake = bwrap_that_fails(home, "No permissions to create new namespace")
        r = xt.run(["__sandbox", "--sandbox", "bwrap", "true"], home=home,
                   XORCH_BWRAP=fake)
        xt.equal(r.code, 8, r)
        xt.check("error[X0801]" in r.err and "No permissions" in r.err, r)
        xt.check("= help:" in r.err and "--sandbox env" in r.err, r)


def test_S01_auto():
    with xt.scratch() as home:
        fake = bwrap_that_fails(home, "No permissions to create new namespace")
        r = xt.run(["__sandbox", "echo", "built"], home=home, XORCH_BWRAP=fake)
        xt.equal((r.code, r.out), (0, "built\n"), r)
        xt.equal(r.err.count("warning:"), 1, r)
        xt.check("the network is open" in r.err and "No permissions" in r.err, r)


def test_S01_not_installed():
    r = xt.run(["__sandbox", "--sandbox", "bwrap", "true"], XORCH_BWRAP="/nowhere/bwrap")
    xt.equal(r.code, 8, r)
    xt.check("bubblewrap is not installed" in r.err and "apt-get install" in r.err, r)


def test_S01_env_level_says_open_network():
    r = xt.run(["__sandbox", "--sandbox", "env", "true"])
    xt.equal(r.code, 0, r)
    xt.equal(r.err.count("the network is open"), 1, r)


def test_S01_chroot():
    """In a plain chroot no user namespace can be made; auto still builds."""
    if os.geteuid() != 0:
        print("not root: nothing to test")
        return
    with xt.scratch() as home:
        root = os.path.join(home, "root")
        os.mkdir(root)
        script = f"""
            for d in usr bin sbin lib lib64 proc dev tmp etc {home.strip('/')}; do
                [ -e /$d ] || continue
                mkdir -p {root}/$d; mount --rbind /$d {root}/$d
            done
            for d in {os.path.dirname(xt.XORCH)}; do
                mkdir -p {root}$d; mount --bind $d {root}$d
            done
            exec chroot {root} {xt.XORCH} __sandbox "$@"
        """
        def run(*args):
            return subprocess.run(
                ["unshare", "-m", "sh", "-c", script, "sh", *args], cwd="/",
                env=xt.environment(home), stdin=subprocess.DEVNULL, timeout=60,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        p = run("--sandbox", "bwrap", "true")
        xt.equal(p.returncode, 8, p)
        xt.check("X0801" in p.stderr and "chroot" in p.stderr, p.stderr)
        p = run("echo", "built")
        xt.equal((p.returncode, p.stdout), (0, "built\n"), p.stderr)


def test_S01_inside_another_bwrap():
    with xt.scratch() as home:
        outer = ["bwrap", "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/",
                 "--proc", "/proc", "--dev", "/dev", "--bind", home, home, "--tmpfs", "/tmp",
                 "--bind", home, home, "--ro-bind", xt.BUILD, xt.BUILD,
                 "--chdir", home, xt.XORCH, "__sandbox"]

        def run(*args):
            return subprocess.run([*outer, *args], env=xt.environment(home, TMPDIR=home),
                                  stdin=subprocess.DEVNULL, timeout=60, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p = run("echo", "built")
        xt.equal((p.returncode, p.stdout), (0, "built\n"), p.stderr)
        p = run("--sandbox", "bwrap", "echo", "built")
        xt.check(p.returncode == 0 or (p.returncode == 8 and "X0801" in p.stderr and
                                       "= help:" in p.stderr), p)


def test_S05_secrets():
    with xt.scratch() as home:
        xt.write(os.path.join(home, ".netrc"), "machine x password swordfish")
        os.mkdir(os.path.join(home, "project"))
        script = (f"cat {home}/.netrc ~/.netrc /proc/*/environ /run/docker.sock "
                  "/var/run/docker.sock /etc/shadow 2>/dev/null | tr '\\0' '\\n'; "
                  "env; ls /root /home 2>/dev/null; true")
        for level in ("bwrap", "landlock"):
            r = xt.run(["__sandbox", "--sandbox", level, "sh", "-c", script], home=home,
                       cwd=os.path.join(home, "project"), TOKEN="swordfish",
                       SSH_AUTH_SOCK="/swordfish")
            xt.equal(r.code, 0, r)
            xt.check("swordfish" not in r.out, r)


def test_B10_B12_environment():
    for level in ("bwrap", "landlock", "env"):
        r = xt.run(["__sandbox", "--sandbox", level, "env"], CFLAGS="-bad",
                   LD_PRELOAD="", PYTHONPATH="/bad", PKG_CONFIG_PATH="/bad",
                   AWS_SECRET_ACCESS_KEY="bad")
        xt.equal(r.code, 0, r)
        names = {line.split("=")[0] for line in r.out.splitlines()}
        xt.check(names <= {"HOME", "TMPDIR", "PATH", "PWD"}, names)


def test_B14_target_code():
    elf = (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00\x01\x00\x00\x00"
           + bytes(44))
    with xt.scratch() as home:
        path = xt.write(os.path.join(home, "conftest"), elf)
        os.chmod(path, 0o755)
        r = xt.run(["__sandbox", "sh", "-c", "./conftest"], home=home, cwd=home)
        xt.check(r.code in (126, 127, 2), r)
        r = xt.run(["__sandbox", "./conftest"], home=home, cwd=home)
        xt.equal(r.code, 8, r)
        xt.check("Exec format error" in r.err, r)


xt.main(globals())
