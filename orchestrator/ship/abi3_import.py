#!/usr/bin/env python3
"""Writes abi3_data.c from an installed CPython (3.13 or later, with its headers
and its test package): the names of the stable ABI and the version since which
each is in it.

    python3.13 orchestrator/ship/abi3_import.py

The names are those CPython's own test of the stable ABI expects; the version is
the lowest Py_LIMITED_API for which the headers declare the name. What they never
declare (behind macros, or kept for old modules only) counts as old."""
import ast
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile

OUT = pathlib.Path(__file__).resolve().parent / "abi3_data.c"
OLDEST = 2
MARK = "xorch_api_mark"


def stable_names():
    path = pathlib.Path(sysconfig.get_path("stdlib"), "test", "test_stable_abi_ctypes.py")
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        target = getattr(node, "target", None) or (getattr(node, "targets", None) or [None])[0]
        if getattr(target, "id", "") == "SYMBOL_NAMES":
            names.update(e.value for e in node.value.elts)
    return {n for n in names if "Windows" not in n and "MBCS" not in n and "CodePage" not in n}


def declared(minor):
    with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
        source.write(f"#define Py_LIMITED_API 0x03{minor:02x}0000\n"
                     f"#define PyAPI_FUNC(type) {MARK} type\n"
                     f"#define PyAPI_DATA(type) {MARK} type\n#include <Python.h>\n")
        source.flush()
        text = subprocess.run(
            [os.environ.get("CC", "cc"), "-E", "-P", "-I" + sysconfig.get_path("include"),
             source.name], check=True, capture_output=True, text=True).stdout
    names = set()
    for part in text.split(MARK)[1:]:
        part = part.split(";")[0].split("{")[0]
        found = re.search(r"\b(_?Py\w+)\s*(\(|$|\[)", part.replace("\n", " ").strip())
        if found:
            names.add(found.group(1))
    return names


def main():
    names = stable_names()
    since = {}
    for minor in range(sys.version_info.minor, OLDEST - 1, -1):
        for name in declared(minor) & names:
            since[name] = minor
    rows = "".join(f'\t{{"{name}", {since.get(name, OLDEST)}}},\n' for name in sorted(names))
    OUT.write_text(f"""/* Made by abi3_import.py from CPython 3.{sys.version_info.minor}; do not edit. The names of the
 * stable ABI (PEP 384) and the minor version since which each is in it. */
/* clang-format off */
#include "ship/abi3_data.h"

const abi3_name abi3_names[] = {{
{rows}}};
const unsigned abi3_count = {len(names)};
""")
    print(f"{OUT}: {len(names)} names, {sum(v > OLDEST for v in since.values())} dated")


if __name__ == "__main__":
    main()
