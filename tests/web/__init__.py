"""Screens and API, by Flask's test client over an invented region."""
