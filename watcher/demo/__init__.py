"""The bundled demonstration: an invented press on loopback and the real machine reading it."""
