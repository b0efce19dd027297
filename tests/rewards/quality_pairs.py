"""Pairs of texts, the first clearly better code than the second: (path, better, worse)."""

PAIRS = {
    "unused import": ("a.py", "def f(x: int) -> int:\n    return x + 1\n", "import os\n\n\ndef f(x: int) -> int:\n    return x + 1\n"),
    "mutable default": ("a.py", "def f(x, y=None):\n    return x if y is None else y\n", "def f(x, y=[]):\n    y.append(x)\n    return y\n"),
    "bare except": (
        "a.py",
        "def read(path):\n    try:\n        return open_it(path)\n    except OSError:\n        return None\n\n\ndef open_it(path):\n    return path\n",
        "def read(path):\n    try:\n        return open_it(path)\n    except:\n        pass\n\n\ndef open_it(path):\n    return path\n",
    ),
    "undefined name": ("a.py", "def f(items):\n    return sum(items)\n", "def f(items):\n    return sum(itmes)\n"),
    "syntax error": ("a.py", "def f():\n    return 1\n", "def f(:\n    return 1\n"),
    "compare with None": ("a.py", "def f(x):\n    return x is None\n", "def f(x):\n    return x == None\n"),
    "eval": ("a.py", "import json\n\n\ndef f(text):\n    return json.loads(text)\n", "def f(text):\n    return eval(text)\n"),
    "shell": (
        "a.py",
        "import subprocess\n\n\ndef f(name):\n    return subprocess.run(['ls', name], check=True)\n",
        "import subprocess\n\n\ndef f(name):\n    return subprocess.run('ls ' + name, shell=True)\n",
    ),
    "sql": (
        "a.py",
        "def f(db, name):\n    return db.execute('SELECT * FROM t WHERE name = ?', (name,))\n",
        "def f(db, name):\n    return db.execute(\"SELECT * FROM t WHERE name = '%s'\" % name)\n",
    ),
    "wrong type": ("a.py", "def f(x: int) -> str:\n    return str(x)\n", "def f(x: int) -> str:\n    return x\n"),
    "dead variable": ("a.py", "def f(x):\n    return x * 2\n", "def f(x):\n    y = x * 3\n    return x * 2\n"),
    "nested branches": (
        "a.py",
        "GRADES = {9: 'a', 8: 'b', 7: 'c'}\n\n\ndef grade(n):\n    return GRADES.get(n, 'f')\n",
        "def grade(n):\n" + "".join(f"    if n > {i} and n < {i + 2} or n == -{i}:\n        return '{i}'\n" for i in range(9)) + "    return 'f'\n",
    ),
    "one long function": (
        "a.py",
        "\n\n".join(f"def f{i}(x):\n    return x + {i}\n" for i in range(40)),
        "def f(x):\n" + "".join(f"    x = g(x, {i})\n" for i in range(120)) + "    return x\n\n\ndef g(x, i):\n    return x + i\n",
    ),
    "too many parameters": ("a.py", "def f(point):\n    return point\n", "def f(a, b, c, d, e, g, h, i, j, k):\n    return a\n"),
    "JavaScript branches": (
        "a.js",
        "const names = ['a', 'b']\nfunction name(n) { return names[n] ?? 'z' }\n",
        "function name(n) {\n" + "".join(f"  if (n === {i} || n === -{i}) {{ return '{i}' }}\n" for i in range(9)) + "  return 'z'\n}\n",
    ),
    "Go branches": (
        "a.go",
        "package a\nfunc F(n int) int { return n }\n",
        "package a\nfunc F(n int) int {\n" + "".join(f"  if n == {i} && n > 0 {{ return {i} }}\n" for i in range(9)) + "  return 0\n}\n",
    ),
    "a file that stays open": (
        "a.py",
        "def lines(path: str) -> list[str]:\n    with open(path) as file:\n        return file.readlines()\n",
        "def lines(path: str) -> list[str]:\n    file = open(path)\n    return file.readlines()\n",
    ),
    "a password in the text": (
        "a.py",
        "import os\n\n\ndef connect(db):\n    return db.connect(user='app', password=os.environ['DB_PASSWORD'])\n",
        "password = 'hunter2-prod'\n\n\ndef connect(db):\n    return db.connect(user='app', password='hunter2-prod')\n",
    ),
    "pickles of strangers": (
        "a.py",
        "import json\n\n\ndef load(body: bytes) -> object:\n    return json.loads(body)\n",
        "import pickle\n\n\ndef load(body: bytes) -> object:\n    return pickle.loads(body)\n",
    ),
    "None that is not looked for": (
        "a.py",
        "def shout(name: str | None) -> str:\n    return name.upper() if name is not None else ''\n",
        "def shout(name: str | None) -> str:\n    return name.upper()\n",
    ),
    "a call with too few arguments": (
        "a.py",
        "def area(width: int, height: int) -> int:\n    return width * height\n\n\nSQUARE = area(2, 2)\n",
        "def area(width: int, height: int) -> int:\n    return width * height\n\n\nSQUARE = area(2)\n",
    ),
    "identity of a literal": (
        "a.py",
        "def is_done(state: str) -> bool:\n    return state == 'done'\n",
        "def is_done(state: str) -> bool:\n    return state is 'done'\n",
    ),
    "everything imported": (
        "a.py",
        "from math import pi\n\n\ndef circle(r: float) -> float:\n    return pi * r * r\n",
        "from math import *\nfrom os.path import *\n\n\ndef circle(r: float) -> float:\n    return pi * r * r\n",
    ),
    "a key twice": (
        "a.py",
        "CODES = {'ok': 200, 'made': 201, 'gone': 410}\n",
        "CODES = {'ok': 200, 'made': 201, 'ok': 410}\n",
    ),
    "a function twice": (
        "a.py",
        "def total(items):\n    return sum(items)\n\n\ndef mean(items):\n    return total(items) / len(items)\n",
        "def total(items):\n    return 0\n\n\ndef total(items):\n    return sum(items)\n",
    ),
    "closures over a loop": (
        "a.py",
        "def adders(n: int):\n    return [lambda x, i=i: x + i for i in range(n)]\n",
        "def adders(n: int):\n    found = []\n    for i in range(n):\n        found.append(lambda x: x + i)\n    return found\n",
    ),
    "states in a tangle": (
        "a.py",
        "MOVES = {('idle', 'start'): 'busy', ('busy', 'stop'): 'idle', ('busy', 'fail'): 'broken'}\n\n\n"
        "def move(state: str, event: str) -> str:\n    return MOVES.get((state, event), state)\n",
        "def move(state, event, force=False, retry=False):\n"
        + "".join(
            f"    if state == 's{i}':\n        if event == 'e{i}' or force:\n            if retry and event:\n"
            f"                return 's{i + 1}'\n            return 's{i}'\n"
            for i in range(6)
        )
        + "    return state\n",
    ),
    "JavaScript that does not parse": (
        "a.js",
        "export function total(items) {\n  return items.reduce((sum, item) => sum + item.price, 0)\n}\n",
        "export function total(items) {\n  return items.reduce((sum, item => sum + item.price, 0)\n}\n",
    ),
    "TypeScript branches": (
        "a.ts",
        "const RATES: Record<string, number> = { de: 0.19, fr: 0.2 }\n"
        "export function rate(country: string): number { return RATES[country] ?? 0 }\n",
        "export function rate(country: string, day: number): number {\n"
        + "".join(f"  if (country === 'c{i}' && day > {i} || day === -{i}) {{ return {i} }}\n" for i in range(9))
        + "  return 0\n}\n",
    ),
    "a Java method for everything": (
        "A.java",
        "class A {\n  int area(int width, int height) { return width * height; }\n}\n",
        "class A {\n  int area(int a, int b, int c, int d, int e, int f, int g, int h) {\n"
        + "".join(f"    if (a == {i} && b > {i}) {{ c += d * {i}; }}\n" for i in range(12))
        + "    return c;\n  }\n}\n",
    ),
    "Rust in one function": (
        "a.rs",
        "fn parse(text: &str) -> Option<u32> {\n    text.trim().parse().ok()\n}\n",
        "fn parse(text: &str) -> Option<u32> {\n"
        + "".join(f"    if text == \"{i}\" || text == \" {i}\" {{ if text.len() > 0 {{ return Some({i}); }} }}\n" for i in range(9))
        + "    None\n}\n",
    ),
    "C with a long arm": (
        "a.c",
        "static int low(int x) { return x & 15; }\nint sum(int a, int b) { return low(a) + low(b); }\n",
        "int sum(int a, int b) {\n  int x = 0;\n"
        + "".join(f"  if (a > {i} && b < {i}) {{ x += {i}; }}\n  else if (a == b) {{ x -= {i}; }}\n" for i in range(30))
        + "  return x;\n}\n",
    ),
    "Go that does not parse": (
        "a.go",
        "package a\n\nfunc Twice(n int) int {\n\treturn 2 * n\n}\n",
        "package a\n\nfunc Twice(n int int {\n\treturn 2 * n\n}\n",
    ),
    "Ruby by cases": (
        "a.rb",
        "NAMES = %w[zero one two].freeze\n\ndef name(n)\n  NAMES.fetch(n, 'many')\nend\n",
        "def name(n)\n" + "".join(f"  if n == {i} && n >= 0 || n == -{i}\n    return '{i}'\n  end\n" for i in range(9)) + "  'many'\nend\n",
    ),
    "code that is never reached": (
        "a.py",
        "def first(items: list[int]) -> int:\n    return items[0]\n",
        "def first(items: list[int]) -> int:\n    return items[0]\n    for item in items:\n        print(item)\n    return -1\n",
    ),
    "names that say nothing": (
        "a.py",
        "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)\n",
        "def f1(l: list[float]) -> float:\n    O = sum(l)\n    I = len(l)\n    return O / I\n",
    ),
}  # fmt: skip
