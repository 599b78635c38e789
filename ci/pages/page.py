"""The pages: results, cases and promises as HTML, Markdown and SVG."""
import collections
import datetime
import json
import os

import jinja2
import markupsafe

from pages import bugs as museum
from pages import bench, promises, questions, results, sources, verified

PAGES = os.path.dirname(os.path.abspath(__file__))
REFERENCE = "reference/index.html"  # made by ci/reference beside the page
SHOWN_MAX = 12  # cases of a deviation before the rest is folded


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
    """What runs of a case that did not simply pass had to say, each once."""
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
    """What the page's script needs for the pages of the cases."""
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


def deviations(model, links):
    entries = model.deviations()
    for entry in entries:
        ids = sorted(entry["cases"])
        entry["shown"], entry["more"] = ids[:SHOWN_MAX], ids[SHOWN_MAX:]
        entry["where"] = platform_names(model, entry["platforms"])
        entry["evidence"] = links.evidence(entry["link"])
    return entries


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
    cases = collections.defaultdict(list)
    for case in model.cases.values():
        for bug in case["museum"]:
            cases[bug].append(case)
    return [dict(row, cases=[case["id"] for case in cases[row["id"]]],
                 reason=row.get("reason", ""),
                 letter=results.worst({cell for case in cases[row["id"]]
                                       for cell in case["cells"]}))
            for row in rows]


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
    return f"{len(model.cases)} cases on {count} platform{'s'[:count > 1]}", \
        "#1a7f37"


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
        css=style(), places=promises.PLACES,
        promises=promises.matrix(top, cases, links_from(top, folder)),
        linked=False)
    os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def render(top, model, title, folder):
    rows = museum.load(top)
    links = links_from(top, folder)
    for case in model.cases.values():
        case["search"] = " ".join([
            case["id"], case["function"], case["outcome"],
            case["requirement"], *case["museum"]]).lower()
    add_bars(model)
    spans, firsts = groups(model)
    red = unexpected(model)
    text, colour = badge(model)
    common = {
        "title": title, "results": model, "counts": model.counts(),
        "bugs": museum_rows(model, rows), "unexpected": red,
        "text": text, "colour": colour, "left": 86, "right": 12 + 7 * len(text),
    }
    page = dict(
        common, css=style(),
        js=markupsafe.Markup(text_of("page.js")),
        data=script_json(page_data(model, links)),
        areas=list(model.areas().items()), groups=spans, firsts=firsts,
        worlds=[(world, name) for world, name, _ in spans],
        words=results.WORDS, signs=results.SIGNS,
        deviations=deviations(model, links),
        whole=[entry for entry in (
            dict(result, platform=model.platforms[index].label)
            for index, result in model.whole)],
        thread_address=links.thread,
        promises=promises.matrix(top, model.cases.values(), links),
        questions=questions.rows(
            model, lambda indexes: platform_names(model, indexes)),
        bench=bench.table(top, model),
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
