"""Records of numbers in SQL databases: one flow of each call, and its statements by engine."""
