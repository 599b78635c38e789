"""QEMU's control socket: commands, events, and pictures of the screen."""
import json
import os
import socket
import time


class Qmp:
    """A connection to a QEMU that was just started. After QEMU is gone,
    commands do nothing and `gone` is true."""

    def __init__(self, path, limit_s=30):
        self.events = []
        self.gone = False
        self.rest = b""
        self.socket = socket.socket(socket.AF_UNIX)
        # The path of a socket has 107 bytes at most: from its own folder.
        here = os.open(".", os.O_RDONLY)
        try:
            os.chdir(os.path.dirname(path))
            self._connect(os.path.basename(path), time.monotonic() + limit_s)
        finally:
            os.fchdir(here)
            os.close(here)
        self._receive()
        self.command("qmp_capabilities")

    def _connect(self, name, until):
        while True:
            try:
                self.socket.connect(name)
                return
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _receive(self, limit_s=30.0):
        """The next message, or None."""
        until = time.monotonic() + limit_s
        while b"\n" not in self.rest:
            self.socket.settimeout(max(0.001, until - time.monotonic()))
            try:
                some = self.socket.recv(65536)
            except TimeoutError:
                return None
            except OSError:
                some = b""
            if not some:
                self.gone = True
                return None
            self.rest += some
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def command(self, name, **arguments):
        """Returns True if QEMU ran the command."""
        if self.gone:
            return False
        words = {"execute": name}
        if arguments:
            words["arguments"] = arguments
        try:
            self.socket.sendall(json.dumps(words).encode() + b"\n")
        except OSError:
            self.gone = True
            return False
        while True:
            message = self._receive()
            if message is None:
                return False
            if "event" in message:
                self.events.append(message)
            elif "return" in message or "error" in message:
                return "return" in message

    def wait(self, seconds):
        """Gathers the events of that time, or until the first."""
        message = self._receive(seconds)
        if message is not None and "event" in message:
            self.events.append(message)

    def shutdown_reason(self):
        """`guest-shutdown`, `guest-reset`..., once the guest is off."""
        for event in self.events:
            if event["event"] == "SHUTDOWN":
                return event["data"].get("reason", "")
        return ""

    def screenshot(self, path):
        return self.command("screendump", filename=path, format="png")

    def press(self, key):
        self.command("send-key", keys=[{"type": "qcode", "data": key}])

    def quit(self):
        self.command("quit")
        self.socket.close()
