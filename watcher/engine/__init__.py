"""Who runs the steps, and when: a metronome in one process, or a queue that any number of processes share."""
