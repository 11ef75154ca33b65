# SPDX-License-Identifier: GPL-2.0
"""A strict reader of OpenMetrics text that is the Prometheus text format as well.

read() gives its samples: {(name, ((label, value), ...)): number}. Only gauges are known here, and
no timestamps, which the textfile collector does not take.
"""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\[\\"n])*)"'
SAMPLE = re.compile(r"(%s)(?:\{((?:%s(?:,(?!\}))?)*)\})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)" %
                    (NAME, LABEL.replace("(", "(?:", 1).replace('"((', '"(?:(')))
# OpenMetrics, section "Reserved"; promtool does not like the rest in a gauge's name.
RESERVED = ("_total", "_created", "_bucket", "_count", "_sum", "_info_info")


class Bad(Exception):
    pass


def need(condition, line, what):
    if not condition:
        raise Bad("%s: %r" % (what, line))


def unescape(value):
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match.group(1), match.group(1)), value)


def read(data):
    text = data.decode("utf-8", "strict")
    need(text.endswith("\n# EOF\n"), text[-10:], "it does not end with # EOF")
    samples = {}
    seen = set()
    family, about = None, {}
    for line in text[:-len("# EOF\n")].split("\n")[:-1]:
        need(line and line == line.strip(), line, "a blank too many")
        if line.startswith("#"):
            match = re.fullmatch(r"# (HELP|TYPE|UNIT) (%s) (.+)" % NAME, line)
            need(match, line, "no such comment")
            what, name, value = match.groups()
            if name != family:
                need(name not in seen, line, "a family in two pieces")
                need(not name.endswith(RESERVED), line, "a reserved ending")
                seen.add(name)
                family, about = name, {"samples": 0}
            need(what not in about and not about["samples"], line, "not the place for it")
            need(what != "TYPE" or value == "gauge", line, "no gauge")
            need(what != "UNIT" or name.endswith("_" + value), line, "no unit of it")
            about[what] = value
            continue
        match = SAMPLE.fullmatch(line)
        need(match, line, "no sample")
        name, labels, number = match.groups()[:3]
        need(name == family, line, "a sample of another family")
        need("HELP" in about and "TYPE" in about, line, "HELP or TYPE is missing")
        about["samples"] += 1
        labels = tuple((label, unescape(value)) for label, value in re.findall(LABEL, labels or ""))
        need(len(dict(labels)) == len(labels), line, "a label twice")
        need((name, labels) not in samples, line, "a sample twice")
        samples[name, labels] = float(number)
    return samples
