"""A WSGI application that gives out leased numbers, for a server that loads it and then forks.

It is warm by then: the parent has a connection and a lease, which no child may use.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from crmid import IdGenerator, Scheme
from crmid.stores import PostgresStore


def lease() -> Any:
    """How many numbers are taken ahead."""
    asked = os.environ["SHOP_LEASE"]
    return asked if asked == "auto" else int(asked)


store = PostgresStore(os.environ["SHOP_DSN"], schema=os.environ["SHOP_SCHEMA"])
new_order = IdGenerator(Scheme("order", "{seq:n9}"), store, lease=lease())
FIRST = [new_order() for _ in range(3)]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The process and a new number; on ``/first`` what the parent gave out."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    texts = FIRST if environ["PATH_INFO"] == "/first" else [new_order()]
    return [" ".join([str(os.getpid()), *texts]).encode()]
