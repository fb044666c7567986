"""What decides the floor and the sysroot of an item, as a plan shows it."""
import os

import xt

RECIPE = """schema_version: 1
package: {name: foo, version: "1.0"}
kind: wheel
source: {pypi: foo}
"""


def items(home, *args, toolchain="", code=0, **more):
    recipe = xt.write(os.path.join(home, "foo.yaml"),
                      RECIPE + (f"toolchain: {toolchain}\n" if toolchain else ""))
    r = xt.run(["plan", recipe, "--json", *args], home=home, cwd=home,
               XORCH_MIRROR_PYPI="http://127.0.0.1:9/simple", **more)
    xt.equal(r.code, code, r)
    return {i["target"]: (i["floor"], i["sysroot"]) for i in r.json["items"]}, r


def test_precedence():
    """--floor > XORCH_FLOOR > PLAT > the recipe > 2_17."""
    plat = {"PLAT": "manylinux_2_34"}
    recipe = '{manylinux: "2_28"}'
    armv7 = ["--target", "armv7"]
    with xt.scratch() as home:
        for args, toolchain, more, want in (
                ([], "", {}, ("2_17", "debian-11")),
                ([], recipe, {}, ("2_28", "debian-11")),
                ([], recipe, plat, ("2_34", "debian-12")),
                ([], recipe, {**plat, "XORCH_FLOOR": "2_31"}, ("2_31", "debian-11")),
                (["--floor", "2_36"], recipe, {**plat, "XORCH_FLOOR": "2_31"},
                 ("2_36", "debian-12")),
                ([], '{manylinux: {armv7: "2_35", aarch64: "2_31"}}', {},
                 ("2_35", "debian-12")),
                ([], '{manylinux: "2_35", sysroot: debian-12}', {}, ("2_35", "debian-12")),
                (["--sysroot", "manylinux_2_31"], '{manylinux: "2_28", sysroot: debian-11}',
                 {}, ("2_28", "manylinux_2_31"))):
            got, _ = items(home, *args, *armv7, toolchain=toolchain, **more)
            xt.equal(got, {"armv7": want}, args, toolchain, more)


def test_plat_chooses_the_target():
    with xt.scratch() as home:
        got, _ = items(home)
        xt.equal(set(got), {"aarch64", "armv7"})
        got, _ = items(home, PLAT="manylinux_2_35_armv7l")
        xt.equal(got, {"armv7": ("2_35", "debian-12")})
        got, r = items(home, "--target", "all", PLAT="manylinux_2_35_armv7l")
        xt.equal(got, {"armv7": ("2_35", "debian-12"), "aarch64": ("2_17", "debian-11"),
                       "x86_64": ("2_17", "debian-11")})
        xt.equal(r.err.count("--target decides"), 1, r)
        got, _ = items(home, AUDITWHEEL_PLAT="manylinux_2_28_x86_64")
        xt.equal(got, {"aarch64": ("2_17", "debian-11"), "armv7": ("2_17", "debian-11")})


def test_out_of_reach():
    """Told by the plan, before anything is fetched, with what there is."""
    with xt.scratch() as home:
        for toolchain, words in (
                ('{manylinux: "2_33"}', ("X0331", "take 2_31", "foo.yaml")),
                ('{manylinux: "2_39"}', ("X0331", "take 2_36")),
                ('{manylinux: "2_34", sysroot: debian-11}',
                 ("X0331", "take the sysroot debian-12")),
                ('{manylinux: "2_28", sysroot: debian-12}',
                 ("X0332", "take the sysroot debian-11")),
                ('{sysroot: run-3.11}', ("X0302",)),
                ('{manylinux: "2_16"}', ("X0330", "2_17"))):
            _, r = items(home, "--target", "armv7", toolchain=toolchain, code=2)
            for word in (*words, "armv7"):
                xt.check(word in r.err, toolchain, word, r)
            if "X0331" in r.err or "X0332" in r.err:
                for line in ("debian-11        2_17 … 2_31\n", "debian-12        2_34 … 2_36\n",
                             "manylinux_2_31   2_17 … 2_31 (by --sysroot)\n"):
                    xt.check(line in r.err, line, r)


def test_a_definition_of_ones_own_serves_its_floors():
    """What xorch takes unasked is debian-11 where that has the floor, else the oldest
    that has it; a definition that cannot be read hides nothing else."""
    with xt.scratch() as home:
        for name in ("debian-11", "debian-12"):
            with open(os.path.join(xt.SOURCE, "sysroots", name + ".yaml")) as f:
                text = f.read()
            xt.write(os.path.join(home, "sysroots", name + ".yaml"), text)
        for name, glibc, targets in (("older", "2.28", "armv7"), ("newer", "2.39", "armv7"),
                                     ("newest", "2.41", "armv7"), ("other", "2.37", "aarch64")):
            xt.write(os.path.join(home, "sysroots", name + ".yaml"),
                     text.replace("debian-12", name).replace('"2.36"', f'"{glibc}"').replace(
                         "[aarch64, armv7, x86_64]", f"[{targets}]"))
        xt.write(os.path.join(home, "sysroots", "broken.yaml"), "name: [\n")
        for floor, want in (("2_28", "debian-11"), ("2_36", "debian-12"), ("2_37", "newer"),
                            ("2_39", "newer"), ("2_40", "newest")):
            got, _ = items(home, "--target", "armv7", "--floor", floor, XORCH_CATALOG=home)
            xt.equal(got, {"armv7": (floor, want)})


def test_a_go_program_has_no_floor_to_keep():
    with xt.scratch() as home:
        recipe = xt.write(os.path.join(home, "foo.yaml"), RECIPE.replace(
            "pypi: foo", "gomod: example.com/foo").replace("kind: wheel", "kind: go-binary"))
        r = xt.run(["plan", recipe, "--json", "--target", "armv7", "--floor", "2_33"],
                   home=home, cwd=home)
        xt.equal(r.code, 0, r)
        xt.write(recipe, open(recipe).read() + "go: {cgo: true}\n")
        r = xt.run(["plan", recipe, "--json", "--target", "armv7", "--floor", "2_33"],
                   home=home, cwd=home)
        xt.equal(r.code, 2, r)
        xt.check("X0331" in r.err, r)


xt.main(globals())
