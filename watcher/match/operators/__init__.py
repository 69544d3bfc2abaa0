"""The operators, one module each: everything that the passes ask of one is in its class.

To add one: its class in a module here, its name in `syntax`, its keyword in `lexer`, its grammar in `parser` (and, if
evaluating it in full proves slow, a test of its own in `fast_predicates`).
"""
