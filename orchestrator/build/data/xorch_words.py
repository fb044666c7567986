"""Words of setup.py and the like: what it imports, starts and asks pkg-config for."""
import ast
import re

# Names that setup.py imports -> requirement, where no pyproject.toml says it.
IMPORTS = {"Cython": "cython", "numpy": "numpy", "cffi": "cffi", "pybind11": "pybind11",
           "setuptools_rust": "setuptools-rust", "skbuild": "scikit-build",
           "pkgconfig": "pkgconfig", "setuptools_scm": "setuptools-scm",
           "mypyc": "mypy", "nanobind": "nanobind", "semantic_version": "semantic-version",
           "packaging": "packaging", "toml": "toml", "tomli": "tomli", "jinja2": "jinja2"}
# Programs that setup.py may start and that a build requirement brings.
PROGRAMS = ("cmake", "ninja", "meson")


class Words:
    """Of Facts (xorch_scan.py)."""

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
