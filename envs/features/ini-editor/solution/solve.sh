#!/bin/bash
set -euo pipefail
cat > setup_tool/ini.py <<'PYTHON'
"""INI files."""

import re

from setup_tool.errors import IniError

_SPACE = " \t"
_SECTION = re.compile(r"[ \t]*\[[ \t]*([^\[\] \t](?:[^\[\]]*[^\[\] \t])?)[ \t]*\][ \t]*")


class _Line:
    """A line: its text without end, its kind (blank, section, key, more), and the name of its section or key."""

    def __init__(self, text, kind, name=None):
        self.text, self.kind, self.name = text, kind, name


def _parse(text, number, after):
    stripped = text.strip(_SPACE)
    if not stripped or stripped[0] in "#;":
        return _Line(text, "blank")
    if section := _SECTION.fullmatch(text):
        return _Line(text, "section", section[1])
    if text[0] in _SPACE and after in ("key", "more"):
        return _Line(text, "more")
    key, equals, _ = text.partition("=")
    if not equals or not key.strip(_SPACE):
        raise IniError(number)
    return _Line(text, "key", key.strip(_SPACE))


class Ini:
    """A file of sections, keys and values."""

    def __init__(self, text):
        self._lines, after = [], None
        lines = text.split("\n")
        self._ended = lines[-1] == ""
        if self._ended:
            lines.pop()
        for number, line in enumerate(lines, start=1):
            self._lines.append(_parse(line, number, after))
            after = self._lines[-1].kind

    def __str__(self):
        text = "\n".join(line.text for line in self._lines)
        return text + "\n" if self._lines and self._ended else text

    def _placed(self):
        """Give triples of a place, the section in lower case, and a line."""
        section = ""
        for place, line in enumerate(self._lines):
            if line.kind == "section":
                section = line.name.lower()
            yield place, section, line

    def _places(self, section, key):
        wanted = section.lower(), key.lower()
        return [place for place, name, line in self._placed() if line.kind == "key" and (name, line.name.lower()) == wanted]

    def _end(self, place):
        """Return the place after a key line and its continuations."""
        place += 1
        while place < len(self._lines) and self._lines[place].kind == "more":
            place += 1
        return place

    def get(self, section, key, default=None):
        """Return a value."""
        places = self._places(section, key)
        if not places:
            return default
        first, *more = self._lines[places[-1] : self._end(places[-1])]
        return "\n".join([first.text.partition("=")[2].strip(_SPACE), *(line.text.strip(_SPACE) for line in more)])

    def sections(self):
        """Return the names of all sections in brackets."""
        names = {}
        for line in self._lines:
            if line.kind == "section":
                names.setdefault(line.name.lower(), line.name)
        return list(names.values())

    def keys(self, section):
        """Return the keys of a section."""
        wanted = section.lower()
        if wanted and wanted not in map(str.lower, self.sections()):
            raise KeyError(section)
        names = {}
        for _, name, line in self._placed():
            if line.kind == "key" and name == wanted:
                names.setdefault(line.name.lower(), line.name)
        return list(names.values())

    def set(self, section, key, value):
        """Set a value."""
        lines = _checked(section, key, value)
        places = self._places(section, key)
        if places:
            old = self._lines[places[-1]].text
            head, _, rest = old.partition("=")
            space = rest[: len(rest) - len(rest.lstrip(_SPACE))]
            tail = rest[len(rest.rstrip(_SPACE)) :] if rest.strip(_SPACE) else ""
            if not rest and lines[0] and head.endswith((" ", "\t")):
                space = " "
            new = [head + "=" + space + lines[0] + tail]
            start, end = places[-1], self._end(places[-1])
        else:
            new = [f"{key} = {lines[0]}".rstrip(" ")]
            start = end = self._new_place(section)
        kinds = [_Line(new[0], "key", key if not places else self._lines[places[-1]].name)]
        self._lines[start:end] = kinds + [_Line("    " + line, "more") for line in lines[1:]]

    def _new_place(self, section):
        wanted = section.lower()
        keys = [place for place, name, line in self._placed() if name == wanted and line.kind == "key"]
        if keys:
            return self._end(keys[-1])
        heads = [place for place, name, line in self._placed() if name == wanted and line.kind == "section"]
        if heads:
            return heads[0] + 1
        if wanted == "":
            return 0
        if self._lines:
            self._ended = True
            self._lines.append(_Line("", "blank"))
        self._lines.append(_Line(f"[{section}]", "section", section))
        return len(self._lines)

    def remove(self, section, key):
        """Remove a key; return whether it was there."""
        places = self._places(section, key)
        for place in reversed(places):
            del self._lines[place : self._end(place)]
        return bool(places)


def _checked(section, key, value):
    lines = value.split("\n")
    good = all(line == line.strip(_SPACE) for line in lines)
    good = good and (value == "" or all(lines)) and not any(line[0] in "#;[" for line in lines[1:] if line)
    if section:
        match = _SECTION.fullmatch(f"[{section}]") if "\n" not in section else None
        good = good and match is not None and match[1] == section
    good = good and key == key.strip(_SPACE) and key != "" and "=" not in key and "\n" not in key and key[:1] not in ("#", ";")
    if not good or _SECTION.fullmatch(f"{key} = {lines[0]}"):
        raise ValueError(f"can't be written: {section!r}, {key!r}, {value!r}")
    return lines
PYTHON
