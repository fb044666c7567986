"""Words of setup.py and the like: what it imports, starts and asks pkg-config for."""
import ast
import os
import re

# Names that setup.py imports -> requirement, where no pyproject.toml says it.
IMPORTS = {"Cython": "cython", "numpy": "numpy", "cffi": "cffi", "pybind11": "pybind11",
           "setuptools_rust": "setuptools-rust", "skbuild": "scikit-build",
           "pkgconfig": "pkgconfig", "setuptools_scm": "setuptools-scm",
           "mypyc": "mypy", "nanobind": "nanobind", "semantic_version": "semantic-version",
           "packaging": "packaging", "toml": "toml", "tomli": "tomli", "jinja2": "jinja2"}
# Programs that setup.py may start and that a build requirement brings.
PROGRAMS = ("cmake", "ninja", "meson", "swig")
# Helpers of setup.py that projects copy: they try much and need nothing.
COPIES = {"versioneer.py", "ez_setup.py", "distribute_setup.py", "get_pip.py"}
# Standards among the flags of an extension; gcc only warns of one language's for the
# other, clang refuses.
CXX_STD = re.compile(r"-std=(?:c|gnu)\+\+")
C_STD = re.compile(r"-std=(?:c|gnu|iso9899:)[0-9]")
# What scripts and setup.py fetch.
SCRIPT_FETCH = re.compile(r"\bgit[\"', ]+clone\b|\b(?:conan|vcpkg)[\"', ]+install\b|\burlretrieve\(|\burlopen\(|"
                          r"^\s*(?:curl|wget)\s", re.M)


class Words:
    """Of Facts (xorch_scan.py)."""

    def words(self, rel, tree, script, starts=True):
        """pkg-config, and programs where this `starts` them; the names of imports."""
        imports = []
        for node in ast.walk(tree):
            if script.passed_over(node):
                continue
            if isinstance(node, ast.Import):
                imports += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imports.append(node.module)
            elif isinstance(node, ast.JoinedStr) and starts:
                code = "".join(part.value if isinstance(part, ast.Constant) else "{}"
                               for part in node.values)
                if "\n" in code:
                    self.shell(rel, code)
            elif isinstance(node, ast.Call):
                for first in node.args[:1] if starts else ():
                    self.program(rel, first)
                self.pkg_config(rel, [node.func, *node.args,
                                      *(k.value for k in node.keywords)], script)
            elif isinstance(node, (ast.List, ast.Tuple)):
                for first in node.elts[:1] if starts else ():
                    self.program(rel, first)
                if starts:
                    self.make_check(node.elts)
                self.pkg_config(rel, node.elts, script)
        return imports

    def program(self, rel, node):
        """["cmake", …], which("cmake") and the like, system("cmake …"), ["./build.sh"]."""
        if isinstance(node, ast.JoinedStr) and node.values:
            node = node.values[0]
        word = node.value if isinstance(node, ast.Constant) else None
        word = word.split(" ")[0] if isinstance(word, str) else None
        if word in PROGRAMS:
            self.add(rel, self.programs, word)
        script = os.path.normpath(word) if word and word.endswith(".sh") else None
        if script in self.files:
            self.shell(script, read(os.path.join(self.source, script)))

    def shell(self, rel, code):
        """Lines of a shell script: "cmake …", and CMAKE=cmake."""
        for word in re.findall(r"(?m)^[ \t]*(?:[A-Z_]{1,30}=)?([a-z]{2,20})(?=[ \t]|$)", code):
            if word in PROGRAMS:
                self.add(rel, self.programs, word)

    def pkg_config(self, rel, words, script):
        """["pkg-config", "--libs", NAME, …], pkg_config(NAME), pkgconfig.parse(NAME)."""
        first = words[0] if words else None
        whole = getattr(first, "value", None)
        name = whole if isinstance(whole, str) else getattr(
            first, "id", getattr(whole, "id", getattr(first, "attr", None)))
        if not isinstance(name, str) or not re.fullmatch(
                r"(?i)\w*pkg[-_]?config\w*", name.rsplit("/", 1)[-1]):
            return
        names, versions = set(), set()
        for node in words[1:]:
            for word in " ".join(script.texts(node)).split():
                if re.fullmatch(r"\d+(?:\.\d+)+", word):
                    versions.add(word)
                elif re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,59}", word):
                    # maybe only where the system has it: no reason against a copy inside
                    self.add(rel + " by pkg-config", self.links, word)
                    names.add(word)
        if len(names) == 1:  # "--atleast-version", min_version=
            for version in versions:
                self.want(rel, *names, version)

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

    def asked(self, rel, tree):
        """Words of Python that asks pkg-config or a NAME-config program, whatever it makes
        of them: [NAME, …] that a loop asks for, "pkg-config --libs " + NAME. Only those
        that are known as libraries come to anything, and only beside a header."""
        texts = [n.value for n in ast.walk(tree)
                 if isinstance(n, ast.Constant) and isinstance(n.value, str)
                 and len(n.value) < 200]
        asks = any(re.search(r"pkg[-_]?config", t, re.I) for t in texts)
        runs = any(re.search(r"pkg-?config\w* -", t) for t in texts)
        for t in texts:
            for word in t.split()[:8]:
                word = word.rsplit("/", 1)[-1]
                if re.fullmatch(r"\w[\w.+-]{0,40}[-_]config", word) or (
                        runs and re.fullmatch(r"[A-Za-z][A-Za-z0-9_.+-]{1,40}", word)):
                    self.add(rel + " by pkg-config", self.links, word)
            # "NAME >= 1.2", as pkg-config reads it
            for name, version in re.findall(
                    r"(?<![\w.-])([A-Za-z][\w.+-]*?) ?>= ?v?(\d+(?:\.\d+)+)",
                    t if asks else ""):
                self.want(rel, name, version)
        # installed(NAME, ">= 1.2"), exists(NAME, version=">= 1.2")
        for node in ast.walk(tree):
            words = [a.value for a in [*node.args, *(k.value for k in node.keywords)]
                     if isinstance(a, ast.Constant) and isinstance(a.value, str)] \
                if isinstance(node, ast.Call) and asks else []
            for version in words[1:]:
                found = re.fullmatch(r">=? ?v?(\d+(?:\.\d+)+)", version.strip())
                if found:
                    self.want(rel, words[0], found[1])

    def want(self, where, name, version):
        """A library in a version: the highest that is asked for counts."""
        version = version.rstrip(".")
        if len(name) < 60 and re.fullmatch(r"[0-9]+(?:\.[0-9]+){0,5}", version) and (
                name not in self.wants or key(version) > key(self.wants[name][0])):
            self.wants[name] = (version, where)

    def languages(self, rel, tree):
        """Of the extensions: which flags go with which sources."""
        puts = self.puts(tree)
        for node in ast.walk(tree):
            f = node.func if isinstance(node, ast.Call) else None
            kind = getattr(f, "id", getattr(f, "attr", ""))
            if isinstance(kind, str) and kind.endswith("Extension"):
                self.language(rel, node, {k.arg: k.value for k in node.keywords if k.arg}, puts)

    @staticmethod
    def puts(tree):
        """What is put into each name anywhere: by =, += and its methods (append)."""
        found = {}
        for n in ast.walk(tree):
            if isinstance(n, (ast.Assign, ast.AugAssign)):
                to, put = (n.targets[0] if isinstance(n, ast.Assign) else n.target), [n.value]
            elif isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute):
                to, put = n.func.value, n.args
            else:
                continue
            if isinstance(to, ast.Name):
                found.setdefault(to.id, []).extend(put)
        return found

    @staticmethod
    def put_in(node, puts):
        """Texts in an expression and in all that is put into the names it has."""
        queue, seen, found = [node] if node is not None else [], set(), []
        while queue:
            for n in ast.walk(queue.pop()):
                if isinstance(n, ast.Constant) and isinstance(n.value, str):
                    found.append(n.value)
                elif isinstance(n, ast.Name) and n.id not in seen:
                    seen.add(n.id)
                    queue += puts.get(n.id, [])
        return found

    def language(self, rel, node, keys, puts):
        """C among the sources of an extension whose flags have a standard of C++, or the
        other way round; a source of SWIG's."""
        sources = keys.get("sources") or (node.args[1] if len(node.args) > 1 else None)
        found = self.put_in(sources, puts)
        flags = " ".join(self.put_in(keys.get("extra_compile_args"), puts))
        if CXX_STD.search(flags) and any(f.endswith(".c") for f in found):
            self.out["mixed_std"] = "C++ in C"
        if C_STD.search(flags) and any(f.endswith((".cpp", ".cc", ".cxx")) for f in found):
            self.out["mixed_std"] = "C in C++"
        if any(f.endswith(".i") for f in found):  # setuptools starts it then
            # Up to 4.3 it defined Python 2's names, which interfaces still use.
            old = any(f.endswith(".i") and re.search(
                r"\bPy(?:Int|String)_\w", read(os.path.join(self.source, f)))
                for f in self.files)
            self.add(rel, self.programs, "swig<4.4" if old else "swig")

    def fetches(self, script, code):
        """A script, and those of a shell beside it that it names."""
        shell = [f for f in self.files if f.endswith((".sh", ".bash")) and
                 "/" not in f and f in code]
        texts = [(script, code)]
        texts += [(rel, read(os.path.join(self.source, rel))) for rel in shell]
        for rel, said in texts:
            if SCRIPT_FETCH.search(said):
                self.add(rel, self.downloads, rel)
