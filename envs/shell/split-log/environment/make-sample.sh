#!/bin/bash
# Makes the folder sample/ anew, to try the script on.
set -euo pipefail
rm -rf sample
mkdir sample
cd sample
printf '%s\n' 'starting' '2024-05-01 10:00 one' '  more of it' '2024-05-02 two' '2024-05-01 three' > log
