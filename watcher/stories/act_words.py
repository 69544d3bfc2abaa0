"""Beginnings of words in headlines that say what happened, or from which side it is reported, in many languages.

Each line is a list of stems; `_` stands for a blank between two words, `$` for the end of a word.
"""

from __future__ import annotations

ACT_STEMS = {
    "arrest": """
arrest detain$ detained detention$ captur nabbed zatrzym areszt pojman pojma festgenommen festnahme
verhaft interpell arrêt arrêté détenu arresta fermat detenid detien captura задерж задържа арест
арестува затрима заарешт συνελήφθ σύλληψ tutukla gözalt letartózt zatčen zadržan zatknut uhapš
aangehouden gripen häktad gripet pidätet اعتقال اعتقل القبض بازداشت נעצר מעצר 逮捕 被捕 拘留 체포
""",
    "charge": """
charged$ indict accus prosecut lawsuit$ sues$ sued$ oskarż pozwał pozew angeklagt anklage verklagt
inculp accusé accuse$ incriminat accusat imputad acusad denuncia обвин обвинув звинувач κατηγορ
dava$ suçla vádol obžal obvin acuzat aangeklaagd åtal اتهم متهم כתב_אישום 起訴 起诉 기소
""",
    "verdict": """
convict guilty$ sentenc jailed$ acquit cleared$ verdict$ skazan wyrok uniewinni verurteilt
freigesprochen urteil condamné condannat condenad sentenci culpable осъди осужд осуд приговор засуд
засудж вирок виправда καταδικ αθωώ mahkum hapis_cez beraat elítél odsouzen odsúden osuđen condamnat
veroordeeld dömd dømt حكم_بسجن إدانة الحكم_على محکوم הורשע נידון 有罪 判決 判决 유죄
""",
    "death": """
dies$ died$ dead_at obituary zmarł zmarła nie_żyje gestorben verstorben ist_tot décès décédé meurt
morto$ morta$ muere fallece fallecid morreu умер почина скончал помер πέθανε yaşamını hayatını
elhunyt zemřel zomrel murit overleden avliden وفاة توفي درگذشت מת$ 死去 去世 逝世 별세
""",
    "missing": """
missing$ vanish disappear zagin zaginą vermisst verschwunden disparu scompars dispers desaparecid
пропал пропав изчезна зник αγνοε kayıp eltűnt pohřešov nezvestn dispărut vermist försvunn saknas
مفقود گمشده נעדר 行方不明 失踪 실종
""",
    "found": """
found$ discover debris wreckage recovered$ znalezion odnalezion odkryt gefunden entdeckt retrouv
découvert trovat ritrovat scopert hallad encontrad hallan найден обнаруж открит намер знайден
знайшли виявл βρέθηκ bulundu megtalál nalezen nájden găsit gevonden hittad العثور پیدا_شد נמצא 発見 发现
發現 발견
""",
    "resign": """
resign steps_down step_down stepping_down quits$ ousted sacked$ sacks$ sack$ fired$ dismiss dymisj
rezygn zdymisj zwoln tritt_zurück rücktritt zurückgetreten entlass démission limog dimission dimett
dimit dimisi renunci cesad destitu отстав подаде_оставк оставк уволен уволн відстав звільн παραίτ
παύ istifa görevden lemond odstoup rezign demisi aftreed avgår استقال استقالة إقالة استعفا התפטר 辞任
辭職 辞职 사임
""",
    "appoint": """
nominat appoint sworn_in named_as named_new mianow nominow zaprzysięż powołan ernannt nominiert
vereidigt nommé nommée designad nombrad nombra назнач номинир назначен признач номінов διορίσ atandı
kinevez jmenov vymenov numit benoem utsedd تعيين انتصاب מונה 任命 임명
""",
    "vote": """
advances_measure advances_bill passes_bill votes_to approves$ approved$ uchwalił przegłosow
verabschied beschließt adopte$ adopté approva approvat aprueba aprobad одобр принял_закон приема
ухвал прийня ψήφισ onayla elfogad schválil aprobat keurt أقر تصويب אישר 可決 通过 通過 가결
""",
    "attack": """
strikes$ airstrik bombs$ bombard shelling$ uderzył uderzyły zaatakow atak$ nalot angriff angegriffen
attaqu frappe bombarda attacc attacca ataca ataque удар атак обстрел обстріл επίθεσ βομβαρδ saldırı
támad útok atac aanval attack$ attacks$ هجوم قصف غارة حمله תקיפה 攻撃 空爆 袭击 襲擊 공격
""",
    "strike": """
hunger_strike hungerstreik strajk_głod grève_de_la_faim huelga_de_hambre
sciopero_della_fame голодовк голодув
""",
    "rescue": """
rescue rescued uratowan rettung gerettet secour sauvé salvat rescat спас спасен врятов διασώ kurtar
megment zachrán gered räddad إنقاذ نجات חולצ 救助 营救 구조
""",
}
"""Acts: two headlines that name different ones report different steps of an affair."""

SIDE_STEMS = {
    "reaction": """
slams$ slammed bashes$ blasts$ condemn criticis criticiz reacts$ reaction responds$ respond$
hits_back mocks$ praises$ praise$ backlash fury$ outrage$ hails$ lashes$ rips$ denounc reakcj reaguj
komentuj krytyk potępi odpowiada reagier reaktion kritisier verurteilt_angriff empör réagi réaction
dénonce fustige salue$ reagisce reazion critica$ critican reaccion condena_el condena_la rechaza$
reage$ repudia реакц отреагир прокоммент раскритик осудил_ осудили реагир разкритик реакці відреаг
прокомент розкритик засудив засудил αντίδρασ καταδικάζ tepki kınad elítéli reagál reagoval odsoudil
reacți reageer تدين يدين تنديد إدانات واکنش מגנה גינה תגובה 反応 非難 谴责 回应 譴責 반응 support_for
fans_support
""",
    "profile": """
who_is who_was who_are kim_jest kim_był wer_ist wer_war qui_est qui_était chi_è chi_era quién_es
quién_era quien_es quem_é кто_так кто_такая кой_е коя_е хто_так хто_це ποιος_είναι ποια_είναι kimdir
ki_az kdo_je kto_je cine_este cine_e wie_is vem_är hvem_er من_هو من_هي کیست מי_הוא מי_היא 谁是 何者 누구
""",
    "proposal": """
recommended_for recommends$ considers$ considering weighs$ mulls$ eyes_move proposes$ expected_to
set_to could_be may_be rozważa zaleca rekomend planuje erwägt empfiehlt envisage recommande valuta$
raccomanda baraja$ recomienda estudia$ рассматрива рекоменд обмисля препоръчва розгляда рекомендує
εξετάζει düşünüyor fontolgat zvažuje ia_în_calcul overweegt
""",
}
"""Sides: a headline that reports a reaction, a person or a plan, against one that reports what happened."""
