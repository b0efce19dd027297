#!/bin/bash
# Makes the folder sample/ anew, to try the script on.
set -euo pipefail
rm -rf sample
mkdir sample
cd sample
for day in 2024-01-05 2024-01-06 2024-02-29 2024-13-01 2023-02-29; do : > "db-$day.tar.gz"; done
