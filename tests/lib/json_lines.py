"""`--log-format json` as a collector of logs reads it."""
import datetime
import json

import xt

LEVELS = ("debug", "info", "note", "warning", "error")


def read(text):
    """The objects of a log, all of whose lines must be one; the last says the end."""
    found = []
    xt.check(text.endswith("\n"), text[-300:])
    for line in text[:-1].split("\n"):
        xt.check(line.isascii() and line.isprintable(), line)
        one = json.loads(line)
        xt.equal(one["v"], 1)
        xt.check(one["level"] in LEVELS and isinstance(one["message"], str), one)
        when = datetime.datetime.fromisoformat(one["time"].replace("Z", "+00:00"))
        xt.check(abs(when.timestamp() - one["t"]) < 0.01, one)
        found.append(one)
    xt.equal(found[-1]["event"], "done")
    return found


def of(lines, event):
    return [line for line in lines if line["event"] == event]
