# Deletes every file that may go, not as few as it can.
cat > prune.py <<'PYTHON'
import sys
from pathlib import Path

folder = Path(sys.argv[1])
for end in ("tmp", "cache", "log"):
    for path in sorted(folder.rglob(f"*.{end}")):
        if path.is_file() and not (path.parent / "KEEP").exists():
            path.unlink()
            sys.stdout.write(f"{path.relative_to(folder)}\0")
PYTHON
