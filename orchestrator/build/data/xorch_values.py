"""The values that xorch_script.py works with, and what is done to known ones. The files
xorch_values.py, xorch_calls.py, xorch_script.py and xorch_scan.py make one program, in
this order."""
import ast
import re
import sys

ITEMS_MAX = 500
TEXT_MAX = 20000
SIZE_MAX = 4000
MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_./]*")


class Value:
    """Shared by all branches."""


class Unknown(Value):
    pass


UNKNOWN = Unknown()


class Either(Value):
    def __init__(self, values):
        self.values = values[:8]


class Dotted(Value):
    """A name of another module, or one that nothing is known of."""

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return isinstance(other, Dotted) and other.name == self.name

    __hash__ = None


class Path(Value):
    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return isinstance(other, Path) and other.text == self.text

    __hash__ = None


class File(Value):
    def __init__(self, path):
        self.path = path


class Function(Value):
    """home: the names of its module, where that is another than the script."""

    def __init__(self, node, kind=None, home=None):
        self.node, self.kind, self.home = node, kind, home


class Module(Value):
    """A file of the source that the script imports."""

    def __init__(self, names):
        self.names = names


class Extension(Value):
    def __init__(self, name, sources, libraries):
        self.name, self.sources, self.libraries = name, sources, libraries
        self.attributes = {}


# What a script is told of the machine it is for.
KNOWN = {"sys.platform": "linux", "os.name": "posix", "os.sep": "/", "os.pathsep": ":",
         "os.path.sep": "/", "os.curdir": ".", "sys.byteorder": "little",
         "sys.implementation.name": "cpython", "os.extsep": ".",
         "sys.version": "3 (main) [GCC]", "sys.argv": ["setup.py", "bdist_wheel"],
         "sys.version_info": tuple(sys.version_info[:2]),
         "sys.version_info.major": 3, "sys.version_info.minor": sys.version_info[1],
         "typing.TYPE_CHECKING": False, "sys.maxsize": UNKNOWN}
ANSWERS = {"platform.system": "Linux", "platform.python_implementation": "CPython",
           "platform.machine": Either(["aarch64", "armv7l"]),
           "sysconfig.get_platform": Either(["linux-aarch64", "linux-armv7l"]),
           "distutils.util.get_platform": Either(["linux-aarch64", "linux-armv7l"]),
           "platform.uname": UNKNOWN, "os.getcwd": "", "os.getcwdu": ""}
# Functions that give back the path that they are given, as far as it matters here.
SAME_PATH = {"os.path.abspath", "os.path.realpath", "os.path.normpath", "os.path.relpath",
             "os.path.expanduser", "os.fspath", "str", "os.path.normcase", "copy.copy",
             "copy.deepcopy", "os.path.expandvars", "typing.cast"}
TEXT_METHODS = {"join", "replace", "split", "rsplit", "strip", "lstrip", "rstrip", "lower",
                "upper", "startswith", "endswith", "removeprefix", "removesuffix",
                "splitlines", "isdigit", "find", "count", "title", "capitalize",
                "casefold", "partition", "rpartition"}


def clean(path):
    """A path in the source; the folder itself is "". None: it lies elsewhere."""
    parts = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part and part != ".":
            parts.append(part)
    return None if path.startswith("/") else "/".join(parts)


def size(value, most=SIZE_MAX):
    """How many values are in it; not counted further than `most`."""
    count, left = 0, [value]
    while left and count <= most:
        v = left.pop()
        count += 1
        if isinstance(v, (list, tuple, set, frozenset)):
            left += v
        elif isinstance(v, dict):
            left += v.values()
        elif isinstance(v, Either):
            left += v.values
    return count


def known(value):
    """No part of it is unknown."""
    return size(value) <= SIZE_MAX and known_part(value)


def known_part(value):
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(known_part(v) for v in value)
    if isinstance(value, dict):
        return all(known_part(v) for v in value.values())
    return not isinstance(value, (Unknown, Either, Dotted, File, Function, Module, Extension))


def strings(value):
    """All the texts that it may be or hold."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Path):
        return [value.text]
    if size(value) > SIZE_MAX:
        return []
    found = value.values if isinstance(value, Either) else value
    if isinstance(found, (list, tuple, set)):
        return [s for v in found for s in strings(v)][:ITEMS_MAX]
    return []


def branch(value, made):
    """A copy of what may change, for one of two branches; the same thing stays one."""
    if not isinstance(value, (list, dict, tuple)) or not value:
        return value if not isinstance(value, (list, dict)) else made.setdefault(
            id(value), (value, type(value)()))[1]
    if id(value) not in made:
        if isinstance(value, tuple):
            new = tuple(branch(v, made) for v in value)
        else:
            new = type(value)()
            made[id(value)] = value, new
            if isinstance(value, list):
                new += [branch(v, made) for v in value]
            else:
                new.update((k, branch(v, made)) for k, v in value.items())
        made[id(value)] = value, new
    return made[id(value)][1]


def join(a, b):
    """What a name is after either of two branches."""
    if a is b:
        return a
    if isinstance(a, list) and isinstance(b, list):
        return a + [v for v in b if not any(v is w or same(v, w) for w in a)]
    if isinstance(a, dict) and isinstance(b, dict):
        return {k: join(a.get(k, b.get(k)), b.get(k, a.get(k))) for k in [*a, *b]}
    if same(a, b):
        return a
    values = []
    for v in (a, b):
        for w in v.values if isinstance(v, Either) else [v]:
            if not any(same(w, x) for x in values):
                values.append(w)
    return Either(values)


def same(a, b):
    try:
        return type(a) is type(b) and bool(a == b)
    except Exception:
        return False


def truth(value):
    """True, False, or None: it may be either."""
    if isinstance(value, Either):
        all_of = {truth(v) for v in value.values}
        return all_of.pop() if len(all_of) == 1 else None
    if isinstance(value, (Unknown, Dotted, File)):
        return None
    if isinstance(value, (list, tuple, set)) and value and not all(map(known, value)):
        return None
    return bool(value) if not isinstance(value, Value) else True


def plain(value):
    if isinstance(value, Path):
        return value.text
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)
    raise ValueError(value)


def plain_sum(a, b):
    return a + b if not isinstance(a, Path) else UNKNOWN


def path_join(*parts):
    """As os.path.join does; the folder of the source is \"\"."""
    out = ""
    for part in parts:
        out = part if part.startswith("/") or not out else out.rstrip("/") + "/" + part
    return out if out.startswith("/") or clean(out) is None else clean(out)


def percent(text, values):
    """`text % values`, of %s and %d alone."""
    values = list(values) if isinstance(values, tuple) else [values]
    named = values[0] if len(values) == 1 and isinstance(values[0], dict) else None

    def one(found):
        if found[0] == "%%":
            return "%"
        return plain(named[found[1][1:-1]] if found[1] else values.pop(0))
    out = re.sub(r"%(\(\w+\))?[sd]|%%", one, text)
    if re.search(r"%[^%sd(\s]", text):
        raise ValueError(text)
    return out


def formatted(text, args, names):
    """text.format(), of {}, {0} and {name} alone."""
    args, count = list(args), iter(range(len(args)))

    def one(found):
        name = found[1]
        if not name:
            return plain(args[next(count)])
        return plain(args[int(name)] if name.isdigit() else names[name])
    if re.search(r"\{\w*[^\w}]|\{\{|\}\}", text):
        raise ValueError(text)
    return re.sub(r"\{(\w*)\}", one, text)


def compare(op, a, b):
    if isinstance(a, Path) or isinstance(b, Path):
        a, b = plain(a), plain(b)
    if isinstance(a, tuple) and isinstance(b, tuple):  # versions, of two numbers
        a, b = a[:2], b[:2]
    return {ast.Eq: lambda: a == b, ast.NotEq: lambda: a != b, ast.Lt: lambda: a < b,
            ast.LtE: lambda: a <= b, ast.Gt: lambda: a > b, ast.GtE: lambda: a >= b,
            ast.In: lambda: a in b, ast.NotIn: lambda: a not in b,
            ast.Is: lambda: a is b if b is None or a is None else a == b,
            ast.IsNot: lambda: a is not b if b is None or a is None else a != b,
            }[type(op)]()


def pattern_of(glob):
    """The regular expression of a pattern of paths; "**" stands for any folders."""
    out = []
    for part in re.findall(r"(?:^|(?<=/))\*\*(?:/|$)|\*+|\?|\[[^]/]+\]|.", glob, re.S):
        if part.startswith("**"):
            out.append("(?:.*/)?" if part.endswith("/") else ".*")
        else:
            out.append("[^/]*" if part[0] == "*" else "[^/]" if part == "?" else
                       "[" + part[1:-1].replace("!", "^", part[1] == "!").replace("\\", "")
                       + "]" if len(part) > 2 else re.escape(part))
    return re.compile("".join(out))


def split_suffix(name):
    at = name.rfind(".")
    return (name[:at], name[at:]) if at > name.rfind("/") + 1 else (name, "")


def path_attribute(path, name):
    text = path.text
    folder, _, base = text.rpartition("/")
    return {"parent": Path(folder), "name": base, "stem": split_suffix(base)[0],
            "suffix": split_suffix(base)[1], "parts": tuple(text.split("/")),
            }.get(name, UNKNOWN)


def path_method(path, name, args):
    """Path(…).name(…), of those that look at no file; else UNKNOWN."""
    text = path.text
    if name in ("resolve", "absolute", "expanduser"):
        return path
    if name in ("as_posix", "__str__"):
        return text
    if name == "joinpath":
        return Path(path_join(text, *map(plain, args)))
    if name == "with_suffix":
        return Path(split_suffix(text)[0] + args[0])
    if name == "with_name":
        return Path(path_join(text.rpartition("/")[0], args[0]))
    if name == "relative_to":
        base = plain(args[0]).rstrip("/")
        if not base or text.startswith(base + "/"):
            return Path(text[len(base):].lstrip("/"))
    return UNKNOWN


def tested(tree):
    """Values that a variable may be wanted to have: "1", then what stands in tests."""
    out = ["1"]
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for side in ast.walk(node):
                if isinstance(side, ast.Constant) and isinstance(side.value, str) and \
                        re.fullmatch(r"[A-Za-z0-9_.-]{1,20}", side.value) and \
                        side.value not in out:
                    out.append(side.value)
    found = [v for v in out[1:] if v.lower() in ("true", "yes", "on", "y", "0", "false")]
    return [*out[:1], *found, *(v for v in out[1:] if v not in found)][:8]
