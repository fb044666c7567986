"""xorch doctor: what it finds, what it says when something is missing."""
import json
import os
import shutil
import subprocess
import sys

import xt

# Starts a program under a filter of system calls that lets all of them through.
FILTERED = """import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
allow = (ctypes.c_ubyte * 8)(*struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
class Program(ctypes.Structure):
    _fields_ = [("size", ctypes.c_ushort), ("code", ctypes.c_void_p)]
program = Program(1, ctypes.addressof(allow))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program)) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""

STATES = {"ok", "note", "less", "missing"}


def test_text_and_json():
    with xt.scratch() as home:
        space = xt.write(os.path.join(home, "space"), "50000000000")
        text = xt.run(["doctor"], home=home, XORCH_TEST_FREE_SPACE_FILE=space)
        r = xt.run(["doctor", "--json"], home=home, XORCH_TEST_FREE_SPACE_FILE=space)
        xt.equal(text.code, r.code, text, r)
        document = r.json
        xt.equal(document["v"], 1)
        xt.equal(document["ok"], r.code == 0)
        xt.check(r.code in (0, 8), r)
        names = {c["check"] for c in document["checks"]}
        xt.check({"machine", "program", "sandbox", "binfmt", "cache", "python"} <= names,
                 names)
        for c in document["checks"]:
            xt.check(c["state"] in STATES and c["text"], c)
            xt.check(c["text"] in text.out, c, text)
        found = [c["text"] for c in document["checks"] if c["check"] == "python"]
        for p in document["pythons"]:
            xt.check(p["tag"].startswith("cp3") and os.access(p["executable"], os.X_OK), p)
            xt.check(any(p["executable"] in text for text in found), p)
        missing = [c for c in document["checks"] if c["state"] == "missing"]
        xt.equal(bool(missing), r.code == 8, missing)


def test_missing_things():
    with xt.scratch() as home:
        os.mkdir(os.path.join(home, "bin"))
        r = xt.run(["doctor", "--json"], home=home, PATH=os.path.join(home, "bin"),
                   PYENV_ROOT=None)
        xt.equal(r.code, 8, r)
        checks = r.json["checks"]
        gpgv = [c for c in checks if c["text"].startswith("gpgv")]
        xt.equal([c["state"] for c in gpgv], ["missing"], checks)
        xt.check("apt-get install gpgv" in gpgv[0]["help"], gpgv)
        bwrap = [c for c in checks if c["check"] == "sandbox" and "bwrap" in c["text"]]
        xt.check(bwrap[0]["state"] == "less" and "install bubblewrap" in bwrap[0]["help"],
                 bwrap)


def test_old_bubblewrap():
    """Stands for Debian 11's, which says just this."""
    with xt.scratch() as home:
        old = xt.write(os.path.join(home, "bwrap"), "#!/bin/sh\n"
                       "echo 'bwrap: Unknown option --perms' >&2\nexit 1\n")
        os.chmod(old, 0o755)
        r = xt.run(["doctor", "--json"], home=home, XORCH_BWRAP=old)
        bwrap, = [c for c in r.json["checks"] if c["check"] == "sandbox" and
                  "bwrap" in c["text"]]
        xt.check(bwrap["state"] == "less" and "too old" in bwrap["text"] and
                 "0.5.0" in bwrap["help"], bwrap)


def test_old_bubblewrap_in_a_container():
    """No setting of the container helps there, so it is its age that is said."""
    with xt.scratch() as home:
        old = xt.write(os.path.join(home, "bwrap"), "#!/bin/sh\n"
                       "echo 'bwrap: Unknown option --perms' >&2\nexit 1\n")
        os.chmod(old, 0o755)
        r = subprocess.run(
            [sys.executable, "-c", FILTERED, xt.XORCH, "doctor", "--json"],
            capture_output=True, text=True, cwd=home,
            env=xt.environment(home, XORCH_BWRAP=old))
        bwrap, = [c for c in json.loads(r.stdout)["checks"] if c["check"] == "sandbox" and
                  "bwrap" in c["text"]]
        xt.check("too old" in bwrap["text"] and "security-opt" not in bwrap["help"], bwrap)


def test_certificates():
    """None, as in a new container: doctor says what gets them."""
    with xt.scratch() as home:
        def certificates(**env):
            r = xt.run(["doctor", "--json"], home=home, SSL_CERT_DIR=None, **env)
            check, = [c for c in r.json["checks"] if c["check"] == "certificates"]
            return check
        own = xt.write(os.path.join(home, "own.pem"), "x")
        xt.equal(certificates(SSL_CERT_FILE=own, CURL_CA_BUNDLE=None)["state"], "ok")
        gone = certificates(SSL_CERT_FILE=own + "x", CURL_CA_BUNDLE=None)
        xt.equal(gone["state"], "less")
        xt.check("ca-certificates" in gone["help"] and own + "x" in gone["text"], gone)
        bare = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/etc/ssl", "--tmpfs",
                "/etc/pki" if os.path.isdir("/etc/pki") else "/mnt", "--", xt.XORCH]
        env = xt.environment(home, SSL_CERT_FILE=None, SSL_CERT_DIR=None,
                             CURL_CA_BUNDLE=None)
        r = subprocess.run([*bare, "doctor", "--json"], capture_output=True, text=True,
                           cwd=home, env=env)
        check, = [c for c in json.loads(r.stdout)["checks"] if c["check"] == "certificates"]
        xt.equal(check["state"], "less")
        xt.check("not there" in check["text"], check)


def test_pythons_that_recipes_want():
    with xt.scratch() as home:
        found = xt.run(["doctor", "--json"], home=home).json["pythons"]
        text = ("schema_version: 1\npackage: {name: %s, version: \"1.0\"}\nkind: wheel\n"
                "source: {path: src}\npython: {versions: [%s]}\n")
        here = found[0]["version"].rsplit(".", 1)[0] if found else "3.9t"
        for name in ("a", "b"):
            xt.write(os.path.join(home, "recipes", name + ".yaml"),
                     text % (name, f'"3.14t", "{here}"'))
        os.mkdir(os.path.join(home, "recipes", "src"))
        r = xt.run(["doctor"], home=home)
        xt.check("cp314t is not here; 2 recipes in recipes/ are for it" in r.out, r)
        if found:
            xt.check(found[0]["tag"] + " is not here" not in r.out, r)


def test_little_space():
    with xt.scratch() as home:
        space = xt.write(os.path.join(home, "space"), "5000000")
        r = xt.run(["doctor", "--json"], home=home, XORCH_TEST_FREE_SPACE_FILE=space)
        cache = [c for c in r.json["checks"] if c["check"] == "cache"]
        xt.equal([c["state"] for c in cache], ["less"], r)
        xt.check("5.0 MB free" in cache[0]["text"], cache)


def test_no_secrets():
    with xt.scratch() as home:
        r = xt.run(["doctor"], home=home, HTTPS_PROXY="http://me:swordfish@127.0.0.1:1",
                   XORCH_MIRROR_PYPI="http://me:swordfish@127.0.0.1:1/simple")
        xt.check("swordfish" not in r.out + r.err, r)
        xt.check("HTTPS_PROXY" in r.out and "XORCH_MIRROR_PYPI" in r.out, r)


def test_registries():
    with xt.scratch() as home:
        r = xt.run(["doctor", "--json"], home=home,
                   XORCH_MIRROR_DEBIAN="http://127.0.0.1:1/d http://127.0.0.1:2/d",
                   XORCH_MIRROR_PYPI="http://127.0.0.1:1/simple")
        texts = [c["text"] for c in r.json["checks"] if c["check"] == "registry"]
        xt.equal(texts[:2], ["Debian: 2 addresses known", "PyPI: 1 address known"])
        xt.check(texts[2].startswith("Rust crates: "), texts)
        r = xt.run(["doctor", "--json"], home=home,
                   XORCH_MIRROR_CRATES="http://127.0.0.1:1/index")
        texts = [c["text"] for c in r.json["checks"] if c["check"] == "registry"]
        xt.check("Rust crates: 1 address known" in texts, texts)
        r = xt.run(["doctor", "--json"], home=home, XORCH_APT_DIR=home,
                   XORCH_MIRROR_DEBIAN=None)
        bad = [c for c in r.json["checks"] if c["check"] == "registry"][0]
        xt.equal(bad["state"], "less", bad)
        xt.check("XORCH_MIRROR_DEBIAN" in bad["help"], bad)


def test_target_of_the_environment():
    r = xt.run(["doctor"], TARGETARCH="arm", TARGETVARIANT="v7")
    xt.check("asks for armv7 (linux/arm/v7)" in r.out, r)
    r = xt.run(["doctor"], TARGETARCH="arm")
    xt.check("needs a variant" in r.out, r)


UBUNTU = 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nID=ubuntu\nID_LIKE=debian\n'
FEDORA = 'PRETTY_NAME="Fedora Linux 41 (Container Image)"\nID=fedora\n'
ALMA = 'PRETTY_NAME="AlmaLinux 9.4"\nID="almalinux"\nID_LIKE="rhel centos fedora"\n'
ALPINE = 'PRETTY_NAME="Alpine Linux v3.20"\nID=alpine\n'
ARCH = 'PRETTY_NAME="Arch Linux"\nID=arch\n'
ODD = 'PRETTY_NAME="Odd"\nID=odd\n'


def on(home, release, programs, command, **env):
    """A command on this machine with another's os-release, which stands in for that
    system, and with just these programs (a name, or name and text of a script)."""
    path = xt.write(os.path.join(home, "os-release"), release)
    tools = os.path.join(home, "bin")
    shutil.rmtree(tools, ignore_errors=True)
    os.makedirs(tools)
    for program in programs:
        name, text = program if isinstance(program, tuple) else (program, None)
        if text is None:
            os.symlink(shutil.which(name), os.path.join(tools, name))
        else:
            os.chmod(xt.write(os.path.join(tools, name), text), 0o755)
    return xt.run(["--dev-bind", "/", "/", "--ro-bind", path,
                   os.path.realpath("/etc/os-release"), *command],
                  binary=shutil.which("bwrap"), home=home, PATH=tools, PYENV_ROOT=None,
                  **env)


def test_words_of_other_systems():
    with xt.scratch() as home:
        for release, manager, gpgv, python, host in (
                (UBUNTU, "apt-get", "apt-get install gpgv", "apt-get install python3,",
                 "Ubuntu 24.04.1 LTS is not Debian"),
                (UBUNTU, None, "apt-get install gpgv (apt-get is not here)",
                 "apt-get install python3 (apt-get is not here),", "XORCH_MIRROR_DEBIAN"),
                (FEDORA, "dnf", "dnf install gnupg2", "dnf install python3,",
                 "Fedora Linux 41 (Container Image) is not Debian"),
                (ALMA, "dnf", "dnf install gnupg2", "dnf install python3,",
                 "AlmaLinux 9.4"),
                (ALMA, "apt-get", "dnf install gnupg2 (dnf is not here)",
                 "dnf install python3 (dnf is not here),", "AlmaLinux 9.4"),
                (ALPINE, "apk", "apk add gpgv", "apk add python3,",
                 "has musl: xorch was not tried"),
                (ARCH, "pacman", "pacman -S gnupg", "pacman -S python,", "Arch Linux"),
                (ODD, None, "install gpgv (as Debian calls it) by this system's own means",
                 "install python3 (as", "Odd is not Debian")):
            r = on(home, release, [(manager, "#!/bin/sh\n")] if manager else [],
                   [xt.XORCH, "doctor", "--json"])
            xt.equal(r.code, 8, r)
            texts = {c["text"].split(":")[0].split(" ")[0]: c.get("help")
                     for c in r.json["checks"] if c["check"] == "program"}
            xt.equal(texts["gpgv"], gpgv)
            pythons = [c["help"] for c in r.json["checks"] if c["check"] == "python"]
            xt.check(pythons and python in pythons[0], pythons)
            other, = [c for c in r.json["checks"] if c["check"] == "host"]
            xt.check(other["state"] == "note" and host in other["text"] + other["help"],
                     other)
        # the archive of another distribution is not Debian's
        for line, state in (("http://a.example/ubuntu jammy main", "less"),
                            ("http://a.example/debian bookworm main", "ok")):
            xt.write(os.path.join(home, "apt/sources.list"), f"deb {line}\n")
            r = on(home, UBUNTU, [], [xt.XORCH, "doctor", "--json"],
                   XORCH_APT_DIR=os.path.join(home, "apt"))
            found, = [c for c in r.json["checks"]
                      if c["check"] == "registry" and c["text"].startswith("Debian:")]
            xt.equal(found["state"], state, found)
            xt.equal("XORCH_MIRROR_DEBIAN" in found.get("help", ""), state == "less", found)
        with open("/etc/os-release") as f:
            own = f.read()
        r = on(home, own, [], [xt.XORCH, "doctor", "--json"])
        xt.check(not [c for c in r.json["checks"] if c["check"] == "host"] or
                 "\nID=debian\n" not in own, r)


def test_bootstrap_on_other_systems():
    """It installs by apt-get or says what it would have; nothing is installed here."""
    need = ["bash", "sed", "grep", "tr", "dirname", "env", "id"]
    command = [os.path.join(xt.SOURCE, "orchestrator", "bootstrap"), "--packages-only"]
    apt = ("apt-get", '#!/bin/bash\necho "apt-get $*" >&2\n')
    policy = ("apt-cache", '#!/bin/bash\necho "  Candidate: %s"\n')
    compare = ("dpkg", '#!/bin/bash\n[ "$2 $4" = "2.80.0-6 2.74" ]\n')
    with xt.scratch() as home:
        for release, words in (
                (FEDORA, ("Fedora Linux 41 (Container Image) has no apt-get",
                          "libglib2.0-dev", "dnf install gcc", "glib2-devel", "debian:12",
                          "orchestrator/wheel.py")),
                (ALMA, ("AlmaLinux 9.4 has no apt-get", "dnf install gcc")),
                (ALPINE, ("Alpine Linux v3.20 has no apt-get", "not tried with musl")),
                (UBUNTU, ("Ubuntu 24.04.1 LTS has no apt-get", "debian:12"))):
            r = on(home, release, need, command)
            xt.equal(r.code, 8, r)
            for word in words:
                xt.check(word in r.err, word, r)
            xt.equal("dnf" in r.err, release in (FEDORA, ALMA), r)
        r = on(home, UBUNTU, [*need, apt, (policy[0], policy[1] % "2.80.0-6"), compare],
               command)
        xt.equal(r.code, 0, r)
        line, = [x for x in r.err.splitlines() if x.startswith("apt-get") and "install" in x]
        for name in ("libglib2.0-dev", "bubblewrap", "python3-dev"):
            xt.check(f" {name}" in line, name, r)
        r = on(home, UBUNTU.replace("24.04.1", "20.04.6"),
               [*need, apt, (policy[0], policy[1] % "2.64.6-1"), compare], command)
        xt.equal(r.code, 8, r)
        xt.check("Ubuntu 20.04.6 LTS offers GLib 2.64.6; xorch needs 2.74" in r.err, r)


xt.main(globals())
