#!/bin/bash
set -euo pipefail
cat > lang.py <<'PYTHON'
"""A small language: `run(source)` returns what a program prints."""

import re

TOKEN = re.compile(r"\s*(?:(\d+)|([A-Za-z_]\w*)|(==|!=|<=|>=|[-+*/%<>=(){},;]))", re.ASCII)
BINDING = {"==": 1, "!=": 1, "<": 2, "<=": 2, ">": 2, ">=": 2, "+": 3, "-": 3, "*": 4, "/": 4, "%": 4}
KEYWORDS = {"print"}


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

        name = self.name()
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
        return "get", name


class Machine:
    """Runs statements."""

    def __init__(self) -> None:
        self.printed: list = []


    def run(self, block: list, names: dict) -> None:
        for statement in block:
            getattr(self, f"do_{statement[0]}")(names, *statement[1:])

    def do_print(self, names: dict, value: tuple) -> None:
        self.printed.append(str(self.value(value, names)))

    def do_set(self, names: dict, name: str, value: tuple) -> None:
        names[name] = self.value(value, names)

    def value(self, node: tuple, names: dict) -> int:
        kind = node[0]
        if kind == "number":
            return node[1]
        if kind == "get":
            if node[1] not in names:
                raise LangError(f"unknown {node[1]}")
            return names[node[1]]
        if kind == "minus":
            return -self.value(node[1], names)
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
