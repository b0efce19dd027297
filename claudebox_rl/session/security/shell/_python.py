"""Whether a Python text can be known to run no other program, and which ones it says it runs."""

from __future__ import annotations

import ast
import sys
import warnings

from claudebox_rl.session.security.shell._lists import names

_HARMLESS = names(
    "json re math sys collections itertools functools datetime time random string textwrap statistics decimal "
    "fractions hashlib base64 binascii uuid typing dataclasses enum operator platform pprint csv struct "
    "calendar __future__"
)
_FORBIDDEN = names(
    "eval exec compile open input getattr setattr delattr vars globals locals breakpoint modules os subprocess "
    "builtins meta_path path_hooks settrace setprofile excepthook displayhook breakpointhook unraisablehook "
    "stdin help"
)
_SHELL_CALLS = frozenset(
    {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}
)
_ARGV_CALLS = frozenset({("subprocess", name) for name in ("run", "call", "check_call", "check_output", "Popen")})


def commands_in(source: str) -> tuple[list[str], list[list[str]], bool]:
    """Return the shell texts and the argument lists that a text runs, and whether that is all it can run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [], [], False
    texts: list[str] = []
    lists: list[list[str]] = []
    is_all = True
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _note_call(node, texts, lists)
        is_all = is_all and _is_harmless(node)
    return texts, lists, is_all


def _is_harmless(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return all(alias.name in _HARMLESS for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        return (
            node.module in _HARMLESS and not node.level and not names & (_FORBIDDEN | {"*"} | sys.stdlib_module_names)
        )
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("_") and node.attr not in _FORBIDDEN | sys.stdlib_module_names
    if isinstance(node, ast.Name):
        return node.id not in _FORBIDDEN and not node.id.startswith("__")
    return True


def _note_call(node: ast.Call, texts: list[str], lists: list[list[str]]) -> None:
    function = node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name) or not node.args:
        return
    called = (function.value.id, function.attr)
    first = node.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        if called in _SHELL_CALLS or called in _ARGV_CALLS:
            texts.append(first.value)
    elif isinstance(first, ast.List | ast.Tuple) and called in _ARGV_CALLS:
        parts = [e.value for e in first.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
        if len(parts) == len(first.elts) and parts:
            lists.append(parts)
