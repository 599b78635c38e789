"""The promises of the public headers: the functions, the errors that their
comments name, and the modes in which they work.

Regular expressions find the functions here, and not Doxygen, for two reasons.
The checks need the comments as they are written; Doxygen's XML has them with
lines joined and markup added. And ci/conformance makes its page on a fresh
machine, without further packages. ci/reference compares: Doxygen must see the
same functions."""
import glob
import os
import re

OUTCOME = re.compile(
    r"\b(NP_OK|NP_WOULD_BLOCK|WAIT_TIMEOUT|ERROR_[A-Z0-9_]+)\b")
DECLARED = re.compile(
    r"/\*(?P<comment>(?:[^*]|\*(?!/))*)\*/\s*"
    r"NP_API\s+(?P<type>[^;()]*?)(?P<name>np_[a-z0-9_]+)\("
    r"(?P<parameters>[^;]*)\);")
# `Returns ... `done` gets ...`: the first part names what a call returns, the
# second what its callback gets. Each may refer to another function.
RESULTS = re.compile(r"^Returns .*?(?=\n\n(?!Every other result)|\Z)", re.M | re.S)
CALLED_BACK = re.compile(r"`(?:done|fn)` gets ")
NAMES = r"(np_\w+(?: and np_\w+)*)"
REFERRED = (re.compile(rf"what {NAMES} (?:returns?|do|does)\b"),
            re.compile(rf"what `done` of {NAMES} gets\b"))
EXCEPT = re.compile(r"but not (ERROR_\w+)")
# `what CancelIoEx said`: errors that are passed on. "*": of any function.
PASSED_ON = re.compile(r"what (Windows|[A-Z]\w+(?:, [A-Z]\w+)*(?: or [A-Z]\w+)?)"
                       r" said")
REPORTED = re.compile(
    r"/\*(?P<comment>(?:[^*]|\*(?!/))*)\*/\s*"
    r"typedef void \(\*(?P<name>np_\w+_error_fn)\)")
# A comment may say where its function works: `Modes:   message, server`.
MODES = re.compile(r"^ \* Modes:\s+(?P<words>[a-z-]+(?:, [a-z-]+)*)\s*$", re.M)

MODE_NAMES = ("byte", "message", "message-byte")
END_NAMES = ("server", "client")


class Function:
    """A public function with the promises of its comment."""

    def __init__(self, header, match):
        self.header = header
        self.name = match["name"]
        self.comment = match["comment"]
        self.errors = []
        self.is_error = match["type"].strip().endswith("np_error")
        if self.is_error:
            self.errors = sorted(set(OUTCOME.findall(self.comment)) - {"NP_OK"}
                                 - set(EXCEPT.findall(self.comment)))
        self.modes, self.ends = self._places()

    @property
    def outcomes(self):
        return ["NP_OK"] + self.errors if self.is_error else []

    def _places(self):
        """The modes and ends that its header supports. Without a word of the
        header: what works on a pipe does so in all modes, np_pipe_* at both
        ends; other functions know no mode."""
        said = MODES.search(self.comment)
        if said:
            words = said["words"].split(", ")
            return ([m for m in MODE_NAMES if m in words],
                    [e for e in END_NAMES if e in words])
        if self.name.endswith("_options_init"):
            return [], []
        if self.name.startswith(AT_BOTH_ENDS):
            return list(MODE_NAMES), list(END_NAMES)
        if self.name in WITH_MODES:
            return list(MODE_NAMES), []
        return [], []


AT_BOTH_ENDS = ("np_pipe_", "np_channel_", "np_op_cancel")
# Whose end is in the name, so that it is not repeated in each case.
WITH_MODES = {"np_server_create", "np_server_connect", "np_server_disconnect",
              "np_client_open", "np_client_connect",
              "np_listener_create", "np_listener_recycle", "np_listener_close"}


def public(top):
    return sorted(glob.glob(os.path.join(top, "src/include/npipe/*.h")))


def path_text(path):
    with open(path, encoding="utf-8") as header:
        return header.read()


def functions(top):
    return [Function(os.path.basename(path), match) for path in public(top)
            for match in DECLARED.finditer(path_text(path))]


class Results:
    """The errors that a comment allows, at one of two moments: when a call
    returns, or when its callback runs. `passed_on` names the functions of Windows
    whose errors it passes on."""

    def __init__(self, text):
        text = " ".join(text.split())
        self.excepted = set(EXCEPT.findall(text))
        self.errors = set(OUTCOME.findall(text)) - {"NP_OK"} - self.excepted
        self.passed_on = set()
        for names in PASSED_ON.findall(text):
            self.passed_on |= ({"*"} if names == "Windows" else
                               set(re.split(r", | or ", names)))
        self.referred = [(name, moment)
                         for moment, pattern in enumerate(REFERRED)
                         for names in pattern.findall(text)
                         for name in names.split(" and ")]

    def follow(self, table):
        """Adds what the functions give to which the comment refers."""
        while self.referred:
            name, moment = self.referred.pop()
            other = table[name][moment]
            other.follow(table)
            self.errors |= other.errors - self.excepted
            self.passed_on |= other.passed_on


def results(top):
    """For each function a pair: the results of the function, and the results of
    its callback. A function that reports trouble (np_listener_error_fn) has its
    errors in the first."""
    table = {}
    for function in functions(top):
        if function.is_error:
            text = re.sub(r"^ \* ?", "", function.comment, flags=re.M)
            parts = CALLED_BACK.split(RESULTS.search(text)[0], maxsplit=1)
            table[function.name] = (Results(parts[0]),
                                    Results("".join(parts[1:])))
    for path in public(top):
        for match in REPORTED.finditer(path_text(path)):
            text = re.sub(r"^ \* ?", "", match["comment"], flags=re.M)
            table[match["name"]] = Results(text), Results("")
    for pair in table.values():
        for one in pair:
            one.follow(table)
    return table
