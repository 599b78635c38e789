"""The checks of a script: each prints a line if it fails, and all are counted."""
failures = []
count = 0


def check(what, good, output=None):
    global count
    count += 1
    if not good:
        failures.append(what)
        print(f"FAIL {what}", flush=True)
        if output is not None:
            print("  | " + repr(output).replace("\\n", "\n  | "))


def equal(what, actual, expected):
    check(f"{what}: {actual!r}, not {expected!r}", actual == expected)


def finish():
    """Prints the counts. Returns the exit code of the script."""
    print(f"{count} checks, {len(failures)} failed")
    return 1 if failures else 0
