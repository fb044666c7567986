"""The other images that sysroots/ has definitions of: for x86_64, and above glibc 2.31.
Debian's files laid out as each image has them stand in for it, in a real registry on this
machine; so versions of glibc and GCC are Debian's."""
import os

import judges
import target_root
import test_oci
import test_wheels
import xt

TRIPLE = {"aarch64": "aarch64-linux-gnu", "x86_64": "x86_64-linux-gnu"}
DOCKER = {"aarch64": "arm64", "armv7": "arm", "x86_64": "amd64"}


def red_hat(target, gcc, toolset=None):
    """Where Debian's files would lie: GCC in /usr or in a gcc-toolset."""
    triple, arch = TRIPLE[target], target + "-redhat-linux"
    top = f"opt/rh/{toolset}/root/usr" if toolset else "usr"
    return (("usr/lib/linux/uapi/arm64/asm", "usr/include/asm"),  # Debian 13's
            (f"usr/lib/gcc/{triple}", f"{top}/lib/gcc/{arch}"),
            ("usr/include/c++", top + "/include/c++"),
            (f"usr/include/{triple}/c++/{gcc}", f"{top}/include/c++/{gcc}/{arch}"),
            (f"usr/include/{triple}", "usr/include"),
            (f"usr/lib/{triple}", "usr/lib64"), (f"lib/{triple}", "usr/lib64"),
            ("lib64", "usr/lib64"), ("lib", "usr/lib"))


def push(home, registry, name, target, sysroot, places=None):
    """An image of two layers, C library and compiler."""
    layout, trees = os.path.join(home, "l"), {}
    for package, path in test_oci.packages(os.path.join(home, "deb"), target,
                                           sysroot).items():
        trees.setdefault(package.startswith(("libstd", "libgcc", "gcc")), []).append(path)
    test_oci.program("umoci", "init", "--layout", layout)
    test_oci.program("umoci", "new", "--image", layout + ":v")
    for compiler, paths in sorted(trees.items()):
        dest = os.path.join(home, f"tree{compiler:d}")
        for path in paths:
            test_oci.lay(path, dest, places or (), TRIPLE.get(target, "?"))
        tar = xt.write(os.path.join(home, f"{compiler:d}.tar"), test_oci.tar_of(dest))
        test_oci.program("umoci", "raw", "add-layer", "--image", layout + ":v", tar)
    test_oci.program("umoci", "config", "--image", layout + ":v", "--architecture",
                     DOCKER[target], "--os", "linux")
    registry.push(layout + ":v", name)


def image(name, target, sysroot, versions, places, use=None):
    with xt.scratch() as home, test_oci.Registry(os.path.join(home, "registry")) as registry:
        arch = judges.WHEEL_ARCH[target]
        push(home, registry, f"pypa/{name}_{arch}", target, sysroot, places)
        test_oci.catalog(home, name, versions)
        r = test_oci.fetch(home, registry, name, target)
        xt.equal(r.code, 0, r)
        tree = r.out.strip()
        test_oci.compile_both(target, tree)
        xt.check(not os.path.lexists(os.path.join(tree, "usr/lib64")), "usr/lib64 is there")
        with open(os.path.join(home, "sysroots", name + ".lock")) as f:
            text = f.read()
        xt.check("architecture: linux/" + DOCKER[target] in text and
                 f"image: quay.io/pypa/{name}_{arch}" in text and "diff_ids: [" in text, text)
        if use:
            use(home, registry)


def cwcwidth(home, registry, name, target, floor):
    """A wheel against the image, which runs on Debian 12's Python."""
    xt.need_pythons("cp311")
    r = test_wheels.build("cwcwidth.yaml", [target], "cp311", home, XORCH_CATALOG=home,
                          XORCH_SYSROOT=name, XORCH_FLOOR=floor,
                          XORCH_MIRROR_OCI=f"quay.io=http://{registry.host}")
    xt.equal(r.code, 0, r)
    item, = r.json["items"]
    xt.equal([item["sysroot"], item["floor"]], [name, floor])
    judges.check_wheel(item["file"], target, "cp311")
    target_root.check_wheel(target_root.get("bookworm", target), item["file"])


def test_manylinux_2_28_x86_64():
    name = "manylinux_2_28"
    image(name, "x86_64", "debian-11", test_oci.VERSIONS,
          red_hat("x86_64", "10", "gcc-toolset-10"),
          lambda home, registry: cwcwidth(home, registry, name, "x86_64", "2_17"))


def test_manylinux_2_34_x86_64():
    name = "manylinux_2_34"
    image(name, "x86_64", "debian-12",
          (('glibc: "2.34"', 'glibc: "2.36"'), ('gcc: "14"', 'gcc: "12"')),
          red_hat("x86_64", "12", "gcc-toolset-12"),
          lambda home, registry: cwcwidth(home, registry, name, "x86_64", "2_34"))


# label: long
def test_manylinux2014_x86_64():
    image("manylinux2014", "x86_64", "debian-11", (('glibc: "2.17"', 'glibc: "2.31"'),),
          red_hat("x86_64", "10", "devtoolset-10"))


def test_manylinux_2_35_armv7():
    image("manylinux_2_35", "armv7", "debian-12",
          (('glibc: "2.35"', 'glibc: "2.36"'), ('gcc: "11"', 'gcc: "12"'),
           ("gcc/*/11", "gcc/*/12")), None)


def test_manylinux_2_39_aarch64():
    image("manylinux_2_39", "aarch64", "debian-13", (('glibc: "2.39"', 'glibc: "2.41"'),),
          red_hat("aarch64", "14"))


if __name__ == "__main__":
    xt.main(globals())
