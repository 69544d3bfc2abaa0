"""Stop words: so common that they say nothing of what a text is about, in the languages of most feeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from watcher.text.normalize import fold

_WORDS = {
    "en": """
a about above according across after again against ago all almost along already also although always am amid among an
and another any are around as asked at away back be became because become been before behind being below best better
between both but by called came can cannot come comes could day days did do does doing done down during each early
either else end enough even ever every few first five following for former found four from full further gave get gets
give given go goes going good got great had has have having he her here him himself his how however i if in including
into is it its itself just keep kept kind known last late later least left less let like likely little long look made
make makes making man many may me mean meanwhile men might million month months more most much must my near need never
new next no nor not nothing now of off often old on once one only onto open or other others our out over own part past
people per perhaps place point possible put quite rather really recent recently right said same saw say saying says
second see seem seemed seen set several shall she should show since six so some something soon still such take taken
takes taking tell ten than that the their them themselves then there these they thing things think third this those
though three through thus time times to today together told too took toward towards two under until up upon us use used
using very want wanted was way ways we week weeks well went were what when where whether which while who whole whom
whose why will with within without work would year years yesterday yet you your publicly additional whole sunday monday
tuesday wednesday thursday friday saturday january february march april june july august september october november
december mr mrs ms dr source sources considering concerned stated noted added warned
""",
    "de": """
aber alle allem allen aller als also am an andere anderen auch auf aus bei beim bereits bin bis bisher da dabei damit
dann das dass dem den denn der des die dies diese diesem diesen dieser doch dort durch ein eine einem einen einer eines
er es etwa für gegen gegenüber gibt hat hatte hatten haben hier ich ihm ihn ihr ihre ihrem ihren im in ins ist jedoch
jetzt kann kein keine können laut man mehr mit muss nach nicht nichts noch nun nur ob oder ohne schon sei sein seine
seinem seinen seit sich sie sind sagte so soll sollen sondern sowie über um und uns unter vom von vor war waren was
wegen weil weiter wenn werden wie wieder will wir wird wurde wurden zu zum zur zwischen zwei
""",
    "fr": """
à alors après au aucun aussi autre autres aux avait avant avec avoir c ce cela celle celui ces cet cette ceux chez
comme contre d dans de depuis des deux donc dont du elle elles en encore entre est et été être eux fait faire fois font
il ils j jour l la là le les leur leurs lors lui mais même moins n ne ni non nos notre nous on ont ou où par parce pas
pendant peu peut plus pour pourrait qu quand que quel quelle qui s sa sans se selon ses si son sont sous sur ta tous
tout toute toutes très un une vers vous y
""",
    "es": """
al algo ante antes aquel así aún aunque cada como con contra cuando cual de del desde después dijo donde dos durante el
ella ellas ellos en entre era eran es esa ese eso esta está están estas este esto estos fue fueron ha había han hasta
hay la las le les lo los más me mientras mi muy ni no nos o otra otro otros para pero poco por porque primer puede que
quien se sea según ser si sin sobre son su sus también tan tanto tiene tienen todo todos tras un una uno unos y ya
""",
    "it": """
agli ai al alla alle anche ancora avere c che chi ci come con contro cosa cui da dal dalla dalle degli dei del della
delle di dopo due e è ed era essere fra gli ha hanno i il in io la le lo loro ma mentre molto ne nei nel nella nelle non
o ogni per perché più poi prima può quando quanto quella quello questa questo se secondo sempre senza si sia sono sta
stata stato su sua sul sulla suo suoi tra tutti tutto un una uno
""",
    "pt": """
ao aos até cada com como da das de depois do dos e é ela ele em entre era essa esse esta está este eu foi foram há isso
já lhe mais mas mesmo muito na nas não nem no nos o os ou para pela pelo pelos por porque qual quando que quem se sem
ser seu seus só sobre sua suas também tem têm um uma
""",
    "nl": """
aan al als bij dan dat de den der des deze die dit door dus een en er ge had heb hebben heeft het hij hoe hun ik in is
ja je kan maar meer men met na naar niet nog nu of om omdat onder ook op over te tegen toch tot uit van veel voor want
was wat we wel werd wie wil worden wordt ze zei zich zij zijn zo zonder zou
""",
    "pl": """
a aby ale bez będzie był była było były by być ci co czy dla dlatego do gdy gdzie go ich i im ja jak jako jego jej jest
jeszcze już każdy kiedy która które którego który których którzy lub ma mają między mnie może na nad nich nie niż o od
oraz po pod podczas poza przed przez przy się są ta tak także tam te tego tej ten to tu tylko tym u w wraz we według
więc z za ze że
""",
    "ru": """
а без более бы был была были было быть в вам вас весь во вот все всех вы где да даже для до его ее если есть еще же за
здесь и из или им их к как когда которая которые который которых кто ли либо между меня мне может мы на над надо наш не
него нее нет ни них но ну о об однако он она они от очень по под после при про раз с сам свое своей своих себя сейчас
со стал так также такой там тем то того тоже только том ты у уже чем через что чтобы эта эти это этого этом я
""",
    "uk": """
а або але б без би був була були було бути в вам вас весь від він вона вони все всі втім де для до його й же за з зі і
із їх її як який яка які коли крім ми мій на над не него немає ні ніж о об однак ось по під після при про свої себе
серед собі та так також там те ти тим то того тоді тут у хто це цей ці цього чи через що щоб я
""",
}
BY_LANGUAGE = {language: frozenset(fold(word) for word in words.split()) for language, words in _WORDS.items()}
"""Stop words by language, folded as they are compared."""
STOPWORDS = frozenset().union(*BY_LANGUAGE.values())
_LANGUAGES_WITH = Counter(word for words in _WORDS.values() for word in set(words.split()))
_DISTINCTIVE_LANGUAGES = ("de", "en", "fr", "pl")
DISTINCTIVE_WORDS = {
    language: frozenset(word for word in _WORDS[language].split() if _LANGUAGES_WITH[word] == 1)
    for language in _DISTINCTIVE_LANGUAGES
}
"""Stop words that no other language here has, in lower case: of languages without a near relative that shares them."""
CHARACTERS = frozenset(
    "的了是在和與与对對为為也有不一上下中人大这這那个個们們我你他她它及或被把从從将將到说說称稱等年月日の"
)
"""The same for scripts whose characters are words."""
_MIN_SHARE = 0.12


def guess_language(words: Sequence[str]) -> str | None:
    """Return the language in which most of some folded words are stop words, None where too few are."""
    if not words:
        return None
    counted = {language: sum(word in common for word in words) for language, common in BY_LANGUAGE.items()}
    best = max(counted, key=lambda language: counted[language])
    return best if counted[best] / len(words) >= _MIN_SHARE else None


_HEADLINE_WORDS = """
a about after against all also an and any are as at be been before but by can could do for from had has have he her
his how i if in into is it its just more most new no not of on one only or other our out over said say says she should
since so some than that the their them there these they this those to two under until up was we were what when where
which while who will with would you your year years day der die das und in den von zu mit des auf für ist im dem nicht
ein eine als auch es an werden aus er hat dass sie nach wird bei le la les de du des et en un une dans que qui pour
sur au avec par il elle ne pas plus el los las y en del se por con una su para es al lo como i w na z do nie się że o
jest в и на не что с по как к из за у о для это от а но й та з що до про від за це є не у і
"""
HEADLINE_STOPWORDS = frozenset(_HEADLINE_WORDS.split())
"""Words that two reports share whatever they are about, in English, German, French, Spanish, Polish, Russian and
Ukrainian, without accents lost. Which reports are copies of one another was measured with exactly these."""
