"""Random sessions with fresh and with kept stores."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import judge
from model import remembers

judge({"remembers": lambda: remembers(1, 10)})
