"""What CMake, Meson, cargo and Go are told."""
import os
import re


class Systems:
    """Of Facts (xorch_scan.py)."""

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
