# Each operation walks down a deep copy; equality is of a normal form.
cat > service/changes.py <<'PYTHON'
"""Pointers and patches."""

import copy
import re

from service.errors import ChangeError

MISSING = object()


def _split(pointer):
    if not isinstance(pointer, str) or pointer and pointer[0] != "/":
        raise ChangeError(f"no pointer: {pointer!r}")
    if re.search(r"~(?![01])", pointer):
        raise ChangeError(f"a lone ~: {pointer}")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _index(part, most):
    if not re.fullmatch(r"0|[1-9][0-9]*", part) or len(part) > 18 or int(part) > most:
        raise ChangeError(f"no place in a list: {part}")
    return int(part)


def _step(value, part):
    if isinstance(value, dict):
        if part not in value:
            raise ChangeError(f"no key {part}")
        return value[part]
    if isinstance(value, list):
        return value[_index(part, len(value) - 1)]
    raise ChangeError(f"nothing below: {part}")


def find(document, pointer):
    """Return what a pointer leads to."""
    for part in _split(pointer):
        document = _step(document, part)
    return document


def _normal(value):
    if isinstance(value, dict):
        return ("object", frozenset((key, _normal(each)) for key, each in value.items()))
    if isinstance(value, list):
        return ("list", tuple(_normal(each) for each in value))
    if isinstance(value, bool) or value is None:
        return ("word", value)
    return (("text" if isinstance(value, str) else "number"), value)


def _same(one, other):
    return _normal(one) == _normal(other)


def apply(document, patch):
    """Return the document after a patch."""
    if not isinstance(patch, list):
        raise ChangeError("no list of operations")
    root = [copy.deepcopy(document)]
    for operation in patch:
        if not isinstance(operation, dict):
            raise ChangeError("no operation")
        _operate(root, operation)
    return root[0]


def _need(operation, key):
    if key not in operation:
        raise ChangeError(f"{key} is missing")
    return operation[key]


def _operate(root, operation):
    name, path = _need(operation, "op"), _split(_need(operation, "path"))
    if name == "add":
        _add(root, path, copy.deepcopy(_need(operation, "value")))
    elif name == "remove":
        _remove(root, path)
    elif name == "replace":
        value = copy.deepcopy(_need(operation, "value"))
        if path:
            _remove(root, path)
        _add(root, path, value)
    elif name == "test":
        if not _same(find(root[0], operation["path"]), _need(operation, "value")):
            raise ChangeError("another value")
    elif name in ("move", "copy"):
        source = _split(_need(operation, "from"))
        value = find(root[0], operation["from"])
        if name == "copy":
            _add(root, path, copy.deepcopy(value))
        elif source != path:
            if path[: len(source)] == source:
                raise ChangeError("into itself")
            _remove(root, source)
            _add(root, path, value)
    else:
        raise ChangeError(f"unknown op: {name!r}")


def _holder(root, path):
    value = root[0]
    for part in path[:-1]:
        value = _step(value, part)
    return value, path[-1]


def _add(root, path, value):
    if not path:
        root[0] = value
        return
    holder, last = _holder(root, path)
    if isinstance(holder, dict):
        holder[last] = value
    elif isinstance(holder, list):
        holder.insert(len(holder) if last == "-" else _index(last, len(holder)), value)
    else:
        raise ChangeError("no place for it")


def _remove(root, path):
    if not path:
        raise ChangeError("all can't be removed")
    holder, last = _holder(root, path)
    _step(holder, last)
    del holder[last if isinstance(holder, dict) else int(last)]


def diff(old, new):
    """Return a patch from old to new."""
    found = []

    def compare(path, old, new):
        if isinstance(old, dict) and isinstance(new, dict):
            for key in {*old, *new}:
                here = f"{path}/" + key.replace("~", "~0").replace("/", "~1")
                if key not in new:
                    found.append({"op": "remove", "path": here})
                elif key not in old:
                    found.append({"op": "add", "path": here, "value": copy.deepcopy(new[key])})
                else:
                    compare(here, old[key], new[key])
        elif not _same(old, new):
            found.append({"op": "replace", "path": path, "value": copy.deepcopy(new)})

    compare("", old, new)
    return sorted(found, key=lambda operation: operation["path"])
PYTHON
