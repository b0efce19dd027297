"""Compacts stores, watches the file meanwhile, and kills the program in the middle."""

import os
import random
import signal
import stat
import subprocess
import time
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, expect, judge, looking_at, scratch
from model import Model, compare, remembers, session


class Compacting(Model):
    """The model, with `compact`."""

    def answer(self, line: str) -> str:
        if line == "compact":
            return "error in a transaction" if self.layers else "ok"
        return super().answer(line)


def bound(stored: dict) -> int:
    return 200 + sum(100 + 2 * len(key.encode()) + 2 * len(value.encode()) for key, value in stored.items())


def compacts() -> None:
    for seed in range(3):
        dice = random.Random(seed)
        with scratch() as place:
            (place / "real").touch()
            (place / "real").chmod(0o640)
            (place / "s").symlink_to("real")
            model = Compacting(4)
            for number in range(3):
                lines = session(dice, 4, 120)
                for _ in range(4):
                    lines.insert(dice.randrange(len(lines)), "compact")
                compare(place / "s", model, lines, f"store {seed}, session {number}")
                compare(place / "s", model, ["compact", "keys"], f"store {seed}, compacted")
                with looking_at("the folder of the store"):
                    size, names = (place / "real").stat().st_size, sorted(os.listdir(place))
                    mode = stat.S_IMODE((place / "real").stat().st_mode)
                expect(size <= bound(model.stored), f"compacted to {size} bytes, not {bound(model.stored)}")
                expect(names == ["real", "s"] and (place / "s").is_symlink() and mode == 0o640, f"left: {names}, mode {mode:o}")


def killed() -> None:
    with scratch() as place:
        stored = {f"key-{number}": f"{number} " + "v" * 2000 for number in range(1500)}
        model = Compacting(4)
        compare(place / "s", model, [f"set {key} {value}" for key, value in stored.items()], "a large store")
        argv = [sys.executable, "-s", "-B", str(WORKDIR / "store.py"), str(place / "s")]
        for turn in range(8):
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=WORKDIR, env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}, start_new_session=True)
            try:
                process.stdin.write(b"get key-1\n")
                process.stdin.flush()
                process.stdout.readline()
                process.stdin.write(b"compact\n" * 40)
                process.stdin.flush()
            except BrokenPipeError:
                expect(False, "store.py ended before its input did")
            time.sleep(0.003 * turn)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            compare(place / "s", model, ["keys", "get key-0", "get key-1499", f"set turn {turn}"], f"killed while it compacted ({turn})")
        compare(place / "s", model, ["compact"], "afterwards")
        with looking_at("the folder of the store"):
            expect(os.listdir(place) == ["s"], f"left beside the store: {os.listdir(place)}")


judge({"remembers": lambda: remembers(4, 40), "compacts": compacts, "killed": killed})
