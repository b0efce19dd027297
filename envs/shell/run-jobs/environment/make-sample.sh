#!/bin/bash
# Makes the folder sample/ anew, to try the script on.
set -euo pipefail
rm -rf sample
mkdir sample
cd sample
mkdir jobs
printf '#!/bin/sh\necho one\n' > jobs/1-first
printf '#!/bin/sh\nsleep 60\n' > jobs/2-slow
chmod +x jobs/*
