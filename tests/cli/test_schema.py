"""The JSON schema and the validator agree: both are made from one table, and what the
schema says of single values by hand is held against the checks here."""
import copy
import json
import os
import random
import subprocess

import judges
import xt

VALIDATE = """
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
bad = {}
for path in sys.argv[2:]:
    errors = [e.json_path + " " + e.message for e in validator.iter_errors(json.load(open(path)))]
    if errors:
        bad[path] = errors[:3]
print(json.dumps(bad))
"""

BASES = [
    {"schema_version": 1, "package": {"name": "foo", "version": "1.2"}, "kind": "wheel",
     "source": {"pypi": "foo", "sha256": "ab" * 32, "publishers": ["github:a/b", "github:a/b/c.yml",
                               "gitlab:a/b/c", "gitlab:a/b//c/d.yml"]},
     "context": {"up": "x", "n": "3"}, "targets": ["aarch64", "armv7"],
     "python": {"versions": ["3.9", "3.13t"], "abi3": "3.9"},
     "toolchain": {"c": "gcc", "manylinux": {"armv7": "2_31"}, "sysroot": "debian-11",
                   "cflags": ["-O2"], "rust": "1.85.0"},
     "requirements": {"build": ["cython>=3", {"if": "target == \"armv7\"",
                                              "then": "numpy", "else": [
                                                  "a", {"if": "python < \"3.11\"",
                                                        "then": ["b", "c"]}]}],
                      "host": ["deb:libffi-dev", "deb:libz=1:2", "recipe:libxml2"],
                      "tools": ["bison"]},
     "build": {"number": 2, "config_settings": {"a": "b", "c": ["d", "e"]},
               "env": {"A": "${{ up }}", "B": ""}, "env_pass": ["TOKEN"],
               "network": False, "timeout": "45m", "memory": "2GiB", "jobs": 4,
               "skip": [{"if": "python < \"3.10\"", "reason": "old"}]},
     "cargo": {"locked": True, "features": ["a"], "manifest": "x/Cargo.toml"},
     "wheel": {"repair": "auto", "exclude_libs": ["libz.so.1"], "link_static": ["xml2"],
               "strip": True, "pure": "error", "extensions": ["p/m"], "cpu": ["neon"]},
     "tests": [{"imports": ["foo.bar"], "commands": ["true"], "run": "native",
                "contents": {"has": ["*.so"], "not": ["*.c"]}}],
     "about": {"summary": "s", "homepage": "https://a.example/x", "license": "MIT"},
     "update": {"enabled": True, "from": "pypi", "min_age": "7d"},
     "extra": {"any": ["thing"]}},
    {"schema_version": 1, "package": {"name": "prog", "version": "1"},
     "kind": "go-binary", "source": {"git": "https://git.example/p.git", "tag": "v1",
                                     "expected_commit": "0" * 40, "submodules": True},
     "go": {"package": "./cmd/x", "cgo": True, "tags": ["netgo"], "ldflags": ["-s"],
            "output": "prog"}, "toolchain": {"go": "1.22.5", "manylinux": "2_17"}},
    {"schema_version": 1, "package": {"name": "lib", "version": "1"}, "kind": "library",
     "source": [{"url": ["https://a.example/x.tar.gz", "https://b.example/x.tar.gz"],
                 "sha256": "12" * 32, "strip_components": 1, "target_directory": "t"},
                {"debsrc": "libxml2", "suite": "bullseye", "if": "target == \"armv7\""}],
     "build": {"script": ["./configure", "make"], "backend": "script",
               "silent_timeout": "90s"}},
    {"schema_version": 1, "package": {"name": "m", "version": "v0.1.0"},
     "kind": "go-binary", "source": {"gomod": "example.com/m/v2",
                                     "h1": "h1:" + "a" * 43 + "="}},
]
# Values to put anywhere: what one place wants another must refuse.
VALUES = ["", "x", "a b", "../x", "/etc/x", "a\\b", "-x", "1.0", "2_17", "2_07", "3.11",
          "3.5", "3.13t", "armv7", "armv9", "neon", "armv8", "neon, armv8", "7d", "45m", "0m",
          "1GiB", "1GB", ".", "./a", "./../a", "https://a.example/y", "http://a.example",
          "http://localhost",
          "https://u:p@a.example/", "https://a.example/<x>", "file:///etc/passwd",
          "deb:libx", "deb:X", "recipe:a", "recipe:-", "github:a/b", "github:", "A_B",
          "1A", "a.b", "a..b", ".a", "a/b", "a//b", "a/b.so", "h1:x", "0" * 40, "0" * 39,
          "ab" * 32, "AB" * 32, "libz.so.*", "x==1; python_version>'3'",
          "x @ https://a.example/x", "line\nbreak", "tab\there", "x" * 300, "auto", "gcc",
          "wheel", "go-binary", "library", "native", "maturin", "cmake", True, False, 0, 1, 9,
          -1, 2000, [], ["a"], ["a", "a"], [["a"]], {}, {"a": "b"},
          {"if": "target == \"armv7\"", "then": "a"},
          [{"if": "target == \"armv7\"", "then": "armv7"}], "${{ target }}"]


def paths(value, at=()):
    yield at
    for key in value if isinstance(value, dict) else range(len(value)) \
            if isinstance(value, list) else ():
        yield from paths(value[key], (*at, key))


def mutate(choose):
    recipe = copy.deepcopy(choose.choice(BASES))
    for _ in range(choose.choice((0, 1, 1, 1, 2))):
        at = choose.choice([p for p in paths(recipe) if p and p[0] != "extra"])
        inside = recipe
        for key in at[:-1]:
            inside = inside[key]
        what = choose.random()
        if what < 0.6:
            inside[at[-1]] = copy.deepcopy(choose.choice(VALUES))
        elif what < 0.8 or not isinstance(inside, dict):
            del inside[at[-1]]
        elif what < 0.9:
            inside[choose.choice(("extra2", "go", "wheel", "rev", "script", "pypi",
                                  "python", "url", "tag", "options", "backend",
                                  "config_settings", "rust", "build", "cargo"))] = copy.deepcopy(
                                      choose.choice(VALUES))
        else:
            inside[str(at[-1]) + "x"] = inside.pop(at[-1])
    return recipe


def schema(folder, *args):
    path = os.path.join(folder, "schema.json")
    xt.write(path, xt.run(["schema", *args]).out)
    return path


def by_schema(path, files):
    home = judges.environment("check-jsonschema", "check-jsonschema")
    p = subprocess.run([os.path.join(home, "bin", "python"), "-c", VALIDATE, path,
                        *files], capture_output=True, text=True)
    xt.equal(p.returncode, 0, p.stderr)
    return json.loads(p.stdout)


def by_xorch(folder, files):
    result = xt.run(["check", "--json", *files], cwd=folder)
    bad = {}
    for d in result.json["diagnostics"]:
        if d["severity"] == "error" and "file" in d:
            bad.setdefault(os.path.join(folder, d["file"]), []).append(d)
    return bad


# What only a reader that follows expressions, lists or the disk can know.
BEYOND = {"X0217", "X0219", "X0220", "X0221", "X0222", "X0204", "X0205", "X0208"}


def is_beyond(errors):
    """Only of what a schema cannot say; a condition that is no condition is that too."""
    return all(e["code"] in BEYOND or
               # what an expression turns out to be for the first target
               "aarch64" in e["text"] for e in errors)


def agree(seed, count):
    choose = random.Random(seed)
    with xt.scratch() as folder:
        files = {}
        while len(files) < count:
            recipe = mutate(choose)
            path = os.path.join(folder, f"r{len(files)}.yaml")
            files[path] = recipe
            xt.write(path, json.dumps(recipe))
        says_schema = by_schema(schema(folder), files)
        errors = by_xorch(folder, files)
        says_xorch = {p: e for p, e in errors.items() if not is_beyond(e)}
        for path, recipe in files.items():
            if path in errors and path not in says_xorch:
                continue  # both may refuse it: an empty condition, say
            xt.equal(path in says_schema, path in says_xorch, json.dumps(recipe),
                     f"schema: {says_schema.get(path)}",
                     f"xorch: {[(e['code'], e['text'], e.get('label'), e['line']) for e in says_xorch.get(path, [])]}")
        bad = len(says_xorch)
        xt.check(count // 5 < bad < count * 4 // 5, f"{bad} of {count} are bad")
        print(f"{count} recipes, {bad} bad")


def test_agreement_on_200_recipes():
    agree(1, 200)


def test_names_are_no_booleans_or_numbers():
    """Where a name is wanted, YAML's booleans and numbers are a slip; in quotes they are
    names."""
    base = BASES[0]
    places = (("requirements", "build"), ("build", "env_pass"), ("wheel", "extensions"))
    with xt.scratch() as folder:
        files = {}

        def put(**parts):
            path = os.path.join(folder, f"r{len(files)}.yaml")
            xt.write(path, json.dumps({**base, **parts}))
            files[path] = parts
        for value in (True, False, 1, 1.5):
            for part, key in places:
                put(**{part: {key: [value]}})
            put(tests=[{"imports": [value]}])
        bad = set(files)
        for value in ("true", "no"):
            for part, key in places:
                put(**{part: {key: [value]}})
            put(tests=[{"imports": [value]}])
        says_schema, says_xorch = by_schema(schema(folder), files), by_xorch(folder, files)
        for path, parts in files.items():
            xt.equal([path in says_schema, path in says_xorch], [path in bad] * 2, parts)


BACKENDS = {"wheel": ("pep517", "setuptools", "setuptools-rust", "maturin",
                      "scikit-build-core", "meson-python"),
            "library": ("autotools", "cmake", "meson", "openssl")}


def test_keys_that_a_kind_has_no_use_for():
    """Refused by both for each kind that does not read them, and for no other."""
    cases = [("build", "script", ["make"], "wheel library"),
             ("build", "options", ["-x"], "library"),
             ("build", "config_settings", {"a": "b"}, "wheel"),
             ("requirements", "build", ["cython"], "wheel"),
             ("toolchain", "rust", "1.85.0", "wheel"),
             ("cargo", "locked", True, "wheel"),
             ("build", "backend", "auto", "wheel library go-binary"),
             ("build", "backend", "go", "")]
    cases += [("build", "backend", name, kind) for kind, names in BACKENDS.items()
              for name in names]
    with xt.scratch() as folder:
        bad, files = {}, []
        for name, key, value, kinds in cases:
            for kind in ("wheel", "library", "go-binary"):
                path = os.path.join(folder, f"r{len(files)}.yaml")
                recipe = {"schema_version": 1, "package": {"name": "foo", "version": "1"},
                          "kind": kind, "source": {"debsrc": "foo"}, name: {key: value}}
                xt.write(path, json.dumps(recipe))
                files.append(path)
                bad[path] = kind not in kinds.split(), recipe
        says_schema, says_xorch = by_schema(schema(folder), files), by_xorch(folder, files)
        for path in files:
            xt.equal([path in says_schema, path in says_xorch], [bad[path][0]] * 2,
                     bad[path][1])


# label: long
def test_agreement_on_5000_recipes():
    for seed in range(2, 12):
        agree(seed, 500)


def test_own_recipes_are_valid():
    with xt.scratch() as folder:
        path = schema(folder)
        recipes = os.path.join(xt.SOURCE, "recipes")
        judges.schema_check(path, *[os.path.join(recipes, f) for f in os.listdir(recipes)
                                    if f.endswith(".yaml")])


def test_own_copy_is_the_newest():
    with open(os.path.join(xt.SOURCE, "recipes", "recipe-1.schema.json"),
              encoding="utf-8") as f:
        xt.equal(f.read(), xt.run(["schema"]).out,
                 "run: build/xorch schema > recipes/recipe-1.schema.json")


def test_project_file():
    good = {"schema_version": 1, "targets": ["armv7"], "python": {"versions": ["3.11"]},
            "toolchain": {"c": "gcc", "manylinux": "2_28", "sysroot": "debian-11"},
            "cache": ".cache", "out": "dist", "durations": "d.json",
            "index": "https://c.example/simple",
            "pins": {"setuptools": "<81,>=70", "Cython": "3.1.4", "pybind11": "~=2.13.0"},
            "mirrors": {"pypi": "https://a.example/simple",
                        "oci": ["quay.io=https://b.example/q"]}}
    cases = [good, {"schema_version": 1}]
    for key, value in (("targets", ["x"]), ("cache", "/x"), ("out", "../x"), ("x", 1),
                       ("mirrors", {"pypi": "http://a.example"}), ("targets", []),
                       ("mirrors", {"npm": "https://a.example"}), ("schema_version", 2),
                       ("python", {"versions": ["2.7"]}), ("toolchain", {"c": "tcc"}),
                       ("mirrors", {"pypi": "https://u:p@a.example"}),
                       ("pins", {"a": "newest"}), ("pins", {"a": "<"}), ("pins", ["a<1"]),
                       ("pins", {"a b": "<1"}), ("pins", {"a": ["<1"]}),
                       ("index", "pypi"), ("index", ["https://a.example"]),
                       ("index", "https://u:p@a.example/simple")):
        cases.append({**good, key: value})
    with xt.scratch() as folder:
        files = {}
        for n, case in enumerate(cases):
            files[xt.write(f"{folder}/{n}/xorch.yaml", json.dumps(case))] = case
        says_schema, says_xorch = by_schema(schema(folder, "project"), files), \
            by_xorch(folder, files)
        for n, (path, case) in enumerate(files.items()):
            xt.equal([path in says_schema, path in says_xorch], [n > 1] * 2, case)


if __name__ == "__main__":
    xt.main(globals())
