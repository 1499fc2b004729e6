"""Reading a paper: its text with places, what it states, and how that compares with what code does."""
