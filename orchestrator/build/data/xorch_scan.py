"""What an unpacked source says of itself, as text: nothing of it is imported or run.

    python xorch_scan.py REQUEST.json ANSWER.json

The request holds {"source", "tomli"}, the answer {"result": facts} or {"error": text}.
setup.py is parsed (ast), never executed; what it computes is worked out by
xorch_script.py. All lists are sorted and cut, since the source may be hostile."""
import ast
import json
import os
import re
import sys

FILE_MAX = 2 << 20
FILES_MAX = 20000
LIST_MAX = 200
CODE = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".pyx", ".pxd", ".pxi")
SKIPPED = {"test", "tests", "testing", "example", "examples", "bench", "benchmark",
           "benchmarks", "docs", "doc", "ci", "fuzz", ".github", "node_modules"}
# Of whatever spelling: "test cases", "unit_tests", "manual tests".
OF_TESTS = re.compile(r"(?:.*[ _-])?tests?(?:[ _-].*)?")
# Names that setup.py imports -> requirement, where no pyproject.toml says it.
IMPORTS = {"Cython": "cython", "numpy": "numpy", "cffi": "cffi", "pybind11": "pybind11",
           "setuptools_rust": "setuptools-rust", "skbuild": "scikit-build",
           "pkgconfig": "pkgconfig", "setuptools_scm": "setuptools-scm",
           "mypyc": "mypy", "nanobind": "nanobind", "semantic_version": "semantic-version",
           "packaging": "packaging", "toml": "toml", "tomli": "tomli", "jinja2": "jinja2"}
# The indented beginning of a function in C, by a type that needs no other line to be known.
FUNCTION = re.compile(r"[ \t]+(?:(?:auto|static|inline|const|unsigned|struct)\s+)*"
                      r"(?:void|int|long|char|double|float|bool|PyObject|\w+_t)\b[ \t*]+"
                      r"[A-Za-z_]\w*[ \t]*\([^;{}()\n]*\)[ \t]*(\{?)[ \t]*$", re.M)
# Programs that setup.py may start and that a build requirement brings.
PROGRAMS = ("cmake", "ninja", "meson")


def is_aside(rel):
    """In a folder that is no part of what is built."""
    return any(p in SKIPPED or OF_TESTS.fullmatch(p) for p in rel.lower().split("/")[:-1])


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read(FILE_MAX).decode("utf-8", "replace")
    except OSError:
        return ""


def toml_module(tomli):
    try:
        import tomllib
        return tomllib
    except ImportError:
        pass
    if tomli:
        sys.path.append(tomli)
    from pip._vendor import tomli as vendored
    return vendored


def table(value, *keys):
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text(value):
    return value if isinstance(value, str) else None


def texts(value):
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def nests_functions(code):
    """Whether C has a function inside a function, as only gcc compiles it. Braces that an
    #else repeats count twice, so a brace that begins a line counts as the outermost."""
    if not FUNCTION.search(code):
        return False
    code = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", " ",
                  code, flags=re.S)
    depth, header = 0, False
    for line in code.split("\n"):
        begun = FUNCTION.match(line) if depth else None
        if (begun and begun[1]) or (header and line.strip().startswith("{")):
            return True
        header = bool(begun) or (header and not line.strip())
        if line.startswith(("{", "}")):
            depth = int(line[0] == "{")
            line = line[1:]
        depth = max(0, depth + line.count("{") - line.count("}"))
        if re.match(r"extern\s*\{", line):
            depth = 0
    return False


class Facts(Scripts):
    def __init__(self, source, toml):
        self.source, self.toml = source, toml
        self.extensions, self.links, self.headers, self.bundled = {}, {}, {}, {}
        self.requires, self.warnings, self.programs = set(), [], {}
        self.out, self.switches, self.read = {}, {}, set()
        self.files = []
        for folder, folders, files in os.walk(source):
            folders[:] = sorted(d for d in folders if not os.path.islink(
                os.path.join(folder, d)))
            for name in sorted(files):
                path = os.path.join(folder, name)
                if len(self.files) < FILES_MAX and not os.path.islink(path):
                    self.files.append(os.path.relpath(path, source))
        self.inside = {os.path.basename(f) for f in self.files}

    def load_toml(self, rel):
        try:
            return self.toml.loads(read(os.path.join(self.source, rel)))
        except Exception:
            return {}

    def add(self, where, to, name):
        if isinstance(name, str) and name and len(name) < 200:
            to.setdefault(name, where)

    # ---- the project's own words

    def pyproject(self):
        p = self.load_toml("pyproject.toml") if "pyproject.toml" in self.files else {}
        system, project = table(p, "build-system"), table(p, "project")
        self.out["has_build_system"] = "requires" in system
        self.out["backend"] = text(system.get("build-backend"))
        self.out["requires"] = texts(system.get("requires"))
        self.out["requires_python"] = text(project.get("requires-python"))
        self.out["summary"] = text(project.get("description"))
        name = table(p, "tool", "maturin").get("module-name")
        if text(name):
            self.add("pyproject.toml", self.extensions, name.replace(".", "/"))
        for key in ("ext-modules", "bins"):
            rows = table(p, "tool", "setuptools-rust").get(key)
            for row in rows if isinstance(rows, list) else []:
                target = row.get("target") if isinstance(row, dict) else None
                if key == "ext-modules" and text(target):
                    self.add("pyproject.toml", self.extensions, target.replace(".", "/"))
        rows = table(p, "tool", "setuptools").get("ext-modules")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and text(row.get("name")):
                self.add("pyproject.toml", self.extensions, row["name"].replace(".", "/"))
                for lib in texts(row.get("libraries")):
                    self.add("pyproject.toml", self.links, lib)

    def metadata(self):
        for line in read(os.path.join(self.source, "PKG-INFO")).split("\n"):
            if not line.strip():
                break
            key, _, value = line.partition(":")
            key, value = key.strip().lower(), value.strip()
            if key in ("summary", "license", "requires-python", "license-expression",
                       "home-page", "version", "name"):
                self.out.setdefault("info_" + key.replace("-", "_"), value)
            if key == "project-url":
                label, _, url = value.partition(",")
                if label.strip().lower() in ("homepage", "home", "source", "repository",
                                             "source code", "github"):
                    self.out.setdefault("info_home_page", url.strip())

    # ---- setup.py and scripts in its place (Scripts)

    def setup(self):
        for rel in self.scripts():
            self.script(rel, read(os.path.join(self.source, rel)))
        self.upstream_switches()

    def script(self, rel, code):
        for word, why in (("-march=native", "-march=native"), ("sys.maxsize", "sys.maxsize"),
                          ("platform.machine(", "platform.machine()"),
                          ("calcsize(\"P\")", "the size of a pointer"),
                          ("calcsize('P')", "the size of a pointer")):
            if word in code:
                self.warnings.append("%s looks at %s" % (rel, why))
        # Where compilers look besides their own folders: it looks for headers there.
        if re.search(r"[\"']CPATH[\"']", code):
            self.out["cpath"] = True
        if "pkg_resources" in code:
            self.requires.add("setuptools<81")
        if "py39compat" in code:  # of setuptools._distutils, gone since
            self.requires.add("setuptools<80")
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.warnings.append("%s cannot be parsed" % rel)
            return
        files = set(self.files)
        found = Switches(lambda env: Script(tree, files, self.load_toml, env).run(), rel)
        self.told(rel, found)
        self.words(tree, found.base)

    def told(self, rel, found):
        """What the script says of its extension modules."""
        base = found.base
        package = base.package + "." if base.package else ""
        switches = found.look()
        brought = {m for s in switches for m in s["modules"]}
        for name in base.names(False) - {"?"} - brought:
            self.add(rel, self.extensions, (package + name).replace(".", "/"))
        for lib in [s for e in base.extensions for s in strings(e.libraries)] + base.links:
            self.add(rel, self.links, lib)
        for spec in base.cffi:
            self.cffi(spec, package)
        self.requires |= set(base.requires)
        self.read |= set(base.read)
        for s in switches:
            self.switch(s["name"], s["value"], s["why"], rel,
                        [(package + m).replace(".", "/") for m in s["modules"]])

    def words(self, tree, script):
        """Imports, programs, pkg-config."""
        for node in ast.walk(tree):
            if script.passed_over(node):
                continue
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.imported(alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self.imported(node.module)
            elif isinstance(node, ast.Call):
                for first in node.args[:1]:
                    self.program(first)
                self.pkg_config([node.func, *node.args], script)
            elif isinstance(node, (ast.List, ast.Tuple)):
                for first in node.elts[:1]:
                    self.program(first)
                self.make_check(node.elts)
                self.pkg_config(node.elts, script)

    def program(self, node):
        """["cmake", …], which("cmake") and the like, system("cmake …")."""
        word = node.value if isinstance(node, ast.Constant) else None
        word = word.split(" ")[0] if isinstance(word, str) else None
        if word in PROGRAMS:
            self.add("setup.py", self.programs, word)

    def pkg_config(self, words, script):
        """["pkg-config", "--libs", NAME, …], pkg_config(NAME), pkgconfig.parse(NAME)."""
        first = words[0] if words else None
        whole = getattr(first, "value", None)
        name = whole if isinstance(whole, str) else getattr(
            first, "id", getattr(whole, "id", getattr(first, "attr", None)))
        if not isinstance(name, str) or not re.fullmatch(
                r"(?i)\w*pkg[-_]?config\w*", name.rsplit("/", 1)[-1]):
            return
        for node in words[1:]:
            for word in " ".join(script.texts(node)).split():
                if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,59}", word):
                    # maybe only where the system has it: no reason against a copy inside
                    self.add("setup.py by pkg-config", self.links, word)

    def make_check(self, words):
        """[make_command, "check", …]: programs of the target would be run."""
        if len(words) < 2 or getattr(words[1], "value", None) not in ("check", "test"):
            return
        make = words[0].value if isinstance(words[0], ast.Constant) else \
            getattr(words[0], "id", getattr(words[0], "attr", None))
        if isinstance(make, str) and "make" in make.lower():
            self.out["make_check"] = True

    def imported(self, name):
        top = name.split(".")[0]
        local = any(f == top + ".py" or f.startswith(top + "/") for f in self.files)
        if top in IMPORTS and not local:
            self.requires.add(IMPORTS[top])

    def cffi(self, spec, package):
        path = spec.split(":")[0]
        if path in self.files:
            code = read(os.path.join(self.source, path))
            found = re.search(r"set_source\(\s*['\"]([A-Za-z0-9_.]+)['\"]", code)
            if found:
                name = found[1] if "." in found[1] else package + found[1]
                self.add(path, self.extensions, name.replace(".", "/"))
            # Its C and what that links stand in the Python.
            self.includes(path, re.sub(r"(?m)^(?=.*#\s*include).*?#", "#", code))
            for words in re.findall(r"\blibraries\s*\+?=\s*\[([^\]]{0,500})\]", code):
                for name in re.findall(r"['\"]([A-Za-z0-9_.+-]{1,60})['\"]", words):
                    self.add(path, self.links, name)
        self.requires.add("cffi")

    # ---- the other build systems

    def cmake(self, rel, code):
        for call in re.findall(r"(?:[Pp]ython3?_add_library|pybind11_add_module|"
                               r"nanobind_add_module|python_add_library)\s*\(\s*"
                               r"([A-Za-z_][A-Za-z0-9_]*)", code):
            self.add(rel, self.extensions, call)
        for lib in re.findall(r"find_package\s*\(\s*([A-Za-z0-9_]+)", code):
            self.add(rel, self.links, lib.lower())
        for args in re.findall(r"pkg_(?:check|search)_modules?\s*\(([^)]*)\)", code):
            for word in args.split()[1:]:
                self.add(rel, self.links, re.split("[<>=]", word)[0].lower())

    def meson(self, rel, code):
        for name in re.findall(r"extension_module\s*\(\s*'([A-Za-z0-9_]+)'", code):
            self.add(rel, self.extensions, name)
        for lib in re.findall(r"(?:dependency|find_library)\s*\(\s*'([A-Za-z0-9_.+-]+)'", code):
            self.add(rel, self.links, lib.lower())

    def cargo(self):
        out, version, locks = {}, None, 0
        for rel in self.files:
            base = os.path.basename(rel)
            if base == "Cargo.lock":
                locks += 1
            if base != "Cargo.toml" or is_aside(rel):
                continue
            c = self.load_toml(rel)
            package = table(c, "package")
            found = package.get("rust-version") or table(
                c, "workspace", "package").get("rust-version")
            if text(found) and re.fullmatch(r"[0-9.]{1,20}", found) and (
                    not version or key(found) > key(version)):
                version = found
            deps = dict(table(c, "dependencies"))
            deps.update(table(c, "workspace", "dependencies"))
            for name, value in deps.items():
                if name.endswith("-sys") or name in ("openssl", "pyo3"):
                    self.add(rel, self.links, name)
                features = texts(value.get("features")) if isinstance(value, dict) else []
                if name in ("pyo3", "pyo3-ffi"):
                    out["pyo3"] = True
                    for f in features:
                        m = re.fullmatch(r"abi3-py3([0-9]{1,2})", f)
                        if m:
                            out["abi3"] = "3.%d" % max(9, int(m[1]))
        # Not every project says which Rust it wants; its syntax may.
        for rel in self.files:
            if version and key(version) >= [1, 88]:
                break
            if rel.endswith(".rs") and not is_aside(rel) and re.search(
                    r"^\s*(&&|(\} else )?if let [^/\n]*&&) *let ",
                    read(os.path.join(self.source, rel)), re.M):
                version = "1.88"  # `if let … && let …`
        self.out["rust"] = bool(out.get("pyo3")) or any(
            f.endswith("Cargo.toml") for f in self.files)
        self.out["rust_version"], self.out["abi3"] = version, out.get("abi3")
        self.out["cargo_lock"] = locks > 0

    def go(self):
        code = read(os.path.join(self.source, "go.mod")) if "go.mod" in self.files else ""
        found = re.search(r"^module\s+(\S+)", code, re.M)
        self.out["go_module"] = found[1] if found else None
        found = re.search(r"^go\s+([0-9.]+)", code, re.M)
        self.out["go_version"] = found[1] if found else None
        mains = set()
        for rel in self.files:
            if rel.endswith(".go") and not rel.endswith("_test.go") and \
                    not set(rel.split("/")[:-1]) & (SKIPPED | {"vendor", "internal",
                                                             "testdata", "_examples"}):
                code = read(os.path.join(self.source, rel))
                if re.search(r"^package main\b", code, re.M) and \
                        re.search(r"^func main\(\)", code, re.M) and \
                        not re.search(r"^//go:build ignore", code, re.M):
                    mains.add(os.path.dirname(rel) or ".")
        self.out["go_mains"] = sorted(mains)[:LIST_MAX]
        self.out["cgo"] = any(
            rel.endswith(".go") and 'import "C"' in read(os.path.join(self.source, rel))
            for rel in self.files[:5000]) if self.out["go_module"] else False

    # ---- code

    def includes(self, rel, code):
        for name in re.findall(r"^\s*#\s*include\s*<([A-Za-z0-9_./+-]{1,80})>", code, re.M):
            # of one that is inside too: for a system without the library, maybe
            self.add(rel, self.bundled if os.path.basename(name) in self.inside
                     else self.headers, name)

    def code(self):
        for rel in self.files:
            base = os.path.basename(rel)
            if is_aside(rel):
                continue
            if base == "CMakeLists.txt":
                self.cmake(rel, read(os.path.join(self.source, rel)))
            elif base == "meson.build":
                self.meson(rel, read(os.path.join(self.source, rel)))
            elif base.endswith(CODE):
                code = read(os.path.join(self.source, rel))
                # ARM's spelling; clang passes over the pragma.
                if re.search(r"^\s*#\s*pragma\s+GCC\s+target\s*\(\s*\"\+", code, re.M) \
                        and "__clang__" not in code:
                    self.out.setdefault("gcc", rel)
                elif base.endswith(".c") and nests_functions(code):
                    self.out.setdefault("nested", rel)
                self.includes(rel, code)
                for name in re.findall(r"cdef extern from \"<?([A-Za-z0-9_./+-]{1,80})>?\"",
                                       code):
                    if os.path.basename(name) not in self.inside:
                        self.add(rel, self.headers, name)

    def abi3_said(self):
        """The minor versions that the project's own files speak of as the stable ABI's:
        cp39, abi3-py39, 0x03090000. Some wheels are only made so by an option of whoever
        builds upstream's, some are tagged by the Python that they are built with."""
        found = set()
        for rel in self.files:
            base = os.path.basename(rel)
            code = read(os.path.join(self.source, rel)) if (
                base in ("pyproject.toml", "setup.cfg", "Cargo.toml", "CMakeLists.txt",
                         "meson.build") or base.endswith(".py") and "/" not in rel) else ""
            if re.search(r"abi3|limited.?api|py-api|stable.?abi", code, re.I):
                found |= {int(n) for n in re.findall(r"(?:cp3|py3|USE_SABI\s3\.)([0-9]{1,2})\b",
                                                     code)}
                found |= {int(n, 16) for n in re.findall(r"0x03([0-9A-Fa-f]{2})", code)}
        return sorted(found)[:LIST_MAX]

    def tops(self):
        found = set()
        for rel in self.files:
            if rel.endswith(".egg-info/top_level.txt"):
                found |= {x for x in read(os.path.join(self.source, rel)).split()
                          if x.isidentifier()}
        if not found:
            for rel in self.files:
                parts = rel.split("/")
                if parts[0] in ("src", "python", "lib", "py") and len(parts) > 1:
                    parts = parts[1:]
                if len(parts) == 2 and parts[1] == "__init__.py" and \
                        parts[0] not in SKIPPED and parts[0].isidentifier():
                    found.add(parts[0])
        return sorted(found)[:LIST_MAX]

    def run(self):
        self.pyproject()
        self.metadata()
        self.setup()
        self.cargo()
        self.go()
        self.code()
        out = self.out
        out["tops"] = self.tops()
        out["abi3_said"] = self.abi3_said()
        out["more_requires"] = sorted(self.requires)[:LIST_MAX]
        out["switches"] = [s for _, s in sorted(self.switches.items())][:LIST_MAX]
        out["variables"] = sorted(self.read)[:LIST_MAX]
        out["warnings"] = sorted(set(self.warnings))[:LIST_MAX]
        for name in ("extensions", "links", "headers", "bundled", "programs"):
            rows = sorted(getattr(self, name).items())[:LIST_MAX * 10]
            out[name] = [{"name": n, "where": w} for n, w in rows]
        return out


def key(version):
    return [int(x) for x in version.split(".") if x]


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        request = json.load(f)
    try:
        answer = {"result": Facts(os.path.realpath(request["source"]),
                                  toml_module(request.get("tomli"))).run()}
    except Exception as e:
        answer = {"error": "%s: %s" % (type(e).__name__, e)}
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        json.dump(answer, out)


main()
