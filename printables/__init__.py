"""The library that turns a dataclass into a PDF. It needs no database, network or Flask."""
