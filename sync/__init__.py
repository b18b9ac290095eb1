"""The library by which nodes share one ledger. It knows nothing of bookings."""
