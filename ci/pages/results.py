"""The JSON reports of the suite, one a platform, as one model."""
import json
import os
import re

from pages import windows

# The letters of the results, the worst first. A red unresolved run is a run
# that no expectation excuses.
LETTERS = {
    "crashed": "c", "hung": "h", "failed": "f", "unexpected-pass": "x",
    "unresolved-red": "u", "expected-failure": "e", "unresolved": "r",
    "passed": "p", "skipped": "s", "pending": "n",
}
WORDS = {
    "c": "crashed", "h": "hung", "f": "failed", "x": "passed unexpectedly",
    "u": "unresolved", "e": "differs, as expected", "r": "differs, unresolved",
    "p": "passed", "s": "skipped", "n": "not run", " ": "not run",
}
SIGNS = {
    "c": "✗", "h": "✗", "f": "✗", "x": "!", "u": "?", "e": "△", "r": "△",
    "p": "✓", "s": "–", "n": "", " ": "",
}
RED = "chfxu"
DIFFERS = "er"
WORST_FIRST = "chfxuerps"
WORLDS = {"windows": "Windows", "wine": "Wine", "sim": "Simulated kernel"}


def worst(letters):
    """One letter for the runs of a case: skipped only where all are."""
    for letter in WORST_FIRST:
        if letter in letters:
            return letter
    return " "


def _bench_beside(path):
    """The measurements that `run.cmd --bench` leaves beside a report, or []."""
    beside = os.path.join(os.path.dirname(path), "more", os.path.basename(
        path).removesuffix(".json") + ".bench.json")
    try:
        with open(beside, encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return []


class Platform:
    """The report of a platform: the runs and their results."""

    def __init__(self, path, data):
        facts = data.get("platform", {})
        self.key = re.sub(r"[^A-Za-z0-9_.-]", "-",
                          os.path.basename(path).removesuffix(".json"))
        self.world = facts.get("world", "")
        self.version = facts.get("version", "")
        self.build = facts.get("build", "")
        self.architecture = facts.get("architecture", "")
        self.compiler = facts.get("compiler", "")
        self.seed = facts.get("seed", "")
        self.product = facts.get("product", "")
        self.edition = facts.get("edition", "")
        self.ubr = facts.get("ubr", "")
        self.subject = facts.get("subject")  # the program, if it is not npipe
        self.windows = data.get("windows", "")  # the one that was asked for
        self.note = data.get("note", "")
        self._name_windows()
        self.seconds = data.get("seconds")
        self.cpu_seconds = data.get("cpu_seconds")
        self.reason = data.get("not_run", "")
        self.summary = data.get("summary", {})
        self.cases = data.get("cases", [])
        self.results = data.get("results", [])
        self.answers = data.get("answers", [])
        # The further files of a run of run.cmd, a word for each.
        self.more = data.get("more", {})
        self.bench = data.get("bench") or _bench_beside(path)
        self.red = sum(1 for r in self.results if r["red"])
        if not self.results and not self.reason:
            self.reason = ("the questions were asked alone" if self.answers
                           else "the report has no results")

    def _name_windows(self):
        """The name that was asked for, and a note where the build is not of
        it; else the build's name."""
        seen = (windows.name(self.build, self.product)
                if self.world != "sim" else "")
        if self.windows and seen and seen != self.windows \
                and self.world == "windows":
            self.note = "; ".join(
                part for part in (self.note, f"its build is {seen}'s") if part)
        self.windows = self.windows or seen

    @property
    def whole_build(self):
        return ".".join(part for part in (self.build, self.ubr) if part)

    @property
    def short(self):
        """The label of a column below the name of its world."""
        version = self.version.split(" ")[0]
        if self.world == "windows":
            version = f"{windows.short(self.windows)} ({self.whole_build})"
        elif self.world == "wine" and self.windows:
            version += " as " + self.windows.replace("Windows ", "win")
        parts = [version, self.architecture]
        return " · ".join(part for part in parts if part)

    @property
    def label(self):
        name = f"{WORLDS.get(self.world, self.world)} {self.short}".strip()
        return f"{name} ({self.note})" if self.note else name

    def order(self):
        worlds = list(WORLDS)
        world = (worlds.index(self.world) if self.world in worlds
                 else len(worlds))
        numbers = [int(n) for n in re.findall(r"\d+", self.version)]
        if self.world == "sim":
            # In the order of the kernel's own list: the first is the usual one.
            names = ["win11", "win7", "disputed", "open", "refuted", "coarse",
                     "unordered", "slow"]
            numbers = [names.index(self.version) if self.version in names
                       else len(names)]
        return (world, numbers, [int(n) for n in re.findall(r"\d+", self.build)]
                if self.world != "sim" else [], self.architecture != "x86_64",
                self.architecture, self.key)


class Results:
    """The platforms, and the cases that at least one platform knows. Reports on
    other programs than npipe stand apart."""

    def __init__(self, files):
        reports = []
        for path in files:
            with open(path, encoding="utf-8") as report:
                reports.append(Platform(path, json.load(report)))
        reports.sort(key=Platform.order)
        self.platforms = [r for r in reports if not r.subject]
        # Reports of npipe-subjects, which judges other programs.
        self.subjects = sorted(
            (r for r in reports if r.subject),
            key=lambda r: (r.subject["name"].lower(), r.subject["version"]))
        self.cases = {}
        self.whole = []  # failures of an area, or of the expectations
        for index, platform in enumerate(self.platforms):
            for case in platform.cases:
                known = self.cases.setdefault(case["id"], dict(
                    case, variants=[], runs={}))
                for variant in case["variants"]:
                    if variant not in known["variants"]:
                        known["variants"].append(variant)
            for result in platform.results:
                self._add(index, result)
        self.cases = dict(sorted(self.cases.items()))
        for case in self.cases.values():
            case["cells"] = [
                worst({case["runs"][key]["letter"] for key in case["runs"]
                       if key[0] == index})
                for index in range(len(self.platforms))]

    def _add(self, index, result):
        case = self.cases.get(result["id"])
        word = result["result"]
        if word == "unresolved" and result["red"]:
            word = "unresolved-red"
        run = dict(result, letter=LETTERS[word])
        if case is None or result["variant"] not in case["variants"]:
            self.whole.append((index, result))
        else:
            case["runs"][index, result["variant"]] = run

    @property
    def ran(self):
        return [p for p in self.platforms if not p.reason]

    @property
    def not_run(self):
        return [p for p in self.platforms if p.reason]

    @property
    def red(self):
        return sum(p.red for p in self.ran)

    def counts(self):
        """The number of runs for each letter."""
        counts = dict.fromkeys(WORST_FIRST, 0)
        for case in self.cases.values():
            for run in case["runs"].values():
                counts[run["letter"]] = counts.get(run["letter"], 0) + 1
        return counts

    @property
    def shown(self):
        """The cases of which a run passed and none did otherwise; a skipped run
        shows nothing."""
        return [case for case in self.cases.values()
                if worst({run["letter"] for run in case["runs"].values()})
                == "p"]

    @property
    def never_ran(self):
        """The cases that each platform skipped, or had no part for."""
        return [case for case in self.cases.values() if not any(
            run["letter"] not in "sn" for run in case["runs"].values())]

    def columns(self):
        """Groups of the platforms that ran, which differ in what hardly matters:
        [(key, world, label, [index])]. Of the simulated kernel only its usual
        settings are there, if any report has them: the others differ on
        purpose."""
        ran = [(i, p) for i, p in enumerate(self.platforms) if not p.reason]
        usual = [i for i, p in ran if p.world == "sim" and p.version == "win11"]
        columns = {}
        for index, platform in ran:
            if platform.world == "sim":
                if usual and index not in usual:
                    continue
                label = "kernel" if usual else platform.version
            elif platform.world == "windows":
                label = windows.short(platform.windows) or platform.version
            else:
                label = platform.version.split(" ")[0]
                label += " sid" if "new WoW64" in platform.note else ""
            columns.setdefault((platform.world, label), []).append(index)
        return [(re.sub(r"[^a-z0-9.]+", "-", f"{world} {label}".lower()), world,
                 label, indexes) for (world, label), indexes in columns.items()]

    def areas(self):
        areas = {}
        for case in self.cases.values():
            areas.setdefault(case["area"], []).append(case)
        return areas

    def deviations(self):
        """The expected deviations, an entry for each reason and evidence."""
        entries = {}
        for case in self.cases.values():
            for (index, variant), run in case["runs"].items():
                if "reason" not in run:
                    continue
                key = (run["reason"], run["link"], run["letter"] == "s")
                entry = entries.setdefault(key, {
                    "reason": run["reason"], "link": run["link"],
                    "skipped": run["letter"] == "s", "cases": {},
                    "platforms": set()})
                entry["cases"].setdefault(case["id"], set()).add(variant)
                entry["platforms"].add(index)
        return sorted(entries.values(), key=lambda e: (
            e["skipped"], min(e["platforms"]), min(e["cases"])))
