"""Subprojects of Meson that a source names by .wrap files and does not hold. A server on
this machine stands in for the database of wraps and for the web sites of libraries, git's
own http-backend for a forge: such hosts are of no registry and need not be reachable."""
import json
import os
import re
import zipfile

import git_server
import packages
import test_wheels
import xt
from archives import Member, gz, tar, zip_
from server import Server, sha256
from test_backends import MODULE, pyproject

QUICK = {"XORCH_HTTP_BACKOFF": "0.01", "XORCH_HTTP_RETRIES": "1",
         "XORCH_HTTP_TIMEOUT": "2", "XORCH_HTTP_STALL": "2"}
BUILD = """project('tiny', 'c', default_options: ['default_library=static'])
%s
py = import('python').find_installation(pure: false)
py.extension_module('tiny', 'tiny.c', dependencies: deps, install: true)
"""
LIBRARY = """project('%s', 'c')
l = static_library('%s', '%s.c', %s)
d = declare_dependency(link_with: l, include_directories: '.')
"""
WRAP = """[wrap-file]
directory = {name}-1.0
source_url = {base}/{name}-1.0.tar.gz
source_filename = {name}-1.0.tar.gz
source_hash = {sha}
{more}
[provide]
{name} = d
"""
GIT = "[wrap-git]\nurl = {url}\nrevision = {revision}\n\n[provide]\n{name} = d\n"
USES = MODULE.replace("#include <Python.h>\n", "#include <Python.h>\n#include <near.h>\n", 1)


def files(body, wraps, code=MODULE):
    out = {"pyproject.toml": pyproject("mesonpy", ["meson-python"]),
           "meson.build": BUILD % body, "tiny.c": code}
    out.update({"subprojects/" + n: t for n, t in wraps.items()})
    return out


def archive(name, members):
    return gz(tar([Member(f"{name}-1.0/")] +
                  [Member(f"{name}-1.0/{n}", t.encode()) for n, t in members.items()]))


def project(home, members, recipe=""):
    src = os.path.join(home, "tiny-src")
    for path, text in members.items():
        xt.write(os.path.join(src, path), text)
    xt.write(os.path.join(src, "run-id"), packages.RUN)
    return xt.write(os.path.join(home, "tiny.yaml"),
                    packages.RECIPE.format(name="tiny", more=recipe, patches=""))


def build(home, path, *options, code=0, **env):
    result = xt.run(["build", path, "--python", "cp311", "--target", "armv7", "--json",
                     "--out", os.path.join(home, "dist"), *options],
                    home=home, XORCH_CACHE_DIR=test_wheels.shared_cache(), **QUICK, **env)
    test_wheels.need_network(result)
    if code is not None:
        xt.equal(result.code, code, result)
    return result


def lock_of(home):
    return xt.read(os.path.join(home, "tiny.lock"))


def wraps_of(home):
    """By file, a repository by its folder."""
    section = re.search(r"^wraps:\n((?:  .*\n)+)", lock_of(home), re.M)
    found = []
    for row in re.split(r"^  - ", section[1] if section else "", flags=re.M)[1:]:
        keys = dict(re.findall(r"^ *(\w+): (.*)$", row, re.M))
        found.append(keys.get("file") or keys["directory"])
    return found


def parts_of(wheel):
    with zipfile.ZipFile(wheel) as z:
        names = [n for n in z.namelist() if n.endswith("xorch.cdx.json")]
        found = json.loads(z.read(names[0]))["components"] if names else []
    return [(c["name"], c["version"]) for c in found if c["purl"].startswith("pkg:generic")]


def built_once_more(server, home, wheel, asked):
    """From the lock and the cache alone, and the statement names what was locked. `asked`:
    how often the server was before."""
    again = xt.run(["rebuild", wheel, "--offline"], home=home, cwd=home,
                   XORCH_CACHE_DIR=test_wheels.shared_cache())
    xt.equal(again.code, 0, again)
    xt.equal(server.count(), asked)
    statement = xt.read(wheel + ".intoto.jsonl")
    for name in wraps_of(home):
        xt.check(name in statement, name)


def near(more=""):
    return {"near.h": "int near(void);\n", "near.c": "int near(void) { return 1; }\n",
            "meson.build": LIBRARY % ("near", "near", "near", more)}


def test_archive_with_a_patch_that_names_another():
    """near's archive has no meson.build; its patch has, and wants `deep`, which nothing
    else names. `unused` is named nowhere, so nobody asks for it."""
    with Server() as s, xt.scratch() as home:
        s.add("/deep-1.0.tar.gz", archive("deep", {
            "deep.c": f"/* {packages.RUN} */ int deep(void) {{ return 2; }}\n",
            "meson.build": LIBRARY % ("deep", "deep", "deep", "")}))
        patched = near("dependencies: dependency('deep')")
        build_file = patched.pop("meson.build")
        patch = zip_([Member("near-1.0/meson.build", build_file.encode())])
        s.add("/near-1.0.tar.gz", archive("near", patched))
        s.add("/near.zip", patch)
        base = s.url("")
        wraps = {
            "near.wrap": WRAP.format(
                name="near", base=base, sha=sha256(archive("near", patched)),
                more=f"patch_url = {base}/near.zip\npatch_filename = near.zip\n"
                     f"patch_hash = {sha256(patch)}\n"),
            "deep.wrap": WRAP.format(name="deep", base=base, more="",
                                     sha=sha256(s.replies["/deep-1.0.tar.gz"][0].body)),
            "unused.wrap": WRAP.format(name="unused", base=base, sha="0" * 64, more="")}
        path = project(home, files("deps = [dependency('near')]", wraps, USES))
        result = build(home, path)
        xt.equal(test_wheels.judge(result, imports=False), 1)
        xt.equal(wraps_of(home), ["near-1.0.tar.gz", "near.zip", "deep-1.0.tar.gz"])
        xt.equal(s.count("/unused-1.0.tar.gz"), 0)
        asked = s.count()
        wheel = result.json["items"][0]["file"]
        xt.equal(parts_of(wheel), [("deep", "1.0"), ("near", "1.0")])
        built_once_more(s, home, wheel, asked)


def test_repository():
    with xt.scratch() as folder, git_server.Server(folder) as g, xt.scratch() as home:
        repo = g.repository("near")
        repo.commit({n: t.encode() for n, t in near().items()}, tag="v1.0")
        wrap = GIT.format(url=repo.url, revision="v1.0", name="near")
        path = project(home, files("deps = [dependency('near')]", {"near.wrap": wrap},
                                   USES))
        result = build(home, path)
        xt.equal(test_wheels.judge(result, imports=False), 1)
        xt.equal(wraps_of(home), ["near"])
        xt.equal(parts_of(result.json["items"][0]["file"]), [("near", repo.last[:12])])
        xt.check(repo.last in lock_of(home), lock_of(home))


def test_what_requirements_host_has_is_left_out():
    """…but not what subproject() is called for: the build takes no other then."""
    with Server() as s, xt.scratch() as home:
        data = archive("zlib", {"meson.build": "project('zlib', 'c')\n"
                                               "d = declare_dependency()\n"})
        s.add("/zlib-1.0.tar.gz", data)
        wrap = WRAP.format(name="zlib", base=s.url(""), sha=sha256(data), more="")
        host = "requirements:\n  host:\n    - deb:zlib1g-dev\n"
        path = project(home, files("deps = [dependency('zlib')]", {"zlib.wrap": wrap}),
                       host)
        result = build(home, path)
        xt.check("zlib.wrap is left out: deb:zlib1g-dev has it" in result.err, result.err)
        xt.equal((s.count(), wraps_of(home)), (0, []))
    with Server() as s, xt.scratch() as home:
        s.add("/zlib-1.0.tar.gz", data)
        wrap = WRAP.format(name="zlib", base=s.url(""), sha=sha256(data), more="")
        path = project(home, files("deps = [subproject('zlib').get_variable('d')]",
                                   {"zlib.wrap": wrap}), host)
        build(home, path)
        xt.equal(wraps_of(home), ["zlib-1.0.tar.gz"])


def test_what_cannot_be_had_is_told_and_may_be_done_without():
    with Server() as s, xt.scratch() as home:
        wraps = {"gone.wrap": WRAP.format(name="gone", base=s.url(""), sha="0" * 64,
                                          more=""),
                 "zlib.wrap": WRAP.format(name="zlib", base=s.url(""), sha="0" * 64,
                                          more=""),
                 "loose.wrap": WRAP.format(name="loose", base=s.url(""), sha="",
                                           more="")}
        body = """deps = [dependency('gone', required: false, allow_fallback: false),
        dependency('zlib', required: false, allow_fallback: false),
        dependency('loose', required: false, allow_fallback: false)]"""
        result = build(home, project(home, files(body, wraps)))
        xt.check("gone.wrap cannot be had beforehand" in result.err, result.err)
        xt.check("(deb:zlib1g-dev in requirements.host may take its place)" in result.err,
                 result.err)
        xt.check("loose.wrap cannot be had beforehand: names no sha256" in result.err,
                 result.err)
        xt.equal(wraps_of(home), [])
        xt.check("wraps" not in lock_of(home))


def test_bytes_that_are_not_the_wraps():
    """The lock takes no file that is not what the .wrap file says; a lock whose file was
    changed at its server is not built from anything else."""
    with Server() as s, xt.scratch() as home:
        good = archive("near", dict(near(), id=packages.RUN + "integrity"))
        s.add("/near-1.0.tar.gz", good + b"more")
        wrap = WRAP.format(name="near", base=s.url(""), sha=sha256(good), more="")
        path = project(home, files("deps = [dependency('near')]", {"near.wrap": wrap},
                                   USES))
        result = build(home, path, code=1)
        xt.check("near.wrap cannot be had beforehand" in result.err, result.err)
        xt.check("class of failure: network" in result.err, result.err)
        s.add("/near-1.0.tar.gz", good)
        xt.equal(xt.run(["lock", path, "--upgrade", "--python", "cp311", "--target",
                         "armv7"], home=home,
                        XORCH_CACHE_DIR=test_wheels.shared_cache(), **QUICK).code, 0)
        xt.equal(wraps_of(home), ["near-1.0.tar.gz"])
        build(home, path)


if __name__ == "__main__":
    xt.main(globals())
