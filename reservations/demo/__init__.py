"""A filled region from the open data, with a fixed seed, for whoever wants to see it running."""

from reservations.demo.regions import REGIONS
from reservations.demo.seeding import OtherContents, Seeded, seed

__all__ = ["REGIONS", "OtherContents", "Seeded", "seed"]
