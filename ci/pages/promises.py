"""Whether the cases keep what the public headers promise, as a matrix:
function x mode and end x outcome."""
from pages import headers, results

# Columns: a mode and an end, or the mode alone where no end is named.
PLACES = [f"{mode}-{end}" for mode in headers.MODE_NAMES
          for end in headers.END_NAMES]


def is_in(variant, place):
    """Whether a run in `variant` shows something of `place`: a case that names a
    mode alone, or an end alone, counts for the other of it."""
    mode, _, end = place.rpartition("-")
    return variant in (place, mode, end)


def matrix(top, cases, links=None):
    """An entry a function: its rows, an outcome each, of cells with the number
    of cases, and how they came out (a letter of results) where they ran."""
    by_function = {}
    for case in cases:
        by_function.setdefault(case["function"], []).append(case)
    entries = []
    for function in headers.functions(top):
        mine = by_function.get(function.name, [])
        outcomes = function.outcomes or sorted({c["outcome"] for c in mine})
        # What a case shows and the header doesn't name, as "what Windows said".
        others = sorted({c["outcome"] for c in mine} - set(outcomes))
        rows = []
        for outcome in list(outcomes) + others:
            showing = [c for c in mine if c["outcome"] == outcome]
            cells = []
            for place in ["any"] + PLACES:
                found = [c for c in showing
                         if ("" in c["variants"] if place == "any" else
                             any(is_in(v, place) for v in c["variants"]))]
                cells.append({"count": len(found), "letter": results.worst(
                    {cell for c in found for cell in c.get("cells", ())})})
            rows.append({"outcome": outcome, "cells": cells,
                         "promised": outcome in outcomes})
        entries.append({
            "name": function.name, "header": function.header, "rows": rows,
            "function": function,
            "address": links and links.file(
                "src/include/npipe/" + function.header)})
    return entries


def missing(top, cases):
    """Lines that say what no case shows."""
    lines = []
    for entry in matrix(top, cases):
        function = entry["function"]
        rows = {row["outcome"]: row["cells"] for row in entry["rows"]}
        if not any(c["count"] for cells in rows.values() for c in cells):
            lines.append(f"{function.name}: no case shows what it does")
            continue
        for outcome in function.outcomes:
            if not any(cell["count"] for cell in rows[outcome]):
                lines.append(f"{function.name}: no case shows {outcome}")
        good = [rows["NP_OK"]] if function.is_error else list(rows.values())
        for place, column in zip(PLACES, range(1, 1 + len(PLACES))):
            mode, _, end = place.rpartition("-")
            if (mode in function.modes
                    and (not function.ends or end in function.ends)
                    and not any(cells[column]["count"] for cells in good)):
                lines.append(f"{function.name}: no case shows a success in"
                             f" {mode.replace('-', ' with ')} mode"
                             f"{' at the ' + end + chr(39) + 's end' if function.ends else ''}")
    return lines
