#!/bin/bash
# What must be green before a release.
set -euo pipefail
python3 -m unittest --quiet
