"""Makes the stand-in guest: a kernel and an initramfs that boot in QEMU.

The kernel is the distribution's (`ci/setup vm` unpacks its package), the only
program is busybox, and the only script is stand-in/init.
"""
import lzma
import os
import re
import shutil
import stat
import subprocess
import zlib

from vm import media

TOP = os.path.dirname(os.path.dirname(media.FOLDER))
KERNEL = os.path.join(TOP, "build/deps/kernel")
BUSYBOX = ("/bin/busybox", "/usr/bin/busybox")
MODULES = ("ahci", "ata_piix", "sd_mod", "sr_mod", "isofs", "vfat", "nls_cp437",
           "nls_ascii", "nls_iso8859-1", "nls_utf8", "ext4")
APPLETS = ("sh", "mount", "umount", "insmod", "cat", "cp", "dd", "echo",
           "findfs", "blkid", "grep", "poweroff", "reboot", "sleep", "sync", "tr",
           "chroot", "chown")
# XEN_ELFNOTE_PHYS32_ENTRY (18) of "Xen", with a value of 4 or 8 bytes.
PVH_NOTE = b"\x12\0\0\0Xen\0"
FOLDERS = ("bin", "proc", "sys", "dev", "cd", "out", "wine", "modules")


def why_not():
    """Why there can be no stand-in here, or None."""
    if not os.path.exists(os.path.join(KERNEL, ".complete")):
        return "no kernel of this distribution: run ci/setup vm"
    if not any(map(os.path.exists, BUSYBOX)):
        return "no busybox (package busybox-static)"
    return None


def make(folder):
    """Writes `vmlinuz`, `vmlinux` (the same, unpacked: it boots faster, but
    shows nothing on the screen) and `initrd` into the folder."""
    os.makedirs(folder, exist_ok=True)
    with open(_kernel_file(), "rb") as file:
        image = file.read()
    with open(os.path.join(folder, "vmlinuz"), "wb") as file:
        file.write(image)
    with open(os.path.join(folder, "vmlinux"), "wb") as file:
        file.write(_unpacked(image) or image)
    with open(os.path.join(folder, "initrd"), "wb") as file:
        file.write(_initramfs())


WINE_START = """\
#!/bin/sh
# Wine's cmd runs the script that Windows runs at its logon.
export PATH=/usr/bin HOME=/tmp LC_ALL=C.UTF-8 WINEPREFIX=/prefix WINEDEBUG=-all
export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'
cd /tmp && wine cmd /c 'C:\\npipe-vm\\logon.cmd'
"""


def make_wine(path, scratch, root, template):
    """A disk with a private Wine (its root and its prefix) for the stand-in,
    whose drives D: and E: are the CD and the disk for results."""
    shutil.copytree(root, scratch, symlinks=True)
    for folder in ("proc", "sys", "dev", "tmp", "cd", "out"):
        os.makedirs(os.path.join(scratch, folder), exist_ok=True)
    prefix = os.path.join(scratch, "prefix")
    shutil.copytree(template, prefix, symlinks=True)
    for drive, target in (("d:", "/cd"), ("e:", "/out"),
                          ("com1", "/dev/ttyS0")):
        os.symlink(target, os.path.join(prefix, "dosdevices", drive))
    hook = os.path.join(prefix, "drive_c/npipe-vm")
    os.makedirs(hook)
    media.crlf(os.path.join(media.FOLDER, "guest/logon.cmd"),
               os.path.join(hook, "logon.cmd"))
    start = os.path.join(scratch, "start")
    with open(start, "w", encoding="utf-8") as file:
        file.write(WINE_START)
    os.chmod(start, 0o755)
    with open(path, "wb") as file:
        file.truncate(1 << 30)
    media.run("mke2fs", "-q", "-t", "ext4", "-L", "WINE", "-d", scratch, path)
    shutil.rmtree(scratch)


def _kernel_file():
    boot = os.path.join(KERNEL, "boot")
    return os.path.join(boot, next(name for name in os.listdir(boot)
                                   if name.startswith("vmlinuz-")))


def _zstd(data):
    """Unpacks the data with zstd. Bytes behind their end do no harm."""
    done = subprocess.run(("zstd", "-dcq"), input=data, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout


# The ways to unpack a kernel and its modules, by the first bytes of the data.
PACKERS = {
    b"\xfd7zXZ\x00": lambda data: lzma.LZMADecompressor().decompress(data),
    b"\x28\xb5\x2f\xfd": _zstd,
    b"\x1f\x8b\x08": lambda data: zlib.decompressobj(31).decompress(data),
}


def _unpacked(image):
    """The ELF file inside a bzImage: QEMU starts it directly (PVH), and an
    emulated processor does not spend seconds on unpacking. None where there is
    none, or QEMU could not start it: it needs the note of PVH."""
    for magic, unpack in PACKERS.items():
        begin = image.find(magic)
        while begin >= 0:
            try:
                inside = unpack(image[begin:])
            except (lzma.LZMAError, zlib.error):
                inside = b""
            if inside.startswith(b"\x7fELF"):
                return inside if PVH_NOTE in inside else None
            begin = image.find(magic, begin + 1)
    return None


def _module(path):
    with open(path, "rb") as file:
        data = file.read()
    for magic, unpack in PACKERS.items():
        if data.startswith(magic):
            return unpack(data)
    return data


def _modules():
    """{name: content} of the modules with what they depend on, in the order to
    load them."""
    files = {}
    for path, _, names in os.walk(KERNEL):
        for name in names:
            base, dot, _ = name.partition(".ko")
            if dot:
                files[base.replace("-", "_")] = os.path.join(path, name)
    order = {}

    def add(name):
        name = name.replace("-", "_")
        if name not in files or name in order:
            return  # built into the kernel, or there already
        data = _module(files[name])
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for other in filter(None, depends.group(1).decode().split(",")):
            add(other)
        order[name] = data

    # The first two are asked for by name at run time, by ext4 and by sd_mod.
    for name in ("crc32c_generic", "crct10dif_generic", *MODULES):
        add(name)
    return order


def _initramfs():
    archive = Cpio()
    for folder in FOLDERS:
        archive.add(folder, stat.S_IFDIR | 0o755)
    with open(next(filter(os.path.exists, BUSYBOX)), "rb") as file:
        archive.add("bin/busybox", stat.S_IFREG | 0o755, file.read())
    for applet in APPLETS:
        archive.add(f"bin/{applet}", stat.S_IFLNK | 0o777, b"busybox")
    modules = _modules()
    for name, data in modules.items():
        archive.add(f"modules/{name}", stat.S_IFREG | 0o644, data)
    archive.add("modules/order", stat.S_IFREG | 0o644,
                "\n".join(modules).encode())
    with open(os.path.join(media.FOLDER, "stand-in/init"), "rb") as file:
        archive.add("init", stat.S_IFREG | 0o755, file.read())
    return archive.finished()


class Cpio:
    """An archive in the kernel's format (newc). Source: Documentation/
    driver-api/early-userspace/buffer-format.rst of Linux."""

    def __init__(self):
        self.data = bytearray()
        self.count = 0

    def add(self, name, mode, content=b""):
        self.count += 1
        fields = [self.count, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0,
                  len(name) + 1, 0]
        self.data += b"070701" + "".join(f"{f:08x}" for f in fields).encode()
        self.data += name.encode() + b"\0"
        self._pad()
        self.data += content
        self._pad()

    def _pad(self):
        self.data += b"\0" * (-len(self.data) % 4)

    def finished(self):
        self.add("TRAILER!!!", 0)
        return bytes(self.data)
