"""README's Dockerfile, performed stage by stage (tests/lib/docker_stages.py stands in for
docker build), and what comes of it used as a wheelhouse by pip and uv."""
import glob
import os
import re
import shlex
import subprocess
import zipfile

import debian_host
import docker_stages
import judges
import target_root
import test_package
import test_wheels
import xt

ARGUMENTS = {"aarch64": {"TARGETARCH": "arm64"},
             "armv7": {"TARGETARCH": "arm", "TARGETVARIANT": "v7"}}
ANSWER = 'import cwcwidth; print(cwcwidth.wcswidth("コンニチハ, セカイ!"))'


def example():
    with open(os.path.join(xt.SOURCE, "README.md"), encoding="utf-8") as f:
        return re.search(r"^```dockerfile\n(.*?)^```", f.read(), re.M | re.S)[1]


DISTROLESS, SLIM = "gcr.io/distroless/python3-debian12", "python:3.11-slim"


def perform(target, final_image):
    """The last stage's image is Debian's Python and the libraries it needs, out of Debian's
    packages as the distroless one is, and no shell."""
    with xt.scratch() as home:
        context = os.path.join(home, "context")
        test_package.sources(context)
        root = target_root.get("bookworm", target)
        images = {"debian:12": lambda to: debian_host.copy_of("bookworm", to),
                  final_image: lambda to: subprocess.run(
                      ["cp", "-a", root.folder, to], check=True)}
        text = example()
        xt.equal(text.count(f"FROM {DISTROLESS}\n"), 1, text)
        stages = docker_stages.perform(text.replace(DISTROLESS, final_image), home, context,
                                       ARGUMENTS[target], images)
        wheels, last = stages["wheels"], stages[""]
        for shell in ("bin/sh", "usr/bin/sh", "bin/dash", "bin/bash"):
            xt.check(not os.path.lexists(os.path.join(last.root, shell)), shell)
        xt.equal(last.said, [], "nothing runs in the last stage")
        told = "".join(err for _, _, err in wheels.said)
        # in a container /proc is partly covered: Landlock is what there really is
        xt.check("sandbox landlock" in told, told[-3000:])
        built = os.listdir(wheels.root + "/wheels")
        xt.equal(len([n for n in built if n.endswith(".whl")]), 1, built)
        wheel = os.path.join(wheels.root, "wheels",
                             next(n for n in built if n.endswith(".whl")))
        judges.check_wheel(wheel, target, "cp311")
        # no state but the cache's and the output's: another start has the cache mount
        left = subprocess.run(["find", wheels.root + "/var/cache/xorch", "-type", "f"],
                              capture_output=True, text=True, check=True).stdout
        xt.equal(left, "", "the cache is in the mount, not in the layer")
        final = target_root.Root("bookworm", target, last.root)
        path = last.root + last.env["PYTHONPATH"]
        xt.equal(final.python(["-c", ANSWER], path=[path]).strip(), "19")


# label: long
def test_stages_aarch64():
    perform("aarch64", DISTROLESS)


# label: long
def test_stages_armv7():
    perform("armv7", SLIM)  # README says so: the other has no such platform


def uv():
    """The command uv of PyPI, newest, in the environment of auditwheel."""
    home = os.path.dirname(judges.auditwheel())
    program = os.path.join(home, "uv")
    if not os.path.exists(program):
        p = subprocess.run([os.path.join(home, "pip"), "install", "-q", "uv"],
                           capture_output=True, text=True)
        if p.returncode:
            raise xt.Skip("uv cannot be installed from PyPI: " + p.stderr[-300:])
    return program


def test_requirements_with_find_links():
    """A line in requirements.txt, as a project has it whose developers lack wheels: pip
    takes the wheel for either target, uv for aarch64, which it knows by name."""
    with xt.scratch() as home:
        for target in ARGUMENTS:
            result = test_wheels.build("cwcwidth.yaml", [target], "cp311", home)
            xt.equal(result.code, 0, result)
        os.rename(os.path.join(home, "dist"), os.path.join(home, "wheels"))
        xt.write(os.path.join(home, "requirements.txt"),
                 "--find-links wheels\ncwcwidth==0.1.12\n")
        pip = [os.path.join(os.path.dirname(judges.auditwheel()), "pip"), "install", "-q",
               "--no-index", "--only-binary", ":all:", "--python-version", "3.11", "-r",
               "requirements.txt"]
        for target, tag in (("aarch64", "manylinux2014_aarch64"),
                            ("armv7", "manylinux_2_17_armv7l")):
            to = os.path.join(home, "pip-" + target)
            p = subprocess.run([*pip, "--platform", tag, "--target", to], cwd=home,
                               capture_output=True, text=True)
            xt.equal(p.returncode, 0, p.stdout, p.stderr)
            root = target_root.get("bookworm", target)
            xt.equal(root.python(["-c", ANSWER], path=[to]).strip(), "19")
        to = os.path.join(home, "uv-aarch64")
        p = subprocess.run([uv(), "pip", "install", "--no-index", "--only-binary", ":all:",
                            "--python-version", "3.11", "--python-platform",
                            "aarch64-manylinux_2_17", "--target", to, "-r",
                            "requirements.txt"], cwd=home, capture_output=True, text=True)
        xt.equal(p.returncode, 0, p.stdout, p.stderr)
        root = target_root.get("bookworm", "aarch64")
        xt.equal(root.python(["-c", ANSWER], path=[to]).strip(), "19")


def uv_armv7():
    """The command uv for armv7, which PyPI has too."""
    def make(folder):
        pip = os.path.join(os.path.dirname(judges.auditwheel()), "pip")
        p = subprocess.run([pip, "download", "-q", "--no-deps", "--only-binary", ":all:",
                            "--platform", "manylinux_2_17_armv7l", "-d", folder, "uv"],
                           capture_output=True, text=True)
        if p.returncode:
            raise xt.Skip("uv for armv7 cannot be had from PyPI: " + p.stderr[-300:])
        wheel, = glob.glob(os.path.join(folder, "uv-*.whl"))
        with zipfile.ZipFile(wheel) as z:
            name, = [n for n in z.namelist() if n.endswith("/scripts/uv")]
            xt.write(os.path.join(folder, "uv"), z.read(name))
        os.chmod(os.path.join(folder, "uv"), 0o755)
        os.unlink(wheel)
    return os.path.join(target_root.prepared("uv-armv7", make), "uv")


def test_uv_on_armv7():
    """uv has no name for armv7, so it is asked on one: uv's own program for armv7 and
    that root's Python, both emulated."""
    with xt.scratch() as home:
        result = test_wheels.build("cwcwidth.yaml", ["armv7"], "cp311", home)
        xt.equal(result.code, 0, result)
        wheel, = glob.glob(os.path.join(home, "dist", "*.whl"))
        xt.write(os.path.join(home, "requirements.txt"),
                 "--find-links dist\ncwcwidth==0.1.12\n")
        root = target_root.get("bookworm", "armv7")
        # The machine's kernel does not start programs of the target: a script does.
        python = xt.write(os.path.join(home, "python3.11"), '#!/bin/sh\nexec ' +
                          shlex.join(root.command()) + ' "$@"\n')
        os.chmod(python, 0o755)
        to = os.path.join(home, "to")
        p = subprocess.run(
            [*root.command()[:-1], uv_armv7(), "pip", "install", "--no-index",
             "--only-binary", ":all:", "--python", python, "--target", to, "-r",
             "requirements.txt"], cwd=home, capture_output=True, text=True, timeout=600,
            env={"HOME": home, "PATH": "/usr/bin:/bin", "UV_NO_PROGRESS": "1"})
        xt.equal(p.returncode, 0, p.stdout, p.stderr)
        xt.check("cwcwidth==0.1.12" in p.stderr, p.stderr)
        with zipfile.ZipFile(wheel) as z:
            for name in z.namelist():
                if name.endswith(".so"):
                    with open(os.path.join(to, name), "rb") as f:
                        xt.equal(f.read(), z.read(name), name)
        xt.equal(root.python(["-c", ANSWER], path=[to]).strip(), "19")
        # that it is not so lenient as to take any wheel
        os.rename(wheel, wheel.replace("armv7l", "aarch64"))
        p = subprocess.run(
            [*root.command()[:-1], uv_armv7(), "pip", "install", "--no-index", "--no-cache",
             "--only-binary", ":all:", "--python", python, "--target", to + "2", "-r",
             "requirements.txt"], cwd=home, capture_output=True, text=True, timeout=600,
            env={"HOME": home, "PATH": "/usr/bin:/bin"})
        xt.check(p.returncode and "platform" in p.stderr, p.stdout, p.stderr)


if __name__ == "__main__":
    xt.main(globals())
