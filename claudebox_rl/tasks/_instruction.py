"""The text of an instruction.md."""

from __future__ import annotations

import re
from pathlib import Path

from claudebox_rl.tasks._table import refuse

_CANARY = re.compile(r"(<!--.*canary.*-->|#.*canary.*)", re.IGNORECASE)


def read_instruction(folder: Path, file: str = "instruction.md") -> str:
    """Return what the agent is asked to do, without marker lines against training-data leaks at its top.

    Raises:
        TaskError: The file is missing, empty or no UTF-8.
    """
    try:
        lines = (folder / file).read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        refuse(folder, file, f"not UTF-8: {error}")
    except OSError as error:
        refuse(folder, file, f"can't be read: {error.strerror}")
    start = next((i for i, line in enumerate(lines) if not _CANARY.fullmatch(line.strip())), len(lines))
    instruction = "\n".join(lines[start:]).strip("\n")
    if not instruction.strip():
        refuse(folder, file, "is empty: it is what the agent is asked to do")
    return instruction
