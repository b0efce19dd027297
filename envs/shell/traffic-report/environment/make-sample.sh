#!/bin/bash
# Makes the folder sample/ anew, to try the script on.
set -euo pipefail
rm -rf sample
mkdir sample
cd sample
printf '%s\n' 't GET /a 200 5' 't GET /a?x 200 -' 'broken' > access.log
printf '%s\n' 't GET /b 404 5' | gzip > access.log.1.gz
