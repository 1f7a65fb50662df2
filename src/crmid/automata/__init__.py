"""Finite languages: patterns as automata, and chains of automata held against each other."""

from __future__ import annotations

from .chains import Following, common_texts, two_readings
from .single import Automaton, compiled, reads_twice, samples


__all__ = [
    "Automaton",
    "Following",
    "common_texts",
    "compiled",
    "reads_twice",
    "samples",
    "two_readings",
]
