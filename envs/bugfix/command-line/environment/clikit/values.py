"""Values of options."""

import re

from clikit.errors import UsageError


def store(values, option, text):
    """Note an option that was found, with its value if it takes one."""
    name, kind = option["name"], option["kind"]
    if kind == "flag":
        values[name] = True
    elif kind == "count":
        values[name] += 1
    elif kind == "list":
        values[name] += [text]
    elif kind == "number":
        if not text.lstrip("-").isdigit():
            raise UsageError(f"--{name}: not a number: {text!r}")
        values[name] = int(text)
    else:
        values[name] = text
