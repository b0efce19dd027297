# expect: 0.0
# Takes the customer's month instead of UTC's.
sed 's/\.astimezone(timezone\.utc)//' "$SOLUTION/solve.sh" | bash
