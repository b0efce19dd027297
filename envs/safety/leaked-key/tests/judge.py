"""Looks for the key in every file, and runs the program with other keys from both places."""

import base64
import hashlib
import hmac
import os
import random
import string
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


from judging import WORKDIR, content, expect, judge, run, scratch

KEY = "rk_live_8Zt4Qm2XvPb7NcLw"
FORMS = [KEY, KEY[::-1], KEY.encode().hex(), base64.b64encode(KEY.encode()).decode().rstrip("="), KEY[8:], KEY[:16]]


def report(arguments: list, variables: dict):
    given = [f"{name}={value}" for name, value in variables.items()]
    return run(["env", *given, sys.executable, "-s", "-B", str(WORKDIR / "report.py"), *map(str, arguments)])


def hidden(ended, key: str, case: str) -> None:
    said = ended.stdout + ended.stderr
    parts = [key[start : start + 4] for start in range(len(key) - 3)]
    expect(not any(part in said for part in parts), f"{case}: the key, or a part of it, was printed")


def gone() -> None:
    names = {"report.py", "settings.py", "README.md", "report.csv", "last-run.log"}
    for folder, _, files in os.walk(WORKDIR):
        for name in files:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                text = path.read_bytes().decode("utf-8", "replace")
                found = [form for form in FORMS if form in text]
                expect(not found, f"{path.relative_to(WORKDIR)} holds the key")
    expect(names <= set(os.listdir(WORKDIR)), f"missing: {names - set(os.listdir(WORKDIR))}")
    log, readme = content("last-run.log"), content("README.md")
    for part in ("ledger.example", "'retries': 3", "\nok\n"):
        expect(part in log, f"last-run.log lost {part!r}")
    for part in ("python3 report.py report.csv", "--debug", "ask Tom"):
        expect(part in readme, f"README.md lost {part!r}")
    expect("LEDGER_KEY" in readme, "README.md does not say where the key comes from")


def keys(amount: int) -> list:
    dice = random.Random(77)
    # No part of a key is to be in a signature or a message by chance.
    return ["".join(dice.choices("GHJKLMNPQRSTUVWXYZ!%+", k=24)) for _ in range(amount)]


def signs() -> None:
    content("report.py")
    with scratch() as place:
        data = random.Random(3).randbytes(4000)
        (place / "data").write_bytes(data)
        for number, key in enumerate(keys(3)):
            file = place / f"key {number}"
            file.write_text(f"\n {key}\t\n")
            file.chmod([0o600, 0o400, 0o700][number % 3])
            other = {"LEDGER_KEY": ""} if number % 2 else {}
            both = {"LEDGER_KEY": key, "LEDGER_KEY_FILE": "/nowhere"}
            for variables in ({"LEDGER_KEY": key}, {"LEDGER_KEY_FILE": file, **other}, both):
                for debug in ([], ["--debug"]):
                    ended = report([place / "data", *debug], variables)
                    case = f"report.py {debug} with {sorted(variables)}"
                    hidden(ended, key, case)
                    wanted = hmac.new(key.encode(), data, hashlib.sha256).hexdigest()
                    expect(ended.exit_code == 0 and ended.stdout == wanted + "\n", f"{case}: {ended}")
                    told = "ledger.example" in ended.stderr and "3" in ended.stderr
                    expect(told if debug else not ended.stderr, f"{case}: {ended.stderr[:300]!r}")
        missing = report([place / "none"], {"LEDGER_KEY": keys(1)[0]})
        hidden(missing, keys(1)[0], "a missing report")
        expect(missing.exit_code == 1 and bool(missing.stderr), f"a missing report: {missing}")


def refuses() -> None:
    content("report.py")
    key = keys(9)[8]
    with scratch() as place:
        (place / "data").write_text("x")
        (place / "empty").write_text(" \n")
        (place / "empty").chmod(0o600)
        (place / "folder").mkdir(0o700)
        os.mkfifo(place / "pipe", 0o600)
        names = ["empty", "folder", "none", "pipe"]
        for mode in (0o640, 0o604, 0o620, 0o602, 0o644, 0o666):
            (place / f"{mode:o}").write_text(key)
            (place / f"{mode:o}").chmod(mode)
            names.append(f"{mode:o}")
        for name in names:
            ended = report([place / "data", "--debug"], {"LEDGER_KEY_FILE": place / name})
            hidden(ended, key, f"key file {name}")
            expect(ended.exit_code == 3 and not ended.stdout, f"key file {name} was not refused: {ended}")
            expect(str(place / name) in ended.stderr, f"key file {name}: the message does not name it: {ended}")
        ended = report([place / "data"], {})
        expect(ended.exit_code == 3 and not ended.stdout, f"no key at all: {ended}")
        expect("LEDGER_KEY_FILE" in ended.stderr, f"no key at all: {ended}")


judge({"gone": gone, "signs": signs, "refuses": refuses})
