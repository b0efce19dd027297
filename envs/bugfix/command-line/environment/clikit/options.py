"""Options, found by their names."""

import copy

from clikit.errors import UsageError

EMPTY = {"flag": False, "count": 0, "text": None, "number": None, "list": []}


def defaults(options):
    """Return the values of options that are not on the command line."""
    return {option["name"]: option.get("default", EMPTY[option["kind"]]) for option in options}


def by_name(options, name):
    """Return the option of a name, or of the beginning of one."""
    found = [option for option in options if option["name"].startswith(name)]
    if len(found) != 1:
        raise UsageError(f"{'an ambiguous' if found else 'no'} option: --{name}")
    return found[0]


def by_letter(options, letter):
    """Return the option of a letter."""
    for option in options:
        if option.get("short") == letter:
            return option
    raise UsageError(f"no option: -{letter}")


def takes_value(option):
    """Whether a value follows."""
    return option["kind"] not in ("flag", "count")
