"""home.py FOLDER...: measurements that came home from Windows. FOLDER is what
`run.cmd --bench` of the suite's zip called `reports`. Writes
bench/results/windows-VERSION.md for each, and the table of Windows in
docs/performance.md anew."""

import collections
import json
import os
import re
import statistics
import sys

import measure
import report

sys.path.insert(0, os.path.join(measure.TOP, "ci"))
from pages import windows  # noqa: E402

BEGIN, END = "<!-- Windows: begin -->\n", "<!-- Windows: end -->\n"
PEERS = ["npipe"] + [p for p in measure.PEERS if p != "port"]


def load(folder):
    """(the platform of the suite's report, its name, the rates)."""
    with open(os.path.join(folder, "windows-x86_64.json"),
              encoding="utf-8") as file:
        platform = json.load(file)["platform"]
    with open(os.path.join(folder, "more", "windows-x86_64.bench.json"),
              encoding="utf-8") as file:
        runs = [run for run in json.load(file) if run]
    rates = collections.defaultdict(list)
    for run in runs:
        rates[run["peer"], run["workload"], run["way"]].append(
            run["count"] / run["seconds"])
    if platform["world"] == "windows":
        name = windows.name(platform["build"], platform.get("product", ""))
    else:
        name = f"{platform['world'].capitalize()} {platform['version']}"
    return platform, name, dict(rates)


def ratio(rates, peer, workload):
    """The median of the ratio to `port`, round by round; "" without both."""
    way = "completion" if peer == "npipe" else "byte"
    base, have = (rates.get(("port", workload, "byte")),
                  rates.get((peer, workload, way)))
    if not base or not have:
        return ""
    return f"{statistics.median(v / b for v, b in zip(have, base)):.2f}"


def docs_table(name, rates):
    """A row a workload, a column a program, as multiples of `port`."""
    rows = [[f"`{workload}`"] + [ratio(rates, peer, workload)
                                 for peer in PEERS]
            for workload in measure.WORKLOADS]
    return [f"{name}:", ""] + report.table(["workload"] + PEERS, rows) + [""]


def main():
    folders = sys.argv[1:]
    if not folders:
        sys.exit(__doc__)
    lines = []
    for folder in folders:
        platform, name, rates = load(folder)
        build = ".".join(part for part in (
            platform["build"], platform.get("ubr", "")) if part)
        rounds = max(len(values) for values in rates.values())
        text = [f"# Measurements: {name} ({build})", "",
                "Written by `bench/home.py` from what `run.cmd --bench` brought "
                "home; docs/performance.md says what each figure means.", "",
                f"{rounds} rounds; the ratio is that of one round.", ""]
        text += report.times_table(rates)
        slug = re.sub(r"[^a-z0-9.]+", "-", name.lower())
        if platform["world"] != "windows":
            slug = "tried-" + slug  # ci/bench has written that platform's own
        path = os.path.join(measure.TOP, "bench", "results", f"{slug}.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")
        print(path)
        lines += docs_table(f"{name} ({build})", rates)
    path = os.path.join(measure.TOP, "docs", "performance.md")
    with open(path, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    after = rest.partition(END)[2]
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n".join(lines) + "\n" + END + after)


if __name__ == "__main__":
    main()
