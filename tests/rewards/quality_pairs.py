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
}  # fmt: skip
