"""What the ordinance says: pure functions on plain values.

Nothing here reads a database, a clock or a request; time, tariff and seed are arguments.
"""
