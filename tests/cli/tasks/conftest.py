from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "checking"))  # the tasks that its tests make
sys.path.append(str(Path(__file__).parents[2] / "sandbox"))  # images of their tests
