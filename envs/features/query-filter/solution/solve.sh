#!/bin/bash
set -euo pipefail
cat > tickets/query.py <<'PYTHON'
"""Queries."""

import re

from tickets.errors import QueryError

_TOKEN = re.compile(r'([A-Za-z0-9_.-]+)|("(?:\\.|[^"\\])*")|(!=|<=|>=|[=<>~])|([()])', re.DOTALL)
_QUOTED_END = re.compile(r'"((?:\\["\\]|\\(?!["\\])|[^"\\])*)"', re.DOTALL)
_FIELD = re.compile("[A-Za-z][A-Za-z0-9_]*")
_NUMBER = re.compile("-?[0-9]+")
_WORDS = ("and", "or", "not")


def _tokens(query):
    """Return triples of a kind (word, quoted, operator, paren, end, bad), a text and a position."""
    found, at = [], 0
    while at < len(query):
        if query[at] == " ":
            at += 1
            continue
        if query[at] == '"':
            match = _QUOTED_END.match(query, at)
            if match is None:
                found.append(("bad", "", at))
                return found
            found.append(("quoted", re.sub(r'\\(["\\])', r"\1", match[1]), at))
            at = match.end()
            continue
        match = _TOKEN.match(query, at)
        if match is None:
            found.append(("bad", "", at))
            return found
        kind = "word" if match[1] else "operator" if match[3] else "paren"
        found.append((kind, match[0], at))
        at = match.end()
    return [*found, ("end", "", len(query))]


class _Parser:
    def __init__(self, query):
        self._tokens, self._at, self.fields = _tokens(query), 0, set()

    def parse(self):
        if self._peek()[0] == "end":
            return lambda record: True
        test = self._or()
        if self._peek()[0] != "end":
            self._fail()
        return test

    def _peek(self):
        return self._tokens[self._at]

    def _fail(self):
        raise QueryError(f"not expected at {self._peek()[2]}", self._peek()[2])

    def _word(self, word):
        kind, text, _ = self._peek()
        if kind == "word" and text.lower() == word:
            self._at += 1
            return True
        return False

    def _or(self):
        tests = [self._and()]
        while self._word("or"):
            tests.append(self._and())
        return lambda record: any(test(record) for test in tests)

    def _and(self):
        tests = [self._not()]
        while self._word("and") or self._begins():
            tests.append(self._not())
        return lambda record: all(test(record) for test in tests)

    def _begins(self):
        kind, text, _ = self._peek()
        if kind == "word":
            return text.lower() not in ("and", "or") and (text.lower() == "not" or bool(_FIELD.fullmatch(text)))
        return kind == "paren" and text == "("

    def _not(self):
        if self._word("not"):
            test = self._not()
            return lambda record: not test(record)
        kind, text, _ = self._peek()
        if kind == "paren" and text == "(":
            self._at += 1
            test = self._or()
            if self._peek()[:2] != ("paren", ")"):
                self._fail()
            self._at += 1
            return test
        return self._condition()

    def _condition(self):
        kind, field, _ = self._peek()
        if kind != "word" or field.lower() in _WORDS or not _FIELD.fullmatch(field):
            self._fail()
        self._at += 1
        kind, operator, _ = self._peek()
        if kind != "operator":
            self._fail()
        self._at += 1
        kind, value, _ = self._peek()
        if kind not in ("word", "quoted"):
            self._fail()
        self._at += 1
        self.fields.add(field)
        return lambda record: _holds(record.get(field), operator, value, kind == "quoted")


def _equal(found, value, quoted):
    if found is None or isinstance(found, bool):
        return not quoted and value.lower() == {None: "null", True: "true", False: "false"}[found]
    if isinstance(found, int):
        return bool(_NUMBER.fullmatch(value)) and int(value) == found
    if isinstance(found, list):
        return any(_equal(text, value, quoted) for text in found)
    return found.casefold() == value.casefold()


def _holds(found, operator, value, quoted):
    if operator in ("=", "!="):
        return _equal(found, value, quoted) == (operator == "=")
    if operator == "~":
        texts = found if isinstance(found, list) else [found] if isinstance(found, str) else []
        return any(value.casefold() in text.casefold() for text in texts)
    if not isinstance(found, int) or isinstance(found, bool) or not _NUMBER.fullmatch(value):
        return False
    number = int(value)
    return {"<": found < number, "<=": found <= number, ">": found > number, ">=": found >= number}[operator]


def search(query, records):
    """Return the records that match a query."""
    test = _Parser(query).parse()
    return [record for record in records if test(record)]


def fields(query):
    """Return the fields that a query names."""
    parser = _Parser(query)
    parser.parse()
    return sorted(parser.fields)
PYTHON
