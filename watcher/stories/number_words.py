"""Words for scales and ordinals in the languages of news feeds, as they are written beside digits or in their stead."""

from __future__ import annotations

SCALE_WORDS = {
    1000.0: """
thousand thousands tausend mille mil mila tys tysiące tysięcy tisíc tisíce tisic tis mii mie ezer χιλιάδες χιλ
тыс тысяч тысячи тис тисяч тисячі хиляди хил хиляда bin min duizend tusen tusind tuhat tuhatta tūkst tūkstoš
tisuća tisuće hiljada hiljade хиљада ათასი ألف آلاف هزار אלף אלפי हजार હજાર হাজার ஆயிரம் వేల 千 천 พัน nghìn ngàn
ribu elfu мың
""",
    10000.0: """
万 萬 만 หมื่น vạn
""",
    100000.0: """
lakh lakhs लाख લાખ লাখ লক্ষ లక్షల
""",
    1000000.0: """
million millions mn mln mio millionen millones millón milhões milhão milioni milione milionów miliony milion
milionů miliónov miljoen miljoner miljon millioner millió miljoonaa milijuna milijona milioane млн мільйон
мільйонів мільйони миллион миллионов миллиона милиона милион милиони εκατομμύρια εκατ milyon მილიონი مليون
ملايين میلیون מיליון मिलियन மில்லியன் 백만 ล้าน triệu juta
""",
    10000000.0: """
crore crores करोड़ કરોડ কোটি కోట్ల
""",
    100000000.0: """
億 亿 억
""",
    1000000000.0: """
billion billions bn milliarden mrd milliard milliards miliardi miliardo miliardów miliardy miliard miliarde mld
miljard miljarder milliárd miljardia млрд мільярд мільярдів миллиард миллиардов милиарда δισεκατομμύρια δισ
milyar milyard მილიარდი مليار میلیارد מיליארד अरब tỷ miliar
""",
}
"""By their factor."""
ORDINAL_WORDS = {
    2: """
second segundo segunda deuxième seconde secondo zweite zweiten zweiter zweites drugi druga drugą druhý druhá второй
вторая второе второго другий друга другу втори втора ikinci δεύτερη δεύτερος al doilea második tweede andra
""",
    3: """
third tercer tercero tercera troisième terzo terza dritte dritten dritter drittes trzeci trzecia trzecią třetí tretí
третий третья третье третьего третій третя третю трети трета üçüncü τρίτη τρίτος treilea harmadik derde tredje
terceiro terceira
""",
    4: """
fourth cuarto cuarta quatrième quarto quarta vierte vierten vierter viertes czwarty czwarta czwartą čtvrtý štvrtý
четвертый четвёртый четвертая четвертое четвёртое четвертий четверта четвърти dördüncü τέταρτη τέταρτος patrulea
negyedik vierde fjärde
""",
    5: """
fifth quinto quinta cinquième fünfte fünften fünfter fünftes piąty piąta pátý piaty пятый пятая пятое п'ятий пети
beşinci πέμπτη πέμπτος cincilea ötödik vijfde femte
""",
    6: """
sixth sexto sexta sixième sesto sechste szósty szósta šestý шестой шестая шестое шостий шести altıncı έκτη hatodik
""",
    7: """
seventh séptimo septième settimo siebte siódmy siódma sedmý седьмой седьмая сьомий седми yedinci έβδομη hetedik
""",
    8: """
eighth octavo huitième ottavo achte ósmy ósma osmý восьмой восьмий осми sekizinci όγδοη nyolcadik
""",
    9: """
ninth noveno neuvième nono neunte dziewiąty dziewiąta devátý девятый дев'ятий девети dokuzuncu ένατη kilencedik
""",
    10: """
tenth décimo dixième decimo zehnte dziesiąty dziesiąta desátý десятый десятий десети onuncu δέκατη tizedik
""",
}
"""By their value."""
