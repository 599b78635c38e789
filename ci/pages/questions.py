"""The open questions: what each platform answered, and what the witnesses say."""
NONE = "none"  # no answer: the detail says why


def _group(answer, place):
    """The key below which an answer of a platform is shown."""
    known = [entry["name"] for entry in place["known"]]
    if answer["answer"] in known:
        return answer["answer"]
    return "other" if answer["answer"] else NONE


def rows(model, names):
    """A row a question, in the order of the ids. `names` makes a short text of a
    list of platforms' indexes."""
    questions = {}
    for index, platform in enumerate(model.platforms):
        for answer in platform.answers:
            place = questions.setdefault(answer["id"], dict(
                answer, seen={}, windows=set()))
            name = _group(answer, place)
            place["seen"].setdefault(name, {}).setdefault(
                answer["detail"], []).append(index)
            if platform.world == "windows" and name != NONE:
                place["windows"].add(name)
    result = []
    for _, place in sorted(questions.items()):
        answers = [dict(known) for known in place["known"]]
        for extra, means in (("other", "none of these"),
                             (NONE, "no answer could be had")):
            if extra in place["seen"]:
                answers.append({"name": extra, "means": means, "said_by": "",
                                "settings": ""})
        for answer in answers:
            answer["seen"] = [
                (names(indexes), detail) for detail, indexes
                in place["seen"].get(answer["name"], {}).items()]
            answer["required"] = answer["name"] == place["known"][0]["name"]
        windows = sorted(place["windows"])
        result.append({
            "id": place["id"], "question": place["question"],
            "matters": place["matters"], "answers": answers,
            "cases": place["cases"].split(),
            "verdict": "Windows: " + ", ".join(windows) if windows
            else "no Windows has answered",
            "answered": bool(windows),
            "differs": windows not in ([], [place["known"][0]["name"]])})
    return result
