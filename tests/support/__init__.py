"""Real things for the tests to run against: PostgreSQL, a browser, the application as a process."""
