"""The shell for async code. Its twin in ``sync`` says the same, line by line."""
