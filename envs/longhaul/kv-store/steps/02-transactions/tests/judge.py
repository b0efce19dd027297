"""Random sessions with nested transactions; what is open at the end is gone."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, expect, judge, scratch
from model import Model, compare, remembers


def open_ones_are_not_kept() -> None:
    with scratch() as place:
        model = Model(2)
        compare(place / "s", model, ["set a 1", "begin", "set a 2", "begin", "set b 3", "commit", "get b"], "an open transaction")
        compare(place / "s", model, ["get a", "get b", "commit"], "after an open transaction")
        compare(place / "s", model, ["begin", "del a", "begin", "set c 1", "rollback", "keys", "commit", "keys"], "nested")
        compare(place / "s", model, ["keys"], "after a deletion in a transaction")


def written_at_commit() -> None:
    """A second process looks at the store between the commands of the first."""
    with scratch() as place:
        argv = [sys.executable, "-s", "-B", str(WORKDIR / "store.py"), str(place / "s")]
        first = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=WORKDIR, env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}, start_new_session=True)
        try:
            model = Model(2)
            for line in ["set a 1", "begin", "set a 2", "set b 2", "begin", "del a", "commit", "commit", "begin", "set a 9"]:
                first.stdin.write(f"{line}\n".encode())
                first.stdin.flush()
                given = first.stdout.readline().decode().rstrip("\n")
                expect(given == model.answer(line), f"{line!r}: got {given!r}")
                compare(place / "s", Model(2, model.stored), ["keys", "get a", "get b"], f"what another process finds after {line!r}")
        except BrokenPipeError:
            expect(False, "store.py ended before its input did")
        finally:
            first.kill()
            first.wait()


judge({"remembers": lambda: remembers(2, 20), "open_ones_are_not_kept": open_ones_are_not_kept, "written_at_commit": written_at_commit})
