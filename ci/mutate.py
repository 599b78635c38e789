"""Makes small wrong changes of src/ or sim/ and counts those that the tests
notice.

A mutant is one change: a negated condition, a comparison that is off by one, a
call or an assignment that is left out, another error code, another constant.
Each is compiled, linked with what `ci/mutate` built before, and must then make
the random runs, the faults or the conformance suite fail, or the address
sanitizer. One whose object code is that of the original is no mutant. The same
arguments choose the same mutants.
"""

import argparse
import collections
import concurrent.futures
import datetime
import difflib
import json
import os
import pathlib
import random
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build" / "mutate"
VERDICTS = BUILD / "verdicts"
HISTORY = BUILD / "history.tsv"
EQUIVALENTS = TOP / "ci" / "mutate-equivalents"

# The target that a folder's sources are compiled for, and the share of its
# mutants that must be killed, in percent.
Tree = collections.namedtuple("Tree", "folder target least")
TREES = {"src": Tree(TOP / "src", "npipe", 95),
         "sim": Tree(TOP / "sim", "npsim", 85)}

Site = collections.namedtuple("Site", "tree file line begin end text what")


def blank_comments(code):
    """Replaces comments, strings and asserts by blanks of the same length."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    # A line that no test reaches says why beside it.
    code = re.sub(r"^.*/\* GCOVR_EXCL_LINE.*$",
                  lambda m: re.sub(r"[^\n{}()]", " ", m.group()), code,
                  flags=re.M)
    code = re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", blank,
                  code, flags=re.S)
    code = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", blank, code, flags=re.M)
    return re.sub(r"\b(?:assert|_Static_assert)\s*\((?:[^()]|\([^()]*\))*\);",
                  blank, code)


def closing(code, at):
    """The place of the parenthesis that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i
    raise ValueError("unbalanced")


def bodies(code):
    """The ranges between braces at the outermost level: function bodies."""
    depth = 0
    for i, c in enumerate(code):
        if c == "{":
            if depth == 0:
                begin = i
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0:
                before = code[:begin].rstrip()
                if before.endswith(")"):
                    yield begin, i


def other_error(name):
    return {"ERROR_INVALID_PARAMETER": "ERROR_INVALID_HANDLE",
            "NP_OK": "ERROR_BUSY"}.get(name, "ERROR_INVALID_PARAMETER")


def sites_of_body(code, begin, end):
    """Yields (from, to, replacement, what) for each change of a body."""
    body = re.compile  # the patterns below look only between begin and end
    for m in body(r"\b(if|while)\s*\(").finditer(code, begin, end):
        opening = m.end() - 1
        last = closing(code, opening)
        condition = code[opening + 1:last]
        yield opening + 1, last, "!(%s)" % condition, "negated condition"
    for m in body(r" (==|!=|<=|>=|<|>|&&|\|\|) ").finditer(code, begin, end):
        for other in {"==": ["!="], "!=": ["=="], "<=": ["<"], ">=": [">"],
                      "<": ["<="], ">": [">="], "&&": ["||"],
                      "||": ["&&"]}[m.group(1)]:
            yield m.start(1), m.end(1), other, "operator"
    for m in body(r"^ +([A-Za-z_][\w.>-]*)\(", re.M).finditer(code, begin,
                                                              end):
        if m.group(1) in ("if", "while", "for", "switch", "return", "sizeof"):
            continue
        last = closing(code, m.end() - 1)
        if code[last + 1] == ";" and code[:m.start()].rstrip()[-1] in ";{}":
            yield m.start(1), last + 1, "(void)0", "call left out"
    for m in body(r"^ +([*\w][\w.>\[\]-]*) ([|&+-]?=) [^;]*;",
                  re.M).finditer(code, begin, end):
        if code[:m.start()].rstrip()[-1] in ";{}":
            yield (m.start(1), m.end() - 1, "(void)0",
                   "assignment left out")
    for m in body(r"([\w\])])(\+\+|--);").finditer(code, begin, end):
        line = code.rfind("\n", 0, m.start()) + 1
        yield line, m.end(2), "(void)0", "count left out"
    for m in body(r"\b(ERROR_\w+|NP_OK|WAIT_TIMEOUT|NP_WOULD_BLOCK)\b"
                  ).finditer(code, begin, end):
        yield m.start(), m.end(), other_error(m.group()), "error code"
    for m in body(r"\b(true|false)\b").finditer(code, begin, end):
        other = "false" if m.group() == "true" else "true"
        yield m.start(), m.end(), other, "constant"
    for m in body(r"(?<![\w.])(\d+)u?(?![\w.])").finditer(code, begin, end):
        yield m.start(), m.end(), str(int(m.group(1)) + 1), "constant"
    for m in body(r" ([+-]) (?=[\w(])").finditer(code, begin, end):
        other = "-" if m.group(1) == "+" else "+"
        yield m.start(1), m.end(1), other, "operator"
    for m in body(r"\bcontinue;|\bbreak;").finditer(code, begin, end):
        yield m.start(), m.end() - 1, "(void)0", "jump left out"


def find_sites(tree):
    found = []
    for path in sorted(TREES[tree].folder.glob("*.c")):
        code = path.read_text()
        clean = blank_comments(code)
        for begin, end in bodies(clean):
            for first, last, text, what in sites_of_body(clean, begin, end):
                if text.startswith("!("):
                    text = "!(%s)" % code[first:last]
                line = code.count("\n", 0, first) + 1
                found.append(Site(tree, path.name, line, first, last, text,
                                  what))
    return sorted(set(found))


def mutated(site):
    code = (TREES[site.tree].folder / site.file).read_text()
    return code, code[:site.begin] + site.text + code[site.end:]


def diff(site):
    before, after = mutated(site)
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(),
                                 lineterm="", n=0)
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


class World:
    """A build directory: how a file of it is compiled, a program linked."""

    def __init__(self, name, tree):
        self.build = BUILD / name
        self.library = f"lib{tree.target}.a"
        self.compiles = {}
        for entry in json.loads(
                (self.build / "compile_commands.json").read_text()):
            file = pathlib.Path(entry["file"])
            # The measurements compile some of it once more, in their way.
            if (file.parent == tree.folder and
                    f"CMakeFiles/{tree.target}.dir/" in entry["command"]):
                self.compiles[file.name] = shlex.split(entry["command"])

    def compile(self, file, source, target, *flags):
        command = list(self.compiles[file])
        command[command.index("-o") + 1] = str(target)
        command[command.index("-c") + 1] = str(source)
        command += ["-w", *flags]
        return subprocess.run(command, cwd=self.build, capture_output=True,
                              check=False).returncode == 0

    def link(self, program, mutant, target):
        line = subprocess.run(
            ["ninja", "-t", "commands", "-s", program], cwd=self.build,
            capture_output=True, text=True, check=True).stdout
        words = shlex.split(line.split("&&")[1])
        words[words.index("-o") + 1] = str(target)
        at = next(i for i, w in enumerate(words) if w.endswith(self.library))
        # Before the library: it then takes the original from there no more.
        words.insert(at, str(mutant))
        made = subprocess.run(words, cwd=self.build, capture_output=True,
                              text=True, check=False)
        if made.returncode != 0:
            sys.exit("mutate: %s: %s" % (program, made.stderr))


BYTES_MAX = 2 << 30
# The address sanitizer maps more than it uses, and has a limit of its own.
SANITIZER = dict(os.environ, ASAN_OPTIONS="hard_rss_limit_mb=2048:"
                 "allocator_may_return_null=1")


def limits_sanitized():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 26, 1 << 26))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limits():
    limits_sanitized()
    resource.setrlimit(resource.RLIMIT_AS, (BYTES_MAX, BYTES_MAX))


def passes(world, command, cwd, seconds):
    plain = world == "plain"
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          preexec_fn=limits if plain else limits_sanitized,
                          env=None if plain else SANITIZER,
                          start_new_session=True) as process:
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return False


EXPECTED = ["--expectations", str(TOP / "conformance/expectations/sim.toml")]

# Each stage has a build, a name, the program, its arguments and a time limit in
# seconds. The limit is many times the usual time, so only a hang reaches it.
STAGES = [
    ("plain", "random runs", "conformance/random/npipe-random",
     ["--runs", "400", "--no-shrink"], 20),
    ("plain", "deaths", "conformance/runner/selftest/npipe-runner-selftest",
     ["--filter", "death", "--filter", "thread", "--expectations",
      str(TOP / "conformance/runner/selftest/deaths.toml")], 20),
    ("plain", "the suite", "conformance/npipe-conformance", EXPECTED, 90),
    ("plain", "faults", "conformance/faults/npipe-faults", [], 90),
    ("plain", "more random runs", "conformance/random/npipe-random",
     ["--runs", "6000", "--no-shrink"], 90),
    ("asan", "random runs, sanitized", "conformance/random/npipe-random",
     ["--runs", "2000", "--no-shrink"], 120),
    ("asan", "faults, sanitized", "conformance/faults/npipe-faults",
     ["--settings", "win11"], 120),
    ("asan", "the suite, sanitized", "conformance/npipe-conformance",
     EXPECTED, 300),
]


def judge(site, worlds):
    """Judges a mutant. Returns (verdict, name of the stage)."""
    with tempfile.TemporaryDirectory(dir=BUILD) as name:
        place = pathlib.Path(name)
        source = place / site.file
        source.write_text(mutated(site)[1])
        original = TREES[site.tree].folder / site.file
        plain = worlds["plain"]
        if not plain.compile(site.file, source, place / "plain.o", "-g0"):
            return "not compiled", ""
        plain.compile(site.file, original, place / "original.o", "-g0")
        if ((place / "plain.o").read_bytes() ==
                (place / "original.o").read_bytes()):
            return "same code", ""
        compiled = {"plain"}
        for world, stage, program, arguments, seconds in STAGES:
            if world not in compiled:
                worlds[world].compile(site.file, source, place / "asan.o")
                compiled.add(world)
            target = place / (world + "-" + pathlib.Path(program).name)
            if not target.exists():
                worlds[world].link(program, place / (world + ".o"), target)
            if not passes(world, [str(target), *arguments], place, seconds):
                return "killed", stage
    return "survived", ""


def read_equivalents():
    """Lines `file: line => line as changed # reason`."""
    known = {}
    if EQUIVALENTS.exists():
        for line in EQUIVALENTS.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                change, _, reason = line.partition(" # ")
                known[" ".join(change.split())] = reason
    return known


def key(site):
    lines = diff(site)
    sides = [" ".join(line[1:] for line in lines if line.startswith(sign))
             for sign in "-+"]
    place = site.file if site.tree == "src" else f"{site.tree}/{site.file}"
    return " ".join(("%s: %s => %s" % (place, *sides)).split())


def name_of(site):
    return "%s/%s:%d-%d %s" % (site.tree, site.file, site.begin, site.end,
                            " ".join(site.text.split()))


def choose(sites, count, seed):
    if count >= len(sites):
        return sites
    return sorted(random.Random(seed).sample(sites, count))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--file", help="only of this file")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--resume", action="store_true",
                        help="keep the verdicts of a run that was broken off")
    parser.add_argument("--sim", action="store_const", dest="tree",
                        const="sim", default="src",
                        help="change sim/ instead of src/")
    parser.add_argument("--nightly", action="store_true",
                        help="draw by the date, and add to the history")
    options = parser.parse_args()
    tree = TREES[options.tree]
    today = datetime.date.today()
    if options.nightly:
        options.seed = int(today.strftime("%Y%m%d"))

    sites = [s for s in find_sites(options.tree)
             if options.file in (None, s.file)]
    chosen = choose(sites, options.count, options.seed)
    if options.list:
        for site in chosen:
            print("%s:%d %s" % (site.file, site.line, site.what))
            print("\n".join("    " + line for line in diff(site)))
        return 0
    worlds = {name: World(name, tree) for name in ("plain", "asan")}
    for world, stage, program, arguments, seconds in STAGES:
        if not passes(world, [str(worlds[world].build / program), *arguments],
                      worlds[world].build, seconds):
            print("without a mutant, this fails: " + stage)
            return 1
    kept = {}
    if options.resume and VERDICTS.exists():
        for line in VERDICTS.read_text().splitlines():
            name, verdict, stage = line.split("\t")
            kept[name] = (verdict, stage)
    VERDICTS.write_text("")
    begin = time.time()
    equivalents = read_equivalents()
    verdicts = collections.Counter()
    stages = collections.Counter()
    survivors = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda site: (site, kept.get(name_of(site)) or
                                         judge(site, worlds)), chosen)
        for site, (verdict, stage) in results:
            with VERDICTS.open("a") as file:
                file.write("%s\t%s\t%s\n" % (name_of(site), verdict, stage))
            if verdict == "survived" and key(site) in equivalents:
                verdict = "equivalent"
            verdicts[verdict] += 1
            stages[stage] += verdict == "killed"
            if verdict == "survived":
                survivors.append(site)
                print("SURVIVED %s:%d: %s" % (site.file, site.line, site.what))
                print("\n".join("    " + line for line in diff(site)))
                print("    key: " + key(site), flush=True)
    made = verdicts["killed"] + verdicts["survived"]
    for stage, number in stages.most_common():
        if stage:
            print("%5d killed by %s" % (number, stage))
    print("%d of %d places, %d s: %s" %
          (len(chosen), len(sites), time.time() - begin,
           ", ".join("%d %s" % (n, v) for v, n in verdicts.most_common())))
    share = 100.0 * verdicts["killed"] / max(made, 1)
    print("%d of %d mutants killed, %.1f %%" %
          (verdicts["killed"], made, share))
    if options.nightly:
        with HISTORY.open("a") as file:
            file.write("%s\t%s\t%d\t%d\t%d\t%d\n" % (
                today, options.tree, options.seed, made, verdicts["killed"],
                verdicts["equivalent"]))
    return 0 if share >= tree.least else 1


if __name__ == "__main__":
    sys.exit(main())
