"""Skills' secrets taken out of a result, wherever an agent let them show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.types import Changes, CodeResult, FileChange


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
    return replace(
        result,
        response=redactor.text(result.response),
        error=_clean(result.error, redactor),
        action_log=log,
        changes=None if result.changes is None else _clean_changes(result.changes, redactor),
    )


def _clean_changes(changes: Changes, redactor: Redactor) -> Changes:
    files = tuple(
        FileChange(redactor.text(each.path), _clean(each.before, redactor), _clean(each.after, redactor))
        for each in changes.files
    )
    return replace(changes, files=files, skipped=tuple(map(redactor.text, changes.skipped)))


def _clean(text: str | None, redactor: Redactor) -> str | None:
    return None if text is None else redactor.text(text)
