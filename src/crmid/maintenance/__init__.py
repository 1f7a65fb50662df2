"""What maintenance of a registry answers: reports as objects, as JSON types and as text.

``str(report)`` is for people; ``report.to_dict()`` holds JSON types alone. And
:func:`audit_list`, which audits a list of numbers without a registry.
"""

from __future__ import annotations

from .diagnoses import Complaint, Diagnosis
from .dumps import Seal
from .findings import AuditReport, CounterAudit, Fault, Finding, Gap, Why
from .forecasts import Forecast, Level
from .imports import Advance, Entry, ImportReport, Policy, Refusal
from .lists import ListAudit, ListCounter, Misprint, Run, audit_list


__all__ = [
    "Advance",
    "AuditReport",
    "Complaint",
    "CounterAudit",
    "Diagnosis",
    "Entry",
    "Fault",
    "Finding",
    "Forecast",
    "Gap",
    "ImportReport",
    "Level",
    "ListAudit",
    "ListCounter",
    "Misprint",
    "Policy",
    "Refusal",
    "Run",
    "Seal",
    "Why",
    "audit_list",
]


# The name that users import, and see in a traceback, is this one.
for _each in (
    *(Advance, AuditReport, Complaint, CounterAudit, Diagnosis, Entry, Fault, Finding),
    *(Forecast, Gap, ImportReport, Level, ListAudit, ListCounter, Misprint, Refusal, Run),
    *(Seal, Why, audit_list),
):
    _each.__module__ = __name__
