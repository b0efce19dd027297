#!/bin/bash
# Makes the folder sample/ anew, to try the script on.
set -euo pipefail
rm -rf sample
mkdir sample
cd sample
mkdir -p 'a folder/deep' empty
printf 'one\n' > plain.txt
printf 'one\n' > 'a folder/two words'
printf 'two\n' > $'a folder/deep/line\nbreak'
printf 'three\n' > './-n'
ln -s plain.txt link
mkdir skip
touch skip/.nobackup skip/file x.tmp
