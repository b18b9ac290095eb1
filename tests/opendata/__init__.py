"""Tests of reservations/opendata, on the real files and on dirt made from them."""
