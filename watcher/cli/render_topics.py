"""Shows to a person what topic care found: changes, scores, near misses, the worth of clauses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from watcher.cli import output, render_entry

if TYPE_CHECKING:
    from watcher.topics.cost import ClauseCost, TopicCost
    from watcher.topics.diff import QueryDiff
    from watcher.topics.evaluation import TopicScore
    from watcher.topics.probe import ProbeResult
    from watcher.topics.sample import Elusion, Sample

SILENT_FROM = 20
"""A language with fewer entries is not said to be silent."""


def show_diff(found: QueryDiff) -> None:
    """Show gained and lost entries, those that people judged first among the lost."""
    for change in sorted(found.lost, key=lambda change: change.label is None):
        judged = output.style(f" judged {change.label}", output.BOLD) if change.label else ""
        output.put(output.style("- ", output.RED) + f"lost{judged}")
        render_entry.show_entry(change.stored, change.evidence)
    for change in found.gained:
        output.put(output.style("+ ", output.GREEN) + "gained")
        render_entry.show_entry(change.stored, change.evidence)
    output.note(
        f"{found.gained_count:,} gained, {found.lost_count:,} lost, {found.kept:,} kept in {found.tested:,} entries"
    )
    if count := found.lost_labels.get("relevant"):
        output.note(f"of the lost, {output.counted(count, 'hit')} had been judged relevant")
    if found.lost_count > len(found.lost) or found.gained_count > len(found.gained):
        output.note("not all are listed; see --limit")


def show_scores(scores: Iterable[TopicScore], items: int, limit: int, *, stored: bool) -> None:
    """Show a table of measures, then what each topic missed and found wrongly."""
    scores = tuple(scores)
    output.table(
        ("topic", "tp", "fp", "fn", "tn", "precision (95 %)", "recall (95 %)", "F1"),
        [
            (
                score.topic_id,
                *(str(count) for count in (score.tp, score.fp, score.fn, score.tn)),
                _measure(score.precision, score.precision_interval),
                _measure(score.recall, score.recall_interval),
                "-" if score.f1 is None else f"{score.f1:.3f}",
            )
            for score in scores
        ],
        flexible=0,
    )
    for score in scores:
        misses = [(miss.example.place, miss.example.stored.entry.item.title, "") for miss in score.misses]
        _show_examples(f"{score.topic_id}: missed", misses, limit)
        wrong = [
            (
                hit.example.place,
                hit.example.stored.entry.item.title,
                ", ".join(dict.fromkeys(e.text for e in hit.evidence)),
            )
            for hit in score.false_hits
        ]
        _show_examples(f"{score.topic_id}: found wrongly", wrong, limit)
    output.note(f"{output.counted(items, 'item')} measured")
    if stored:
        output.note(
            "judged hits alone: what no version of a topic ever found is not among them, so recall is flattered"
        )


def show_probe(found: ProbeResult) -> None:
    """Show near misses and the one change that would let each in."""
    for hit in found.missed:
        output.put(output.style("! ", output.RED) + f"judged relevant, and not matched today (hit {hit.id})")
        render_entry.show_entry(hit.stored, ())
    for near in found.near:
        render_entry.show_entry(near.stored, near.evidence)
        output.put("  would match: " + output.clean(near.by[0]))
    others = found.near_count - len(found.near)
    output.note(
        f"{output.counted(found.near_count, 'near miss', 'near misses')}"
        + (f" ({others:,} not shown)" if others else "")
        + f" among {found.read:,} entries looked at, of {found.tested:,}"
    )
    if found.relaxations:
        output.put("")
        rows = [(f"{'at least ' * way.capped}{way.lets_in:,}", way.description) for way in found.relaxations[:12]]
        output.table(("lets in", "the query"), rows)


def show_sample(drawn: Sample, found: Elusion | None) -> None:
    """Show the draw to read, or what reading it came to; and on what that rests."""
    if found is None:
        output.put(
            output.style(f"\nA random {len(drawn.entries)} of {drawn.population:,} that do not match", output.BOLD)
        )
        for stored in drawn.entries:
            render_entry.show_entry(stored, ())
        output.note(
            f"Count the relevant ones among these {len(drawn.entries)} and run it again with --seed {drawn.seed}"
            " --relevant K: that tells how many are missed."
        )
        return
    low, high = found.missed_interval
    output.put(
        f"\n{found.relevant} of {found.sampled} sampled were relevant: of {drawn.population:,} entries that do not"
        f" match, about {found.missed:,} are missed (95 %: {low:,} to {high:,}), beside {drawn.matched:,} that match."
    )


def show_cost(found: TopicCost, limit: int) -> None:
    """Show the clauses and words of a topic with what rests on each, and what is silent."""
    judged = (
        f" ({found.relevant} judged relevant, {found.irrelevant} irrelevant)"
        if found.relevant + found.irrelevant
        else ""
    )
    output.put(f"{output.counted(found.hits, 'match', 'matches')} in {found.tested:,} entries{judged}")
    _show_shares("Clauses", "alone", [share for share in found.clauses if share.hits], limit)
    _show_shares("Exclusions", "takes away", [share for share in found.exclusions if share.hits], limit)
    idle = sum(not share.hits for share in found.exclusions)
    if idle:
        output.put(output.style(f"  {output.counted(idle, 'exclusion')} took nothing away", output.DIM))
    _show_shares("Words", "alone", found.terms, limit)
    if found.dead:
        output.put(
            output.style(f"\nSilent: {output.counted(len(found.dead), 'word')} that no match rests on", output.DIM)
        )
        output.put(
            "  " + output.clean(", ".join(found.dead[: 4 * limit])) + (" ..." if len(found.dead) > 4 * limit else "")
        )
    silent = [
        f"{language} ({there:,} entries)"
        for language, (there, spoken) in found.languages.items()
        if not spoken and there >= SILENT_FROM and language != "unknown"
    ]
    if silent:
        output.put(output.style("\nLanguages with entries and no match", output.DIM) + "  " + ", ".join(silent))


def _show_shares(title: str, alone: str, shares: Sequence[ClauseCost], limit: int) -> None:
    if not shares or not limit:
        return
    output.put(output.style(f"\n{title}", output.BOLD))
    output.table(
        (alone, "hits", "judged", "last", "clause"),
        [
            (
                f"{share.alone:,}",
                f"{share.hits:,}",
                f"+{share.relevant} -{share.irrelevant}" if share.relevant or share.irrelevant else "",
                f"{share.last_at:%Y-%m-%d}" if share.last_at else "",
                share.clause,
            )
            for share in shares[:limit]
        ],
    )
    if len(shares) > limit:
        output.put(output.style(f"  {len(shares) - limit:,} more", output.DIM))


def _show_examples(title: str, rows: Sequence[tuple[str, str, str]], limit: int) -> None:
    if not rows or not limit:
        return
    output.put(output.style(f"\n{title} ({len(rows)})", output.BOLD))
    for place, headline, words in rows[:limit]:
        found = output.style(f"  [{output.clean(words)}]", output.YELLOW) if words else ""
        output.put(f"  {output.clean(place)}: {output.clean(headline)}{found}")
    if len(rows) > limit:
        output.put(output.style(f"  {len(rows) - limit} more; see --limit", output.DIM))


def _measure(value: float | None, interval: tuple[float, float] | None) -> str:
    return "-" if value is None or interval is None else f"{value:.3f} ({interval[0]:.2f}-{interval[1]:.2f})"
