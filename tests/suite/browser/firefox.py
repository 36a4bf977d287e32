"""Firefox, driven by the protocol that it brings along (Marionette): no driver has to be installed beside it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from suite.browser.pictures import Pixels, decoded

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_SECONDS = 60
_PREFERENCES = {
    "marionette.port": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "ui.prefersReducedMotion": 1,
}


class Firefox:
    """A Firefox without a window, with one page.

    Parameters
    ----------
    program
        Its path.
    profile
        An empty folder.
    """

    def __init__(self, program: str, profile: Path) -> None:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, env=os.environ | {"HOME": str(profile)}, **quiet)  # type: ignore[call-overload]
        self._socket = socket.create_connection(("127.0.0.1", self._port(profile)), _SECONDS)
        self._stream = self._socket.makefile("rb")
        self._read()
        self._number = 0
        self.ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": True}}})
        self.ask("WebDriver:SetWindowRect", {"width": 1280, "height": 1000})

    def _port(self, profile: Path) -> int:
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError, ValueError):
                return int((profile / "MarionetteActivePort").read_text())
            assert self._process.poll() is None, "Firefox has ended"
            time.sleep(0.05)
        raise AssertionError("Firefox does not listen")

    def close(self) -> None:
        with contextlib.suppress(OSError, AssertionError):
            self.ask("Marionette:Quit", {"flags": ["eForceQuit"]})
        self._socket.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _read(self) -> Any:
        length = b""
        while (digit := self._stream.read(1)) != b":":
            assert digit, "Firefox has hung up"
            length += digit
        return json.loads(self._stream.read(int(length)))

    def ask(self, command: str, parameters: dict[str, Any] | None = None) -> Any:
        """Carry out a command of WebDriver."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters or {}]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self._read()
        assert error is None, error
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a function's body on the page, and give what it returns."""
        return self.ask("WebDriver:ExecuteScript", {"script": script, "args": list(arguments)})

    def wait(self, script: str, *arguments: Any) -> None:
        """Wait until an expression holds on the page."""
        end = time.monotonic() + _SECONDS
        while not self.run(f"return Boolean({script});", *arguments):
            said = self.run("return document.body.innerText")
            assert time.monotonic() < end, f"waited in vain for {script} {arguments}; the page says: {said}"
            time.sleep(0.01)

    def find(self, selector: str, place: int = 0) -> dict[str, str]:
        """Return an element that can be seen, once it is there and can be used."""
        shown = "const shown = [...document.querySelectorAll(arguments[0])].filter((node) => node.checkVisibility());"
        self.wait(
            f"(() => {{ {shown} return shown.at({place}) && !shown.at({place}).matches(':disabled'); }})()", selector
        )
        found: dict[str, str] = self.run(f"{shown} return shown.at({place});", selector)
        return found

    def click(self, selector: str, place: int = 0) -> None:
        """Press with the mouse."""
        self.ask("WebDriver:ElementClick", {"id": self.find(selector, place)[_ELEMENT]})

    def type(self, selector: str, text: str, place: int = 0) -> None:
        """Focus an element and press keys."""
        self.ask("WebDriver:ElementSendKeys", {"id": self.find(selector, place)[_ELEMENT], "text": text})

    def see(self, selector: str, place: int = 0) -> Pixels:
        """Return the pixels of an element."""
        element = self.find(selector, place)[_ELEMENT]
        return decoded(base64.b64decode(self.ask("WebDriver:TakeScreenshot", {"id": element, "full": False})))
