"""The museum's rows, docs/known-bugs.toml."""
import os
import tomllib


def load(top):
    with open(os.path.join(top, "docs/known-bugs.toml"), "rb") as rows:
        return tomllib.load(rows)["bug"]
