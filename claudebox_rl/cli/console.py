"""Where the command line prints."""

from __future__ import annotations

from rich.console import Console

_PIPE_WIDTH = 120


def make_console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; 120 columns where it is none, so that tables keep their words."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(width=_PIPE_WIDTH, stderr=stderr)
