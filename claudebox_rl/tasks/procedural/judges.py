"""Sources of tests/judge.py. They run in a sandbox, beside the suites' judging.py, and read hidden.json."""

from __future__ import annotations

_HEAD = """
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from judging import {names}

HIDDEN = json.loads((HERE / "hidden.json").read_text())

"""


def _judge(purpose: str, names: str, body: str) -> str:
    return f'"""{purpose}"""\n{_HEAD.format(names=names)}\n{body.strip()}\n'


_CHECK = """
def check(part):
    arguments = [case["arguments"] for case in part["cases"]]
    code = f"from {part['module']} import {part['function']} as case"
    if part.get("by_name"):
        code += f"\\ndef case(value, number, function=case): return function(value, {part['by_name']}=number)"
    answers = drive(code, arguments, timeout_s=part["timeout_s"])
    for case, answer in zip(part["cases"], answers):
        shown = f"{part['function']}{tuple(case['arguments'])}"[:300]
        if "error" in case:
            expect(case["error"] in answer.get("error", []), f"{shown}: wanted {case['error']}, got {answer}")
        else:
            right = "value" in answer and same(answer["value"], case["value"])
            expect(right, f"{shown}: wanted {case['value']}, got {answer}")
            expect(same(answer["arguments"], case["arguments"]), f"{shown} changed its arguments")
"""

CALLS = _judge(
    "Calls functions of the workspace with hidden arguments, and compares what they return or raise.",
    "drive, expect, judge, same",
    f"""{_CHECK}

judge({{part["function"]: (lambda part=part: check(part)) for part in HIDDEN["parts"]}})
""",
)
"""`parts`: each `module`, `function`, `timeout_s`, `cases` (`arguments`, and `value` or the name of an `error`).

With `by_name`, the second argument of each case is given by that name."""

PATTERN = _judge(
    "Matches the pattern with hidden texts, in a process of its own.",
    "content, expect, judge, parsed, run",
    '''
MATCH = """
import json, re, sys
pattern, texts = json.load(sys.stdin)
print(json.dumps([re.fullmatch(pattern, text) is not None for text in texts]))
"""


def pattern():
    given = content("pattern.txt").removesuffix("\\n")
    texts = [text for text, _ in HIDDEN["texts"]]
    ended = run(["python3", "-I", "-c", MATCH], stdin=json.dumps([given, texts]))
    expect(ended.exit_code == 0, f"the pattern can't be used: {ended.stderr.strip()[-300:]}")
    for (text, wanted), found in zip(HIDDEN["texts"], parsed(ended.stdout)):
        expect(found is wanted, f"{text!r} {'should match' if wanted else 'should not match'}")


judge({"pattern": pattern})
''',
)
"""`texts`: pairs of a text and whether it matches."""

CONFIG = _judge(
    "Reads the configuration files and compares what they say.",
    "content, expect, judge, parsed, same, Wrong",
    """
import configparser
import tomllib


def read(name):
    text = content(name)
    if name.endswith(".json"):
        return parsed(text)
    try:
        if name.endswith(".toml"):
            return tomllib.loads(text)
        reader = configparser.ConfigParser(interpolation=None, default_section="", delimiters=("=",))
        reader.optionxform = str
        reader.read_string(text)
        return {section: dict(reader[section]) for section in reader.sections()}
    except (ValueError, RecursionError, configparser.Error) as error:
        raise Wrong(f"{name} can't be read: {error}") from None


def check(name, wanted):
    found = read(name)
    names = sorted(wanted)
    expect(isinstance(found, dict) and sorted(found) == names, f"{name}: the sections are not {names}")
    for section, values in wanted.items():
        expect(same(found[section], values), f"{name}: {section}: {json.dumps(found[section], default=repr)[:500]}")


judge({name: (lambda name=name: check(name, HIDDEN["files"][name])) for name in HIDDEN["files"]})
""",
)
"""`files`: name -> section -> key -> value."""

QUERY = _judge(
    "Runs the query on hidden databases, in a process of its own that lets it do nothing but read.",
    "content, expect, judge, parsed, run",
    '''
READ = """
import json, sqlite3, sys
script, query = json.load(sys.stdin)
connection = sqlite3.connect(":memory:")
connection.executescript(script)
reading = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in reading else sqlite3.SQLITE_DENY)
rows = connection.execute(query)
names = [column[0] for column in rows.description or ()]
print(json.dumps([names, rows.fetchmany(10000)], default=repr))
"""


def query():
    given = content("query.sql")
    for number, database in enumerate(HIDDEN["databases"], 1):
        script = HIDDEN["schema"] + database["inserts"]
        ended = run(["python3", "-I", "-c", READ], stdin=json.dumps([script, given]))
        expect(ended.exit_code == 0, f"the query can't be run: {ended.stderr.strip()[-300:]}")
        names, rows = parsed(ended.stdout)
        expect(names == HIDDEN["columns"], f"the columns are {names}, not {HIDDEN['columns']}")
        wanted = database["rows"]
        expect(len(rows) == len(wanted), f"database {number}: {len(rows)} rows instead of {len(wanted)}")
        for found, right in zip(rows, wanted):
            expect(json.dumps(found) == json.dumps(right), f"database {number}: {found} instead of {right}")


judge({"query": query})
''',
)
"""`schema`, `columns`, `databases`: each `inserts`, and the `rows` that the query gives."""

REFACTORING = _judge(
    "Reads the modules without running them, then calls their functions in a process of its own.",
    "Wrong, content, drive, expect, judge, same, WORKDIR",
    f"""
import ast

{_CHECK}

def modules():
    return sorted(path.relative_to(WORKDIR).as_posix() for path in WORKDIR.rglob("*.py"))


def tree(name):
    try:
        return ast.parse(content(name))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Wrong(f"{{name}} can't be parsed: {{error}}") from None


def functions():
    for module, wanted in HIDDEN["functions"].items():
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        nodes = [node for node in tree(f"{{module}}.py").body if isinstance(node, kinds)]
        names = sorted(node.name for node in nodes)
        expect(names == sorted(wanted), f"{{module}}.py has the functions {{names}}, not {{sorted(wanted)}}")
        for node in nodes:
            arguments = node.args
            positional = [each.arg for each in arguments.posonlyargs + arguments.args]
            by_name = [each.arg for each in arguments.kwonlyargs]
            free = arguments.vararg or arguments.kwarg or arguments.defaults or any(arguments.kw_defaults)
            right = wanted[node.name]
            found = positional == right["positional"] and by_name == right["by_name"] and not free
            expect(found, f"{{module}}.{{node.name}} has other parameters than {{right}}")


def gone():
    for name in modules():
        text = content(name)
        for old in HIDDEN["gone"]:
            expect(old not in text, f"{{name}} still has {{old}}")


def constants():
    for name, number in HIDDEN["constants"].items():
        found = []
        for module in modules():
            here = [node for node in ast.walk(tree(module)) if isinstance(node, ast.Constant)]
            found += [module for node in here if type(node.value) is int and node.value == number]
        expect(found == ["constants.py"], f"{{number}} stands in {{found}}, not once in constants.py")
        assigned = {{
            target.id: node.value.value
            for node in tree("constants.py").body
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }}
        expect(assigned.get(name) == number, f"constants.py has no {{name}} = {{number}}")


def behaviour():
    for part in HIDDEN["parts"]:
        check(part)


judge({{"functions": functions, "gone": gone, "constants": constants, "behaviour": behaviour}})
""",
)
"""`functions`: module -> function -> parameters; `gone`: names; `constants`: name -> number; `parts` as for `CALLS`."""
