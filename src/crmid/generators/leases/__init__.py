"""Numbers taken ahead: the state machine of a lease, and its holders in threads and tasks."""

from __future__ import annotations

from .aio import AsyncLender
from .lease import LeaseSize, check_size
from .sync import Lender


__all__ = ["AsyncLender", "LeaseSize", "Lender", "check_size"]
