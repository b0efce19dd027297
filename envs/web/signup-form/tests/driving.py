"""Drives a real browser through the steps that standard input names; `browsing.py` runs it. The same file in each task that uses it.

It serves the files itself, over loopback, and steers the browser through its debugging pipe: keys and clicks are real input,
and pages are looked at from an isolated world, whose functions no script of the page can replace.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ASKED = json.load(sys.stdin)
FILES = {name: base64.b64decode(text) for name, text in ASKED["files"].items()}
KINDS = {"html": "text/html; charset=utf-8", "json": "application/json", "js": "text/javascript", "css": "text/css"}
KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Backspace": (8, ""), "Space": (32, " ")}
PRELUDE = "const $ = (what) => document.querySelector(what), $$ = (what) => [...document.querySelectorAll(what)];"
PLACE = """const found = (%s); if (!found) return null;
found.scrollIntoView({block: "center"}); const box = found.getBoundingClientRect();
return box.width && box.height ? [box.x + box.width / 2, box.y + box.height / 2] : null;"""
PATIENCE_S = 4.0
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking --remote-debugging-pipe"
).split()
requests: list = []


class Files(BaseHTTPRequestHandler):
    """Serves what the steps are about, and notes each request."""

    def do_GET(self) -> None:
        name = self.path.split("?")[0].lstrip("/")
        requests.append(["GET", name, ""])
        if name in FILES:
            self.answer(200, KINDS.get(name.rpartition(".")[2], "application/octet-stream"), FILES[name])
        else:
            self.answer(404, "text/plain", b"not found")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        requests.append(["POST", self.path.lstrip("/"), body, self.headers.get("Content-Type")])
        status, text, delay_s = ASKED["answers"].pop(0) if ASKED["answers"] else (500, "", 0)
        time.sleep(delay_s)
        self.answer(status, KINDS["json"], text.encode())

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", len(body)), ("Cache-Control", "no-store")):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Browser:
    """The browser at the other end of a pipe, with tabs that are steered one at a time."""

    def __init__(self, profile: str) -> None:
        told, heard = os.pipe(), os.pipe()
        shell = f'exec "$@" 3<&{told[0]} 4>&{heard[1]}'
        options = [*OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        command = ["bash", "-c", shell, "browser", ASKED["program"], *options]
        subprocess.Popen(command, pass_fds=(told[0], heard[1]), stdin=subprocess.DEVNULL, stdout=2)
        os.close(told[0])
        os.close(heard[1])
        self.commands, self.replies = os.fdopen(told[1], "wb", 0), os.fdopen(heard[0], "rb", 0)
        self.left, self.number, self.tabs, self.tab = b"", 0, {}, ("", "")

    def ask(self, method: str, session: str = "", **parameters: object) -> dict:
        """Send a command of the DevTools protocol and return its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        self.commands.write(json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.left:
                more = self.replies.read(1 << 16)
                if not more:
                    raise RuntimeError("the browser has ended")
                self.left += more
            text, _, self.left = self.left.partition(b"\0")
            reply = json.loads(text)
            if reply.get("id") == self.number:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']}")
                return reply["result"]

    def here(self, method: str, **parameters: object) -> dict:
        """Send a command to the tab that is in front."""
        return self.ask(method, self.tab[1], **parameters)

    def show(self, name: str) -> None:
        """Bring a tab to the front, and open it if it isn't there."""
        if name not in self.tabs:
            target = self.ask("Target.createTarget", url="about:blank")["targetId"]
            self.tabs[name] = target, self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.tab = self.tabs[name]
        self.ask("Target.activateTarget", targetId=self.tab[0])

    def look(self, code: str) -> object:
        """Run the body of a function in an isolated world of the page, and return its value, or how it failed."""
        world = self.here("Page.createIsolatedWorld", frameId=self.tab[0], worldName="driver")["executionContextId"]
        body = f"(async () => {{ {PRELUDE} {code} }})()"
        ended = self.here("Runtime.evaluate", expression=body, contextId=world, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in ended:
            return {"failed": str(ended["exceptionDetails"].get("exception", {}).get("description"))[:300]}
        return ended["result"].get("value")

    def wait(self, code: str, wanted: object = None) -> object:
        """Look again and again until there is what is wanted, or anything; return what was there at last."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                found = self.look(code)
            except RuntimeError as error:  # the page is just being replaced by another one
                found = {"failed": str(error)}
            failed = isinstance(found, dict) and "failed" in found
            right = found == wanted if wanted is not None else found is not None and not failed
            if right or time.monotonic() > give_up:
                return found
            time.sleep(0.05)

    def go(self, url: str) -> object:
        if self.look("return location.href") == url:
            self.here("Page.reload")
        else:
            self.here("Page.navigate", url=url)
        time.sleep(0.05)
        return self.wait("return document.readyState", "complete")

    def click(self, element: str) -> object:
        place = self.wait(PLACE % element)
        if not isinstance(place, list):
            return f"nothing to click at {element}: {place}"
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {}
            self.here("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], **button)
        return "clicked"

    def fill(self, element: str, text: str) -> object:
        """Replace the text of a field as by the keyboard."""
        there = self.wait(f"const field = ({element}); if (!field) return null; field.focus(); field.select(); return field.value.length")
        if not isinstance(there, int):
            return f"nothing to fill at {element}: {there}"
        if there:
            self.press("Backspace")
        if text:
            self.here("Input.insertText", text=text)
        return "filled"

    def press(self, key: str) -> object:
        code, text = KEYS[key]
        name = {"key": " " if key == "Space" else key, "code": key, "windowsVirtualKeyCode": code}
        self.here("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **name, **({"text": text} if text else {}))
        self.here("Input.dispatchKeyEvent", type="keyUp", **name)
        return "pressed"


def step(browser: Browser, root: str, what: str, about: list) -> object:
    if what == "go":
        return browser.go(f"{root}/{about[0]}")
    if what == "read":
        time.sleep(0.03)
        return browser.wait(f"return ({about[0]})", about[1])
    return {"tab": browser.show, "click": browser.click, "fill": browser.fill, "press": browser.press, "run": browser.look}[what](*about)


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        browser.show("first")
        found = []
        for what, *about in ASKED["steps"]:
            found.append(step(browser, f"http://127.0.0.1:{server.server_port}", what, about))
            if what == "read" and found[-1] != about[1]:
                break
        print(json.dumps({"found": found, "requests": requests}), flush=True)
        os._exit(0)


main()
