"""A run of an analyser: on this host, bounded in time and output, in an empty folder of its own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from claudebox_rl.errors import ConfigError

OUTPUT_CAP_BYTES = 32 << 20


class NoEvidenceError(Exception):
    """An analyser gave no answer: what it says of these files is not known."""


def require(*packages: str) -> None:
    """Refuse to go on without the analysers.

    Raises:
        ConfigError: One is not installed; names the extra.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ConfigError(
            f"code quality needs {', '.join(missing)}, not installed here: pip install 'claudebox_rl[quality]'",
            missing=missing,
        )


def run(argv: Sequence[str], folder: Path, *, timeout_s: float, ok: frozenset[int]) -> str:
    """Run an analyser in `folder` and return what it printed.

    Raises:
        NoEvidenceError: It took too long, printed too much, or failed.
    """
    # Settings of the user's own shell must not change a reward.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RUFF_", "MYPY"))}
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
                timeout=timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise NoEvidenceError(f"{Path(argv[0]).name} took more than {timeout_s:g} s") from None
        if done.returncode not in ok:
            raise NoEvidenceError(f"{' '.join(argv[:4])} failed with exit code {done.returncode}")
        if output.tell() > OUTPUT_CAP_BYTES:
            raise NoEvidenceError(f"{argv[0]} printed more than {OUTPUT_CAP_BYTES} bytes")
        output.seek(0)
        return output.read().decode("utf-8", "replace")
