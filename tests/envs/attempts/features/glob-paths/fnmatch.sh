# Lets the library do it: its stars cross slashes.
cat > patterns.py <<'PYTHON'
import fnmatch


def matches(pattern, path):
    return fnmatch.fnmatchcase(path, pattern)


def selected(rules, paths):
    found = []
    for path in paths:
        decision = False
        for rule in rules:
            if matches(rule.lstrip("!"), path):
                decision = not rule.startswith("!")
        if decision:
            found.append(path)
    return found
PYTHON
