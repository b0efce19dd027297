#!/bin/bash
set -euo pipefail
cat > web/router.py <<'PYTHON'
"""Routes."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from web.errors import BadPath, MethodNotAllowed, NotFound

_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::(int|path))?\}")
_INT = re.compile("-?[0-9]+")
_RANKS = {"text": 0, "int": 1, "one": 2, "path": 3}


@dataclass(frozen=True)
class _Route:
    name: str
    parts: tuple  # pairs of a kind and a text or a parameter's name
    methods: frozenset
    number: int

    @property
    def order(self):
        return [_RANKS[kind] for kind, _ in self.parts], self.number

    def fit(self, parts):
        """Return the parameters of a path in decoded parts, or None."""
        params = {}
        for place, (kind, text) in enumerate(self.parts):
            if kind == "path":
                rest = parts[place:]
                if not rest or not rest[0]:
                    return None
                return {**params, text: "/".join(rest)}
            if place >= len(parts):
                return None
            part = parts[place]
            if kind == "text":
                if part != text:
                    return None
            elif not part or (kind == "int" and not _INT.fullmatch(part)):
                return None
            else:
                params[text] = int(part) if kind == "int" else part
        return params if len(parts) == len(self.parts) else None


def _parse(pattern):
    if not pattern.startswith("/"):
        raise ValueError(f"not a pattern: {pattern!r}")
    texts, parts = pattern[1:].split("/"), []
    for place, text in enumerate(texts):
        last = place + 1 == len(texts)
        match = _PARAMETER.fullmatch(text)
        if match:
            kind = match[2] or "one"
            if (kind == "path" and not last) or any(known != "text" and name == match[1] for known, name in parts):
                raise ValueError(f"not a pattern: {pattern!r}")
            parts.append((kind, match[1]))
        elif "{" in text or "}" in text or (not text and not last):
            raise ValueError(f"not a pattern: {pattern!r}")
        else:
            parts.append(("text", text))
    return tuple(parts)


def _decoded(path):
    parts = path.split("/")[1:]
    for part in parts:
        if re.search("%(?![0-9A-Fa-f]{2})", part):
            raise BadPath(path)
    try:
        return [unquote_to_bytes(part).decode() for part in parts]
    except UnicodeDecodeError:
        raise BadPath(path) from None


def _allowed(fits):
    methods = set().union(*(route.methods for route, _ in fits))
    return methods | ({"HEAD"} if "GET" in methods else set())


class Router:
    """Finds routes for paths, and paths for routes."""

    def __init__(self):
        self._routes = {}

    def add(self, name, pattern, methods=("GET",)):
        """Add a route."""
        parts = _parse(pattern)
        if name in self._routes or not methods:
            raise ValueError(f"the route {name!r} can't be added")
        self._routes[name] = _Route(name, parts, frozenset(methods), len(self._routes))

    def _fits(self, path):
        if not path.startswith("/"):
            return []
        parts = _decoded(path)
        routes = sorted(self._routes.values(), key=lambda route: route.order)
        return [(route, params) for route in routes if (params := route.fit(parts)) is not None]

    def match(self, method, path):
        """Return the route of a path."""
        fits, extra = self._fits(path), None
        if not fits and path != "/":
            other = path[:-1] if path.endswith("/") else path + "/"
            fits, extra = self._fits(other), other
            if method not in _allowed(fits):
                fits = []
        if not fits:
            raise NotFound(path)
        chosen = [fit for fit in fits if method in fit[0].methods]
        if not chosen and method == "HEAD":
            chosen = [fit for fit in fits if "GET" in fit[0].methods]
        if not chosen:
            raise MethodNotAllowed(sorted(_allowed(fits)))
        route, params = chosen[0]
        return {"name": route.name, "params": params, "extra": extra}

    def build(self, name, **params):
        """Return the path of a route."""
        route = self._routes[name]
        names = [text for kind, text in route.parts if kind != "text"]
        if set(params) - set(names):
            raise ValueError(f"too many parameters: {sorted(set(params) - set(names))}")
        texts = []
        for kind, text in route.parts:
            if kind == "text":
                texts.append(quote(text, safe=""))
                continue
            value = str(params[text])
            if not value or (kind == "int" and not (_INT.fullmatch(value) and str(int(value)) == value)):
                raise ValueError(f"{text} can't be {value!r}")
            if kind == "path" and value.startswith("/"):
                raise ValueError(f"{text} can't be {value!r}")
            texts.append(quote(value, safe="/" if kind == "path" else ""))
        return "/" + "/".join(texts)
PYTHON
