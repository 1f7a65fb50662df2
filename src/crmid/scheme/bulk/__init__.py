"""Many numbers at once, column by column; loaded when a scheme first meets many of them."""
