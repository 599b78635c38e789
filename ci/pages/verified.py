"""Which Windows was verified by whom: the files of conformance/results."""
import json
import os
import re

from pages import windows

FOLDER = "conformance/results/windows"
# NEEDED: the members that a run must have. MORE: the members that it may have.
NEEDED = {"date", "by", "where", "build", "commit", "reports"}
MORE = {"product", "edition", "ubr", "note"}
COUNTS = ["passed", "failed", "expected_failures", "skipped", "unresolved"]
NOT_RUN = "not run"


class Broken(Exception):
    """A file of results is not what conformance/results/README.md says."""


def path_of(top, version):
    return os.path.join(top, FOLDER, f"{version}.json")


def check_run(path, run):
    def want(good, what):
        if not good:
            raise Broken(f"{path}: {what}")

    missing, unknown = NEEDED - set(run), set(run) - NEEDED - MORE
    want(not missing, f"a run lacks {', '.join(sorted(missing))}")
    want(not unknown, f"nobody reads {', '.join(sorted(unknown))}")
    want(re.fullmatch(r"\d{4}-\d\d-\d\d", run["date"]), "date: 2026-12-31")
    want(windows.numbers(run["build"]), "build: 10.0.19045")
    want(run["by"].strip() and run["where"].strip(), "who ran it, and where?")
    want(run["reports"], "a run has a report of an architecture")
    for report in run["reports"]:
        want(set(report) == {"architecture", "red", *COUNTS},
             "a report has architecture, red and the five counts")
        want(isinstance(report["red"], bool), "red: true or false")
        want(all(isinstance(report[c], int) for c in COUNTS), "counts")


def load(top, version):
    """The file of a version, checked."""
    path = path_of(top, version)
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    if set(data) != {"version", "runs"} or data["version"] != version:
        raise Broken(f"{path}: version and runs, and of the file's own version")
    for run in data["runs"]:
        check_run(path, run)
        seen = windows.key(run["build"], run.get("product", ""))
        if seen != version:
            raise Broken(f"{path}: build {run['build']} is not {version}")
    return data


def rows(top):
    """A row a version, in the order of the versions: what the page and the
    table of ci/results show. Only the newest run counts."""
    result = []
    for version in windows.WANTED:
        runs = sorted(load(top, version)["runs"], key=lambda r: r["date"])
        row = {"version": version, "name": windows.NAMES[version],
               "result": NOT_RUN, "build": "", "date": "", "by": "",
               "where": "", "commit": "", "red": False, "architectures": ""}
        if runs:
            run = runs[-1]
            reports = run["reports"]
            row["red"] = any(report["red"] for report in reports)
            row["result"] = "unexpected results" if row["red"] else "as expected"
            row["build"] = ".".join(
                part for part in (run["build"], run.get("ubr", "")) if part)
            row["architectures"] = ", ".join(
                report["architecture"] for report in reports)
            for member in ("date", "by", "where", "commit"):
                row[member] = run[member]
        result.append(row)
    return result


def run_of(reports, date, by, where, commit):
    """A run from reports of the suite, as the runner wrote them. `commit` None:
    the one that they tell."""
    run = {"date": date, "by": by, "where": where}
    for report in reports:
        platform = report["platform"]
        if platform["world"] != "windows":
            raise Broken(f"a report of {platform['world']} verifies no Windows")
        for member in ("build", "product", "edition", "ubr"):
            value = platform.get(member, "")
            if run.setdefault(member, value) != value:
                raise Broken(f"the reports disagree on {member}")
    commits = {report["platform"].get("commit", "") for report in reports}
    if commit is None:
        if len(commits) != 1 or commits == {""}:
            raise Broken("the reports tell no commit, or not one: --commit")
        commit = commits.pop()
    run["commit"] = commit
    run["reports"] = [dict(
        {"architecture": r["platform"]["architecture"],
         "red": r["summary"]["red"]},
        **{count: r["summary"][count] for count in COUNTS}) for r in reports]
    return {member: value for member, value in run.items() if value != ""}
