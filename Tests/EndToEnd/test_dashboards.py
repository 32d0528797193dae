"""The dashboard and the alerts ask for what the server tells: every name, and every label of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from activator import Activator, listening
from exposition import Exposition
from file_id import append
from receiver import Receiver
from waiting import eventually
from wire import ask

DASHBOARD = Path("deploy/grafana.json")
ALERTS = Path("deploy/alerts.yaml")
# What Prometheus adds to everything that it reads, and what it makes of a histogram.
OWN_LABELS = {"instance", "job", "le"}
WORDS = {"sum", "min", "max", "by", "without", "rate", "increase", "histogram_quantile", "time", "predict_linear", "and", "or"}


def dashboard() -> dict:
    return json.loads(DASHBOARD.read_text())


def panels() -> list[dict]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def rules() -> list[dict]:
    """The rules, by their few kinds of lines: promtool reads the file as a whole where it is installed."""
    found = []
    for line in ALERTS.read_text().split("\n"):
        name, colon, value = line.strip().removeprefix("- ").partition(": ")
        if name == "alert":
            found.append({"alert": value})
        elif colon and found:
            assert name in ("expr", "for", "labels", "summary", "description"), line
            found[-1][name] = value
    return found


def queries() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]] + [rule["expr"] for rule in rules()]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Exposition:
    """The numbers of a server that has everything that has numbers."""
    folder = tmp_path_factory.mktemp("told")
    receiver = Receiver()
    keys = folder / "keys"
    keys.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    # A bucket that is not there has all numbers of one.
    site = Activator(
        folder, {name: listening() for name in ("http", "https", "admin")}, "--webhook", receiver.url,
        "--deliver-s3", "s3://one/", "--s3-endpoint", "http://127.0.0.1:9", "--s3-credentials", str(keys))
    site.start()
    try:
        assert append(site.port("http"), "a", 0, b"hello").status == 200
        eventually(lambda: receiver.taken, "a word")
        yield Exposition(ask(site.port("admin"), "GET", "/metrics").body.decode())
    finally:
        site.close()
        receiver.close()



def family(name: str, page: Exposition) -> str:
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return base if page.types.get(base) == "histogram" else name


def labels_of(family: str, page: Exposition) -> set[str]:
    return {label for (name, labels) in page.samples for label, _ in labels if re.sub(
        r"_(bucket|sum|count)$", "", name) == family or name == family}


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_a_query_asks_for_what_there_is(told, query):
    names = re.findall(r"\b(?:sluice|process)_[a-z0-9_]+", query)
    assert names, "it asks for nothing of ours"
    known = set()
    for name in names:
        assert family(name, told) in told.types, f"{name} is not told"
        known |= labels_of(family(name, told), told)
        is_counter = told.types[family(name, told)] == "counter"
        if is_counter or name != family(name, told):
            assert re.search(rf"(rate|increase)\({name}", query), f"{name} only grows: its rate says something"
    asked = set(re.findall(r'(\w+)=~?"', query))
    for group in re.findall(r"\b(?:by|without) \(([^)]*)\)", query):
        asked |= {label.strip() for label in group.split(",")}
    assert asked <= known | OWN_LABELS, "a label that nothing has"
    assert query.count("(") == query.count(")") and query.count("{") == query.count("}")
    bare = re.sub(r'\{[^}]*\}|\[[^]]*\]|"[^"]*"', "", query)
    words = set(re.findall(r"\b[a-z_][a-z0-9_]+\b", bare)) - set(names) - asked
    assert words <= WORDS, "a function that is not known"


def test_every_legend_names_a_label_of_its_query():
    for panel in panels():
        for target in panel["targets"]:
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert re.search(rf"by \([^)]*\b{label}\b", target["expr"]), (panel["title"], label)


def test_the_panels_stand_beside_each_other_and_are_told_apart():
    places, seen = {}, set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in places, (panel["title"], places.get((x, y)))
                places[x, y] = panel["title"]
        assert panel["id"] not in seen
        seen.add(panel["id"])
    titles = [panel["title"] for panel in dashboard()["panels"]]
    assert len(titles) == len(set(titles))


def test_what_matters_most_has_an_alert_and_each_says_how_bad_it_is():
    text = " ".join(rule["expr"] for rule in rules())
    for name in ("sluice_ready", "sluice_appends_failed_total", "sluice_uploads_failed_total", "sluice_disk_free_bytes",
                 "sluice_event_target_oldest_seconds", "sluice_delivery_oldest_seconds", "sluice_tls_certificate_expiry_timestamp_seconds"):
        assert name in text
    for rule in rules():
        assert rule["labels"] in ("{severity: page}", "{severity: ticket}") and rule["summary"]
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_prometheus_itself_takes_the_rules():
    done = subprocess.run(["promtool", "check", "rules", ALERTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_the_alerts_are_raised_by_what_they_are_for_and_by_nothing_less(tmp_path):
    (tmp_path / "alerts.yaml").write_text(ALERTS.read_text())
    (tmp_path / "test.yaml").write_text("""
rule_files: [alerts.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'sluice_ready{instance="a"}', values: '1 1 0 0 0 0 0'}
      - {series: 'sluice_appends_failed_total{instance="a"}', values: '0 0 0 0 0 1 1'}
      - {series: 'sluice_events_dropped_total{instance="a"}', values: '7x6'}
    alert_rule_test:
      - {eval_time: 1m, alertname: SluiceNotReady}
      - eval_time: 6m
        alertname: SluiceNotReady
        exp_alerts:
          - exp_labels: {severity: page, instance: a}
            exp_annotations: {summary: a takes no uploads, description: /readyz says why.}
      - {eval_time: 4m, alertname: SluiceAppendsFail}
      - {eval_time: 6m, alertname: SluiceEventsLost}
""")
    done = subprocess.run(["promtool", "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
