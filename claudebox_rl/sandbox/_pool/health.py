"""Whether a machine that should run does."""

from __future__ import annotations

import asyncio

from claudebox_rl.sandbox.base import Sandbox


async def symptom(sandbox: Sandbox, timeout_s: float) -> str | None:
    """Run `true` in a machine; return what is wrong with it, None where it is well.

    Args:
        sandbox: A started machine.
        timeout_s: Returns in this time, also where the machine does not answer: then stop it.
    """
    # A task of its own: the end of a command in a machine that hangs takes longer than whoever asks will wait.
    check = asyncio.create_task(sandbox.exec(["true"]))
    try:
        done, _ = await asyncio.wait({check}, timeout=timeout_s)
    finally:
        check.add_done_callback(_forget)
        check.cancel()
    if not done:
        return f"no answer in {timeout_s:g} s"
    if error := check.exception():
        return f"{type(error).__name__}: {error}"
    code = check.result().exit_code
    return None if code == 0 else f"`true` ended with exit code {code}"


def _forget(check: asyncio.Task[object]) -> None:
    """Take note of an error that nobody waits for any more."""
    if not check.cancelled():
        check.exception()
