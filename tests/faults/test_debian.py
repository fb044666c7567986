"""Rows H10 to H14 of the fault table and what a set of Debian packages goes through:
a signed archive of our own, served on this machine."""
import os
import shutil

import xt
from archives import Member, deb, gz
from debian_archive import Archive, Key, SUITE, date, refused, NOW
from server import sha256


def simple(a, **publish):
    a.add("tool", "1.0", {"lib/tool/a.txt": b"hello\n", "usr/share/doc/tool/x": b"doc\n"},
          depends="lib (>= 1)")
    a.add("lib", "1.5", members=[Member("./usr/lib/libx.so", link="/lib/tool/a.txt")])
    a.add("other", "1.0")
    a.publish(**publish)
    a.define("mini", ["tool"], prune=["usr/share/doc"])


def nothing_kept(a):
    xt.equal(a.trees(), [])
    xt.equal(a.left_over(), [])
    xt.check(not os.path.exists(a.lock_path("mini")), "a lock was written")


def works_now(a, name="mini"):
    """After the fault: the same command does it, without cleaning up."""
    a.publish()
    r = a.xorch("fetch", "--toolchain", name)
    xt.equal(r.code, 0, r)
    return r.out.strip()


def test_security_updates():
    """A definition that names another suite takes what is newer there, from that suite's
    own pool; the rest is the suite's. It is held to the same rules."""
    with Archive() as a:
        simple(a)
        a.define("plain", ["tool"])
        suite, own = SUITE + "-security", a.packages
        a.packages = {}
        path = "pool/updates/main/t/tool/tool_1.1_amd64.deb"
        a.add("tool", "1.1", {"lib/tool/a.txt": b"mended\n"}, depends="lib (>= 1)",
              Filename=path)
        a.server.add("/" + path, a.packages["tool"]["body"])
        a.publish(suite=suite, **{"Valid-Until": date(NOW - 5)})
        updates, a.packages = a.packages, own
        a.define("mini", ["tool"], updates=[suite])
        refused(a.xorch("fetch", "--toolchain", "mini"), 6, "[X0635]", suite)
        nothing_kept(a)
        a.packages = updates
        a.publish(suite=suite)
        r = a.xorch("fetch", "--toolchain", "mini")
        xt.equal(r.code, 0, r)
        with open(os.path.join(r.out.strip(), "usr/lib/libx.so")) as f:
            xt.equal(f.read(), "mended\n")
        with open(a.lock_path("mini")) as f:
            lock = f.read()
        xt.check("path: " + path in lock and "pool/main/l/lib/lib_1.5" in lock, lock)
        # The kept index serves again; another definition's is its own.
        xt.equal(a.xorch("lock", "--toolchain", "mini", "--upgrade").code, 0)
        r = a.xorch("fetch", "--toolchain", "plain")
        xt.equal(r.code, 0, r)
        with open(a.lock_path("plain")) as f:
            xt.check('"1.0"' in f.read(), "the other suite's package was taken")


def test_whole_way():
    with Archive() as a:
        simple(a)
        r = a.xorch("fetch", "--toolchain", "mini")
        xt.equal(r.code, 0, r)
        tree = r.out.strip()
        with open(os.path.join(tree, "usr/lib/libx.so")) as f:
            xt.equal(f.read(), "hello\n")
        xt.equal(os.readlink(os.path.join(tree, "usr/lib/libx.so")), "tool/a.txt")
        xt.equal(os.readlink(os.path.join(tree, "lib")), "usr/lib")
        xt.check(not os.path.exists(os.path.join(tree, "usr/share")), "not pruned")
        with open(a.lock_path("mini")) as f:
            lock = f.read()
        xt.check("path: pool/main/t/tool/tool_1.0_amd64.deb" in lock, lock)
        xt.check("name: lib" in lock and "other" not in lock, lock)
        xt.check(a.server.base not in lock, "the lock holds a URL", lock)

        # again: nothing is asked; a new store with the lock: no index
        before = a.server.count()
        r = a.xorch("fetch", "--toolchain", "mini", "--locked")
        xt.equal((r.code, r.out.strip()), (0, tree), r)
        xt.equal(a.server.count(), before)
        shutil.rmtree(os.path.join(a.home, "cache"))
        r = a.xorch("fetch", "--toolchain", "mini", "--locked")
        xt.equal((r.code, r.out.strip()), (0, tree), r)
        xt.equal(a.server.count() - before, 2, a.server.requests[before:])
        r = a.xorch("lock", "--toolchain", "mini")
        xt.check(r.code == 0 and "unchanged" in r.out, r)


def test_not_locked():
    with Archive() as a:
        simple(a)
        r = a.xorch("fetch", "--toolchain", "mini", "--locked")
        refused(r, 4, "[X0430]", "not locked yet", "xorch lock --toolchain mini")
        xt.equal(a.server.count(), 0)
        works_now(a)
        a.define("mini", ["tool", "other"])
        r = a.xorch("fetch", "--toolchain", "mini", "--locked")
        refused(r, 4, "[X0430]", "`packages` changed since")
        works_now(a)


def test_offline_lists_all():
    with Archive() as a:
        simple(a)
        works_now(a)
        shutil.rmtree(os.path.join(a.home, "cache"))
        before = a.server.count()
        r = a.xorch("fetch", "--toolchain", "mini", "--offline")
        refused(r, 5, "tool_1.0_amd64.deb", "lib_1.5_amd64.deb")
        xt.equal(a.server.count(), before)


def test_H10_unsigned():
    with Archive() as a:
        simple(a, inrelease=lambda signed: b"\n".join(
            signed.split(b"-----BEGIN PGP SIGNATURE")[0].split(b"\n")[3:]))
        refused(a.xorch("fetch", "--toolchain", "mini"), 6, "[X0631]", "no signature")
        nothing_kept(a)
        works_now(a)


def test_H10_bad_signature():
    with Archive() as a:
        simple(a, inrelease=lambda signed: signed.replace(b"Origin: Debian",
                                                          b"Origin: Debiau"))
        refused(a.xorch("fetch", "--toolchain", "mini"), 6, "[X0631]",
                "its signature is bad")
        nothing_kept(a)
        works_now(a)


def test_H10_unknown_key():
    with Archive() as a:
        stranger = Key("stranger")
        try:
            own, a.key = a.key, stranger
            simple(a)
            a.define("mini", ["tool"], fingerprints=[own.fingerprint])
            r = a.xorch("fetch", "--toolchain", "mini")
            refused(r, 6, "[X0631]", "a key not in the keyring", own.fingerprint)
            # in the keyring, but not one that the definition names
            xt.write(a.keyring, own.public + stranger.public)
            r = a.xorch("fetch", "--toolchain", "mini")
            refused(r, 6, "[X0631]", "by " + stranger.fingerprint + ", which may not")
            nothing_kept(a)
            a.key = own
            works_now(a)
        finally:
            stranger.close()


def test_H10_text_around():
    for change in (lambda s: b"Origin: evil\n" + s, lambda s: b"\n" + s,
                   lambda s: s + b"Origin: evil\n", lambda s: s + s,
                   lambda s: s.replace(b"Hash: SHA256", b"Hash: SHA256\nOrigin: evil"),
                   lambda s: s[:len(s) // 2], lambda s: b""):
        with Archive() as a:
            simple(a, inrelease=change)
            refused(a.xorch("fetch", "--toolchain", "mini"), 6, "[X0631]")
            nothing_kept(a)
            works_now(a)


def test_H10_previous_state_kept():
    with Archive() as a:
        simple(a)
        works_now(a)
        with open(a.lock_path("mini")) as f:
            before = f.read()
        a.add("tool", "2.0")
        a.publish(inrelease=lambda signed: signed.replace(b"Debian", b"debian"))
        r = a.xorch("lock", "--toolchain", "mini", "--upgrade")
        refused(r, 6, "[X0631]")
        with open(a.lock_path("mini")) as f:
            xt.equal(f.read(), before)


def test_H11_expired():
    with Archive() as a:
        simple(a, **{"Valid-Until": date(NOW - 86400)})
        refused(a.xorch("fetch", "--toolchain", "mini"), 6, "[X0635]", "it expired")
        nothing_kept(a)
        works_now(a)


def test_H11_older_than_the_lock():
    with Archive() as a:
        simple(a)
        works_now(a)
        a.time = NOW - 86400
        a.publish()
        r = a.xorch("lock", "--toolchain", "mini", "--upgrade")
        refused(r, 6, "[X0635]", "older than the one known", date(NOW),
                date(NOW - 86400))
        # with the lock nothing of the index is needed, so it works all the same
        shutil.rmtree(os.path.join(a.home, "cache"))
        r = a.xorch("fetch", "--toolchain", "mini")
        xt.equal(r.code, 0, r)


def test_H11_other_suite():
    with Archive() as a:
        simple(a, Suite="unstable", Codename="sid")
        refused(a.xorch("fetch", "--toolchain", "mini"), 6, "[X0634]", "suite sid")
        nothing_kept(a)
        works_now(a)


def test_H12_plain_name_is_another():
    """The plain name already has tomorrow's file: by-hash still has today's."""
    with Archive() as a:
        simple(a, packages=b"tomorrow's")
        r = a.xorch("fetch", "--toolchain", "mini")
        xt.equal(r.code, 0, r)


def test_H12_mirror_midway():
    with Archive() as a:
        simple(a, packages=b"tomorrow's")
        for path in list(a.server.replies):
            if "by-hash" in path:
                del a.server.replies[path]
        r = a.xorch("fetch", "--toolchain", "mini")
        refused(r, 5, "[X0520]", "is being updated", "try again")
        xt.equal(a.server.count(f"/dists/{SUITE}/InRelease"), 2)
        nothing_kept(a)
        works_now(a)


def test_H12_second_look():
    """Yesterday's Release, then today's, while Packages is today's already."""
    with Archive() as a:
        simple(a)
        old = a.server.replies[f"/dists/{SUITE}/InRelease"][0]
        for path in list(a.server.replies):
            if "by-hash" in path:
                del a.server.replies[path]
        a.add("tool", "1.1", depends="lib")
        a.time += 3600
        a.publish(inrelease=lambda signed: [old.body, signed])
        r = a.xorch("fetch", "--toolchain", "mini")
        xt.equal(r.code, 0, r)
        with open(a.lock_path("mini")) as f:
            xt.check("tool_1.1_amd64.deb" in f.read(), "yesterday's was taken")


def test_H13_entries():
    for field, value, says in (("SHA256", None, "has no SHA256"),
                               ("SHA256", "abc", "has no SHA256"),
                               ("Filename", "../../etc/x.deb", "leads elsewhere"),
                               ("Filename", "/etc/x.deb", "leads elsewhere"),
                               ("Size", None, "has no size")):
        with Archive() as a:
            simple(a)
            a.add("tool", "1.0", **{field: value})
            a.publish()
            r = a.xorch("fetch", "--toolchain", "mini")
            refused(r, 6, "[X0632]", "tool", says)
            nothing_kept(a)
            a.add("tool", "1.0")
            works_now(a)


def test_H13_size_or_sum_of_the_file():
    for field, value in (("Size", 1), ("Size", 10 ** 6), ("SHA256", "0" * 64)):
        with Archive() as a:
            simple(a)
            a.add("tool", "1.0", **{field: value})
            a.publish()
            r = a.xorch("fetch", "--toolchain", "mini")
            refused(r, 6, "tool_1.0_amd64.deb")
            xt.equal(a.trees(), [])
            a.add("tool", "1.0")
            a.publish()
            r = a.xorch("lock", "--toolchain", "mini", "--upgrade")
            xt.equal(r.code, 0, r)
            works_now(a)


def without_programs(a, *programs):
    """A PATH with just these (name, script)."""
    folder = os.path.join(a.folder, "bin")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, script in programs:
        path = xt.write(os.path.join(folder, name), script)
        os.chmod(path, 0o755)
    return folder


def test_H14_no_verifier():
    with Archive() as a:
        simple(a)
        r = a.xorch("fetch", "--toolchain", "mini", PATH=without_programs(a))
        refused(r, 8, "[X0840]", "install gpgv")
        nothing_kept(a)
        works_now(a)


def test_H14_verifier_that_says_nothing():
    good = f"[GNUPG:] VALIDSIG {'A' * 40}"
    for script in ("#!/bin/sh\nexit 0\n", "#!/bin/sh\nexit 2\n",
                   "#!/bin/sh\nkill -9 $$\n", "#!/bin/sh\necho $4\n",
                   f"#!/bin/sh\necho '{good}'\n", "not a program"):
        with Archive() as a:
            simple(a)
            r = a.xorch("fetch", "--toolchain", "mini",
                        PATH=without_programs(a, ("gpgv", script)))
            xt.check(r.code in (6, 8), r)
            nothing_kept(a)


def test_H14_expired_or_revoked_key():
    with Archive() as a:
        simple(a)
        for word in ("EXPKEYSIG", "REVKEYSIG", "EXPSIG", "BADSIG"):
            script = (f"#!/bin/sh\necho '[GNUPG:] NEWSIG'\n"
                      f"echo '[GNUPG:] {word} 0123456789ABCDEF x'\n"
                      f"echo '[GNUPG:] VALIDSIG {a.key.fingerprint} 2025-01-01 1 0 4 0 22 "
                      f"8 01 {a.key.fingerprint}'\n")
            r = a.xorch("fetch", "--toolchain", "mini",
                        PATH=without_programs(a, ("gpgv", script)))
            refused(r, 6, "[X0631]", "0123456789ABCDEF")
            nothing_kept(a)


def test_H14_sqv_instead():
    """Without gpgv sqv is asked: its own way to answer, here spoken by a script, and
    the program itself where it is installed."""
    with Archive() as a:
        simple(a)
        say = f"#!/bin/sh\necho {a.key.fingerprint}\n"
        no = "#!/bin/sh\necho 'No good signature' >&2\nexit 1\n"
        r = a.xorch("fetch", "--toolchain", "mini",
                    PATH=without_programs(a, ("sqv", no)))
        refused(r, 6, "[X0631]", "No good signature")
        r = a.xorch("fetch", "--toolchain", "mini",
                    PATH=without_programs(a, ("sqv", say)))
        xt.equal(r.code, 0, r)
    real = shutil.which("sqv")
    if real:
        with Archive() as a:
            simple(a)
            path = without_programs(a)
            os.symlink(real, os.path.join(path, "sqv"))
            r = a.xorch("fetch", "--toolchain", "mini", PATH=path)
            xt.equal(r.code, 0, r)
            a.publish(inrelease=lambda s: s.replace(b"Debian", b"debian"))
            r = a.xorch("lock", "--toolchain", "mini", "--upgrade", PATH=path)
            refused(r, 6, "[X0631]")


def test_keyring_missing():
    with Archive() as a:
        simple(a)
        r = a.xorch("fetch", "--toolchain", "mini", XORCH_KEYRING_DEBIAN="/nowhere.gpg")
        refused(r, 8, "[X0841]", "/nowhere.gpg")


def test_gone_exact():
    with Archive() as a:
        simple(a)
        works_now(a)
        shutil.rmtree(os.path.join(a.home, "cache"))
        a.add("tool", "1.2", depends="lib")
        a.time += 3600
        a.publish()
        with open(a.lock_path("mini")) as f:
            before = f.read()
        r = a.xorch("fetch", "--toolchain", "mini")
        refused(r, 4, "[X0431]", "tool 1.0, now in the suite: 1.2",
                "xorch lock --toolchain mini --upgrade", "XORCH_MIRROR_DEBIAN")
        with open(a.lock_path("mini")) as f:
            xt.equal(f.read(), before)
        r = a.xorch("lock", "--toolchain", "mini", "--upgrade")
        xt.check(r.code == 0 and "written" in r.out, r)
        works_now(a)


def test_gone_runtime_moves_on():
    with Archive() as a:
        simple(a)
        a.define("mini", ["tool"], exact=["tool"])
        first = works_now(a)
        with open(a.lock_path("mini")) as f:
            xt.equal(f.read().count("kind: runtime"), 1)
        shutil.rmtree(os.path.join(a.home, "cache"))
        a.add("lib", "1.6")
        a.time += 3600
        a.publish()
        r = a.xorch("fetch", "--toolchain", "mini", "--locked")
        refused(r, 4, "[X0431]", "lib 1.5, now in the suite: 1.6")
        r = a.xorch("fetch", "--toolchain", "mini")
        xt.equal(r.code, 0, r)
        xt.check("lib 1.5 is gone, taking 1.6" in r.err, r)
        xt.check(r.out.strip() != first, "another tree has another key")
        with open(a.lock_path("mini")) as f:
            lock = f.read()
        xt.check('version: "1.6"' in lock and date(a.time) in lock, lock)


def test_without():
    with Archive() as a:
        simple(a)
        a.define("mini", ["tool"], without=["lib"])
        r = a.xorch("fetch", "--toolchain", "mini", "--json")
        xt.equal(r.code, 0, r)
        one = r.json["definitions"][0]
        xt.equal((one["kind"], one["name"], one["target"]), ("toolchain", "mini", "any"))
        xt.check(not os.path.lexists(os.path.join(one["path"], "usr/lib/libx.so")), r)


def test_A_hostile_package():
    """One bad package among good ones: nothing of the tree stays, nothing outside is
    touched."""
    outside = "xorch-was-here"
    for member in (Member("../" + outside, b"x"), Member("/tmp/" + outside, b"x"),
                   Member("./usr/l", link="../../../../tmp"),
                   Member("./dev/x", type="3"), Member("./usr/f", type="6"),
                   Member("./usr/h", type="1", link="/etc/passwd")):
        with Archive() as a:
            simple(a)
            a.add("lib", "1.5", members=[Member("./usr/good", b"x"), member])
            a.publish()
            r = a.xorch("fetch", "--toolchain", "mini")
            refused(r, 6, "[X0620]", "lib_1.5_amd64.deb")
            xt.equal(a.trees(), [])
            xt.equal(a.left_over(), [])
            xt.check(not os.path.exists("/tmp/" + outside), "written outside")
            a.add("lib", "1.6")
            a.publish()
            r = a.xorch("lock", "--toolchain", "mini", "--upgrade")
            xt.equal(r.code, 0, r)
            works_now(a)


def test_A_two_packages_one_file():
    with Archive() as a:
        simple(a)
        a.add("lib", "1.5", {"usr/lib/tool/a.txt": b"mine\n"})
        a.publish()
        r = a.xorch("fetch", "--toolchain", "mini", "--jobs", "1")
        refused(r, 6, "[X0620]", "usr/lib/tool/a.txt", "something else brought it")


def test_A21_package_damaged():
    for data, says in ((b"", "an empty file"), (b"<!DOCTYPE html><html>", "an HTML page"),
                       (deb("Package: lib\n", [])[:100], "ends within")):
        with Archive() as a:
            simple(a)
            a.add("lib", "1.5", data=data or b"")
            if not data:
                a.add("lib", "1.5", data=b"\n")
                says = "plain text"
            a.publish()
            r = a.xorch("fetch", "--toolchain", "mini")
            refused(r, 6, "[X0624]", "lib_1.5_amd64.deb", says)
            xt.equal(a.trees(), [])


def test_A16_digest_before_any_parser():
    """A gzip checksum that does not fit is not seen by libarchive: what saves us is that
    the file is hashed before anything reads it. The same bytes under their own sha256
    do get as far as the reader."""
    files = [Member("./usr/share/lib", b"payload")]
    good = deb("Package: lib\n", files, gz, ".gz")
    flipped = deb("Package: lib\n", files, lambda d: gz(d, crc=1), ".gz")
    xt.equal(len(good), len(flipped))
    with Archive() as a:
        simple(a)
        a.add("lib", "1.5", data=good)
        a.publish()
        a.server.add("/" + a.packages["lib"]["path"], flipped)
        r = a.xorch("fetch", "--toolchain", "mini")
        refused(r, 6, "[X0601]", "lib_1.5_amd64.deb", sha256(good)[:8])
        xt.check("X0622" not in r.err and "mini: unpack" not in r.err, "it was parsed", r)
        xt.equal(a.trees(), [])
        a.server.add("/" + a.packages["lib"]["path"], good)
        works_now(a)


def test_K01_killed_while_unpacking():
    with Archive() as a:
        simple(a)
        r = a.xorch("fetch", "--toolchain", "mini", XORCH_TEST_DIE_AT="extract")
        xt.equal(r.code, -9, r)
        xt.equal(a.trees(), [])
        tree = works_now(a)
        with open(os.path.join(tree, "usr/lib/tool/a.txt")) as f:
            xt.equal(f.read(), "hello\n")
        xt.equal(a.left_over(), [])


def test_C_eight_at_once():
    """Eight processes want the same tree: each file is fetched once, one makes it."""
    import subprocess
    with Archive() as a:
        simple(a)
        r = a.xorch("lock", "--toolchain", "mini")
        xt.equal(r.code, 0, r)
        env = xt.environment(a.home, XORCH_MIRROR_DEBIAN=a.server.base,
                             XORCH_KEYRING_DEBIAN=a.keyring, XORCH_CATALOG=a.catalog)
        started = [subprocess.Popen([xt.XORCH, "fetch", "--toolchain", "mini"], env=env,
                                    cwd=a.home, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE) for _ in range(8)]
        results = [p.communicate(timeout=200) + (p.returncode,) for p in started]
        for out, err, code in results:
            xt.equal(code, 0, err.decode())
        xt.equal(len({out for out, _, _ in results}), 1)
        for name in ("tool", "lib"):
            xt.equal(a.server.count("/" + a.packages[name]["path"]), 1)
        xt.equal(len(a.trees()), 1)


if __name__ == "__main__":
    xt.main(globals())
