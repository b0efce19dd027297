"""Family `config`: repair the configuration of a set of services, by rules that are told in words.

The files are INI, JSON or TOML. What grows with the difficulty: services (three to seven), what is wrong (one to nine
places), and the kinds of it. From 2 on a file may not even be readable, from 3 on values have wrong types and keys
wrong names, from 4 on a second file has to agree with the first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from claudebox_rl.tasks.procedural.family import Draft, Family
from claudebox_rl.tasks.procedural.judges import CONFIG

_NAMES = (
    "auth", "billing", "cart", "catalog", "chat", "export", "feed", "gateway", "identity", "inbox", "ledger",
    "mailer", "media", "notify", "orders", "payments", "profile", "quotas", "ratings", "reports", "search",
    "sessions", "shipping", "stock", "tracker", "uploads", "wallet", "workers",
)  # fmt: skip
_SIZES = ("small", "medium", "large")
_LEVELS = ("debug", "info", "warning", "error")
_ENDINGS = ("health", "live", "ping", "ready", "status")

Values = dict[str, Any]
Sections = dict[str, Values]


@dataclass(frozen=True, slots=True)
class _Rules:
    base: int
    step: int
    workers: tuple[int, int, int]
    seconds: int
    level: str
    ending: str
    host: str


class ConfigFamily(Family):
    """Configuration files that contradict their rules."""

    name = "config"
    version = 2
    category = "configuration"
    keywords = ("configuration", "debugging")

    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task."""
        rules = _draw_rules(dice)
        services: list[str] = dice.sample(_NAMES, difficulty + 2)
        sizes = {name: dice.choice(_SIZES) for name in services}
        needs = {
            name: sorted(dice.sample(services[:at], min(at, dice.randrange(3)))) for at, name in enumerate(services)
        }
        form = dice.choice(sorted(_WRITERS))
        right = {f"services.{form}": _services(rules, sizes, needs)}
        if difficulty >= 4:
            right[f"routes.{form}"] = _routes(dice, rules, services)
        wrong = _damage(dice, right, difficulty)
        texts = {name: _WRITERS[form](sections) for name, sections in wrong.items()}
        if difficulty >= 2 and dice.random() < 0.6:
            name = dice.choice(sorted(texts))
            texts[name] = _BREAKERS[form](dice, texts[name])
        return Draft(
            description=f"Repair the {form.upper()} configuration of {len(services)} services.",
            instruction=_INSTRUCTION.format(
                files=" and ".join(f"`{name}`" for name in sorted(right)),
                are="are" if len(right) > 1 else "is",
                comments=_COMMENTS[form],
            ),
            environment={**texts, "RULES.md": _rules_text(rules, sizes, needs, form, has_routes=len(right) > 1)},
            solution={name: _WRITERS[form](sections) for name, sections in right.items()},
            judge=CONFIG,
            hidden={"files": {name: _as_read(form, sections) for name, sections in right.items()}},
        )


def _draw_rules(dice: Random) -> _Rules:
    smallest = dice.randrange(1, 4)
    middle = smallest + dice.randrange(1, 4)
    return _Rules(
        base=dice.randrange(3000, 9000, 100),
        step=dice.choice([1, 2, 5, 10, 20]),
        workers=(smallest, middle, middle + dice.randrange(2, 9)),
        seconds=dice.randrange(4, 16),
        level=dice.choice(_LEVELS),
        ending=dice.choice(_ENDINGS),
        host=f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}",
    )


def _services(rules: _Rules, sizes: dict[str, str], needs: dict[str, list[str]]) -> Sections:
    sections: Sections = {}
    for at, (name, size) in enumerate(sizes.items()):
        workers = rules.workers[_SIZES.index(size)]
        sections[name] = {
            "port": rules.base + at * rules.step,
            "workers": workers,
            "timeout_s": workers * rules.seconds,
            "log_level": rules.level,
            "health": f"/{name}/{rules.ending}",
            "needs": needs[name],
        }
    return sections


def _routes(dice: Random, rules: _Rules, services: list[str]) -> Sections:
    """Return a route to each service, in another order than that of the services."""
    order = dice.sample(services, len(services))
    ports = {name: rules.base + at * rules.step for at, name in enumerate(services)}
    return {
        f"route-{name}": {"path": f"/{name}", "upstream": f"{rules.host}:{ports[name]}", "retries": 3} for name in order
    }


_DAMAGED = {"services": ("port", "workers", "timeout_s", "log_level", "health", "needs"), "routes": ("upstream",)}


def _damage(dice: Random, right: dict[str, Sections], difficulty: int) -> dict[str, Sections]:
    """Return a copy with as many wrong values as fit the difficulty, at least one in each file."""
    wrong = {file: {name: dict(values) for name, values in sections.items()} for file, sections in right.items()}
    places = [
        (file, name, key)
        for file, sections in right.items()
        for name in sections
        for key in _DAMAGED[file.partition(".")[0]]
    ]
    dice.shuffle(places)
    # The files are repaired one by one, and each is to need it.
    first = [next(place for place in places if place[0] == file) for file in right]
    chosen = [*first, *(place for place in places if place not in first)]
    for file, name, key in chosen[: max(len(right), dice.randrange(difficulty, 2 * difficulty))]:
        values = wrong[file][name]
        if difficulty >= 3 and dice.random() < 0.3:
            _misname(dice, values, key)
        else:
            values[key] = _wrong_value(dice, key, values[key], sorted(right[file]), difficulty)
    return wrong


def _misname(dice: Random, values: Values, key: str) -> None:
    """Give a value a name that is no key, in its place."""
    at = dice.randrange(1, len(key) - 1)
    wrong = key[:at] + key[at + 1] + key[at] + key[at + 2 :]
    wrong = key.upper() if wrong == key or dice.random() < 0.3 else wrong
    renamed = {wrong if name == key else name: value for name, value in values.items()}
    values.clear()
    values.update(renamed)


def _wrong_value(dice: Random, key: str, value: Any, names: list[str], difficulty: int) -> Any:
    if isinstance(value, int):
        others: list[Any] = [value + 1, value * 10, -value, value + dice.randrange(2, 40)]
        return dice.choice([*others, f"{value} s", f"0{value}"] if difficulty >= 3 else others)
    if isinstance(value, list):
        return _wrong_needs(dice, value, names)  # pyright: ignore[reportUnknownArgumentType]
    if key == "log_level":
        return dice.choice([level for level in (*_LEVELS, "warn", "verbose") if level != value])
    marks = ("/", "//") if "/" in value else (":", ";")
    return dice.choice([value[1:], value + "/", value[:-1], value.replace(*marks)])


def _wrong_needs(dice: Random, value: list[str], names: list[str]) -> list[str]:
    if value and dice.random() < 0.6:
        changed = list(value)
        at = dice.randrange(len(changed))
        changed[at] = changed[at][:-1] if dice.random() < 0.5 else changed[at] + "s"
        return changed
    return sorted({*value, dice.choice([name for name in names if name not in value])})


def _ini(sections: Sections) -> str:
    blocks = [
        "\n".join([f"[{name}]", *(f"{key} = {_ini_value(value)}".rstrip() for key, value in values.items())])
        for name, values in sections.items()
    ]
    return "\n\n".join(blocks) + "\n"


def _ini_value(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType]


def _toml(sections: Sections) -> str:
    blocks = [
        "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())])
        for name, values in sections.items()
    ]
    return "\n\n".join(blocks) + "\n"


def _json(sections: Sections) -> str:
    return json.dumps(sections, indent=2) + "\n"


_WRITERS: dict[str, Callable[[Sections], str]] = {"ini": _ini, "json": _json, "toml": _toml}


def _as_read(form: str, sections: Sections) -> Sections:
    """Return what a reader of the form gives: of INI every value is a text."""
    if form != "ini":
        return sections
    return {name: {key: _ini_value(value) for key, value in values.items()} for name, values in sections.items()}


def _break_line(dice: Random, text: str, mark: str, instead: str) -> str:
    """Replace a mark in one line that has it."""
    lines = text.split("\n")
    at = dice.choice([index for index, line in enumerate(lines) if mark in line])
    lines[at] = lines[at].replace(mark, instead, 1)
    return "\n".join(lines)


def _break_ini(dice: Random, text: str) -> str:
    return _break_line(dice, text, *dice.choice([("]", ""), ("[", ""), (" = ", " ")]))


def _break_json(dice: Random, text: str) -> str:
    return _break_line(dice, text, *dice.choice([('",', '"'), ('": ', '" '), ("},", "}"), ('"', "'")]))


def _break_toml(dice: Random, text: str) -> str:
    return _break_line(dice, text, *dice.choice([("]", ""), (" = ", ": "), (' = "', " = ")]))


_BREAKERS: dict[str, Callable[[Random, str], str]] = {"ini": _break_ini, "json": _break_json, "toml": _break_toml}


def _rules_text(
    rules: _Rules, sizes: dict[str, str], needs: dict[str, list[str]], form: str, *, has_routes: bool
) -> str:
    rows = [
        f"| {at} | {name} | {size} | {', '.join(needs[name]) or '-'} |" for at, (name, size) in enumerate(sizes.items())
    ]
    small, medium, large = rules.workers
    return _RULES.format(
        form=form,
        rows="\n".join(rows),
        notes=_NOTES[form],
        base=rules.base,
        step=rules.step,
        small=small,
        medium=medium,
        large=large,
        seconds=rules.seconds,
        level=rules.level,
        ending=rules.ending,
        routes=_ROUTES.format(form=form, host=rules.host) if has_routes else "",
    )


_TYPED = "Numbers are written as numbers, without quotes; `needs` is a list of texts, empty where nothing is needed."
_NOTES = {
    "ini": "A list is written with a comma and a space between its items; an empty one has nothing after its `=`.",
    "json": _TYPED,
    "toml": _TYPED,
}

_COMMENTS = {
    "ini": ", and neither do comments on lines of their own",
    "json": "",
    "toml": ", and neither do comments",
}

_INSTRUCTION = """\
Since the last change the services of this folder do not start any more. `RULES.md` says how they are configured, and it
is right. Repair {files}.

All of it is to be as the rules say: every section, every key, every value, and nothing else. The order of
sections and keys does not matter{comments}.

Only what {files} {are} read as is judged.
"""

_RULES = """\
# How the services are configured

| number | service | size | needs |
|---|---|---|---|
{rows}

`services.{form}` has one section for each service, named like it, with exactly these keys:

- `port`: {base} for service number 0, and {step} more for each further number.
- `workers`: {small} for a small service, {medium} for a medium one, {large} for a large one.
- `timeout_s`: {seconds} seconds for each of its workers, as a whole number.
- `log_level`: `{level}`, for all of them.
- `health`: a slash, the service's name, and `/{ending}`.
- `needs`: the services that it needs, in the order in which the table lists them.
{routes}
{notes}
"""

_ROUTES = """
`routes.{form}` has one section for each service, called `route-` and the service's name, with exactly these keys:

- `path`: a slash and the service's name.
- `upstream`: `{host}`, a colon, and the port of the service.
- `retries`: 3.
"""
