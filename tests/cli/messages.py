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
    plan/lock_crates.c plan/lock_go.c plan/lock_read.c plan/lock_text.c plan/package_def.c
    plan/package_lock.c plan/project.c plan/project_fields.c plan/recipe.c
    plan/recipe_check.c plan/recipe_fields.c plan/recipe_files.c plan/recipe_find.c
    plan/recipe_source.c plan/recipe_values.c plan/rpm_def.c plan/template.c
    cli/cmd_check.c
""".split()

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


def pattern(text):
    """What a format becomes when it is said; lines are folded anywhere."""
    out = ""
    for piece in re.split(r"(%%|%[-0-9.*]*(?:l|ll|z)?[a-zA-Z]|\s+)", text):
        if piece == "%%":
            out += "%"
        elif piece.startswith("%"):
            out += ".*?"
        elif piece.strip():
            out += re.escape(piece)
        elif piece:
            out += " "
    return re.compile(out.strip(), re.S)


def all_messages():
    for path in FILES:
        for line, text in messages(path):
            yield f"{path}:{line}", text


def codes(path):
    return {text for _, text, _ in literals(path) if re.fullmatch(r"X\d{4}", text)}
