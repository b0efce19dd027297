# Tokens by one pattern, and a parser that returns functions; errors carry the token's place.
cat > tickets/query.py <<'PYTHON'
"""Queries for tickets."""

import re

from tickets.errors import QueryError

_TOKEN = re.compile(
    r""" *(?:(?P<sign>!=|<=|>=|[=<>~()])|(?P<quoted>"(?:\\["\\]|[^"\\]|\\(?!["\\]))*")|(?P<word>[A-Za-z0-9_.-]+)|(?P<end>$)|(?P<bad>.))""",
    re.DOTALL,
)
_NUMBER = re.compile("-?[0-9]+")


class _Tokens:
    def __init__(self, query):
        self.query = query
        self.at = 0
        self.next()

    def next(self):
        match = _TOKEN.match(self.query, self.at)
        if not match:
            raise AssertionError
        self.kind = match.lastgroup
        self.text = match[self.kind]
        self.place = match.start(self.kind)
        self.at = match.end()

    def fail(self):
        raise QueryError("that can't be", self.place)

    @property
    def word(self):
        return self.text.lower() if self.kind == "word" else None


def _parsed(query, names):
    tokens = _Tokens(query)
    if tokens.kind == "end":
        return lambda record: True
    test = _or(tokens, names)
    if tokens.kind != "end":
        tokens.fail()
    return test


def _or(tokens, names):
    tests = [_and(tokens, names)]
    while tokens.word == "or":
        tokens.next()
        tests.append(_and(tokens, names))
    return lambda record: any(test(record) for test in tests)


def _and(tokens, names):
    tests = [_not(tokens, names)]
    while True:
        if tokens.word == "and":
            tokens.next()
        elif tokens.kind == "word" and tokens.word != "or" or tokens.text == "(" and tokens.kind == "sign":
            pass
        else:
            return lambda record: all(test(record) for test in tests)
        tests.append(_not(tokens, names))


def _not(tokens, names):
    turned = False
    while tokens.word == "not":
        turned = not turned
        tokens.next()
    test = _one(tokens, names)
    return (lambda record: not test(record)) if turned else test


def _one(tokens, names):
    if tokens.kind == "sign" and tokens.text == "(":
        tokens.next()
        test = _or(tokens, names)
        if tokens.text != ")" or tokens.kind != "sign":
            tokens.fail()
        tokens.next()
        return test
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", tokens.text) or tokens.kind != "word" or tokens.word in ("and", "or", "not"):
        tokens.fail()
    field = tokens.text
    tokens.next()
    if tokens.kind != "sign" or tokens.text in "()":
        tokens.fail()
    operator = tokens.text
    tokens.next()
    if tokens.kind == "word":
        value, quoted = tokens.text, False
    elif tokens.kind == "quoted":
        value, quoted = re.sub(r'\\(["\\])', r"\1", tokens.text[1:-1]), True
    else:
        tokens.fail()
    tokens.next()
    names.add(field)
    return _test(field, operator, value, quoted)


def _test(field, operator, value, quoted):
    number = int(value) if _NUMBER.fullmatch(value) else None

    def equal(found):
        if isinstance(found, str):
            return found.casefold() == value.casefold()
        if isinstance(found, list):
            return any(each.casefold() == value.casefold() for each in found)
        if found is None or isinstance(found, bool):
            return not quoted and value.lower() == {None: "null", True: "true", False: "false"}[found]
        return number is not None and found == number

    def contains(found):
        texts = found if isinstance(found, list) else [found]
        return any(isinstance(each, str) and value.casefold() in each.casefold() for each in texts)

    def ordered(found):
        if number is None or isinstance(found, bool) or not isinstance(found, int):
            return False
        return {"<": found < number, "<=": found <= number, ">": found > number, ">=": found >= number}[operator]

    if operator == "~":
        return lambda record: contains(record.get(field))
    if operator == "=":
        return lambda record: equal(record.get(field))
    if operator == "!=":
        return lambda record: not equal(record.get(field))
    return lambda record: ordered(record.get(field))


def search(query, records):
    """Return the records that match."""
    test = _parsed(query, set())
    return [record for record in records if test(record)]


def fields(query):
    """Return the fields that a query names."""
    names = set()
    _parsed(query, names)
    return sorted(names)
PYTHON
