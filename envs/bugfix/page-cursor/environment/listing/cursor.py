"""Cursors as text."""

import base64
import json


class CursorError(ValueError):
    """The text is no cursor for this list."""


def encode(sort, value, number):
    """Write the place after the item of a value and an id."""
    return base64.urlsafe_b64encode(json.dumps([sort, value, number]).encode()).decode()


def decode(text, sort):
    """Return the value and the id of a place.

    Raises:
        CursorError: The text is no cursor, or one of another order.
    """
    try:
        made_for, value, number = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
    except (KeyError, TypeError) as error:
        raise CursorError(f"not a cursor: {text!r}") from error
    if made_for.lstrip("-") != sort.lstrip("-"):
        raise CursorError(f"a cursor for {made_for}, not for {sort}")
    return value, number
