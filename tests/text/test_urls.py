"""Addresses: absolute and safe, canonical for comparing, and where permanent redirects lead."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watcher.model.poll import Redirect
from watcher.text.urls import canonical_url, http_url, is_same_site, permanent_target, site_of

BASE = "https://news.example/feeds/all.xml"
_PIECE = st.text(alphabet="abzAZ09.-_~%/?&=#!:@ äж[]\\+;,'", max_size=30)
_ADDRESSES = st.builds(
    "{}://{}{}".format, st.sampled_from(["http", "https", "HTTP"]), st.sampled_from(["a.example", "Ä.example"]), _PIECE
)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        pytest.param("https://a.example/x?y=1#z", "https://a.example/x?y=1#z", id="absolute stays"),
        pytest.param("/x", "https://news.example/x", id="relative to the root"),
        pytest.param("x/y", "https://news.example/feeds/x/y", id="relative to the document"),
        pytest.param("//cdn.example/x", "https://cdn.example/x", id="relative to the scheme"),
        pytest.param("  https://a.example/a b\n", "https://a.example/a%20b", id="blanks inside are encoded"),
        pytest.param("HTTPS://a.example/X", "https://a.example/X", id="scheme in capitals"),
        pytest.param("javascript:alert(1)", None, id="javascript"),
        pytest.param("data:text/html,x", None, id="data"),
        pytest.param("file:///etc/hostname", None, id="file"),
        pytest.param("mailto:a@a.example", None, id="mail"),
        pytest.param("http:///x", None, id="no host"),
        pytest.param("https://[::1/x", None, id="broken host"),
        pytest.param("https://a.example:99999/", None, id="no such port"),
        pytest.param("https://a.example/" + "x" * 5000, None, id="too long"),
    ],
)
def test_only_absolute_web_addresses_come_out(written: str, url: str | None) -> None:
    assert http_url(written, BASE) == url


@pytest.mark.parametrize(
    ("address", "other"),
    [
        pytest.param("http://a.example/x", "https://a.example/x", id="scheme"),
        pytest.param("https://a.example/x/", "https://a.example/x", id="slash at the end"),
        pytest.param("https://a.example:443/x", "https://a.example/x", id="default port"),
        pytest.param("https://A.Example./x", "https://a.example/x", id="host in capitals, with a dot"),
        pytest.param("https://a.example/x#3", "https://a.example/x", id="fragment that counts revisions"),
        pytest.param("https://a.example/x#xtor=RSS-32", "https://a.example/x", id="fragment that tracks"),
        pytest.param("https://a.example/x?utm_source=rss&id=3", "https://a.example/x?id=3", id="tracking beside an id"),
        pytest.param("https://a.example/x?fbclid=1&at_medium=RSS", "https://a.example/x", id="nothing but tracking"),
        pytest.param("https://a.example/x?b=2&a=1", "https://a.example/x?a=1&b=2", id="order of the parameters"),
        pytest.param("https://a.example/x;jsessionid=0AF3?id=1", "https://a.example/x?id=1", id="session in the path"),
        pytest.param("https://a.example/(S(o5x1yqzw0t2bkq55ey1zjq45))/x", "https://a.example/x", id="session of ASP"),
        pytest.param("https://a.example/x?PHPSESSID=abc", "https://a.example/x", id="session in the query"),
        pytest.param(f"https://a.example/x?sid={'0af3' * 8}&t=1", "https://a.example/x?t=1", id="hash of a session"),
        pytest.param("https://www.wsj.com/a?mod=rss", "https://www.wsj.com/a", id="tracking on this site alone"),
        pytest.param("https://edition.cnn.com/a?cid=x&p=1", "https://edition.cnn.com/a?p=1", id="below such a site"),
        pytest.param("https://a.example/x?UTM%5Fsource=a", "https://a.example/x", id="encoded name of a tracker"),
        pytest.param("https://bücher.example/x", "https://xn--bcher-kva.example/x", id="international host"),
        pytest.param("https://a.example/a b", "https://a.example/a%20b", id="blanks"),
        pytest.param("https://a.example/ж", "https://a.example/%D0%B6", id="letters beyond ASCII"),
        pytest.param(
            "https://www.google.com/url?rct=j&url=https%3A%2F%2Fa.example%2Fx&ct=ga",
            "https://a.example/x",
            id="redirector of an alert",
        ),
        pytest.param(
            "https://news.google.com/rss/articles/CBMiFWh0dHBzOi8vYS5leGFtcGxlL3gvMQ?oc=5",
            "https://a.example/x/1",
            id="article address inside a news aggregator's",
        ),
    ],
)
def test_two_addresses_of_one_article_are_one(address: str, other: str) -> None:
    assert canonical_url(address) == canonical_url(other)


@pytest.mark.parametrize(
    ("address", "other"),
    [
        pytest.param("https://a.example/x?id=1", "https://a.example/x?id=2", id="query that names the article"),
        pytest.param("https://a.example/X", "https://a.example/x", id="case of the path"),
        pytest.param("https://a.example/#!/1", "https://a.example/#!/2", id="fragment that names the article"),
        pytest.param("https://a.example/log#v2", "https://a.example/log", id="fragment that names a place"),
        pytest.param("https://a.example/x#comment-1", "https://a.example/x#comment-2", id="comments of a page"),
        pytest.param("https://a.example/x#id=1", "https://a.example/x#id=2", id="fragment with a parameter"),
        pytest.param("https://a.example:8443/x", "https://a.example/x", id="port"),
        pytest.param("https://a.example/x?a=1&a=2", "https://a.example/x?a=2&a=1", id="order of one name"),
        pytest.param("https://a.example/news?sid=1200&m=1", "https://a.example/news?sid=1201&m=1", id="number in sid"),
        pytest.param(f"https://a.example/x?sid={'0af3' * 8}", "https://a.example/x", id="hash that is all there is"),
        pytest.param(f"https://a.example/x?s={'0af3' * 8}&p=1", "https://a.example/x?p=1", id="hash of an article"),
        pytest.param("https://a.example/x?ref=main", "https://a.example/x?ref=next", id="ref that may be a branch"),
        pytest.param("https://a.example/x?mod=1", "https://a.example/x?mod=2", id="mod that may be a module"),
        pytest.param("https://a.example/x?source=1", "https://a.example/x?source=2", id="source of the article"),
        pytest.param("https://wsj.com.example/a?mod=1", "https://wsj.com.example/a", id="host that ends otherwise"),
    ],
)
def test_addresses_of_two_articles_stay_two(address: str, other: str) -> None:
    assert canonical_url(address) != canonical_url(other)


_TRACKERS = (
    "utm_source utm_id mtm_campaign fbclid gclid gclsrc dclid gbraid gad_source msclkid yclid ysclid twclid "
    "ttclid mibextid li_fat_id igshid mc_cid mc_eid ref_src ref_url ncid intcmp icid _openstat vero_id "
    "hsCtaTracking _hsenc _hsmi cmpid CMP at_medium at_campaign at_bbc_team ns_mchannel xtor ocid smid wt_mc "
    "wt_zmc sara_ref srsltid spm irclickid epik share_source __twitter_impression guccounter guce_referrer "
    "oly_enc_id elqTrackId mkt_tok s_cid awc jsessionid PHPSESSID cfid"
)
_CHOOSERS = (
    "id p page story article a s q aid nid newsid news_id item entry post postid guid slug date day year lang "
    "topic category section tag ref source partner mod module type view v t n feed name title file path url sid "
    "session_id campaign_id adid track_id tracker issue from to number no idx seq key code doc oid cid fid tid "
    "uid hl"
)


@pytest.mark.parametrize("name", _TRACKERS.split())
def test_name_of_a_tracker_is_dropped_on_every_host(name: str) -> None:
    assert canonical_url(f"https://a.example/x?id=3&{name}=Zz9-1") == "https://a.example/x?id=3"


@pytest.mark.parametrize("name", _CHOOSERS.split())
def test_name_that_may_choose_the_article_stays(name: str) -> None:
    assert canonical_url(f"https://a.example/x?{name}=7") == f"https://a.example/x?{name}=7"


@given(st.one_of(_ADDRESSES, st.text(max_size=60)))
@example("https://www.google.com/url?url=https%3A%2F%2Fwww.google.com%2Furl%3Furl%3Dhttps%253A%252F%252Fa.example")
@example("https://a.example/#!x y")
@example("http://a.example//x//")
@example("http://a.example/0?b\x85\x1b")
def test_canonical_twice_is_canonical_once(url: str) -> None:
    once = canonical_url(url)

    assert canonical_url(once) == once


@given(st.one_of(_ADDRESSES, st.text(max_size=60)))
@example("0\x85\x1b")
@example("0\x85#")
def test_what_comes_out_goes_in_again(written: str) -> None:
    url = http_url(written, BASE)

    assert url is None or (http_url(url) == url and url.startswith(("http://", "https://")))


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.a.example", "a.example"),
        ("feeds.bbc.co.uk", "bbc.co.uk"),
        ("one.blogspot.com", "one.blogspot.com"),
        ("www.one.substack.com", "one.substack.com"),
        ("a.netlify.app", "a.netlify.app"),
        ("x.a.herokuapp.com", "a.herokuapp.com"),
        ("www.pravda.kiev.ua", "pravda.kiev.ua"),
        ("news.city.kawasaki.jp", "city.kawasaki.jp"),
        ("www.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("::1", "::1"),
        ("WWW.A.EXAMPLE.", "a.example"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_site_of_a_host(host: str, site: str) -> None:
    assert site_of(host) == site


def test_a_neighbour_under_a_public_suffix_is_another_site() -> None:
    assert is_same_site("https://a.example/x", "http://www.a.example/y")
    assert not is_same_site("https://one.co.uk/", "https://two.co.uk/")
    assert not is_same_site("https://one.github.io/", "https://two.github.io/")
    assert not is_same_site("https://one.netlify.app/", "https://two.netlify.app/")
    assert not is_same_site("https://one.msk.ru/", "https://two.msk.ru/")
    assert not is_same_site("https://[broken", "https://[broken")


@pytest.mark.parametrize(
    ("hops", "target"),
    [
        pytest.param([], None, id="no redirect"),
        pytest.param([(301, "https://b.example/f")], "https://b.example/f", id="permanent"),
        pytest.param([(301, "https://b.example/f"), (308, "https://c.example/f")], "https://c.example/f", id="two"),
        pytest.param([(301, "https://b.example/f"), (302, "https://c.example/f")], "https://b.example/f", id="prefix"),
        pytest.param([(302, "https://b.example/f"), (301, "https://c.example/f")], None, id="temporary first"),
        pytest.param([(301, "http://a.example/f")], None, id="down to http"),
        pytest.param([(301, "https://a.example/feed")], None, id="back to where it began"),
    ],
)
def test_only_the_permanent_prefix_moves_a_feed(hops: list[tuple[int, str]], target: str | None) -> None:
    followed = [Redirect(status=status, url=url) for status, url in hops]

    assert permanent_target(followed, "https://a.example/feed") == target


@given(
    st.sampled_from(["example.org", "news.google.com", "a.example"]),
    st.sampled_from(["", "/", "/a/b", "/a/b/"]),
    st.lists(
        st.sampled_from(["utm_source=rss", "id=7", "a", "=", "q=x-y_z", "", "UTM_MEDIUM=x", "b=1=2", "oc=5"]),
        max_size=5,
    ),
)
def test_the_quick_way_to_a_canonical_address_is_the_thorough_one(host: str, path: str, pairs: list[str]) -> None:
    rest = f"{path or '/'}?{'&'.join(pairs)}"

    assert canonical_url(f"https://{host}{rest}") == canonical_url(f"https://{host.upper()}{rest}")
