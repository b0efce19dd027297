# Correlated subqueries instead of joins.
cat > query.sql <<'SQL'
SELECT CASE WHEN trim(coalesce(name, '')) = '' THEN '(no name)' ELSE trim(name) END AS customer,
       count(*) AS invoices, sum(open) AS open_cents, min(due_on) AS oldest_due_on
FROM (
    SELECT c.id AS id, c.name AS name, i.due_on AS due_on,
           coalesce((SELECT sum(quantity * cents) FROM invoice_item WHERE invoice_id = i.id), 0)
           - coalesce((SELECT sum(cents) FROM payment WHERE invoice_id = i.id AND state = 'booked'), 0) AS open
    FROM invoice AS i JOIN customer AS c ON c.id = i.customer_id
    WHERE i.voided_at IS NULL AND i.due_on < '2024-06-01'
)
WHERE open > 0
GROUP BY id
ORDER BY open_cents DESC, id
SQL
