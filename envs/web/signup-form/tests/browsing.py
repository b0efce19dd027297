"""Look at pages of the workspace through a real headless browser. The same file in each task that uses it."""

import base64
import json
import shutil
from pathlib import Path

from judging import Wrong, expect, parsed, run, same, scratch

PROGRAM = shutil.which("chromium-headless-shell")
_DRIVER = Path(__file__).with_name("driving.py").read_text()
"""Read before the tests are taken away."""
_endless: list = []
"""What ran out of its time; whatever comes after it gets less."""


def browse(case: str, files: dict, steps: list, *, answers: list = (), timeout_s: float = 40.0) -> list:
    """Serve files over loopback, take a browser through the steps, and expect what they want to read.

    Args:
        case: What it is about, for the message.
        files: Bytes by path; `index.html` and so on.
        steps: `("go", PATH)`, `("tab", NAME)`, `("click", ELEMENT)`, `("fill", ELEMENT, TEXT)`, `("press", KEY)`,
            `("run", CODE)` and `("read", EXPRESSION, WANTED)`, in JavaScript with `$` and `$$` for querySelector(All).
            A read waits a while for what is wanted.
        answers: Status, text and delay in seconds of the answer to each POST in turn.

    Returns:
        The requests that came: method, path, body, and a POST's content type.

    Raises:
        Wrong: Something else was read, an element is missing, or it took too long.
    """
    if PROGRAM is None:
        raise RuntimeError("this machine has no chromium-headless-shell; set environment.docker_image to an image that has it")
    encoded = {name: base64.b64encode(data).decode() for name, data in files.items()}
    asked = json.dumps({"program": PROGRAM, "files": encoded, "steps": steps, "answers": list(answers)})
    with scratch() as place:
        try:
            ended = run(["python3", "-I", "-c", _DRIVER], stdin=asked, cwd=place, timeout_s=10.0 if _endless else timeout_s)
        except Wrong as why:
            _endless.append(case)
            raise Wrong(f"{case}: {why}"[:300]) from None
    expect(ended.exit_code == 0, f"{case}: the browser gave up: {ended.stderr.strip()[-500:]}")
    told = parsed(ended.stdout)
    for number, (step, found) in enumerate(zip(steps, told["found"])):
        done = [list(before[:3]) for before in steps[:number] if before[0] not in ("read", "tab")][-4:]
        if step[0] == "read":
            right = same(found, step[2])
            expect(right, f"{case}: after {json.dumps(done)[-600:]}: wanted {_short(step[2])} of {step[1][:80]}, got {_short(found)}")
        elif step[0] in ("click", "fill"):
            expect(found in ("clicked", "filled"), f"{case}: {found}")
    expect(len(told["found"]) == len(steps), f"{case}: it ended early")
    return told["requests"]


def _short(value: object) -> str:
    return json.dumps(value)[:600]
