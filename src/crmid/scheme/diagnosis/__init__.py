"""What is wrong with a text, and what is right: for people; loaded when somebody asks."""
