"""The command line of a script in Python: wrong usage is told in one line."""
import argparse


class Parser(argparse.ArgumentParser):
    """Knows no abbreviations; exits with 2 on wrong usage."""

    def __init__(self, **words):
        words.setdefault("formatter_class",
                         argparse.RawDescriptionHelpFormatter)
        words["allow_abbrev"] = False
        super().__init__(**words)

    def error(self, message):
        line = " ".join(message.split())
        self.exit(2, f"{self.prog}: {line} (--help tells more)\n")


def none(document):
    """For a script without arguments: `document` is what --help prints."""
    Parser(description=document).parse_args()
