"""Words in the languages and scripts of the feeds of bench/completeness.py, and invented sentences made of them."""

from __future__ import annotations

from random import Random

_WORDS = {
    "en": """harbour council vote budget rail strike ministers court ruling energy grid border talks storm school
        hospital union inquiry tariff bridge fishing reform election satellite archive museum drought wheat merger
        the of for after over against before without under new local late public second northern""",
    "de": """Hafen Rat Haushalt Streik Bahn Minister Gericht Urteil Strom Netz Grenze Gespräche Sturm Schule Klinik
        Gewerkschaft Prüfung Zoll Brücke Fischer Wahl Größe Straße über nach gegen für ohne neue späte höhere""",
    "fr": """port conseil budget grève rail ministre tribunal arrêt énergie réseau frontière école hôpital syndicat
        enquête pêche réforme élection forêt théâtre après avant contre sans pour première dernière où déjà""",
    "es": """puerto consejo presupuesto huelga tren ministro tribunal fallo energía red frontera tormenta escuela
        sindicato investigación año puente pesca elección niños montaña después contra según nueva última""",
    "pt": """porto conselho orçamento greve comboio ministro tribunal decisão energia rede fronteira escola hospital
        sindicato inquérito ponte pesca eleição verão irmãs após contra sem nova última também""",
    "tr": """liman meclis bütçe grev demiryolu bakan mahkeme karar enerji şebeke sınır görüşme fırtına okul hastane
        sendika soruşturma gümrük köprü balıkçı seçim yeni ikinci sonra karşı için güçlü""",
    "ru": """порт совет бюджет забастовка поезд министр суд решение энергия сеть граница переговоры шторм школа больница
        профсоюз проверка пошлина мост рыбаки выборы реформа новый второй после против без для северный""",
    "uk": """порт рада бюджет страйк потяг міністр суд рішення енергія мережа кордон переговори буря школа лікарня
        спілка перевірка мито міст рибалки вибори реформа новий другий після проти без щодо""",
    "el": """λιμάνι συμβούλιο προϋπολογισμός απεργία τρένο υπουργός δικαστήριο απόφαση ενέργεια δίκτυο σύνορα
        καταιγίδα σχολείο νοσοκομείο έρευνα γέφυρα ψαράδες εκλογές μετά χωρίς για νέος δεύτερος""",
    "ar": """ميناء مجلس ميزانية إضراب قطار وزير محكمة قرار طاقة شبكة حدود محادثات عاصفة مدرسة مستشفى نقابة تحقيق
        رسوم جسر صيادون انتخابات إصلاح بعد ضد دون جديد ثان شمالي""",
    "he": """נמל מועצה תקציב שביתה רכבת שר בית משפט החלטה חשמל רשת גבול שיחות סערה בית ספר איגוד חקירה מכס גשר
        דייגים בחירות רפורמה אחרי נגד ללא חדש שני צפוני""",
    "hi": """बंदरगाह परिषद बजट हड़ताल रेल मंत्री अदालत फैसला ऊर्जा सीमा वार्ता तूफान स्कूल अस्पताल संघ जांच पुल
        मछुआरे चुनाव सुधार नया दूसरा बाद बिना उत्तरी""",
    "ja": """港湾 市議会 予算 鉄道 大臣 裁判所 判決 電力 国境 会談 台風 学校 病院 組合 調査 関税 大橋 漁船 選挙 改革
        新しい 第二の のあとで に反対 をめぐり から まで 発表 延期""",
    "zh": """港口 议会 预算 罢工 铁路 部长 法院 裁决 能源 电网 边境 会谈 台风 学校 医院 工会 调查 关税 大桥 渔船 选举
        改革 之后 反对 没有 新的 第二 北部 宣布 推迟""",
    "ko": """항만 의회 예산 파업 철도 장관 법원 판결 에너지 전력망 국경 회담 태풍 학교 병원 노조 조사 관세 다리 어선
        선거 개혁 이후 반대 없이 새로운 두번째 북부""",
}
VOCABULARY = {language: words.split() for language, words in _WORDS.items()}
_UNSPACED = {"ja": "。", "zh": "。"}


def join_words(rng: Random, language: str, count: int) -> str:
    """Return a phrase of `count` words, each taken by chance."""
    return ("" if language in _UNSPACED else " ").join(rng.choices(VOCABULARY[language], k=count))


def invent_headline(rng: Random, language: str) -> str:
    """Return a headline with the punctuation that feeds get wrong: ampersands, quotes, a percentage, a dash."""
    first, second = join_words(rng, language, rng.randint(3, 5)), join_words(rng, language, rng.randint(2, 4))
    joint = rng.choice((": ", " & ", " – ", ", ", f", {rng.randint(2, 99)}% "))
    return f"{first[:1].upper()}{first[1:]}{joint}{second}"


def invent_sentence(rng: Random, language: str) -> str:
    """Return a sentence without markup or punctuation inside, so that it is found again whatever a tool did to it."""
    words = join_words(rng, language, rng.randint(9, 18))
    return f"{words[:1].upper()}{words[1:]}{_UNSPACED.get(language, '.')}"


def invent_paragraphs(rng: Random, language: str, count: int) -> list[str]:
    """Return paragraphs of one to three sentences."""
    sentences = range(rng.randint(1, 3))
    return [" ".join(invent_sentence(rng, language) for _ in sentences) for _ in range(count)]
