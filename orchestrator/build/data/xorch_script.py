"""Reads a setup script as text, for xorch_scan.py.

What its statements come to for a Linux target is worked out on values of this reader's
own: nothing of the script is run, no function of it or of a library is ever called. What
cannot be known is UNKNOWN; a test on it takes both ways. Steps and sizes are bounded,
since the script may be hostile."""
import ast
import re

STEPS_MAX = 60000
DEPTH_MAX = 160
MODULES_MAX = 30


class Script(Calls):
    """env: the variables that are set; find(name): the file and tree of a module that lies
    in the source and is not installed. After run(): extensions, links, cffi, requires,
    sourced (modules of cffi's), package (of ext_package), read (variables), loud (variables
    that make it fail), trees (of the modules that it imports)."""

    def __init__(self, tree, files, load, env=None, find=None):
        self.tree, self.files, self.load, self.env = tree, files, load, env or {}
        self.find, self.trees, self.modules = find, [], {}
        self.folders = {"/".join(f.split("/")[:n]) for f in files
                        for n in range(f.count("/") + 1)}
        self.scopes = [{"__file__": "setup.py", "__name__": "__main__"}]
        self.returns, self.steps, self.depth = [], 0, 0
        self.extensions, self.links, self.cffi, self.requires = [], [], [], []
        self.own = []
        self.package, self.read, self.loud, self.sourced = "", {}, {}, []
        self.memo, self.seen, self.dead, self.called = {}, set(), set(), set()
        self.given, self.asked, self.values = [], False, None

    # ---- the whole

    def run(self):
        try:
            self.block(self.tree.body)
            for node in ast.walk(self.tree):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and \
                        id(node) not in self.called and id(node) not in self.dead:
                    saved = self.scopes
                    self.fork([[lambda n=node: self.apply(Function(n), None, {})]])
                    self.scopes = saved
        except Raised:
            pass
        except Exception:  # its bounds, or what this reader does not get right
            self.scopes = self.scopes[:1]
        self.steps = min(self.steps, STEPS_MAX // 2)
        try:  # calls that no way led to
            for node in ast.walk(self.tree):
                if isinstance(node, ast.Call) and id(node) not in self.seen and \
                        not self.passed_over(node):
                    self.ev(node)
        except Exception:
            pass
        return self

    def texts(self, node):
        """The texts that an expression came to."""
        if id(node) in self.memo:
            return self.memo[id(node)]
        if self.passed_over(node):
            return []
        try:
            return strings(self.ev(node))
        except Exception:
            return []

    def passed_over(self, node):
        """In a branch for another system."""
        return id(node) in self.dead and id(node) not in self.memo

    def is_missing(self, source):
        """C that Cython would make, or the other way round. What has no such counterpart
        may be made by the script itself."""
        stem, suffix = split_suffix(clean(source) or "")
        others = {".c": (".pyx", ".py"), ".cpp": (".pyx",), ".pyx": (".c", ".cpp")}
        return stem + suffix not in self.files and any(
            stem + other in self.files for other in others.get(suffix, ()))

    def names(self, there):
        """The extension modules that setup() gets, or those of them whose sources are
        there; "?" for one whose name is not known."""
        found = set()
        for e in self.given if self.asked and self.given is not None else self.extensions:
            if there and any(map(self.is_missing, strings(e.sources))):
                continue
            found |= set(self.named(e)) or {"?"}
        return found

    # ---- statements

    def tick(self, n=1):
        self.steps += n
        if self.steps > STEPS_MAX:
            raise Stop

    def kill(self, nodes):
        for node in nodes:
            if id(node) not in self.dead:
                self.dead |= {id(n) for n in ast.walk(node)}

    def block(self, body):
        """None, or how it ended: "return", "raise", "break", "continue"."""
        for node in body:
            self.tick()
            try:
                how = node() and None if callable(node) else \
                    getattr(self, "do_" + type(node).__name__, self.do_other)(node)
            except Raised:
                how = "raise"
            if how:
                return how
        return None

    def fork(self, bodies):
        saved, going, ended = self.scopes, [], None
        for body in bodies:
            made = {}
            self.scopes = branch(saved, made)
            self.tick(20 + sum(map(len, saved)) // 4 + len(made))
            how = self.block(body)
            if how:
                ended = ended or how
            else:
                going.append(self.scopes)
        if not going:
            return ended
        self.scopes = going[0]
        for other in going[1:]:
            for mine, its in zip(self.scopes, other):
                for name in [*its]:
                    mine[name] = join(mine.get(name, its[name]), its[name])
        return None

    def do_other(self, node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.ev(child)

    def do_Expr(self, node):
        self.ev(node.value)

    def do_Global(self, node):
        self.scopes[-1].setdefault(" global", []).extend(node.names)

    def do_Return(self, node):
        value = self.ev(node.value) if node.value else None
        if self.returns:
            self.returns[-1].append(value)
        return "return"

    def do_Raise(self, node):
        return "raise"

    def do_Break(self, node):
        return "break"

    def do_Continue(self, node):
        return "continue"

    def do_Import(self, node):
        for a in node.names:
            name = a.name if a.asname else a.name.split(".")[0]
            self.scopes[-1][a.asname or name] = self.module(name) or Dotted(name)

    def do_ImportFrom(self, node):
        of = self.module(node.module) if node.module else None
        for a in node.names:
            if of and a.name == "*":
                self.scopes[-1].update(of.names)
            else:
                name = f"{node.module}.{a.name}"
                self.scopes[-1][a.asname or a.name] = of.names[a.name] \
                    if of and a.name in of.names else self.module(name) or Dotted(name)

    def module(self, name):
        """What a module of the source gives names to; None: it is another's."""
        if name in self.modules:
            return self.modules[name]
        found = self.find(name) if self.find and len(self.modules) < MODULES_MAX else None
        self.modules[name] = None  # while it is read: it may import the script
        if found:
            self.trees.append(found)
            outer, self.scopes = self.scopes, [
                {"__file__": found[0], "__name__": name}]
            try:
                self.block(found[1].body)
            except Raised:
                pass
            names, self.scopes = self.scopes[0], outer
            self.modules[name] = Module(names)
            for value in names.values():
                if isinstance(value, Function) and value.home is None:
                    value.home = names
        return self.modules[name]

    def do_FunctionDef(self, node):
        self.scopes[-1][node.name] = Function(node)

    do_AsyncFunctionDef = do_FunctionDef

    def do_ClassDef(self, node):
        kinds = [getattr(b, "id", getattr(b, "attr", "")) for b in node.bases]
        kind = "Extension" if any(k.endswith("Extension") for k in kinds) else node.name
        self.scopes[-1][node.name] = Function(None, kind)

    def do_Assign(self, node):
        value = self.ev(node.value)
        for target in node.targets:
            self.assign(target, value)

    def do_AnnAssign(self, node):
        if node.value:
            self.assign(node.target, self.ev(node.value))

    def do_AugAssign(self, node):
        old, value = self.ev(node.target), self.ev(node.value)
        if isinstance(old, list) and isinstance(value, (list, tuple)):
            old.extend(map(self.small, value[:ITEMS_MAX]))
            self.linked(node.target, value)
        else:
            self.assign(node.target, self.binary(node.op, old, value))

    def assign(self, target, value):
        if isinstance(target, ast.Name):
            at = 0 if target.id in self.scopes[-1].get(" global", ()) else -1
            self.scopes[at][target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = list(value) if isinstance(value, (list, tuple)) else []
            fits = len(items) == len(target.elts)
            for n, t in enumerate(target.elts):
                self.assign(t, items[n] if fits else UNKNOWN)
        elif isinstance(target, ast.Subscript):
            where, at = self.ev(target.value), self.ev(target.slice)
            if isinstance(where, dict) and isinstance(at, str):
                where[at] = self.small(value)
            elif isinstance(where, Dotted) and where.name == "os.environ" and \
                    isinstance(at, str) and isinstance(value, str):
                self.env[at] = value
        elif isinstance(target, ast.Attribute):
            where = self.ev(target.value)
            if isinstance(where, Extension):
                where.attributes[target.attr] = value
        self.linked(target, value)

    def small(self, value):
        """What may become a part of something."""
        return value if size(value, 1000) <= 1000 else UNKNOWN

    def linked(self, target, value):
        """Something is added to what is called `libraries`, of whatever."""
        name = getattr(target, "attr", getattr(target, "id", None))
        if isinstance(target, ast.Subscript):
            name = getattr(target.slice, "value", None)
        if isinstance(name, str) and re.fullmatch(r"(?i)(.*_)?libraries", name):
            self.links += strings(value)

    def do_If(self, node):
        now = truth(self.ev(node.test))
        if now is None:
            return self.fork([node.body, node.orelse])
        self.kill(node.orelse if now else node.body)
        return self.block(node.body if now else node.orelse)

    def do_For(self, node):
        items = self.items(self.ev(node.iter))
        if items is None:
            return self.fork([[lambda: self.assign(node.target, UNKNOWN), *node.body],
                              []]) and None
        for item in items:
            self.assign(node.target, item)
            how = self.block(node.body)
            if how in ("return", "raise"):
                return how
            if how == "break":
                return None
        return self.block(node.orelse)

    def do_While(self, node):
        now = truth(self.ev(node.test))
        return self.fork([node.body, []]) and None if now is not False else None

    def do_With(self, node):
        for item in node.items:
            value = self.ev(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        return self.block(node.body)

    def do_Try(self, node):
        """Imports work: what a script needs is there. Anything else may fail."""
        how = self.block(node.body)
        safe = all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in node.body)
        for h in node.handlers:
            self.louder(h)
        if safe:
            for h in node.handlers:
                self.kill(h.body)
            how = how or self.block(node.orelse)
        else:
            handlers = [h.body for h in node.handlers]
            how = how if how == "return" else \
                self.fork([node.orelse if how is None else [], *handlers])
        return self.block(node.finalbody) or how

    do_TryStar = do_Try

    def louder(self, handler):
        """In a handler: `if VARIABLE: raise`."""
        for node in ast.walk(handler):
            if isinstance(node, ast.If) and any(isinstance(n, ast.Raise) for n in node.body):
                names = self.variables(node.test)
                value = len(names) == 1 and self.set_to(node.test, names[0], True)
                if value:
                    self.loud[names[0]] = value

    # ---- expressions

    def ev(self, node):
        self.tick()
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise Stop
        try:
            value = getattr(self, "ev_" + type(node).__name__, self.ev_other)(node)
        finally:
            self.depth -= 1
        if isinstance(value, (list, tuple, set, dict, Either)):
            count = size(value)
            self.tick(count // 40)
            if count > SIZE_MAX or not isinstance(value, Either) and len(value) > ITEMS_MAX:
                value = UNKNOWN
        elif isinstance(value, str) and len(value) > TEXT_MAX or \
                isinstance(value, int) and abs(value) > 1 << 64:
            value = UNKNOWN
        if not isinstance(node, ast.Constant):
            found = self.memo.setdefault(id(node), [])
            if len(found) < ITEMS_MAX:
                found += [s for s in strings(value) if s not in found]
        return value

    def ev_other(self, node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.ev(child)
        return UNKNOWN

    def ev_Constant(self, node):
        return node.value

    def ev_Name(self, node):
        for scope in reversed(self.scopes):
            if node.id in scope:
                return scope[node.id]
        return Dotted(node.id)

    def ev_Starred(self, node):
        return self.ev(node.value)

    def ev_NamedExpr(self, node):
        value = self.ev(node.value)
        self.assign(node.target, value)
        return value

    def elements(self, nodes):
        out = []
        for node in nodes:
            value = self.ev(node)
            if isinstance(node, ast.Starred):
                out += self.items(value) or [UNKNOWN]
            else:
                out.append(value)
        return out

    def ev_List(self, node):
        return self.elements(node.elts)

    def ev_Tuple(self, node):
        return tuple(self.elements(node.elts))

    def ev_Set(self, node):
        return self.elements(node.elts)

    def ev_Dict(self, node):
        out = {}
        for k, v in zip(node.keys, node.values):
            value = self.ev(v)
            at = self.ev(k) if k is not None else None
            if k is None and isinstance(value, dict):
                out.update(value)
            elif isinstance(at, (str, int)):
                out[at] = value
        return out

    def ev_JoinedStr(self, node):
        parts = []
        for v in node.values:
            if isinstance(v, ast.FormattedValue):
                part = self.ev(v.value)
                if v.format_spec is not None:
                    part = UNKNOWN
            else:
                part = v.value
            parts.append(part)
        return self.lift(lambda *p: "".join(map(plain, p)), *parts)

    def lift(self, f, *args):
        """f of known values, of each where there are several."""
        for n, a in enumerate(args):
            if isinstance(a, Either):
                found = [self.lift(f, *args[:n], v, *args[n + 1:]) for v in a.values[:4]]
                return Either(found) if any(map(known, found)) else UNKNOWN
        if not all(map(known, args)):
            return UNKNOWN
        try:
            return f(*args)
        except Exception:
            return UNKNOWN

    def binary(self, op, a, b):
        if isinstance(op, ast.Add):
            if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
                return [*a, *b] if isinstance(a, list) else (*a, *b)
            if isinstance(a, list) or isinstance(b, list):  # the other is unknown
                return (a if isinstance(a, list) else b) + [UNKNOWN]
            return self.lift(lambda x, y: plain_sum(x, y), a, b)
        if isinstance(op, ast.Div):
            return self.lift(lambda x, y: Path(path_join(plain(x), plain(y))), a, b)
        if isinstance(op, ast.Mod) and isinstance(a, str):
            return self.lift(percent, a, b)
        if isinstance(op, ast.BitOr) and isinstance(a, dict) and isinstance(b, dict):
            return {**a, **b}
        return UNKNOWN

    def ev_BinOp(self, node):
        return self.binary(node.op, self.ev(node.left), self.ev(node.right))

    def ev_BoolOp(self, node):
        """Stops where it is decided, as Python does."""
        ends = isinstance(node.op, ast.Or)
        out = []
        for v in node.values:
            value = self.ev(v)
            now = truth(value)
            if now is not None and now is not ends and v is not node.values[-1]:
                continue
            out.append(value)
            if now is ends:
                break
        return out[0] if len(out) == 1 else Either(out)

    def ev_UnaryOp(self, node):
        value = self.ev(node.operand)
        if isinstance(node.op, ast.Not):
            now = truth(value)
            return UNKNOWN if now is None else not now
        if isinstance(node.op, ast.USub) and isinstance(value, int):
            return -value
        return UNKNOWN

    def ev_IfExp(self, node):
        now = truth(self.ev(node.test))
        if now is None:
            return join(self.ev(node.body), self.ev(node.orelse))
        self.kill([node.orelse if now else node.body])
        return self.ev(node.body if now else node.orelse)

    def ev_Compare(self, node):
        left, all_of = self.ev(node.left), True
        for op, right in zip(node.ops, map(self.ev, node.comparators)):
            if isinstance(op, (ast.In, ast.NotIn)) and isinstance(right, Dotted) and \
                    right.name == "os.environ" and isinstance(left, str):
                now = self.variable(left, None) is not None
                now = now is isinstance(op, ast.In)
            else:
                now = self.lift(lambda a, b, o=op: compare(o, a, b), left, right)
                now = truth(now)
            if now is False:
                return False
            if now is None:
                all_of = None
            left = right
        return UNKNOWN if all_of is None else True

    def ev_Lambda(self, node):
        return UNKNOWN

    def ev_Subscript(self, node):
        where, at = self.ev(node.value), self.ev(node.slice) \
            if not isinstance(node.slice, ast.Slice) else UNKNOWN
        if isinstance(where, Dotted) and where.name == "os.environ" and isinstance(at, str):
            value = self.variable(at, None)
            return UNKNOWN if value is None else value
        if isinstance(node.slice, ast.Slice):
            if isinstance(where, (str, list, tuple)):
                low, high = (self.ev(n) if n else None
                             for n in (node.slice.lower, node.slice.upper))
                if node.slice.step is None and known([low, high]):
                    try:
                        return where[low:high]
                    except TypeError:
                        pass
            return UNKNOWN
        if isinstance(where, (dict, list, tuple, str)) and known(at):
            try:
                return where[at]
            except Exception:
                pass
        return UNKNOWN

    def ev_Attribute(self, node):
        where = self.ev(node.value)
        if isinstance(where, Dotted):
            name = f"{where.name}.{node.attr}"
            return branch(KNOWN.get(name), {}) if name in KNOWN else Dotted(name)
        if isinstance(where, Module):
            return where.names.get(node.attr, UNKNOWN)
        if isinstance(where, Path):
            return path_attribute(where, node.attr)
        if isinstance(where, Extension):
            return where.attributes.get(node.attr, UNKNOWN)
        return UNKNOWN

    def comprehension(self, node, element):
        out = []
        self.scopes.append({})
        try:
            self.generate(node.generators, 0, element, out)
        finally:
            self.scopes.pop()
        return out

    def generate(self, generators, n, element, out):
        if n == len(generators):
            out.append(element())
            return
        g = generators[n]
        items = self.items(self.ev(g.iter))
        for item in [UNKNOWN] if items is None else items:
            self.assign(g.target, item)
            tests = [truth(self.ev(t)) for t in g.ifs]
            if False not in tests:
                self.generate(generators, n + 1, element, out)

    def ev_ListComp(self, node):
        return self.comprehension(node, lambda: self.ev(node.elt))

    ev_GeneratorExp = ev_SetComp = ev_ListComp

    def ev_DictComp(self, node):
        pairs = self.comprehension(node, lambda: (self.ev(node.key), self.ev(node.value)))
        return {k: v for k, v in pairs if isinstance(k, (str, int))}

    def items(self, value):
        """What a loop over it takes; None: unknown."""
        if isinstance(value, (list, tuple)):
            return list(value)
        if isinstance(value, dict):
            return list(value)
        if isinstance(value, Either):
            found = [i for v in value.values for i in self.items(v) or []]
            return found or None
        return None
