#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit(
    "listing/cursor.py",
    "import json",
    '''import binascii
import json''',
)
edit(
    "listing/cursor.py",
    '''    except (KeyError, TypeError) as error:
        raise CursorError(f"not a cursor: {text!r}") from error
    if made_for.lstrip("-") != sort.lstrip("-"):
        raise CursorError(f"a cursor for {made_for}, not for {sort}")''',
    '''    except (binascii.Error, ValueError, TypeError) as error:
        raise CursorError(f"not a cursor: {text!r}") from error
    if made_for != sort:
        raise CursorError(f"a cursor for {made_for}, not for {sort}")''',
)
edit(
    "listing/order.py",
    '''    if value is None:
        return (0,)
    return (1, Descending(value), -number) if sort.startswith("-") else (1, value, number)''',
    '''    if value is None:
        return (1, 0, number)
    return (0, Descending(value) if sort.startswith("-") else value, number)''',
)
edit(
    "listing/pages.py",
    '''        ordered = [item for item in ordered if place(sort, item.get(field), 0) > place(sort, value, 0)]
    shown = ordered[:size]
    last = shown[-1] if len(shown) == size else None''',
    '''        after = place(sort, value, number)
        ordered = [item for item in ordered if key(item) != after and not key(item) < after]
    shown = ordered[:size]
    last = shown[-1] if len(ordered) > size else None''',
)
PYTHON
python3 -m unittest --quiet
