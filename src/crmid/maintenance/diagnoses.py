"""What a doctor has found, and what would mend it."""

from __future__ import annotations

from typing import Any

import attrs


__all__ = ["Complaint", "Diagnosis"]


@attrs.frozen
class Complaint:
    """Something that is wrong with a store, a counter or a scheme.

    Attributes:
        what: The kind of trouble in a word or two: ``counter behind``.
        where: What it is about.
        detail: The matter in words.
        remedy: What would mend it, or help to decide.
    """

    what: str
    where: str
    detail: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}: {self.detail}\n  mend it: {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return attrs.asdict(self)


@attrs.frozen
class Diagnosis:
    """All that a doctor has found; nothing was changed.

    Attributes:
        complaints: What is wrong.
        looked_at: What was looked at, in words.
    """

    complaints: tuple[Complaint, ...]
    looked_at: tuple[str, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.complaints

    def __str__(self) -> str:
        if self.is_healthy:
            return f"nothing is wrong with {', '.join(self.looked_at)}"
        return "\n".join(map(str, self.complaints))

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        complaints = [complaint.to_dict() for complaint in self.complaints]
        return {
            "healthy": self.is_healthy,
            "complaints": complaints,
            "looked_at": list(self.looked_at),
        }
