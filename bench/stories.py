"""How well reports are put into stories: pairs right and found, and look-alikes joined.

    python bench/stories.py [--data DIR] [--vectors FILE] [--seed N] [--encode] [--json]

DIR holds JSON lines: `stories_*.jsonl` (title, summary, language, published, story_id, perhaps family), a file with
`nearmiss` in its name (pair_id and items of events that are not one), and `stream.jsonl` and `dev.jsonl`, whose items
are moved to the days of the stories so that true pairs are as rare as in practice; what shares an address or a title
with a report of a story is left out. Without DIR the invented reports beside this file are used. FILE is a SQLite cache
of vectors by the SHA-1 of the text; what is missing is encoded and added, items of the background with --encode only.

A pair counts where its reports were published at most three days apart, one of them at least labelled. The arms are
the product's grouping, words alone, cosine of vectors alone (at the threshold that is best for it) and MinHash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from watcher.inference.bundled import BundledEncoder
from watcher.meaning.passage import build_passage
from watcher.meaning.story_space import build_space, measure_closeness
from watcher.meaning.vectors import Rows, normalize
from watcher.stories.grouping import MAX_COMPARED_MEMBERS, GroupedReport, group_reports
from watcher.stories.pair import Closeness, PairScore, build_traits, score_pair
from watcher.stories.similarity import STORY_WINDOW, build_story_text, compute_blocking_keys
from watcher.text.tokenizer import tokens

INVENTED = Path(__file__).with_name("story_reports.jsonl")
POLL = timedelta(hours=1)
NEIGHBOURS = 12
DIMENSIONS = 384


@dataclass(frozen=True)
class Report:
    """A report of a set: `story` is its label, `family` and `pair` what it may be confused with."""

    title: str
    summary: str
    language: str
    published_at: datetime
    story: str
    kind: str
    family: str | None = None

    @property
    def passage(self) -> str:
        """What an encoder reads of it."""
        return build_passage(self.title, self.summary)


@dataclass(frozen=True)
class Score:
    """Pairs joined rightly, wrongly and not, and those of them in two languages; look-alikes that were joined."""

    precision: float
    recall: float
    cross_precision: float
    cross_recall: float
    families: tuple[str, ...]
    near_misses: tuple[str, ...]


def load_reports(folder: Path | None, seed: int, known: Callable[[str], bool]) -> list[Report]:
    """Return labelled reports, look-alikes and the background that was moved to their days."""
    if folder is None:
        return [_read_report(row, "labelled", number) for number, row in enumerate(_read_rows(INVENTED))]
    reports: list[Report] = []
    urls: set[str] = set()
    for path in sorted(folder.glob("stories_*.jsonl")):
        for row in _read_rows(path):
            for number, item in enumerate(row.get("items", [row])):
                urls.add(item.get("url", ""))
                if "items" in row:
                    item = item | {"story_id": f"{row['pair_id']}-{number}", "family": row["pair_id"]}
                reports.append(_read_report(item, "near miss" if "items" in row else "labelled", len(reports)))
    return reports + _load_background(folder, reports, urls, seed, known)


def _load_background(
    folder: Path, reports: Sequence[Report], urls: set[str], seed: int, known: Callable[[str], bool]
) -> list[Report]:
    """Return the items of the background that have a vector, dated at random to the days of the reports."""
    chance = random.Random(seed)
    titles = {report.title for report in reports}
    days = sorted({report.published_at.date() for report in reports})
    background = []
    for row in [row for name in ("stream", "dev") for row in _read_rows(folder / f"{name}.jsonl")]:
        if not row["title"].strip() or row["title"] in titles or row.get("url") in urls:
            continue
        midnight = datetime.combine(chance.choice(days), datetime.min.time(), UTC)
        published_at = midnight + timedelta(hours=48 * chance.random() - 12)
        moved = row | {"published": published_at.isoformat(), "story_id": None}
        report = _read_report(moved, "background", len(background))
        if known(report.passage):
            background.append(report)
    return background


def _read_rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _read_report(row: Mapping[str, str], kind: str, number: int) -> Report:
    moment = datetime.fromisoformat(row["published"])
    return Report(
        title=row["title"].strip(),
        summary=(row.get("summary") or row.get("content") or "").strip(),
        language=row.get("language") or "",
        published_at=moment if moment.tzinfo else moment.replace(tzinfo=UTC, hour=12),
        story=row.get("story_id") or f"{kind} {number}",
        kind=kind,
        family=row.get("family"),
    )


class VectorCache:
    """Vectors of passages, float16 in SQLite, by the SHA-1 of their text."""

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:")
        self._db.execute("CREATE TABLE IF NOT EXISTS v(h TEXT PRIMARY KEY, v BLOB)")
        self._rows = dict(self._db.execute("SELECT h, v FROM v").fetchall())

    def has(self, text: str) -> bool:
        """Return whether the vector of a text is known."""
        return _hash(text) in self._rows

    def load(self, texts: Sequence[str]) -> Rows:
        """Return unit rows of texts; those that are missing are encoded and kept."""
        missing = sorted({text for text in texts if not self.has(text)})
        if missing:
            encoder = BundledEncoder()
            for start in range(0, len(missing), 64):
                some = missing[start : start + 64]
                for text, row in zip(some, encoder.encode_passages(some), strict=True):
                    self._rows[_hash(text)] = np.asarray(row, np.float16).tobytes()
                    self._db.execute("INSERT INTO v VALUES (?, ?)", (_hash(text), self._rows[_hash(text)]))
                self._db.commit()
            encoder.close()
        return normalize(np.stack([np.frombuffer(self._rows[_hash(text)], np.float16) for text in texts]))


def _hash(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


class Desk:
    """Groups reports as the product does, poll by poll, with all vectors at hand or with none."""

    def __init__(self, reports: Sequence[Report], vectors: Rows | None) -> None:
        self.reports = reports
        languages = [report.language for report in reports]
        self._placed = None if vectors is None else build_space(vectors, languages).place(vectors, languages)
        self._rows = None if self._placed is None else np.stack([placed.row for placed in self._placed])
        texts = [build_story_text(report.title, report.summary, "") for report in reports]
        self._traits = [build_traits(text, report.language) for text, report in zip(texts, reports, strict=True)]
        self._marks = [frozenset(compute_blocking_keys(text)) for text in texts]
        self._holders: dict[int, list[int]] = defaultdict(list)
        self.story_of: dict[int, int] = {}
        self._numbers = count(1)
        self._members: dict[int, list[int]] = defaultdict(list)

    def run(self) -> Mapping[int, int]:
        """Group all reports in order of publication; return the story of each by its number."""
        order = sorted(range(len(self.reports)), key=lambda number: self.reports[number].published_at)
        first = start = 0
        while start < len(order):
            begin = self.reports[order[start]].published_at
            end = start
            while end < len(order) and self.reports[order[end]].published_at < begin + POLL:
                end += 1
            while self.reports[order[first]].published_at < begin - STORY_WINDOW:
                first += 1
            self._place_batch(order[start:end], np.array(order[first:end]))
            start = end
        return self.story_of

    def _place_batch(self, batch: Sequence[int], window: np.ndarray) -> None:
        for number in batch:
            for mark in self._marks[number]:
                self._holders[mark].append(number)
        candidates = {number: self._find_candidates(number, window) for number in batch}
        near = {other for some in candidates.values() for other in some}
        stories = sorted({self.story_of[other] for other in near if other in self.story_of})
        known = [*batch, *(member for story in stories for member in self._members[story][-MAX_COMPARED_MEMBERS:])]
        place = {number: index for index, number in enumerate(known)}
        groups = group_reports(
            [self._describe(number) for number in known],
            {place[number]: [place[other] for other in some if other in place] for number, some in candidates.items()},
            lambda report, other: self._compare(*sorted((known[report], known[other]))),
            merge_stories=self._placed is not None,
        )
        for group in groups:
            story = group.story_ids[0] if group.story_ids else next(self._numbers)
            for absorbed in group.story_ids[1:]:
                for member in self._members.pop(absorbed):
                    self._assign(member, story)
            for index in group.members:
                if known[index] not in self.story_of:
                    self._assign(known[index], story)

    def _assign(self, number: int, story: int) -> None:
        self.story_of[number] = story
        self._members[story].append(number)

    def _describe(self, number: int) -> GroupedReport:
        key = (self.reports[number].published_at, self._traits[number].text, str(number))
        return GroupedReport(key=key, story_id=self.story_of.get(number), is_fresh=number not in self.story_of)

    def _find_candidates(self, number: int, window: np.ndarray) -> set[int]:
        oldest = self.reports[int(window[0])].published_at
        counts = Counter(other for mark in self._marks[number] for other in self._holders[mark][-50:])
        recent = [other for other, _count in counts.most_common() if self.reports[other].published_at >= oldest]
        candidates = set(recent[: NEIGHBOURS + 1])
        if self._rows is not None:
            cosines = self._rows[window] @ self._rows[number]
            candidates |= {int(window[index]) for index in np.argsort(-cosines)[: NEIGHBOURS + 1]}
        return candidates - {number}

    @cache  # noqa: B019  (a desk lives as long as the run)
    def _compare(self, report: int, other: int) -> PairScore:
        closeness = None
        if self._placed is not None:
            closeness = Closeness(*measure_closeness(self._placed[report], self._placed[other]))
        return score_pair(self._traits[report], self._traits[other], closeness)


def measure(reports: Sequence[Report], is_joined: Callable[[int, int], bool]) -> Score:
    """Return what an arm joined among the pairs that count."""
    right: Counter[tuple[bool, bool, bool]] = Counter()
    labelled = [number for number, report in enumerate(reports) if report.kind == "labelled"]
    others = [number for number, report in enumerate(reports) if report.kind == "background"]
    pairs = [(member, other) for index, member in enumerate(labelled) for other in (*labelled[:index], *others)]
    joined_families = set()
    for member, other in pairs:
        if abs(reports[member].published_at - reports[other].published_at) > STORY_WINDOW:
            continue
        is_true = reports[member].story == reports[other].story
        joins = is_joined(member, other)
        right[is_true, joins, reports[member].language != reports[other].language] += 1
        if joins and not is_true and reports[member].family and reports[member].family == reports[other].family:
            joined_families.add(str(reports[member].family))
    look_alikes = [number for number, report in enumerate(reports) if report.kind == "near miss"]
    joined_pairs = {
        str(reports[member].family)
        for index, member in enumerate(look_alikes)
        for other in look_alikes[:index]
        if reports[member].family == reports[other].family and is_joined(member, other)
    }

    def share(of: tuple[bool, bool], all_of: Sequence[tuple[bool, bool]], cross: Sequence[bool]) -> float:
        total = sum(right[(*case, language)] for case in all_of for language in cross)
        return sum(right[(*of, language)] for language in cross) / total if total else 1.0

    hit = (True, True)
    return Score(
        precision=share(hit, [hit, (False, True)], [False, True]),
        recall=share(hit, [hit, (True, False)], [False, True]),
        cross_precision=share(hit, [hit, (False, True)], [True]),
        cross_recall=share(hit, [hit, (True, False)], [True]),
        families=tuple(sorted(joined_families)),
        near_misses=tuple(sorted(joined_pairs)),
    )


def measure_arms(reports: Sequence[Report], vectors: Rows) -> dict[str, Score]:
    """Return the score of each arm."""
    stories = Desk(reports, vectors).run()
    words = Desk(reports, None).run()
    rows = normalize(vectors - vectors.mean(axis=0))
    signatures = [_sign(f"{report.title} {report.summary}") for report in reports]
    cosine = max(
        (round(0.3 + 0.05 * step, 2) for step in range(11)),
        key=lambda limit: _f1(measure(reports, lambda number, other: bool(rows[number] @ rows[other] >= limit))),
    )
    return {
        "stories": measure(reports, lambda number, other: stories[number] == stories[other]),
        "words alone": measure(reports, lambda number, other: words[number] == words[other]),
        f"vectors alone (>= {cosine})": measure(
            reports, lambda number, other: bool(rows[number] @ rows[other] >= cosine)
        ),
        "MinHash (>= 0.3)": measure(
            reports, lambda number, other: bool((signatures[number] == signatures[other]).mean() >= 0.3)
        ),
    }


def _f1(score: Score) -> float:
    return 2 * score.precision * score.recall / max(score.precision + score.recall, 1e-9)


def _sign(text: str, permutations: int = 128) -> np.ndarray:
    """Return the MinHash signature of a text's words, as datasketch makes it."""
    hashes = [int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest()) for word in set(tokens(text))]
    chance = np.random.default_rng(1)
    factors, offsets = chance.integers(1, 2**31, permutations), chance.integers(0, 2**31, permutations)
    values = np.array(hashes or [0], np.uint64)[:, None] * factors.astype(np.uint64) + offsets.astype(np.uint64)
    return (values % np.uint64(2**31 - 1)).min(axis=0)


def main() -> int:
    """Print the arms beside each other."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path)
    options.add_argument("--vectors", type=Path)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--encode", action="store_true", help="encode the whole background as well")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    cache_ = VectorCache(chosen.vectors)
    reports = load_reports(chosen.data, chosen.seed, (lambda _text: True) if chosen.encode else cache_.has)
    vectors = cache_.load([report.passage for report in reports])
    began = time.perf_counter()
    scores = measure_arms(reports, vectors)
    if chosen.json:
        print(json.dumps({name: vars(score) for name, score in scores.items()}, indent=2))
        return 0
    kinds = Counter(report.kind for report in reports)
    languages = len({report.language for report in reports})
    print(f"{dict(kinds)}, {languages} languages, {time.perf_counter() - began:.0f} s")
    print(f"{'':24} precision recall | across languages | families, near misses joined")
    for name, score in scores.items():
        print(
            f"{name:24} {score.precision:9.3f} {score.recall:6.3f} | {score.cross_precision:9.3f}"
            f" {score.cross_recall:6.3f} | {len(score.families)}, {len(score.near_misses)}"
        )
    print("joined look-alikes:", ", ".join((*scores["stories"].families, *scores["stories"].near_misses)) or "none")
    return 0


if __name__ == "__main__":
    sys.exit(main())
