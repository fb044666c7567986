"""Reports for CI: what hostile names and output do to them."""
import json
import os
import re
import subprocess
import xml.etree.ElementTree

import judges
import monorepo
import xt

HOSTILE = ['a<b>&"\'.yaml', "]]>.yaml", "::error::x.yaml", "|`*_.yaml", "ü\u202e.yaml",
           "%0A::set.yaml", "new\nline.yaml", "\x1b[31m.yaml", "\udcff.yaml",
           "${{ x }}.yaml", "<!--.yaml"]
BAD = 'schema_version: 1\npackage: {name: "a<&]]>b", version: 1.10}\nkind: wheel\n' \
      'source: {pypi: foo}\n"::error::k": "\\u0085 ##[error]x | `y` \\uFFFE"\n'

# Bindings of the standard's object model, which refuse what it does not have.
SARIF = """
import json, sys
from sarif_pydantic import Sarif
log = Sarif.model_validate(json.load(open(sys.argv[1])))
print(sum(len(run.results) for run in log.runs))
"""
JUNIT = """
import sys
from junitparser import JUnitXml
x = JUnitXml.fromfile(sys.argv[1])
suites = list(x)
print(sum(s.tests for s in suites), sum(s.failures for s in suites),
      sum(len(list(s)) for s in suites))
"""


def in_environment(name, packages, program, *args):
    home = judges.environment(name, *packages)
    p = subprocess.run([os.path.join(home, "bin", "python"), "-c", program, *args],
                       capture_output=True, text=True)
    xt.equal(p.returncode, 0, p.stderr[-2000:])
    return p.stdout.split()


def reports(home, *args, code=0, **env):
    names = {"junit": "j.xml", "sarif": "s.json", "gitlab": "g.json"}
    paths = {k: os.path.join(home, f) for k, f in names.items()}
    result = xt.run([*args, *[f"--report={k}={p}" for k, p in paths.items()]], home=home,
                    cwd=home, **env)
    xt.equal(result.code, code, result)
    return paths, result


def hostile_recipes(home):
    """Bad ones of hostile names, and a good one."""
    for name in HOSTILE:
        with open(os.path.join(os.fsencode(home), os.fsencode(name)), "wb") as f:
            f.write(BAD.encode())
    xt.write(os.path.join(home, "good.yaml"), monorepo.text(monorepo.recipe("good")))


def test_check():
    with xt.scratch() as home:
        hostile_recipes(home)
        paths, result = reports(home, "check", ".", code=2)
        suite = xml.etree.ElementTree.parse(paths["junit"]).getroot()[0]
        xt.equal(suite.get("tests"), str(len(HOSTILE) + 1))
        xt.equal(len(suite.findall("testcase")), len(HOSTILE) + 1)
        xt.equal(len(suite.findall("testcase/failure")), len(HOSTILE))
        xt.check(all("X0213" in f.text and "X0201" in f.text
                     for f in suite.findall("testcase/failure")))
        with open(paths["sarif"], encoding="ascii") as f:
            sarif = json.load(f)
        found = sarif["runs"][0]["results"]
        xt.equal({r["ruleId"] for r in found}, {"X0201", "X0213", "X0218"})
        ids = [r["id"] for r in sarif["runs"][0]["tool"]["driver"]["rules"]]
        xt.equal(sorted(ids), ["X0201", "X0213", "X0218"])
        for r in found:
            uri = r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            xt.check(re.fullmatch(r"[A-Za-z0-9._~%/!$&'()*+,;=@-]+", uri), uri)
        with open(paths["gitlab"], encoding="ascii") as f:
            issues = json.load(f)
        xt.equal(len(issues), len(found))
        prints = [i["fingerprint"] for i in issues]
        xt.equal(len(set(prints)), len(prints), "a fingerprint came twice")
        for i in issues:
            xt.check(i["severity"] in ("info", "minor", "major", "critical", "blocker"))
            xt.check(i["description"] and i["location"]["lines"]["begin"] > 0 and
                     i["location"]["path"], i)
        # a line more above changes no fingerprint
        path = os.path.join(home, HOSTILE[0])
        with open(path, encoding="utf-8") as f:
            text = f.read()
        xt.write(path, "# one more\n" + text)
        reports(home, "check", ".", code=2)
        with open(paths["gitlab"], encoding="ascii") as f:
            xt.equal(sorted(i["fingerprint"] for i in json.load(f)), sorted(prints))


def test_check_of_locks():
    """What is wrong in a lock is one finding each, at its line of that file."""
    with xt.scratch() as home:
        for name in ("a", "b", "c"):
            xt.write(os.path.join(home, name + ".yaml"), monorepo.text(monorepo.recipe(name)))
        xt.write(os.path.join(home, "a.lock"), 'lock_version: 1\nrecipe: {name: a}\n'
                 'sources:\n  - {pypi: a, version: "1.0"}\nfoo: bar\n')
        xt.write(os.path.join(home, "b.lock"), "<<<<<<< HEAD\n")
        os.mkdir(os.path.join(home, "c.lock"))
        paths, result = reports(home, "check", ".", "--json", code=2, GITHUB_ACTIONS="true")
        want = [("a.lock", 2, "X0212"), ("a.lock", 5, "X0201"), ("b.lock", 1, "X0401"),
                ("c.lock", None, "X0402")]
        xt.equal(sorted((d["file"], d.get("line"), d["code"])
                        for d in result.json["diagnostics"]), want, result)
        xt.check(result.err.count("::error file=a.lock,line=") == 2 and
                 "::error file=b.lock,line=1" in result.err, result)
        with open(paths["sarif"], encoding="ascii") as f:
            places = [(r["ruleId"], r["locations"][0]["physicalLocation"])
                      for r in json.load(f)["runs"][0]["results"]]
        xt.equal(sorted((p["artifactLocation"]["uri"], p.get("region", {}).get("startLine"),
                         code) for code, p in places), want)
        with open(paths["gitlab"], encoding="ascii") as f:
            xt.equal(sorted((i["location"]["path"], i["location"]["lines"]["begin"],
                             i["check_name"]) for i in json.load(f)),
                     [(p, line or 1, code) for p, line, code in want])
        suite = xml.etree.ElementTree.parse(paths["junit"]).getroot()[0]
        xt.equal(sorted(c.get("name") for c in suite.findall("testcase")
                        if c.find("failure") is not None), ["a.lock", "b.lock", "c.lock"])
        # the same through every other verb, as one error
        result = xt.run(["plan", "a.yaml"], home=home, cwd=home)
        xt.check(result.code == 2 and "a.lock:2:9" in result.err and "a.lock:5:1" in
                 result.err and "regenerate it with `xorch lock`" in result.err, result)


def test_readers_of_others():
    with xt.scratch() as home:
        for n, name in enumerate(HOSTILE[:4]):
            xt.write(os.path.join(home, str(n), "b.yaml"), BAD)
        paths, _ = reports(home, "check", ".", code=2)
        xt.equal(in_environment("reports", ("junitparser", "sarif-pydantic"), JUNIT,
                                paths["junit"]), ["4", "4", "4"])
        xt.equal(in_environment("reports", ("junitparser", "sarif-pydantic"), SARIF,
                                paths["sarif"]), ["12"])


def test_published_schemas():
    with xt.scratch() as home:
        hostile_recipes(home)
        paths, _ = reports(home, "check", ".", code=2)
        n = len(HOSTILE)
        xt.equal(judges.reports_check(paths), [n + 1, 3 * n, 3 * n])
        # nothing found, and no file at all
        paths, _ = reports(home, "check", "good.yaml")
        xt.equal(judges.reports_check(paths), [1, 0, 0])
        os.mkdir(os.path.join(home, "empty"))
        paths, _ = reports(home, "check", "empty", code=2)
        xt.equal(judges.reports_check(paths), [1, 1, 1])
        # builds that are skipped, cannot be planned, or are to come
        xt.write(os.path.join(home, "recipes", "w.yaml"), monorepo.text(monorepo.recipe(
            "w", build={"skip": [{"if": "target == \"armv7\"", "reason": "<no> ]]> &"}]})))
        xt.write(os.path.join(home, "recipes", "n.yaml"), monorepo.text(monorepo.recipe(
            "n", requirements={"host": ["recipe:nowhere"]})))
        paths, _ = reports(home, "build", "--dry-run", "recipes", "--target",
                           "armv7,aarch64", "--python", "3.11", code=2)
        xt.equal(judges.reports_check(paths), [4, 2, 2])
        # the judges can say no
        for kind, old, new in (("junit", "<testcase ", "<testcase x=\"1\" "),
                               ("sarif", '"level"', '"livel"')):
            with open(paths[kind], encoding="utf-8") as f:
                text = f.read()
            xt.check(old in text, text)
            xt.write(paths[kind], text.replace(old, new))
        judges.junit_check(paths["junit"], fails=True)
        judges.schema_check(judges.sarif_schema(), paths["sarif"], fails=True)


def test_plan_and_skips():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "recipes", "w.yaml"), monorepo.text(monorepo.recipe(
            "w", build={"skip": [{"if": "target == \"armv7\"",
                                  "reason": "<no> ]]> & \"such\""}]})))
        xt.write(os.path.join(home, "recipes", "n.yaml"), monorepo.text(monorepo.recipe(
            "n", requirements={"host": ["recipe:nowhere"]})))
        paths, _ = reports(home, "build", "--dry-run", "--target", "armv7,aarch64",
                           "--python", "3.11", code=2)
        suite = xml.etree.ElementTree.parse(paths["junit"]).getroot()[0]
        cases = {c.get("name"): c for c in suite}
        xt.equal(cases["w-1.0-cp311-armv7"].find("skipped").get("message"),
                 '<no> ]]> & "such"')
        xt.check("X0312" in cases["n-1.0-cp311-armv7"].find("failure").get("type"))
        xt.equal(cases["w-1.0-cp311-aarch64"].find("failure"), None)
        xt.equal([suite.get(k) for k in ("tests", "failures", "skipped")],
                 ["4", "2", "1"])


def test_commands_are_fenced():
    """What a file or a build says cannot command GitHub's runner."""
    with xt.scratch() as home:
        xt.write(os.path.join(home, "x.yaml"),
                 BAD.replace("a<&]]>b", "a<b") + '"  ::warning::y": 1\n')
        result = xt.run(["check", "x.yaml"], home=home, cwd=home, GITHUB_ACTIONS="true")
        word, open_commands = None, []
        for line in result.err.splitlines():
            line = line.strip()
            stop = re.fullmatch(r"::stop-commands::(xorch-[0-9a-f]{32})", line)
            if word is None and stop:
                word = stop.group(1)
            elif word is not None:
                word = None if line == f"::{word}::" else word
            elif line.startswith("::") or "##[" in line:
                open_commands.append(line)
        xt.equal(word, None, result)
        xt.check(open_commands and all(re.match(
            r"::(error|warning) file=x\.yaml,line=\d+,", c) for c in open_commands),
            open_commands, result)
        xt.check("::stop-commands::" in result.err, result)


def test_annotations_from_the_top():
    """GitHub and the reports know a file by its path from the top of the repository,
    wherever xorch was started."""
    with xt.scratch() as home:
        top = os.path.join(home, "top")
        xt.write(os.path.join(top, "team/recipes/x.yaml"), "schema_version: 1\nkiind: x\n")
        monorepo.git(home, "init", "-q", top)
        os.symlink("top/team", os.path.join(home, "link"))
        for cwd, args in ((top, ["team/recipes"]), (f"{top}/team", ["recipes"]),
                          (f"{top}/team/recipes", ["./x.yaml"]), (top, ["-C", "team"]),
                          (f"{home}/link", ["recipes"]),
                          (home, [f"{home}/link/recipes", "-C", top])):
            result = xt.run(["check", *args, "--report", f"sarif={home}/s", "--report",
                             f"gitlab={home}/g"], home=home, cwd=cwd, PWD=cwd,
                            GITHUB_ACTIONS="true")
            xt.equal(result.code, 2, result)
            found = re.findall(r"^::error file=([^,]*),", result.err, re.M)
            xt.equal(set(found), {"team/recipes/x.yaml"}, cwd, args, result)
            for name in ("s", "g"):
                with open(os.path.join(home, name), encoding="utf-8") as f:
                    xt.check('"team/recipes/x.yaml"' in f.read(), cwd, args, name)
        # what lies elsewhere, and standard input
        xt.write(os.path.join(home, "y.yaml"), "schema_version: 1\nkiind: x\n")
        result = xt.run(["check", "../y.yaml"], home=home, cwd=top, GITHUB_ACTIONS="true")
        xt.check("::error file=../y.yaml,line=2," in result.err, result)
        result = xt.run(["check", "-"], home=home, cwd=f"{top}/team",
                        stdin=b"schema_version: 1\nkiind: x\n", GITHUB_ACTIONS="true")
        xt.check(re.search(r"^::error file=<stdin>,line=2,", result.err, re.M), result)


def test_bad_values():
    with xt.scratch() as home:
        for bad in ("junit", "junit=", "xml=x", "=x", "sarfi=x"):
            result = xt.run(["check", f"--report={bad}"], home=home, cwd=home)
            xt.check(result.code == 2 and "X0121" in result.err, bad, result)
        xt.write(os.path.join(home, "a.yaml"), monorepo.text(monorepo.recipe("a")))
        result = xt.run(["check", "--report", "junit=/nowhere/x"], home=home, cwd=home)
        xt.equal(result.code, 8, result)


def test_on_standard_output():
    """`-` is standard output, which has the report, whole, and nothing else."""
    with xt.scratch() as home:
        hostile_recipes(home)
        for n, name in enumerate("ab"):
            xt.write(os.path.join(home, "recipes", name + ".yaml"), monorepo.text(
                monorepo.recipe(name)))
        build = ("build", "recipes", "--dry-run", "--target", "armv7", "--python", "3.11")
        for args, code in ((("check", "."), 2), (build, 0)):
            paths, _ = reports(home, *args, code=code)
            for kind, path in paths.items():
                file = os.path.join(home, "other")
                for env, more in (({}, ["--report", f"{kind}=-"]),
                                  ({"XORCH_REPORT": f"{kind}=-,junit={file}"}, [])):
                    result = xt.run([*args, *more], home=home, cwd=home, **env)
                    xt.equal(result.code, code, result)
                    xt.equal(re.sub("time=\"[0-9.]+\"", "", result.out),
                             re.sub("time=\"[0-9.]+\"", "", xt.read(path)), kind)
                    xt.check(not os.path.exists(os.path.join(home, "-")), kind)
                xt.check(xt.read(file).startswith("<?xml"), kind)
        # a log in lines of JSON has it as a result
        result = xt.run(["check", ".", "--report", "sarif=-", "--log-format", "json",
                         "--log-file", "-"], home=home, cwd=home)
        lines = [json.loads(line) for line in result.out.splitlines()]
        text, = [line["text"] for line in lines if line["event"] == "result"]
        xt.equal(json.loads(text)["version"], "2.1.0")
        # two cannot stand there
        for more, other in ((["--json"], "--json"), (["--report=junit=-"], "--report junit=-"),
                            (["--metadata-file=-"], "--metadata-file -"),
                            (["--markdown-summary=-"], "--markdown-summary -"),
                            (["--log-file=-"], "--log-file -")):
            result = xt.run([*build, "--report", "sarif=-", *more], home=home, cwd=home)
            xt.equal(result.code, 2, result)
            xt.check(f"--report sarif=- and {other} both want standard output" in
                     result.err + result.out, result)


def test_step_summary():
    with xt.scratch() as home:
        file = xt.write(os.path.join(home, "summary.md"), "before\n")
        xt.write(os.path.join(home, "recipes", "n.yaml"), monorepo.text(monorepo.recipe(
            "n", build={"skip": [{"if": "target == \"armv7\"",
                                  "reason": "<img src=x> | `a` [b](c) @team"}]})))
        xt.run(["build", "--target", "armv7", "--python", "3.11", "--allow-empty"],
               home=home, cwd=home, GITHUB_STEP_SUMMARY=file)
        with open(file, encoding="utf-8") as f:
            text = f.read()
        xt.check(text.startswith("before\n| item |"), text)
        row = text.splitlines()[-1]
        xt.equal(row.count("|"), 5, text)
        xt.check("skipped" in row and not re.search(r"[<`\[@]", row), text)


if __name__ == "__main__":
    xt.main(globals())
