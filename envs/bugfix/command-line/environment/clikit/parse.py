"""The parser."""

import re

from clikit.errors import UsageError
from clikit.options import by_letter, by_name, defaults, takes_value
from clikit.values import store


def parse(options, arguments):
    """Read arguments; see the README."""
    values, rest = defaults(options), []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            continue
        if argument.startswith("--"):
            _long(options, argument, waiting, values)
        elif argument.startswith("-"):
            _bundle(options, argument, waiting, values)
        else:
            rest.append(argument)
    return {"options": values, "rest": rest}


def _long(options, argument, waiting, values):
    name, *value = argument[2:].split("=")
    option = by_name(options, name)
    if not takes_value(option):
        store(values, option, None)
    else:
        store(values, option, value[0] if value else _following(argument, waiting))


def _bundle(options, argument, waiting, values):
    for place, letter in enumerate(argument[1:], start=2):
        option = by_letter(options, letter)
        if takes_value(option):
            store(values, option, _following(argument, waiting))
        else:
            store(values, option, None)


def _following(argument, waiting):
    if not waiting:
        raise UsageError(f"{argument} needs a value")
    return waiting.pop(0)
