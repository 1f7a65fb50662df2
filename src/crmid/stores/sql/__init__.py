"""Counters in SQL databases: one shell for sync code, its twin for async code, and dialects.

A dialect says everything about an engine: its statements, as plans without I/O, and how to read
its errors. The shells bring connections, transactions, time limits and retries.
"""
