"""Other programs than npipe that npipe-subjects judged: cases by subject."""
import collections
import re

from pages import results

CAUSES = {"library": "the library", "platform": "the platform",
          "adapter": "the adapter"}
UNKNOWN = "not known yet"
FAILS = "chfxuer"


def label(platform):
    return " ".join(part for part in (
        platform.subject["name"], platform.subject["version"]) if part)


def key(platform):
    return re.sub(r"[^a-z0-9.]+", "-", label(platform).lower()).strip("-")


def rows_text(ids):
    """The museum's rows in words: "row D07" or "row D07, M02 or M09"."""
    ids = list(ids)
    return "row " + (", ".join(ids[:-1]) + " or " + ids[-1]
                     if len(ids) > 1 else ids[0])


def failures(platform):
    """What failed, an entry for each reason: the cases with their variants,
    whose doing it is, the evidence, and rows of the museum."""
    cases = {case["id"]: case for case in platform.cases}
    found = collections.OrderedDict()
    for result in platform.results:
        if result["result"] in ("passed", "skipped", "pending"):
            continue
        cause = result.get("cause", "")
        reason = result.get("reason") or result["message"].strip()
        entry = found.setdefault((cause, reason), {
            "cause": cause, "reason": reason, "link": result.get("link", ""),
            "cases": {}, "museum": []})
        entry["cases"].setdefault(result["id"], []).append(result["variant"])
        for row in cases.get(result["id"], {}).get("museum", []):
            if row not in entry["museum"]:
                entry["museum"].append(row)
    return list(found.values())


def counts(platform, every):
    """Runs that passed and failed, and those of `every`, a set of (id, variant),
    that do not apply to the subject."""
    failed = sum(results.LETTERS.get(r["result"], "f") in FAILS
                 for r in platform.results)
    passed = sum(r["result"] == "passed" for r in platform.results)
    own = {(r["id"], r["variant"]) for r in platform.results}
    return passed, failed, len(every - own)


def every_run(platforms):
    return {(r["id"], r["variant"]) for p in platforms for r in p.results}


def _cell(platform, case):
    runs = [r for r in platform.results if r["id"] == case["id"]]
    letter = results.worst({results.LETTERS.get(r["result"], "f")
                            for r in runs})
    if letter not in FAILS:
        return {"letter": letter, "cause": "", "text":
                "does not apply to it" if letter == " "
                else results.WORDS[letter]}
    bad = [r for r in runs
           if results.LETTERS.get(r["result"], "f") in FAILS]
    where = ", ".join(r["variant"] for r in bad if r["variant"])
    text = f"fails ({where})" if where else "fails"
    cause = bad[0].get("cause", "")
    text += f"; cause: {CAUSES.get(cause, UNKNOWN)}"
    if case["museum"]:
        text += f"; has the bug of {rows_text(case['museum'])}"
    return {"letter": letter, "cause": cause or "?",
            "text": f"{text}: {bad[0].get('reason') or bad[0]['message']}"}


def table(platforms, links):
    """The columns and the rows of the tab, or None without a report."""
    if not platforms:
        return None
    every = every_run(platforms)
    cases = {}
    for platform in platforms:
        for case in platform.cases:
            cases.setdefault(case["id"], case)
    columns = []
    for platform in platforms:
        passed, failed, other = counts(platform, every)
        columns.append({
            "key": key(platform), "label": label(platform),
            "name": platform.subject["name"],
            "version": platform.subject["version"],
            "adapter": platform.subject["adapter"], "on": platform.label,
            "passed": passed, "failed": failed, "other": other,
            "seconds": round(sum(r["ms"] for r in platform.results) / 1000),
            "failures": [dict(f, link=links.evidence(f["link"])
                              if f["link"] else "",
                              cause=CAUSES.get(f["cause"], UNKNOWN))
                         for f in failures(platform)]})
    areas = collections.OrderedDict()
    for case in sorted(cases.values(), key=lambda c: c["id"]):
        cells = [_cell(platform, case) for platform in platforms]
        areas.setdefault(case["area"], []).append(dict(
            case, cells=cells, search=" ".join(
                [case["id"], case["requirement"], *case["museum"],
                 *(c["text"] for c in cells)]).lower()))
    return {"columns": columns, "areas": list(areas.items()),
            "cases": len(cases)}
