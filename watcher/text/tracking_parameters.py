"""Names in an address that say where a reader came from and never which article is meant.

Compiled from what the lists of ClearURLs, AdGuard and Brave know and from what the recorded feeds use. A name that
chooses the article on some site (`ref` is a branch, `source` an agency, `s` a search) counts only on the hosts where it
is known to be tracking, or where its value is plainly a session's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

# Whole families: Urchin and Google, Matomo, AT Internet, HubSpot, Webtrekk, Amazon, Yahoo, Branch and others.
PREFIXES = (
    "utm_", "utm-", "mtm_", "matomo_", "piwik_", "itm_", "stm_", "hsa_", "wt_mc", "wt_zmc", "wt.mc", "wt.z_",
    "trk_", "vero_", "oly_", "__hs", "_hs", "pd_rd_", "pf_rd_", "sara_", "lmd_", "guce_", "ftag_", "bsft_", "algo_",
    "fb_action_", "fb_comment_", "_branch_", "_bta_", "__s_", "aff_", "gaa_", "at_bbc_", "at_custom", "at_link",
    "at_recipient", "at_campaign", "cm_mmca", "oft_", "_trk", "__cft__", "__tn__",
)  # fmt: skip
# In this order: advertisers' clicks, networks of partners, e-mail, campaigns of sites, sharing, sources, sessions.
_NAMES = """
    fbclid fbadid fbxclid fb_ref fb_source fb_locale fb_ad gclid gclsrc gcl_au dclid gbraid wbraid gad_source
    gad_campaignid srsltid gs_lcrp gs_lcp ved usg sca_esv rlz sxsrf _ga _gl _gac _gid _gcl_au ga_source ga_medium
    ga_term ga_content ga_campaign ga_place msclkid yclid ysclid ymclid _openstat etext twclid ttclid tt_medium
    tt_content li_fat_id ldtag_cl scclid sccid rdt_cid igshid igsh ig_rid ig_mid mibextid epik xmt cshid wickedid
    wickedsource adgroupid adset_id adposition matchtype creativeid vgo_ee nb_expand_ads nb_klid dicbo oborigurl
    obclick_id tblci taboola_click_id outbrain_click_id trc_mgid plsrc yadclid yadordid fdclid unicorn_click_id bbeml
    iclid irclickid irgwc clickid click_id cjevent cjdata awc ranmid raneaid ransiteid tduid zanpid afftrack affid
    affiliate affiliate_id aff s_kwcid ef_id s_cid spm scm mc_cid mc_eid mc_tc hsctatracking hsmi hsenc mkt_tok
    elqtrackid elqtrack elqaid elqat elqcampaignid elqcsid elqak elq et_rid et_cid et_mid emci emdi emc em_pos nlid
    nl_id spmailingid spuserid spjobid spreportid ck_subscriber_id inf_contact_key infusionsoft_id sfmc_id sfmc_sub
    sfmc_j dm_i _kx ml_subscriber ml_subscriber_hash hashed_user esrc bxid cndid email_source email_referrer
    campaignmonitorid cm_mmc cm_cat cm_pla cm_ite cm_ven cm_re cm_sp cm_lm cm_me_sub cm_cr cmp cmpid cmpgn cmpdate
    icid icmp intcmp int_cmp intcid internal_campaign ncid n_cid tpcc mbid ito xtor xtref xtcr ocid smid smtyp smprod
    wpsrc wpisrc wpmm ftcamp pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid at_medium at_creation
    at_format at_variant at_network at_ptr_name at_platform at_channel at_term at_send_date at_emailtype at_affiliate
    at_general_placement at_detail_placement ns_mchannel ns_source ns_campaign ns_linkname ns_fee sc_campaign
    sc_channel sc_content sc_medium sc_outcome sc_geo sc_country sc_cid intlink_from_url intlink_ts wt.nav cx_testid
    cx_testvariant cx_artpos cx_navsource cxrecs_s nocache cachebuster sharetype share_type sharesource share_source
    share_medium share_from sharefrom share_app_id share_link_id social_share soc_src soc_trk guccounter .tsrc tsrc
    traffic_source trafficsource mpshare mpstatus __twitter_impression __xts__ is_from_webapp sender_device
    unlocked_article_code guestaccesstoken pwapi_token wprov ref_src ref_url refsrc referrer referer http_referer
    referringsource referring_source ref_medium rdid sref srnd leadsource lead_source __source trk trkinfo trkcampaign
    trib_src action_object_map action_type_map action_ref_map jsessionid phpsessid cfid cftoken oscsid zenid
    phpsession
"""
NAMES = frozenset(_NAMES.lower().split())

# Ambiguous names, on the sites (and all hosts below them) where they are known to track.
_BY_SITE_TEXT = """
    news.google.com: oc hl gl ceid
    google.com: sa ei oq aqs sei sourceid client sclient biw bih dpr source
    youtube.com: feature si pp ab_channel kw app
    youtu.be: feature si
    twitter.com: s t cn cxt ref
    x.com: s t cn cxt ref
    reddit.com: ref ref_source rdt share_id correlation_id post_fullname post_index
    facebook.com: fref hc_ref refid paipv notif_id notif_t ref acontext
    instagram.com: hl ig_web_copy_link
    linkedin.com: lipi midtoken midsig refid trackingid originalsubdomain otptoken
    medium.com: source sk gi
    substack.com: r s triedredirect isfreemail showwelcomeonshare
    spotify.com: si context nd
    tiktok.com: _r _t sender_web_id u_code
    amazon.com: tag ref linkcode creative creativeasin psc th ie qid sr crid sprefix dib dib_tag
    producthunt.com: ref
    nytimes.com: partner ref te nl regi_id instance_id segment_id campaign_id user_id module
        action region rss pgtype searchresultposition
    washingtonpost.com: itid tid
    wsj.com: mod reflink st siteid
    marketwatch.com: mod reflink siteid
    barrons.com: mod reflink
    ft.com: segmentid accesstoken
    economist.com: fsrc
    reuters.com: taid rpc il feedtype feedname
    cnn.com: cid iref
    nbcnews.com: cid
    npr.org: ft f sc live
    politico.com: nname nrid
    hbr.org: ab
    latimes.com: int_source
    yahoo.com: src fr
    msn.com: cvid ei pc
    bbc.co.uk: ref
    bbc.com: ref
    theguardian.com: ref page_type
    dw.com: maca
    spiegel.de: ref
    faz.net: gepc
    elpais.com: ssm id_externo_rsoc prm event_log
    elmundo.es: emk
    indianexpress.com: ref
    scmp.com: module pgtype
    asahi.com: iref ref
    rbc.ru: from
    kommersant.ru: from
    vedomosti.ru: from
    lenta.ru: from
    ria.ru: from
    tass.ru: from
"""
_SITES = re.compile(r"^    (?P<site>[a-z.]+): (?P<names>.*(?:\n {8}.*)*)", re.MULTILINE)
_BY_SITE = {match["site"]: frozenset(match["names"].split()) for match in _SITES.finditer(_BY_SITE_TEXT)}
# Names that sessions share with conferences and stories: only a long hash beside another parameter is a session's.
_SESSION_NAMES = frozenset({"sid", "session", "sess", "sessid", "session_id", "sessionid"})
_HASH = re.compile(r"[0-9a-f]{32,64}", re.IGNORECASE)
SESSION_IN_PATH = re.compile(r"(?i);(?:jsessionid|phpsessid|sessionid|sid)=[^/?#;]*|/\(S\([a-z0-9]{16,40}\)\)(?=/)")


def drop_trackers(pairs: Iterable[str], host: str) -> list[str]:
    """Return the `name=value` pairs of a query on `host` without empty ones and without those that only track."""
    on_site = _names_of_site(host)
    kept: list[str] = []
    sessions = 0
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not pair or _tracks(name) or (on_site and name.lower() in on_site):
            continue
        sessions += _is_session(name, value)
        kept.append(pair)
    if 0 < sessions < len(kept):  # phpBB: viewtopic.php?t=7&sid=...
        kept = [pair for pair in kept if not _is_session(*pair.partition("=")[::2])]
    return kept


def _is_session(name: str, value: str) -> bool:
    return len(value) >= 32 and name.lower() in _SESSION_NAMES and _HASH.fullmatch(value) is not None


@lru_cache(4096)
def _tracks(name: str) -> bool:
    name = unquote(name).lower()
    return name in NAMES or name.startswith(PREFIXES)


@lru_cache(4096)
def _names_of_site(host: str) -> frozenset[str]:
    while host:
        if (names := _BY_SITE.get(host)) is not None:
            return names
        host = host.partition(".")[2]
    return frozenset()
