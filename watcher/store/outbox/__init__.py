"""The outbox: deliveries, their leases and attempts, and channels that refuse messages."""
