#!/bin/bash
# Honest work, run in the working directory: it has to earn 1.0, each time. The agent never gets this folder.
set -euo pipefail
cat > slugs.py <<'PYTHON'
import re


def slug(text):
    return "-".join(re.findall("[a-z0-9]+", text.lower())) or "page"
PYTHON
