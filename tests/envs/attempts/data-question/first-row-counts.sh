# expect: 0.0
# Takes the first row of each order instead of the last one.
sed 's/^orders = .*$/orders = {row["order_id"]: row for row in reversed(rows("orders.csv"))}/' "$SOLUTION/solve.sh" | bash
