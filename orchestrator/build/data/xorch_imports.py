"""What the modules of a source import of other projects."""
import ast
import os
import re
import sys

MODULES_MAX = 2000
# A line of Cython that is run whenever the module is, and modules that it compiles in.
CYTHON = re.compile(r"^(?:from[ \t]+([\w.]+)[ \t]+c?import\b|c?import[ \t]+([\w., \t]+))", re.M)
COMPILED_IN = {"libc", "libcpp", "cpython", "cython", "posix", "openmp", "numpy.math"}
MISSING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


def goes_on(handler):
    """An except that takes a missing module and does not end the import."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    takes = any(k is None or isinstance(k, ast.Name) and k.id in MISSING for k in kinds)
    return takes and not any(isinstance(n, ast.Raise) for n in ast.walk(handler))


def imported(body, level=0):
    """(level, module, names) of the imports that run whenever the module does, and that
    it does not do without."""
    for node in body if level < 20 else ():
        if isinstance(node, ast.Import):
            for a in node.names:
                yield 0, a.name, ()
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [a.name for a in node.names]
        elif isinstance(node, ast.Try):
            if not any(goes_on(h) for h in node.handlers):
                yield from imported(node.body, level + 1)
            yield from imported(node.finalbody, level + 1)
        elif isinstance(node, (ast.With, ast.ClassDef)):
            yield from imported(node.body, level + 1)


class Imports:
    """Of Facts (xorch_scan.py)."""

    def module_files(self):
        """Path without its ending -> file, of what is no test."""
        found = {}
        for rel in self.files:
            stem, ending = os.path.splitext(rel)
            if ending in (".py", ".pyx") and not is_aside(rel) and \
                    len(found) < MODULES_MAX:
                found.setdefault(stem, rel)
        return found

    def own_module(self, path, inside=None):
        """The file's stem of the module a/b: below the folder `inside`, else below any
        that is no package. None: it is not of this source."""
        if inside is not None:
            path = os.path.normpath(os.path.join(inside, path))
            return next((s for s in (path, path + "/__init__") if s in self.stems), None)
        for stem in (path, path + "/__init__"):
            for s in self.by_name.get(os.path.basename(stem), ()):
                if s == stem or s.endswith("/" + stem) and \
                        s[:-len(stem)] + "__init__" not in self.stems:
                    return s
        return None

    def statements(self, stem):
        rel = self.stems[stem]
        code = read(os.path.join(self.source, rel))
        if rel.endswith(".pyx"):
            for one, several in CYTHON.findall(code):
                for name in [one] if one else several.split(","):
                    name = name.split()[0] if name.split() else ""
                    level = len(name) - len(name.lstrip("."))
                    if name not in COMPILED_IN and name.split(".")[0] not in COMPILED_IN:
                        yield level, name.lstrip("."), ()
            return
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        yield from imported(tree.body)

    def reached(self, stem):
        """(modules of this source, names of other projects) that importing it imports."""
        own, other = set(), set()
        folder = os.path.dirname(stem)
        while folder:  # its packages
            if folder + "/__init__" in self.stems:
                own.add(folder + "/__init__")
            folder = os.path.dirname(folder)
        for level, module, names in self.statements(stem):
            path = module.replace(".", "/")
            inside = None
            if level:
                inside = os.path.dirname(stem)
                for _ in range(level - 1):
                    inside = os.path.dirname(inside)
            parts = path.split("/") if path else []
            found = [self.own_module("/".join(parts[:n + 1]), inside)
                     for n in range(len(parts))]
            found += [self.own_module("/".join(parts + [n]), inside) for n in names]
            own |= {f for f in found if f}
            if not level and parts and not any(found):
                other.add(parts[0])
        return own - {stem}, other

    def imports_of_modules(self):
        """stem -> names of what it imports of other projects, also by way of modules of
        this source."""
        self.stems = self.module_files()
        self.by_name, near, out = {}, {}, {}
        known = getattr(sys, "stdlib_module_names", ())
        for stem in self.stems:
            self.by_name.setdefault(os.path.basename(stem), []).append(stem)
        for stem in self.stems:
            near[stem] = self.reached(stem)
        for stem in self.stems:
            seen, todo, names = {stem}, [stem], set()
            while todo:
                own, other = near[todo.pop()]
                names |= other.difference(known)
                todo += own - seen
                seen |= own
            if names:
                out[stem] = sorted(n for n in names if n.isidentifier())[:100]
        return out
