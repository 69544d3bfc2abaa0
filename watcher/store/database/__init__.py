"""The database: connections and transactions, the schema and its upgrades, backups, checks and pruning."""

from watcher.store.database.connection import Database
from watcher.store.sql.interface import Db

__all__ = ["Database", "Db"]
