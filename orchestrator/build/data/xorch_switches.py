"""The variables of a setup script that decide whether extension modules are compiled, for
xorch_scan.py: the script is read (xorch_script.py) once as it is, and once for each value
that a variable might have."""
import os
import re

STEPS_IN_ALL = 150000


class Switches:
    """make(env): a Script that was run with these variables set. base: with none."""

    def __init__(self, make, where):
        self.make, self.where, self.steps = make, where, 0
        self.base = make({})
        self.found = []

    def look(self):
        env, read = {}, dict(self.base.read)
        names = self.base.names(True)
        for name in [*read]:
            value, more = self.wanted(name, env, names)
            if value is not None:
                self.add(name, value, "extensions", sorted(more.names(True) - names))
                env, names = {**env, name: value}, more.names(True)
                read.update(more.read)
                self.loud(more)
        self.loud(self.base)
        self.trained(read)
        return self.found

    def wanted(self, name, env, names):
        """The value with which there are modules that there are not without."""
        for value in self.base.candidates():
            if self.steps > STEPS_IN_ALL:
                break
            more = self.make({**env, name: value})
            self.steps += more.steps
            if more.names(True) - names and not names - more.names(True) - {"?"}:
                return value, more
        return None, None

    def loud(self, script):
        for name, value in script.loud.items():
            self.add(name, value, "loud", [])

    def trained(self, read):
        """Optimisation by a profile runs what was compiled, for the target."""
        for name, default in read.items():
            if "PGO" in name.split("_") and isinstance(default, str) and \
                    default.lower() in ("1", "true", "yes", "on"):
                self.add(name, "0", "profile", [])

    def add(self, name, value, why, modules):
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,79}", name) and \
                all(f["name"] != name for f in self.found):
            self.found.append({"name": name, "value": value, "why": why, "where": self.where,
                               "modules": [m for m in modules if m != "?"][:ITEMS_MAX]})


class Scripts:
    """Of Facts (xorch_scan.py): which scripts there are, and which variables switch what."""

    def scripts(self):
        """setup.py, and what pyproject.toml names in its place."""
        p = self.load_toml("pyproject.toml") if "pyproject.toml" in self.files else {}
        poetry, pdm = table(p, "tool", "poetry"), table(p, "tool", "pdm", "build")
        hooks = [table(p, "tool", "hatch", "build", *more, "hooks")
                 for more in ((), ("targets", "wheel"))]
        found = [text(table(poetry, "build").get("script")) or text(poetry.get("build")),
                 text(pdm.get("custom-hook")) or text(pdm.get("setup-script"))]
        for table_of in hooks:
            if "custom" in table_of:
                found.append(text(table(table_of, "custom").get("path")) or "hatch_build.py")
            for name, hook in table_of.items():
                if isinstance(hook, dict) and hook.get("enable-by-default") is False:
                    self.switch("HATCH_BUILD_HOOK_ENABLE_" +
                                name.upper().replace("-", "_"), "true", "extensions",
                                "pyproject.toml")
        system = table(p, "build-system")  # a backend of the project's own
        for folder in texts(system.get("backend-path")):
            name = (text(system.get("build-backend")) or "").split(":")[0]
            found.append(os.path.normpath(os.path.join(folder, name.replace(".", "/") + ".py")))
        found = [f for f in found if f in self.files and f != "setup.py"]
        # That of poetry calls the script, and is made from it.
        if "setup.py" in self.files and not (found and self.out["backend"] and
                                             "poetry" in self.out["backend"]):
            found.insert(0, "setup.py")
        return found

    def switch(self, name, value, why, where, modules=()):
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,79}", name) and \
                re.fullmatch(r"[A-Za-z0-9_.+-]{1,80}", value):
            self.switches.setdefault(name, {"name": name, "value": value, "why": why,
                                            "where": where, "modules": list(modules)})

    def upstream_switches(self):
        """Variables that upstream's own wheels are built with, of those that a script
        reads."""
        p = self.load_toml("pyproject.toml") if "pyproject.toml" in self.files else {}
        for part in ((), ("linux",)):
            rows = table(p, "tool", "cibuildwheel", *part).get("environment")
            if isinstance(rows, str):
                rows = dict(w.split("=", 1) for w in rows.split() if "=" in w)
            for name, value in rows.items() if isinstance(rows, dict) else ():
                # A library of its own making is for hosts that have none, and fetched.
                if re.search(r"STATIC|DOWNLOAD", name):
                    continue
                if isinstance(value, (str, int)) and (
                        name in self.read or name.startswith("HATCH_BUILD_HOOK")):
                    self.switches.pop(name, None)
                    value = str(value).strip("'\"")
                    self.switch(name, value, "upstream", "pyproject.toml")
                    # X_BLAS_LIB: openblas
                    for lib in re.split(r"[\s;,:]+", value) \
                            if re.search(r"(?:^|_)LIB(?:S|RARY|RARIES)?$", name) else ():
                        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.+-]{1,40}", lib):
                            self.add(name + " of pyproject.toml", self.links, lib)
