"""A browser without a window that opens pages, over its DevTools protocol: what it drew, asked for and complained of.

Debian's Chromium, installed where it is missing. It is asked through two pipes, by one JSON message after the other,
each ended by a zero byte; see https://chromedevtools.github.io/devtools-protocol/.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.engine import packages

COMMAND = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip
END = b"\0"
PATIENCE = 120


class BrowserFailed(AssertionError):
    """The browser refused what it was asked, or ended."""


class Browser:
    """A running browser with one page.

    Attributes:
        requests: Every address that it asked for since it was last told to open a page; of data that stands in its own
            address nobody is asked.
        complaints: What it complained of since then: errors of scripts, of its console, and of the policy of a page.
    """

    def __init__(self, to: int, of: int) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._to, self._of = to, of
        self._rest = b""
        self._number = 0
        self._session = ""
        self._loaded = ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")
        self._ask("Page.setLifecycleEventsEnabled", enabled=True)

    def open(self, path: Path, *, width: int = 1400, dark: bool = False, touch: bool = False) -> None:
        """Open a page on a screen, and wait until it is loaded; see `show`."""
        self.requests.clear()
        self.complaints.clear()
        self.show(width=width, dark=dark, touch=touch)
        loader = self._ask("Page.navigate", url=path.as_uri())["loaderId"]
        while self._loaded != loader:
            self._hear()
        self.until("true")

    def show(self, *, width: int = 1400, dark: bool = False, touch: bool = False) -> None:
        """Show the page on another screen.

        Args:
            width: Of the screen, in pixels.
            dark: Whether the screen is a dark one.
            touch: Whether it is touched, else pointed at.
        """
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=touch)
        self._ask("Emulation.setTouchEmulationEnabled", enabled=touch)

    def until(self, condition: str) -> None:
        """Wait until a condition is true in the page, in a frame after this one."""
        look = f"const look = () => requestAnimationFrame(() => ({condition}) ? done() : look())"
        self.run(f"new Promise(done => {{ {look}; look(); }})")

    def run(self, script: str) -> Any:
        """Return what a script of the page is, when it has come to its end.

        Raises:
            BrowserFailed: The script failed.
        """
        done = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise BrowserFailed(json.dumps(done["exceptionDetails"]))
        return done["result"].get("value")

    def picture(self) -> bytes:
        """Return the whole page as a picture (PNG)."""
        return base64.b64decode(self._ask("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        data = json.dumps({**message, **({"sessionId": self._session} if self._session else {})}).encode() + END
        while data:
            data = data[os.write(self._to, data) :]
        while True:
            answer = self._hear()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserFailed(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found

    def _hear(self) -> dict[str, Any]:
        """Return the next message, and note what it says of the page."""
        while END not in self._rest:
            ready, _, _ = select.select([self._of], [], [], PATIENCE)
            read = os.read(self._of, 1 << 20) if ready else b""
            if not read:
                raise BrowserFailed(f"the browser ended, or said nothing for {PATIENCE} s")
            self._rest += read
        line, _, self._rest = self._rest.partition(END)
        said: dict[str, Any] = json.loads(line)
        method, about = said.get("method"), said.get("params", {})
        if method == "Network.requestWillBeSent" and not about["request"]["url"].startswith("data:"):
            self.requests.append(about["request"]["url"])
        elif method == "Page.lifecycleEvent" and about["name"] == "load":
            self._loaded = about["loaderId"]
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(about["exceptionDetails"]))
        elif method == "Log.entryAdded" or (method == "Runtime.consoleAPICalled" and about["type"] != "log"):
            self.complaints.append(json.dumps(about))
        return said


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """Run a browser for the block.

    Args:
        home: A directory for what it writes.
    """
    packages.require(["chromium"], ["chromium"], lambda text: print(text, file=sys.stderr))  # noqa: T201  a note
    asked, ask = os.pipe()
    hear, heard = os.pipe()
    # It reads questions from descriptor 3 and writes answers to 4.
    redirect = f'exec "$@" 3<&{asked} 4>&{heard}'
    with (home / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", redirect, "bash", *COMMAND, f"--user-data-dir={home / 'profile'}", "about:blank"],
            pass_fds=(asked, heard), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    os.close(asked)
    os.close(heard)
    try:
        yield Browser(ask, hear)
    finally:
        os.close(ask)
        os.close(hear)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
