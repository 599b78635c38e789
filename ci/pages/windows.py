"""The names of Windows: which version a build is. The only such table: the page,
ci/results and the documents take their names from here."""
import re

# The versions that npipe is meant for, the oldest first: the key that commands
# and files use, the name, and the first build of it. A server has builds of its
# own, which are not a client's.
CLIENTS = [
    ("7", "Windows 7", (6, 1, 0)),
    ("8", "Windows 8", (6, 2, 0)),
    ("8.1", "Windows 8.1", (6, 3, 0)),
    ("10", "Windows 10", (10, 0, 0)),
    ("11", "Windows 11", (10, 0, 22000)),
]
SERVERS = [
    ("2008r2", "Windows Server 2008 R2", (6, 1, 0)),
    ("2012", "Windows Server 2012", (6, 2, 0)),
    ("2012r2", "Windows Server 2012 R2", (6, 3, 0)),
    ("2016", "Windows Server 2016", (10, 0, 14393)),
    ("2019", "Windows Server 2019", (10, 0, 17763)),
    ("2022", "Windows Server 2022", (10, 0, 20348)),
    ("2025", "Windows Server 2025", (10, 0, 26100)),
]
# The versions that ci/results has a file of. 8 and 2012 nearly have the kernel
# of another version.
WANTED = ["7", "8.1", "10", "11", "2008r2", "2012r2", "2016", "2019", "2022",
          "2025"]
NAMES = {key: name for key, name, _ in CLIENTS + SERVERS}


def numbers(build):
    """(10, 0, 19045) for `10.0.19045` or `10.0.19045.4651`; None for less."""
    found = tuple(int(n) for n in re.findall(r"\d+", build)[:3])
    return found if len(found) == 3 else None


def key(build, product=""):
    """`2022` for `10.0.20348` of a server; "" where there is no such version.

    `product` is the platform's of a report: "workstation", "server" or
    "domain controller". Without it a build is taken for a client's, except
    where no client has that build. A server of the channel between the named
    versions (1709, 23H2) is none of them."""
    have = numbers(build)
    if have is None:
        return ""
    # No client is 10.0.20348: the build is Windows Server 2022's alone.
    if product in ("server", "domain controller") or (
            product == "" and have == (10, 0, 20348)):
        exact = [k for k, _, first in SERVERS
                 if first == have or (have[0] == 6 and first[:2] == have[:2])]
        return exact[0] if exact else ""
    fitting = [k for k, _, first in CLIENTS if first <= have and
               (have[0] == 10) == (first[0] == 10) and
               (have[0] == 10 or first[:2] == have[:2])]
    return fitting[-1] if fitting else ""


def name(build, product=""):
    """`Windows Server 2022`; `Windows Server (build 25398)` and `Windows 12.0`
    where the build is no version that is known; "" without a build."""
    found = key(build, product)
    have = numbers(build)
    if found or have is None:
        return NAMES.get(found, "")
    if product in ("server", "domain controller"):
        return f"Windows Server (build {have[2]})"
    return f"Windows {have[0]}.{have[1]}"


def short(full_name):
    """`Server 2022` for `Windows Server 2022`: for the head of a column."""
    return full_name.removeprefix("Windows ")
