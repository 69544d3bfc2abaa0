"""Names of months and weekdays in the languages of news feeds, after the Unicode CLDR 48 (unicode.org/cldr).

Format and stand-alone forms, full and abbreviated, of the Gregorian calendar in 60 languages, with what feeds write
besides. All are in lower case without accents, dots, blanks and hyphens, as `watcher.text.dates` folds what it reads.
"""

from __future__ import annotations

_MONTHS = (
    (
        "ean eanair ene enero gen gener gennaio ian ianuarie ion ionawr jaan jaanuar jaenner jan janar janeiro "
        "jannar janner janr januar januara januari januarie january janv janvaris janvier led leden ledna oca "
        "ocak saus sausio sausis sij sijecanj sijecnja sty styczen stycznia tammi tammikuu tammikuuta urt "
        "urtarrila xan xaneiro yan yanvar ιαν ιανουαριοσ ιανουαριου сту студзень студзеня січ січень січня янв "
        "январь января яну януари јан јануар јануари қаң қаңтар հնվ հունվար հունվարի ינו ינואר جانفي جنوری "
        "كانونالثاني يناير ژانویه जनवरी जन॰ जाने जानेवारी জানু জানুযারী ஜன ஜனவரி జన జనవరి มกราคม มค იან იანვარი"
    ),
    (
        "chw chwef chwefror feabh feabhra feb febbraio feber febr febreiro febrer febrero februar februara "
        "februari februarie februaris february fev fevereiro fevr fevral fevrier fra frar helmi helmikuu "
        "helmikuuta lut lutego luty ots otsaila shk shkurt sub subat uno unor unora vas vasario vasaris veebr "
        "veebruar velj veljaca veljace φεβ φεβρουαριοσ φεβρουαριου ақп ақпан лют лютага лютии лютого люты феб "
        "фебруар фев февр февраль февраля февруари փետրվար փետրվարի փտվ פבר פברואר شباط فبراير فروری فوریه فيفري "
        "फरवरी फर॰ फेब्रु फेब्रुवारी ফেব ফেব্রুযারী பிப் பிப்ரவரி ఫిబ్ర ఫిబ్రవరి กพ กมภาพันธ์ თებ თებერვალი"
    ),
    (
        "bre brezen brezna kov kovas kovo maalis maaliskuu maaliskuuta maart mac machi maerz mar marc marca march "
        "marcius marco marec maret mars mart marta martie marts martxoa marz marzec marzo marzu maw mawrth mrt "
        "mrz ozu ozujak ozujka μαρ μαρτιοσ μαρτιου бер березень березня мар март марта нау наурыз сак сакавік "
        "сакавіка մարտ մարտի մրտ מרץ اذار مارس مارچ मार्च মার্চ மார் மார்ச் మార్చి มีค มีนาคม მარ მარტი"
    ),
    (
        "abr abril aib aibrean api apirila apr aprel april aprila aprile aprili aprilie aprilis aprill avr avril "
        "bal balandis balandzio dub duben dubna ebr ebrill huhti huhtikuu huhtikuuta kwi kwiecien kwietnia nis "
        "nisan pri prill tra travanj travnja απρ απριλιοσ απριλιου апр апрель апреля април кві квіт квітень "
        "квітня кра красавік красавіка сәу сәуір ապր ապրիլ ապրիլի אפר אפריל ابريل افريل اوریل اپریل نيسان अप्रैल "
        "एप्रि एप्रिल এপ্রি এপ্রিল ஏப் ஏப்ரல் ఏప్రి ఏప్రిల్ เมย เมษายน აპრ აპრილი"
    ),
    (
        "beal bealtaine geg geguze geguzes kve kveten kvetna mag maggio mai maiatza maig maijs maio maj maja "
        "majus may mayis mayo mei mej mejju svi svibanj svibnja touko toukokuu toukokuuta μαι μαιοσ μαιου маи мам "
        "мамыр мая мај тра трав травень травня մայիս մայիսի մյս מאי ايار ماي مايو مه ميی मई मे মে மே మే พค "
        "พฤษภาคม მაი მაისი"
    ),
    (
        "birz birzelio birzelis cerven cervna cvn cze czerwca czerwiec eka ekaina giu giugno gun gunju haz "
        "haziran iun iunie iyn iyun juin jun juna june junho juni junie junij junijs junio junius juny juuni kesa "
        "kesakuu kesakuuta lipanj lipnja meh mehefin meith meitheamh qer qershor xuno ιουν ιουνιοσ ιουνιου июн "
        "июнь июня мау маусым чер черв червень червня чэр чэрвень чэрвеня юни јун јуни հնս հունիս հունիսի יוני "
        "جوان جون حزيران يونيو ژوين जून জুন ஜூன் జూన్ มิถนายน มิย ივნ ივნისი"
    ),
    (
        "cervence cervenec cvc gor gorff gorffennaf heina heinakuu heinakuuta iuil iul iulie iyl iyul juil juill "
        "juillet jul jula julai julho juli julie julij julijs julio juliol julius july juuli korr korrik liep "
        "liepa liepos lipca lipiec lug luglio lul lulju srpanj srpnja tem temmuz uzt uztaila xul xullo ιουλ "
        "ιουλιοσ ιουλιου июл июль июля лип липень липня ліп ліпень ліпеня шіл шілде юли јул јули հլս հուլիս "
        "հուլիսի יולי تموز جولايی جويلية يوليو يوليوز ژويیه जुलाई जुलै जुल॰ জুল জুলাই ஜூலை జులె กค กรกฎาคม ივლ "
        "ივლისი"
    ),
    (
        "abu abuztua ag ago agost agosti agosto ags agt agu agust agustos agustus aout aug august augusta augusti "
        "augusts augustus augusztus avg avgust avq avqust awst aww awwissu elo elokuu elokuuta gush gusht kol "
        "kolovoz kolovoza lun lunasa ogo ogos rugp rugpjucio rugpjutis sie sierpien sierpnia srpen srpna αυγ "
        "αυγουστοσ αυγουστου авг август августа ауг аугуст жні жнівень жніуня сер серп серпень серпня там тамыз "
        "օգոստոս օգոստոսի օգս אוג אוגוסט اب اغسطس اوت اگست غشت अगस्त अग॰ ऑग ऑगस्ट আগ আগস্ট ஆக ஆகஸ்ட் ఆగ ఆగస్టు สค "
        "สิงหาคม აგვ აგვისტო"
    ),
    (
        "eyl eylul ira iraila meanfomhair medi mfomh rugs rugsejis rugsejo ruj rujan rujna sen sentabr sentyabr "
        "sep sept septemba septembar september septembra septembre septembrie septembris septiembre set setembre "
        "setembro setiembre settembre settembru sht shtator syys syyskuu syyskuuta szept szeptember wrz wrzesien "
        "wrzesnia zar zari σεπ σεπτεμβριοσ σεπτεμβριου вер верасень верасня вересень вересня сен сент сентябрь "
        "сентября сеп септембар септември қыр қыркүиек սեպ սեպտեմբեր սեպտեմբերի ספט ספטמבר ايلول سبتمبر ستمبر "
        "سپتامبر شتنبر सप्टें सप्टेंबर सितंबर सित॰ সেপ সেপ্টেম্বর செப் செப்டம்பர் సెప్టెం సెప్టెంబర్ กย กันยายน "
        "სექ სექტემბერი"
    ),
    (
        "deireadhfomhair dfomh eki ekim hyd hydref loka lokakuu lokakuuta oct october octobre octombrie octubre "
        "okt oktabr oktoba oktobar oktober oktobra oktobris oktoober oktyabr ott ottobre ottubru out outubro paz "
        "pazdziernik pazdziernika rij rijen rijna spal spalio spalis tet tetor urr urria οκτ οκτωβριοσ οκτωβριου "
        "жов жовт жовтень жовтня кас кастрычнік кастрычніка окт октобар октомври октябрь октября қаз қазан հոկ "
        "հոկտեմբեր հոկտեմբերի אוק אוקטובר اكتوبر اکتبر اکتوبر تشرينالاول अक्टूबर अक्टू॰ ऑक्टो ऑक्टोबर অক্টো "
        "অক্টোবর அக் அக்டோபர் అక్టో అక్టోబర్ ตค ตลาคม ოქტ ოქტომბერი"
    ),
    (
        "aza azaroa kas kasim lapkr lapkricio lapkritis listopadu marras marraskuu marraskuuta nen nentor "
        "noiembrie nov novemba novembar november novembra novembre novembris novembro novembru noviembre noy "
        "noyabr samh samhain stu studeni studenoga tach tachwedd νοε νοεμβριοσ νοεμβριου лис лист листопад "
        "листопада ліс лістапад лістапада нов новембар ное ноември ноя нояб ноябрь ноября қар қараша նոյ նոյեմբեր "
        "նոյեմբերի נוב נובמבר تشرينالثاني نوامبر نوفمبر نومبر نونبر नवंबर नव॰ नोव्हें नोव्हेंबर নভে নভেম্বর நவ "
        "நவம்பர் నవం నవంబర్ พย พฤศจิกายน ნოე ნოემბერი"
    ),
    (
        "abe abendua ara aralik dec decembar december decembra decembre decembrie decembris decembro dek dekabr "
        "des desemba desember desembre dets detsember dez dezember dezembro dhj dhjetor dic dicembre dicembru "
        "diciembre dis disember gru grudnia grudzien gruod gruodis gruodzio joulu joulukuu joulukuuta noll "
        "nollaig pro prosinac prosinca prosince prosinec rhag rhagfyr δεκ δεκεμβριοσ δεκεμβριου гру груд грудень "
        "грудня дек декабрь декабря декември дец децембар жел желтоқсан сне снежань снежня դեկ դեկտեմբեր "
        "դեկտեմբերի דצמ דצמבר دجنبر دسامبر دسمبر ديسمبر كانونالاول डिसें डिसेंबर दिसंबर दिस॰ ডিসে ডিসেম্বর டிச "
        "டிசம்பர் డిసెం డిసెంబర్ ธค ธันวาคม დეკ დეკემბერი"
    ),
)
_WEEKDAYS = (
    (
        "al astelehena dilluns dl dush dushanba esmaspaev hen hetfo isn isnin jumatatu llun luan lun lundi lunedi "
        "lunes luni luns ma maanantai maanantaina maandag man mandag manudagur mo mon monday montag pazartesi "
        "pirmadienis pirmd pirmdiena po pon pondeli pondelok ponedeljak ponedeljek ponedjeljak poniedziałek pr "
        "pzt seg segunda sen senin tne δευ δευτερα да даваа дс дүи дүисенбі дүишөмбү панядзелак пн пон понеделник "
        "понедельник понедељак понеділок понедјељак երկ երկուշաբթի الاثنين دوشنبه پیر सोम सोमवार সোম সোমবার திங் "
        "திங்கள் సోమ సోమవారం วันจันทร์ ორშ ორშაბათი"
    ),
    (
        "an antradienis ar asteartea di dienstag dimarts dinsdag dt jumanne kedd mairt mar mardi martedi martes "
        "marti maw otrd otrdiena sal sali sel selasa sesh seshanba teisipaev ter terca ti tiistai tiistaina tir "
        "tirs tirsdag tis tisdag tli torek tue tuesday ty tys tysdag ut utery uto utorak utorok wt wtorek þri "
        "þriðjudagur τρι τριτη ау ауторак вт вто вторник вівторок мя мягмар сеисенбі сс уто уторак шеиш шеишемби "
        "երեքշաբթի երք الثلاثاء سه‌شنبه منگل मंगल मंगलवार मंगळ मंगळवार মঙ্গল মঙ্গলবার செவ் செவ்வாய் మంగళ మంగళవారం "
        "วันอังคาร სამ სამშაბათი"
    ),
    (
        "asteazkena az car carsamba cead chor chorshanba cərsənbə dc dimecres erb jumatano ke keskiviikko "
        "keskiviikkona kolmapaev mer mercoledi mercores mercredi mi mie miercoles miercuri mittwoch mið "
        "miðvikudagur on ons onsdag qua quarta rab rabu sr sre sreda sri srijeda sroda streda sze szerda tr "
        "treciadienis tresd tresdiena wed wednesday wo woensdag τετ τεταρτη лх лхагва серада середа ср сре среда "
        "сри сриједа сряда сәрсенбі шарш шаршемби չորեքշաբթի չրք الاربعاء بدھ چهارشنبه बुध बुधवार বুধ বুধবার புத "
        "புதன் బుధ బుధవారం วันพธ ოთხ ოთხშაბათი"
    ),
    (
        "alhamisi cet cetrtek ceturtd ceturtdiena cetvrtak cs csutortok ct ctvrtek czw czwartek dear deardaoin "
        "dijous dj do donderdag donnerstag enj fim fimmtudagur gio giovedi iau jeu jeudi joi jue jueves kam kamis "
        "ketvirtadienis kha khamis kt neljapaev og osteguna pay payshanba per persembe qui quinta stvrtok thu "
        "thursday to tors torsdag torstai torstaina xov xoves ħam πεμ πεμπτη беисенбі беиш беишемби бс пү пүрэв "
        "чацвер чет четвер четверг четвртак четврток четвъртък чт чц հինգշաբթի հնգ الخميس جمعرات پنجشنبه गुरु "
        "गुरुवार বৃহস্পতি বৃহস্পতিবার வியா வியாழன் గురు గురువారం พฤ วันพฤหัสบดี ხუთ ხუთშაბათი"
    ),
    (
        "aoine cum cuma cumə divendres dv fos fostudagur fr fre fredag freitag fri friday gim gwe gwen ijumaa jum "
        "juma jumaat jumat or ostirala pa patek pe penktadienis pentek perjantai perjantaina pet petak petek pi "
        "piatek piatok piektd piektdiena pn pre pt reede sex sexta ven vendredi venerdi venres vie viernes vin "
        "vineri vr vrijdag vrydag παρ παρασκευη ба баасан жм жума жұма пʼятниця пет петак петок петък пт пятница "
        "пятніца ուր ուրբաթ الجمعة جمعه جمعہ शुक्र शुक्रवार শুক্র শুক্রবার வெள் வெள்ளி శుక్ర శుక్రవారం วันศกร์ "
        "პარ პარასკევი"
    ),
    (
        "cmt cumartesi dissabte ds jumamosi la larunbata lau lauantai lauantaina laugardagur laupaev laurdag lor "
        "lordag lr lør lørdag sa sab sabado sabato sabtu sad sam sambata samedi samstag sat saterdag sath "
        "saturday sestadienis sestd sestdiena shan shanba sht sib sob sobota sub subota szo szombat sənbə za "
        "zaterdag σαβ σαββατο бя бямба ишемби ишм саб сабота сб сенбі суб суббота субота събота շաբաթ շբթ שבת "
        "السبت شنبه ہفتہ शनि शनिवार শনি শনিবার சனி శని శనివారం วันเสาร์ შაბ შაბათი"
    ),
    (
        "ahad ahd bazar cn dg die dim dimanche diumenge dom domenica domh domingo dum duminica ig igandea "
        "jumapili min minggu ne ned nedela nedele nedelja nedjelja niedz niedziela paz pazar puhapaev sekmadienis "
        "sk son sondag sonntag su sul sun sunday sunnudagur sunnuntai svetd svetdiena sø søn søndag vasarnap yak "
        "yakshanba zo zondag ħad κυρ κυριακη воскресенье вс жек жексенбі жекшемби жс нд нед недела неделя недеља "
        "неділя недјеља ня нядзеля ням կիր կիրակի اتوار الاحد یکشنبه रवि रविवार রবি রবিবার ஞாயி ஞாயிறு ఆది "
        "ఆదివారం วันอาทิตย์ อา კვი კვირა"
    ),
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
"""Monday is 0."""
MONTHS_BY_LANGUAGE = {
    "lip": {"hr": 6, "pl": 7},
    "lis": {"cs": 11, "hr": 10, "pl": 11},
    "listopad": {"cs": 11, "hr": 10, "pl": 11},
    "listopada": {"hr": 10, "pl": 11},
    "srp": {"cs": 8, "hr": 7},
}
"""Names that stand for one month in one language and for another in the next."""
