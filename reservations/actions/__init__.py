"""What people do: one transaction, one event and one audit line each."""
