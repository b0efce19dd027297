# Leaves a carrier of the old code in as a fallback.
bash "$SOLUTION/solve.sh"
sed -i 's/^_RATES = \(.*\)$/_RATES = {"swift": {"max_kg": 30, "step_kg": 1, "zones": {"domestic": {"base_cents": 390, "step_cents": 45}}, "surcharge": None}} | \1/' prices.py
