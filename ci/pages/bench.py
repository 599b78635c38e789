"""The measurements: rows by workload and program, columns by platform. Those of a
Windows come with its report; Wine's stand in bench/results."""
import collections
import glob
import os
import re
import statistics
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))
import measure  # noqa: E402
import report  # noqa: E402

NOT_RUN = "not run"
PORT = "port"  # what the others are compared with
ROW = re.compile(r"\| ([\w-]+) \| ([\w, -]+) \| ([^|]+?) \| ([\d.]+) \|")


def who(peer, way):
    return f"npipe, {way}" if peer == "npipe" else peer


def of_runs(runs):
    """{(workload, who): (median as text, ratio to `port` as text)}."""
    rates = collections.defaultdict(list)
    for run in runs:
        if run:
            rates[run["workload"], who(run["peer"], run["way"])].append(
                run["count"] / run["seconds"])
    cells = {}
    for (workload, name), values in rates.items():
        base = rates.get((workload, PORT), [])
        ratios = [value / port for value, port in zip(values, base)]
        cells[workload, name] = (
            report.rate(workload, statistics.median(values)),
            f"{statistics.median(ratios):.2f}" if ratios else "")
    return cells


def of_file(path):
    """The same of a file that ci/bench or bench/home.py has written, and the
    name of its platform."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    name = re.match(r"# Measurements: (.*)", text)[1]
    cells = {}
    # Further tables, of two processors, have the servers anew: the first counts.
    for workload, program, median, ratio in ROW.findall(
            text.partition("## Times\n")[2] or text):
        cells.setdefault((workload, program), (median, ratio))
    return name.replace("wine-", "Wine "), cells


def table(top, model):
    """{"columns": [(name, why it was not run)], "rows": [(workload, [(who,
    [(text, ratio)])])]}."""
    columns = []
    for platform in model.platforms:
        if platform.world == "windows":
            cells = of_runs(platform.bench)
            columns.append((platform.label, cells, "" if cells else (
                platform.reason or platform.more.get("bench") or "no figures")))
    if not columns:
        columns.append(("Windows", {}, "no report of a Windows"))
    for path in sorted(glob.glob(os.path.join(top, "bench/results/*.md"))):
        name, cells = of_file(path)
        if cells:
            columns.append((name, cells, ""))
    order = [who("npipe", way) for way in measure.WAYS] + measure.PEERS
    known = {key for _, cells, _ in columns for key in cells}
    rows = [(workload, [(name, [cells.get((workload, name), ("", ""))
                                for _, cells, _ in columns])
                        for name in order if (workload, name) in known])
            for workload in measure.WORKLOADS]
    return {"columns": [(name, reason) for name, _, reason in columns],
            "rows": rows}
