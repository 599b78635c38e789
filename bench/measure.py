"""The runs and the counts of the measurements; ci/bench and ci/costs are the
commands.

A count is a difference: COUNT operations, and twice as many. So the begin and
the end of a workload do not count. A time is a median of rounds, in which the
programs take turns."""

import collections
import json
import os
import re
import statistics
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

WAYS = ["completion", "message", "read-ahead", "probe", "channel-byte",
        "channel-message", "channel-call", "channel-gather", "yield"]
PEERS = ["port", "floor", "asio", "libuv"]
# Operations for the counts under Wine, on the simulated kernel, for the times.
# Of the last as many as take some tenths of a second.
WORKLOADS = {
    "echo-1": (400, 400, 3000),
    "echo-64": (1280, 1280, 3200),
    "scale-1000": (4000, 4000, 4000),
    "scale-4000": (8000, 8000, 8000),
    "stream-64k": (100, 200, 1500),
    "stream-60k": (100, 200, 1500),
    "stream-128": (2048, 2048, 20000),
    "connect": (100, 200, 600),
    "connect-recycled": (100, 200, 600),
    "server-1": (400, None, 1500),
    "server-64": (1280, None, 2560),
    "server-rpc": (400, None, 1500),
    "server-stream": (200, None, 500),
    "server-connect": (200, None, 500),
}
# npipe's ways in the workloads of a server alone. The clients of the others know
# no frames; a channel cannot be given back to a listener.
SERVER_WAYS = {
    "server-1": ("completion", "message", "read-ahead", "probe",
                 "channel-message", "yield"),
    "server-64": ("completion", "read-ahead", "channel-message", "yield"),
    "server-rpc": ("completion", "channel-byte", "channel-message",
                   "channel-call", "yield"),
    "server-stream": ("completion", "message", "read-ahead",
                      "channel-message", "yield"),
    "server-connect": ("completion", "read-ahead", "yield"),
}
# Where a server, its clients and wineserver run: the processors of all, and the
# masks of the server and of the clients (0: those of all).
PLACES = {
    "one": ("0", 0, 0),
    "two": ("0,1", 0, 0),
    "wineserver apart": ("0", 2, 2),
    "clients apart": ("0", 1, 2),
}
# On the simulated kernel alone, with the number of operations.
SIM_WORKLOADS = {"scale-16": 1600, "scale-16000": 16000}
REQUEST = re.compile(r"([0-9a-f]+): ([a-z_0-9]+)\( ")
SIGNAL = re.compile(r"([0-9a-f]+): \*sent signal\*")
MARK = re.compile(
    r'name=L"npipe-bench (begin|end) (\S+) (\S+) (\S+) (\d+)"')


def makes_sense(way, workload):
    if workload in SERVER_WAYS:
        return way in SERVER_WAYS[workload] or way == "byte"
    if way in ("yield", "channel-call"):
        return False
    if way == "channel-gather":
        return workload.startswith("stream")
    if workload.startswith("scale"):
        return way in ("completion", "probe", "byte")
    return True


def wanted(peers):
    """(peer, workload, way) of all that is to be measured."""
    result = []
    for workload in WORKLOADS:
        for way in WAYS:
            if makes_sense(way, workload):
                result.append(("npipe", workload, way))
        for peer in peers:
            if peer != "npipe" and makes_sense("byte", workload):
                if (peer, workload) != ("floor", "scale-4000"):
                    result.append((peer, workload, "byte"))
    return result


# --- Under Wine ---------------------------------------------------------------

def wine(build, script, seconds, on_line, processors="0"):
    """Runs a shell script in one Wine, on these processors, with the programs'
    folder as $2 and a folder for files as $3."""
    # A process of real time waits for no other, so that a busy machine measures
    # as an idle one does.
    before = ["chrt", "-f", "10"] if "--real-time" in sys.argv else []
    programs = os.path.join(build, "bench")
    environment = dict(os.environ, NPIPE_WINE_TIMEOUT=str(seconds))
    run = subprocess.Popen(
        before + ["taskset", "-c", processors, os.path.join(TOP, "ci/wine-run"), "--sh",
         script, os.path.join(programs, "bench-npipe.exe"), programs],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        env=environment)
    for line in run.stdout:
        on_line(line.rstrip())
    if run.wait() != 0:
        progress(f"bench: a run under Wine ended with {run.returncode}: what "
                 "it had not measured by then is missing")


def command(peer, way, workload, count, options=""):
    line = f'wine "$2/bench-{peer}.exe" {options} {workload} {way} {count}'
    return f'{line} || [ $? = 77 ] || echo "failed: {peer} {workload} {way}"\n'


def progress(line):
    print(line, file=sys.stderr, flush=True)


def parse_trace(path):
    """The requests between the marks of each run, of the thread that set them:
    {(peer, workload, way, count): Counter}."""
    open_runs = {}
    runs = {}
    with open(path, errors="replace") as trace:
        for line in trace:
            found = REQUEST.match(line)
            if not found:
                found = SIGNAL.match(line)
                if found and found[1] in open_runs:
                    open_runs[found[1]][1]["(signals)"] += 1
                continue
            thread, name = found.groups()
            if name == "open_event":
                mark = MARK.search(line)
                if mark and mark[1] == "begin":
                    key = (mark[2], mark[3], mark[4], int(mark[5]))
                    open_runs[thread] = (key, collections.Counter())
                    continue
                if mark:
                    key, counter = open_runs.pop(thread)
                    runs[key] = counter
                    continue
            if thread in open_runs:
                open_runs[thread][1][name] += 1
    return runs


def requests(build, wanted):
    """Wineserver's requests per operation, by type: {(peer, workload, way):
    {type: number}}. A signal is no request. Each peer has a Wine of its own."""
    result = {}
    for peer in dict.fromkeys(peer for peer, _, _ in wanted):
        result.update(requests_of(build, [w for w in wanted if w[0] == peer]))
    return result


def requests_of(build, wanted):
    trace = os.path.join(build, "bench", "trace")
    script = ["wineserver -k; wineserver -w\n"
              'wineserver -f -d1 -p10 2>"$2/trace" &\nserver=$!\n']
    for peer, workload, way in wanted:
        count = WORKLOADS[workload][0]
        for times in (1, 2):
            script.append(command(peer, way, workload, count * times, "--marks"))
    script.append("wineserver -k; wait $server\n")

    def tell(line):
        if line.startswith("{"):
            run = json.loads(line)
            progress(f"  counted {run['peer']} {run['workload']} {run['way']} "
                     f"x {run['count']}")
        else:
            progress(line)

    wine(build, "".join(script), 300, tell)
    runs = parse_trace(trace)
    os.remove(trace)
    result = {}
    for peer, workload, way in wanted:
        count = WORKLOADS[workload][0]
        once = runs.get((peer, workload, way, count))
        twice = runs.get((peer, workload, way, 2 * count))
        if once is None or twice is None:
            continue
        result[(peer, workload, way)] = {
            name: (twice[name] - once[name]) / count
            for name in once | twice if twice[name] != once[name]}
    return result


def total(by_type):
    return sum(n for name, n in by_type.items() if not name.startswith("("))


def times(build, wanted, rounds, place="one"):
    """What the programs print, in each round: {(peer, workload, way): [run]}. A
    run has its `rate`, operations per second."""
    processors, on, clients_on = PLACES[place]
    options = f"--on {on} --clients-on {clients_on}" if on else ""
    script = ["wineserver -p60\n"]
    for i in range(rounds):
        script.append('read load rest </proc/loadavg\n'
                      f'echo "round {i + 1} of {rounds}, load $load"\n')
        for peer, workload, way in wanted:
            script.append(command(peer, way, workload, WORKLOADS[workload][2],
                                  options))
    result = collections.defaultdict(list)

    def take(line):
        if not line.startswith("{"):
            progress(line)
            return
        run = json.loads(line)
        run["rate"] = run["count"] / run["seconds"]
        result[(run["peer"], run["workload"], run["way"])].append(run)

    wine(build, "".join(script), 3000, take, processors)
    return dict(result)


def memory(build, wanted):
    """Bytes of the process per idle pair: {(peer, way): median of three}."""
    script = ["wineserver -p60\n"]
    for _ in range(3):
        for peer, way in wanted:
            script.append(command(peer, way, "idle-1000", 1))
    result = collections.defaultdict(list)

    def take(line):
        if line.startswith("{"):
            run = json.loads(line)
            result[(run["peer"], run["way"])].append(run["bytes_per_pair"])
        else:
            progress(line)

    wine(build, "".join(script), 900, take)
    return {key: statistics.median(values) for key, values in result.items()}


# --- On the simulated kernel --------------------------------------------------

def instructions(path):
    """The instructions in the files of src/, as callgrind counted them."""
    inside = False
    called = False
    count = 0
    with open(path) as dump:
        for line in dump:
            if line.startswith(("fl=", "fi=", "fe=")):
                inside = "/src/" in line and "/sim/" not in line
            elif line.startswith("calls="):
                called = True  # The next line is the callee's cost.
            elif line[:1].isdigit() or line[:1] in "+-*":
                if inside and not called:
                    count += int(line.split()[1])
                called = False
    return count


def simulated(build, way, workload, with_instructions):
    """Exact counts per operation, or None where there is no such workload."""
    count = (WORKLOADS[workload][1] if workload in WORKLOADS
             else SIM_WORKLOADS.get(workload, 1))
    if count is None:
        return None
    words = [os.path.join(build, "bench", "bench-costs"), workload, way,
             str(count)]
    dump = os.path.join(build, "bench", "callgrind.out")
    if with_instructions:
        words = ["valgrind", "-q", "--tool=callgrind", "--compress-strings=no",
                 "--compress-pos=no", f"--callgrind-out-file={dump}"] + words
    run = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode == 77:
        return None
    if run.returncode != 0:
        sys.exit(f"bench: {' '.join(words)} ended with {run.returncode}")
    once, twice = [json.loads(line) for line in run.stdout.splitlines()]
    if workload.startswith("idle"):
        pairs = once["count"]
        return {"allocated_bytes": once["allocated_bytes"] / pairs,
                "allocations": once["allocations"] / pairs}
    result = {}
    for name, value in twice.items():
        if isinstance(value, int) and name != "count":
            result[name] = (value - once[name]) / count
    if with_instructions:
        extra = instructions(dump + ".2") - instructions(dump + ".1")
        result["instructions"] = extra / (count * result["messages"])
        for name in (dump, dump + ".1", dump + ".2"):
            os.remove(name)
    return {name: value for name, value in result.items()
            if value or name == "calls_total"}


if __name__ == "__main__":
    # For run.cmd: a line PEER WORKLOAD WAY COUNT for each.
    for run in wanted(PEERS):
        print(*run, WORKLOADS[run[1]][2])
