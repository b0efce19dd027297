#!/bin/bash
set -euo pipefail
cat > service/changes.py <<'PYTHON'
"""Pointers and patches."""

import copy
import re

from service.errors import ChangeError

_INDEX = re.compile("0|[1-9][0-9]*")


def _parts(pointer):
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")) or re.search("~(?![01])", pointer):
        raise ChangeError(f"not a pointer: {pointer!r}")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _index(items, part, length):
    if not _INDEX.fullmatch(part) or int(part) >= length:
        raise ChangeError(f"no item {part!r}")
    return int(part)


def _step(value, part):
    if isinstance(value, dict):
        if part not in value:
            raise ChangeError(f"no key {part!r}")
        return value[part]
    if isinstance(value, list):
        return value[_index(value, part, len(value))]
    raise ChangeError(f"nothing can be inside: {part!r}")


def find(document, pointer):
    """Return what a pointer leads to."""
    for part in _parts(pointer):
        document = _step(document, part)
    return document


def _parent(document, pointer):
    *parts, last = _parts(pointer)
    for part in parts:
        document = _step(document, part)
    if not isinstance(document, dict | list):
        raise ChangeError(f"nothing can be inside: {last!r}")
    return document, last


def _add(document, pointer, value):
    if pointer == "":
        return value
    parent, last = _parent(document, pointer)
    if isinstance(parent, dict):
        parent[last] = value
    else:
        parent.insert(len(parent) if last == "-" else _index(parent, last, len(parent) + 1), value)
    return document


def _remove(document, pointer):
    if pointer == "":
        raise ChangeError("the whole document can't be removed")
    parent, last = _parent(document, pointer)
    _step(parent, last)
    del parent[last if isinstance(parent, dict) else int(last)]
    return document


def _replace(document, pointer, value):
    if pointer == "":
        return value
    parent, last = _parent(document, pointer)
    _step(parent, last)
    parent[last if isinstance(parent, dict) else int(last)] = value
    return document


def _same(a, b):
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _apply_one(document, operation):
    if not isinstance(operation, dict):
        raise ChangeError(f"not an operation: {operation!r}")

    def needed(key):
        if key not in operation:
            raise ChangeError(f"an operation without {key!r}")
        return copy.deepcopy(operation[key])

    kind, path = needed("op"), needed("path")
    _parts(path)
    if kind == "add":
        return _add(document, path, needed("value"))
    if kind == "remove":
        return _remove(document, path)
    if kind == "replace":
        return _replace(document, path, needed("value"))
    if kind == "test":
        if not _same(find(document, path), needed("value")):
            raise ChangeError(f"not what is at {path!r}")
        return document
    if kind not in ("move", "copy"):
        raise ChangeError(f"not an operation: {kind!r}")
    source = needed("from")
    value = copy.deepcopy(find(document, source))
    if kind == "move":
        if source == path:
            return document
        if path.startswith(source + "/"):
            raise ChangeError("it can't be moved into itself")
        document = _remove(document, source)
    return _add(document, path, value)


def apply(document, patch):
    """Return a document with a patch applied."""
    if not isinstance(patch, list):
        raise ChangeError("a patch is a list")
    document = copy.deepcopy(document)
    for operation in patch:
        document = _apply_one(document, operation)
    return document


def diff(old, new):
    """Return a patch that makes new out of old."""
    return sorted(_changes(old, new, ""), key=lambda operation: operation["path"])


def _changes(old, new, path):
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if _same(old, new) else [{"op": "replace", "path": path, "value": copy.deepcopy(new)}]
    found = []
    for key in old.keys() | new.keys():
        below = path + "/" + key.replace("~", "~0").replace("/", "~1")
        if key not in new:
            found.append({"op": "remove", "path": below})
        elif key not in old:
            found.append({"op": "add", "path": below, "value": copy.deepcopy(new[key])})
        else:
            found += _changes(old[key], new[key], below)
    return found
PYTHON
