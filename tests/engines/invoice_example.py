"""An example of the documentation, which ``test_registry_on_servers`` runs on a server."""

import psycopg

from crmid import Registry, Scheme
from crmid.stores import PostgresStore


INVOICE = Scheme("invoice", "{time:%Y}-{seq:n5,reset=year}")
store = PostgresStore("dbname=shop")
store.create()  # once, when the application is installed

with psycopg.connect("dbname=shop") as connection:  # commits at its end, or rolls back
    (order,) = connection.execute(
        "INSERT INTO invoice (total) VALUES (95) RETURNING id"
    ).fetchall()
    invoices = Registry(INVOICE, store.within(connection), actor="billing")
    number = invoices.issue(ref=f"invoice {order[0]}")  # last: others wait from here on
    connection.execute("UPDATE invoice SET number = %s WHERE id = %s", (number, order[0]))
