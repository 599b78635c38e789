"""Compares the traces of two runs on the simulated kernel. The traces of a run
are a folder with a file for each case (--traces)."""
import difflib
import filecmp
import os
import re

# These calls may start a thread. It changes the clock even if none of its calls is
# in the trace.
STARTS = re.compile("CreateThread|RegisterWait|QueueUserWorkItem|.*Threadpool")


def differing(one, other):
    """The names of the traces that differ or that one of the folders lacks."""
    names = {*os.listdir(one), *os.listdir(other)}
    _, differ, absent = filecmp.cmpfiles(one, other, names, shallow=False)
    return {*differ, *absent}


def lines_of(folder, name):
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as trace:
            return trace.readlines()
    except FileNotFoundError:
        return []


def is_of_several_threads(folder, name):
    """Returns whether a trace has several threads: the machine decides their
    order, not the seed."""
    calls = [line.split(None, 3) for line in lines_of(folder, name)]
    return any(thread != calls[0][1] or STARTS.match(call)
               for _, thread, call, *_ in calls)


def difference(one, other, name):
    """The different lines, as diff prints them."""
    return [line.rstrip("\n") for line in difflib.unified_diff(
        lines_of(one, name), lines_of(other, name), f"{name}, first",
        f"{name}, again", n=2)]


def count(folder):
    """Counts the traces that are not empty."""
    return sum(entry.stat().st_size > 0 for entry in os.scandir(folder))
