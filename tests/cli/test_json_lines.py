"""--log-format json: what is told as one object a line."""
import os
import subprocess

import json_lines
import xt

BAD = 'schema_version: 1\npackage: {name: foo, version: 1.10}\nkind: wheel\n' \
      'source: {pypi: foo}\n"\\x1b[31m::error::k\\x85": 1\n'


def test_diagnostics():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "a\x1b[31m\n\xff.yaml"), BAD)
        plain = xt.run(["check", "."], home=home)
        for args, env in ((["--log-format", "json"], {}), ([], {"XORCH_LOG_FORMAT": "json"}),
                          (["--progress", "json"], {})):
            result = xt.run(["check", ".", *args], home=home, **env)
            xt.equal([result.code, result.out], [plain.code, plain.out], result)
            lines = json_lines.read(result.err)
            found = json_lines.of(lines, "diagnostic")
            xt.equal({d["code"]: d["level"] for d in found},
                     {"X0218": "warning", "X0201": "error", "X0214": "error"}, result)
            error = [d for d in found if d["code"] == "X0201"][0]
            xt.equal([error["line"], error["column"]], [5, 1], error)
            xt.check(error["file"].startswith("./a\x1b[31m\n") or
                     error["file"].startswith("a\x1b[31m\n"), error)
            xt.check("1 file checked" in json_lines.of(lines, "text")[0]["message"])
            xt.equal(lines[-1]["exit"], 2)


def test_on_standard_output():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "r.yaml"), BAD)
        result = xt.run(["check", "r.yaml", "--json"], home=home, XORCH_LOG_FORMAT="json",
                        XORCH_LOG_FILE="-")
        xt.equal([result.code, result.err], [2, ""], result)
        lines = json_lines.read(result.out)
        document, = json_lines.of(lines, "result")
        xt.equal(document["result"]["exit"], 2)
        result = xt.run(["explain", "X0201", "--log-format=json", "--log-file=-"], home=home)
        lines = json_lines.read(result.out)
        xt.check("unknown" in json_lines.of(lines, "result")[0]["text"], lines)


def test_errors():
    with xt.scratch() as home:
        result = xt.run(["--log-format", "json", "build", "nowhere.yaml"], home=home)
        xt.equal(result.code, 2, result)
        error, = json_lines.of(json_lines.read(result.err), "diagnostic")
        xt.equal(error["code"], "X0216", error)
        result = xt.run(["env", "--target", "sparc"], home=home, XORCH_LOG_FORMAT="json")
        error, = json_lines.of(json_lines.read(result.err), "error")
        xt.check(error["code"].startswith("X01") and error["exit"] == 2, error)
        xt.check("detail" in error and "sparc" in error["message"], error)


def test_errors_in_the_options():
    """They have the form that was asked for too, wherever that stands."""
    asked = ["--log-format", "json"]
    wrong = [("X0122", [*asked, "plan", "--only"]), ("X0120", ["plan", "--onyl", "x", *asked]),
             ("X0120", ["--nope", "plan", *asked]), ("X0125", ["paln", *asked]),
             ("X0123", ["plan", "--locked=yes", "--progress=json"]),
             ("X0124", ["version", "--only", "x", *asked]),
             ("X0121", ["plan", "-jx", *asked])]
    with xt.scratch() as home:
        for code, args in wrong:
            result = xt.run(args, home=home)
            xt.equal([result.code, result.out], [2, ""], args, result)
            error, = json_lines.of(json_lines.read(result.err), "error")
            xt.equal([error["code"], error["exit"]], [code, 2], args, result)
            # as a container is configured: all of it on standard output
            bare = [a for a in args if a not in (*asked, "--progress=json")]
            result = xt.run(bare, home=home, XORCH_LOG_FORMAT="json", XORCH_LOG_FILE="-")
            xt.equal([result.code, result.err], [2, ""], args, result)
            lines = json_lines.read(result.out)
            xt.equal(json_lines.of(lines, "error")[0]["code"], code, args, result)
            xt.equal(lines[-1]["exit"], 2, result)
        result = xt.run(["plan", "-C", "/nowhere"], home=home, XORCH_LOG_FORMAT="json")
        xt.equal(json_lines.of(json_lines.read(result.err), "error")[0]["code"], "X0127")
        # a variable's value, and that of the form itself
        result = xt.run(["plan"], home=home, XORCH_JOBS="many", XORCH_LOG_FORMAT="json")
        xt.equal(json_lines.of(json_lines.read(result.err), "error")[0]["code"], "X0121")
        result = xt.run(["plan"], home=home, XORCH_LOG_FORMAT="jsn")
        xt.check(result.code == 2 and result.err.startswith("error[X0121]"), result)
        # the one document of --json
        result = xt.run(["plan", "--json", "--onyl"], home=home)
        xt.equal([result.code, result.json["exit"]], [2, 2], result)


def test_into_a_file():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "r.yaml"), BAD)
        path = os.path.join(home, "log")
        for _ in range(2):  # it grows
            result = xt.run(["check", "r.yaml", "--log-file", path], home=home,
                            FORCE_COLOR=None)
            xt.equal([result.code, result.err], [2, ""], result)
        with open(path, encoding="utf-8") as f:
            xt.equal(f.read().count("error[X0201]"), 2)
        result = xt.run(["check", "r.yaml", "--log-file", "/nowhere/log"], home=home)
        xt.check(result.code == 8 and "X0820" in result.err, result)


def test_full_device():
    with xt.scratch() as home:
        xt.write(os.path.join(home, "r.yaml"), BAD)

        p = subprocess.run(["sh", "-c", f"{xt.XORCH} explain X0201 --log-format json "
                            "--log-file - > /dev/full"], env=xt.environment(home), cwd=home)
        xt.equal(p.returncode, 8)


if __name__ == "__main__":
    xt.main(globals())
