# Fixes the example of the report, and leaves slots beyond closing time.
sed -i 's/cursor = end$/cursor = max(cursor, end)/' freetime.py
