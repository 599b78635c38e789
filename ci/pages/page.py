"""The pages: results, cases and promises as HTML, Markdown and SVG."""
import collections
import datetime
import json
import os

import jinja2
import markupsafe

from pages import bugs as museum
from pages import (bench, compare, differences, libraries, promises,
                   questions, results, sources, verified)

PAGES = os.path.dirname(os.path.abspath(__file__))
REFERENCE = "reference/index.html"  # made by ci/reference beside the page
SHOWN_MAX = 12  # cases of a row before the rest is folded


def text_of(name):
    with open(os.path.join(PAGES, name), encoding="utf-8") as file:
        return file.read()


def script_json(data):
    """JSON that may stand in a <script>: no text can end it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return markupsafe.Markup(text)


def path_of(case):
    """The file of a case from the top of the repository."""
    path = case["file"].replace("\\", "/")
    return path[path.find("conformance/"):] if "conformance/" in path else path


def notes_of(case, links):
    """The messages of the runs of a case that did not simply pass, without
    repetition."""
    notes = collections.OrderedDict()
    for (index, variant), run in sorted(case["runs"].items()):
        if run["letter"] == "p":
            continue
        key = (run["letter"], run["message"], run.get("reason", ""),
               run.get("link", ""))
        where = notes.setdefault(key, {})
        where.setdefault(index, []).append(variant or "one run")
    return [{"letter": letter, "message": message, "reason": reason,
             "link": links.evidence(link), "where": list(where.items())}
            for (letter, message, reason, link), where in notes.items()]


def page_data(model, links):
    """The data that the page's script needs for the pages of the cases."""
    cases = {}
    for case in model.cases.values():
        cases[case["id"]] = {
            "requirement": case["requirement"], "function": case["function"],
            "outcome": case["outcome"], "modes": case["modes"],
            "source": case["source"],
            "address": links.address(case["source"]),
            "museum": case["museum"], "file": path_of(case),
            "file_address": links.file(path_of(case), case["line"]),
            "line": case["line"], "variants": case["variants"],
            "letters": ["".join(
                case["runs"].get((i, v), {"letter": " "})["letter"]
                for v in case["variants"])
                for i in range(len(model.platforms))],
            "notes": notes_of(case, links),
        }
    return {"platforms": [{"label": p.label, "world": p.world}
                          for p in model.platforms],
            "words": results.WORDS, "signs": results.SIGNS, "cases": cases}


def platform_names(model, indexes):
    """A short list of platforms: whole worlds where all of one are meant."""
    def all_of(name, group):
        if group and group <= left and len(group) > 2:
            words.append(f"{name}: all {len(group)} platforms")
            left.difference_update(group)

    words, left = [], set(indexes)
    ran = [(i, p) for i, p in enumerate(model.platforms) if not p.reason]
    for world, name in results.WORLDS.items():
        all_of(name, {i for i, p in ran if p.world == world})
        if world != "sim":
            for version in dict.fromkeys(
                    p.version for _, p in ran if p.world == world):
                all_of(f"{name} {version.split(' ')[0]}", {
                    i for i, p in ran
                    if (p.world, p.version) == (world, version)})
    return "; ".join(words + [model.platforms[i].label for i in sorted(left)])


def column_cell(model, ids, column):
    """The result of the cases `ids` in a column of platforms: a letter, and the
    reason if it is no tick."""
    letters, reasons = set(), []
    for id in ids:
        for (index, _), run in model.cases[id]["runs"].items():
            if index in column[3]:
                letters.add(run["letter"])
                if run["letter"] not in "p":
                    reasons.append((results.WORST_FIRST.find(run["letter"]),
                                    run.get("reason") or run["message"]))
    letter = results.worst(letters)
    text = results.WORDS[letter]
    if letter != "p" and reasons:
        text += ": " + min(reasons)[1].strip()
    elif letter == " ":
        text += ": no report of this platform has the cases"
    return {"letter": letter, "text": text}


def difference_row(model, links, columns, entry):
    """The data that the page needs of a difference. `entry` has members of
    differences.toml; an unlisted deviation has some of them."""
    ids = [id for id in model.cases
           if any(differences.matches(case, id) for case in entry["cases"])]
    functions = {id: (model.cases[id]["function"], model.cases[id]["outcome"])
                 for id in ids}
    row = dict({"code": "", "before": "", "prints": []}, **entry, ids=ids, promises=differences.promises(entry, functions))
    row["name"] = entry.get("name") or differences.name_of(entry)
    row["since"] = entry.get("since") or differences.since(entry)
    row["evidence"] = [links.evidence(link) for link in dict.fromkeys(
        e["link"] for e in entry["entries"])]
    row["sources"] = [(source, links.address(source)) for source in
                      dict.fromkeys(model.cases[id]["source"] for id in ids)]
    row["cells"] = [column_cell(model, ids, column) for column in columns]
    row["search"] = " ".join(
        [row["id"], row["topic"], row["windows"], row["other"], row["npipe"],
         *ids, *(name for name, _ in row["promises"]),
         *(outcome for _, os in row["promises"] for outcome in os)]).lower()
    return row


def topics(top, model, links, columns):
    """[(topic, [row])] of the differences, and of the deviations of the reports
    that none of them names."""
    _, known, _ = differences.load(top)
    found = collections.OrderedDict()
    for entry in known:
        row = difference_row(model, links, columns, entry)
        if row["ids"]:
            found.setdefault(entry["topic"], []).append(row)
    named = {id for rows in found.values() for row in rows for id in row["ids"]}
    for number, deviation in enumerate(model.deviations()):
        ids = [id for id in deviation["cases"] if id not in named]
        if deviation["skipped"] or not ids:
            continue
        worlds = {model.platforms[i].world for i in deviation["platforms"]}
        topic = ("Only in settings of the simulated kernel"
                 if worlds == {"sim"} else "Not described yet")
        case = model.cases[min(ids)]
        found.setdefault(topic, []).append(difference_row(
            model, links, columns, {
                "id": f"deviation-{number}", "topic": topic,
                "windows": case["requirement"].rstrip("."),
                "other": deviation["reason"], "cases": ids, "npipe": "",
                "entries": [{"link": deviation["link"]}],
                "name": results.WORLDS.get(min(worlds), min(worlds)),
                "since": platform_names(model, deviation["platforms"])}))
    return list(found.items())


def skips(top, model, columns):
    """Why runs were skipped, a row a reason: in which areas, where, and whether
    they could be run."""
    _, _, words = differences.load(top)
    known = {entry["reason"]: entry for entry in words}
    rows = []
    for deviation in model.deviations():
        if not deviation["skipped"]:
            continue
        areas = collections.Counter()
        for id in deviation["cases"]:
            areas[model.cases[id]["area"]] += sum(
                run["letter"] == "s"
                and run.get("reason") == deviation["reason"]
                for run in model.cases[id]["runs"].values())
        said = known.get(deviation["reason"], {})
        rows.append({
            "id": f"skipped-{len(rows)}", "reason": deviation["reason"],
            "link": deviation["link"], "why": said.get("why", ""),
            "could": said.get("could", ""), "areas": sorted(areas.items()),
            "runs": sum(areas.values()),
            "cases": sorted(deviation["cases"]),
            "worlds": sorted({model.platforms[i].world
                              for i in deviation["platforms"]}),
            "where": platform_names(model, deviation["platforms"])})
    # Deviations of Wine come first, because npipe could reduce their number.
    return sorted(rows, key=lambda r: ("wine" not in r["worlds"], -r["runs"]))


def unexpected(model):
    """The red runs, a line a case and message."""
    entries = collections.OrderedDict()
    for case in model.cases.values():
        for (index, variant), run in sorted(case["runs"].items()):
            if run["red"]:
                label = case["id"] + (f"@{variant}" if variant else "")
                entry = entries.setdefault(
                    (label, run["message"]),
                    {"label": label, "message": run["message"].strip(),
                     "word": results.WORDS[run["letter"]], "on": []})
                entry["on"].append(index)
    for index, result in model.whole:
        entries[index, result["id"]] = {
            "label": result["id"], "message": result["message"],
            "word": result["result"], "on": [index]}
    for entry in entries.values():
        entry["where"] = platform_names(model, entry["on"])
    return list(entries.values())


def museum_rows(model, rows):
    """The bugs, each with its cases. Only what ran and passed shows a bug to be
    absent: `letter` is p then."""
    cases = collections.defaultdict(list)
    for case in model.cases.values():
        for bug in case["museum"]:
            cases[bug].append(case)
    return [dict(row, cases=[case["id"] for case in cases[row["id"]]],
                 reason=row.get("reason", ""),
                 passed_on=passed_on(model, cases[row["id"]]),
                 letter=results.worst({cell for case in cases[row["id"]]
                                       for cell in case["cells"]}))
            for row in rows]


def passed_on(model, cases):
    """The worlds in which each case that ran has passed, with at least one
    run."""
    worlds = []
    for world, name in results.WORLDS.items():
        letters = {case["cells"][i] for case in cases
                   for i, platform in enumerate(model.platforms)
                   if platform.world == world}
        if results.worst(letters) == "p":
            worlds.append(name)
    return worlds


def add_bars(model):
    for platform in model.ran:
        summary = platform.summary
        total = max(1, len(platform.results))
        shares = [("p", summary["passed"]), ("e", summary["expected_failures"]),
                  ("f", platform.red), ("s", summary["skipped"])]
        platform.bar = [(letter, round(100 * count / total, 2))
                        for letter, count in shares if count]


def groups(model):
    """The worlds as they stand above the columns, and where each begins."""
    spans, firsts = [], []
    for index, platform in enumerate(model.platforms):
        if not spans or spans[-1][0] != platform.world:
            spans.append([platform.world, results.WORLDS.get(
                platform.world, platform.world), 0])
            firsts.append(index)
        spans[-1][2] += 1
    return spans, firsts


def badge(model):
    if not model.ran:
        return "nothing ran", "#6e7781"
    if model.red:
        return f"{model.red} unexpected", "#c11f2b"
    count = len(model.ran)
    return f"{len(model.shown)} cases pass on {count}" \
        f" platform{'s'[:count > 1]}", "#1a7f37"


def links_from(top, folder):
    return sources.Sources(sources.repository_address(top, folder),
                           museum.load(top))


def environment_new():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES), autoescape=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
        trim_blocks=True)
    environment.filters["capitalize_first"] = lambda t: t[:1].upper() + t[1:]
    return environment


def style():
    return markupsafe.Markup(text_of("page.css"))


def write_promises(top, cases, path):
    """The matrix of the promises alone, before anything ran."""
    folder = os.path.dirname(path) or "."
    text = environment_new().get_template("promises.html.jinja").render(
        css=style(), places=promises.PLACES, columns=[],
        world_names=results.WORLDS,
        promises=promises.matrix(top, cases, links_from(top, folder)),
        linked=False)
    os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def cell_title(model, case, index):
    """Why a cell of the matrix is no tick."""
    letter = case["cells"][index]
    platform = model.platforms[index]
    if letter == " ":
        return "not run: " + (platform.reason or platform.note
                              or "the report has not this case")
    for (at, _), run in case["runs"].items():
        if at == index and run["letter"] == letter and run.get("reason"):
            return f"{results.WORDS[letter]}: {run['reason']}"
    return results.WORDS[letter]


def render(top, model, title, folder, against=None):
    """`against`: the results of an earlier run, to compare with."""
    rows = museum.load(top)
    links = links_from(top, folder)
    for case in model.cases.values():
        case["search"] = " ".join([
            case["id"], case["function"], case["outcome"],
            case["requirement"], *case["museum"]]).lower()
    add_bars(model)
    spans, firsts = groups(model)
    red = unexpected(model)
    columns = model.columns()
    matrix = promises.matrix(top, model.cases.values(), links, columns)
    changed = against and compare.changes(against, model)
    text, colour = badge(model)
    common = {
        "title": title, "results": model, "counts": model.counts(),
        "bugs": museum_rows(model, rows), "unexpected": red,
        "changes": changed, "words": results.WORDS,
        "text": text, "colour": colour, "left": 86, "right": 12 + 7 * len(text),
    }
    page = dict(
        common, css=style(),
        js=markupsafe.Markup(text_of("page.js")),
        data=script_json(page_data(model, links)),
        areas=list(model.areas().items()), groups=spans, firsts=firsts,
        worlds=[(world, name) for world, name, _ in spans],
        signs=results.SIGNS, columns=columns, world_names=results.WORLDS,
        topics=topics(top, model, links, columns),
        head=differences.load(top)[0].strip(),
        skips=skips(top, model, columns),
        evidence=links.evidence, title_of=lambda case, index: cell_title(
            model, case, index), shown_max=SHOWN_MAX,
        whole=[entry for entry in (
            dict(result, platform=model.platforms[index].label)
            for index, result in model.whole)],
        thread_address=links.thread,
        promises=matrix, coverage=promises.coverage(matrix, columns),
        windows_ran=any(world == "windows" for _, world, _, _ in columns),
        names=lambda indexes: platform_names(model, indexes),
        questions=questions.rows(
            model, lambda indexes: platform_names(model, indexes)),
        bench=bench.table(top, model),
        libraries=libraries.table(model.subjects, links),
        places=promises.PLACES, linked=True, verified=verified.rows(top),
        reference=os.path.exists(os.path.join(folder, REFERENCE)) and REFERENCE,
        when=datetime.datetime.now(datetime.timezone.utc).strftime(
            "Made %Y-%m-%d %H:%M UTC."))
    os.makedirs(folder, exist_ok=True)
    environment = environment_new()
    plain = environment.overlay(autoescape=False)
    for name, template, values in (
            ("report.html", environment.get_template("page.html.jinja"), page),
            ("summary.md", plain.get_template("summary.md.jinja"), common),
            ("badge.svg", environment.get_template("badge.svg.jinja"), common)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(template.render(values))
