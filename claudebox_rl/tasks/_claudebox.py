"""What a task says of itself in `[metadata.claudebox]`, where Harbor has no field for it."""

from __future__ import annotations

from typing import Any

from claudebox_rl.tasks._table import Table
from claudebox_rl.tasks.task import Verification

_KNOWN = ("host_tools", "skills", "expected_s", "verification", "agent_tests", "pass_rates")
_VERIFICATIONS: dict[str, Verification] = {"clean_room": "clean_room", "in_place": "in_place"}


def claudebox_fields(table: Table) -> dict[str, Any]:
    """Check the table and return the fields of `Task` that it gives.

    Raises:
        TaskError: A key is unknown, or a value can't be.
    """
    for key in table.values:
        if key not in _KNOWN:
            table.refuse(key, f"is unknown; known: {', '.join(_KNOWN)}")
    return {
        "host_tools": _host_tools(table),
        "skills": table.texts("skills") or (),
        "expected_s": table.positive("expected_s"),
        "verification": _verification(table),
        "agent_tests": table.flag("agent_tests") or False,
        "pass_rates": _pass_rates(table.table("pass_rates")),
    }


def _host_tools(table: Table) -> tuple[str, ...] | None:
    tools = table.texts("host_tools")
    for tool in tools or ():
        if not tool or "/" in tool:
            table.refuse("host_tools", f"must name programs without their folder, not {tool!r}")
    return tools


def _verification(table: Table) -> Verification | None:
    asked = table.text("verification")
    if asked is not None and asked not in _VERIFICATIONS:
        table.refuse("verification", f"must be one of {', '.join(_VERIFICATIONS)}, not {asked!r}")
    return _VERIFICATIONS.get(asked) if asked else None


def _pass_rates(table: Table) -> dict[str, float]:
    rates: dict[str, float] = {}
    for player in table.values:
        rates[player] = table.number(player)
        if not 0 <= rates[player] <= 1:
            table.refuse(player, f"must lie between 0 and 1, not {rates[player]!r}")
    return rates
