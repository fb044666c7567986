"""`xorch new` for what is compiled against headers that a build requirement's own build
made, when the index has no wheel of that requirement for a target: it gets a recipe too."""
import io
import json
import os
import tarfile
import zipfile

import test_backends
import test_overlay
import test_rust
import test_wheels
import xt
from server import Reply, Server, sha256

# Nobody else's results in the store are of projects called so.
ID = test_backends.packages.RUN[:10]
CARRIER, USER, OTHER = "carrier" + ID, "user" + ID, "other" + ID
LONE = "lone" + ID  # the same without an sdist


def sdist(name, backend, requires, code, more=()):
    files = {"pyproject.toml": f'[build-system]\nrequires = {requires}\n'
             'build-backend = "back"\nbackend-path = ["."]\n'
             f'[project]\nname = "{name}"\nversion = "1.0"\n',
             "back.py": backend, "inner.c": test_overlay.INNER % code,
             # read, not run: the modules that the wheel will have
             "setup.py": f"setup(ext_modules=[Extension('{name}.inner', ['inner.c'])])\n",
             "run-id": test_backends.packages.RUN, **dict(more)}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}-1.0/{path}")
            info.size = len(text.encode())
            t.addfile(info, io.BytesIO(text.encode()))
    return f"{name}-1.0.tar.gz", out.getvalue()


def zipped(name, tag, pure, files):
    """A wheel of these files: its name, and it."""
    info = f"{name}-1.0.dist-info/"
    files = {**files,
             info + "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
             info + "WHEEL": f"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: {pure}\n"
                             f"Tag: {tag}\n"}
    files[info + "RECORD"] = "".join(n + ",,\n" for n in [*files, info + "RECORD"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for path, text in files.items():
            z.writestr(path, text)
    return f"{name}-1.0-{tag}.whl", out.getvalue()


def wheel(name, arch):
    """Of the kind of numpy: imported by the build, and a header about the machine."""
    return zipped(name, f"cp311-cp311-manylinux_2_17_{arch}", "false", {
        name + "/__init__.py": "", name + "/made.h": "#define BITS 64\n",
        f"{name}/inner.cpython-311-{arch}-linux-gnu.so": ""})


def serve(server, project, *files):
    rows = []
    for name, data in files:
        server.add("/files/" + name, data)
        rows.append({"filename": name, "url": "/files/" + name, "size": len(data),
                     "hashes": {"sha256": sha256(data)}})
    server.add(f"/simple/{project}/", Reply(json.dumps(
        {"meta": {"api-version": "1.1"}, "name": project, "files": rows}).encode(),
        headers={"Content-Type": "application/vnd.pypi.simple.v1+json"}))


def index(server, carrier):
    files = [wheel(carrier, "x86_64"), wheel(carrier, "aarch64")]
    if carrier != LONE:
        backend = test_overlay.CARRIER.replace("'carrier'", repr(carrier))
        files.append(sdist(carrier, backend, "[]", ""))
    serve(server, carrier, *files)
    for name in (USER, OTHER):
        backend = test_overlay.USER.replace("carrier", carrier).replace(
            "'user'", repr(name))
        serve(server, name,
              sdist(name, backend, f'["{carrier}==1.0"]', test_overlay.USES))


def run(server, home, *args, **env):
    result = xt.run(args, home=home, XORCH_MIRROR_PYPI=server.url("/simple"),
                    XORCH_CACHE_DIR=test_wheels.shared_cache(), **env)
    test_wheels.need_network(result)
    return result


def path(name, end=".yaml"):
    return f"recipes/{name}{end}"


def test_recipe_of_what_has_no_wheel():
    with xt.scratch() as home, Server() as server:
        index(server, CARRIER)
        made = run(server, home, "new", USER, "--python", "cp311")
        xt.equal(made.code, 0, made)
        xt.equal(made.out.split(), [path(USER), path(CARRIER)], made)
        xt.check(f"{CARRIER} 1.0, which has no wheel for armv7" in made.err, made)
        xt.check("X0990" not in made.err, made)
        # for that target alone: the other one's wheel is the index's
        text = xt.read(os.path.join(home, path(CARRIER)))
        xt.check('  version: "1.0"\n' in text and
                 "targets: # the index has no wheel for them\n  - armv7\n" in text, text)
        lock = xt.read(os.path.join(home, path(USER, ".lock")))
        xt.check("from: recipe" in lock and f"{CARRIER}-1.0-cp311-cp311-"
                 "manylinux_2_17_aarch64.whl" in lock, lock)
        lock = xt.read(os.path.join(home, path(CARRIER, ".lock")))
        xt.check("armv7" in lock and "aarch64" not in lock, lock)
        # the recipe that is there serves the next one, and stays as it is
        before = xt.read(os.path.join(home, path(CARRIER)))
        again = run(server, home, "new", OTHER, "--python", "cp311", "--json")
        xt.equal(again.code, 0, again)
        xt.equal((again.code, [i["id"] for i in again.json["items"]]), (0, [
            f"{OTHER}-1.0-cp311-{target}" for target in ("aarch64", "armv7")]), again)
        xt.equal(xt.read(os.path.join(home, path(CARRIER))), before)
        # only what was wanted is named, and nothing was edited
        built = run(server, home, "build", path(USER), path(OTHER), "--locked", "--json",
                    "--python", "cp311", "--target", "armv7", "--target", "aarch64")
        xt.equal(built.code, 0, built)
        xt.equal({i["id"]: i["state"] for i in built.json["items"]}, {
            f"{name}-1.0-cp311-{target}": "built" for name, target in (
                (CARRIER, "armv7"), (OTHER, "aarch64"), (OTHER, "armv7"),
                (USER, "aarch64"), (USER, "armv7"))}, built)


def test_what_cannot_be_locked_is_told():
    """No sdist of it: nothing can be written for armv7, and the other target is locked."""
    with xt.scratch() as home, Server() as server:
        index(server, LONE)
        made = run(server, home, "new", USER, "--python", "cp311")
        xt.equal((made.code, made.out), (1, path(USER) + "\n"), made)
        xt.equal(made.err.count("X0990"), 1, made)
        xt.check(f"is written, but not locked for {USER}-1.0-cp311-armv7" in made.err, made)
        lock = xt.read(os.path.join(home, path(USER, ".lock")))
        xt.check("aarch64" in lock and "armv7" not in lock, lock)
        # one of that version for other targets: a second one would make the same wheel
        other = xt.write(os.path.join(home, path(LONE)), "schema_version: 1\npackage: "
                         f'{{name: {LONE}, version: "1.0"}}\nkind: wheel\nsource: '
                         f"{{pypi: {LONE}}}\ntargets: [aarch64]\n")
        before = xt.read(other)
        made = run(server, home, "new", OTHER, "--python", "cp311", "--target", "armv7")
        xt.equal(made.code, 1, made)
        xt.check(f"{path(LONE)} is not for armv7: add it to its targets" in made.err,
                 made)
        xt.equal(xt.read(other), before)


def test_crates_of_an_sdist_without_cargo_lock():
    """Which program a crate starts is known once cargo has chosen the crates. The registry
    of crates is a server here; with --no-fetch none is asked."""
    name = "rusted" + ID
    with xt.scratch() as home, Server() as server:
        data = test_rust.crate("cmake", "", "0.1.50")
        server.add("/index/config.json", Reply(json.dumps(
            {"dl": server.url("/files/{crate}/{version}")}).encode()))
        server.add("/index/cm/ak/cmake", Reply(json.dumps(
            {"name": "cmake", "vers": "0.1.50", "deps": [], "cksum": sha256(data),
             "features": {}, "yanked": False}).encode() + b"\n"))
        server.add("/files/cmake/0.1.50", Reply(data))
        serve(server, "cmake", zipped("cmake", "py3-none-any", "true", {}))
        serve(server, name, sdist(name, "CARGO = ['cargo', 'build']\n", "[]", "", {
            "Cargo.toml": '[package]\nname = "rusted"\nversion = "1.0.0"\nedition = "2021"\n'
            'rust-version = "1.70"\n[build-dependencies]\ncmake = "0.1"\n',
            "src/lib.rs": ""}))
        mirror = {"XORCH_MIRROR_CRATES": server.url("/index/")}
        bare = run(server, home, "new", name, "--python", "cp311", "--no-fetch", "-o", "b.yaml",
                   **mirror)
        xt.equal(bare.code, 0, bare)
        xt.check("cmake" not in xt.read(os.path.join(home, "b.yaml")), bare)
        xt.equal([r.path for r in server.requests if "/index/" in r.path], [])
        made = run(server, home, "new", name, "--python", "cp311", **mirror)
        xt.equal(made.code, 0, made)
        text = xt.read(os.path.join(home, path(name)))
        xt.check("  build:\n    - cmake  # guessed: the crate cmake starts it\n" in text, text)
        lock = xt.read(os.path.join(home, path(name, ".lock")))
        xt.check('name: cmake, version: "0.1.50"' in lock, lock)
        # a registry that does not answer is no reason to have no recipe
        server.add("/index/config.json", Reply(status=404))
        made = run(server, home, "new", name, "--python", "cp311", "-o", "c.yaml",
                   XORCH_HTTP_RETRIES="0", **mirror)
        xt.check("which crates it takes is not known" in made.err and
                 "manifest: Cargo.toml" in xt.read(os.path.join(home, "c.yaml")), made)


if __name__ == "__main__":
    xt.main(globals())
