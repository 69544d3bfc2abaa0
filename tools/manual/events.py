"""The pages of metrics and of log events, read from the calls in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.manual.markup import code, escape, page, table

PACKAGE = Path(__file__).parents[2] / "watcher"
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
KINDS = {
    "GaugeMetricFamily": "gauge",
    "CounterMetricFamily": "counter",
    "InfoMetricFamily": "info",
    "Counter": "counter",
    "Gauge": "gauge",
    "Histogram": "histogram",
}


def _walk_calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of the package with the module that it stands in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield module, node


def list_log_events() -> list[tuple[str, str, str, str]]:
    """Return every event that is logged: its text, level, the names of its values, and the module."""
    events = set()
    for module, call in _walk_calls():
        function = call.func
        if not (isinstance(function, ast.Attribute) and function.attr in LEVELS and call.args):
            continue
        owner = function.value
        if not (isinstance(owner, ast.Name) and owner.id in ("log", "logger")):
            continue
        text = call.args[0]
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            values = ", ".join(code(keyword.arg or "…") for keyword in call.keywords)
            level = "error" if function.attr == "exception" else function.attr
            events.add((text.value, level, values, module))
    return sorted(events)


def list_metrics() -> list[tuple[str, str, str, str]]:
    """Return every metric: its name as Prometheus sees it, its kind, its labels, and what it counts."""
    metrics = set()
    for _module, call in _walk_calls():
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name not in KINDS or len(call.args) < 2:
            continue
        texts = [part.value for part in call.args[:2] if isinstance(part, ast.Constant)]
        if len(texts) != 2:
            continue
        given = [
            *call.args[2:3],
            *(keyword.value for keyword in call.keywords if keyword.arg in ("labels", "labelnames")),
        ]
        labels = [
            str(part.value)
            for value in given
            if isinstance(value, ast.List | ast.Tuple)
            for part in value.elts
            if isinstance(part, ast.Constant)
        ]
        end = {"counter": "_total", "info": "_info"}.get(KINDS[name], "")
        metric = str(texts[0]).removesuffix(end) + end
        metrics.add((metric, KINDS[name], ", ".join(map(code, labels)), str(texts[1])))
    return sorted(metrics)


def write_metrics() -> str:
    """Return the page of metrics."""
    rows = [(code(name), kind, labels, escape(text)) for name, kind, labels, text in list_metrics()]
    introduction = (
        "`/metrics` answers in the text format of Prometheus. Gauges are read from the database and cover all "
        "processes; counters of polls and deliveries count what one process did since it started. Alert rules and a "
        "dashboard are in [ops/](../../ops/)."
    )
    return page("Metrics", introduction, table(("metric", "kind", "labels", "what it counts"), rows))


def write_log_events() -> str:
    """Return the page of log events."""
    rows = [(escape(text), level, values, code(module)) for text, level, values, module in list_log_events()]
    introduction = (
        "The daemon logs to stderr: JSON with one event a line, or plain lines on a terminal. `event` holds the text "
        "below, `level` the level; the other keys are listed. `--verbose` shows those of level debug."
    )
    return page("Log events", introduction, table(("event", "level", "keys", "module"), rows))
