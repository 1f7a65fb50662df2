"""Having stores at hand costs next to nothing."""

from __future__ import annotations

from .conftest import Script


def test_import_loads_no_driver_and_no_event_loop(script: Script) -> None:
    """Making the stores loads none either."""
    code = """
import sys
from crmid.stores import MemoryStore, SQLiteStore, in_thread

MemoryStore(), in_thread(SQLiteStore("numbers.db"))
print({"sqlite3", "_sqlite3", "asyncio"} & sys.modules.keys())
"""
    assert script(code, alone=True) == "set()\n"
