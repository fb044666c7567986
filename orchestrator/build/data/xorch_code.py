"""What the C, C++ and Cython of a source says."""
import os
import re

# The indented beginning of a function in C, by a type that needs no other line to be known.
FUNCTION = re.compile(r"[ \t]+(?:(?:auto|static|inline|const|unsigned|struct)\s+)*"
                      r"(?:void|int|long|char|double|float|bool|PyObject|\w+_t)\b[ \t*]+"
                      r"[A-Za-z_]\w*[ \t]*\([^;{}()\n]*\)[ \t]*(\{?)[ \t]*$", re.M)


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


class Code:
    """Of Facts (xorch_scan.py)."""

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
