"""The system's own state: workers, counters, key-value pairs, clock faults and the status summary."""
