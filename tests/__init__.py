"""Tests, by the folder they exercise; tests/README.md says which kind goes where."""
