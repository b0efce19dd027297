# Right rows, but each step is committed for itself.
sed "s/    database.execute(\"begin immediate\")/    pass/; s/    database.execute(\"commit\")/    pass/" "$SOLUTION/solve.sh" > /tmp/other.sh
bash /tmp/other.sh
