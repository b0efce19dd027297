"""Merging of one layer into another."""

import copy


def merge(base, layer):
    """Return `base` with `layer` on top; both stay as they are."""
    result = dict(base)
    for key, value in layer.items():
        if key.endswith("+"):
            append(result, key[:-1], value)
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def append(mapping, key, values):
    """Add values to the list of a key."""
    if isinstance(mapping.get(key), list):
        mapping[key] += copy.deepcopy(values)
    else:
        mapping[key] = copy.deepcopy(values)
