# expect: 0.6667
# The reference solution with \d and strip(): takes other digits and other white space.
bash "$SOLUTION/solve.sh"
sed -i 's/\[0-9\]+/\\d+/; s/text.strip(" ")/text.strip()/' durations.py
