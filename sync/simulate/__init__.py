"""The same core in a seeded world: people, network, disks, witnesses, clocks, and faults."""
