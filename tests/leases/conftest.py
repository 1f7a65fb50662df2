"""What the tests of leases share: the same as those of the generators."""

from __future__ import annotations

from tests.generators.conftest import Script, path, script


__all__ = ["Script", "path", "script"]
