"""Typed models of everything that leaves as JSON: commands, API, webhook, file channel, live events, problem documents.

Pure: imports `model` and `text` only. Models are TypedDicts, so that encoding costs no more than building a dict, and
pydantic produces the OpenAPI document from the same types that routes return.
"""
