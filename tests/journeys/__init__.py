"""What a person does from start to end, in a real browser."""
