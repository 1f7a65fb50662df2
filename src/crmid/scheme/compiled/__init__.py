"""A layout written out as Python source and compiled, when a scheme is first used.

The plain functions beside this package walk the parts; these say the same, faster.
"""
