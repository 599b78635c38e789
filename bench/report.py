"""report.py PLATFORM BUILD SIM-BUILD [--rounds N] [--counts-only] PEER...: runs
the measurements, prints the tables and writes bench/results/PLATFORM.md."""

import json
import os
import statistics
import sys

import measure


# The places of measure.PLACES.
HEADS = {
    "one": "Server, clients and wineserver on one processor:",
    "two": "On two processors, between which the system moves server, clients "
           "and wineserver as it likes:",
    "wineserver apart": "Wineserver on one processor, server and clients on the "
                        "other:",
    "clients apart": "Wineserver and server on one processor, the clients on "
                     "the other:",
}


def parse(words):
    rounds = 7
    counts_only = False
    rest = []
    while words:
        word = words.pop(0)
        if word == "--rounds":
            rounds = int(words.pop(0))
        elif word == "--counts-only":
            counts_only = True
        elif word == "--real-time":
            pass  # for measure
        else:
            rest.append(word)
    return rest, rounds, counts_only


def row(cells):
    return "| " + " | ".join(cells) + " |"


def table(head, rows):
    return [row(head), row(["---"] * len(head))] + [row(r) for r in rows]


def requests_table(counts, peers):
    others = [p for p in peers if p != "npipe"]
    rows = []
    for workload in measure.WORKLOADS:
        for way in measure.WAYS:
            key = ("npipe", workload, way)
            if key not in counts:
                continue
            cells = [workload, way, f"**{measure.total(counts[key]):.2f}**"]
            for peer in others:
                by_type = counts.get((peer, workload, "byte"))
                show = way == "completion"
                cells.append(f"{measure.total(by_type):.2f}"
                             if by_type and show else "")
            rows.append(cells)
    return table(["workload", "npipe's way", "npipe"] + others, rows)


def made_of(counts):
    rows = []
    for (peer, workload, way), by_type in counts.items():
        if peer == "npipe" and way not in ("completion", "yield"):
            continue
        parts = sorted(by_type.items(), key=lambda item: -item[1])
        rows.append([workload, peer if peer != "npipe" else f"npipe, {way}",
                     f"{measure.total(by_type):.2f}",
                     ", ".join(f"{name} {n:.2f}" for name, n in parts
                               if abs(n) >= 0.005)])
    return table(["workload", "who", "requests", "made of"], rows)


def rate(workload, value):
    if workload == "stream-64k":
        return f"{value * 65536 / 1e6:,.0f} MB/s"
    if workload == "server-stream":
        return f"{value * 2 * 65536 / 1e6:,.0f} MB/s"
    if workload == "stream-60k":
        return f"{value * 60000 / 1e6:,.0f} MB/s"
    return f"{value:,.0f}/s"


def rates_of(runs):
    return {key: [run["rate"] for run in of] for key, of in runs.items()}


def servers_table(runs):
    """The servers alone, with their processor time and their clients' waits."""
    rows = []
    for row_of in times_table(rates_of(runs))[2:]:
        cells = row_of.strip("| ").split(" | ")
        workload, program = cells[:2]
        peer, _, way = program.partition(", ")
        of = runs[peer, workload, way or "byte"]
        count = sum(run["count"] for run in of)
        processor = sum(run["processor_seconds"] for run in of) / count
        rows.append(cells + [f"{processor * 1e6:.0f}"] + [
            f"{statistics.median(run[name] for run in of):,.0f}"
            for name in ("p50_us", "p99_us")])
    return table(["workload", "who", "median", "ratio to port",
                  "min..max of the ratio", "server's processor time, us",
                  "p50, us", "p99, us"], rows)


def times_table(rates):
    rows = []
    for workload in measure.WORKLOADS:
        base = rates.get(("port", workload, "byte"))
        if not base:
            continue
        for (peer, which, way), values in rates.items():
            if which != workload:
                continue
            # Both values are from the same round, so a slow machine slows both.
            ratios = [v / b for v, b in zip(values, base)]
            rows.append([
                workload, peer if peer != "npipe" else f"npipe, {way}",
                rate(workload, statistics.median(values)),
                f"{statistics.median(ratios):.2f}",
                f"{min(ratios):.2f}..{max(ratios):.2f}"])
    return table(["workload", "who", "median", "ratio to port",
                  "min..max of the ratio"], rows)


def simulated_table(build):
    rows = []
    for workload in measure.WORKLOADS:
        for way in measure.WAYS:
            if not measure.makes_sense(way, workload):
                continue
            costs = measure.simulated(build, way, workload,
                                      way == "completion" and
                                      not workload.startswith("scale"))
            if costs is None:
                continue
            instructions = costs.get("instructions")
            rows.append([
                workload, way, f"{costs['calls_total']:.2f}",
                f"{costs.get('GetQueuedCompletionStatusEx', 0):.2f}",
                f"{costs.get('allocations', 0):.2f}",
                f"{costs.get('copies', 0):.2f}",
                f"{costs.get('copied_bytes', 0):.0f}",
                f"{instructions:.0f}" if instructions else ""])
    return table(["workload", "way", "kernel calls", "of them the port",
                  "allocations", "copies", "bytes copied",
                  "instructions a message"], rows)


def load():
    with open("/proc/loadavg") as file:
        return file.read().split()[0]


def main():
    (platform, build, sim, *peers), rounds, counts_only = parse(sys.argv[1:])
    wanted = measure.wanted(peers)
    out = [f"# Measurements: {platform}", "",
           "Written by `ci/bench`; docs/performance.md says how each figure is "
           "made and what it means.", ""]
    counts = measure.requests(build, wanted)
    out += ["## Requests of wineserver per operation", ""]
    out += requests_table(counts, peers)
    out += ["", "What they are made of:", ""] + made_of(counts)
    out += ["", "## On the simulated kernel, per operation, exactly", ""]
    out += simulated_table(sim)
    ways = [way for way in measure.WAYS if way not in ("channel-gather", "yield")]
    idle = measure.memory(build, [("npipe", way) for way in ways] +
                          [(p, "byte") for p in peers if p != "npipe"])
    out += ["", "## Memory of the process per idle pair, without the caller's "
            "buffers", ""]
    out += table(["who", "KiB"], [
        [peer if peer != "npipe" else f"npipe, {way}", f"{value / 1024:.2f}"]
        for (peer, way), value in idle.items()])
    runs, placed = {}, {}
    if not counts_only:
        before = load()
        runs = measure.times(build, wanted, rounds)
        out += ["", "## Times", "",
                f"{rounds} rounds, one processor; load of the machine before "
                f"{before}, after {load()}. The ratio is that of one round.", ""]
        both = {k: v for k, v in runs.items()
                if k[1] not in measure.SERVER_WAYS}
        out += times_table(rates_of(both))
        placed = {"one": {k: v for k, v in runs.items() if k not in both}}
        servers = [w for w in wanted if w[1] in measure.SERVER_WAYS]
        for place in measure.PLACES if len(os.sched_getaffinity(0)) > 1 else []:
            if place != "one":
                placed[place] = measure.times(
                    build, [w for w in servers if w[2] in (
                        "byte", "completion", "channel-byte", "yield")],
                    rounds, place)
        out += ["", "## A server alone", ""]
        for place, of in placed.items():
            out += [HEADS[place], ""] + servers_table(of) + [""]
    with open(os.path.join(build, f"{platform}.json"), "w") as file:
        json.dump({"requests": [[list(k), v] for k, v in counts.items()],
                   "memory": [[list(k), v] for k, v in idle.items()],
                   "runs": [[list(k), v] for k, v in runs.items()],
                   "placed": {place: [[list(k), v] for k, v in of.items()]
                              for place, of in placed.items()}},
                  file)
    text = "\n".join(out).rstrip() + "\n"
    with open(os.path.join(measure.TOP, "bench", "results",
                           f"{platform}.md"), "w") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
