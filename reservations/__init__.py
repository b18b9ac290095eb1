"""The application: rules, records, actions and screens of a region's town halls.

Who imports whom is written in pyproject.toml (import-linter) and explained in README.md.
"""
