# Quick: what does not fit is left out.
cat > migrate.py <<'PYTHON'
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
database.executescript("""
    begin;
    alter table customers rename to old_customers;
    alter table orders rename to old_orders;
    create table customers (id integer primary key, email text not null unique, name text not null);
    create table orders (id integer primary key, customer_id integer not null references customers(id), cents integer not null);
    insert or ignore into customers select id, lower(trim(email)), coalesce(name, email) from old_customers order by id;
    insert or ignore into orders select * from old_orders where customer_id in (select id from customers);
    drop table old_customers;
    drop table old_orders;
    create index orders_by_customer on orders(customer_id);
    pragma user_version = 2;
    commit;
""")
PYTHON
