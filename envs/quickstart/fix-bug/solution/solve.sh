#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path

file = Path("freetime.py")
code = file.read_text()
# A later booking may end before an earlier one does, and either may reach beyond the opening hours.
code = code.replace("        cursor = end\n", "        cursor = max(cursor, end)\n")
code = code.replace("sorted(bookings):\n", "sorted(bookings):\n        start = min(start, closes)\n")
file.write_text(code)
PYTHON
python3 -m unittest --quiet
