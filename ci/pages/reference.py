"""The comments of the public headers as Doxygen reads them.

The headers stay plain text: no markup. Their form carries the meaning:

    /* np_x does this. ...
     *
     * name  a parameter, a member or a value: two spaces behind the name
     *
     * Returns NP_OK ...
     * `done` gets NP_OK ...
     *
     *     what is indented is code or a drawing
     *
     * Thread:  the loop's only.
     * Source:  Title of the Windows page
     *          learn.microsoft.com/...
     */

convert() writes that as Doxygen's markup. Private names (np__x) are left out. The
lines of the text stay where they are as far as possible.
"""
import glob
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree

SETTINGS = """
QUIET = YES
OPTIMIZE_OUTPUT_FOR_C = YES
TYPEDEF_HIDES_STRUCT = YES
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
PREDEFINED = NP_API=
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
HAVE_DOT = NO
"""
COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
ITEM = re.compile(r"(\w+(?:, \w+)*)(?:  +(\S.*))?$")
LABEL = re.compile(r"(Thread|Modes|Source):  +(.*)$")
# The declarations that follow a comment: the comment describes them.
FUNCTION = re.compile(r"NP_API [^;()]*?(np_\w+)\(([^;]*)\);")
STRUCT = re.compile(r"(?:typedef )?struct (np_(?!_)\w+) \{(.*?)\n\}", re.S)
ENUM = re.compile(r"typedef enum (np_\w+) \{(.*?)\n?\}", re.S)
CALLBACK = re.compile(r"typedef [^;(]*\(\*(np_\w+)\)\(([^;]*)\);")
TYPE = re.compile(r"typedef [^;{(]*\b(np_\w+);")
MACRO = re.compile(r"#define (\w+)")
# A member of a struct, a value of an enum.
MEMBER = re.compile(r"\b[^;\n]*?(?:\(\*(\w+)\)\([^;]*|(\w+)(?:\[\w+\])?);")
VALUE = re.compile(r"(\b)(NP_\w+)")
# A declaration that shares the comment of the declaration before it.
SHARED = re.compile(r"typedef [^;{(]*\b(np_(?!_)\w+);|#define (NP_\w+)")


def public_names(texts):
    """The names that text may link to."""
    names = set()
    for text in texts:
        code = COMMENT.sub("", text)
        for pattern in (FUNCTION, STRUCT, ENUM, CALLBACK, TYPE, MACRO):
            names |= {match[1] for match in pattern.finditer(code)}
        for match in ENUM.finditer(code):
            names |= set(re.findall(r"\bNP_\w+", match[2]))
    return {name for name in names if name.startswith(("np_", "NP_"))}


def blank(text):
    return "\n" * text.count("\n")


def without_private(text):
    """`text` without the declarations of private names."""
    text = re.sub(r"(?:/\*(?:(?!\*/).)*\*/\n)?(?:typedef )?struct np__\w+ \{"
                  r".*?\n\}[^;]*;", lambda m: blank(m[0]), text, flags=re.S)
    text = re.sub(r"^struct np__\w+;$", "", text, flags=re.M)
    text = re.sub(r"^#(?:define|undef) _WINSOCKAPI_.*$", "", text, flags=re.M)
    for match in STRUCT.finditer(text):
        # The names of the members alone: the typedef before it says nothing.
        text = text.replace(f"typedef struct {match[1]} {match[1]};\n", "\n")
    return STRUCT.sub(lambda m: m[0].replace(m[2], public_members(m[2])), text)


def public_members(body):
    """The statements of a struct's body, with the comments behind them, that
    name nothing private."""
    kept = []
    for statement in re.findall(
            r"(?:[^;{]|\{[^}]*\})*?;(?:[ ]*/\*(?:(?!\*/).)*\*/)?", body, re.S):
        private = "np__" in COMMENT.sub("", statement)
        kept.append(blank(statement) if private else statement)
    return "".join(kept)


class Converter:
    def __init__(self, names):
        self.names = names
        self.own = ""

    def escaped(self, text):
        """Plain text as Markdown: nothing in it is a command or a tag, and
        public names are links."""
        pieces = re.split(r"(`[^`]*`)", text)
        return "".join(piece if piece.startswith("`") else self.linked(piece)
                       for piece in pieces)

    def linked(self, text):
        text = re.sub(r"([\\@#%])", r"\\\1", text)
        text = text.replace("&", "&amp;").replace("<", "&lt;")
        text = text.replace(">", "&gt;").replace("_*", "_\\*")
        text = re.sub(r"\b(ERROR_[A-Z0-9_]+|WAIT_TIMEOUT)\b", r"<code>\1</code>",
                      text)

        def link(match):
            name, member = match[1], match[2]
            if name not in self.names or name == self.own and not member:
                return match[0]
            target = f"{name}::{member}" if member else name
            return f'@ref {target} "{match[0]}"'
        return re.sub(r"\b(np_\w+|NP_\w+)(?:\.(\w+))?\b", link, text)

    def labels(self, lines):
        """`Thread:` and the like: a paragraph each, addresses as links."""
        out = []
        for line in lines:
            label = LABEL.match(line)
            if label:
                out.append(f"\n@par {label[1]}")
            text = label[2] if label else line.strip()
            address = re.fullmatch(r"[a-z.]+\.[a-z]+/\S+", text)
            out.append(f'<a href="https://{text}">{text}</a><br>' if address
                       else self.escaped(text))
        return out

    def items(self, lines, documented, is_function):
        """A list `name  text`: of parameters; of members and values, which go to
        `documented` if they are there; else it stays a list."""
        out, names, texts = [], [], {}
        for line in lines:
            match = ITEM.match(line)
            if match:
                names = match[1].split(", ")
                texts.update((name, [match[2] or ""]) for name in names)
            else:
                for name in names:
                    texts[name].append(line.strip())
        for name, text in texts.items():
            text = self.escaped("\n".join(text))
            if name in documented and is_function:
                out.append(f"@param {name} {text}")
            elif name in documented:
                documented[name] = text
            else:
                out.append(f"- `{name}`: {text}")
        return out

    def body(self, comment, documented, is_function=False):
        """The text of one comment; `documented` is filled from its lists."""
        lines = [re.sub(r"^ ?\*? ?", "", line).rstrip()
                 for line in comment.strip("\n ").split("\n")]
        out = []
        for paragraph in re.split(r"\n\n+", "\n".join(lines)):
            lines = paragraph.split("\n")
            if LABEL.match(lines[0]):
                out += self.labels(lines)
            elif all(line.startswith("    ") for line in lines):
                out += ["@verbatim", *(line[4:] for line in lines),
                        "@endverbatim"]
            elif ITEM.match(lines[0]):
                out += self.items(lines, documented, is_function)
            else:
                out += self.prose(lines)
            out.append("")
        return "\n".join(out).rstrip()

    def prose(self, lines):
        out = []
        for index, line in enumerate(lines):
            result = re.match(r"`\w+` gets ", line)
            if index == 0 and line.startswith("Returns "):
                out.append("@return " + self.escaped(line[len("Returns "):]))
            elif result:
                out += ["", "@par Callback", self.escaped(line)]
            else:
                out.append(self.escaped(line))
        return out

    def declaration(self, comment, code):
        """A comment and the declaration behind it, which begins `code`: their
        new text, and how much of `code` they use up."""
        for pattern in (FUNCTION, STRUCT, ENUM, CALLBACK, TYPE, MACRO):
            match = pattern.match(code)
            if match:
                break
        else:
            return f"/* {comment} */", 0
        self.own = match[1]
        if pattern in (STRUCT, ENUM):
            return self.compound(comment, match)
        documented = {}
        if pattern in (FUNCTION, CALLBACK):
            documented = {name: None for name in
                          re.findall(r"(\w+)(?:,|$)", match[2])}
        if pattern is TYPE:
            documented = {name: None for name in
                          re.findall(r"^#define (\w+)", code, re.M)}
        text = self.body(comment, documented, pattern in (FUNCTION, CALLBACK))
        block = f"/** {text} */\n{match[0]}"
        if pattern is TYPE:
            block += "".join(f"\n/** @def {name}\n{said} */"
                             for name, said in documented.items() if said)
        return block, match.end()

    def compound(self, comment, match):
        """A struct or an enum: the text of its list goes to its members."""
        code = COMMENT.sub("", match[2])
        member = MEMBER if code.rstrip().endswith(";") else VALUE
        documented = {found[1] or found[2]: None
                      for found in member.finditer(code)}
        text = self.body(comment, documented)

        def described(found):
            said = documented.get(found[1] or found[2])
            return f"/** {said} */ {found[0]}" if said else found[0]
        body = "".join(
            f"/**< {self.escaped(' '.join(piece[2:-2].split()))} */"
            if piece.startswith("/*") else member.sub(described, piece)
            for piece in re.split(r"(/\*.*?\*/)", match[2], flags=re.S))
        return (f"/** {text} */\n" + match[0].replace(match[2], body),
                match.end())


def convert(text, names):
    """The text of a header for Doxygen; `names` are what may be linked."""
    converter = Converter(names)
    text = without_private(text)
    out = []
    head = COMMENT.match(text)
    if head:
        out.append(f"/** @file\n{converter.body(head[1], {})} */")
        text = text[head.end():]
    while text:
        comment = re.search(r"^/\*(.*?)\*/\n", text, re.S | re.M)
        if not comment:
            out.append(text)
            break
        out.append(text[:comment.start()])
        text = text[comment.end():]
        block, used = converter.declaration(comment[1], text)
        out.append(block)
        text = text[used:]
        # Declarations that follow at once share the comment.
        while True:
            more = re.match(r"[^\n]*\n(?:\n(?=#define))?(?=typedef|#define)",
                            text)
            shared = more and SHARED.match(text, more.end())
            if not shared:
                break
            name = shared[1] or shared[2]
            if f"@def {name}\n" not in block:
                out.append(text[:more.end()] + "/** See "
                           f"@ref {converter.own} \"{converter.own}\". */\n")
            else:
                out.append(text[:more.end()])
            out.append(shared[0])
            text = text[shared.end():]
    return "".join(out)


def doxygen(folder, files, settings):
    """Runs Doxygen on `files`, names and texts, in the empty `folder`. Returns
    what it printed if it failed, else nothing."""
    source = os.path.join(folder, "npipe")
    os.mkdir(source)
    for name, text in files.items():
        with open(os.path.join(source, name), "w", encoding="utf-8") as file:
            file.write(text)
    ran = subprocess.run(
        ["doxygen", "-"], text=True, capture_output=True, check=False,
        input=f"{SETTINGS}{settings}\nINPUT = {source}\n"
              f"STRIP_FROM_PATH = {folder}\nSTRIP_FROM_INC_PATH = {folder}\n"
              f"OUTPUT_DIRECTORY = {folder}\n")
    if ran.returncode:
        return (ran.stdout + ran.stderr).replace(source, "src/include/npipe")
    return ""


def members(folder):
    """The members (functions, types, macros, fields) that Doxygen found, as
    elements of its XML, each with the name of its struct or file."""
    for path in sorted(glob.glob(os.path.join(folder, "xml/*.xml"))):
        for compound in xml.etree.ElementTree.parse(path).iter("compounddef"):
            for member in compound.iter("memberdef"):
                yield compound.findtext("compoundname"), member


def declarations(files):
    """Each declaration of the headers `files`, names and texts, in one line:
    `np_error np_f(int a)`, `struct np_s: int member`, `enum np_e: NP_A = 1`,
    `#define NP_M 1`."""
    found = set()
    with tempfile.TemporaryDirectory() as folder:
        failure = doxygen(
            folder, {name: without_private(COMMENT.sub(blank_of, text))
                     for name, text in files.items()},
            "EXTRACT_ALL = YES\nGENERATE_HTML = NO\nWARNINGS = NO")
        if failure:
            raise RuntimeError(failure)
        for owner, member in members(folder):
            name, kind = member.findtext("name"), member.get("kind")
            if name == "NP_API":
                continue
            text = " ".join((member.findtext("definition") or "").split())
            if kind == "define":
                value = "".join(member.find("initializer").itertext()) \
                    if member.find("initializer") is not None else ""
                found.add(f"#define {name} {value}".rstrip())
            elif kind == "enum":
                found |= {
                    f"enum {name}: {value.findtext('name')}"
                    f" {value.findtext('initializer') or ''}".rstrip()
                    for value in member.iter("enumvalue")}
            else:
                behind = member.findtext("argsstring") or ""
                # `definition` has the arguments of a pointer to a function.
                text += "" if behind.startswith(")") else behind
                found.add(f"struct {owner}: {text.replace(f'{owner}::', '')}"
                          if kind == "variable" else text)
    return found


def blank_of(match):
    return blank(match[0]) or " "
