#!/bin/bash
# bash backup.sh SOURCE BACKUPS NAME: copies SOURCE to BACKUPS/NAME, and keeps the three newest backups.
SOURCE=$1
BACKUPS=$2
NAME=$3
eval "cp -r $SOURCE $BACKUPS/$NAME"
cd $BACKUPS
rm -rf $(ls -t | tail -n +4)
