"""The answer file that installs a Windows without a question."""
import os
import re

import jinja2

FOLDER = os.path.dirname(os.path.abspath(__file__))
PASSWORD = "npipe-VM-2026"  # of a machine without a way in
USER = "npipe"


def text(version, firmware=None, architecture="amd64", index=None, key=None,
         language="en-US"):
    """The answer file of a version, as XML. `key` is the user's own product
    key; evaluation media must be given none."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
        trim_blocks=True, lstrip_blocks=True)
    filled = environment.get_template("answer.xml.jinja").render(
        version=version, firmware=firmware or version.firmware,
        architecture=architecture, index=index or version.image_index,
        key=key, language=language, user=USER, password=PASSWORD,
        keyboard="0409:00000409" if language == "en-US" else language)
    return re.sub(r"\n\s*\n", "\n", filled)
