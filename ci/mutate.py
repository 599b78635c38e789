"""Makes small wrong changes of src/ or sim/ and counts those that the tests
notice.

A mutant is one change: a negated condition, a comparison that is off by one, a
call or an assignment that is left out, another error code, another constant.
Each is compiled, linked with what `ci/mutate` built before, and must then make
the random runs, the faults or the conformance suite fail, or the address
sanitizer. One whose object code is that of the original is no mutant. The same
arguments choose the same mutants: a change of the sources changes the draw only
where it is.

The judges stand in the order of what they kill in a second of a processor. Each
ends at its first failure. A limit counts processor time, so a busy machine
changes no verdict.
"""

import argparse
import collections
import concurrent.futures
import datetime
import difflib
import functools
import hashlib
import json
import math
import os
import pathlib
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build" / "mutate"
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


@functools.cache
def code_of(path):
    return path.read_text()


def mutated(site):
    code = code_of(TREES[site.tree].folder / site.file)
    return code, code[:site.begin] + site.text + code[site.end:]


def diff(site):
    before, after = mutated(site)
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(),
                                 lineterm="", n=0)
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


class World:
    """A build directory: how a file of it is compiled, a program linked."""

    def __init__(self, name, tree):
        self.name = name
        self.folder = tree.folder
        self.build = BUILD / name
        self.library = f"lib{tree.target}.a"
        self.compiles = {}
        for entry in json.loads(
                (self.build / "compile_commands.json").read_text()):
            file = pathlib.Path(entry["file"])
            # The measurements compile some of it once more, in their way.
            if (file.parent == tree.folder and
                    f"CMakeFiles/{tree.target}.dir/" in entry["command"]):
                words = shlex.split(entry["command"])
                if pathlib.Path(words[0]).name == "ccache":
                    del words[0]
                self.compiles[file.name] = words

    def compile(self, file, source, target):
        command = list(self.compiles[file])
        command[command.index("-o") + 1] = str(target)
        command[command.index("-c") + 1] = str(source)
        # A mutant lies elsewhere, and includes the headers beside the original by
        # quotes: sim/ has names that the system has, too.
        # Its asserts name it as those of the original do.
        command += ["-w", "-g0", "-iquote", str(self.folder),
                    "-fmacro-prefix-map=%s/=" % pathlib.Path(source).parent]
        return subprocess.run(command, cwd=self.build, capture_output=True,
                              check=False).returncode == 0

    @functools.cache
    def original(self, file):
        """The object code of a file without a mutant."""
        with tempfile.TemporaryDirectory(dir=BUILD) as place:
            target = pathlib.Path(place) / "original.o"
            self.compile(file, self.folder / file, target)
            return target.read_bytes()

    @functools.cache
    def link_words(self, program):
        line = subprocess.run(
            ["ninja", "-t", "commands", "-s", program], cwd=self.build,
            capture_output=True, text=True, check=True).stdout
        return shlex.split(line.split("&&")[1])

    def link(self, program, mutant, target):
        words = list(self.link_words(program))
        words[words.index("-o") + 1] = str(target)
        at = next(i for i, w in enumerate(words) if w.endswith(self.library))
        # Before the library: it then takes the original from there no more.
        words.insert(at, str(mutant))
        made = subprocess.run(words, cwd=self.build, capture_output=True,
                              text=True, check=False)
        if made.returncode != 0:
            sys.exit("mutate: %s: %s" % (program, made.stderr))


BYTES_MAX = 2 << 30
# The address sanitizer maps more than it uses, and has a limit of its own. The
# cases count what they allocate. LeakSanitizer cannot stop the threads of a
# suite that runs in one process.
SANITIZER = dict(os.environ, ASAN_OPTIONS="hard_rss_limit_mb=2048:"
                 "allocator_may_return_null=1:detect_leaks=0")
# A mutant that waits for ever uses no processor: it has used none from one look
# to the next, and does not wait for one.
LOOK_SECONDS = 5

EXPECTED = ["--expectations", str(TOP / "conformance/expectations/sim.toml")]
TRANSCRIPTS = BUILD / "wine.script.txt"

# A stage: a program of a build, and its arguments. `is_late`: only a mutant that
# has survived all others comes there; --quick leaves these stages out.
Stage = collections.namedtuple("Stage", "world name program arguments is_late",
                               defaults=[False])

RANDOM = "conformance/random/npipe-random"
FAULTS = "conformance/faults/npipe-faults"
SUITE = "conformance/npipe-conformance"
SELFTEST = "conformance/runner/selftest/npipe-runner-selftest"
DEATHS = ["--filter", "death", "--filter", "thread", "--expectations",
          str(TOP / "conformance/runner/selftest/deaths.toml")]
STAGES = [
    Stage("plain", "random runs", RANDOM, ["--runs", "60", "--no-shrink"]),
    Stage("plain", "its own cases", SUITE, ["--one-process", *EXPECTED]),
    Stage("plain", "faults", FAULTS, ["--settings", "win11"]),
    Stage("plain", "other cases", SUITE, ["--one-process", *EXPECTED]),
    Stage("plain", "deaths", SELFTEST, DEATHS),
    Stage("plain", "more random runs", RANDOM,
          ["--runs", "6000", "--no-shrink"], True),
    Stage("plain", "faults of all settings", FAULTS, [], True),
    Stage("asan", "random runs, sanitized", RANDOM,
          ["--runs", "2000", "--no-shrink"], True),
    Stage("asan", "faults, sanitized", FAULTS, ["--settings", "win11"], True),
    Stage("asan", "the suite, sanitized", SUITE,
          ["--one-process", *EXPECTED], True),
]
# The simulated kernel is judged by Wine's transcripts of random programs, too.
TRANSCRIPT_STAGE = Stage("plain", "differential runs", SUITE, None)


class Judge:
    """The stages, and how many seconds of a processor each may use."""

    def __init__(self, tree, is_quick):
        self.tree = tree
        self.worlds = {name: World(name, tree) for name in ("plain", "asan")}
        self.stages = [stage for stage in STAGES
                       if not (is_quick and stage.is_late)]
        if tree.target == "npsim" and TRANSCRIPTS.exists():
            self.stages.insert(3, TRANSCRIPT_STAGE)
        self.seconds = {}
        self.measuring = threading.Lock()
        cases = json.loads(subprocess.run(
            [self.worlds["plain"].build / SUITE, "--list"], check=True,
            capture_output=True, text=True).stdout)
        # The first words of the areas, as "channel" of "channel-call".
        self.nouns = {re.split("[/-]", case["id"])[0] for case in cases}

    def command(self, stage, program, file):
        """What a stage runs for a mutant of a file; None if it has nothing."""
        if stage.arguments is None:
            return [str(TOP / "ci/differential"), "--compare",
                    str(TRANSCRIPTS), "--sim", str(program)]
        words = [str(program), *stage.arguments]
        if stage.name == "deaths":
            # A call that should end its process and comes back is unresolved.
            return ["sh", "-c", '"$0" "$@" | grep -q "^0 passed, 0 failed, '
                    '.* 0 unresolved$"', *words]
        if stage.name not in ("its own cases", "other cases"):
            return words
        # The cases of the platform use nothing of src/.
        is_sim = self.tree.target == "npsim"
        noun = "platform" if is_sim else re.split("[_.]", file)[0]
        if stage.name == "its own cases":
            nouns = self.nouns & {noun}
        else:
            nouns = self.nouns - {noun, "platform"}
        for each in sorted(nouns):
            words += ["--filter", each + "*"]
        return words if nouns else None

    def limit(self, stage):
        """How many seconds of a processor the stage may use: only a hang needs
        three times the usual. The first mutant of a stage measures it, and it
        must pass without a mutant."""
        if stage.name not in self.seconds:
            with self.measuring:  # others wait for the result
                self.measure(stage)
        return self.seconds[stage.name]

    def measure(self, stage):
        if stage.name in self.seconds:
            return
        build = self.worlds[stage.world].build
        command = self.command(stage, build / stage.program, "channel.c")
        before = processor_seconds()
        if not passes(stage, command, build, 600):
            sys.exit("without a mutant, this fails: " + stage.name)
        usual = processor_seconds() - before
        self.seconds[stage.name] = math.ceil(3 * usual + 0.5)

    def verdict(self, site):
        """Judges a mutant. Returns (verdict, name of the stage)."""
        with tempfile.TemporaryDirectory(dir=BUILD) as name:
            place = pathlib.Path(name)
            source = place / site.file
            source.write_text(mutated(site)[1])
            plain = self.worlds["plain"]
            if not plain.compile(site.file, source, place / "plain.o"):
                return "not compiled", ""
            if (place / "plain.o").read_bytes() == plain.original(site.file):
                return "same code", ""
            for stage in self.stages:
                world = self.worlds[stage.world]
                mutant = place / (stage.world + ".o")
                if not mutant.exists():
                    world.compile(site.file, source, mutant)
                target = place / (stage.world + "-" +
                                  pathlib.Path(stage.program).name)
                command = self.command(stage, target, site.file)
                if command is None:
                    continue
                if not target.exists():
                    world.link(stage.program, mutant, target)
                if not passes(stage, command, place, self.limit(stage)):
                    return "killed", stage.name
        return "survived", ""


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stat_of(path):
    """The words of a stat file of /proc behind the name. None: it has ended."""
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def used_by(session):
    """The ticks that the processes of a session have used. None if a thread of
    them waits for a processor or a disk."""
    ticks = 0
    for process in pathlib.Path("/proc").iterdir():
        words = stat_of(process) if process.name.isdigit() else None
        if words is None or int(words[3]) != session:
            continue
        ticks += int(words[11]) + int(words[12])
        try:
            threads = [stat_of(thread)
                       for thread in (process / "task").iterdir()]
        except OSError:
            return None  # it ends
        if any(thread is None or thread[0] in "RD" for thread in threads):
            return None
    return ticks


def passes(stage, command, cwd, seconds):
    plain = stage.world == "plain"

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 26, 1 << 26))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if plain:
            resource.setrlimit(resource.RLIMIT_AS, (BYTES_MAX, BYTES_MAX))

    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, preexec_fn=limit,
                          env=None if plain else SANITIZER,
                          start_new_session=True) as process:
        seen = None
        while True:
            try:
                return process.wait(LOOK_SECONDS) == 0
            except subprocess.TimeoutExpired:
                before, seen = seen, used_by(process.pid)
                if seen is not None and seen == before:
                    os.killpg(process.pid, 9)
                    return False


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


def names_of(sites):
    """A name for each place: its lines with the change. It says nothing about
    where in the file they are. Places that are alike are counted."""
    seen = collections.Counter()
    names = {}
    for site in sites:
        code, changed = mutated(site)
        begin = code.rfind("\n", 0, site.begin) + 1
        end = code.find("\n", site.end)
        name = " ".join(("%s/%s %s => %s" % (
            site.tree, site.file, code[begin:end],
            changed[begin:end + len(changed) - len(code)])).split())
        seen[name] += 1
        names[site] = "%s #%d" % (name, seen[name])
    return names


def choose(names, count, seed):
    """The places that come first in an order that is the seed's."""
    def rank(site):
        return hashlib.sha256(("%d %s" % (seed, names[site])).encode()).digest()
    return sorted(sorted(names, key=rank)[:count])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--file", help="only of this file")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--resume", action="store_true",
                        help="keep the verdicts of a run that was broken off")
    parser.add_argument("--again", action="store_true",
                        help="judge only those anew that survived such a run")
    parser.add_argument("--quick", action="store_true",
                        help="leave out the late stages: the share is then "
                        "the least that it can be")
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

    names = names_of([s for s in find_sites(options.tree)
                      if options.file in (None, s.file)])
    chosen = choose(names, options.count, options.seed)
    if options.list:
        for site in chosen:
            print("%s:%d %s" % (site.file, site.line, site.what))
            print("\n".join("    " + line for line in diff(site)))
        return 0
    judge = Judge(tree, options.quick)
    file_of_verdicts = BUILD / ("verdicts-%s-%d" % (options.tree, options.seed))
    kept = {}
    if (options.resume or options.again) and file_of_verdicts.exists():
        for line in file_of_verdicts.read_text().splitlines():
            name, verdict, stage = line.split("\t")
            kept[name] = (verdict, stage)
    if options.again:
        kept = {name: verdict for name, verdict in kept.items()
                if verdict[0] != "survived"}
    file_of_verdicts.write_text("".join(
        "%s\t%s\t%s\n" % (name, *verdict) for name, verdict in kept.items()))
    begin = time.time()
    equivalents = read_equivalents()
    verdicts = collections.Counter()
    stages = collections.Counter()
    survivors = []

    def verdict_of(site):
        if key(site) in equivalents:
            return site, ("equivalent", "")
        return site, kept.get(names[site]) or judge.verdict(site)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for result in concurrent.futures.as_completed(
                [pool.submit(verdict_of, site) for site in chosen]):
            site, (verdict, stage) = result.result()
            if names[site] not in kept and verdict != "equivalent":
                with file_of_verdicts.open("a") as file:
                    file.write("%s\t%s\t%s\n" % (names[site], verdict, stage))
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
    print("%d of %d places, %d s, %d s of a processor: %s" %
          (len(chosen), len(names), time.time() - begin, processor_seconds(),
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
