"""What `cmake --install` and CPack make, installed where nothing else of xorch is."""
import glob
import os
import shutil
import subprocess

import debian_host
import judges
import xt

FILES = ("tests", "orchestrator", "sysroots", "toolchains", "recipes", "CMakeLists.txt",
         "CMakePresets.json", "LICENSE")


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


def deb_of(suite):
    """Made on that suite, installed on a second machine of it, builds a wheel there."""
    with xt.scratch() as home:
        maker = debian_host.Host(suite, home, "maker")
        sources(maker.root + "/src")
        maker.run("cd /src && BOOTSTRAP_EXTRA='file dpkg-dev' ./orchestrator/bootstrap && "
                  "cpack --config build/CPackConfig.cmake -B /made")
        made = glob.glob(maker.root + "/made/xorch_*_amd64.deb")
        xt.equal(len(made), 1, made)
        user = debian_host.Host(suite, home, "user")
        shutil.copy(made[0], user.root + "/xorch.deb")
        recipe(user.root + "/root")
        user.run("apt-get -qq update && apt-get -qq install -y /xorch.deb")
        xt.check("xorch 0." in user.run("xorch version"))
        out = user.run("xorch build recipes/cwcwidth.yaml --target armv7")
        wheel = user.root + "/root/" + out.splitlines()[-1]
        tag = os.path.basename(wheel).split("-")[2]
        judges.check_wheel(wheel, "armv7", tag)
        user.run("apt-get -qq remove -y xorch && test ! -e /usr/bin/xorch && "
                 "test ! -e /usr/share/xorch")


# label: long
def test_deb_of_bookworm():
    deb_of("bookworm")


# label: long
def test_deb_of_trixie():
    deb_of("trixie")


if __name__ == "__main__":
    xt.main(globals())
