"""Calls one hook of a PEP 517 build backend.

    python xorch_runner.py REQUEST.json ANSWER.json

The request holds {"action", "source", …}; the answer {"result": …} or {"error":
{"kind", "text"}}. Actions:

    pyproject   {"source", "tomli"}: what pyproject.toml says: {"requires",
                "backend", "backend_path", "requires_python", "name", "version"}
    a hook      {"source", "backend", "backend_path", "config_settings", "out"}:
                get_requires_for_build_wheel -> list of strings (empty when the
                backend has no such hook), build_wheel -> file name in `out`

Output of the backend goes where the caller sent ours; only the answer file is
read. The exit status is 0 with a result, 1 with an error (but "pyproject", which
runs no code of the project, always ends with 0).
"""
import json
import os
import sys
import traceback


class Refused(Exception):
    def __init__(self, kind, text):
        Exception.__init__(self, text)
        self.kind = kind


def toml_module(tomli):
    """tomllib (3.11), an installed tomli, or the copy inside pip at `tomli`."""
    try:
        import tomllib
        return tomllib
    except ImportError:
        pass
    try:
        import tomli
        return tomli
    except ImportError:
        pass
    if tomli:
        sys.path.append(tomli)
    try:
        from pip._vendor import tomli as vendored
    except ImportError:
        raise Refused("no-toml", "this Python has no TOML reader (tomllib, tomli, pip)")
    return vendored


def strings(value, key):
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        raise Refused("pyproject", "pyproject.toml: %s is not a list of strings" % key)
    return value


def text_or_none(table, key):
    value = table.get(key)
    return value if isinstance(value, str) else None


def table_of(parent, key):
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise Refused("pyproject", "pyproject.toml: [%s] is not a table" % key)
    return value


def read_pyproject(source, tomli):
    path = os.path.join(source, "pyproject.toml")
    try:
        with open(path, "rb") as f:
            data = f.read()
    except FileNotFoundError:
        if not os.path.exists(os.path.join(source, "setup.py")):
            raise Refused("no-project", "neither pyproject.toml nor setup.py")
        data = b""
    toml = toml_module(tomli) if data else None
    try:
        project = toml.loads(data.decode("utf-8")) if data else {}
    except (toml.TOMLDecodeError if toml else ValueError, UnicodeDecodeError) as e:
        raise Refused("pyproject", "pyproject.toml: %s" % e)
    # PEP 518 and 517: no table means setuptools by its old way.
    system = table_of(project, "build-system") if "build-system" in project else None
    if system is None:
        requires = ["setuptools>=40.8.0"]
        system = {}
    elif "requires" not in system:
        raise Refused("pyproject", "pyproject.toml: [build-system] has no `requires`")
    else:
        requires = strings(system["requires"], "build-system.requires")
    meta = table_of(project, "project")
    return {
        "requires": requires,
        "backend": text_or_none(system, "build-backend")
        or "setuptools.build_meta:__legacy__",
        "backend_path": strings(system.get("backend-path", []), "backend-path"),
        "requires_python": text_or_none(meta, "requires-python"),
        "name": text_or_none(meta, "name"),
        "version": text_or_none(meta, "version"),
    }


def load_backend(request):
    source = os.path.realpath(request["source"])
    folders = []
    for entry in request.get("backend_path") or []:
        folder = os.path.realpath(os.path.join(source, entry))
        if folder != source and not folder.startswith(source + os.sep):
            raise Refused("pyproject", "backend-path %r leaves the source tree" % entry)
        folders.append(folder)
    sys.path[:0] = folders
    module, _, attributes = request["backend"].partition(":")
    try:
        __import__(module)
    except ImportError as e:
        traceback.print_exc()
        raise Refused("backend", "cannot import the build backend %s: %s" % (module, e))
    backend = sys.modules[module]
    file = getattr(backend, "__file__", None) or ""
    if folders and not any(os.path.realpath(file).startswith(f + os.sep) for f in folders):
        raise Refused("backend", "%s was not loaded from backend-path" % module)
    for name in attributes.split(".") if attributes else []:
        backend = getattr(backend, name)
    return backend


def call_hook(action, request):
    backend = load_backend(request)
    settings = request.get("config_settings") or None
    if action == "get_requires_for_build_wheel":
        hook = getattr(backend, action, None)
        return strings(list(hook(settings)), action) if hook else []
    hook = getattr(backend, action, None)
    if hook is None:
        raise Refused("backend", "the build backend has no %s" % action)
    return str(hook(request["out"], settings))


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        request = json.load(f)
    # Neither this file's folder nor the source is importable for a backend (PEP
    # 517), unless backend-path or the backend itself says so.
    own = os.path.dirname(os.path.abspath(globals().get("__file__", "/")))
    sys.path[:] = [p for p in sys.path if p and os.path.abspath(p) != own]
    # A setup.py may look at the letters of its name: a front end's is never empty.
    sys.argv = ["setup.py"]
    os.umask(0o022)
    action = request["action"]
    try:
        if action == "pyproject":
            answer = {"result": read_pyproject(request["source"], request.get("tomli"))}
        else:
            os.chdir(request["source"])
            answer = {"result": call_hook(action, request)}
    except Refused as e:
        answer = {"error": {"kind": e.kind, "text": str(e)}}
    except SystemExit as e:
        # "error: command 'cc' failed": said to people; how it came here tells nothing.
        if isinstance(e.code, str):
            print("SystemExit: " + e.code, file=sys.stderr)
        else:
            traceback.print_exc()
        answer = {"error": {"kind": "failed", "text": "the hook exited: %s" % e.code}}
    except BaseException as e:
        traceback.print_exc()
        answer = {"error": {"kind": "failed", "text": "%s: %s" % (type(e).__name__, e)}}
    return answer


answer_path = sys.argv[2]
answer = main()
sys.stdout.flush()
sys.stderr.flush()
with open(answer_path + ".tmp", "w", encoding="utf-8") as out:
    json.dump(answer, out)
os.replace(answer_path + ".tmp", answer_path)
failed = "error" in answer and answer["error"]["kind"] in ("failed", "backend")
# Not sys.exit: a thread or an atexit handler of the backend must not hold us up.
os._exit(1 if failed else 0)
