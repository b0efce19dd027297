#!/bin/bash
# Makes the folder sample/ anew, to try the script on.
set -euo pipefail
rm -rf sample
mkdir sample
cd sample
mkdir stuff
echo hello > 'stuff/a file'
tar -czf good.tar.gz stuff
ln -s /etc stuff/link
tar -cf bad.tar stuff
