"""Every message of the checker is a snapshot: messages/*.test and the others beside this
file hold what `xorch check` says to the byte; here it is held that none is missing.

A message is a string with a blank in it in the sources that `xorch check` runs through
(messages.py). A new one fails this test until a bad input that leads to it stands in
messages/; `tests/lib/golden.py --update` fills in what is said, to be read."""
import glob
import os
import re
import subprocess

import messages
import xt

# Strings that `xorch check` does not say, and why.
NOT_SAID = {
    # what libyaml says, which is looked for and put in other words
    "format/yaml_syntax.c": """scanning a quoted scalar|unexpected end of stream
        |document indicator|flow sequence|did not find expected ',' or ']'|flow mapping
        |did not find expected ',' or '}'|mapping values are not allowed
        |block sequence entries are not allowed|scanning a simple key|could not find expected ':'
        |block mapping|did not find expected key|block collection|expected '-' indicator
        |unknown escape character|hexdecimal number|alphabetic or numeric|document start
        |expected node content|cannot start any token|not YAML""",
    # a definition is looked for by its name when something is built
    "plan/catalog.c": """no %s is called "%s"|there are: %s|none at all
        |looked for %s/%s.yaml in XORCH_CATALOG, this project and xorch's own
        |sysroot %s does not exist for %s|it exists for: %s""",
    # what a lock is written with
    "plan/lock.c": "# Written by xorch: every download of this recipe's builds. Renew with "
                   "`xorch lock`.|lock_version: %d recipe:",
    "plan/lock_crates.c": "crates: []|- {name: %s, version: %s, sha256: %s}",
    "plan/lock_wraps.c": "submodules: true",
    "plan/package_lock.c": "# Written by xorch: the files this is made of. Renew with "
                           "`xorch lock --upgrade`.",
    # lists of names
    "plan/project.c": "tls insecure verify ca_bundle cert certificates ssl token tokens auth "
                      "password credentials netrc login registry_auth git user_config proxy "
                      "trusted signed_by sandbox env env_pass",
    "plan/recipe.c": "schema_version package kind extra"
                     "|this target",  # of a plan without any
    "plan/recipe_source.c": """url sha256 max_size file_name extract strip_components
        subdirectory patches target_directory if
        |git rev tag expected_commit submodules subdirectory patches target_directory if
        |gomod version h1 patches if|path use_gitignore subdirectory patches target_directory if
        |debsrc suite version sha256 patches target_directory subdirectory if""",
    # the user's configuration is no business of a repository's check
    "plan/project_fields.c": "the configuration",
    # the map itself is asked for
    "plan/recipe_fields.c": "a map with has and not|, 'not':",
    "plan/recipe_find.c": '{,"\' \ufffd',
    "plan/rpm_def.c": "?# \\",
    "cli/cmd_check.c": "{s:i, s:i, s:o, s:o}",
}

LINKS = """error[X0222]: `dead` cannot be used
  --> a.yaml:4:31
   |
 4 | source: {pypi: foo, patches: [dead, out]}
   |                               ^^^^ a link that leads nowhere
   = help: paths are relative to the recipe's folder

error[X0222]: `out` cannot be used
  --> a.yaml:4:37
   |
 4 | source: {pypi: foo, patches: [dead, out]}
   |                                     ^^^ leads out of the recipe's folder
   = help: copy the file beside the recipe

note: 1 file checked: 2 errors, 0 warnings
"""
REPOSITORY = """error[X0222]: `../..` cannot be used
  --> a.yaml:4:16
   |
 4 | source: {path: ../..}
   |                ^^^^^ leads out of the git repository

note: 1 file checked: 1 error, 0 warnings
"""
LARGE = """error[X0215]: the file is larger than 1 MiB
  --> a.yaml
   = note: a recipe has some dozen lines; is this another kind of file?

note: 1 file checked: 1 error, 0 warnings
"""
FOLDER = """error[X0216]: cannot read xorch.yaml: it is a directory

note: 2 files checked: 1 error, 0 warnings
"""
HEAD = 'schema_version: 1\npackage: {name: foo, version: "1.0"}\nkind: wheel\n'


def said(home, cwd, text, *args):
    result = xt.run(["check", *args], home=home, cwd=cwd)
    xt.equal([result.code, result.out, result.err], [2, "", text])


def test_links():
    with xt.scratch() as home:
        os.makedirs(f"{home}/in")
        xt.write(f"{home}/file", "x\n")
        os.symlink("nothing", f"{home}/in/dead")
        os.symlink("../file", f"{home}/in/out")
        xt.write(f"{home}/in/a.yaml", HEAD + "source: {pypi: foo, patches: [dead, out]}\n")
        said(home, f"{home}/in", LINKS, "a.yaml")


def test_repository():
    with xt.scratch() as home:
        subprocess.run(["git", "init", "-q", f"{home}/repo"], check=True)
        xt.write(f"{home}/repo/in/a.yaml", HEAD + "source: {path: ../..}\n")
        said(home, f"{home}/repo/in", REPOSITORY, "a.yaml")


def test_large_file():
    with xt.scratch() as home:
        xt.write(f"{home}/a.yaml", "#" * (1024 * 1024 + 1))
        said(home, home, LARGE, "a.yaml")


def test_folder_for_a_file():
    with xt.scratch() as home:
        os.makedirs(f"{home}/xorch.yaml")
        xt.write(f"{home}/a.yaml", HEAD + "source: {pypi: foo}\n")
        said(home, home, FOLDER, "a.yaml")


def snapshots():
    texts = [LINKS, REPOSITORY, LARGE, FOLDER]
    for path in glob.glob(os.path.join(os.path.dirname(__file__), "**", "*.test"),
                          recursive=True):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        verb = re.search(r"^Args:.*\bcheck\b", text, re.M)
        if verb and "\n--- stderr\n" in text:
            texts.append(text.split("\n--- stderr\n")[1])
    return [messages.sentences(text) for text in texts]


def excused(path, text):
    words = " ".join(text.split())
    return words in [" ".join(w.split()) for w in NOT_SAID.get(path, "").split("|")]


def test_every_message_has_a_snapshot():
    texts, missing, count = "\n".join(snapshots()), [], 0
    for where, text in messages.all_messages():
        if excused(where.split(":")[0], text):
            continue
        count += 1
        if not messages.pattern(text).search(texts):
            missing.append(f"{where}: {text!r}")
    xt.check(not missing, f"{len(missing)} messages without a snapshot in tests/cli/messages:",
             *missing)
    xt.check(count > 300, f"only {count} messages found: does messages.py still read them?")


def test_every_source_is_read():
    """A source file that begins to make diagnostics is read for messages as well."""
    found = set(messages.sources_with_messages())
    left = found - set(messages.FILES) - set(messages.OTHERS)
    xt.check(not left, "neither in FILES nor in OTHERS of messages.py:", *sorted(left))
    xt.check(not set(messages.OTHERS) - found, "these make none any more:",
             *sorted(set(messages.OTHERS) - found))
    xt.check(not set(messages.OTHERS) & set(messages.FILES))
    xt.check(len(found) > 20, sorted(found))


def test_a_new_message_is_missed():
    """Each message with another word in it is one that no snapshot says."""
    texts = "\n".join(snapshots())
    for where, text in messages.all_messages():
        words = text.split(" ")
        other = " ".join([*words[:len(words) // 2], "moreover", *words[len(words) // 2:]])
        xt.check(not messages.pattern(other).search(texts), where, text)


def test_every_code_has_a_snapshot():
    """Codes in those sources, each said in a snapshot as the head of a message."""
    texts = "\n".join(snapshots())
    used = {code for path in messages.FILES for code in messages.codes(path)}
    missing = sorted(code for code in used - {"X0301", "X0302"}  # looked for by name: a build
                     if f"[{code}]: " not in texts)
    xt.check(not missing, "codes without a snapshot:", *missing)
    xt.check(len(used) > 30, sorted(used))


def test_excuses_are_needed():
    """A string that is gone from the sources, or said after all, needs no excuse."""
    found = {}
    for where, text in messages.all_messages():
        found.setdefault(where.split(":")[0], set()).add(" ".join(text.split()))
    stale = [f"{path}: {words}" for path, all_words in NOT_SAID.items()
             for words in (" ".join(w.split()) for w in all_words.split("|"))
             if words not in found.get(path, ())]
    xt.check(not stale, "not in the sources any more:", *stale)


if __name__ == "__main__":
    xt.main(globals())
