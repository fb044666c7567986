"""Calls in a setup script, for xorch_script.py: what they come to where that is known, and
what they say of extension modules."""
import ast
import re

# Set in every build, or nobody's switch for extension modules.
ORDINARY = {"CC", "CXX", "CPP", "AR", "LD", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS",
            "LDSHARED", "PATH", "HOME", "TMPDIR", "PKG_CONFIG", "PKG_CONFIG_PATH", "CPATH",
            "LD_LIBRARY_PATH", "PYTHONPATH", "SOURCE_DATE_EPOCH", "ARCHFLAGS", "USER"}
CODE_OF_MODULE = (".pyx", ".py", ".c", ".cpp")


class Stop(Exception):
    """The bounds are reached."""


class Raised(Exception):
    """An expression that ends the script, such as sys.exit()."""


class Calls:
    def ev_Call(self, node):
        self.seen.add(id(node))
        f = node.func
        if isinstance(f, ast.Attribute):
            owner = self.ev(f.value)
            if isinstance(owner, Module):
                target = owner.names.get(f.attr, UNKNOWN)
            elif not isinstance(owner, Dotted):
                return self.method(node, owner, f.attr)
            else:
                target = Dotted(f"{owner.name}.{f.attr}")
        else:
            target = self.ev(f)
        args, keys = self.arguments(node)
        return self.apply(target, args, keys)

    def arguments(self, node):
        keys = {}
        args = self.elements(node.args)
        for k in node.keywords:
            value = self.ev(k.value)
            if k.arg:
                keys[k.arg] = value
            elif isinstance(value, dict):
                keys.update({n: v for n, v in value.items() if isinstance(n, str)})
        return args, keys

    def apply(self, target, args, keys):
        """args None: a function that nothing calls, its parameters unknown."""
        if isinstance(target, Function) and target.node is not None:
            if target.home is None:
                return self.inside(target.node, args, keys)
            outer, self.scopes = self.scopes, [target.home]
            try:
                return self.inside(target.node, args, keys)
            finally:
                self.scopes = outer
        name = target.kind if isinstance(target, Function) else \
            target.name if isinstance(target, Dotted) else ""
        last = name.rsplit(".", 1)[-1]
        if last.endswith("Extension"):
            return self.extension(args, keys)
        if last == "set_source":  # of cffi
            return self.source(args or [], keys)
        if last in ("cythonize", "mypycify"):
            return self.compiled(args[0] if args else keys.get("module_list"))
        if last == "setup":
            return self.setup(keys)
        if name == "dict":
            first = args[0] if args else {}
            return {**first, **keys} if isinstance(first, dict) else UNKNOWN
        for part in (self.of_system, self.of_files, self.builtin):
            found = part(name, args)
            if found is not None:
                return found[0]
        return UNKNOWN

    def inside(self, node, args, keys):
        """The body of a function of the script."""
        self.called.add(id(node))
        if len(self.returns) > 12:
            return UNKNOWN
        scope = {a.arg: UNKNOWN for a in
                 [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]}
        if args is not None:
            names = [a.arg for a in [*node.args.posonlyargs, *node.args.args]]
            for name, d in zip(reversed(names), reversed(node.args.defaults)):
                scope[name] = self.ev(d)
            for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults):
                scope[a.arg] = self.ev(d) if d is not None else UNKNOWN
            scope.update(zip(names, args))
            if node.args.vararg:
                scope[node.args.vararg.arg] = tuple(args[len(names):])
            scope.update({k: v for k, v in keys.items() if k in scope})
            if node.args.kwarg:
                scope[node.args.kwarg.arg] = {
                    k: v for k, v in keys.items() if k not in names}
        depth = len(self.scopes)
        self.scopes.append(scope)
        self.returns.append([])
        try:
            self.yields(node)
            how = self.block(node.body)
        finally:
            found = self.returns.pop()
            del self.scopes[depth:]
        if how == "raise" and not found:
            raise Raised
        value = found[0] if found else None
        for other in found[1:]:
            value = join(value, other)
        return value

    def yields(self, node):
        """A generator gives what nobody follows here."""
        if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node)):
            self.returns[-1].append(UNKNOWN)

    # ---- extension modules

    def extension(self, args, keys):
        args = args or []
        name = args[0] if args else keys.get("name", keys.get("target", UNKNOWN))
        sources = args[1] if len(args) > 1 else keys.get("sources", [])
        libraries = keys.get("libraries", [])
        found = Extension(name, sources, libraries)
        found.attributes = {"name": name, "sources": sources, "libraries": libraries,
                            **{k: keys.get(k, []) for k in (
                                "include_dirs", "library_dirs", "define_macros",
                                "extra_compile_args", "extra_link_args")}}
        if len(self.extensions) < ITEMS_MAX:
            self.extensions.append(found)
        return found

    def source(self, args, keys):
        """ffi.set_source(name, C, …)"""
        self.sourced += [n for n in strings(args[:1]) if MODULE.fullmatch(n)]
        self.links += strings(keys.get("libraries", []))
        return UNKNOWN

    def compiled(self, what):
        """cythonize(…), mypycify(…): modules, or patterns of files that become some."""
        out = []
        for item in self.items(what) or [what]:
            if isinstance(item, Extension):
                out.append(item)
            for path in strings(item):
                for file in self.matching(path):
                    if file.endswith((".pyx", ".py")):
                        out.append(self.extension([self.module_of(file), [file]], {}))
        return out or [self.extension([UNKNOWN], {})]

    def module_of(self, file):
        """pkg/sub/x.pyx: pkg.sub.x, by the packages that there are."""
        parts = file.rsplit(".", 1)[0].split("/")
        at = len(parts) - 1
        while at and any("/".join([*parts[:at], "__init__" + end]) in self.files
                         for end in (".py", ".pyx", ".pxd")):
            at -= 1
        return ".".join(parts[at:])

    def named(self, e):
        """The modules that one of the extensions stands for."""
        out = []
        for name in strings(e.name):
            if "*" not in name:
                out.append(name)
                continue
            for path in strings(e.sources):
                out += [self.module_of(f) for f in self.matching(path)
                        if f.endswith(CODE_OF_MODULE)]
        return [n for n in out if MODULE.fullmatch(n)]

    def setup(self, keys):
        # compiled by build_clib; they are linked by their names
        self.own += [v[0] for v in self.items(keys.get("libraries", [])) or []
                     if isinstance(v, tuple) and v and isinstance(v[0], str)]
        self.cffi += strings(keys.get("cffi_modules", []))
        self.requires += [r for r in strings(keys.get("setup_requires", []))
                          if len(r) < 100]
        package = keys.get("ext_package")
        if isinstance(package, str) and MODULE.fullmatch(package):
            self.package = package
        if "ext_modules" in keys or "rust_extensions" in keys:
            given = []
            for value in (keys.get("ext_modules"), keys.get("rust_extensions")):
                if value:
                    given += self.items(value) or [UNKNOWN]
            self.given = None if self.given is None or not all(
                isinstance(v, Extension) for v in given) else [*self.given, *given]
            self.asked = True
        return UNKNOWN

    # ---- the machine, its variables

    def variable(self, name, default):
        if name in ORDINARY:
            return UNKNOWN
        self.read.setdefault(name, default)
        return self.env.get(name, default)

    def candidates(self):
        if self.values is None:
            self.values = tested(self.tree)
        return self.values

    def variables(self, test):
        """The variables that an expression reads."""
        before, self.read = self.read, {}
        try:
            self.ev(test)
        except Raised:
            pass
        found = [*self.read]
        self.read = {**before, **self.read}
        return found

    def set_to(self, test, name, wanted):
        """A value of the variable with which a test is as wanted."""
        before = self.env
        for value in self.candidates():
            self.env = {**before, name: value}
            try:
                found = truth(self.ev(test))
            except Raised:
                found = None
            self.env = before
            if found is wanted:
                return value
        return None

    def of_system(self, name, args):
        if name in ("sys.exit", "exit", "quit", "os._exit"):
            raise Raised
        if name in ANSWERS:
            return [ANSWERS[name]]
        if name in ("os.getenv", "os.environ.get", "os.environ.pop",
                    "os.environ.setdefault") and args and isinstance(args[0], str):
            return [self.variable(args[0], args[1] if len(args) > 1 else None)]
        return None

    # ---- files

    def matching(self, pattern):
        """The files of the source that a pattern takes."""
        pattern = clean(pattern)
        if pattern is None:
            return []
        self.tick(len(self.files) // 20)
        try:
            of = pattern_of(pattern)
        except re.error:
            return []
        return [f for f in sorted(self.files) if of.fullmatch(f)][:ITEMS_MAX]

    def exists(self, path, among):
        """None of a path outside: that is another machine's."""
        path = clean(path)
        return UNKNOWN if path is None else path in among

    def of_files(self, name, args):
        args = args or []
        if name in ("os.path.join", "pathlib.Path", "pathlib.PurePath",
                    "pathlib.PurePosixPath"):
            make = Path if "pathlib" in name else str
            return [self.lift(lambda *p: make(path_join(*map(plain, p))), *args)]
        if not args:
            return None
        first = args[0].text if isinstance(args[0], Path) else args[0]
        if name in ("os.path.dirname", "os.path.basename", "os.path.splitext"):
            n = {"dirname": 0, "basename": 2}.get(name.rsplit(".", 1)[-1])
            return [self.lift(lambda p: split_suffix(p) if n is None
                              else p.rpartition("/")[n], first)]
        if name == "open":
            return [File(first) if isinstance(first, str) else UNKNOWN]
        if not isinstance(first, str):
            return None
        if name in ("os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.lexists"):
            return [self.exists(first, self.folders if name.endswith("isdir") else
                                self.files if name.endswith("file") else
                                self.folders | self.files)]
        if name in ("glob.glob", "glob.iglob"):
            return [self.matching(first)]
        if name == "os.listdir" and clean(first) is not None:
            at = clean(first)
            return [sorted({f[len(at) + bool(at):].split("/")[0] for f in self.files
                            if not at or f.startswith(at + "/")})[:ITEMS_MAX]]
        return None

    def loaded(self, name, args):
        """A table of pyproject.toml."""
        if re.fullmatch(r"(.*\.)?(tomllib|tomli|toml)\.loads?", name) and args and \
                isinstance(args[0], File) and clean(args[0].path) in self.files:
            return [self.load(clean(args[0].path))]
        return None

    # ---- what Python has itself

    def builtin(self, name, args):
        args = args or []
        found = self.loaded(name, args)
        if found or not args:
            return found or ([{"list": [], "tuple": (), "str": "", "set": []}[name]]
                             if name in ("list", "tuple", "str", "set") else None)
        first = args[0]
        if name in SAME_PATH:
            return [plain(first) if isinstance(first, (Path, int)) else first]
        if name in ("bool", "distutils.util.strtobool", "setuptools.distutils.util.strtobool"):
            if name != "bool" and isinstance(first, str):
                return [first.lower() in ("y", "yes", "t", "true", "on", "1")]
            now = truth(first)
            return [UNKNOWN if now is None else now]
        if name in ("int", "len", "ord"):
            return [self.lift({"int": int, "len": len, "ord": ord}[name], first)
                    if known(first) else UNKNOWN]
        if name in ("any", "all"):
            tests = [truth(v) for v in self.items(first) or [UNKNOWN]]
            if (name == "any") in tests:
                return [name == "any"]
            return [UNKNOWN if None in tests else name == "all"]
        return self.of_lists(name, args)

    def of_lists(self, name, args):
        items = self.items(args[0])
        if name == "hasattr" and isinstance(args[0], Dotted) and args[0].name == "sys":
            return [False]  # of other Pythons, of builds for debugging
        if name == "map":
            return [[self.apply(args[0], [i], {}) for i in self.items(args[1]) or []]
                    if len(args) == 2 else UNKNOWN]
        if items is None:
            return None
        if name in ("sorted", "set", "frozenset"):
            return [self.lift(lambda v: sorted(v, key=str), items)
                    if known(items) else items]
        if name in ("list", "tuple", "reversed", "iter"):
            return [tuple(items) if name == "tuple" else items]
        if name == "enumerate":
            return [[*enumerate(items)]]
        if name == "zip":
            return [[*zip(*(self.items(a) or [] for a in args))]]
        if name == "range":
            return None
        if name.endswith("chain.from_iterable"):
            return [[v for i in items for v in self.items(i) or [UNKNOWN]]]
        if name == "itertools.chain":
            return [[v for a in args for v in self.items(a) or [UNKNOWN]]]
        return None

    # ---- methods

    def method(self, node, owner, name):
        args, keys = self.arguments(node)
        if isinstance(owner, Either):
            return self.lift(lambda v: getattr(v, name)(*args), owner) \
                if name in TEXT_METHODS and known(args) and \
                all(isinstance(v, str) for v in owner.values) else UNKNOWN
        if isinstance(owner, str):
            return self.of_text(owner, name, args, keys)
        if isinstance(owner, list):
            return self.of_list(node, owner, name, args)
        if isinstance(owner, dict):
            return self.of_dict(owner, name, args, keys)
        if isinstance(owner, Path):
            return self.of_path(owner, name, args)
        if isinstance(owner, Unknown) and name in ("append", "extend", "insert") and args:
            self.linked(node.func.value, args[-1])
        if isinstance(owner, Unknown) and name == "update":  # of what setup() is given
            for more in (*args[:1], keys):
                if isinstance(more, dict):
                    self.setup(more)
        if name in ("setup", "cythonize", "mypycify", "set_source") or \
                name.endswith("Extension"):
            return self.apply(Dotted(name), args, keys)
        return UNKNOWN

    def of_text(self, owner, name, args, keys):
        if name == "format":
            return self.lift(lambda a, k: formatted(owner, a, k), args, keys) if \
                re.fullmatch(r"[^{}]*(\{\w*\}[^{}]*)*", owner) else UNKNOWN
        if name == "join" and args and isinstance(args[0], (list, tuple)):
            return self.lift(lambda v: owner.join(map(plain, v)), args[0])
        if name in TEXT_METHODS and known(args):
            if name.startswith("remove"):  # not of 3.8, yet of what runs this
                part = args[0] if args and isinstance(args[0], str) else ""
                at = name == "removeprefix"
                has = owner.startswith(part) if at else part and owner.endswith(part)
                return (owner[len(part):] if at else owner[:-len(part)]) if has else owner
            return self.lift(lambda: getattr(owner, name)(*args))
        return UNKNOWN

    def of_list(self, node, owner, name, args):
        if name in ("append", "extend", "insert") and args:
            items = self.items(args[0]) or [UNKNOWN] if name == "extend" else [args[-1]]
            if args[0] == []:
                items = []
            if len(owner) + len(items) <= ITEMS_MAX:
                owner.extend(map(self.small, items))
            self.linked(node.func.value, args[-1])
            return None
        if name == "copy":
            return list(owner)
        if name == "remove" and args:
            if any(same(v, args[0]) for v in owner):
                owner[:] = [v for v in owner if not same(v, args[0])]
            elif known(owner) and known(args[0]):
                raise Raised
            return None
        if name == "sort" or name == "reverse":
            return None
        if name == "pop" and owner:
            return owner.pop()
        return UNKNOWN

    def of_dict(self, owner, name, args, keys):
        if name in ("get", "setdefault", "pop") and args and isinstance(args[0], str):
            value = owner.get(args[0], args[1] if len(args) > 1 else None)
            if name == "setdefault":
                owner[args[0]] = self.small(value)
            return value
        if name == "update":
            for more in (*args[:1], keys):
                if isinstance(more, dict):
                    owner.update({k: self.small(v) for k, v in more.items()})
            return None
        if name == "items":
            return [*owner.items()]
        return {"keys": [*owner], "values": [*owner.values()], "copy": dict(owner)}.get(
            name, UNKNOWN)

    def of_path(self, owner, name, args):
        if name in ("exists", "is_file", "is_dir"):
            return self.exists(owner.text, {"is_dir": self.folders, "is_file": self.files,
                                            }.get(name, self.folders | self.files))
        if name in ("glob", "rglob") and args and isinstance(args[0], str):
            more = "**/" + args[0] if name == "rglob" else args[0]
            return [Path(f) for f in self.matching(path_join(owner.text, more))] \
                if clean(owner.text) is not None else UNKNOWN
        if name == "open":
            return File(owner.text)
        return self.lift(lambda *a: path_method(owner, name, a), *args)
