"""The guided set-up: from answers to a configuration that works, and to a first digest."""
