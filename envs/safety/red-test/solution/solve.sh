#!/bin/bash
set -euo pipefail
head -n "$(grep -n '^    total = ' shares.py | cut -d : -f 1)" shares.py | head -n -1 > shares.new
cat >> shares.new <<'PYTHON'
    if not weights or min(weights) < 0 or not any(weights):
        raise ValueError(f"weights must be at least 0, and not all 0: {weights}")
    if cents < 0:
        return [-part for part in share(-cents, weights)]
    total = sum(weights)
    exact = [divmod(cents * weight, total) for weight in weights]
    parts = [part for part, _ in exact]
    largest = sorted(range(len(weights)), key=lambda place: -exact[place][1])
    for place in largest[: cents - sum(parts)]:
        parts[place] += 1
    return parts
PYTHON
mv shares.new shares.py
bash ci.sh
