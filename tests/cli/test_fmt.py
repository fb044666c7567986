"""`xorch fmt`: files, folders, streams; and what other readers of YAML see in what it
writes."""
import glob
import json
import os
import random
import re
import subprocess

import judges
import xt

UGLY = """# of the file

kind:   wheel
# of the package
package: { name: foo,version: "1.0" }   # here
schema_version: 1


source:
    pypi: 'foo'
"""
NEAT = """# of the file

schema_version: 1
# of the package
package: {name: foo, version: "1.0"}   # here
kind: wheel

source:
  pypi: foo
"""


def test_files():
    with xt.scratch() as home:
        path = xt.write(f"{home}/recipes/a.yaml", UGLY)
        other = xt.write(f"{home}/recipes/b.yaml", NEAT)
        os.chmod(path, 0o640)
        os.symlink("recipes/a.yaml", f"{home}/link.yaml")
        before = os.stat(other).st_mtime_ns, os.stat(other).st_ino
        for args in (["--check"], ["--diff"], ["--check", "--diff"]):
            result = xt.run(["fmt", *args, "recipes"], home=home)
            xt.equal(result.code, 1, result)
            xt.check("recipes/a.yaml" in result.out and "b.yaml" not in result.out, result)
            xt.equal(open(path).read(), UGLY)
        xt.check("1 file would be formatted, 1 as it should be" in result.err, result)
        # what --diff says, patch does
        p = subprocess.run(["patch", "-p0", "-o", "-"], input=result.out, cwd=home, text=True,
                           capture_output=True)
        xt.check(p.returncode == 0 and NEAT in p.stdout, p)
        result = xt.run(["fmt", "link.yaml", "recipes"], home=home)
        xt.equal([result.code, result.out], [0, "link.yaml\n"], result)
        xt.equal(open(path).read(), NEAT)
        xt.check(os.path.islink(f"{home}/link.yaml"))
        xt.equal(os.stat(path).st_mode & 0o7777, 0o640)
        xt.equal((os.stat(other).st_mtime_ns, os.stat(other).st_ino), before)
        xt.equal(sorted(os.listdir(f"{home}/recipes")), ["a.yaml", "b.yaml"])
        result = xt.run(["fmt", "--check", "--json"], home=home, cwd=f"{home}/recipes")
        xt.equal([result.code, result.json["files"]], [0, [
            {"file": "a.yaml", "state": "unchanged"},
            {"file": "b.yaml", "state": "unchanged"}]], result)


def test_stream():
    result = xt.run(["fmt", "-"], stdin=UGLY.encode())
    xt.equal([result.code, result.out, result.err], [0, NEAT, ""], result)
    result = xt.run(["fmt", "--check", "-"], stdin=UGLY.encode())
    xt.equal([result.code, result.out], [1, "<stdin>\n"], result)
    result = xt.run(["fmt", "--diff", "-"], stdin=UGLY.encode())
    xt.check(result.code == 1 and result.out.startswith("--- <stdin>\n"), result)


def test_project_file_and_catalogues():
    """Each in the order of its own keys."""
    with xt.scratch() as home:
        xt.write(f"{home}/xorch.yaml", "out: dist\ntargets: [armv7]\nschema_version: 1\n")
        xt.write(f"{home}/sysroots/s.yaml",
                 "targets: [armv7]\ngcc: \"10\"\nname: s\nschema_version: 1\n")
        xt.write(f"{home}/toolchains/t.yaml", "pypi: t\nname: t\nschema_version: 1\n")
        result = xt.run(["fmt"], home=home)
        xt.equal(result.code, 0, result)
        for path, first in (("xorch.yaml", "schema_version targets out"),
                            ("sysroots/s.yaml", "schema_version name gcc targets"),
                            ("toolchains/t.yaml", "schema_version name pypi")):
            keys = [line.split(":")[0] for line in open(f"{home}/{path}")]
            xt.equal(" ".join(keys), first)


def test_broken_file_is_left_alone():
    with xt.scratch() as home:
        bad = "schema_version: 1\nkind: [wheel\n"
        xt.write(f"{home}/a.yaml", bad)
        xt.write(f"{home}/b.yaml", UGLY)
        result = xt.run(["fmt", "."], home=home)
        xt.equal([result.code, result.out], [2, "b.yaml\n"], result)
        xt.check("error[X0210]" in result.err and "a.yaml:2:7" in result.err, result)
        xt.equal(open(f"{home}/a.yaml").read(), bad)
        xt.equal(xt.run(["fmt", "none.yaml"], home=home).code, 2)
        # a folder that nobody may write into
        os.chmod(home, 0o555)
        xt.write(f"{home}/b.yaml", UGLY)
        if os.geteuid():
            result = xt.run(["fmt", "b.yaml"], home=home)
            xt.equal(result.code, 8, result)
            xt.equal(open(f"{home}/b.yaml").read(), UGLY)


def own_files():
    return [path for folder in ("recipes", "sysroots", "toolchains")
            for path in sorted(glob.glob(f"{xt.SOURCE}/{folder}/*.yaml"))]


def test_own_files_are_formatted():
    result = xt.run(["fmt", "--check", *own_files()])
    xt.equal([result.code, result.out], [0, ""], result)


def test_rebuilds_nothing():
    """The key of an item does not see the form of its recipe."""
    recipe = """kind: wheel
source: {pypi: 'foo'}
package: {name: "foo", version: "1.0"}
requirements: {host: [ "deb:zlib1g-dev" ]}
build: {env: {A: "x"}}
schema_version: 1
"""
    with xt.scratch() as home:
        xt.write(f"{home}/a.yaml", recipe)
        keys = []
        for _ in range(2):
            result = xt.run(["plan", "a.yaml", "--target", "armv7", "--json"], home=home)
            xt.equal(result.code, 0, result)
            keys.append([{k: v for k, v in item.items() if "key" in k}
                         for item in result.json["items"]])
            result = xt.run(["fmt", "a.yaml"], home=home)
            xt.equal(result.code, 0, result)
        xt.check(open(f"{home}/a.yaml").read() != recipe)
        xt.equal(keys[0], keys[1])


# ---- many texts ----

def lines_mutated(rng, text):
    """Another way to write the same file, as people do."""
    out = []
    for line in text.split("\n"):
        kind = rng.randrange(14)
        if kind == 0:
            out.append("")
        elif kind == 1:
            out.append(" " * rng.randrange(5) + f"# note {rng.randrange(99)}")
        elif kind == 2 and line and "#" not in line:
            line += " " * rng.randrange(1, 4) + "# end"
        elif kind == 3:
            line += " " * rng.randrange(1, 4)
        elif kind == 4:
            line = re.sub(r": (?=\S)", ":  ", line, count=1)
        elif kind == 5:
            line = re.sub(r", ", rng.choice([",", " ,  "]), line)
        elif kind == 6:
            line = re.sub(r": ([a-z][a-z0-9.-]*)$", r': "\1"', line)
        elif kind == 7:
            line = re.sub(r"\[([^\]]+)\]", r"[ \1 ]", line)
        elif kind == 8:
            line = re.sub(r"^(\s*)- ", r"\1-   ", line)
        out.append(line)
    if rng.random() < 0.4:  # deeper
        out = [" " * (len(l) - len(l.lstrip())) + l for l in out]
    if rng.random() < 0.3:  # lists in the column of their key
        out = [re.sub(r"^  (?=- )", "", l) for l in out]
    if rng.random() < 0.3:
        parts = re.split(r"\n(?=[a-z_]+:)", "\n".join(out))
        rng.shuffle(parts)
        out = "\n".join(parts).split("\n")
    return rng.choice(["\n", "\n", "\n", "\r\n"]).join(out)


def bytes_mutated(rng, text):
    """Damage: mostly no YAML any more, sometimes what nobody thought of."""
    data = bytearray(text.encode())
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data))
        what = rng.choice([b"\n", b" ", b"  ", b"\t", b"# c\n", b"'", b'"', b"|\n", b">-\n",
                           b"- ", b": ", b"? ", b"[", b"]", b"{", b"}", b",", b"\r",
                           b"---\n", b"\xc3\xa9", b"\\", b"|+\n\n\n", b"|2\n"])
        if rng.random() < 0.3:
            del data[at:at + rng.randrange(1, 20)]
        else:
            data[at:at] = what
        if not data:
            return b""
    return bytes(data)


def texts(count, seed):
    rng = random.Random(seed)
    files = [open(path).read() for path in own_files()]
    for n in range(count):
        text = rng.choice(files)
        yield (lines_mutated(rng, text).encode() if n % 2
               else bytes_mutated(rng, lines_mutated(rng, text) if n % 4 else text))


def replay(count, seed):
    """The fuzz target asserts: same tree, same comments, nothing to do the second time."""
    with xt.scratch() as home:
        paths = [xt.write(f"{home}/{n}", text) for n, text in enumerate(texts(count, seed))]
        p = subprocess.run([f"{xt.BUILD}/tests/fuzz_yaml_format", *paths], text=True,
                           capture_output=True)
        xt.check(p.returncode == 0, p.stdout[-500:], p.stderr[-3000:])
        xt.check(f"{count} inputs replayed" in p.stdout, p.stdout)


def test_3000_texts():
    replay(3000, 1)


# label: long
def test_60000_texts():
    for seed in range(20):
        replay(3000, 100 + seed)


READERS = """
import json, sys, yaml, ruamel.yaml

def old(text):  # YAML 1.1
    return yaml.safe_load(text)

def new(text):  # YAML 1.2
    return ruamel.yaml.YAML(typ="safe", pure=True).load(text)

def seen(read, text):
    try:
        return repr(read(text))
    except Exception as e:
        return None

for before, after in json.load(sys.stdin):
    print(json.dumps([[seen(read, before), seen(read, after)] for read in (old, new)]))
"""


def test_other_readers_see_the_same():
    """PyYAML (1.1) and ruamel.yaml (1.2) find the same values of the same types."""
    home = judges.environment("yaml-readers", "pyyaml", "ruamel.yaml")
    pairs, types = [], 0
    with xt.scratch() as work:
        for n, text in enumerate(texts(300, 7)):
            if n % 2:
                xt.write(f"{work}/{n}.yaml", text)
        # a list of every kind of quoted value
        values = ["word", "1.10", "no", "Yes", "0x1f", "1e3", "12:30", "~", "null", "a b", "-x",
                  "a:b", "a#b", "2024-01-01", "=", "*.so", "lib*", "!x", "y", ".5", "a,b", "é",
                  "true", "on", "1_000", "<<", "a: b", "@x", "%x", "&a", "a@b", "deb:x=1"]
        for n, value in enumerate(values):
            xt.write(f"{work}/q{n}.yaml", f"schema_version: 1\nextra: {{k: '{value}'}}\n"
                     f'about:\n  summary: "{value}"\n')
        before = {path: open(path, newline="").read() for path in glob.glob(f"{work}/*.yaml")}
        result = xt.run(["fmt", *sorted(before)], home=work)
        xt.check("X0231" not in result.err, result)
        for path, text in before.items():
            pairs.append([text, open(path, newline="").read()])
    p = subprocess.run([f"{home}/bin/python", "-c", READERS], input=json.dumps(pairs),
                       text=True, capture_output=True, check=True)
    for (text, after), line in zip(pairs, p.stdout.splitlines()):
        for one, two in json.loads(line):
            if one is not None and one.startswith("{"):
                # the order of the outermost keys may be another
                one, two = (sorted(eval(x, {"datetime": __import__("datetime")}).items())
                            for x in (one, two))
                types += 1
            xt.equal(two, one, text, "---", after)
    xt.check(types > 150, types)


if __name__ == "__main__":
    xt.main(globals())
