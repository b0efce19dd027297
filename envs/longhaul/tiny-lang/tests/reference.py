"""The language once more, written another way (closures over a token list), and programs to try. Shared by all steps."""

import random
import re
import sys

LIMIT, DEPTH = 100_000, 100
KEYWORDS = [{"print"}, {"print", "if", "else", "while"}, {"print", "if", "else", "while", "def", "return"}]


sys.setrecursionlimit(20_000)


class Wrong(Exception):
    pass


class Back(Exception):
    pass


def lex(source: str) -> list:
    source = re.sub(r"#[^\n]*", " ", source)
    found = []
    for part in re.finditer(r"(?P<ok>[0-9]+|[A-Za-z_][A-Za-z0-9_]*|==|!=|<=|>=|[-+*/%<>=(){},;])|(?P<gap>[ \t\r\n\f\v]+)|(?P<bad>.)", source, re.DOTALL):
        if part["bad"]:
            raise Wrong("syntax")
        if part["ok"]:
            found.append(part["ok"])
    return found


class Reader:
    LEVELS = [["==", "!="], ["<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"]]

    def __init__(self, source: str, level: int) -> None:
        self.words, self.at, self.level, self.keywords = lex(source), 0, level, KEYWORDS[level - 1]

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def take(self, wanted: str = "") -> str:
        word = self.peek()
        if not word or (wanted and word != wanted):
            raise Wrong("syntax")
        self.at += 1
        return word

    def name(self) -> str:
        word = self.take()
        if not (word[0].isalpha() or word[0] == "_") or word in self.keywords:
            raise Wrong("syntax")
        return word

    def program(self) -> list:
        found = []
        while self.peek():
            found.append(self.statement())
        return found

    def body(self) -> list:
        self.take("{")
        found = []
        while self.peek() != "}":
            found.append(self.statement())
        self.take("}")
        return found

    def statement(self):
        word = self.peek()
        if word == "print":
            self.take()
            value = self.value()
            self.take(";")
            return lambda m, v: m.out.append(str(value(m, v)))
        if self.level > 1 and word in ("if", "while"):
            return self.branch()
        if self.level > 2 and word == "def":
            self.take()
            name, parameters = self.name(), self.many(self.name)
            body = self.body()
            if len(set(parameters)) != len(parameters):
                raise Wrong("syntax")
            return lambda m, v: m.functions.update({name: (parameters, body)})
        if self.level > 2 and word == "return":
            self.take()
            value = self.value()
            self.take(";")
            return lambda m, v: m.back(value(m, v))
        name = self.name()
        if self.level > 2 and self.peek() == "(":
            value = self.call(name)
            self.take(";")
            return value
        self.take("=")
        value = self.value()
        self.take(";")
        return lambda m, v: v.update({name: value(m, v)})

    def branch(self):
        kind, test, body, other = self.take(), self.value(), self.body(), []
        if kind == "if" and self.peek() == "else":
            self.take()
            other = [self.branch_if()] if self.peek() == "if" else self.body()

        def run_if(m, v):
            m.block(body if test(m, v) else other, v)

        def run_while(m, v):
            while test(m, v):
                m.block(body, v)

        return run_if if kind == "if" else run_while

    def branch_if(self):
        return self.branch()

    def value(self, level: int = 0):
        if level == len(self.LEVELS):
            return self.operand()
        left = self.value(level + 1)
        while self.peek() in self.LEVELS[level]:
            left = self.binary(left, self.take(), self.value(level + 1))
        return left

    @staticmethod
    def binary(left, sign, right):
        def compute(m, v):
            m.tick()
            a, b = left(m, v), right(m, v)
            if sign in ("/", "%"):
                if not b:
                    raise Wrong("division by zero")
                whole = abs(a) // abs(b)
                whole = -whole if (a < 0) != (b < 0) else whole
                return whole if sign == "/" else a - b * whole
            return int({"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "==": lambda: a == b, "!=": lambda: a != b,
                        "<": lambda: a < b, "<=": lambda: a <= b, ">": lambda: a > b, ">=": lambda: a >= b}[sign]())

        return compute

    def operand(self):
        word = self.peek()
        if word == "-":
            self.take()
            inner = self.operand()

            def minus(m, v):
                m.tick()
                return -inner(m, v)

            return minus
        if word == "(":
            self.take()
            inner = self.value()
            self.take(")")
            return inner
        if word[:1].isdigit():
            number = int(self.take())

            def constant(m, v):
                m.tick()
                return number

            return constant
        name = self.name()
        if self.level > 2 and self.peek() == "(":
            return self.call(name)

        def get(m, v):
            m.tick()
            if name not in v:
                raise Wrong(f"unknown {name}")
            return v[name]

        return get

    def many(self, read) -> list:
        self.take("(")
        found = []
        while self.peek() != ")":
            if found:
                self.take(",")
            found.append(read())
        self.take(")")
        return found

    def call(self, name: str):
        arguments = self.many(self.value)

        def invoke(m, v):
            m.tick()
            return m.invoke(name, arguments, v)

        return invoke


class Run:
    def __init__(self, level: int) -> None:
        self.out, self.functions, self.steps, self.depth, self.level = [], {}, 0, 0, level

    def tick(self) -> None:
        self.steps += 1
        if self.level > 2 and self.steps > LIMIT:
            raise Wrong("too many steps")

    def block(self, statements: list, names: dict) -> None:
        for statement in statements:
            statement(self, names)

    def back(self, value: int) -> None:
        if not self.depth:
            raise Wrong("return outside of a function")
        raise Back(value)

    def invoke(self, name: str, arguments: list, names: dict) -> int:
        if name not in self.functions:
            raise Wrong(f"unknown {name}")
        parameters, body = self.functions[name]
        if len(parameters) != len(arguments):
            raise Wrong(f"{name} takes {len(parameters)}")
        given = [argument(self, names) for argument in arguments]
        if self.depth == DEPTH:
            raise Wrong("too deep")
        self.depth += 1
        try:
            self.block(body, dict(zip(parameters, given)))
        except Back as back:
            return back.args[0]
        finally:
            self.depth -= 1
        return 0


def run(source: str, level: int) -> list:
    machine = Run(level)
    try:
        machine.block(Reader(source, level).program(), {})
    except Wrong as error:
        machine.out.append(f"error: {error}")
    return machine.out


LEVEL_1 = [
    "", "# nothing", "print 1;", "x = 2; print x * 3 + 4;", "print 2 + 3 * 4 - 5;", "print 7 / 2; print -7 / 2; print 7 / -2; print -7 % 2; print 7 % -2;", "print 1 / 0;",
    "print 1; print y; print 2;", "print 1 == 1; print 1 < 2 == 1; print 1 == 2 > 1;", "print --3; print - - 3; print 2--3;", "print (1 + 2) * 3;", "x = x;", "print 1", "print ;", "= 1;",
    "print = 1;", "x = 1 # c\n; print x; # end", "x=1;print x;", "print 10 - 3 - 2;", "print 100 / 10 / 5;", "1 = 2;", "print 1 2;", "print 99999999999999999999 * 99999999999999999999;", "x = 5; x = x + 1; print x;",
    "print (1;", "print 1);", "@", "print 'a';", "print 1.5;", "printx = 1; print printx;", "_a1 = 3; print _a1;", "1a = 2;", "print 3 != 3; print 3 >= 3; print 2 <= 1;", "é = 1;", "print \u0661;", "if = 3; print if;",
    "print 1; print 1 +;", "print 1;;", "x == 1;", "print -2 * 3;", "print 2 * -3;", "print 1 < 2 < 3; print 3 > 2 > 1;", "print 0 - 7 / 2;", "#\n#\n\nprint 8;\n#",
]
LEVEL_2 = [
    "if 1 { print 1; }", "if 0 { print 1; } else { print 2; }", "if 0 {} else if 0 { print 1; } else if 5 { print 2; } else { print 3; }", "i = 0; while i < 5 { print i; i = i + 1; }",
    "i = 3; while i { i = i - 1; if i == 1 { x = i; } } print x;", "if 1 print 1;", "else { print 1; }", "while 0 { print 1; } print 2;", "if 1 { y = 4; } print y;", "while = 1;", "if 1 { print 1;", "if 1 }",
    "a = 1; b = 1; n = 0; while n < 20 { print a; t = a + b; a = b; b = t; n = n + 1; }", "if 1 {} {}", "while 1 { print 1 / 0; }", "if 2 { if 0 { print 1; } else { print 2; } }", "while 0 {} else {}",
    "n = 30; while n > 1 { if n % 2 == 0 { n = n / 2; } else { n = 3 * n + 1; } print n; }", "if unknown { }", "if (1) { print (2); } else if 1 { print 3; }", "if 1 { } else print 2;", "def = 3; print def; return = 4; print return;",
]
LEVEL_3 = [
    "def f(a) { return a + 1; } print f(2);", "def f() { print 1; } f(); print f();", "def fact(n) { if n < 2 { return 1; } return n * fact(n - 1); } print fact(20);", "f(1);", "def f(a, b) { return a - b; } print f(3, 1); print f(1);",
    "def f(a, a) { }", "x = 1; def f() { return x; } print f();", "def f(x) { x = 5; return x; } x = 1; print f(2); print x;", "return 1;", "def f() { return 1; print 2; } print f();", "while 1 { }", "def f() { return f(); } f();",
    "def f(n) { if n == 0 { return 7; } return f(n - 1); } print f(99); print f(100);", "def f() { def g() { return 3; } } print g(); f(); ", "def f() { def g() { return 3; } } f(); print g();", "def f() { return 1; } def f() { return 2; } print f();",
    "i = 0; while 1 { i = i + 1; } ", "def a(n) { return b(n); } def b(n) { return n * 2; } print a(4);", "def f(a,) { }", "def f(a b) { }", "f(1,);", "print f(1,2;", "f = 3; def f() { return 4; } print f; print f();", "def print() { }", "print def;",
    "def f() { while 1 { return 5; } } print f() + f() * 2;", "def f(n) { print n; if n { f(n - 1); } } f(3);", "1(2);", "def f() { } print f()();", "print 1; return 2; print 3;", "def f(a) { } print f(1 / 0);", "def f(a) {} f(g(1), 2);",
    "def f() { return 1 } ", "def { }", "def f { }", "print f;", "def f() { print y; } y = 1; f();", "i = 0; while i < 9000 { i = i + 1; } print i;", "i = 0; while i < 20000 { i = i + 1; } print i;",
]


def programs(level: int, amount: int, dice: random.Random) -> list:
    return [Writer(level, dice).program() for _ in range(amount)]


class Writer:
    """Writes programs, a few of them wrong."""

    def __init__(self, level: int, dice: random.Random) -> None:
        self.level, self.dice, self.names, self.functions = level, dice, ["a", "b"], {}

    def program(self) -> str:
        parts = [f"a = {self.number()}; b = {self.number()};"]
        for number in range(self.dice.randrange(3) if self.level > 2 else 0):
            parameters = ["p", "q", "r"][: self.dice.randrange(3)]
            inner = Writer(self.level, self.dice)
            inner.names, inner.functions = [*parameters, *([] if parameters else ["a"])], dict(self.functions)
            body = " ".join(["a = 1;", *(inner.statement(1) for _ in range(2)), f"return {inner.value(2)};"])
            parts.append(f"def f{number}({', '.join(parameters)}) {{ {body} }}")
            self.functions[f"f{number}"] = len(parameters)
        parts += [self.statement(2) for _ in range(self.dice.randrange(1, 6))]
        text = self.dice.choice([" ", "\n", "  # note\n"]).join(parts)
        if self.dice.random() < 0.1:
            at = self.dice.randrange(len(text))
            text = text[:at] + self.dice.choice("(){};=$1x") + text[at + 1 :]
        return text

    def number(self) -> str:
        return str(self.dice.choice([0, 1, 2, 3, 7, 10, 255, 10**12]))

    def value(self, depth: int) -> str:
        kind = self.dice.random()
        if depth == 0 or kind < 0.2:
            return self.number() if self.dice.random() < 0.5 else self.dice.choice(self.names)
        if kind < 0.3:
            return f"-{self.value(0)}"
        if kind < 0.45:
            return f"({self.value(depth - 1)})"
        if kind < 0.65 and self.functions:
            name = self.dice.choice(sorted(self.functions))
            return f"{name}({', '.join(self.value(depth - 1) for _ in range(self.functions[name]))})"
        sign = self.dice.choice(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">="])
        return f"{self.value(depth - 1)} {sign} {self.value(depth - 1)}"

    def statement(self, depth: int) -> str:
        kind = self.dice.random()
        if self.level > 1 and depth and kind < 0.2:
            other = self.dice.choice(["", f" else {{ {self.statement(depth - 1)} }}", f" else if {self.value(1)} {{ {self.statement(depth - 1)} }}"])
            return f"if {self.value(2)} {{ {self.statement(depth - 1)} }}{other}"
        if self.level > 1 and depth and kind < 0.3:
            name = f"i{depth}"
            return f"{name} = 0; while {name} < {self.dice.randrange(5)} {{ {name} = {name} + 1; {self.statement(depth - 1)} }}"
        if kind < 0.6:
            return f"print {self.value(3)};"
        if kind < 0.65:
            return f"print {self.dice.choice(['c', 'zz'])};"
        return f"{self.dice.choice(self.names)} = {self.value(3)};"
