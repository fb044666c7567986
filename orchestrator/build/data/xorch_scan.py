"""What an unpacked source says of itself, as text: nothing of it is imported or run.

    python xorch_scan.py REQUEST.json ANSWER.json

The request holds {"source", "tomli"}, the answer {"result": facts} or {"error": text}.
setup.py is parsed (ast), never executed; what it computes is worked out by
xorch_script.py. All lists are sorted and cut, since the source may be hostile."""
import ast
import functools
import json
import os
import re
import sys

FILE_MAX = 2 << 20
FILES_MAX = 20000
LIST_MAX = 200
SCRIPTS_MAX = 20
CODE = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".pyx", ".pxd", ".pxi")
SKIPPED = {"test", "tests", "testing", "example", "examples", "demo", "demos",
           "tutorial", "tutorials", "bench", "benchmark", "benchmarks", "docs", "doc",
           "ci", "fuzz", ".github", "node_modules", "googletest", "googlemock", "gtest",
           "gmock", "catch2", "doctest"}
X86_FLAG = re.compile(r"[\"' ](-m(?:s?sse|avx|bmi|fma|aes|pclmul|popcnt)[\w.]{0,12})[\"' ]")
# What asks the machine that builds where the target's is meant: an answer for 64 bits, or
# for x86. The last two are looked for in CMake's and Meson's files, too.
SIGNS = ((r"\bsys\.maxsize\b", "sys.maxsize"),
         (r"\bplatform\.machine\(", "platform.machine()"),
         (r"\bplatform\.architecture\(", "platform.architecture()"),
         (r"\bos\.uname\(", "os.uname()"),
         (r"\bcalcsize\(\s*[\"']P[\"']", "the size of a pointer"),
         (r"\bctypes\.sizeof\(", "the size of a type"),
         (r"\bctypes\.CDLL\(", "a library by ctypes.CDLL"),
         (r"\bget_cpu_(?:features|info)\b", "what the processor can do"),
         (r"/proc/cpuinfo", "/proc/cpuinfo"),
         (r"-march=native", "-march=native"))
# Of whatever spelling: "test cases", "unit_tests", "manual tests".
OF_TESTS = re.compile(r"(?:.*[ _-])?tests?(?:[ _-].*)?")


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


class Facts(Scripts, Words, Systems, Code, Imports):
    def __init__(self, source, toml):
        self.source, self.toml = source, toml
        self.extensions, self.links, self.headers, self.bundled = {}, {}, {}, {}
        self.requires, self.warnings, self.programs = set(), [], {}
        self.wants, self.downloads, self.quoted, self.crate_links = {}, {}, {}, {}
        self.arm_code, self.arm_asks, self.names, self.defined = {}, None, [], set()
        self.presets = {}
        self.crate_least, self.openmp_asked, self.omp_used = {}, (None, False), False
        self.out, self.switches, self.read = {}, {}, set()
        self.copies, self.trees = {}, {}
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
        self.manifest = text(table(p, "tool", "maturin").get("manifest-path"))
        self.out["maturin_features"] = texts(table(p, "tool", "maturin").get("features"))
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

    @functools.cached_property
    def installed(self):
        return self.tops()

    def setup(self):
        """setup.py, the scripts that pyproject.toml names in its place, and what they
        import that lies beside them and is not installed. What else they import of the
        source is read for its words."""
        queue, seen, helpers = self.scripts(), [], []
        while queue and len(seen) < SCRIPTS_MAX:
            rel = queue.pop(0)
            if rel not in seen:
                seen.append(rel)
                beside, more = self.script(rel, read(os.path.join(self.source, rel)))
                queue += beside
                helpers += more
        for rel in dict.fromkeys(helpers):
            if rel not in seen and len(seen) < SCRIPTS_MAX:
                seen.append(rel)
                self.helper(rel)
        self.upstream_switches()

    def processor(self, rel, code):
        self.machine(rel, code, SIGNS[-2:])

    def machine(self, rel, code, signs):
        for word, why in signs:
            if re.search(word, code):
                flag = X86_FLAG.search(code) if why == "platform.machine()" else None
                self.warnings.append("%s looks at %s%s" % (
                    rel, why, " and has %s, a flag for x86" % flag[1] if flag else ""))

    def signs(self, rel, code):
        self.machine(rel, code, SIGNS)
        # Where compilers look besides their own folders: it looks for headers there.
        if re.search(r"[\"']CPATH[\"']", code):
            self.out["cpath"] = True
        # What lies beside it may only speak of them.
        said = code if rel == "setup.py" else "\n".join(
            re.findall(r"^\s*(?:from|import)\s[^\n]*", code, re.M))
        if "pkg_resources" in said:
            self.requires.add("setuptools<81")
        if "setuptools._distutils" in said:  # its compilers are not build_ext's any more
            self.requires.add("setuptools<81")
        if "py39compat" in said:  # of setuptools._distutils, gone since
            self.requires.add("setuptools<80")
        if "-fopenmp" in code:
            self.out.setdefault("openmp", rel)
        self.fetches(rel, code)

    def script(self, rel, code):
        """Reads one; the files that it imports: those beside it, all others."""
        self.signs(rel, code)
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.warnings.append("%s cannot be parsed" % rel)
            return [], []
        found = Switches(lambda env: self.script_of(tree, rel, env), rel)
        self.told(rel, found)
        for name in self.words(rel, tree, found.base):
            self.imported(name)
        for path, other in found.base.trees:  # by what this script gives their functions
            self.words(path, other, found.base)
        self.languages(rel, tree)
        self.asked(rel, tree)
        return self.imports(tree)

    def helper(self, rel):
        try:
            tree = ast.parse(read(os.path.join(self.source, rel)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        self.words(rel, tree, self.script_of(tree, rel), starts=False)
        self.asked(rel, tree)

    def script_of(self, tree, rel, env=None):
        return Script(tree, set(self.files), self.load_toml, env,
                      lambda name: self.module(name, os.path.dirname(rel))).run()

    def module(self, name, folder):
        """(file, tree) of a module beside a script, as Script.find wants it."""
        path, tops = name.replace(".", "/"), self.installed
        for rel in (path + ".py", path + "/__init__.py"):
            rel = os.path.normpath(os.path.join(folder, rel))
            if rel in self.files and rel not in COPIES and name.split(".")[0] not in tops:
                if rel not in self.trees:
                    try:
                        self.trees[rel] = ast.parse(read(os.path.join(self.source, rel)))
                    except (SyntaxError, ValueError, RecursionError, MemoryError):
                        self.trees[rel] = None
                return self.trees[rel] and (rel, self.trees[rel])
        return None

    def imports(self, tree):
        """Files of the source: those beside a script that are not installed, all others."""
        tops, beside, others = self.installed, [], []
        modules = [f for f in self.files if f.endswith(".py") and not is_aside(f) and
                   f not in COPIES]
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else \
                [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in names:
                path = name.replace(".", "/")
                found = [f for f in modules if
                         f == path + ".py" or f.startswith(path + "/") and f.count("/") < 3 or
                         f.count("/") == 1 and f.endswith("/" + path + ".py")]
                for f in found:
                    full = f in (path + ".py", path + "/__init__.py") and \
                        name.split(".")[0] not in tops and not getattr(node, "level", 0)
                    (beside if full else others).append(f)
        return beside, others

    def told(self, rel, found):
        """What the script says of its extension modules."""
        base = found.base
        package = base.package + "." if base.package else ""
        switches = found.look()
        brought = {m for s in switches for m in s["modules"]}
        for name in base.names(False) - {"?"} - brought:
            self.add(rel, self.extensions, (package + name).replace(".", "/"))
        for lib in [s for e in base.extensions for s in strings(e.libraries)] + base.links:
            if lib not in base.own:
                self.add(rel, self.links, lib)
        for spec in base.cffi:
            self.cffi(spec, package)
        self.requires |= set(base.requires)
        self.read |= set(base.read)
        for s in switches:
            self.switch(s["name"], s["value"], s["why"], rel,
                        [(package + m).replace(".", "/") for m in s["modules"]])

    def cffi(self, spec, package):
        path = spec.split(":")[0]
        if path in self.files:
            code = read(os.path.join(self.source, path))
            for name in self.sourced(path, code):
                name = name if "." in name else package + name
                self.add(path, self.extensions, name.replace(".", "/"))
            # Its C and what that links stand in the Python.
            self.includes(path, re.sub(r"(?m)^(?=.*#\s*include).*?#", "#", code))
            for words in re.findall(r"\blibraries\s*\+?=\s*\[([^\]]{0,500})\]", code):
                for name in re.findall(r"['\"]([A-Za-z0-9_.+-]{1,60})['\"]", words):
                    self.add(path, self.links, name)
        self.requires.add("cffi")

    def sourced(self, path, code):
        """The modules of a script of cffi's; what it links is noted."""
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []
        found = self.script_of(tree, path)
        for lib in found.links:
            self.add(path, self.links, lib)
        self.asked(path, tree)
        return found.sourced

    def abi3_said(self):
        """The minor versions that the project's own files speak of as the stable ABI's:
        cp39, abi3-py39, 0x03090000. Some wheels are only made so by an option of whoever
        builds upstream's, some are tagged by the Python that they are built with."""
        found = set()
        for rel in self.files:
            base = os.path.basename(rel)
            code = read(os.path.join(self.source, rel)) if (
                base in ("pyproject.toml", "setup.cfg", "Cargo.toml", "CMakeLists.txt",
                         "meson.build") or base.endswith(".py") and rel.count("/") < 2 and
                not is_aside(rel)) else ""
            # setup.py may choose by the Python that it runs in
            if rel == "setup.py" and "limited" in code.lower() and \
                    len(set(re.findall(r"0x03[0-9A-Fa-f]{2}0000", code.upper().replace(
                        "0X", "0x")))) > 1:
                self.out["abi3_varies"] = True
            # or whoever builds upstream's wheels
            if re.search(r"^environment-pass\s*=\s*\[[^\]]*LIMITED_?API", code, re.M) or \
                    base == "meson.build" and re.search(
                        r"allow_limited_api\s*=\s*(?!true)", code) or \
                    re.search(r"\b(?:environ(?:\.get)?|getenv)[\[(]\s*[\"']\w*"
                              r"(?:ABI_?3|LIMITED_?API)", code):
                self.out["abi3_varies"] = True
            if re.search(r"abi3|limited.?api|py-api|stable.?abi", code, re.I):
                found |= {int(n) for n in re.findall(r"(?:cp3|py3|USE_SABI\s3\.)([0-9]{1,2})\b",
                                                     code)}
                found |= {int(n, 16) for n in re.findall(r"0x03([0-9A-Fa-f]{2})", code)}
        # or by a variable
        if any(re.search(r"LIMITED_?API|ABI_?3", name, re.I) for name in self.read):
            self.out["abi3_varies"] = True
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
        self.prebuilt()
        self.code()
        out = self.out
        if "omp.h" not in self.headers:  # or where it looks for it alone
            out.pop("openmp", None)
        where, sure = self.openmp_asked
        if where and (sure or self.omp_used or "omp.h" in self.headers):
            out.setdefault("openmp", where)
        out["tops"] = self.installed
        out["imports"] = [{"module": m, "names": n}
                          for m, n in sorted(self.imports_of_modules().items())]
        out["abi3_said"] = self.abi3_said()
        out["only_cython"] = "cython" in self.requires and not any(
            f.endswith((".c", ".cc", ".cpp", ".cxx")) and not is_aside(f) for f in self.files)
        out["more_requires"] = sorted(self.requires)[:LIST_MAX]
        out["switches"] = [s for _, s in sorted(self.switches.items())][:LIST_MAX]
        out["variables"] = sorted(self.read)[:LIST_MAX]
        out["warnings"] = sorted(set(self.warnings))[:LIST_MAX]
        out["wants"] = [{"name": n, "version": v, "where": w}
                        for n, (v, w) in sorted(self.wants.items())[:LIST_MAX]]
        out["cmake_presets"] = [{"name": n, "value": v, "where": w}
                                for n, (v, w) in sorted(self.presets.items())[:LIST_MAX]]
        out["used"] = self.used()
        for name, gcc in sorted(CXX_HEADERS.items()):
            if name in out["used"]:
                self.cxx(out["used"][name], gcc, "<%s>" % name)
        out["crate_least"] = [{"name": n, "version": v}
                              for n, v in sorted(self.crate_least.items())[:LIST_MAX]]
        out["arm_asks"] = self.arm_asks
        for name in ("extensions", "links", "headers", "bundled", "programs", "downloads",
                     "quoted", "copies", "arm_code", "crate_links"):
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
