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
    "formula/tokens.py",
    r'''_TOKEN = re.compile(r" *(?:([0-9]+(?:\.[0-9]+)?)|(and|or|not|[-+*/%^=<>()])|([A-Za-z_][A-Za-z0-9_]*))")''',
    r'''_TOKEN = re.compile(
    r" *(?:([0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]{1,2})?)(?![A-Za-z0-9_.])"
    r"|((?:and|or|not)(?![A-Za-z0-9_])|[-+*/%^=<>()])|([A-Za-z_][A-Za-z0-9_]*))"
)''',
)
edit("formula/values.py", "    return left - right * int(left / right)", "    return left % right")
edit(
    "formula/parser.py",
    '''        if self._next("not"):
            inner = self._primary()''',
    '''        if self._next("not"):
            inner = self._not()''',
)
edit(
    "formula/parser.py",
    '''        if operator := self._next("+", "-"):
            return _binary(operator, left, self._sum())
        return left''',
    '''        while operator := self._next("+", "-"):
            left = _binary(operator, left, self._product())
        return left''',
)
edit(
    "formula/parser.py",
    '''        left = self._power()
        while operator := self._next("*", "/", "%"):
            left = _binary(operator, left, self._power())
        return left''',
    '''        left = self._negative()
        while operator := self._next("*", "/", "%"):
            left = _binary(operator, left, self._negative())
        return left''',
)
edit(
    "formula/parser.py",
    '''            inner = self._primary()
            return lambda variables: -number(inner(variables))
        return self._primary()

    def _power(self):
        left = self._negative()
        while self._next("^"):
            left = _binary("^", left, self._negative())
        return left''',
    '''            inner = self._negative()
            return lambda variables: -number(inner(variables))
        return self._power()

    def _power(self):
        left = self._primary()
        return _binary("^", left, self._negative()) if self._next("^") else left''',
)
edit(
    "formula/parser.py",
    '''def _both(left, right):
    return lambda variables: all([truth(left(variables)), truth(right(variables))])


def _either(left, right):
    return lambda variables: any([truth(left(variables)), truth(right(variables))])''',
    '''def _both(left, right):
    return lambda variables: truth(left(variables)) and truth(right(variables))


def _either(left, right):
    return lambda variables: truth(left(variables)) or truth(right(variables))''',
)
PYTHON
python3 -m unittest --quiet
