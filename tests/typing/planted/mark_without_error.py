"""A mark without an error."""

number = 1  # E: nothing is wrong
