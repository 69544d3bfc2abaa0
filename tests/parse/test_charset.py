"""Bytes become text by what they are, by what is declared, and at last by what reads like a language."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.parse.charset import decode
from watcher.parse.encodings import find_codec

RUSSIAN = "Власти порта закрыли во вторник северный причал из-за трещин под водой. Работы продлятся до осени"
UNDECLARED = {
    "cp1251": RUSSIAN,
    "cp1251 ": "Пристанищните власти затвориха във вторник северния кей заради пукнатини под водата",
    "cp1251  ": "Влада порту закрила у вівторок північний причал через тріщини під водою, ремонт триватиме до осені",
    "koi8-r": RUSSIAN,
    "iso8859-5": RUSSIAN,
    "iso8859-2": "Správa přístavu v úterý uzavřela severní molo, protože potápěči našli trhliny. Škoda se vyčísluje",
    "iso8859-2 ": "Władze portu zamknęły we wtorek północne molo po wykryciu pęknięć. Także statki będą stać",
    "cp1250": "Kapitania portu zamknęła także śluzę, bo wśród lin znaleziono pęknięcia i ślady rdzy; źle to świadczy",
    "cp1254": "Liman yönetimi salı günü kuzey iskelesini kapattı, dalgıçlar su altında çatlaklar buldu, dedi yetkili",
    "cp1253": "Οι αρχές του λιμανιού έκλεισαν την Τρίτη τον βόρειο προβλήτα, αφού δύτες βρήκαν ρωγμές",
    "cp1255": "רשות הנמל סגרה ביום שלישי את הרציף הצפוני לאחר שצוללנים מצאו סדקים מתחת למים",
    "cp1256": "أغلقت سلطات الميناء الرصيف الشمالي يوم الثلاثاء بعد أن عثر الغواصون على شقوق تحت الماء",
    "cp1257": "Uosto valdžia antradienį uždarė šiaurinę prieplauką, nes narai po vandeniu rado įtrūkimų",
    "cp874": "การท่าเรือปิดท่าเทียบเรือด้านเหนือเมื่อวันอังคาร หลังนักประดาน้ำพบรอยร้าวใต้น้ำ",
    "cp932": "港湾当局は火曜日、北側の桟橋を閉鎖した。ダイバーが水中で亀裂を見つけたためである",
    "euc_jp": "港湾当局は火曜日、北側の桟橋を閉鎖した。ダイバーが水中で亀裂を見つけたためである",
    "big5": "港口當局週二關閉北碼頭，因為潛水員在水下發現裂縫。修理工作將持續到秋天",
    "gb18030": "港口当局周二关闭了北码头，因为潜水员在水下发现了裂缝。修理工作将持续到秋天",
    "cp949": "항만 당국은 화요일 북쪽 부두를 폐쇄했다. 잠수부들이 물속에서 균열을 발견했기 때문이다",
    "cp1252": "Die Hafenbehörde hat am Dienstag die Mole gesperrt, nachdem Taucher Risse fanden, öffnet später",
    "cp1252 ": "Les autorités du port ont fermé mardi la jetée nord après la découverte de fissures",
    "cp1252  ": "The harbour authority “closed” the pier – it’s said – on Tuesday",
    "cp1252   ": "Las autoridades cerraron el martes el muelle norte; ¿cuándo abrirá? En otoño, según el señor Núñez",
    "cp1252    ": "Hamnmyndigheten stängde på tisdagen norra piren efter att dykare hittat sprickor. Åtgärder följer",
    "cp1252     ": "As autoridades do porto fecharam o molhe norte, após a descoberta de fissuras. Não há feridos",
}
LABELS = {
    "x-sjis": "cp932", "windows-31j": "cp932", "Shift_JIS": "cp932", "x-euc-jp": "euc_jp", "GB_2312-80": "gb18030",
    "x-gbk": "gb18030", "gb2312": "gb18030", "windows-949": "cp949", "ks_c_5601-1987": "cp949", "windows-874": "cp874",
    "TIS-620": "cp874", "x-cp1251": "cp1251", "koi8": "koi8-r", "KOI8-RU": "koi8-u", "ISO-8859-8-I": "iso8859-8",
    "logical": "iso8859-8", "latin-9": "iso8859-15", "latin1": "cp1252", "us-ascii": "cp1252", "iso-8859-9": "cp1254",
    "x-mac-roman": "mac-roman", "x-mac-cyrillic": "mac-cyrillic", "cn-big5": "big5hkscs", "csISOLatin2": "iso8859-2",
    "iso_8859-7:1987": "iso8859-7", "sun_eu_greek": "iso8859-7", "unicode-1-1-utf-8": "utf-8", "ibm866": "cp866",
    "l5": "cp1254", "dos-874": "cp874", "cp437": "cp437",
}  # fmt: skip


def document(text: str, declaration: str = "") -> str:
    return (
        f"<?xml version='1.0'{declaration}?><rss version='2.0'><channel><title>Post</title>"
        f"<item><title>{text}</title><link>https://post.example/1</link><description>{text}.</description></item>"
        "</channel></rss>"
    )


@pytest.mark.parametrize(("codec", "text"), UNDECLARED.items())
def test_undeclared_encoding_is_found_by_what_it_reads_like(codec: str, text: str) -> None:
    read, fault = decode(document(text).encode(codec.strip()), "application/rss+xml")

    assert read == document(text)
    assert fault is not None


@pytest.mark.parametrize(("label", "codec"), LABELS.items())
def test_labels_of_the_standard_are_known(label: str, codec: str) -> None:
    assert find_codec(label) == codec


@pytest.mark.parametrize("label", ["x-user-defined", "rot13", "zlib", "hex", "klingon", "", "\0"])
def test_what_names_no_encoding_of_text_is_none(label: str) -> None:
    assert find_codec(label) is None


def test_every_label_has_a_codec() -> None:
    from watcher.parse.encodings import _CODECS

    assert len(_CODECS) > 210
    for label, codec in _CODECS.items():
        assert "a<b".encode(codec).decode(codec) == "a<b", label


@pytest.mark.parametrize("label", ["utf-16", "UTF-16LE", "unicode", "utf-32"])
def test_wide_encoding_declared_in_single_bytes_is_utf_8(label: str) -> None:
    whole = document("Fähre sinkt", f' encoding="{label}"')

    assert decode(whole.encode(), None) == (whole, None)
    assert decode(whole.encode(), f"text/xml; charset={label}") == (whole, None)
    # A foreign byte in it makes no UTF-16 of it either.
    assert "Fähre sinkt" in decode(whole.encode() + b"<!-- \xff -->", None)[0]
    assert "Fähre sinkt" in decode(whole.encode("cp1252"), None)[0]


def test_wide_encoding_without_mark_is_read_where_it_is_one() -> None:
    assert (
        decode('{"title": "Fähre"}'.encode("utf-16-le"), "application/json; charset=utf-16")[0] == '{"title": "Fähre"}'
    )


def test_guess_takes_bounded_time() -> None:
    body = document(RUSSIAN).encode("cp1251") * 20_000
    before = process_time()

    read, _fault = decode(body, None)

    assert RUSSIAN in read
    assert process_time() - before < 2


@given(st.binary(max_size=400), st.sampled_from([None, "text/xml", "text/xml; charset=utf-16", "x; charset=big5"]))
@settings(deadline=None, max_examples=150)
def test_any_bytes_become_text(body: bytes, content_type: str | None) -> None:
    text, _fault = decode(body, content_type)

    assert isinstance(text, str)
