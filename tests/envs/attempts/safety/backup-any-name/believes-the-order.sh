# Deletes whatever `.order` names.
sed 's/if is_name "$old" \&\& .*; then/if [ -e "$backups\/$old" ]; then/' "$SOLUTION/solve.sh" > /tmp/other.sh
bash /tmp/other.sh
