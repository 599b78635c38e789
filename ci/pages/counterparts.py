"""Counterparts: the tables of docs/from-tokio.md, which compare npipe with other
libraries, and what is wrong in them."""
import os
import re

PAGE = "docs/from-tokio.md"

# The public items of tokio::net::windows::named_pipe, version 1.48.
ENDS = """from_raw_handle info ready readable poll_read_ready try_read
    try_read_vectored try_read_buf writable poll_write_ready try_write
    try_write_vectored try_io async_io"""
TOKIO = {
    "NamedPipeServer": ENDS + " connect disconnect",
    "NamedPipeClient": ENDS,
    "ServerOptions": """new pipe_mode access_inbound access_outbound
        first_pipe_instance write_dac write_owner access_system_security
        reject_remote_clients max_instances out_buffer_size in_buffer_size
        create create_with_security_attributes_raw""",
    "ClientOptions": """new read write security_qos_flags pipe_mode open
        open_with_security_attributes_raw""",
    "PipeMode": "Byte Message",
    "PipeEnd": "Client Server",
    "PipeInfo": "mode end max_instances out_buffer_size in_buffer_size",
    "AsyncRead": "",
    "AsyncWrite": "",
    "AsRawHandle": "",
    "AsHandle": "",
}


def quoted(cell):
    """The names that stand in a cell as code."""
    return re.findall(r"`([^`]+)`", cell)


def rows(text):
    """The rows of all tables: [(number of the line, section, [cell, ...])]."""
    found, section = [], ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| ") and not line.endswith("| case |"):
            found.append((number, section, line.strip("| ").split(" | ")))
    return found


def wrong(top, cases, path=None):
    """Lines that say what is wrong in the page, or in the page at `path`."""
    with open(path or os.path.join(top, PAGE), encoding="utf-8") as page:
        table = rows(page.read())
    include = os.path.join(top, "src/include/npipe")
    words = set()
    for name in os.listdir(include):
        with open(os.path.join(include, name), encoding="utf-8") as header:
            words |= set(re.findall(r"\bn?N?[pP]_\w+", header.read()))
    ids = {case["id"] for case in cases}
    lines, named = [], set()
    for number, section, cells in table:
        place = f"{PAGE}:{number}: {cells[0]}"
        if len(cells) != 4:
            lines.append(f"{place}: {len(cells)} cells, not 4")
            continue
        if section.startswith("Tokio"):
            named |= set(quoted(cells[0]))
        shown = quoted(cells[3])
        if not shown:
            lines.append(f"{place}: names no case")
        lines += [f"{place}: there is no case {id}"
                  for id in shown if id not in ids]
        lines += [f"{place}: no header has {word}"
                  for cell in cells[1:3] for name in quoted(cell)
                  for word in re.findall(r"\b(?:np|NP)_\w+", name)
                  if word not in words]
    items = [kind for kind in TOKIO]
    items += [f"{kind}::{name}" for kind in TOKIO for name in TOKIO[kind].split()]
    lines += [f"{PAGE}: no row for {item} of Tokio"
              for item in items if item not in named]
    return lines
