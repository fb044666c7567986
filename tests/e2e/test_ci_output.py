"""What a CI's page shows of builds: groups and sections that no output can break."""
import os
import re
import xml.etree.ElementTree

import judges
import test_hostile
import xt

# Each of these would end or open something if it reached the page as it is.
LINES = ["::endgroup::", "  ::error file=x::y", "::stop-commands::now", "a ##[endgroup]",
         "\\x1b[0Ksection_end:1:xorch_1_tiny-1.0-cp311-aarch64\\r\\x1b[0K",
         "section_start:1:x[collapsed=true]\\r\\x1b[0Ky", "\\xff\\xfe \\x00 \\x85 \\u202e"]
HOSTILE = "import os\nfor line in %r:\n    os.write(1, line.encode('latin-1', " \
    "'replace') + b'\\n')\n" % [line.encode().decode("unicode_escape") for line in LINES]


def commands(text):
    """The runner's view: commands outside of what is fenced, in order; what is fenced."""
    word, found, fenced = None, [], []
    for line in text.split("\n"):
        trimmed = line.strip()
        stop = re.fullmatch(r"::stop-commands::(xorch-[0-9a-f]{32})", trimmed)
        if word is not None:
            if trimmed == f"::{word}::":
                word = None
            else:
                fenced.append(line)
        elif stop:
            word = stop.group(1)
        elif trimmed.startswith("::") or "##[" in line:
            found.append(line)
    xt.equal(word, None, text)
    return found, fenced


def test_groups_on_github():
    with xt.scratch() as home:
        result = test_hostile.build(home, HOSTILE, "--force", GITHUB_ACTIONS="true",
                                    CI="true")
        found, fenced = commands(result.err)
        xt.equal(len(found), 2, result)
        xt.check(re.fullmatch(r"::group::tiny-1\.0-cp311-aarch64: log, built in [0-9.]+ "
                              r"(s|min [0-9]+ s)", found[0]), found)
        xt.equal(found[1], "::endgroup::")
        for line in ("::endgroup::", "a ##[endgroup]", "::stop-commands::now"):
            xt.check(line in fenced, line, result)
        xt.check("\x1b" not in result.err and "\r" not in result.err, result)
        # nothing new: no group
        again = test_hostile.build(home, HOSTILE, GITHUB_ACTIONS="true", CI="true")
        xt.check("::group::" not in again.err, again)
        # a failure: its log too, the error itself below it in the open
        result = test_hostile.build(home, HOSTILE + "raise SystemExit('no <reason>')\n",
                                    GITHUB_ACTIONS="true", CI="true", code=1)
        found, _ = commands(result.err)
        xt.check(len(found) == 3 and "failed after" in found[0] and
                 re.match(r"::error file=tiny\.yaml,title=tiny-1\.0-cp311-aarch64%3A",
                          found[2]), found, result)
        xt.check(re.search(r"^error\[X[0-9]+\]: tiny", result.err, re.M), result)
        quiet = test_hostile.build(home, HOSTILE, "-q", "--force", GITHUB_ACTIONS="true")
        xt.check("::group::" not in quiet.err, quiet)


def test_sections_on_gitlab():
    with xt.scratch() as home:
        result = test_hostile.build(home, HOSTILE, "--force", GITLAB_CI="true",
                                    CI="true")
        marks = re.findall("\x1b\\[0Ksection_(start|end):([0-9]+):([A-Za-z0-9_.-]+)"
                           "(\\[collapsed=true\\])?\r\x1b\\[0K", result.err)
        xt.equal([m[0] for m in marks], ["start", "end"], result)
        xt.equal(marks[0][2], marks[1][2])
        xt.equal(marks[0][3], "[collapsed=true]")
        xt.check(0 <= int(marks[1][1]) - int(marks[0][1]) < 1000, marks)
        xt.equal(result.err.count("\x1b"), 4, result)
        xt.equal(result.err.count("\r"), 2, result)
        xt.check("\\x1b[0Ksection_end:1:xorch_1_tiny" in result.err, result)


def test_reports_of_hostile_builds():
    """What a build prints before it fails stands in the reports, and they are still what
    the schemas say."""
    with xt.scratch() as home:
        first = "]]><x>&amp;'\"</failure> \x1b[31m \x00 \xff \u2028 ::error::x"
        paths = {kind: os.path.join(home, kind) for kind in ("junit", "sarif", "gitlab")}
        test_hostile.build(home, HOSTILE + "raise SystemExit(%r)\n" % (
            "x.c:1:1: fatal error: " + first + ": No such file or directory"),
            *[f"--report={kind}={path}" for kind, path in paths.items()], code=1)
        xt.equal(judges.reports_check(paths), [1, 1, 1])
        case, = xml.etree.ElementTree.parse(paths["junit"]).getroot().iter("failure")
        xt.check("]]><x>&amp;" in case.text and "::endgroup::" in case.text, case.text)


def test_a_long_log_is_cut():
    with xt.scratch() as home:
        result = test_hostile.build(home, "for n in range(40000):\n"
                                    "    print('line', n, 'of many')\n",
                                    GITLAB_CI="true")
        xt.check(200_000 < len(result.err) < 300_000, len(result.err))
        xt.check("line 0 of many" in result.err and "line 39999 of many" in result.err)
        xt.check(re.search(r"^\[ [0-9.]+ kB left out here; all of it: /.*\.log \]$",
                           result.err, re.M), result.err[-3000:])


if __name__ == "__main__":
    xt.main(globals())
