"""Topic care: tries, measures and changes topics over the archive. Transactions are opened here, each one short."""
