"""Language tags, as feeds write them, in the form that is compared."""

from __future__ import annotations

import re

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_.@][\w.@-]*)?$", re.ASCII)
_SEVERAL = re.compile(r"[\s,;|/]*[,;|/][\s,;|/]*")
# ISO 639-1, and the languages without a code of two letters that people publish news in.
_CODES = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
    et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki
    kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no
    nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta
    te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    ace ast ban bar bcl bho bpy bxr ceb chr ckb csb diq dsb fil frp frr fur gag gom gsw haw hif hil hsb ilb ilo jbo kab
    krc lad lez lij lld lmo lrc mai mhr min mnw mrj mwl myv mzn nan nap nds new pam pap pcm pdc pms pnb rom rue rup sah
    scn sco smn sms szl tet tig tpi tum tyv vec vep vls vro war wuu xal xmf yue zea zgh
"""
_KNOWN = frozenset(_CODES.split())
# Names, countries, and codes of three letters or of former times for what has a code of two.
_ALIASES_BY_TAG = """
    en: english eng us gb anglais; de: german deutsch deu ger at; fr: french français francais fra fre; es: spanish
    español espanol castellano spa; it: italian italiano ita; pt: portuguese português por; nl: dutch nederlands nld
    dut; ru: russian русский rus; uk: ukrainian українська ukr ua; pl: polish polski pol; cs: czech čeština cesky
    ces cze cz; sk: slovak slovenčina slk slo; sv: swedish svenska swe; da: danish dansk dan dk; no: norwegian norsk
    nor; nb: nob bokmål; nn: nno nynorsk; fi: finnish suomi fin; hu: hungarian magyar hun; ro: romanian română ron
    rum mo; bg: bulgarian български bul; el: greek ελληνικά ell gre gr; tr: turkish türkçe turkce tur; ar: arabic
    العربية ara; he: hebrew עברית heb iw il; fa: persian farsi فارسی fas per; hi: hindi हिन्दी hin; ja: japanese 日本語
    jpn jp; ko: korean 한국어 kor; zh: chinese 中文 zho chi cn; vi: vietnamese vie vn; th: thai ไทย tha; id: indonesian
    ind in; hr: croatian hrvatski hrv; sr: serbian српски srpski srp rs; sl: slovenian slovene slv; bs: bosnian bos;
    mk: macedonian mkd mac; et: estonian eesti est; lv: latvian lav; lt: lithuanian lit; ca: catalan català cat; eu:
    basque euskara eus baq; gl: galician galego glg; be: belarusian беларуская bel by; sq: albanian sqi alb; hy:
    armenian hye arm; ka: georgian kat geo; az: azerbaijani aze; kk: kazakh kaz; uz: uzbek uzb; ur: urdu اردو urd;
    bn: bengali bangla ben; ta: tamil tam; te: telugu tel; ml: malayalam mal; mr: marathi mar; sw: swahili kiswahili
    swa; ms: malay msa may; fil: filipino; af: afrikaans afr; is: icelandic isl ice; ga: irish gle; cy: welsh cym
    wel; yi: ji yid; am: amharic amh; so: somali som;
"""
_ALIASES = {
    alias: tag.strip()
    for tag, _, aliases in (line.partition(":") for line in _ALIASES_BY_TAG.split(";"))
    for alias in aliases.split()
}


def parse_language_tag(raw: str | None) -> str | None:
    """Return a tag in the usual form of BCP 47 (`en`, `pt-BR`, `zh-Hans`), or None for what is no language.

    Of several (`fr,en`) the first one that is a language counts.
    """
    for part in _SEVERAL.split((raw or "").strip()):
        if (tag := _single_tag(part)) is not None:
            return tag
    return None


def _single_tag(part: str) -> str | None:
    alias = _ALIASES.get(part.lower())
    if alias is not None:
        return alias
    match = _TAG.match(part)
    if match is None:
        return None
    language, script, region = match.groups()
    language = language.lower()
    language = language if language in _KNOWN else _ALIASES.get(language, "")
    if not language:
        return None
    return "-".join(part for part in (language, script and script.title(), region and region.upper()) if part)
