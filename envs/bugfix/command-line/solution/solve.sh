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
    "clikit/options.py",
    '    return {option["name"]: option.get("default", EMPTY[option["kind"]]) for option in options}',
    '    return {option["name"]: copy.deepcopy(option.get("default", EMPTY[option["kind"]])) for option in options}',
)
edit(
    "clikit/options.py",
    '    found = [option for option in options if option["name"].startswith(name)]',
    '''    found = [option for option in options if option["name"] == name]
    found = found or [option for option in options if option["name"].startswith(name)]''',
)
edit(
    "clikit/values.py",
    '        if not text.lstrip("-").isdigit():',
    '        if not re.fullmatch("-?[0-9]+", text):',
)
edit(
    "clikit/parse.py",
    '''    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            continue
        if argument.startswith("--"):
            _long(options, argument, waiting, values)
        elif argument.startswith("-"):
            _bundle(options, argument, waiting, values)
        else:
            rest.append(argument)
    return {"options": values, "rest": rest}''',
    '''    digits = any(option.get("short", "").isdigit() for option in options)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest += waiting
            break
        if argument.startswith("--"):
            _long(options, argument, waiting, values)
        elif not argument.startswith("-") or argument == "-" or (re.fullmatch("-[0-9]+", argument) and not digits):
            rest.append(argument)
        else:
            _bundle(options, argument, waiting, values)
    return {"options": values, "rest": rest}''',
)
edit(
    "clikit/parse.py",
    '''    name, *value = argument[2:].split("=")
    option = by_name(options, name)
    if not takes_value(option):
        store(values, option, None)
    else:
        store(values, option, value[0] if value else _following(argument, waiting))''',
    '''    name, *value = argument[2:].split("=", 1)
    option = by_name(options, name)
    if not takes_value(option):
        if value:
            raise UsageError(f"--{option['name']} takes no value")
        store(values, option, None)
    else:
        store(values, option, value[0] if value else _following(argument, waiting))''',
)
edit(
    "clikit/parse.py",
    '''            store(values, option, _following(argument, waiting))
        else:
            store(values, option, None)''',
    '''            store(values, option, argument[place:] or _following(argument, waiting))
            break
        store(values, option, None)''',
)
edit(
    "clikit/__main__.py",
    '''        print(f"error: {error}")
        return 0''',
    '''        print(f"error: {error}", file=sys.stderr)
        return 2''',
)
edit("clikit/__main__.py", "    main()", "    sys.exit(main())")
PYTHON
python3 -m unittest --quiet
