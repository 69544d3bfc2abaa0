"""Prints what the analysis of topics finds: differences, scores, near misses, costs of clauses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from watcher.cli import output, render_entry

if TYPE_CHECKING:
    from watcher.app.learning import Learning
    from watcher.app.topic_meaning import MeaningMeasurement
    from watcher.app.topic_trial import MeaningDiff, MeaningMatch
    from watcher.topics.cost import ClauseCost, TopicCost
    from watcher.topics.diff import QueryDiff
    from watcher.topics.evaluation import TopicScore
    from watcher.topics.probe import ProbeResult
    from watcher.topics.sample import Elusion, Sample

MIN_SILENT_ENTRIES = 20
"""A language with fewer entries is not listed as without a match."""
MAX_LOOSENINGS = 12


def print_diff(diff: QueryDiff) -> None:
    """Print gained and lost entries; of the lost, judged ones come first."""
    for change in sorted(diff.lost, key=lambda change: change.label is None):
        judged = output.style_text(f" judged {change.label}", output.BOLD) if change.label else ""
        output.print_line(output.style_text("- ", output.RED) + f"lost{judged}")
        render_entry.print_entry(change.stored, change.evidence)
    for change in diff.gained:
        output.print_line(output.style_text("+ ", output.GREEN) + "gained")
        render_entry.print_entry(change.stored, change.evidence)
    output.print_note(
        f"{diff.gained_count:,} gained, {diff.lost_count:,} lost, {diff.kept:,} kept in {diff.tested:,} entries"
    )
    if count := diff.lost_labels.get("relevant"):
        output.print_note(f"{output.format_count(count, 'lost hit')} judged relevant")
    if diff.lost_count > len(diff.lost) or diff.gained_count > len(diff.gained):
        output.print_note("not all are listed; see --limit")


def print_scores(scores: Iterable[TopicScore], items: int, limit: int, *, stored: bool) -> None:
    """Print a table of scores, then what each topic missed and what it matched wrongly."""
    scores = tuple(scores)
    output.print_table(
        ("topic", "tp", "fp", "fn", "tn", "precision (95 %)", "recall (95 %)", "F1"),
        [
            (
                score.topic_id,
                *(str(count) for count in (score.tp, score.fp, score.fn, score.tn)),
                _format_share(score.precision, score.precision_interval),
                _format_share(score.recall, score.recall_interval),
                "-" if score.f1 is None else f"{score.f1:.3f}",
            )
            for score in scores
        ],
        flexible=0,
    )
    for score in scores:
        misses = [(miss.example.place, miss.example.stored.entry.item.title, "") for miss in score.misses]
        _print_examples(f"{score.topic_id}: missed", misses, limit)
        wrong = [
            (
                hit.example.place,
                hit.example.stored.entry.item.title,
                ", ".join(dict.fromkeys(e.text for e in hit.evidence)),
            )
            for hit in score.false_hits
        ]
        _print_examples(f"{score.topic_id}: false hits", wrong, limit)
    output.print_note(f"{output.format_count(items, 'item')} measured")
    if stored:
        output.print_note(
            "measured on judged hits alone: they lack what no version of a topic ever matched, so true recall is lower"
        )


def print_meaning_scores(measured: MeaningMeasurement) -> None:
    """Print how topics do by words, by meaning and by both, then what both find in each language."""
    rows = []
    for topic_id, scores in measured.scores.items():
        rows += [_format_mode(topic_id, mode.value, "labels", score) for mode, score in scores.modes.items()]
        rows += [_format_mode(topic_id, mode.value, "sentences", score) for mode, score in scores.by_sentences.items()]
    output.print_line("")
    # Words learn nothing: one row is enough.
    rows = [row for row in rows if row[1:3] != ("words", "sentences")]
    output.print_table(("topic", "by", "learned from", "recall (95 %)", "precision (95 %)"), rows, flexible=0)
    for topic_id, scores in measured.scores.items():
        languages = [(name or "unknown", list(modes.values())[-1]) for name, modes in scores.languages.items()]
        parts = [f"{name} {score.tp}/{score.tp + score.fn}" for name, score in languages]
        output.print_line(f"{topic_id}, found by both: " + ", ".join(parts))
    budget = next((scores.budget for scores in measured.scores.values()), 0.0)
    output.print_note(
        f"meaning may propose {100 * budget:g} % of {output.format_count(measured.background, 'background item')};"
        " with labels, each item is measured by a head that did not learn from it"
    )


def _format_mode(topic_id: str, mode: str, basis: str, score: TopicScore) -> tuple[str, ...]:
    recall = _format_share(score.recall, score.recall_interval)
    return topic_id, mode, basis, recall, _format_share(score.precision, score.precision_interval)


def print_probe(probe: ProbeResult) -> None:
    """Print near misses, and the one change that each needs to match."""
    for hit in probe.missed:
        output.print_line(
            output.style_text("! ", output.RED) + f"judged relevant, but not matched any more (hit {hit.id})"
        )
        render_entry.print_entry(hit.stored, ())
    for near in probe.near:
        render_entry.print_entry(near.stored, near.evidence)
        output.print_line("  would match: " + output.clean_text(near.by[0]))
    others = probe.near_count - len(probe.near)
    output.print_note(
        f"{output.format_count(probe.near_count, 'near miss', 'near misses')}"
        + (f" ({others:,} not shown)" if others else "")
        + f" among {probe.read:,} entries read, of {probe.tested:,}"
    )
    if probe.relaxations:
        output.print_line("")
        rows = [
            (f"{'at least ' * way.capped}{way.lets_in:,}", way.description)
            for way in probe.relaxations[:MAX_LOOSENINGS]
        ]
        output.print_table(("lets in", "the query"), rows)


def print_meaning_misses(misses: Sequence[MeaningMatch]) -> None:
    """Print the entries that fit a topic's sentences best and that no word finds."""
    output.print_line("")
    for miss in misses:
        render_entry.print_entry(miss.stored, ())
        state = "is proposed" if miss.is_proposed else "not near enough to be proposed"
        output.print_line(output.style_text(f"  by meaning {miss.score:.2f}, {state}", output.DIM))
    output.print_note(
        output.format_count(len(misses), "entry", "entries") + " by meaning, found by no word of the query"
    )


def print_meaning_diff(diff: MeaningDiff) -> None:
    """Print what changed sentences would propose, and what not any more."""
    for match in diff.lost:
        output.print_line(output.style_text("- ", output.RED) + "not proposed any more")
        render_entry.print_entry(match.stored, ())
    for match in diff.gained:
        output.print_line(output.style_text("+ ", output.GREEN) + f"proposed, {match.score:.2f}")
        render_entry.print_entry(match.stored, ())
    output.print_note(
        f"proposals, before the budget of a day: {diff.gained_count:,} gained, {diff.lost_count:,} lost,"
        f" {diff.kept:,} kept"
    )


def print_sample(sample: Sample, elusion: Elusion | None) -> None:
    """Print the sample to read, or what reading it showed."""
    if elusion is None:
        output.print_line(
            output.style_text(
                f"\nA random {len(sample.entries)} of {sample.population:,} that do not match", output.BOLD
            )
        )
        for stored in sample.entries:
            render_entry.print_entry(stored, ())
        output.print_note(
            f"Count the relevant ones among these {len(sample.entries)} and run it again with --seed {sample.seed}"
            " --relevant K: that estimates how many are missed."
        )
        return
    low, high = elusion.missed_interval
    output.print_line(
        f"\n{elusion.relevant} of {elusion.sampled} sampled were relevant: of {sample.population:,} entries that do not"
        f" match, about {elusion.missed:,} are missed (95 %: {low:,} to {high:,}). {sample.matched:,} match."
    )


def print_cost(cost: TopicCost, limit: int) -> None:
    """Print the clauses and words of a topic with the hits of each, and what matches nothing."""
    judged = (
        f" ({cost.relevant} judged relevant, {cost.irrelevant} irrelevant)" if cost.relevant + cost.irrelevant else ""
    )
    output.print_line(f"{output.format_count(cost.hits, 'match', 'matches')} in {cost.tested:,} entries{judged}")
    _print_shares("Clauses", "only this", [share for share in cost.clauses if share.hits], limit)
    _print_shares("Exclusions", "excludes", [share for share in cost.exclusions if share.hits], limit)
    # Exclusions without effect are counted, not listed: shared sets bring many.
    idle = sum(not share.hits for share in cost.exclusions)
    if idle:
        output.print_line(output.style_text(f"  {output.format_count(idle, 'exclusion')} excluded nothing", output.DIM))
    _print_shares("Words", "only this", cost.terms, limit)
    if cost.dead:
        output.print_line(
            output.style_text(f"\n{output.format_count(len(cost.dead), 'word')} without a match", output.DIM)
        )
        output.print_line(
            "  " + output.clean_text(", ".join(cost.dead[: 4 * limit])) + (" ..." if len(cost.dead) > 4 * limit else "")
        )
    silent = [
        f"{language} ({entries:,} entries)"
        for language, (entries, hits) in cost.languages.items()
        if not hits and entries >= MIN_SILENT_ENTRIES and language != "unknown"
    ]
    if silent:
        output.print_line(
            output.style_text("\nLanguages with entries and no match", output.DIM) + "  " + ", ".join(silent)
        )


def _print_shares(title: str, alone: str, shares: Sequence[ClauseCost], limit: int) -> None:
    if not shares or not limit:
        return
    output.print_line(output.style_text(f"\n{title}", output.BOLD))
    output.print_table(
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
        output.print_line(output.style_text(f"  {len(shares) - limit:,} more", output.DIM))


def _print_examples(title: str, rows: Sequence[tuple[str, str, str]], limit: int) -> None:
    if not rows or not limit:
        return
    output.print_line(output.style_text(f"\n{title} ({len(rows)})", output.BOLD))
    for place, headline, words in rows[:limit]:
        evidence = output.style_text(f"  [{output.clean_text(words)}]", output.YELLOW) if words else ""
        output.print_line(f"  {output.clean_text(place)}: {output.clean_text(headline)}{evidence}")
    if len(rows) > limit:
        output.print_line(output.style_text(f"  {len(rows) - limit} more; see --limit", output.DIM))


def _format_share(value: float | None, interval: tuple[float, float] | None) -> str:
    return "-" if value is None or interval is None else f"{value:.3f} ({interval[0]:.2f}-{interval[1]:.2f})"


def print_learning(learning: Learning) -> None:
    """Print what a topic has learned beside its sentences: judgements, and the head that was fitted on them."""
    topic = learning.topic
    if not topic.has_sentences:
        return
    output.print_line(output.style_text("\nMeaning", output.DIM))
    budget = f"at most {topic.proposals} proposals a day" if topic.proposals is not None else "no proposals"
    judged = f"{learning.judged.relevant} judged relevant, {learning.judged.irrelevant} not"
    output.print_line(f"  {budget}; learned from {judged}")
    head = learning.head
    if head is None:
        output.print_line("  nothing fitted yet")
    else:
        fitted_at = output.format_time(head.fitted_at)
        output.print_line(f"  head {head.version}, threshold {head.threshold:.3f}, fitted {fitted_at}, {head.model}")
