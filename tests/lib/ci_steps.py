"""Performs jobs of a GitHub workflow on this machine: `run` steps by bash -e as the
runner does, in a clone of their own, `${{ … }}` of the few kinds that README uses. It
stands in for GitHub's runner; of the actions it knows checkout (a clone), cache (copied
into the job's HOME where a key is known, and away from it when the job went well, as
archives: the files are others each time) and upload-artifact (a copy). apt-get is left out: the machine has
what the tests need."""
import json
import os
import re
import shutil
import subprocess

import judges
import xt


def read(text):
    """YAML as Python values, by PyYAML's safe loader."""
    home = judges.environment("pyyaml", "pyyaml")
    p = subprocess.run([os.path.join(home, "bin", "python"), "-c",
                        "import json, sys, yaml\n"
                        "print(json.dumps(yaml.safe_load(sys.stdin)))"],
                       input=text, capture_output=True, text=True)
    xt.equal(p.returncode, 0, p.stderr[-2000:], text)
    return json.loads(p.stdout)


def examples():
    """The YAML of README's chapter on CI: for GitHub all, and what changed; for GitLab the
    job that a child pipeline's extend, and what makes one. Texts."""
    with open(os.path.join(xt.SOURCE, "README.md"), encoding="utf-8") as f:
        chapter = f.read().split("## In CI")[1].split("\n## ")[0]
    return re.findall(r"^```yaml\n(.*?)^```", chapter, re.M | re.S)


def written_to(file):
    """NAME=VALUE lines of GITHUB_OUTPUT."""
    with open(file, encoding="utf-8") as f:
        return dict(line.rstrip("\n").split("=", 1) for line in f)


class Workflow:
    """Jobs of one push: `origin` is cloned at `branch` for each. Environment variables
    are the machine's."""

    def __init__(self, home, origin, branch, env):
        self.home, self.origin, self.branch, self.env = home, origin, branch, env
        self.outputs, self.artifacts, self.results, self.count = {}, {}, [], 0
        self.caches, self.restored = {}, []  # key -> archive; keys that were found

    def value(self, text, names):
        """`text` with every ${{ a.b.c }} replaced."""
        def one(m):
            e = m[1].strip()
            if e.startswith("fromJSON("):
                return self.value("${{ %s }}" % e[9:-1], names)
            if e.startswith("hashFiles("):
                return "0"
            at = names
            for word in e.split("."):
                xt.check(isinstance(at, dict) and word in at, f"{e} is not there", names)
                at = at[word]
            return str(at)
        return re.sub(r"\$\{\{(.*?)\}\}", one, text)

    def wanted(self, job, names):
        condition = job.get("if")
        if condition is None:
            return True
        m = re.fullmatch(r"([a-z_.]+) != '([^']*)'", condition)
        xt.check(m, f"unknown condition {condition}")
        return self.value("${{ %s }}" % m[1], names) != m[2]

    def perform(self, name, job):
        """All runs of a job's matrix; TRUE when each succeeded."""
        needs = job.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        names = {"needs": {n: {"outputs": self.outputs[n]} for n in needs}}
        if not self.wanted(job, names):
            return True
        matrix = job.get("strategy", {}).get("matrix", {})
        if isinstance(matrix, str):
            runs = json.loads(self.value(matrix, names))["include"]
        else:
            runs = [{k: v} for k, values in matrix.items() for v in values] or [{}]
        good = True
        for run in runs:
            good = self.one(name, job, {**names, "matrix": run}) and good
        return good

    def one(self, name, job, names):
        self.count += 1
        place = os.path.join(self.home, f"job{self.count}")
        work = os.path.join(place, "work")
        os.makedirs(place)
        steps, saving = {}, []
        for step in job["steps"]:
            if "uses" in step:
                self.action(step, place, work, names, saving)
                continue
            if step["run"].startswith("apt-get "):
                continue
            files = {k: xt.write(os.path.join(place, k.lower()), "")
                     for k in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
            command = self.value(step["run"], names)
            p = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c",
                                command], cwd=work, capture_output=True,
                               stdin=subprocess.DEVNULL,
                               env={**self.env, **files, "HOME": place, "CI": "true",
                                    "GITHUB_ACTIONS": "true"})
            with open(files["GITHUB_STEP_SUMMARY"], encoding="utf-8") as f:
                summary = f.read()
            self.results.append({
                "job": name, "matrix": names.get("matrix"), "command": command,
                "code": p.returncode, "work": work, "summary": summary,
                "out": p.stdout.decode("utf-8", "surrogateescape"),
                "err": p.stderr.decode("utf-8", "surrogateescape")})
            if p.returncode:
                return False
            if "id" in step:
                steps[step["id"]] = {"outputs": written_to(files["GITHUB_OUTPUT"])}
        self.outputs[name] = {k: self.value(v, {"steps": steps})
                              for k, v in job.get("outputs", {}).items()}
        for key, path in saving:
            if key not in self.caches and os.path.isdir(path):
                self.caches[key] = os.path.join(self.home, f"cache{len(self.caches)}.tar")
                subprocess.run(["tar", "-cf", self.caches[key], "-C", path, "."], check=True)
        return True

    def cache(self, given, place, names, saving):
        """As actions/cache: an entry is never changed, and restore-keys are beginnings."""
        xt.check(given["path"].startswith("~/"), given)
        key, path = self.value(given["key"], names), os.path.join(place, given["path"][2:])
        starts = self.value(given.get("restore-keys", ""), names).split()
        found = [k for k in self.caches if k == key] or \
            [k for s in starts for k in reversed(self.caches) if k.startswith(s)]
        if found:
            os.makedirs(path)
            subprocess.run(["tar", "-xf", self.caches[found[0]], "-C", path], check=True)
            self.restored.append(found[0])
        saving.append((key, path))

    def action(self, step, place, work, names, saving):
        what, given = step["uses"].split("@")[0], step.get("with", {})
        if what == "actions/checkout":
            depth = given.get("fetch-depth", 1)
            subprocess.run(["git", "clone", "-q", "--branch", self.branch,
                            *(["--depth", str(depth)] if depth else []),
                            "file://" + self.origin, work], check=True)
        elif what == "actions/upload-artifact":
            to = os.path.join(self.home, "artifacts", self.value(given["name"], names))
            shutil.copytree(os.path.join(work, given["path"]), to, dirs_exist_ok=True)
            self.artifacts[os.path.basename(to)] = to
        else:
            xt.check(what == "actions/cache", f"unknown action {what}")
            self.cache(given, place, names, saving)
