"""An error that no mark announces."""

number: int = ""
