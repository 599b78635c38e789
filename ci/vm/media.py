"""The media of a machine: CDs by xorriso, the disk for results by mtools.

Each medium has a label, and a file in its root that is named as the label:
scripts find it by that file, never by a number or a drive letter.
"""
import hashlib
import json
import os
import shutil
import subprocess
import zipfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
OUT_MB = 64  # full reports of both bitnesses are 4 MB
PARTITION_AT = 1 << 20  # bytes; where the partition of the results begins


class Unusable(Exception):
    """A file that the user named cannot be used; the text says why."""


def run(*command):
    """Runs a tool; its output is the message when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        text = done.stdout.decode(errors="replace").strip()
        raise Unusable(f"{command[0]}: {text.splitlines()[-1] if text else 'fails'}")
    return done.stdout.decode(errors="replace")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def crlf(source, target):
    """Copies a text as Windows' cmd wants it."""
    with open(source, encoding="ascii") as file:
        text = file.read()
    write(target, text)


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="\r\n") as file:
        file.write(text)


def disk_format(path):
    """`qcow2`, `vhdx`, `vpc`, `raw`... of a disk image."""
    return json.loads(run("qemu-img", "info", "--output=json", path))["format"]


def is_cd(path):
    with open(path, "rb") as file:
        file.seek(0x8001)
        return file.read(5) == b"CD001"


def cd_write(path, label, folder):
    write(os.path.join(folder, label), "found by this name\n")
    run("xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", label,
        "-o", path, folder)


def setup_cd(path, scratch, answer):
    """The CD beside Windows' own. Setup reads Autounattend.xml; an image that
    was generalised by sysprep reads Unattend.xml."""
    folder = os.path.join(scratch, "setup")
    os.makedirs(os.path.join(folder, "npipe"))
    for name in ("Autounattend.xml", "Unattend.xml"):
        write(os.path.join(folder, name), answer)
    for name in ("prepare.cmd", "logon.cmd"):
        crlf(os.path.join(FOLDER, "guest", name),
             os.path.join(folder, "npipe", name))
    cd_write(path, "NPIPE_SETUP", folder)


def unpack(archive, folder):
    """The suite's zip without its top folder. Windows 7 and 8.1 cannot unpack a
    zip from a script, so the CD has it unpacked."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            broken = zipped.testzip()
            if broken is not None:
                raise Unusable(f"{archive}: {broken} is broken")
            zipped.extractall(folder)
    except (OSError, zipfile.BadZipFile) as error:
        raise Unusable(f"{archive}: {error}") from error
    inside = [os.path.join(folder, name) for name in os.listdir(folder)]
    if len(inside) != 1 or not os.path.exists(
            os.path.join(inside[0], "run.cmd")):
        raise Unusable(f"{archive}: not a zip of the suite: no run.cmd in it")
    sums = os.path.join(inside[0], "SHA256SUMS")
    if os.path.exists(sums):
        with open(sums, encoding="utf-8") as file:
            for line in file:
                expected, name = line.split(maxsplit=1)
                name = name.strip().lstrip("*")
                if sha256(os.path.join(inside[0], name)) != expected:
                    raise Unusable(f"{archive}: {name} is not what SHA256SUMS"
                                   " says")
    return inside[0]


def suite_cd(path, scratch, archive, options):
    """The CD of a run."""
    folder = os.path.join(scratch, "cd")
    suite_folder(folder, scratch, archive, options)
    cd_write(path, "NPIPE_CD", folder)


def suite_folder(folder, scratch, archive, options):
    """The folder `npipe` for the guest of a run: the suite, and the options of
    its run.cmd."""
    os.makedirs(os.path.join(folder, "npipe"))
    suite = unpack(archive, os.path.join(scratch, "zip"))
    shutil.move(suite, os.path.join(folder, "npipe", "suite"))
    for name in ("guest.cmd", "prepare.cmd", "logon.cmd"):
        crlf(os.path.join(FOLDER, "guest", name),
             os.path.join(folder, "npipe", name))
    write(os.path.join(folder, "npipe", "options.txt"),
          options_line(options) + "\n")


def suite_share(folder, scratch, archive, options):
    """The folders that docker/windows.compose.yaml mounts: `oem`, which
    prepares the Windows at its first logon, and `shared`, CD and disk of a run
    in one."""
    oem, shared = (os.path.join(folder, name) for name in ("oem", "shared"))
    for old in (oem, shared):
        shutil.rmtree(old, ignore_errors=True)
    os.makedirs(os.path.join(oem, "npipe"))
    crlf(os.path.join(FOLDER, "guest", "install.bat"),
         os.path.join(oem, "install.bat"))
    for name in ("prepare.cmd", "logon.cmd"):
        crlf(os.path.join(FOLDER, "guest", name),
             os.path.join(oem, "npipe", name))
    suite_folder(shared, scratch, archive, options)
    for label in ("NPIPE_CD", "NPIPE_OUT"):
        write(os.path.join(shared, label), "found by this name\n")


def options_line(options):
    """The options as cmd reads them: quoted where it would see a sign."""
    words = []
    for option in options:
        if any(sign in option for sign in '"%^!\r\n'):
            raise Unusable(f"cmd cannot be given the option {option!r}")
        plain = option and not any(sign in option for sign in " *?&|<>()=,;@/")
        words.append(option if plain else f'"{option}"')
    return " ".join(words)


def out_disk(path):
    """An empty FAT16 disk with a partition table, as Windows wants one."""
    with open(path, "wb") as file:
        file.truncate(OUT_MB << 20)
    sectors = OUT_MB * 2048 - 2048
    subprocess.run(("sfdisk", "-q", path), check=True, text=True,
                   input="label: dos\nstart=2048, type=e\n")
    run("mformat", "-i", f"{path}@@{PARTITION_AT}", "-T", str(sectors),
        "-h", "64", "-s", "32", "-H", "2048", "-v", "NPIPE_OUT", "::")
    tag = path + ".tag"
    write(tag, "found by this name\n")
    run("mcopy", "-i", f"{path}@@{PARTITION_AT}", tag, "::NPIPE_OUT")
    os.remove(tag)


def out_read(path, folder):
    """Everything that the guest left on the disk, into an empty folder."""
    os.makedirs(folder)
    run("mcopy", "-s", "-n", "-i", f"{path}@@{PARTITION_AT}", "::*", folder)
