"""The outcome of a run: reports for the page, or the reason for their absence.

A report counts only if the guest came to its end and the report is whole. In
every other case the page gets `not run` with the reason, never a pass. Further
files of a run (users, answers, scripts, probe, measurements) are kept in a
folder `NAME.more`. The report lists each of them, or the reason for its
absence."""
import json
import os
import shutil

from vm import versions

ARCHITECTURES = ("x86_64", "i686", "aarch64")
NOT_RUN = "not run: "


def _read(folder, name):
    try:
        with open(os.path.join(folder, name), encoding="utf-8",
                  errors="replace") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def _last_line(folder, name):
    lines = [line.strip() for line in _read(folder, name).splitlines()]
    return next((line for line in reversed(lines) if line), "")


def _users(more, architecture, data):
    ran = sum(1 for result in data["results"]
              if result["id"].startswith("users/")
              and result["result"] not in ("skipped", "pending"))
    if ran:
        return f"{ran} cases"
    why = _last_line(more, f"windows-{architecture}.users.txt")
    skipped = [result.get("reason", "") for result in data["results"]
               if result["id"].startswith("users/")]
    return NOT_RUN + (why.removeprefix("npipe-users: not run: ")
                      or next(filter(None, skipped), "")
                      or "no case about users was selected")


def _answers(data):
    answers = data.get("answers", [])
    found = sum(1 for answer in answers if answer.get("answer"))
    return (f"{found} of {len(answers)} questions" if answers
            else NOT_RUN + "no question was asked")


def _scripts(more, architecture):
    count = len([line for line in _read(
        more, f"windows-{architecture}.script.txt").splitlines()
        if line.strip() == "end"])
    if count:
        return f"{count} programs"
    return NOT_RUN + (_last_line(more, f"windows-{architecture}.errors.txt")
                      or "run.cmd was not asked for --more")


def _json(more, name, option):
    """(the data, why there is none)."""
    text = _read(more, name)
    if not text:
        return None, NOT_RUN + f"run.cmd was not asked for {option}"
    try:
        return json.loads(text), ""
    except ValueError as error:
        return None, NOT_RUN + f"{name} is cut or damaged: {error}"


def _beside(more, architecture, data):
    """The further files of a run, {what: a few words}, and the measurements."""
    said = {"users": _users(more, architecture, data),
            "answers": _answers(data),
            "scripts": _scripts(more, architecture)}
    probe, why = _json(more, f"windows-{architecture}.probe.json", "--more")
    said["probe"] = why or f"{len(probe) - 1} measurements"
    bench = []
    if architecture == "x86_64":
        runs, why = _json(more, "windows-x86_64.bench.json", "--bench")
        bench = [run for run in runs or [] if run]
        said["bench"] = (why or f"{len(bench)} runs" if bench or why
                         else NOT_RUN + "no program has measured anything")
    return said, bench


class Outcome:
    """Writes the reports of one run to `folder`, named `name`-ARCHITECTURE."""

    def __init__(self, version, folder, name, seconds=None):
        self.version = version
        self.folder = folder
        self.name = name
        self.more = {"note": "in a virtual machine"}
        if seconds is not None:
            self.more["seconds"] = round(seconds, 1)
        self.reports = []
        self.reasons = []
        self.beside = []  # what came beside the suite, a line each
        self.red = 0

    def not_run(self, reason, picture="", architecture=""):
        """Makes a report without results, with the reason."""
        name = "-".join(filter(None, (self.name, architecture)))
        data = {"platform": {"world": "windows", "version": self.version.key,
                             "architecture": architecture},
                "windows": self.version.name, **self.more, "not_run": reason}
        if picture:
            data["screenshot"] = picture
            data["not_run"] += f" (screen: {picture})"
        self._write(name, data)
        self.reasons.append(reason)

    def take(self, came, picture=""):
        """Takes what the guest left in the folder `came`."""
        code = _read(came, "exit.txt")
        if not os.path.exists(os.path.join(came, "ended.txt")):
            self.not_run("the guest stopped early: "
                         + ("it did not finish" if os.path.exists(
                             os.path.join(came, "started.txt"))
                            else "the suite had not started"), picture)
            return
        found = 0
        for architecture in ARCHITECTURES:
            path = os.path.join(came, "reports",
                                f"windows-{architecture}.json")
            if os.path.exists(path):
                found += 1
                self._take_report(path, architecture, came, picture)
        more = os.path.join(came, "reports", "more")
        if os.path.isdir(more):
            shutil.copytree(more, os.path.join(self.folder, f"{self.name}.more"))
        if not found:
            said = _last_line(came, "run.txt") or "it said nothing"
            self.not_run(f"run.cmd ended with {code or 'no code'} and left no"
                         f" report: {said}", picture)
        elif code != "0" and not self.red and not self.reasons:
            self.red = 1  # run.cmd knows of something that no report shows

    def _take_report(self, path, architecture, came, picture):
        try:
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
            platform, results = data["platform"], data["results"]
            red = sum(1 for result in results if result["red"])
            if not data["summary"] or not results:
                raise ValueError("no results")
        except (ValueError, KeyError, TypeError) as error:
            self.not_run(f"the report of {architecture} is cut or damaged:"
                         f" {error}", picture, architecture)
            return
        if platform.get("world") == "windows":
            wrong = versions.misnamed(self.version, platform)
            if wrong is not None:
                self.not_run(wrong, picture, architecture)
                return
        said, bench = _beside(os.path.join(came, "reports", "more"),
                              architecture, data)
        self.beside += [f"{architecture} {what}: {words}"
                        for what, words in said.items()]
        data.update(windows=self.version.name, **self.more, more=said,
                    ver=_read(came, "started.txt"))
        if bench:
            data["bench"] = bench
        self._write(f"{self.name}-{architecture}", data)
        for kind in ("xml", "txt"):
            beside = path.removesuffix("json") + kind
            if os.path.exists(beside):
                shutil.copyfile(beside, os.path.join(
                    self.folder, f"{self.name}-{architecture}.{kind}"))
        self.red += red

    def _write(self, name, data):
        path = os.path.join(self.folder, f"{name}.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
            file.write("\n")
        os.replace(path + ".new", path)
        self.reports.append(path)

    @property
    def exit_code(self):
        if self.reasons:
            return 3
        return 1 if self.red else 0
