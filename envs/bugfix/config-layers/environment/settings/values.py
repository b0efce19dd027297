"""Values that are written as text."""

import re

WORDS = {"true": True, "false": False, "null": None}


def parse(text):
    """Return what a text of the environment or the command line stands for."""
    if text.isdigit():
        return int(text)
    return WORDS.get(text, text)


def nested(path, value):
    """Return {"a": {"b": value}} for the path ["a", "b"]."""
    for key in reversed(path):
        value = {key: value}
    return value
