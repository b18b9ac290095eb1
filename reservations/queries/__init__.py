"""Reads with a name: Core columns, statements built once, values out."""
