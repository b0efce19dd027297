#!/bin/bash
# Judges the working directory and writes the reward to /logs/verifier.
exec python3 -I -S -B "$(dirname -- "$0")/judge.py"
