"""Says what a CPython is, as one JSON object on standard output.

Run as `python -I -S xorch_probe.py`: no site, no user folder, no environment, so
the answer is the interpreter's own. Works on every Python 3; what is not a
CPython that can be retargeted still answers, and the caller decides.
"""
import json
import os
import sys
import sysconfig


def real_include(config_vars, multiarch):
    """Folder of Python.h and the pyconfig.h that really holds the values:
    Debian's is a switch over all its architectures."""
    include = config_vars.get("INCLUDEPY") or sysconfig.get_path("include")
    config_h = os.path.join(include, "pyconfig.h")
    if multiarch:
        name = os.path.basename(include)
        other = os.path.join(os.path.dirname(include), multiarch, name, "pyconfig.h")
        if os.path.exists(other):
            config_h = other
    return include, config_h


def has_tomli(wheel):
    """pip has it since 21.2; Debian 11's wheel of pip is older."""
    import zipfile
    try:
        with zipfile.ZipFile(wheel) as z:
            return "pip/_vendor/tomli/__init__.py" in z.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def vendored_tomli(prefix):
    """A folder or wheel to put on sys.path for `pip._vendor.tomli`, or None."""
    site = sysconfig.get_path("purelib")
    found = []
    for folder in (site, os.path.join(prefix, "lib", "python3", "dist-packages")):
        if os.path.isdir(os.path.join(folder, "pip", "_vendor", "tomli")):
            found.append(folder)
    folders = [os.path.join(sysconfig.get_path("stdlib"), "ensurepip", "_bundled")]
    folders.append("/usr/share/python-wheels")
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        wheels = [os.path.join(folder, n) for n in names if n.startswith("pip-")]
        found += [w for w in wheels if not found and has_tomli(w)]
    return found[0] if found else None


def main():
    config_vars = sysconfig.get_config_vars()
    multiarch = getattr(sys.implementation, "_multiarch", None) or ""
    include, config_h = real_include(config_vars, multiarch)
    name = sysconfig._get_sysconfigdata_name()
    data = __import__(name, fromlist=["build_time_vars"])
    executable = getattr(sys, "_base_executable", None) or sys.executable
    answer = {
        "implementation": sys.implementation.name,
        "version": "%d.%d.%d" % sys.version_info[:3],
        "release": sys.version_info[3] == "final",
        "abiflags": sys.abiflags,
        "free_threaded": bool(config_vars.get("Py_GIL_DISABLED")),
        "debug": bool(config_vars.get("Py_DEBUG")),
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "machine": os.uname().machine,
        "executable": os.path.realpath(executable),
        "base_prefix": sys.base_prefix,
        "stdlib": sysconfig.get_path("stdlib"),
        "include": include,
        "config_h": config_h,
        "multiarch": multiarch,
        "soabi": config_vars.get("SOABI") or "",
        "ext_suffix": config_vars.get("EXT_SUFFIX") or "",
        "sysconfigdata": name,
        "pip": vendored_tomli(sys.base_prefix),
        # Names and numbers. The strings say how and where this interpreter was
        # built, which is nothing a target should depend on.
        "vars": {k: v if isinstance(v, int) else ""
                 for k, v in data.build_time_vars.items()},
    }
    json.dump(answer, sys.stdout, sort_keys=True)
    sys.stdout.write("\n")


main()
