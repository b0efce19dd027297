#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit("settings/merge.py", "    result = dict(base)", "    result = copy.deepcopy(base)")
edit(
    "settings/merge.py",
    '''        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)''',
    '''        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = merge(below if isinstance(below, dict) else {}, value)''',
)
edit("settings/values.py", "    if text.isdigit():", '    if re.fullmatch("-?[0-9]+", text):')
edit(
    "settings/sources.py",
    '        path, value = assignment.rsplit("=", 1)',
    '        path, value = assignment.split("=", 1)',
)
edit(
    "settings/loader.py",
    '''    for layer in [*files, *from_assignments(assignments), *from_environment(environ or {})]:
        settings = merge(settings, layer)
    return settings''',
    '''    for layer in [{}, *files, *from_environment(environ or {}), *from_assignments(assignments)]:
        settings = merge(settings, layer)
    return settings''',
)
PYTHON
python3 -m unittest --quiet
