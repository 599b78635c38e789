"""What the public headers promise: the functions, the errors that their comments
name, and the modes in which they work.

Regular expressions find the functions here, and not Doxygen, for two reasons. The
checks need the comments as they are written; Doxygen's XML has them with lines
joined and markup added. And ci/conformance makes its page on a fresh machine,
with no package more than it needs. ci/reference compares: Doxygen must see the
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
# A comment may say where its function works: `Modes:   message, server`.
MODES = re.compile(r"^ \* Modes:\s+(?P<words>[a-z-]+(?:, [a-z-]+)*)\s*$", re.M)

MODE_NAMES = ("byte", "message", "message-byte")
END_NAMES = ("server", "client")


class Function:
    """A public function, with what its comment promises."""

    def __init__(self, header, match):
        self.header = header
        self.name = match["name"]
        self.comment = match["comment"]
        self.errors = []
        self.is_error = match["type"].strip().endswith("np_error")
        if self.is_error:
            self.errors = sorted(set(OUTCOME.findall(self.comment)) - {"NP_OK"})
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


def functions(top):
    found = []
    for path in sorted(glob.glob(os.path.join(top, "src/include/npipe/*.h"))):
        with open(path, encoding="utf-8") as header:
            text = header.read()
        found += [Function(os.path.basename(path), match)
                  for match in DECLARED.finditer(text)]
    return found
