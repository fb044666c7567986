"""What the C, C++ and Cython of a source says."""
import os
import re

# The indented beginning of a function in C, by a type that needs no other line to be known.
FUNCTION = re.compile(r"[ \t]+(?:(?:auto|static|inline|const|unsigned|struct)\s+)*"
                      r"(?:void|int|long|char|double|float|bool|PyObject|\w+_t)\b[ \t*]+"
                      r"[A-Za-z_]\w*[ \t]*\([^;{}()\n]*\)[ \t]*(\{?)[ \t]*$", re.M)
# 32-bit ARM code for processors that not all are: by flags of some files, by attributes of
# functions; and what asks at run time whether this processor is of that kind: the kernel, or
# in Python a set of features, `"neon" in archspec.cpu.host().features`.
ARM_FPU = re.compile(r"\bm?fpu=(?=[a-z0-9-]*(?:neon|armv8|vfpv4))([a-z0-9-]{4,20})")
ARM_ASKS = re.compile(r"\w*HWCAP_(?:ARM_)?(?:NEON|VFPV4)\b|\bcpuinfo_has_arm_neon\b|"
                      r"\bANDROID_CPU_ARM_FEATURE_NEON\b|\bSDL_HasNEON\b|"
                      r"[\"']neon[\"']\s+in\s+\w", re.I)
# A variable or parameter of the source's own: `char *key_name,`; not `2 * key_name`.
VARIABLE = re.compile(r"\b([A-Za-z_]\w*)(?:[ \t]+\**|\*+[ \t]*)([a-z][a-z0-9_]*)[ \t]*"
                      r"(?=[;,=)\[])")
# Headers that the C++ library of a GCC 11 or newer brings: name -> which.
CXX_HEADERS = {"barrier": 11, "expected": 12, "flat_map": 15, "flat_set": 15, "format": 13,
               "generator": 14, "latch": 11, "mdspan": 15, "print": 14, "semaphore": 11,
               "source_location": 11, "spanstream": 12, "stacktrace": 12, "stdfloat": 13,
               "syncstream": 11}
# find() of an unordered map by what is like its key: of GCC 11.
CXX_LIKE = re.compile(r"\bunordered_(?:map|set)\s*<[^;{}]*\bequal_to<\s*(?:void\s*)?>")
NO_TYPES = {"return", "else", "case", "goto", "sizeof", "do", "in", "throw", "delete", "new"}
USED_MAX = 50000


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

    def arm(self, rel, code):
        """Code for some ARM processors, and who asks for them at run time."""
        for fpu in ARM_FPU.findall(code):
            for word in ("neon", "vfpv4", "armv8"):
                if word in fpu:
                    self.add(rel, self.arm_code, word)
        if ARM_ASKS.search(code):
            self.arm_asks = self.arm_asks or rel

    def cxx(self, rel, gcc, what):
        """What only the C++ library of that GCC has."""
        if gcc > self.out.get("cxx", {"gcc": 0})["gcc"]:
            self.out["cxx"] = {"gcc": gcc, "what": what, "where": rel}

    def includes(self, rel, code):
        for name in re.findall(r"^\s*#\s*include\s*<([A-Za-z0-9_./+-]{1,80})>", code, re.M):
            # of one that is inside too: for a system without the library, maybe
            self.add(rel, self.bundled if os.path.basename(name) in self.inside
                     else self.headers, name)
        for name in re.findall(r"^\s*#\s*include\s*\"([A-Za-z0-9_./+-]{1,80})\"", code, re.M):
            self.add(rel, self.copies if os.path.basename(name) in self.inside
                     else self.quoted, name)
        for message in re.findall(r"^[ \t]*#[ \t]*error\b((?:\\\n|[^\n]){8,600})", code, re.M):
            self.refusal(rel, message.replace("\\\n", " "))

    def uses(self, rel, code):
        """Names with a prefix that C uses whatever it finds: outside of every #if but the
        file's own guard, or in all branches of one. A library's headers have them, or
        another version's."""
        self.defined |= set(re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", code, re.M))
        code = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"", " ", code, flags=re.S)
        self.defined |= {name for kind, name in VARIABLE.findall(code)
                         if kind not in NO_TYPES}
        guard = re.match(r"\s*#[ \t]*ifndef\b", code)
        stack = [[set()]]  # of each open #if its branches; None: one that need not be
        for line in code.split("\n"):
            word = (line.lstrip()[1:].split() or [""])[0] \
                if line.lstrip().startswith("#") else None
            if word is None:
                stack[-1][-1].update(w for w in re.findall(r"\b[A-Za-z]\w{4,59}\b", line)
                                     if "_" in w or re.search(r"[a-z][A-Z]", w))
            elif word.startswith("if"):
                stack.append([set()] if guard else [None, set()])
                guard = None
            elif word.startswith("el") and len(stack) > 1:
                if word == "else" and stack[-1][0] is None:
                    del stack[-1][0]
                stack[-1].append(set())
            elif word.startswith("endif") and len(stack) > 1:
                branches = stack.pop()
                if branches[0] is not None:
                    stack[-1][-1] |= set.intersection(*branches)
            elif word.startswith("include"):
                header = re.search(r"<([A-Za-z0-9_./+-]{1,80})>", line)
                if header and os.path.basename(header[1]) not in self.inside:
                    stack[-1][-1].add(header[1])
        self.names.append((rel, stack[0][0]))

    def used(self):
        """name -> the file, without what the source defines or has a copy of."""
        copies = {os.path.basename(n) for n in self.bundled}
        out = {}
        for rel, found in self.names:
            if os.path.basename(rel) not in copies:
                for name in sorted(found - self.defined):
                    if len(out) < USED_MAX:
                        out.setdefault(name, rel)
        return out

    def refusal(self, rel, message):
        """#error "frob needs libx 1.2 or later", "… compatible libx version (1.2.x)"."""
        found = re.search(
            r"(?i)\b([a-z][\w+-]*?)(?:[ \t]+version)?[ \t]*(?:>=[ \t]*|\()?v?"
            r"(\d+(?:\.\d+)+)(?:\.x)?\b(.*)", message)
        if found and (re.search(r"(?i)\b(?:or|and) (?:later|newer|greater|higher|above|up)|"
                                r"at least|minimum|compatible", message) or ">=" in message):
            self.want(rel, found[1].lower(), found[2])

    def code(self):
        for rel in self.files:
            base = os.path.basename(rel)
            cmake = base == "CMakeLists.txt" or base.endswith(".cmake")
            if is_aside(rel) or not (cmake or base in ("meson.build", "setup.py") or
                                     base.endswith(CODE)):
                continue
            code = read(os.path.join(self.source, rel))
            self.arm(rel, code)
            if base in ("CMakeLists.txt", "meson.build"):
                self.processor(rel, code)
            if base == "CMakeLists.txt":
                self.cmake(rel, code)
            # a file that looks for one library says nothing of who wants it
            elif cmake and not base.startswith("Find") and \
                    not base.endswith(("onfig.cmake", "oolchain.cmake")):
                self.cmake_links(rel, code)
            if cmake:
                self.cmake_fetches(rel, code)
            elif base == "meson.build":
                self.meson(rel, code)
            elif base.endswith(CODE):
                self.compiled(rel, code)

    def compiled(self, rel, code):
        """C, C++ or Cython."""
        self.omp_used |= bool(re.search(r"^\s*#\s*pragma\s+omp\b", code, re.M))
        # ARM's spelling; clang passes over the pragma.
        if re.search(r"^\s*#\s*pragma\s+GCC\s+target\s*\(\s*\"\+", code, re.M) \
                and "__clang__" not in code:
            self.out.setdefault("gcc", rel)
        elif rel.endswith(".c") and nests_functions(code):
            self.out.setdefault("nested", rel)
        # Of no library on 32-bit ARM: a macro there.
        if re.search(r"^(?![ \t]*(?://|\*|#)).*\b_Unwind_GetIPInfo\s*\(", code, re.M):
            self.out.setdefault("unwinds", rel)
        if "is_transparent" in code and CXX_LIKE.search(code):
            self.cxx(rel, 11, "an unordered map with is_transparent")
        self.includes(rel, code)
        if not rel.endswith((".pyx", ".pxd", ".pxi")):
            self.uses(rel, code)
        for name in re.findall(r"cdef extern from \"<?([A-Za-z0-9_./+-]{1,80})>?\"", code):
            if os.path.basename(name) not in self.inside:
                self.add(rel, self.headers, name)
