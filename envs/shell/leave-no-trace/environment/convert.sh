#!/bin/bash
# convert.sh INPUT OUTPUT COMMAND [ARGUMENT ...]: OUTPUT becomes what COMMAND prints when it reads INPUT.

work=$(mktemp -d)
cp $1 $work/input
sort $work/input | uniq > $work/sorted
output=$2
shift 2
$@ < $work/sorted > $output
echo converted `wc -l < $output` lines
rm -r $work
