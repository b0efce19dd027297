#!/bin/bash
set -euo pipefail
cat > lang.py <<'PYTHON'
"""A small language: `run(source)` returns what a program prints."""

import re
import sys

TOKEN = re.compile(r"\s*(?:(\d+)|([A-Za-z_]\w*)|(==|!=|<=|>=|[-+*/%<>=(){},;]))", re.ASCII)
BINDING = {"==": 1, "!=": 1, "<": 2, "<=": 2, ">": 2, ">=": 2, "+": 3, "-": 3, "*": 4, "/": 4, "%": 4}
KEYWORDS = {"print", "if", "else", "while", "def", "return"}
LIMIT = 100_000
DEPTH = 100
sys.setrecursionlimit(20_000)  # each call inside takes several of Python's


class LangError(Exception):
    """The program is wrong; the message says how."""


def tokens(source: str) -> list:
    source = re.sub(r"#[^\n]*", "", source).rstrip()
    found, at = [], 0
    while at < len(source):
        token = TOKEN.match(source, at)
        if token is None:
            raise LangError("syntax")
        found.append(token[token.lastindex])
        at = token.end()
    return [*found, ""]


class Parser:
    """Builds nested tuples."""

    def __init__(self, source: str) -> None:
        self.left = tokens(source)[::-1]

    def next(self, *wanted: str) -> str:
        token = self.left.pop()
        if wanted and token not in wanted or not token:
            raise LangError("syntax")
        return token

    def block(self, end: str) -> list:
        found = []
        while self.left[-1] != end:
            found.append(self.statement())
        if end:
            self.next(end)
        return found

    def body(self) -> list:
        self.next("{")
        return self.block("}")

    def name(self) -> str:
        token = self.next()
        if not re.fullmatch(r"[A-Za-z_]\w*", token, re.ASCII) or token in KEYWORDS:
            raise LangError("syntax")
        return token

    def statement(self) -> tuple:
        if self.left[-1] == "print":
            self.next()
            value = self.expression()
            self.next(";")
            return "print", value
        if self.left[-1] in ("if", "while"):
            return self.condition()
        if self.left[-1] == "def":
            return self.definition()
        if self.left[-1] == "return":
            self.next()
            value = self.expression()
            self.next(";")
            return "return", value
        name = self.name()
        if self.left[-1] == "(":
            value = self.call(name)
            self.next(";")
            return "call", value
        self.next("=")
        value = self.expression()
        self.next(";")
        return "set", name, value

    def expression(self, binding: int = 1) -> tuple:
        value = self.operand()
        while BINDING.get(self.left[-1], 0) >= binding:
            operator = self.next()
            value = "binary", operator, value, self.expression(BINDING[operator] + 1)
        return value

    def operand(self) -> tuple:
        token = self.left[-1]
        if token.isdigit():
            return "number", int(self.next())
        if token == "-":
            self.next()
            return "minus", self.operand()
        if token == "(":
            self.next()
            value = self.expression()
            self.next(")")
            return value
        name = self.name()
        if self.left[-1] == "(":
            return self.call(name)
        return "get", name

    def call(self, name: str) -> tuple:
        return "call", name, self.listed(self.expression)

    def listed(self, read) -> list:
        self.next("(")
        found = []
        while self.left[-1] != ")":
            if found:
                self.next(",")
            found.append(read())
        self.next(")")
        return found

    def definition(self) -> tuple:
        self.next()
        name, parameters = self.name(), self.listed(self.name)
        if len(set(parameters)) < len(parameters):
            raise LangError("syntax")
        return "def", name, parameters, self.body()

    def condition(self) -> tuple:
        kind = self.next()
        value, body, other = self.expression(), self.body(), []
        if kind == "if" and self.left[-1] == "else":
            self.next()
            other = [self.condition()] if self.left[-1] == "if" else self.body()
        return kind, value, body, other


class Returned(Exception):
    """A function's value is on its way."""


class Machine:
    """Runs statements."""

    def __init__(self) -> None:
        self.printed: list = []
        self.functions: dict = {}
        self.steps = self.depth = 0

    def run(self, block: list, names: dict) -> None:
        for statement in block:
            getattr(self, f"do_{statement[0]}")(names, *statement[1:])

    def do_print(self, names: dict, value: tuple) -> None:
        self.printed.append(str(self.value(value, names)))

    def do_set(self, names: dict, name: str, value: tuple) -> None:
        names[name] = self.value(value, names)

    def do_if(self, names: dict, value: tuple, body: list, other: list) -> None:
        self.run(body if self.value(value, names) else other, names)

    def do_while(self, names: dict, value: tuple, body: list, _: list) -> None:
        while self.value(value, names):
            self.run(body, names)

    def do_def(self, names: dict, name: str, parameters: list, body: list) -> None:
        self.functions[name] = (parameters, body)

    def do_return(self, names: dict, value: tuple) -> None:
        result = self.value(value, names)
        if not self.depth:
            raise LangError("return outside of a function")
        raise Returned(result)

    def do_call(self, names: dict, value: tuple) -> None:
        self.value(value, names)

    def tick(self) -> None:
        self.steps += 1
        if self.steps > LIMIT:
            raise LangError("too many steps")

    def call(self, names: dict, name: str, given: list) -> int:
        if name not in self.functions:
            raise LangError(f"unknown {name}")
        parameters, body = self.functions[name]
        if len(parameters) != len(given):
            raise LangError(f"{name} takes {len(parameters)}")
        values = [self.value(value, names) for value in given]
        if self.depth == DEPTH:
            raise LangError("too deep")
        self.depth += 1
        try:
            self.run(body, dict(zip(parameters, values)))
        except Returned as returned:
            return returned.args[0]
        finally:
            self.depth -= 1
        return 0

    def value(self, node: tuple, names: dict) -> int:
        self.tick()
        kind = node[0]
        if kind == "number":
            return node[1]
        if kind == "get":
            if node[1] not in names:
                raise LangError(f"unknown {node[1]}")
            return names[node[1]]
        if kind == "minus":
            return -self.value(node[1], names)
        if kind == "call":
            return self.call(names, *node[1:])
        left, right = self.value(node[2], names), self.value(node[3], names)
        return binary(node[1], left, right)


def binary(operator: str, left: int, right: int) -> int:
    if operator in "/%":
        if right == 0:
            raise LangError("division by zero")
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if operator == "/" else left - quotient * right
    return int(
        {"+": left + right, "-": left - right, "*": left * right, "==": left == right, "!=": left != right, "<": left < right,
         "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
    )


def run(source: str) -> list:
    """Return the lines that a program prints; a last one `error: ...` where it is wrong."""
    machine = Machine()
    try:
        machine.run(Parser(source).block(""), {})
    except LangError as error:
        machine.printed.append(f"error: {error}")
    return machine.printed
PYTHON
