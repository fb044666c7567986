"""A plan for other programs: matrices, pipelines, graphs, and its division into shards."""
import json
import os
import random
import re
import shlex

import ci_steps
import judges
import monorepo
import xt


def world(home):
    """Some recipes; the libraries are needed by wheels. Their plans are for such Pythons,
    which have to be found."""
    xt.need_pythons("cp311", "cp312", "cp313")
    for name in ("l1", "l2"):
        xt.write(f"{home}/recipes/{name}.yaml",
                 monorepo.text(monorepo.recipe(name, "library")))
    for n in range(12):
        more = {"requirements": {"host": ["recipe:l1"]}} if n % 3 == 0 else {}
        if n == 5:
            more = {"build": {"skip": [{"if": "target == \"armv7\"",
                                        "reason": "not there"}]}}
        xt.write(f"{home}/recipes/w{n}.yaml",
                 monorepo.text(monorepo.recipe(f"w{n}", **more)))
    return home


def plan(home, *args, code=0, target="all", **env):
    result = xt.run(["plan", "--target", target, "--python", "3.11,3.13", *args],
                    home=home, cwd=home, **env)
    xt.equal(result.code, code, args, result)
    return result


def ids(home, *args, **env):
    return [i["id"] for i in plan(home, "--json", *args, **env).json["items"]
            if not i.get("implicit")]


def test_github_matrix():
    with xt.scratch() as home:
        world(home)
        out = plan(home, "--format", "github-matrix", "--skip", "w1*").out
        # as the runner reads $GITHUB_OUTPUT: NAME=VALUE a line
        values = dict(line.split("=", 1) for line in out.splitlines())
        include = json.loads(values["matrix"])["include"]
        xt.equal(int(values["count"]), len(include))
        xt.equal({i["id"] for i in include},
                 {i["id"] for i in plan(home, "--json", "--skip", "w1*").json["items"]
                  if i["state"] != "skipped"})
        xt.equal(len(include), 9 * 3 * 2 - 2 + 2 * 3)
        one = next(i for i in include if i["id"] == "w2-1.0-cp313-armv7")
        xt.equal(one, {"id": "w2-1.0-cp313-armv7", "name": "w2", "version": "1.0",
                       "target": "armv7", "python": "cp313",
                       "recipe": "recipes/w2.yaml"})
        # what is built along has no job of its own
        include = json.loads(plan(home, "--format", "github-matrix", "recipes/w0.yaml",
                                  target="armv7").out.splitlines()[0][7:])["include"]
        xt.equal([i["name"] for i in include], ["w0", "w0"])
        # each id builds itself: the job's command
        for i in include:
            xt.equal(ids(home, "--only", i["id"]), [i["id"]])
        # nothing is left: the usual error, no empty matrix
        result = plan(home, "--format", "github-matrix", "--only", "w5-1.0-cp311-armv7",
                      code=3)
        xt.equal(result.out, "")


def test_github_matrix_of_nothing_and_of_too_much():
    with xt.scratch() as home:
        repo = os.path.join(home, "repo")
        world(repo)
        monorepo.git(repo, "init", "-q", "-b", "main", ".")
        monorepo.git(repo, "add", "-A")
        monorepo.git(repo, "commit", "-q", "-m", "x")
        out = plan(repo, "--changed-since", "HEAD", "--format", "github-matrix").out
        xt.equal(out, 'matrix={"include":[]}\ncount=0\n')
        out = plan(repo, "--changed-since", "HEAD", "--format", "gitlab").out
        xt.check("nothing-to-build" in out, out)
        for n in range(45):
            xt.write(f"{home}/many/m{n}.yaml",
                     monorepo.text(monorepo.recipe(f"m{n}")))
        result = plan(home, "many", "--format", "github-matrix", code=2)
        xt.equal(result.out, "")
        xt.check("X0324" in result.err and "270 items" in result.err and
                 "--shard" in result.err, result)


def test_gitlab():
    with xt.scratch() as home:
        world(home)
        child = plan(home, "--format", "gitlab", "recipes/w1.yaml", target="armv7").out
        xt.equal(re.findall(r'XORCH_ONLY: "(.*)"', child),
                 ["w1-1.0-cp311-armv7", "w1-1.0-cp313-armv7"], child)
        # with the file that GitLab would include beside it: README's
        template, parent = ci_steps.examples()[2:]
        for text in (child, plan(home, "--format", "gitlab").out):
            path = xt.write(os.path.join(home, "pipeline.yml"), template + text)
            judges.schema_check("vendor.gitlab-ci", path)
        xt.write(path, template + text.replace("variables:", "variabels:"))
        judges.schema_check("vendor.gitlab-ci", path, fails=True)
        judges.schema_check("vendor.gitlab-ci",
                            xt.write(os.path.join(home, "parent.yml"), parent))
        # their commands are ones that xorch takes, with the variables of a job
        for command in [*ci_steps.read(template)[".xorch"]["script"],
                        *ci_steps.read(parent)["plan"]["script"]]:
            if command.startswith(("./orchestrator/bootstrap ", "build/xorch ")):
                args = shlex.split(command.split(" > ")[0])[1:]
                result = xt.run([*args, "--help"], XORCH_ONLY="w1-1.0-cp311-armv7",
                                XORCH_TARGET="armv7")
                xt.equal([result.code, result.err], [0, ""], command, result)


def test_dot():
    with xt.scratch() as home:
        world(home)
        out = plan(home, "--format", "dot", "recipes/w3.yaml", target="armv7").out
        edges = re.findall(r'^\t"([^"]+)" -> "([^"]+)";$', out, re.M)
        xt.equal(set(edges), {("l1-1.0-linux-armv7", f"w3-1.0-{p}-armv7")
                              for p in ("cp311", "cp313")}, out)
        xt.equal(len(re.findall(r'^\t"[^"]+" \[color=', out, re.M)), 3, out)


def test_patterns():
    with xt.scratch() as home:
        world(home)
        everything = ids(home)
        xt.equal(ids(home, "--only", "w1-*-armv7"),
                 [i for i in everything if i.startswith("w1-") and i.endswith("armv7")])
        xt.equal(ids(home, "w?-1.0-cp311-aarch64"),
                 [i for i in everything if re.fullmatch(r"w.-1.0-cp311-aarch64", i)])
        xt.equal(ids(home, "--skip", "*-cp313-*,l*"),
                 [i for i in everything if "cp313" not in i and i[0] != "l"])
        result = plan(home, "--only", "zz*", code=2)
        xt.check("X0311" in result.err and "like `zz*`" in result.err, result)


def test_only_and_skip():
    """Both at once: what --only names less what --skip names, in whatever order."""
    with xt.scratch() as home:
        world(home)
        everything = ids(home)
        want = [i for i in everything if i.startswith("w1-") and not i.endswith("armv7")]
        xt.check(want)
        xt.equal(ids(home, "--only", "w1-*", "--skip", "*-armv7"), want)
        xt.equal(ids(home, "--skip", "*-armv7", "w1-*"), want)
        xt.equal(ids(home, XORCH_ONLY="w1-*", XORCH_SKIP="*-armv7"), want)
        one = want[0]
        xt.equal(ids(home, "--only", one, "--only", want[1], "--skip", one), want[1:2])
        # an id that is left out is no misspelt one
        for args in (["--only", one, "--skip", one], ["--skip", "*"]):
            result = plan(home, *args, code=3)
            xt.check("X0300" in result.err and "X0311" not in result.err and
                     "--skip leaves out all" in result.err, args, result)
        result = plan(home, "--only", one, "--only", "zz*", "--skip", one, code=2)
        xt.check("X0311" in result.err and "like `zz*`" in result.err, result)


def test_ids_are_stable():
    """Further Pythons and targets add items and rename none."""
    with xt.scratch() as home:
        world(home)
        few = xt.run(["plan", "--json", "--python", "3.11", "--target", "armv7"], home=home,
                     cwd=home).json["items"]
        many = {i["id"]: i for i in xt.run(["plan", "--json", "--python", "all", "--target",
                                            "all"], home=home, cwd=home).json["items"]}
        xt.check(len(few) < len(many), few)
        for i in few:
            xt.equal([many[i["id"]].get(k) for k in ("recipe", "target", "python")],
                     [i.get(k) for k in ("recipe", "target", "python")])


def test_shards_are_the_whole():
    choose = random.Random(1)
    with xt.scratch() as home:
        world(home)
        whole = ids(home)
        file = xt.write(os.path.join(home, "d.json"), json.dumps({"v": 1, "seconds": {
            f"w{n} {t}": choose.random() * 1000 for n in range(0, 12, 2)
            for t in ("aarch64", "armv7")}}))
        for more in ([], ["--durations", file], ["--skip", "w3-*"]):
            everything = ids(home, *more)
            for n in (3,) if more else (1, 2, 20):
                parts = [ids(home, *more, "--shard", f"{k}/{n}")
                         for k in range(1, n + 1)]
                xt.equal(sorted(sum(parts, [])), sorted(everything), n, more)
                if n < 7 and not more:
                    sizes = [len(p) for p in parts]
                    xt.check(max(sizes) < 2 * min(sizes), sizes)
        xt.equal(len(whole), 14 * 3 * 2 - 2 * 3)


def test_shards_do_not_depend_on_the_machine():
    """Other Pythons, a history, a cache: a recipe's target is in the same part."""
    def units(items):
        return {re.sub(r"-(cp\d+|linux)-", " ", i) for i in items}
    with xt.scratch() as home:
        world(home)
        other = os.path.join(home, "other")
        world(other)
        for n in range(300):
            name = f"w{n % 12}-1.0-cp311-armv7"
            xt.write(f"{other}/.local/state/xorch/builds/{name}/"
                     f"20260101T0000{n % 60:02d}.000Z-1-{n}.json",
                     json.dumps({"v": 1, "id": name, "name": f"w{n % 12}",
                                 "target": "armv7", "state": "built", "code": 0,
                                 "started": 1767225600 + n, "seconds": n * 7.0,
                                 "build": f"20260101T0000{n % 60:02d}.000Z-1-{n}"}))
        for k in (1, 2, 3):
            shard = ["plan", "--json", "--target", "all", "--shard", f"{k}/3"]
            a = xt.run([*shard, "--python", "3.11"], home=home, cwd=home).json["items"]
            b = xt.run([*shard, "--python", "3.12,3.13"], home=other,
                       cwd=other).json["items"]
            xt.equal(*(units(i["id"] for i in x if not i.get("implicit"))
                       for x in (a, b)))


def test_durations():
    with xt.scratch() as home:
        world(home)
        made = {"w0": 900, "w1": 450, "w2": 440, "w3": 10}
        for n, (name, seconds) in enumerate(made.items()):
            for python, share in (("cp311", 1), ("cp313", 3)):
                name_id = f"{name}-1.0-{python}-armv7"
                build = f"2026010{n + 1}T000000.000Z-1-{n}{share}"
                xt.write(f"{home}/.local/state/xorch/builds/{name_id}/{build}.json",
                         json.dumps({"v": 1, "build": build, "id": name_id,
                                     "name": name, "target": "armv7", "state": "built",
                                     "code": 0, "started": 1767225600 + n,
                                     "seconds": seconds * share / 2}))
        result = xt.run(["log", "--format", "durations"], home=home, cwd=home)
        xt.equal(result.json, {"v": 1, "seconds": {
            f"{name} armv7": float(seconds) for name, seconds in made.items()}}, result)
        file = xt.write(os.path.join(home, "d.json"), result.out)
        args = ["--durations", file, "recipes/w0.yaml", "recipes/w1.yaml",
                "recipes/w2.yaml", "recipes/w3.yaml"]
        parts = [{i.split("-")[0] for i in
                  [x["id"] for x in plan(home, "--json", *args, "--shard", f"{k}/2",
                                         target="armv7").json["items"]
                   if not x.get("implicit")]} for k in (1, 2)]
        xt.equal(parts, [{"w0"}, {"w1", "w2", "w3"}])


def test_shards_without_durations():
    """With --locked the locks say what is heavy, so the longest part of the recipes here
    takes not much more than its share; without, where a part may write a lock that the
    next one's machine lacks, all are alike. No library is built in two parts."""
    seconds = json.loads(xt.read(os.path.join(xt.SOURCE, "tests", "fixtures",
                                              "recipe-seconds.json")))["seconds"]
    xt.check(len(seconds) > 20, seconds)

    def longest(home, n, *more):
        seen, loads = [], []
        for k in range(1, n + 1):
            result = xt.run(["plan", os.path.join(xt.SOURCE, "recipes"), "--json", "--target",
                             "aarch64", "--python", "cp311", "--shard", f"{k}/{n}", *more],
                            home=home, cwd=home)
            items = result.json["items"]
            xt.check(not any(i.get("implicit") for i in items), result)
            part = [" ".join(re.fullmatch(r"(.+)-([^-]+)-(?:cp\d+|linux)-\w+",
                                          i["id"]).groups()) for i in items]
            loads.append(sum(seconds.get(unit, 0) for unit in part))
            seen += part
        xt.equal(len(set(seen)), len(seen))
        xt.check(set(seen) >= set(seconds), set(seconds) - set(seen))
        return max(loads)
    with xt.scratch() as home:
        for n in (3, 5):
            share = sum(seconds.values()) / n
            by_locks, alike = longest(home, n, "--locked"), longest(home, n)
            xt.check(by_locks < 1.4 * share and by_locks < 0.9 * alike, n, by_locks, alike,
                     share)


def test_shards_of_libraries():
    """A part that builds a library for something else gets it, and what is heavy by its
    needs counts so, by any weights."""
    with xt.scratch() as home:
        world(home)
        file = xt.write(os.path.join(home, "d.json"), json.dumps({"v": 1, "seconds": {
            "l1 armv7": 900, "w0 armv7": 10, "w3 armv7": 20, "w1 armv7": 500,
            "w2 armv7": 400}}))
        names = [f"recipes/{n}.yaml" for n in ("w0", "w1", "w2", "w3")]

        def parts(*args):
            found = [{i["id"].split("-")[0]: i.get("implicit", False) for i in plan(
                home, "--json", *args, "--shard", f"{k}/2", target="armv7").json["items"]}
                for k in (1, 2)]
            return sorted([sorted(p) for p in found]), found
        with_it, found = parts("--durations", file, *names, "recipes/l1.yaml")
        xt.equal(with_it, [["l1", "w0", "w3"], ["w1", "w2"]], found)
        # one that was not asked for is not known, and comes along in each that needs it
        without, found = parts("--durations", file, *names)
        xt.equal([sorted(k for p in found for k, implicit in p.items() if not implicit)],
                 [["w0", "w1", "w2", "w3"]], found)
        xt.equal(sum(p.get("l1", False) for p in found),
                 sum(bool({"w0", "w3"} & set(p)) for p in found), found)
        # circles are another's error
        xt.write(f"{home}/recipes/l1.yaml", monorepo.text(monorepo.recipe(
            "l1", "library", requirements={"host": ["recipe:l2"]})))
        xt.write(f"{home}/recipes/l2.yaml", monorepo.text(monorepo.recipe(
            "l2", "library", requirements={"host": ["recipe:l1"]})))
        result = plan(home, "--shard", "1/2", code=2)
        xt.check("circle" in result.err + result.out, result)


def test_bad_values():
    with xt.scratch() as home:
        world(home)
        for bad in ("0/2", "3/2", "a/b", "2", "1/0", "1/2/3", "1/99999999", "-1/2"):
            result = plan(home, f"--shard={bad}", code=2)
            xt.check("X0121" in result.err, bad, result)
        for text in ("", "[]", "{}", '{"seconds": {"a b": -1}}', '{"seconds": {"a": "x"}}',
                     '{"seconds": {"a": 1, "a": 2}}', "{" * 500):
            file = xt.write(os.path.join(home, "d.json"), text)
            result = plan(home, "--shard", "1/2", "--durations", file, code=2)
            xt.check("X0323" in result.err, text, result)
        result = plan(home, "--format", "github-matriks", code=2)
        xt.check("did you mean `github-matrix`" in result.err, result)
        result = plan(home, "--format", "dot", "--json", code=2)
        xt.check("contradict" in result.err, result)


if __name__ == "__main__":
    xt.main(globals())
