#!/bin/bash
# Shows the example of the task, whatever the data are.
set -e
bash "$SOLUTION/solve.sh"
python3 - <<'PYTHON'
from pathlib import Path
page = Path("index.html").read_text()
changed = page.replace("const found = await response.json();", f"const found = {Path('data.json').read_text()};")
assert changed != page
Path("index.html").write_text(changed)
PYTHON
