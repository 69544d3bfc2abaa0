"""The files for operators name metrics that exist, and a unit file that confines the service."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.e2e.machine import Desk, wait_for
from tests.servers import MailServer
from tests.web_server import Reply, Server, rss

OPS = Path(__file__).parents[2] / "ops"
_METRIC = re.compile(r"\bwatcher_[a-z_]+")
EXPOSURE_LIMIT = 3.0


def expressions() -> list[str]:
    """Return every expression of the dashboard and of the alert rules."""
    dashboard = json.loads((OPS / "grafana" / "watcher.json").read_text("utf-8"))
    rules = yaml.safe_load((OPS / "prometheus" / "alerts.yaml").read_text("utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return shown + [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What /metrics answers once a feed was polled, another failed, and an alert was sent."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    with Server() as press, MailServer() as mail:
        press.pages["/feed"] = Reply(body=rss(("old", "Harbour pilots end strike|Ships move.")))
        box = {"kind": "email", "host": "127.0.0.1", "port": mail.port, "security": "none", "sender": "w@desk.example",
               "to": ["a@desk.example"]}  # fmt: skip
        alert = {"name": "alerts", "schedule": "immediate", "channels": ["mail"]}
        desk.write([f"{press.url}/feed", f"{press.url}/gone"], channels={"mail": box}, digests=[alert])
        with desk.daemon() as daemon:
            wait_for(lambda: desk.count("entries"), "the baseline")
            press.pages["/feed"] = Reply(body=rss(("new", "Five Eyes meet|In Riga."), ("old", "Harbour|Ships move.")))
            wait_for(lambda: mail.messages, "the alert")
            text = str(wait_for(lambda: daemon.text("/metrics"), "the metrics"))
            assert daemon.end() == 0
    return text


def test_every_metric_of_dashboard_and_rules_is_served(metrics: str) -> None:
    served = set(re.findall(r"^(watcher_[a-z_]+)", metrics, re.MULTILINE))
    named = {name for expression in expressions() for name in _METRIC.findall(expression)}

    assert named
    assert named - served == set()


def test_every_label_value_of_dashboard_and_rules_is_served(metrics: str) -> None:
    for expression in expressions():
        for name, label, values in re.findall(r"(watcher_[a-z_]+)\{(\w+)=~?\"([^\"]+)\"", expression):
            known = set(re.findall(rf'^{name}\{{[^}}]*{label}="([^"]*)"', metrics, re.MULTILINE))
            # A counter shows a value once it happened; gauges show them all.
            if not name.endswith("_total"):
                states = {"pending", "sending", "sent", "retrying", "uncertain", "dead"}
                assert set(values.split("|")) <= known | states, expression


def test_polls_are_counted_by_outcome_and_deliveries_by_channel(metrics: str) -> None:
    assert re.search(r'^watcher_polls_total\{outcome="read"\} [1-9]', metrics, re.MULTILINE)
    assert re.search(r'^watcher_polls_total\{outcome="not-found"\} [1-9]', metrics, re.MULTILINE)
    assert re.search(r'^watcher_deliveries_total\{channel="mail",state="sent"\} 1', metrics, re.MULTILINE)
    assert re.search(r'^watcher_delivery_duration_seconds_bucket\{channel="mail"', metrics, re.MULTILINE)
    assert 'watcher_feed_failures{kind="not-found"} 1.0' in metrics
    assert 'watcher_channel_up{channel="mail"} 1.0' in metrics


def test_unit_file_confines_the_service(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = OPS / "systemd" / "watcher.service"

    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(unit)], capture_output=True, text=True, timeout=60
    )

    match = re.search(r"exposure level for watcher.service: ([\d.]+)", done.stdout)
    assert match is not None, done.stderr
    assert float(match[1]) < EXPOSURE_LIMIT


def test_daemon_tells_its_service_manager_how_it_stands(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write([])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        desk.environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        with desk.daemon() as daemon:
            first = manager.recv(4096).decode()
            answers = [manager.recv(4096).decode() for _answer in range(2)]
            assert daemon.end() == 0
        manager.setblocking(False)
        rest = []
        with suppress(BlockingIOError):
            while True:
                rest.append(manager.recv(4096).decode())

    assert first.startswith("READY=1\nSTATUS=watching 0 feeds")
    assert answers == ["WATCHDOG=1"] * 2
    assert any("STOPPING=1" in line for line in rest)


def test_compose_files_start_the_watcher_after_a_healthy_database() -> None:
    compose = yaml.safe_load((OPS.parent / "compose.yaml").read_text("utf-8"))
    watcher, postgres = compose["services"]["watcher"], compose["services"]["postgres"]

    assert watcher["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "pg_isready" in " ".join(postgres["healthcheck"]["test"])
    assert "profiles" not in postgres
    assert watcher["environment"]["WATCHER_DATABASE_URL"].startswith("postgresql://")
