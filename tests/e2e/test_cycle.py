"""The whole cycle of a change: check, plan, build, report. In a repository of 200 recipes
and 2,000 commits, and as README's CI example says it (tests/lib/ci_steps.py stands in for
GitHub's runner)."""
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree

import ci_steps
import judges
import monorepo
import packages
import test_package
import xt
from monorepo import git
from test_go import judge as judge_program
from test_wheels import need_network, shared_cache

PROJECT = """schema_version: 1
targets: [aarch64, armv7]
python: {versions: ["3.11"]}
"""
PYPROJECT = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
ANSWER = """#include "answer.h"
static PyObject *ask(PyObject *self, PyObject *args)
{ (void)self; (void)args; return PyLong_FromLong(answer()); }
static PyMethodDef methods[] = {{"ask", ask, METH_NOARGS, ""}, {0}};
"""
SCRIPT = """$CC $CFLAGS -fPIC -c answer.c
$AR rc libanswer.a answer.o
mkdir -p "$XORCH_DESTDIR$XORCH_PREFIX/lib" "$XORCH_DESTDIR$XORCH_PREFIX/include"
cp libanswer.a "$XORCH_DESTDIR$XORCH_PREFIX/lib/"
cp answer.h "$XORCH_DESTDIR$XORCH_PREFIX/include/"
"""
REAL = {
    "recipes/real/answer.yaml": monorepo.recipe(
        "answer", "library", source={"path": "../../src/answer"},
        build={"script": {"file": "answer.sh"}}),
    "recipes/real/asks.yaml": monorepo.recipe(
        "asks", source={"path": "../../src/asks"},
        requirements={"host": ["recipe:answer"]}),
    "recipes/real/alone.yaml": monorepo.recipe(
        "alone", source={"path": "../../src/alone"}),
    "recipes/real/hello.yaml": monorepo.recipe(
        "hello", "go-binary", source={"path": "../../src/hello"}),
}
WHEELS = ("asks", "alone")


def sources(repo):
    for path, body in REAL.items():
        xt.write(os.path.join(repo, path), monorepo.text(body))
    files = {
        "xorch.yaml": PROJECT,
        "recipes/real/answer.sh": SCRIPT,
        "src/answer/answer.h": "int answer(void);\n",
        "src/answer/answer.c": '#include "answer.h"\nint answer(void) { return 42; }\n',
        "src/hello/go.mod": "module example.com/hello\n\ngo 1.21\n",
        "src/hello/main.go": 'package main\n\nfunc main() { println("hello") }\n',
    }
    for name in WHEELS:
        code = ANSWER if name == "asks" else packages.ANSWER
        files |= {f"src/{name}/pyproject.toml": PYPROJECT,
                  f"src/{name}/{name}.c": packages.MODULE.format(name=name, code=code),
                  f"src/{name}/setup.py": packages.SETUP.format(
                      name=name, module=name, sources=[name + ".c"], optional=False,
                      more="libraries=['answer']" if name == "asks" else "",
                      packages="py_modules=[],")}
    for name in ("answer", "hello", *WHEELS):
        # no other run's results are found in the store
        files[f"src/{name}/run-id"] = packages.RUN
    for path, text in files.items():
        xt.write(os.path.join(repo, path), text)


def commit(repo):
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "x")


def replace(repo, path, old, new):
    path = os.path.join(repo, path)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    xt.check(old in text, path, old)
    xt.write(path, text.replace(old, new))


class World:
    """A repository `origin`, a developer's clone with a branch `topic`, and the CI."""

    def __init__(self, home):
        self.home = home
        self.origin = os.path.join(home, "origin")
        self.repo = os.path.join(home, "repo")
        monorepo.make(self.origin)
        sources(self.origin)
        commit(self.origin)
        result = self.run(["lock", "recipes/real"], cwd=self.origin)
        need_network(result)
        xt.equal(result.code, 0, result)
        commit(self.origin)
        git(home, "clone", "-q", self.origin, self.repo)
        git(self.repo, "checkout", "-q", "-b", "topic")

    def run(self, args, cwd=None, **env):
        return xt.run(args, home=self.home, cwd=cwd or self.repo,
                      XORCH_CACHE_DIR=shared_cache(), **env)

    def check(self, code):
        """CI's first job, with all its reports."""
        files = {k: os.path.join(self.home, k) for k in ("junit", "sarif", "gitlab")}
        result = self.run(["check", "--changed-since", "origin/main", "--json",
                           *(f"--report={k}={f}" for k, f in files.items())])
        xt.equal(result.code, code, result)
        return result, files

    def jobs(self, code=0):
        """CI's other jobs: the plan's matrix, a fresh clone for each of its items. Returns
        id -> (result, JUnit's test case, files)."""
        git(self.repo, "push", "-q", "-f", "origin", "topic")
        planned = self.run(["plan", "--changed-since", "origin/main", "--locked",
                            "--format", "github-matrix"])
        xt.equal(planned.code, 0, planned)
        matrix = json.loads(re.match(r"matrix=(.*)\n", planned.out)[1])["include"]
        out, worst = {}, 0
        for row in matrix:
            clone = os.path.join(self.home, "clone")
            git(self.home, "clone", "-q", "--depth", "1", "--branch", "topic",
                "file://" + self.origin, clone)
            result = self.run(["build", "--only", row["id"], "--locked", "--report",
                               "junit=junit.xml", "--json"], cwd=clone,
                              GITHUB_ACTIONS="true", CI="true",
                              GITHUB_STEP_SUMMARY=os.path.join(self.home, "summary.md"))
            worst = max(worst, result.code)
            suite = xml.etree.ElementTree.parse(os.path.join(clone, "junit.xml"))
            case = {c.get("name"): c for c in suite.getroot()[0]}[row["id"]]
            dist = os.path.join(clone, "dist")
            kept = os.path.join(self.home, "dist", row["id"])
            shutil.rmtree(kept, ignore_errors=True)
            if os.path.isdir(dist):
                shutil.copytree(dist, kept)
            out[row["id"]] = (result, case, kept)
            shutil.rmtree(clone)
        xt.equal(worst, code, [str(r) for r, _, _ in out.values()])
        return out


def ids(*names):
    middle = {"answer": "linux", "hello": "linux", "asks": "cp311", "alone": "cp311"}
    return {f"{n}-1.0-{middle[n]}-{t}" for n in names for t in ("aarch64", "armv7")}


def test_monorepo():
    with xt.scratch() as home:
        world = World(home)
        repo = world.repo
        xt.equal(world.check(0)[0].json["files"], [])

        # a mistake in a recipe: CI's first job says where, in every report
        replace(repo, "src/answer/answer.c", "42", "6 * 7")
        replace(repo, "recipes/real/hello.yaml", '"version"', '"verison"')
        commit(repo)
        result, files = world.check(2)
        xt.check("recipes/real/hello.yaml:5:" in result.err and
                 "did you mean `version`" in result.err, result)
        for kind, path in files.items():
            with open(path, encoding="utf-8") as f:
                text = f.read()
            xt.check("X0201" in text and "recipes/real/hello.yaml" in text, kind, text)

        # mended; what the library's source touches is the library and its user
        replace(repo, "recipes/real/hello.yaml", '"verison"', '"version"')
        commit(repo)
        result, _ = world.check(0)
        xt.equal(set(result.json["files"]), monorepo.expected(repo, "origin/main"))
        xt.equal(set(result.json["files"]),
                 {"recipes/real/answer.yaml", "recipes/real/asks.yaml"}, result)

        # code that does not compile: the job of each target fails and says where
        replace(repo, "src/hello/main.go", "println", "printn")
        replace(repo, "src/alone/alone.c", "(42)", "(fortytwo)")
        commit(repo)
        jobs = world.jobs(code=1)
        xt.equal(set(jobs), ids("answer", "asks", "alone", "hello"))
        for name, (result, case, _) in jobs.items():
            failure = case.find("failure")
            if not name.startswith(("hello", "alone")):
                xt.equal([result.code, failure], [0, None], result)
                continue
            xt.equal(result.code, 1, result)
            said = "undefined: printn" if name.startswith("hello") else "fortytwo"
            xt.check(said in failure.text, name, failure.text)
            # shown beside the line of the change, by GitHub's web interface
            place = "src/hello/main.go,line=3,col=15" if name.startswith("hello") else \
                "src/alone/alone.c,line=3,col=50"
            xt.check(re.search(rf"^::error file={place},.*title={name}%3A compile-error::"
                               rf".*{said}", result.err, re.M), result)

        # mended: all that changed is built, the rest of the 200 is not asked for
        replace(repo, "src/hello/main.go", "printn", "println")
        replace(repo, "src/alone/alone.c", "(fortytwo)", "(42)")
        xt.write(os.path.join(repo, "src/hello/more.go"), "package main\n")
        commit(repo)
        xt.equal(set(world.check(0)[0].json["files"]),
                 monorepo.expected(repo, "origin/main"))
        jobs = world.jobs()
        xt.equal(set(jobs), ids("answer", "asks", "hello"))
        for name, (result, case, dist) in jobs.items():
            xt.equal(case.find("failure"), None, name)
            target = name.split("-")[-1]
            found = [n for n in os.listdir(dist)] if os.path.isdir(dist) else []
            if name.startswith("asks"):
                wheel = next(n for n in found if n.endswith(".whl"))
                judges.check_wheel(os.path.join(dist, wheel), target, "cp311")
            elif name.startswith("hello"):
                program = next(n for n in found if "." not in n.split("-linux-")[1])
                judge_program(os.path.join(dist, program), "hello-1.0", target, False)
        with open(os.path.join(home, "summary.md"), encoding="utf-8") as f:
            rows = [line for line in f if line.startswith("| ") and "asks" in line]
        xt.check(rows and all("built" in r or "up to date" in r for r in rows), rows)

        # merged: nothing is left to do
        git(world.origin, "merge", "-q", "topic")
        git(repo, "fetch", "-q")
        planned = world.run(["plan", "--changed-since", "origin/main", "--format",
                             "github-matrix"])
        xt.equal(planned.out, 'matrix={"include":[]}\ncount=0\n', planned)


# label: long
def test_readme():
    """README's jobs as a new user would paste them, for a package of his own."""
    everything, changed = map(ci_steps.read, ci_steps.examples()[:2])
    with xt.scratch() as home:
        origin, repo = os.path.join(home, "origin"), os.path.join(home, "repo")
        test_package.sources(origin)
        # two recipes suffice, of them one is seen to be left alone
        for name in os.listdir(os.path.join(origin, "recipes")):
            if not name.startswith(("markupsafe.", "pyyaml.")):
                path = os.path.join(origin, "recipes", name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        git(home, "init", "-q", "-b", "main", origin)
        commit(origin)
        git(home, "clone", "-q", origin, repo)
        git(repo, "checkout", "-q", "-b", "topic")
        result = xt.run(["new", "ujson", "--python", "all"],
                        home=home, cwd=repo, XORCH_CACHE_DIR=shared_cache())
        need_network(result)
        xt.equal(result.code, 0, result)
        xt.check(os.path.exists(os.path.join(repo, "recipes/ujson.lock")), result)
        commit(repo)
        git(repo, "push", "-q", "origin", "topic")

        # the cache is what CI keeps between jobs, and nothing else
        env = xt.environment(home, XORCH_CACHE_DIR=None)
        ci = ci_steps.Workflow(home, origin, "topic", env)
        for name, job in [*changed.items(), *everything.items()]:
            xt.check(ci.perform(name, job), name, ci.results[-1])
        built = [r["matrix"]["id"] for r in ci.results if r["job"] == "wheel"]
        xt.check(len(built) >= 2 and all(i.startswith("ujson-") for i in built), built)
        xt.equal(sorted(ci.artifacts), ["wheels-aarch64", "wheels-armv7"])
        # what the first job of a target kept, pruned, serves those after it
        xt.equal(sorted(ci.caches), ["xorch-aarch64-0", "xorch-armv7-0"])
        builds = [r for r in ci.results if "bootstrap build" in r["command"]]
        xt.equal(len(ci.restored), len(builds) - 2)
        unpacked = [r for r in builds if "toolchain clang: unpack" in r["err"]]
        xt.equal(len(unpacked), 2, [r["command"] for r in unpacked])
        pruned = [r for r in ci.results if r["command"] == "build/xorch cache prune --ci"]
        xt.equal(len(pruned), len(builds))
        xt.check(all("removed" in r["out"] + r["err"] for r in pruned), pruned[0])
        # recipes in a repository of their own, with xorch checked out inside it
        own = os.path.join(home, "own")
        for name in ("ujson.yaml", "ujson.lock"):
            with open(os.path.join(repo, "recipes", name), encoding="utf-8") as f:
                xt.write(os.path.join(own, "recipes", name), f.read())
        git(home, "clone", "-q", origin, os.path.join(own, ".xorch"))
        p = subprocess.run([".xorch/orchestrator/bootstrap", "plan", "--target", "armv7",
                            "--python", "3.11", "--json"], cwd=own, env=env, text=True,
                           capture_output=True)
        xt.equal(p.returncode, 0, p.stderr[-3000:])
        xt.equal([i["recipe"] for i in json.loads(p.stdout)["items"]],
                 ["recipes/ujson.yaml"])
        for name, folder in ci.artifacts.items():
            wheels = [n for n in os.listdir(folder) if n.endswith(".whl")]
            xt.check({n.split("-")[0].lower() for n in wheels} ==
                     {"ujson", "markupsafe", "pyyaml"}, wheels)
            for wheel in wheels:
                judges.check_wheel(os.path.join(folder, wheel), name.split("-")[1],
                                   wheel.split("-")[2])


if __name__ == "__main__":
    xt.main(globals())
