"""costs.py TABLE SIM-BUILD WINE-BUILD|- [--update]: the regression guard.

Counts what the workloads cost on the simulated kernel, and three of them under
Wine, and compares with the committed table: exact counts may not rise.
Instructions depend a little on the compiler: 3 % are let pass. What has fallen
is told, so that the table can follow."""

import json
import sys

import measure

# The instructions are counted for the basic way only; the other ways use it.
# They are the same for each number of connections.
INSTRUCTIONS = ("echo-1", "stream-128", "scale-16", "scale-1000", "scale-16000")
COUNTED = [("completion", w) for w in [*measure.WORKLOADS, *measure.SIM_WORKLOADS]
           if w not in measure.SERVER_WAYS]
SIM = COUNTED + [(way, w) for way in measure.WAYS
                 for w in ("echo-1", "stream-60k", "stream-128", "connect")
                 if way not in ("completion", "yield")
                 and measure.makes_sense(way, w)]
WINE = [("npipe", w, "completion") for w in ("echo-1", "stream-128", "connect")]
KEPT = ("calls_total", "GetQueuedCompletionStatusEx", "allocations",
        "allocated_bytes", "copies", "copied_bytes", "instructions")
SLACK = {"instructions": 1.03}


def gather(sim, wine):
    table = {}
    for way, workload in SIM + [("completion", "idle-1000"),
                                ("probe", "idle-1000")]:
        exact = measure.simulated(
            sim, way, workload,
            way == "completion" and workload in INSTRUCTIONS)
        if exact is not None:
            table[f"sim {workload} {way}"] = {
                name: round(exact[name], 4) for name in KEPT if name in exact}
    if wine != "-":
        for (_, workload, way), by_type in measure.requests(wine, WINE).items():
            table[f"wine {workload} {way}"] = {
                "requests": round(measure.total(by_type), 2)}
    return table


def main():
    path, sim, wine = sys.argv[1:4]
    table = gather(sim, wine)
    try:
        with open(path) as file:
            known = json.load(file)
    except FileNotFoundError:
        known = {}
    if "--update" in sys.argv:
        known.update(table)
        with open(path, "w") as file:
            lines = [f"  {json.dumps(key)}: {json.dumps(known[key])}"
                     for key in sorted(known)]
            file.write("{\n" + ",\n".join(lines) + "\n}\n")
        return 0
    failed = 0
    for key, limits in sorted(known.items()):
        if key not in table:
            if wine != "-" or not key.startswith("wine"):
                print(f"FAIL {key}: not measured")
                failed += 1
            continue
        for name in sorted(set(limits) | set(table[key])):
            limit = limits.get(name, 0)
            value = table[key].get(name, 0)
            if value > limit * SLACK.get(name, 1) + 0.004:
                print(f"FAIL {key}: {name} {limit} -> {value}")
                failed += 1
            elif value < limit:
                print(f"less {key}: {name} {limit} -> {value}")
    print(f"{len(table)} workloads counted, {failed} counts have risen")
    return 1 if failed else 0


sys.exit(main())
