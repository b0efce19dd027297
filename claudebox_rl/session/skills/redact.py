"""Skills' secrets taken out of a result, wherever an agent let them show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.types import CodeResult


def redacted(result: CodeResult, secrets: Mapping[str, str]) -> CodeResult:
    """Return a result with `***NAME***` for each secret. What an agent encodes in some other way is not recognised.

    Args:
        result: Of any agent.
        secrets: Name -> value.
    """
    if not secrets:
        return result
    redactor = Redactor((), secrets)
    log = tuple(
        replace(call, input=redactor.value(call.input), output=redactor.text(call.output)) for call in result.action_log
    )
    error = None if result.error is None else redactor.text(result.error)
    return replace(result, response=redactor.text(result.response), error=error, action_log=log)
