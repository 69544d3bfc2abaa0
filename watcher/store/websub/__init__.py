"""WebSub subscriptions at the feeds' hubs."""
