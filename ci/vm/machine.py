"""The virtual machine: QEMU's command line, and what it may accelerate by.

No device needs a driver that Windows does not bring: disks and CDs are on IDE
or AHCI, the network card is an e1000, the screen is plain VGA.
"""
import dataclasses
import os
import re
import shutil

from vm import media

FIRMWARE = (  # code and variables; Debian's and Ubuntu's name, then older ones
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
)
TOOLS = ("qemu-system-x86_64", "qemu-img", "xorriso", "mformat", "mcopy",
         "sfdisk")


def missing():
    """Lists the tools that this host lacks."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def why_not_kvm(device="/dev/kvm", cpuinfo="/proc/cpuinfo"):
    """Why KVM cannot be used, or None. A /dev/kvm without the processor's own
    virtualization exists (software KVM); Windows does not run there."""
    if not os.path.exists(device):
        return f"there is no {device}"
    if not os.access(device, os.R_OK | os.W_OK):
        return f"{device} is not writable for this user"
    with open(cpuinfo, encoding="utf-8") as file:
        if not re.search(r"^flags\s*:.*\b(vmx|svm)\b", file.read(), re.M):
            return "this processor has neither vmx nor svm"
    return None


@dataclasses.dataclass
class Machine:
    """The devices and their connections. `cds` and `out` are raw images;
    `system` is a qcow2 image that QEMU may write to."""
    name: str
    accel: str
    firmware: str
    disk: str
    memory_mb: int
    system: str
    cds: list
    log: str            # the folder of the serial line and the firmware's words
    scratch: str
    out: str = ""
    network: bool = False
    extra: tuple = ()

    def serial_log(self):
        return os.path.join(self.log, f"{self.name}.serial.log")

    def firmware_log(self):
        return os.path.join(self.log, f"{self.name}.firmware.log")

    def qmp(self):
        return os.path.join(self.scratch, "qmp")

    def command(self):
        kvm = self.accel == "kvm"
        words = [
            "qemu-system-x86_64", "-name", self.name, "-machine",
            f"{'pc' if self.disk == 'ide' else 'q35'},accel={self.accel}",
            # smap=off: programs of Wine die with TCG's, in QEMU 7.2.
            "-cpu", "host,hv_relaxed,hv_vapic,hv_spinlocks=0x1fff,hv_time"
            if kvm else "max,smap=off",
            # Two processors by TCG are slower than one on a busy host.
            "-smp", "2" if kvm else "1", "-m", str(self.memory_mb),
            "-nodefaults", "-no-user-config", "-vga", "std",
            "-display", "none", "-rtc", "base=localtime",
            # A guest that is off stays to be looked at.
            "-no-shutdown", "-serial", f"file:{self.serial_log()}",
            "-qmp", f"unix:{self.qmp()},server=on,wait=off",
            "-chardev", f"file,id=firmware,path={self.firmware_log()}",
            "-device", "isa-debugcon,iobase=0x402,chardev=firmware"]
        # No way out of the guest (restrict), and no boot from the network.
        words += (["-netdev", "user,id=net,restrict=on", "-device",
                   "e1000,netdev=net,romfile="] if self.network
                  else ["-nic", "none"])
        if self.out:
            # A restart is a blue screen or an update: neither may go on.
            words += ["-no-reboot"]
        if self.firmware == "uefi":
            words += self._uefi()
        disks = [("system", self.system, "qcow2", "hd")]
        if self.out:
            disks.append(("out", self.out, "raw", "hd"))
        disks += [(f"cd{number}", cd, "raw", "cd")
                  for number, cd in enumerate(self.cds)]
        for number, (name, path, kind, device) in enumerate(disks):
            words += self._drive(number, name, path, kind, device)
        return words + list(self.extra)

    def _uefi(self):
        for code, variables in FIRMWARE:
            if os.path.exists(code):
                own = os.path.join(self.scratch, "variables.fd")
                shutil.copyfile(variables, own)
                return ["-drive", f"if=pflash,format=raw,readonly=on,file={code}",
                        "-drive", f"if=pflash,format=raw,file={own}"]
        raise media.Unusable("no UEFI firmware here: ci/setup vm installs it")

    def _drive(self, number, name, path, kind, device):
        drive = f"if=none,id={name},file={path.replace(',', ',,')},format={kind}"
        if device == "cd":
            drive += ",media=cdrom,readonly=on"
        elif name == "system":
            drive += ",cache=unsafe"  # an overlay or a new disk: no loss
        where = (f"bus=ide.{number // 2},unit={number % 2}"
                 if self.disk == "ide" else f"bus=ide.{number}")
        # An empty disk is passed over, later it wins: nobody has to eject.
        order = {"system": ",bootindex=1", "cd0": ",bootindex=2"}.get(name, "")
        return ["-drive", drive, "-device",
                f"ide-{device},drive={name},{where}{order}"]
