"""Words in Latin letters that look like names of states and are none: "congress" is no Congo, "children" no Chile.

Accents are folded, as in `places.txt`.
"""

from __future__ import annotations

import re

_NO_STEMS = (
    "pala cong kong chil serv sile sili sept septe gana livi room pool soul suic mail mala indi reck quen fixi lati "
    "gamb malt samo samb sark sarc tara timb bang dual lime brun parag paras keen leed tong gine siri nass naru biss "
    "urag riik wina vena vine cuk cuka ao bec bi civ duc fas ira mae nga rim sam sec sip sul tai uc vin"
)
NO_STEMS = frozenset(_NO_STEMS.split())
"""Stems and abbreviations that begin or are too many other words; the names themselves are in the table as well."""
WHOLE_WORDS = frozenset({"lima", "mali", "inde", "mahe", "peru", "oslo"})
"""Names that take no ending here: "malice" is not Mali."""
UPPER_CASE = frozenset({"us", "uk", "usa", "eua", "abd", "eeuu"})
"""Abbreviations, which are read only where they are written in capitals: "tell us"."""
CAPITALISED = frozenset({"island", "turkey", "rom", "cin", "rome"})
"""Names that are other words where they begin with a small letter: "the island"."""
CORRECTIONS = {"cuba": "CU", "cuban": "CU", "indisch": "IN", "indisk": "IN", "peruan": "PE", "peruvian": "PE"}
"""Names that the table assigns to another state, by a spelling in another language, or lost with a stem."""
_PREFIXES = (
    "islander francis franchi franck george romanc romant romeo romero daniel madre madras manage managi livin livid "
    "libera libert libero reckon quentin atenc atent atend latin latit gambit malest malaise maltr malteg spann spang "
    "suicid viene viend viento vients antique antiguo antigue parish hungry norris mauric russell toque oslon katarzyn "
    "komorn komorow mumbl pragm surica italic kinet columb perusi chilis"
)
_WORDS = (
    "islands franco georg roman romans dani malas span spans viens roots chin indiana madera maderas austral rooms "
    "mails pools souls vient vienes"
)
ORDINARY_WORD = re.compile(rf"(?:{'|'.join(_PREFIXES.split())})|(?:{'|'.join(_WORDS.split())})$")
"""Matches words that begin like a state, or are one of those that look like one."""
