"""Completion: the shells themselves are asked."""
import os
import re
import shutil
import subprocess

import monorepo
import xt


def script(shell):
    result = xt.run(["completion", shell])
    xt.equal([result.code, result.err], [0, ""], result)
    return result.out


def bash(line):
    """What bash would offer for the last word of a line."""
    words = line.split(" ")
    code = script("bash") + f"""
COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}
_xorch; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    p = subprocess.run(["bash", "--norc", "-euc", code], capture_output=True, text=True)
    xt.equal([p.returncode, p.stderr], [0, ""], code)
    return p.stdout.split()


def test_bash():
    offered = bash("xorch ")
    for verb in ("build", "plan", "check", "completion", "schema"):
        xt.check(verb in offered, offered)
    xt.check(not [v for v in offered if v.startswith("_")], offered)
    xt.equal(bash("xorch bui"), ["build"])
    xt.equal(bash("xorch build --changed"), ["--changed-since"])
    xt.equal(bash("xorch -q build --sandbox "), ["auto", "bwrap", "landlock", "env"])
    xt.equal(bash("xorch build rec"), [])  # files: -o default
    # values of options that are known, and words that a verb takes
    xt.equal(bash("xorch build --target arm"), ["armv7", "armv6", "armv5"])
    xt.equal(bash("xorch build --toolchain "), ["clang", "gcc"])
    xt.equal(bash("xorch build --report "), ["junit=", "sarif=", "gitlab="])
    xt.equal(bash("xorch build --sandbox = l"), ["landlock"])  # --sandbox=l, as bash has it
    xt.equal(bash("xorch build --sandbox ="), ["auto", "bwrap", "landlock", "env"])
    xt.equal(bash("xorch plan --format git"), ["github-matrix", "gitlab"])
    xt.equal(bash("xorch env --format d"), ["dotenv", "docker"])
    xt.equal(bash("xorch cache p"), ["prune"])
    xt.equal(bash("xorch completion "), ["bash", "zsh", "fish"])
    xt.equal(bash("xorch schema "), ["recipe", "project"])
    xt.equal(bash("xorch help rec"), ["recipe"])
    xt.check("outdated" in bash("xorch help "))
    xt.equal(bash("xorch doctor --format "), [])
    # the value of an option is no verb, whatever comes before that
    xt.equal(bash("xorch -C cache plan --format gitl"), ["gitlab"])
    xt.equal(bash("xorch --cache-dir = plan env --format gith"), ["github"])
    xt.equal(bash("xorch --log-f"), ["--log-format", "--log-file"])
    # each verb offers just what it takes
    for verb in ("build", "env", "version"):
        options = bash(f"xorch {verb} --")
        shown = re.findall(r"^  (?:-., |    )(--[a-z-]+)",
                           xt.run([verb, "--help"]).out, re.M)
        xt.equal(sorted(options), sorted(set(shown)), verb)


def test_values_are_taken():
    """What is offered for a value is one: the program does not refuse it."""
    def offered(*args):
        return bash("xorch " + " ".join(args) + " ")
    with xt.scratch() as home:
        xt.write(os.path.join(home, "recipes/g.yaml"),
                 monorepo.text(monorepo.recipe("g", "go-binary")))
        for args in (["plan", "--target"], ["plan", "--python"], ["plan", "--floor"],
                     ["plan", "--toolchain"], ["plan", "--format"], ["log", "--format"],
                     ["env", "--no-fetch", "--target", "armv7", "--format"]):
            words = offered(*args)
            xt.check(words, args)
            for word in words:
                result = xt.run([*args, word], home=home)
                xt.equal(result.code, 0, args, word, result)
    for verb in ("cache", "completion", "schema", "help"):
        words = offered(verb)
        xt.check(words, verb)
        for word in words:
            xt.equal(xt.run([verb, word]).code, 0, verb, word)


def test_other_shells_can_read_it():
    found = False
    for shell in ("zsh", "fish"):
        program = shutil.which(shell)
        if not program:
            continue
        found = True
        with xt.scratch() as home:
            path = xt.write(os.path.join(home, "c"), script(shell))
            p = subprocess.run([program, "-n", path], capture_output=True, text=True)
            xt.equal([p.returncode, p.stderr], [0, ""], shell)
            if shell != "fish":
                continue
            p = subprocess.run([program, "-c", f"source {path}; complete -C 'xorch pla'; "
                                "complete -C 'xorch build --sandbox l'; "
                                "complete -C 'xorch cache pru'; "
                                "complete -C 'xorch env --format dock'"],
                               capture_output=True, text=True,
                               env={**os.environ, "HOME": home})
            xt.check(p.stdout.startswith("plan\t") and "landlock" in p.stdout and
                     "prune" in p.stdout and "docker" in p.stdout, p)
    if not found:
        raise AssertionError("neither zsh nor fish is here: tests/run installs them")


# What the completion system would do with the words, told instead of done.
ZSH = """
compdef() { print -r -- "compdef $*" }
compadd() { shift; print -rl -- "$@" }
_describe() { print -rl -- "${(@P)2}" }
_files() { print -r -- FILES }
"""


def zsh(path, *words, installed=False):
    """What it offers for the last word; read by eval, or as a file of site-functions."""
    how = f"fpath=({os.path.dirname(path)} $fpath); autoload -U _xorch" if installed else \
        f"source {path}"
    p = subprocess.run(["zsh", "-fc", f"{ZSH}{how}; words=({' '.join(map(repr, words))}); "
                        f"CURRENT={len(words)}; _xorch"], capture_output=True, text=True)
    xt.equal([p.returncode, p.stderr], [0, ""], words)
    return p.stdout.splitlines()


def test_zsh():
    with xt.scratch() as home:
        path = xt.write(os.path.join(home, "_xorch"), script("zsh"))
        xt.equal(zsh(path, "xorch", "")[0], "compdef _xorch xorch")
        for installed in (False, True):
            offered = zsh(path, "xorch", "", installed=installed)
            xt.check("plan:show what would be built, and why or why not" in offered, offered)
            xt.equal(zsh(path, "xorch", "build", "--sandbox", "", installed=installed)[-4:],
                     ["auto", "bwrap", "landlock", "env"])
            xt.check("--changed-since" in zsh(path, "xorch", "-q", "check", "--",
                                              installed=installed))
            xt.equal(zsh(path, "xorch", "build", "rec", installed=installed)[-1], "FILES")
            xt.equal(zsh(path, "xorch", "-C", "plan", "env", "--format", "",
                         installed=installed)[-5:],
                     ["sh", "json", "github", "dotenv", "docker"])
            xt.equal(zsh(path, "xorch", "cache", "", installed=installed)[-5:],
                     ["dir", "size", "verify", "prune", "clean"])


def test_unknown():
    result = xt.run(["completion", "fihs"])
    xt.check(result.code == 2 and "did you mean `fish`" in result.err, result)


if __name__ == "__main__":
    xt.main(globals())
