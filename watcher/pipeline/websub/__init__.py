"""WebSub: `machine` decides what happens to a subscription, `service` acts on it."""
