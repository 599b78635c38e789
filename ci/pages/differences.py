"""How platforms differ from Windows: conformance/expectations, as data."""
import fnmatch
import glob
import os
import re
import tomllib

FOLDER = "conformance/expectations"
WORLDS = ("wine", "windows", "sim")
DECLARED = re.compile(
    r'^NP_(?:PLATFORM_)?CASE\w*\(\s*"(?P<id>[^"]+)",\s*(?P<function>\w+),'
    r"\s*(?P<modes>[\w |]+),\s*(?P<outcome>\w+),", re.M)
MEMBERS = {"id", "topic", "windows", "other", "cases", "npipe", "code",
           "before", "prints"}


def _toml(top, name):
    with open(os.path.join(top, FOLDER, name), "rb") as file:
        return tomllib.load(file)


def entries(top):
    """All entries of the expectations, each with its world and one id."""
    return [dict(entry, id=id, world=world) for world in WORLDS
            for entry in _toml(top, f"{world}.toml")["case"]
            for id in ([entry["id"]] if isinstance(entry["id"], str)
                       else entry["id"])]


def load(top):
    """(the head of the reproductions, the differences, the skips). A difference
    has the entries that name its cases in `entries`."""
    data = _toml(top, "differences.toml")
    known = entries(top)
    for difference in data["difference"]:
        difference["entries"] = [
            entry for case in difference["cases"] for entry in known
            if entry["id"] == case and entry["world"] != "sim"]
    return data["head"], data["difference"], data["skipped"]


def declared(top):
    """{id: (function, outcome)} of the cases, as the sources declare them."""
    cases = {}
    for path in glob.glob(os.path.join(top, "conformance/*/**/*.c"),
                          recursive=True):
        with open(path, encoding="utf-8") as source:
            for match in DECLARED.finditer(source.read()):
                cases[match["id"]] = (match["function"], match["outcome"])
    return cases


def matches(pattern, id):
    """Returns whether the id of an entry means a case. The id may name a
    variant."""
    return fnmatch.fnmatchcase(id, pattern.split("@")[0])


def promises(difference, functions):
    """The functions of npipe that a difference touches: [(name, [outcome])].
    `functions` is {id: (function, outcome)}."""
    touched = {}
    for pattern in difference["cases"]:
        for id, (function, outcome) in functions.items():
            if matches(pattern, id) and function.startswith("np_"):
                outcomes = touched.setdefault(function, [])
                if outcome not in outcomes:
                    outcomes.append(outcome)
    return sorted(touched.items())


def since(difference):
    """In words, in which versions the platform differs."""
    words = []
    for on in dict.fromkeys(entry["on"] for entry in difference["entries"]):
        world, _, version = on.partition(" ")
        if on == "wine":
            words.append("every Wine that was tried")
        elif on == "windows < 6.2":
            words.append("Windows before 8")
        elif version.startswith("<= "):
            words.append(f"Wine up to {version[3:]}, mended later")
        elif version.startswith("< 6"):
            words.append(f"Wine before {version[2:]}")
        elif version.startswith("< "):
            words.append(f"Wine before {version[2:]}, mended there")
        else:
            words.append(on)
    # A word for every Wine says more than a word for some of its cases.
    return "; ".join(words)


def name_of(difference):
    """The platform that differs: `Wine`, or the old Windows."""
    worlds = {entry["world"] for entry in difference["entries"]}
    return "Wine" if "wine" in worlds else "Windows 7"


def problems(top):
    """Lines that say what the differences lack, or have too much."""
    lines = []
    _, differences, skipped = load(top)
    where = f"{FOLDER}/differences.toml"
    ids = set()
    named = set()
    for difference in differences:
        id = difference.get("id", "?")
        missing = MEMBERS - {"before", "entries"} - set(difference)
        unknown = set(difference) - MEMBERS - {"entries"}
        for member in sorted(missing):
            lines.append(f"{where}: {id} lacks {member}")
        for member in sorted(unknown):
            lines.append(f"{where}: {id}: nobody reads {member}")
        if id in ids:
            lines.append(f"{where}: {id} is there twice")
        ids.add(id)
        found = {entry["id"] for entry in difference["entries"]}
        for case in difference["cases"]:
            if case in named:
                lines.append(f"{where}: {case} is in two differences")
            named.add(case)
            if case not in found:
                lines.append(f"{where}: {id}: no expectation is called {case}")
    reasons = {entry["reason"] for entry in skipped}
    for entry in entries(top):
        if entry["world"] == "sim":
            continue
        if entry["expect"] == "skip":
            if entry["id"] not in named and entry["reason"] not in reasons:
                lines.append(f"{FOLDER}/{entry['world']}.toml: {entry['id']} is"
                             " skipped, and differences.toml has not its reason:"
                             f" {entry['reason']}")
        elif entry["id"] not in named:
            lines.append(f"{FOLDER}/{entry['world']}.toml: {entry['id']} differs,"
                         " and no difference of differences.toml names it")
    used = {entry["reason"] for entry in entries(top)}
    lines += [f"{where}: nothing is skipped because {reason!r}"
              for reason in sorted(reasons - used)]
    return lines
