"""Free space: python3 prune.py FOLDER BYTES."""

import shutil
import sys
from pathlib import Path

folder = Path(sys.argv[1])
shutil.rmtree(folder)
folder.mkdir()
