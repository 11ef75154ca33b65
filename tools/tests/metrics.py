# SPDX-License-Identifier: GPL-2.0
"""What metrics.sh tests: python3 metrics.py CHECK.

    python3 metrics.py serve DIRECTORY

is a server for Prometheus, whose files .prom are OpenMetrics text; it says its address.
"""
import http.server
import itertools
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import openmetrics
from common import CAPTURES, has, main, read, same

HERE = os.path.dirname(os.path.abspath(__file__))
CONTRIB = os.path.join(HERE, "..", "contrib")
# Where metrics.sh has put what the textfile collector reads
FILE = os.environ.get("METRICS_FILE")
PROMETHEUS = os.environ.get("PROMETHEUS")
# What never comes is to end the test, but what comes late on a busy machine is not.
LIMIT = 1800


def hog():
    """The process of the guest that was near the limit: as the guest saw it."""
    pid, comm, vmas, limit = read(os.path.join(CAPTURES, "hog")).splitlines()
    return pid, comm, int(vmas), int(limit)


def written():
    """The samples of the file"""
    with open(FILE, "rb") as metrics:
        return openmetrics.read(metrics.read())


def api(path, **parameters):
    url = "http://%s/api/v1/%s?%s" % (PROMETHEUS, path, urllib.parse.urlencode(parameters))
    try:
        with urllib.request.urlopen(url, timeout=LIMIT) as answer:
            answer = json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError("%s: %s" % (parameters, error.read().decode())) from None
    same(answer["status"], "success", path)
    return answer["data"]


def query(expression):
    """A vector: [(labels, number)]"""
    data = api("query", query=expression)
    same(data["resultType"], "vector", expression)
    return [(one["metric"], float(one["value"][1])) for one in data["result"]]


def wait_for(what, look):
    """What look() answers, once that is something."""
    deadline = time.monotonic() + LIMIT
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError("no %s in %d seconds" % (what, LIMIT))
        time.sleep(0.2)


def check_capture():
    """What the guest wrote is what this is about."""
    pid, comm, vmas, limit = hog()
    samples = written()
    labels = (("pid", pid), ("comm", comm))
    # The gate page, if it has one, is a line of maps and no VMA.
    has((vmas, vmas - 1), samples["vmainfo_process_vmas", labels])
    same(samples["vmainfo_vmas_limit", ()], limit, "the limit")
    same(samples["vmainfo_module_used", ()], 1, "from the module")
    same(samples["vmainfo_process_vmas", labels] > 0.85 * limit, True, "it is near the limit")


def check_scrape():
    """All samples of the file, as node_exporter passes them on, and as OpenMetrics."""
    samples = written()
    for job in ("node", "openmetrics"):
        wait_for("scrape of " + job, lambda: query('up{job="%s"} == 1' % job))
        found = wait_for("series of " + job, lambda: query('{__name__=~"vmainfo_.*",job="%s"}' % job))
        got = {}
        for labels, value in found:
            name = labels.pop("__name__")
            same((labels.pop("job"), "instance" in labels), (job, True), "labels")
            del labels["instance"]
            got[name, tuple(sorted(labels.items()))] = value
        want = {(name, tuple(sorted(labels))): value for (name, labels), value in samples.items()}
        same(got, want, "what Prometheus has of " + job)
    # Only then do queries meet two series with the same job and instance.
    wait_for("scrape of both clusters", lambda: len(query('up{job="clusters"} == 1')) == 2)
    errors = query('node_textfile_scrape_error{job="node"}')
    same([value for _, value in errors], [0], "errors of the collector")
    files = query('node_textfile_mtime_seconds{job="node"}')
    same([labels["file"] for labels, _ in files], [FILE], "its files")


def firing(name):
    return [alert for alert in api("alerts")["alerts"]
            if alert["labels"]["alertname"] == name and alert["state"] == "firing" and
            alert["labels"]["job"] == "node"]


def check_alert():
    """It is about that process and no other, and says who it is."""
    pid, comm, _, _ = hog()
    alert, = wait_for("alert", lambda: firing("ProcessNearMaxMapCount"))
    same((alert["labels"]["pid"], alert["labels"]["comm"]), (pid, comm), "who it is about")
    same(alert["labels"]["severity"], "warning", "severity")
    start = "%s (pid %s) on " % (comm, pid)
    for text in alert["annotations"].values():
        has(text, start)
    same(firing("VmainfoMetricsStale"), [], "stale, too")


def dashboard():
    return json.loads(read(os.path.join(CONTRIB, "vmainfo-dashboard.json")))


def check_dashboard():
    """What Grafana wants of it, as far as one can tell without."""
    board = dashboard()
    same(board.get("id"), None, "the number that Grafana gives it")
    panels = board["panels"]
    numbers = [panel["id"] for panel in panels]
    same(sorted(set(numbers)), sorted(numbers), "the panels' numbers")
    variables = {variable["name"] for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(panels)))
    same(used - variables, set(), "variables that are used and not there")
    for panel in panels:
        place = panel["gridPos"]
        same(place["x"] + place["w"] <= 24, True, "%s is within the screen" % panel["title"])
        same(panel["datasource"]["uid"], "${datasource}", "data source")
    for one, other in itertools.combinations(panels, 2):
        a, b = one["gridPos"], other["gridPos"]
        if (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and
                a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]):
            raise AssertionError("%s is on top of %s" % (one["title"], other["title"]))


def check_queries():
    """Each query of the dashboard is one to Prometheus, and shows something."""
    board = dashboard()

    def filled(expression):
        for name, value in (("__rate_interval", "1m"), ("job", ".*"), ("instance", ".*")):
            expression = expression.replace("$" + name, value)
        same("$" in expression, False, "a variable is left in " + expression)
        return expression

    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)",
                                         variable["query"]["query"]).groups()
            for labels, _ in wait_for(metric, lambda: query(filled(metric))):
                same(label in labels, True, "label " + label)
    for panel in board["panels"]:
        for target in panel["targets"]:
            expression = filled(target["expr"])
            if panel["title"] == "Time to the limit":
                # Nothing grows here.
                same(query(expression), [], expression)
                # Put the other way round it has all of them.
                expression = expression.replace("> 0", "<= 0")
            # A derivative takes two scrapes.
            wait_for(panel["title"] + ": " + expression, lambda: query(expression))


def serve(directory):
    class Handler(http.server.SimpleHTTPRequestHandler):
        extensions_map = {".prom": "application/openmetrics-text; version=1.0.0; charset=utf-8"}

    os.chdir(directory)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print('"Listening on" address=127.0.0.1:%d' % server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        main(globals())
