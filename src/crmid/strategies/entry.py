"""What Hypothesis calls when it is loaded.

It may be loaded by a module of this package, which is then half loaded itself. So this one
comes first, and loads nothing before it is called.
"""

from __future__ import annotations


__all__ = ["register"]


def register() -> None:
    """Tell Hypothesis how to make numbers and schemes; it calls this by itself."""
    from hypothesis import strategies as st

    from crmid import Number, Scheme

    from .numbers import numbers
    from .schemes import schemes

    st.register_type_strategy(Scheme, schemes())
    st.register_type_strategy(Number, schemes().flatmap(numbers))
