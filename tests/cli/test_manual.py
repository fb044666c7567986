"""The manual pages: mandoc, groff and man-db read them, and nothing is left out."""
import glob
import os
import re
import subprocess

import xt


def pages(home):
    """Name ("xorch-build.1") -> path of each, as they are installed."""
    result = xt.run(["__share", home], home=home)
    xt.equal([result.code, result.out, result.err], [0, "", ""], result)
    return {os.path.basename(p): p
            for p in glob.glob(os.path.join(home, "man", "man?", "*"))}


def verbs():
    return re.findall("^  ([a-z]+) ", xt.run(["help"]).out.split("Options of")[0], re.M)


def shown(path):
    """A page as a terminal of any width would have it, without its dress."""
    p = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=200", path], text=True,
                       capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    xt.equal([p.returncode, p.stderr], [0, ""], path)
    return re.sub(".\b", "", p.stdout)


def test_no_reader_complains():
    with xt.scratch() as home:
        found = pages(home)
        xt.check(len(found) > 20, found)
        for name, path in sorted(found.items()):
            for command in (["mandoc", "-T", "lint", "-W", "style", path],
                            ["groff", "-ww", "-man", "-Tutf8", "-z", path],
                            ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path]):
                p = subprocess.run(command, capture_output=True, text=True)
                if command[0] == "man":
                    p.stdout = ""  # the page
                xt.equal([p.returncode, p.stdout, p.stderr], [0, "", ""], command)
            p = subprocess.run(["lexgrog", path], capture_output=True, text=True)
            title = os.path.splitext(name)[0]
            xt.check(f'"{title} - ' in p.stdout, p)  # what apropos searches


def test_every_option_of_every_verb():
    with xt.scratch() as home:
        found = pages(home)
        names = verbs()
        xt.equal({f"xorch-{v}.1" for v in names} |
                 {"xorch.1", "xorch-recipe.5", "xorch-project.5"}, set(found))
        program = shown(found["xorch.1"])
        for verb in names:
            xt.check(f"xorch-{verb}(1)" in program, verb)
            page = shown(found[f"xorch-{verb}.1"])
            text = xt.run([verb, "--help"], COLUMNS="200").out
            rows = re.findall(r"^  (?:    )?((?:-., )?--[a-z-]+(?: \S+)?)(?:  .*|)$", text, re.M)
            xt.check(len(rows) >= 12, verb, text)
            for row in rows:
                xt.check(re.search(rf"^ +{re.escape(row)}( |$)", page, re.M), verb, row, page)
            for variable in re.findall(r"\[(XORCH_[A-Z_]+)\]", text):
                xt.check(f"Environment: {variable}" in page, verb, variable)
            for section in ("SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"):
                xt.check(re.search(f"^{section}$", page, re.M), verb, section)


def test_every_key():
    def keys(schema, before=""):
        for name, inner in schema.get("properties", {}).items():
            yield before + name
            forms = [inner, *inner.get("anyOf", [])]
            for form in [*forms, *(f["items"] for f in forms if "items" in f)]:
                if "$ref" in form:
                    form = whole["definitions"][form["$ref"].rpartition("/")[2]]
                yield from keys(form, before + name + ".")

    with xt.scratch() as home:
        found = pages(home)
        for kind in ("recipe", "project"):
            whole = xt.run(["schema", kind]).json
            page = shown(found[f"xorch-{kind}.5"])
            names = list(keys(whole))
            xt.check(len(names) > 8, names)
            for name in names:
                if name.startswith(("tests.contents.", "build.script.")) or \
                        name.endswith((".if", ".then", ".else")):
                    continue  # forms of a value
                pattern = re.escape(name).replace(r"\.", r"(\[\])?\.")
                xt.check(re.search(rf"^ +{pattern}( |$)", page, re.M), kind, name)


def test_every_variable():
    """What the program reads of the environment stands in xorch(1), or with an option."""
    read = set()
    for path in glob.glob(os.path.join(xt.SOURCE, "orchestrator", "*", "*.c")):
        with open(path, encoding="utf-8") as f:
            read |= set(re.findall(
                r'(?:getenv|setting|is_set|seconds_of)\(\s*"([A-Z][A-Z_]+)"', f.read()))
    xt.check("XORCH_HTTP_RETRIES" in read and "XORCH_BWRAP" in read, read)
    with xt.scratch() as home:
        found = pages(home)
        program = shown(found["xorch.1"])
        options = "".join(shown(path) for path in found.values())
    for name in sorted(read):
        if name.startswith("XORCH_TEST_"):
            continue
        if name.startswith("XORCH_"):
            xt.check(re.search(rf"\b{name}\b", program) or
                     f"Environment: {name}" in options, name)


def test_odd_text():
    """No text of the tables has become a request."""
    with xt.scratch() as home:
        for path in pages(home).values():
            with open(path, encoding="ascii") as f:
                for line in f.read().splitlines():
                    xt.check(not line.startswith("'"), path, line)
                    xt.check(not line.startswith(".") or re.match(
                        r'\.(\\"|TH|SH|TP|PP|IP|br|nf|fi)( |$)', line + " "), path, line)


if __name__ == "__main__":
    xt.main(globals())
