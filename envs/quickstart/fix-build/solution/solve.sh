#!/bin/bash
set -euo pipefail
# The two modules imported each other: the error that both raise gets a module of its own.
cat > src/units/errors.py <<'PYTHON'
"""What can go wrong."""


class UnitError(ValueError):
    """A unit is unknown, or two units can't be converted into each other."""
PYTHON
python3 - <<'PYTHON'
from pathlib import Path


def change(file, *pairs):
    path = Path(file)
    text = path.read_text()
    for old, new in pairs:
        assert old in text, f"{file}: {old!r} is not there"
        text = text.replace(old, new)
    path.write_text(text)


change(
    "src/units/convert.py",
    ("factor(target\n", "factor(target)\n"),
    ("from units.table import", "from units.errors import UnitError\nfrom units.table import"),
    ('class UnitError(ValueError):\n    """Two units can\'t be converted into each other."""\n\n\n', ""),
)
change(
    "src/units/table.py",
    ("import csv\n", "import csv\nfrom importlib.resources import files\n"),
    ("from units.convert import", "from units.errors import"),
    ('open("src/units/data/factors.csv", newline="")', '(files("units") / "data" / "factors.csv").open(newline="")'),
)
change(
    "src/units/__main__.py",
    ("from units.convert import UnitError", "from units.errors import UnitError"),
    # zipapp calls its entry point without arguments, and drops what it returns.
    ('if __name__ == "__main__":\n    sys', 'def run():\n    """Run the command and exit."""\n    sys'),
)
with open("src/units/__main__.py", "a") as file:
    file.write('\n\nif __name__ == "__main__":\n    run()\n')
change(
    "build.py",
    (
        '    target.mkdir()\n    for file in PACKAGE.glob("*.py"):\n        shutil.copy(file, target)\n',
        "    shutil.copytree(PACKAGE, target)\n",
    ),
    ('version = (HERE / "VERSION").read_text()\n', 'version = (HERE / "VERSION").read_text().strip()\n'),
    ("units.__main__:main", "units.__main__:run"),
)
PYTHON
python3 build.py
