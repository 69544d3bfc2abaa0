"""A typed client of the API: `with Client("http://127.0.0.1:8080", token=...) as client: client.list_topics()`.

It knows the contract alone, and can be copied out of this package together with it.
"""

from watcher.client.client import ApiError, Client, ConflictError

__all__ = ["ApiError", "Client", "ConflictError"]
