"""The hooks of .pre-commit-hooks.yaml, run by pre-commit itself at a commit."""
import os
import shutil
import subprocess

import judges
import monorepo
import xt
from monorepo import git

GOOD = """schema_version: 1
package: {name: foo, version: "1.0"}
kind: wheel
source: {pypi: foo}
"""


def world(home):
    """A repository with the hooks installed, and what git and they see of the machine."""
    program = os.path.join(judges.environment("pre-commit", "pre-commit"), "bin",
                           "pre-commit")
    hooks, repo = os.path.join(home, "hooks"), os.path.join(home, "repo")
    os.makedirs(hooks)
    shutil.copy(os.path.join(xt.SOURCE, ".pre-commit-hooks.yaml"), hooks)
    git(home, "init", "-q", "-b", "main", hooks)
    git(hooks, "add", "-A")
    git(hooks, "commit", "-q", "-m", "x")
    xt.write(f"{repo}/.pre-commit-config.yaml", monorepo.text({"repos": [{
        "repo": hooks, "rev": git(hooks, "rev-parse", "HEAD").strip(),
        "hooks": [{"id": "xorch-check"}, {"id": "xorch-fmt"}]}]}))
    xt.write(f"{repo}/recipes/foo.yaml", GOOD)
    git(home, "init", "-q", "-b", "main", repo)
    env = xt.environment(home, **monorepo.GIT, PRE_COMMIT_HOME=f"{home}/kept",
                         PATH=f"{os.path.dirname(xt.XORCH)}:{os.environ['PATH']}")
    p = subprocess.run([program, "install"], cwd=repo, env=env, capture_output=True,
                       text=True)
    xt.equal(p.returncode, 0, p.stdout, p.stderr)
    return repo, env


def commit(repo, env):
    """What `git commit` says of all that there is, and whether it committed."""
    git(repo, "add", "-A")
    p = subprocess.run(["git", "commit", "-q", "-m", "x"], cwd=repo, env=env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    return p.returncode == 0, p.stdout


def test_hooks():
    xt.equal(os.path.basename(xt.XORCH), "xorch")
    with xt.scratch() as home:
        repo, env = world(home)
        path = f"{repo}/recipes/foo.yaml"
        done, said = commit(repo, env)
        xt.check(done and "xorch check" in said and "Passed" in said, said)
        # a mistake: no commit, and the line
        xt.write(path, GOOD.replace("kind", "kiind"))
        done, said = commit(repo, env)
        xt.check(not done and "error[X0201]: unknown key `kiind`" in said and
                 "recipes/foo.yaml:3:1" in said and "did you mean `kind`" in said, said)
        # another form: it is written, and the next commit takes it
        xt.write(path, GOOD.replace("kind: wheel", "kind:   'wheel'"))
        done, said = commit(repo, env)
        xt.check(not done and "files were modified by this hook" in said, said)
        with open(path, encoding="utf-8") as f:
            xt.equal(f.read(), GOOD)
        xt.write(path, GOOD + "about: {summary: of foo}\n")
        done, said = commit(repo, env)
        xt.check(done, said)
        # a lock that changes alone is held against its recipe
        xt.write(f"{repo}/recipes/foo.lock", monorepo.text(monorepo.lock("foo")).replace(
            "environments", "enviroments"))
        done, said = commit(repo, env)
        xt.check(not done and "recipes/foo.lock:" in said and "error[X" in said, said)
        os.remove(f"{repo}/recipes/foo.lock")
        # the project file, and what is no matter of xorch's
        xt.write(f"{repo}/xorch.yaml", "schema_version: 1\ntargets: [armv8]\n")
        done, said = commit(repo, env)
        xt.check(not done and "xorch.yaml:2:" in said, said)
        os.remove(f"{repo}/xorch.yaml")
        xt.write(f"{repo}/docs/x.yaml", "kiind: x\n")
        done, said = commit(repo, env)
        xt.check(done and "no files to check" in said, said)


if __name__ == "__main__":
    xt.main(globals())
