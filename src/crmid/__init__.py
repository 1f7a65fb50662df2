"""Numbers for business records: described once, then generated, parsed, checked, proved."""

__version__ = "0.1.0"
