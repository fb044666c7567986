#!/usr/bin/env python3
"""Writes policy_data.c from an installed auditwheel, whose JSON files are the
reference statement of the manylinux and musllinux policies.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install auditwheel
    /tmp/venv/bin/python orchestrator/plan/policy_import.py

The policies only ever grow (PEP 600): a symbol version or library that one
allows, every later one allows too, and a private symbol once permitted stays so.
So a single number, the first policy that allows it (or the last that forbids
it), stands for the sets. This script refuses data for which that is not true."""
import importlib.metadata
import json
import os
import pathlib
import sys

import auditwheel.policy

FOLDER = pathlib.Path(auditwheel.policy.__file__).parent
OUT = pathlib.Path(__file__).resolve().parent / "policy_data.c"


def load(name):
    rows = [p for p in json.loads((FOLDER / name).read_text()) if p["name"] != "linux"]
    return sorted(rows, key=lambda p: -p["priority"])


def first_of(policies, has, what):
    """Index of the first policy for which `has` holds; it must hold ever after."""
    flags = [bool(has(p)) for p in policies]
    first = flags.index(True)
    if not all(flags[first:]):
        sys.exit(f"{what}: allowed by one policy and not by a later one")
    return first


def last_of(policies, has, what):
    flags = [bool(has(p)) for p in policies]
    last = len(flags) - 1 - flags[::-1].index(True)
    if not all(flags[: last + 1]):
        sys.exit(f"{what}: forbidden by one policy and not by an earlier one")
    return last


def arch_rows(policies, arch):
    known = [p for p in policies if arch in p["symbol_versions"]]
    first = policies.index(known[0])
    if known != policies[first:]:
        # ppc64 has one policy only; what comes after its last is not offered.
        if len(known) != policies.index(known[-1]) - first + 1:
            sys.exit(f"{arch}: policies with a gap")
    prefixes = {k for p in known for k in p["symbol_versions"][arch]}
    rows = {}
    for prefix in prefixes:
        checked = first_of(known, lambda p: prefix in p["symbol_versions"][arch], prefix)
        if checked:
            sys.exit(f"{arch}: {prefix} is not checked by its first policies")
        for version in {v for p in known for v in p["symbol_versions"][arch][prefix]}:
            name = f"{prefix}_{version}"
            rows[name] = first + first_of(
                known, lambda p: version in p["symbol_versions"][arch][prefix], name)
    return first, first + len(known) - 1, sorted(prefixes), dict(sorted(rows.items()))


def table(out, kind, policies):
    if any(len(p["aliases"]) > 1 for p in policies):
        sys.exit("a policy with several aliases")
    out.append(f"static const policy {kind}_policies[] = {{")
    for p in policies:
        alias = f'"{p["aliases"][0]}"' if p["aliases"] else "NULL"
        out.append(f'\t{{"{p["name"]}", {alias}}},')
    out.append("};\n")
    arches = sorted({a for p in policies for a in p["symbol_versions"]})
    heads = []
    for arch in arches:
        first, last, prefixes, rows = arch_rows(policies, arch)
        if rows:
            out.append(f"static const policy_row {kind}_{arch}[] = {{")
            out.extend(f'\t{{"{name}", {n}}},' for name, n in rows.items())
            out.append("};\n")
        listed = f"{kind}_{arch}" if rows else "NULL"
        names = "".join(f"{p} " for p in prefixes).strip()
        heads.append(f'\t{{"{arch}", {first}, {last}, "{names}", {listed}, {len(rows)}}},')
    out.append(f"static const policy_arch {kind}_arches[] = {{")
    out.extend(heads)
    out.append("};\n")
    libraries = sorted({lib for p in policies for lib in p["lib_whitelist"]})
    out.append(f"static const policy_row {kind}_libraries[] = {{")
    for lib in libraries:
        n = first_of(policies, lambda p: lib in p["lib_whitelist"], lib)
        out.append(f'\t{{"{lib}", {n}}},')
    out.append("};\n")
    out.append("/* The last policy that forbids this private symbol of that library. */")
    out.append(f"static const policy_private {kind}_privates[] = {{")
    pairs = sorted({(lib, s) for p in policies for lib, l in p["blacklist"].items() for s in l})
    for lib, symbol in pairs:
        n = last_of(policies, lambda p: symbol in p["blacklist"].get(lib, ()), symbol)
        out.append(f'\t{{"{lib}", "{symbol}", {n}}},')
    out.append("};\n")
    return len(libraries), len(pairs), len(arches)


def family(kind, policies, counts):
    return (f"const policy_family policy_{kind} = {{\"{kind}\", {kind}_policies, "
            f"{len(policies)},\n\t{kind}_arches, {counts[2]}, {kind}_libraries, {counts[0]}, "
            f"{kind}_privates, {counts[1]}}};\n")


def main():
    version = importlib.metadata.version("auditwheel")
    out = [f"""/* Made by policy_import.py from the policy files of auditwheel {version}; do not
 * edit. It states facts: which symbol versions and libraries the manylinux
 * (PEP 513, 571, 599, 600) and musllinux (PEP 656) policies allow, which private
 * symbols they forbid. The number in a row counts policies from the oldest, 0. */
/* clang-format off */
#include "plan/policy.h"
"""]
    many, musl = load("manylinux-policy.json"), load("musllinux-policy.json")
    counts = {kind: table(out, kind, rows)
              for kind, rows in (("manylinux", many), ("musllinux", musl))}
    out.append(family("manylinux", many, counts["manylinux"]))
    out.append(family("musllinux", musl, counts["musllinux"]))
    text = "\n".join(out)
    if "--check" in sys.argv:
        sys.exit(0 if OUT.read_text() == text else "policy_data.c differs from auditwheel "
                 + version)
    temporary = OUT.with_suffix(".tmp")
    temporary.write_text(text)
    os.replace(temporary, OUT)
    print(f"{OUT}: auditwheel {version}, {len(many)} + {len(musl)} policies")


if __name__ == "__main__":
    main()
