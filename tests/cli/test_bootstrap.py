"""orchestrator/bootstrap in a checkout of its own, up to where the compiler would start:
`ninja -n`, by which it asks whether there is anything to compile, is answered here, the
rest (apt, CMake, its own trial compilations) is real. e2e.package has all of it."""
import os
import shutil
import subprocess

import xt

NINJA = """#!/bin/sh
case " $* " in *" -n "*) echo 'ninja: no work to do.'; exit 0 ;; esac
exec {real} "$@"
"""


def checkout(folder):
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                            "--exclude-standard"], cwd=xt.SOURCE, capture_output=True,
                           check=True).stdout.decode().split("\0")
    for name in names:
        at = os.path.join(xt.SOURCE, name)
        if name and os.path.isfile(at):
            to = os.path.join(folder, name)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(at, to)


def home_directory(folder):
    with open(os.path.join(folder, "build", "CMakeCache.txt"), encoding="utf-8") as f:
        return next(line.split("=", 1)[1].strip() for line in f
                    if line.startswith("CMAKE_HOME_DIRECTORY:"))


def test_moved_with_its_build_folder():
    """CMake refuses a build folder that is not where it was made; whoever moves a checkout
    or restores it from a CI cache in another place should not have to know."""
    with xt.scratch() as home:
        old, new = os.path.join(home, "one place"), os.path.join(home, "another")
        checkout(old)
        ninja = xt.write(os.path.join(home, "bin", "ninja"),
                         NINJA.format(real=shutil.which("ninja")))
        os.chmod(ninja, 0o755)
        env = xt.environment(home)
        env["PATH"] = os.path.join(home, "bin") + os.pathsep + env["PATH"]

        def bootstrap(folder):
            p = subprocess.run([os.path.join(folder, "orchestrator", "bootstrap")], env=env,
                               cwd=home, text=True, capture_output=True)
            xt.equal(p.returncode, 0, p.stderr[-3000:])
            return p.stderr
        xt.check("configuring build/" in bootstrap(old))
        xt.equal(bootstrap(old), "", "nothing to do")
        os.rename(old, new)
        p = subprocess.run(["cmake", "--preset", "release"], cwd=new, env=env, text=True,
                           capture_output=True)
        xt.check(p.returncode != 0 and "CMakeCache.txt" in p.stderr, p)
        told = bootstrap(new)
        xt.check(f"build/ was configured in {old}; beginning anew" in told and
                 "configuring build/" in told, told)
        xt.equal(home_directory(new), new)
        xt.equal(bootstrap(new), "", "nothing to do")
        # a link to it is the same place
        link = os.path.join(home, "link")
        os.symlink(new, link)
        xt.equal(bootstrap(link), "", "nothing to do")
        # a copy is another
        shutil.copytree(new, old)
        xt.check("beginning anew" in bootstrap(old))
        xt.equal((home_directory(old), home_directory(new)), (old, new))


if __name__ == "__main__":
    xt.main(globals())
