"""--exclude-newer and `xorch update` with uv, compilers and real packages."""
import io
import json
import os
import zipfile

import judges
import xt
from server import Reply, Server, sha256
from test_wheels import need_network, shared_cache

JSON = {"Content-Type": "application/vnd.pypi.simple.v1+json"}


def pure_wheel(name, version):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        info = f"{name}-{version}.dist-info/"
        z.writestr(info + "METADATA",
                   f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        z.writestr(info + "WHEEL",
                   "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr(info + "RECORD", "")
    return out.getvalue()


def requirement(s, *versions):
    """A project `needed` of wheels (version, upload time or None)."""
    rows = []
    for version, when in versions:
        data = pure_wheel("needed", version)
        name = f"needed-{version}-py3-none-any.whl"
        s.add("/files/" + name, data)
        rows.append({"filename": name, "url": "/files/" + name, "size": len(data),
                     "hashes": {"sha256": sha256(data)},
                     **({"upload-time": when} if when else {})})
    s.add("/simple/needed/", Reply(json.dumps(
        {"meta": {"api-version": "1.1"}, "name": "needed", "files": rows}).encode(),
        headers=JSON))


SCRIPT = """schema_version: 1
package: {name: thing, version: "1.0"}
kind: wheel
source: {path: src}
requirements: {build: [needed]}
build: {backend: script, script: ["true"]}
"""


def with_uv(home, **env):
    """uv in the shared store: from the machine's own index, once."""
    os.makedirs(os.path.join(home, "recipes", "src"), exist_ok=True)
    xt.write(os.path.join(home, "recipes", "src", "a"), "")
    xt.write(os.path.join(home, "recipes", "thing.yaml"),
             SCRIPT.replace("needed", "setuptools"))
    result = xt.run(["lock", "recipes/thing.yaml", "--python", "3.11", "--target", "aarch64"],
                    home=home, XORCH_CACHE_DIR=shared_cache())
    need_network(result)
    xt.equal(result.code, 0, result)
    os.remove(os.path.join(home, "recipes", "thing.lock"))
    xt.write(os.path.join(home, "recipes", "thing.yaml"), SCRIPT)


def locked_version(home):
    with open(os.path.join(home, "recipes", "thing.lock"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    at = next(i for i, line in enumerate(lines) if line.strip() == "- name: needed")
    return lines[at + 1].split()[1].strip('"')


def test_uv_gets_the_same_instant():
    """What uv chooses among and what xorch then takes the file from are cut at the same
    point: a second before, at it, after it. The index is one of this machine."""
    xt.need_pythons("cp311")
    with Server() as s, xt.scratch() as home:
        with_uv(home)
        requirement(s, ("1.0", "2026-01-01T00:00:00Z"), ("1.1", "2026-03-01T10:00:00Z"),
                    ("1.2", None))

        def lock(limit, **env):
            return xt.run(["lock", "--python", "3.11", "--target", "aarch64",
                           "--exclude-newer", limit], home=home,
                          XORCH_CACHE_DIR=shared_cache(),
                          XORCH_MIRROR_PYPI=s.url("/simple"), XORCH_HTTP_BACKOFF="0.02")
        for limit, want in (("2026-03-01T10:00:01Z", "1.1"),
                            ("2026-03-01T10:00:00Z", "1.0"),
                            ("2026-03-01T09:59:59Z", "1.0"), ("2026-02-28", "1.0")):
            result = lock(limit)
            xt.equal(result.code, 0, limit, result)
            xt.equal(locked_version(home), want, limit)
        result = lock("2025-01-01")
        xt.equal(result.code, 1, result)
        xt.check("X0912" in result.err and "2025-01-02T00:00:00Z" in result.err and
                 "--exclude-newer" in result.err, result)


MARKUPSAFE = """# raised by a test
schema_version: 1
package:
  name: markupsafe
  version: "2.1.5"   # an old one
kind: wheel
source:
  pypi: markupsafe
wheel:
  extensions: [markupsafe/_speedups]
tests:
  - imports: [markupsafe._speedups]
"""


# label: long
def test_markupsafe_updated_and_built():
    """From the real index: outdated, a limit, update with the sections the lock had, and
    the wheel of the new version, judged by auditwheel."""
    xt.need_pythons("cp311", "cp312")
    with xt.scratch() as home:
        path = xt.write(os.path.join(home, "recipes", "markupsafe.yaml"), MARKUPSAFE)

        def run(*args, **env):
            result = xt.run(args, home=home, XORCH_CACHE_DIR=shared_cache(), **env)
            need_network(result)
            return result

        def text(name):
            with open(os.path.join(home, "recipes", name), encoding="utf-8") as f:
                return f.read()
        result = run("lock", "--python", "3.11,3.12", "--target", "aarch64,armv7")
        xt.equal(result.code, 0, result)
        result = run("outdated", "--json", "--exit-code")
        xt.equal(result.code, 1, result)
        newest = result.json["recipes"][0]["newest"]
        result = run("outdated", "--json", "--exclude-newer", "2024-10-17")
        limited = result.json["recipes"][0]
        xt.equal((limited["state"], limited["held"]), ("update", newest), result)
        xt.check(limited["published"] < "2024-10-18", result)
        result = run("update", "--exclude-newer", "2024-10-17")
        xt.equal(result.code, 0, result)
        xt.equal(text("markupsafe.yaml"), MARKUPSAFE.replace("2.1.5", limited["newest"]))
        xt.check('exclude_newer: "2024-10-18T00:00:00Z"' in text("markupsafe.lock"))
        result = run("lock", "--locked", "--exclude-newer", "2024-10-17")
        xt.equal(result.code, 0, result)
        result = run("update", "markupsafe")
        xt.equal(result.code, 0, result)
        xt.equal(result.out, f"recipes/markupsafe.yaml: {limited['newest']} -> {newest}\n")
        xt.equal(text("markupsafe.yaml"), MARKUPSAFE.replace("2.1.5", newest))
        lock = text("markupsafe.lock")
        for section in ("python: cp311", "python: cp312"):
            xt.check(section in lock, lock)
        xt.equal(lock.count("targets: [aarch64, armv7]"), 2, lock)
        xt.check("exclude_newer" not in lock and limited["newest"] not in lock, lock)
        result = run("build", path, "--python", "3.11", "--target", "aarch64", "--locked",
                     "--json", "--out", os.path.join(home, "dist"))
        xt.equal(result.code, 0, result)
        [item] = result.json["items"]
        xt.check(os.path.basename(item["file"]).startswith(f"markupsafe-{newest}-cp311-"),
                 item)
        judges.check_wheel(item["file"], "aarch64", "cp311")


if __name__ == "__main__":
    xt.main(globals())
