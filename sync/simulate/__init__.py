"""The same core under a seeded world: people, network, disks, witnesses, clocks and their faults."""
