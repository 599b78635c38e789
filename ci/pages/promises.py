"""The promises of the public headers and the cases that show them, as a matrix:
function x mode and end x outcome."""
from pages import headers, results

# Errors that come of the state of the pipe, so that a mode could make a
# difference. Only messages can be longer than a read.
STATE_ERRORS = {
    "ERROR_BROKEN_PIPE", "ERROR_NO_DATA", "ERROR_OPERATION_ABORTED",
    "ERROR_PIPE_LISTENING", "ERROR_PIPE_NOT_CONNECTED",
    "NP_WOULD_BLOCK", "WAIT_TIMEOUT", "ERROR_MORE_DATA"}
MESSAGES_ONLY = {"ERROR_MORE_DATA"}

# Columns: a mode and an end, or the mode alone where no end is named.
PLACES = [f"{mode}-{end}" for mode in headers.MODE_NAMES
          for end in headers.END_NAMES]


def is_in(variant, place):
    """Returns whether a run in `variant` shows something of `place`. A case
    with a mode alone counts for both ends; a case with an end alone counts for
    each mode."""
    mode, _, end = place.rpartition("-")
    return variant in (place, mode, end)


def tried(cases, columns):
    """A cell a column of platforms: of how many of the cases a run was really
    made there, and how it came out. A skipped run was not made."""
    cells = []
    for _, _, _, indexes in columns:
        letters = [results.worst({case["cells"][i] for i in indexes})
                   for case in cases]
        ran = [letter for letter in letters if letter not in "sn "]
        cells.append({"ran": len(ran), "count": len(cases),
                      "letter": results.worst(set(ran)) if ran else "s"})
    return cells


def matrix(top, cases, links=None, columns=()):
    """An entry a function: its rows, an outcome each, of cells with the number
    of cases, and how they came out (a letter of results) where they ran. With
    `columns` (results.columns) a row also has where its cases ran."""
    by_function = {}
    for case in cases:
        by_function.setdefault(case["function"], []).append(case)
    entries = []
    for function in headers.functions(top):
        mine = by_function.get(function.name, [])
        outcomes = function.outcomes or sorted({c["outcome"] for c in mine})
        # The outcomes that a case shows and the header does not name, for
        # example "what Windows said".
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
                         "tried": tried(showing, columns),
                         "promised": outcome in outcomes})
        entries.append({
            "name": function.name, "header": function.header, "rows": rows,
            "function": function,
            "address": links and links.file(
                "src/include/npipe/" + function.header)})
    return entries


def coverage(entries, columns):
    """An entry a column: how many of the promises, which a header names and a
    case shows, were tried there by all of their cases, by some and by none."""
    rows = [row for entry in entries for row in entry["rows"] if row["promised"]
            and any(cell["count"] for cell in row["cells"])]
    result = []
    for number, (_, world, label, _) in enumerate(columns):
        cells = [row["tried"][number] for row in rows]
        result.append({
            "name": results.WORLDS[world]
            + (f" {label}" if world != "sim" else ""),
            "promises": len(cells),
            "all": sum(0 < c["ran"] == c["count"] for c in cells),
            "some": sum(0 < c["ran"] < c["count"] for c in cells),
            "none": sum(c["ran"] == 0 for c in cells)})
    return result


def missing(top, cases):
    """Lists the promises that no case shows."""
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
        for mode in function.modes:
            for end in function.ends or [""]:
                if not shows(good, [f"{mode}-{end}"]):
                    lines.append(
                        f"{function.name}: no case shows a success in {mode}"
                        f" mode" + (f" at the {end}'s end" if end else ""))
            for error in set(function.errors) & STATE_ERRORS:
                # Perhaps only one of the ends can get this error.
                both = [f"{mode}-{end}" for end in headers.END_NAMES]
                if not (shows([rows[error]], both)
                        or error in MESSAGES_ONLY and mode != "message"):
                    lines.append(f"{function.name}: no case shows {error} in"
                                 f" {mode} mode")
    return list(dict.fromkeys(lines))


def shows(rows, places):
    """Returns whether a cell of `rows` in one of `places` counts a case. A
    place without an end, `byte-`, means each end of the mode."""
    return any(cells[column]["count"] for cells in rows
               for column, place in enumerate(PLACES, 1)
               if place in places or place.rpartition("-")[0] + "-" in places)
