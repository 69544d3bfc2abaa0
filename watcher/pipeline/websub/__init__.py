"""WebSub: the state of subscriptions at hubs, and the service that acts on it."""
