"""The nouns of the field, frozen: what passes from room to room.

What the configuration says of a noun, and single words of it, lie in modules of their own: `feed_config` beside `feed`,
`subscription` and `delivery` beside `digest`, `role`, `failure`, `encoder`, `text_service`, `page`. A frozen dataclass
takes half a millisecond to make, and commands that read need few of them. The noun's module has their names, too.
"""
