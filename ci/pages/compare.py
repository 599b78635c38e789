"""Two sets of reports, an old and a new one: what became red, what was mended,
what changed otherwise."""
from pages import results

KINDS = [
    ("red", "New red", "It was not red before, or was not there."),
    ("mended", "Mended", "It was red before, and is not now."),
    ("changed", "Changed", "It has another result, and neither is red."),
    ("still", "Red before and now", "Another kind of failure, or the same."),
    ("new", "New cases", "The old reports do not know them."),
    ("gone", "Gone", "The new reports do not know them."),
]


def key_of(platform):
    return (platform.world, platform.version, platform.windows,
            platform.architecture, platform.compiler.split(" ")[0])


def pairs(old, new):
    """[(index in old, index in new)] of platforms that are compared: the same
    world, version, Windows and architecture. Where each side has one platform
    of a world left, these two are compared, too."""
    found, left_old, left_new = [], [], []
    by_key = {}
    for index, platform in enumerate(old.platforms):
        if not platform.reason:
            by_key.setdefault(key_of(platform), []).append(index)
    for index, platform in enumerate(new.platforms):
        if platform.reason:
            continue
        waiting = by_key.get(key_of(platform))
        if waiting:
            found.append((waiting.pop(0), index))
        else:
            left_new.append(index)
    left_old = [i for waiting in by_key.values() for i in waiting]
    for world in results.WORLDS:
        a = [i for i in left_old if old.platforms[i].world == world]
        b = [i for i in left_new if new.platforms[i].world == world]
        if len(a) == 1 and len(b) == 1:
            found.append((a[0], b[0]))
            left_old.remove(a[0])
            left_new.remove(b[0])
    return sorted(found, key=lambda p: p[1]), left_old, left_new


def runs_of(model, index):
    """{(id, variant): (letter, text)} of a platform."""
    runs = {}
    for case in model.cases.values():
        for (at, variant), run in case["runs"].items():
            if at == index:
                runs[case["id"], variant] = (
                    run["letter"], run.get("reason") or run["message"])
    for at, result in model.whole:
        if at == index:
            letter = results.LETTERS.get(result["result"], "f")
            runs[result["id"], result["variant"]] = (letter, result["message"])
    return runs


def kind_of(before, after):
    """The kind of a change, or None."""
    was = before is not None and before in results.RED
    is_red = after is not None and after in results.RED
    if is_red:
        return "still" if was else "red"
    if was:
        return "mended" if after is not None else "gone"
    if before is None:
        return "new"
    if after is None:
        return "gone"
    return "changed" if before != after else None


def changes(old, new):
    """{"pairs": [(label, label)], "left": [text], "kinds": [(name, title, what
    it means, [entry])]}. An entry is a case, what it was and is, and where."""
    found, left_old, left_new = pairs(old, new)
    groups = {}
    for a, b in found:
        before, after = runs_of(old, a), runs_of(new, b)
        for key in sorted(set(before) | set(after)):
            was, is_now = before.get(key), after.get(key)
            kind = kind_of(was and was[0], is_now and is_now[0])
            if kind is None:
                continue
            id, variant = key
            entry = groups.setdefault(
                (kind, id, was and was[0], is_now and is_now[0]),
                {"id": id, "was": was[0] if was else None,
                 "now": is_now[0] if is_now else None,
                 "text": (is_now or was)[1], "variants": [], "on": [],
                 "known": id in new.cases})
            for list_, value in (("variants", variant), ("on", b)):
                if value not in entry[list_]:
                    entry[list_].append(value)
    kinds = [(name, title, means,
              [entry for (kind, *_), entry in groups.items() if kind == name])
             for name, title, means in KINDS]
    return {
        "pairs": [(old.platforms[a].label, new.platforms[b].label)
                  for a, b in found],
        "left": [f"{old.platforms[i].label}: only in the old reports"
                 for i in left_old]
        + [f"{new.platforms[i].label}: only in the new reports"
           for i in left_new],
        "kinds": kinds}
