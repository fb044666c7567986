"""Which texts can `xorch check` say? Read out of the sources, so that a new message without
a snapshot is found (test_messages.py)."""
import os
import re

import xt

# What `xorch check` runs through. Of other uses of these files are the functions below.
FILES = """
    format/yaml.c format/yaml_bind.c format/yaml_bytes.c format/yaml_parse.c
    format/yaml_syntax.c format/oci_reference.c
    plan/catalog.c plan/expression.c plan/image_def.c plan/lock.c plan/lock_check.c
    plan/lock_crates.c plan/lock_go.c plan/lock_read.c plan/lock_text.c plan/lock_wraps.c
    plan/package_def.c plan/package_lock.c plan/project.c plan/project_fields.c plan/recipe.c
    plan/recipe_check.c plan/recipe_fields.c plan/recipe_files.c plan/recipe_find.c
    plan/recipe_source.c plan/recipe_values.c plan/rpm_def.c plan/template.c
    cli/cmd_check.c cli/check_fix.c
""".split()

# Sources that make diagnostics or judge values too, but not for `xorch check`, and why.
OTHERS = {
    "base/diag.c": "the means for all",
    "build/registry.c": "the user's configuration, whose mirrors a fetch reads",
    "format/yaml_edit.c": "parses again what was edited, and never shows its findings",
}
# What makes a diagnostic, or says what is wrong with a value of a table.
MAKES = re.compile(r"\b(?:diag_add|yaml_error|yaml_warning)\(|^const char \*check_\w+\(", re.M)


def sources_with_messages():
    root = os.path.join(xt.SOURCE, "orchestrator")
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".c"):
                with open(path, encoding="utf-8") as f:
                    if MAKES.search(f.read()):
                        yield os.path.relpath(path, root)

LITERAL = r'"(?:[^"\\\n]|\\.)*"'
TOKEN = re.compile(rf'/\*.*?\*/|//[^\n]*|\'(?:[^\'\\]|\\.)\'|{LITERAL}|PRI\w+|G_GINT64_FORMAT|'
                   rf'[A-Za-z_]\w*|\s+|.', re.S)


def unquote(literal):
    return literal[1:-1].encode().decode("unicode_escape").encode("latin-1").decode(
        errors="replace")


def literals(path):
    """(line, text, what stood before it) of each string, adjacent ones together."""
    with open(os.path.join(xt.SOURCE, "orchestrator", path), encoding="utf-8") as f:
        source = re.sub(r"\\\n", " \n", f.read())
    line, before, parts = 1, "", []
    for match in TOKEN.finditer(source):
        token = match.group()
        if token.startswith('"') and len(token) > 1:
            if not parts:
                start = line, before
            parts.append(unquote(token))
        elif token in ("G_GINT64_FORMAT",) or token.startswith("PRI"):
            if parts:
                parts.append("d")
        elif token.strip() and not token.startswith(("/*", "//")):
            if parts:
                yield start[0], "".join(parts), start[1]
                parts = []
            before = (before + token)[-60:]
        line += token.count("\n")


# Strings that are no messages, by what stands before them or by the whole of them.
NO_MESSAGE = re.compile(r"(\.doc=|#include|words_have\([^()]*,|words_have\(|g_error\(|\.schema=|"
                        r"source_keys\[[^\]]*\]=\{|g_strsplit\([^,]*,)$")


def messages(path):
    for line, text, before in literals(path):
        if " " not in text.strip() or NO_MESSAGE.search(before) or text.lstrip().startswith("{'"):
            continue
        yield line, text


def sentences(text):
    """What was said, one sentence a line: head, place, label, note and help of a message
    apart from each other, folded lines joined again."""
    return re.sub(r" (?=(?:error|warning|note)(?:\[X\d{4}\])?: |= (?:help|note): |--> |\| )",
                  "\n", re.sub(r"\s+", " ", text))


def pattern(text):
    """What a format becomes when it is said, within one sentence."""
    pieces = re.split(r"(%%|%[-0-9.*]*(?:l|ll|z)?[a-zA-Z]|\s+)", text)
    out = []
    for piece in pieces:
        if piece.startswith("%") and piece != "%%":
            out.append("[^\\n]*?")
        elif piece:
            out.append(re.escape("%") if piece == "%%" else
                       re.escape(piece) if piece.strip() else " ")
    # what may be anything needs no place at the ends, where it makes a search slow
    while out and out[0] in ("[^\\n]*?", " "):
        out.pop(0)
    while out and out[-1] in ("[^\\n]*?", " "):
        out.pop()
    return re.compile("".join(out))


def all_messages():
    for path in FILES:
        for line, text in messages(path):
            yield f"{path}:{line}", text


def codes(path):
    return {text for _, text, _ in literals(path) if re.fullmatch(r"X\d{4}", text)}
