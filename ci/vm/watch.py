"""Watches a machine: one phase after the other, each with a limit of time.

A phase ends with a mark on the serial line. The last one ends when the guest is
off. At the end of each phase, once a minute, and when something goes wrong a
picture of the screen goes to the log folder.
"""
import dataclasses
import os
import re
import signal
import subprocess
import time

from vm import qmp

PICTURE_EVERY_S = 60
# The words of firmware that finds nothing to start: SeaBIOS, then OVMF. OVMF
# starts its own shell if it has a shell.
NOTHING_BOOTS = re.compile(r"No bootable device|BdsDxe: No bootable option"
                           r'|BdsDxe: starting \w+ "EFI Internal Shell"')

ESCAPE = re.compile(r"\x1b\[[0-9;=?]*[A-Za-z]")


@dataclasses.dataclass
class Phase:
    name: str
    mark: str       # the line that ends it; empty: the guest is off
    limit_s: float
    what: str       # what has not happened when the limit is reached


class Watch:
    def __init__(self, machine, say, press_return=False):
        self.machine = machine
        self.say = say
        self.press_return = press_return  # "Press any key to boot from CD"
        self.begin = time.monotonic()
        self.process = None
        self.qmp = None
        self.picture = ""   # the last one
        self.said = 0       # serial lines that were already told

    def path(self, what):
        return os.path.join(self.machine.log, f"{self.machine.name}.{what}")

    def run(self, phases):
        """Why the machine did not go through all phases, or None."""
        words = self.machine.command()
        with open(self.path("command"), "w", encoding="utf-8") as file:
            file.write(" ".join(map(_quoted, words)) + "\n")
        with open(self.path("qemu.log"), "w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *words],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        try:
            try:
                self.qmp = qmp.Qmp(self.machine.qmp())
            except OSError:
                return f"QEMU does not start: {self._last_error()}"
            for phase in phases:
                reason = self._phase(phase)
                self._shoot(phase.name)
                if reason is not None:
                    return reason
            return None
        finally:
            self._end()

    def _phase(self, phase):
        until = time.monotonic() + phase.limit_s
        picture_at = time.monotonic() + PICTURE_EVERY_S
        while True:
            lines = self._serial()
            failed = [line for line in lines
                      if line.startswith("NPIPE FAILED ")]
            if failed:
                return failed[-1].removeprefix("NPIPE FAILED ")
            if phase.mark and any(line.startswith(phase.mark)
                                  for line in lines):
                return None
            off = self.qmp.shutdown_reason()
            if off == "guest-shutdown" and not phase.mark:
                return None
            if off or self.qmp.gone:
                return self._stopped(phase, off)
            if NOTHING_BOOTS.search(self._text(self.machine.firmware_log())
                                    + self._text(self.machine.serial_log())):
                return "the firmware found nothing to start"
            now = time.monotonic()
            if now > until:
                return f"{phase.what} after {phase.limit_s:g} s"
            if now > picture_at:
                self._shoot(phase.name)
                picture_at = now + PICTURE_EVERY_S
            if self.press_return and now < self.begin + 30:
                self.qmp.press("ret")
                if self.qmp.events:  # a restart: never press after it
                    self.press_return = False
            self.qmp.wait(min(0.2 if not self.press_return else 1,
                              max(0.01, until - now)))

    def _stopped(self, phase, off):
        if off == "guest-reset":
            how = "the guest crashed or restarted"
        elif off == "guest-shutdown":
            how = "the guest shut down early"
        elif off:
            how = f"the guest stopped ({off})"
        else:
            how = f"QEMU ended: {self._last_error()}"
        return f"{how}, and {phase.what}"

    def _serial(self):
        """All whole lines of the serial line; new marks are told."""
        # UEFI clears the screen there and ends no line.
        text = ESCAPE.sub("", self._text(self.machine.serial_log()))
        lines = [line.strip() for line in text.split("\n")[:-1]]
        for line in lines[self.said:]:
            if line.startswith("NPIPE "):
                self.say(line.removeprefix("NPIPE ").lower())
        self.said = len(lines)
        return lines

    @staticmethod
    def _text(path):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _last_error(self):
        if self.process is not None:
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        lines = self._text(self.path("qemu.log")).strip().splitlines()
        return lines[-1] if lines else f"exit code {self.process.returncode}"

    def _shoot(self, name):
        path = os.path.abspath(self.path(f"{name}.png"))
        if self.qmp.screenshot(path):
            self.picture = os.path.basename(path)

    def _end(self):
        if self.qmp is not None:
            self.qmp.quit()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def _quoted(word):
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else f"'{word}'"
