"""The shell for sync code. Its twin in ``aio`` says the same, line by line."""
