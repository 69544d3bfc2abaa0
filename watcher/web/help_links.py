"""Where the manual explains each page: the one table, by the path of the route, as `page#anchor` of the manual."""

from __future__ import annotations

from collections.abc import Mapping

HELP_LINKS: Mapping[str, str] = {
    "/": "web#hits",
    "/account": "people#sessions-and-tokens",
    "/account/digests": "people#digests-of-your-own",
    "/api/docs": "api",
    "/archive": "how-to/reader#search-everything",
    "/as-of": "web#as-of-a-date",
    "/audit": "people#who-changed-what",
    "/channels": "channels#configure-channels",
    "/channels/edit": "channels#channel-kinds",
    "/channels/new": "channels#channel-kinds",
    "/channels/test": "channels#test-a-channel",
    "/deliveries": "channels#delivery-states",
    "/digests": "web#digests-and-channels",
    "/digests/edit": "digests#options",
    "/digests/new": "digests#schedules",
    "/digests/preview": "digests#content",
    "/digests/{digest_id}": "digests#content",
    "/entries/{entry_id}": "how-to/reader#see-why-something-is-there",
    "/entries/{entry_id}/similar": "web#hits",
    "/feeds": "feeds#check-the-state-of-a-feed",
    "/feeds/add": "feeds#add-a-feed",
    "/feeds/edit": "feeds#correct-a-feeds-address",
    "/feeds/import": "feeds#import-and-export-opml",
    "/feeds/show": "feeds#health",
    "/history": "web#settings-and-history",
    "/hits": "web#hits",
    "/hits/{hit_id}": "how-to/reader#see-why-something-is-there",
    "/label/{token}": "how-to/reader#judge-hits-and-proposals",
    "/login": "people#log-in",
    "/notes": "web#saved-views-and-notes",
    "/overview": "web#overview",
    "/people": "people#add-people",
    "/proposals": "topics#judge-what-is-proposed",
    "/settings": "web#settings-and-history",
    "/setup": "setup#on-the-page",
    "/setup/done": "setup#what-it-writes",
    "/stories": "web#stories",
    "/stories/{story_id}": "web#stories",
    "/topics": "topics",
    "/topics/{topic_id}": "topics#change-a-topic",
    "/unsubscribe/{token}": "how-to/reader#stop-a-digest",
    "/views": "web#saved-views-and-notes",
    "/workbench": "web#topics-and-the-topic-builder",
    "/workbench/article": "topics#draft-a-topic-from-an-article",
}
_ROLES = "people#roles"


def find_help_link(route: str, *, is_refused: bool = False) -> str:
    """Return the path of what explains a page, by the path of its route: the nearest one above it where it has none.

    A page that its visitor's role does not open leads to the roles; one that is nowhere, to the manual's first page.
    """
    if is_refused:
        return f"/help/{_ROLES}"
    while route and route not in HELP_LINKS:
        route = route.rpartition("/")[0]
    return f"/help/{HELP_LINKS[route]}" if route else "/help"
