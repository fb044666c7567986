"""Crates that a Cargo.lock has from git. Git's own http-backend on this machine stands in
for a forge."""
import os

import git_server
import rust_packages
import target_root
import test_wheels
import xt
from test_rust import NATIVE, build, refused
from test_wraps import parts_of

# A workspace whose members say their version together, with a file of a third one that
# cargo could not read, and a warning that the crate itself forbids.
MEMBER = '[package]\nname = "{name}"\nversion.workspace = true\nedition.workspace = true\n{more}'
REPOSITORY = {
    "Cargo.toml": b'[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n'
    b'[workspace.package]\nversion = "0.3.0"\nedition = "2021"\n',
    "crates": {
        "homemade": {
            "Cargo.toml": MEMBER.format(
                name="homemade", more='[dependencies]\nhelper = { path = "../helper" }\n'
            ).encode(),
            "src": {"lib.rs": b"#![deny(warnings)]\nfn unused() {}\n"
                              b"pub fn two() -> i32 { helper::one() + 1 }\n"}},
        "helper": {"Cargo.toml": MEMBER.format(name="helper", more="").encode(),
                   "src": {"lib.rs": b"pub fn one() -> i32 { 1 }\n"}}},
    "fixtures": {"broken": {"Cargo.toml": b'[package\nname = "homemade"\n'}}}
# One crate alone, at the top.
LONE = {"Cargo.toml": b'[package]\nname = "lone"\nversion = "0.1.0"\nedition = "2021"\n',
        "src": {"lib.rs": b"pub fn none() -> i32 { 0 }\n"},
        "examples": {"lone": {"Cargo.toml": b'[package]\nname = "lone"\nversion = "9.0.0"\n'}}}
LOCK = """version = 3

[[package]]
name = "helper"
version = "0.3.0"
source = "{source}"

[[package]]
name = "homemade"
version = "0.3.0"
source = "{source}"
dependencies = [
 "helper",
]

[[package]]
name = "lone"
version = "0.1.0"
source = "{lone}"

[[package]]
name = "native"
version = "1.0.0"
dependencies = [
 "homemade",
 "lone",
 "number",
]

[[package]]
name = "number"
version = "1.0.0"
"""


def project(home, server, url, commit):
    """`url`, `commit`: of the crates homemade and helper; lone is of another repository."""
    if not os.path.exists(os.path.join(server.folder, "team", "lone.git")):
        server.lone = server.repository("team/lone")
        server.lone.commit(LONE)
    lone = server.lone.url
    depends = f'homemade = {{ git = "{url}", tag = "v0.3.0" }}\nlone = {{ git = "{lone}" }}\n'
    files = {"Cargo.toml": rust_packages.CARGO.format(depends=depends).replace(
                 '[build-dependencies]\ncc = "1.2"\n', ""),
             "src/lib.rs": NATIVE, "build.rs": "fn main() {}\n", "rusty/__init__.py": "",
             "Cargo.lock": LOCK.format(source=f"git+{url}?tag=v0.3.0#{commit}",
                                       lone=f"git+{lone}#{server.lone.last}")}
    return rust_packages.project(home, files=files)


def test_crates_from_git():
    """Locked by their commit, built without network from a copy, in any sandbox; in the
    list of parts and in the statement; once more from the cache alone."""
    with xt.scratch() as folder, git_server.Server(folder) as g, xt.scratch() as home:
        repository = g.repository("team/crates")
        commit = repository.commit(REPOSITORY, tag="v0.3.0")
        later = repository.commit({**REPOSITORY, "README": b"later"})
        recipe = project(home, g, repository.url, commit)
        result = build(home, recipe, targets=["aarch64", "armv7"])
        xt.equal(test_wheels.judge(result, imports=False), 2, result)
        with open(os.path.join(home, "rusty.lock"), encoding="utf-8") as f:
            lock = f.read()
        for row in ("directory: homemade-0.3.0", "directory: helper-0.3.0", "by: cargo",
                    commit):
            xt.check(row in lock, row, lock)
        for item in result.json["items"]:
            parts = parts_of(item["file"])
            for part in (("homemade", "0.3.0"), ("helper", "0.3.0"), ("lone", "0.1.0")):
                xt.check(part in parts, part, parts)
            suite = target_root.get("bookworm", item["target"])
            suite.run_wheel(item["file"], "import rusty.native")
        wheel, asked = result.json["items"][0]["file"], len(g.requests)
        again = xt.run(["rebuild", wheel, "--offline"], home=home, cwd=home,
                       XORCH_CACHE_DIR=test_wheels.shared_cache())
        xt.equal((again.code, len(g.requests)), (0, asked), again)
        xt.check(f"team/crates.git@{commit}" in xt.read(wheel + ".intoto.jsonl"))
        for args in (["--sandbox", "landlock"], ["--sandbox", "env"]):
            [item] = build(home, recipe, *args).json["items"]
            with open(item["log"], encoding="utf-8", errors="replace") as f:
                xt.check("Compiling homemade v0.3.0" in f.read(), item)
        # The source names another commit than the recipe's lock.
        recipe = project(home, g, repository.url, later)
        refused(home, recipe, 4, "[X0954]", "commit " + later[:16], "xorch lock --upgrade")


def test_repositories_that_do_not_do():
    """Without the crate, without the commit, by an address that no lock takes."""
    with xt.scratch() as folder, git_server.Server(folder) as g, xt.scratch() as home:
        repository = g.repository("team/crates")
        only = {**REPOSITORY, "fixtures": {}, "crates": {"helper": REPOSITORY["crates"]["helper"]}}
        commit = repository.commit(only, tag="v0.3.0")
        refused(home, project(home, g, repository.url, commit), 2, "[X0951]",
                "the repository of crate homemade holds no such package, at commit " + commit)
        missing = project(home, g, repository.url, "0" * 40)
        result = build(home, missing, "--upgrade", verb="lock", code=5)
        xt.check("crate helper 0.3.0 of Cargo.lock" in result.err, result)
        odd = project(home, g, "file:///srv/crates", commit)
        result = build(home, odd, "--upgrade", verb="lock", code=2)
        xt.check("[X0951]" in result.err and "its repository cannot be locked, which " in
                 result.err and "source: file:///srv/crates" in result.err, result)


xt.main(globals())
