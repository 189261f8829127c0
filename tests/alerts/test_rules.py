import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.metrics.catalogue import CATALOGUE, Kind

ROOT = Path(__file__).parents[2]
RULES = ROOT / "alerts" / "rules" / "overread.rules.yaml"
GROUPS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
RECORDED = {rule["record"]: rule for group in GROUPS for rule in group["rules"] if "record" in rule}
ALERTS = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
NAMES = sorted({rule["alert"] for rule in ALERTS})

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not here: apt-get install prometheus"
)
NUMBER = re.compile(r"(?<![\w:.(])\d+(?:\.\d+)?(?![\w:.])")


def promtool(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run promtool and give back what it said."""
    return subprocess.run(["promtool", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)


def mutants() -> Iterator[Any]:
    """Every alert rule with one thing wrong: a number of its expression, its duration or its severity."""
    for index, rule in enumerate(ALERTS):
        for found in NUMBER.finditer(rule["expr"]):
            wrong = str(float(found[0]) * 1.5 or 1.0)
            expression = rule["expr"][: found.start()] + wrong + rule["expr"][found.end() :]
            yield pytest.param(index, {"expr": expression}, id=f"{rule['alert']}-{found[0]}at{found.start()}")
        if "for" in rule:
            yield pytest.param(index, {"for": "3h"}, id=f"{rule['alert']}-for")
        yield pytest.param(index, {"labels": {**rule["labels"], "severity": "wrong"}}, id=f"{rule['alert']}-severity")


def recorded_for(expression: str) -> list[dict[str, Any]]:
    """The recording rules an expression rests on, in the order they must run."""
    needed: set[str] = set()
    waiting = [expression]
    while waiting:
        text = waiting.pop()
        new = {name for name in RECORDED if name in text} - needed
        needed |= new
        waiting += [RECORDED[name]["expr"] for name in new]
    return [rule for name, rule in RECORDED.items() if name in needed]


@needs_promtool
def test_rules_are_valid() -> None:
    """Prometheus accepts the rule file."""
    checked = promtool("check", "rules", RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_promtool
def test_unit_tests_run_where_they_lie() -> None:
    """A person can run them as they are: `promtool test rules tests/alerts/OverreadDown.test.yaml`."""
    tested = promtool("test", "rules", "tests/alerts/OverreadDown.test.yaml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@needs_promtool
@pytest.mark.parametrize("alert", NAMES)
def test_alert_is_silent_one_step_before_and_fires_at_the_step(alert: str, tmp_path: Path) -> None:
    """The unit test of each alert, named as the alert, passes under promtool."""
    tested = unit_test(alert, ALERTS, tmp_path)
    assert "SUCCESS" in tested, tested


@needs_promtool
@pytest.mark.parametrize(("index", "wrong"), list(mutants()))
def test_no_number_duration_or_severity_is_untested(index: int, wrong: dict[str, Any], tmp_path: Path) -> None:
    """Change any of them and the alert's unit test fails."""
    name = ALERTS[index]["alert"]
    mutated = [{**rule, **wrong} if at == index else rule for at, rule in enumerate(ALERTS)]
    assert "FAILED" in unit_test(name, mutated, tmp_path)


def unit_test(name: str, alerts: list[dict[str, Any]], folder: Path) -> str:
    """What promtool says of one alert's unit test on that alert and the recording rules it rests on, and no more."""
    rules = [rule for rule in alerts if rule["alert"] == name]
    groups = {"overread.recorded": recorded_for(" ".join(rule["expr"] for rule in rules)), "overread.alert": rules}
    held = [{"name": group, "rules": of_group} for group, of_group in groups.items() if of_group]
    (folder / "cut.rules.yaml").write_text(yaml.safe_dump({"groups": held}))
    unit = yaml.safe_load((Path(__file__).parent / f"{name}.test.yaml").read_text())
    unit |= {"rule_files": ["cut.rules.yaml"], "group_eval_order": [group["name"] for group in held]}
    (folder / "cut.test.yaml").write_text(yaml.safe_dump(unit))
    tested = promtool("test", "rules", "cut.test.yaml", cwd=folder)
    return tested.stdout + tested.stderr


def test_every_alert_tells_a_person_what_to_do() -> None:
    """Every alert has a severity, an area, words and links."""
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"page", "ticket", "none"}, rule["alert"]
        assert rule["labels"]["area"] in {"agreement", "drift", "feed", "sidecar"}, rule["alert"]
        assert {"summary", "description", "runbook_url", "dashboard_url"} == rule["annotations"].keys(), rule["alert"]
        assert rule["annotations"]["runbook_url"].endswith(f"/{rule['alert']}.md")


def test_every_alert_has_a_unit_test() -> None:
    """Unit tests and alerts are one to one, by name."""
    assert sorted(path.name.removesuffix(".test.yaml") for path in Path(__file__).parent.glob("*.test.yaml")) == NAMES


def test_every_metric_in_a_rule_is_in_the_catalogue() -> None:
    """A rule speaks only of metrics that Overread exports, in their own names."""
    exported = set(CATALOGUE) | {
        metric.name + suffix
        for metric in CATALOGUE.values()
        if metric.kind is Kind.HISTOGRAM
        for suffix in ("_bucket", "_sum", "_count")
    }
    used = {
        name for rule in (*RECORDED.values(), *ALERTS) for name in re.findall(r"(?<![\w:])overread_\w+", rule["expr"])
    }
    assert used
    assert used <= exported


def test_recorded_names_are_level_metric_operation() -> None:
    """A recorded series is named level:metric:operation, and some alert rests on it."""
    for name in RECORDED:
        assert re.fullmatch(r"job(_[a-z]+)?:overread_[a-z_]+:[a-z0-9]+", name), name
    rested = {rule["record"] for alert in ALERTS for rule in recorded_for(alert["expr"])}
    assert rested == set(RECORDED)
