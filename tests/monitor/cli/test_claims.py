"""`overread agreement claims`: files in, standings out."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli.agreement import app
from monitor.core.errors import TableError

LEDGER = """
claims:
  - {name: radiologists agree, statistic: agreement, at_least: 0.93, across: [modality]}
  - {name: finds effusions, statistic: ppa, at_least: 0.9, finding: effusion}
"""


class Site:
    """Two modalities of 400 studies at 5 % prevalence, whose AI finds all effusions on CR and none on CT."""

    def __init__(self, folder: Path) -> None:
        self.predictions, self.reads, self.ledger = (folder / name for name in ("p.csv", "r.csv", "claims.yaml"))
        studies = [(f"{modality}{i}", modality, i < 20) for modality in ("CR", "CT") for i in range(400)]
        called = [
            f"{study},effusion,{0.9 if ill and where == 'CR' else 0.1},.5,{where}" for study, where, ill in studies
        ]
        self.predictions.write_text("\n".join(["study_id,finding,score,threshold,modality", *called, ""]))
        read = [f"{study},effusion,{int(ill)}" for study, _, ill in studies]
        self.reads.write_text("\n".join(["study_id,finding,label", *read, ""]))

    def claims(self, ledger: str, *options: str, code: int) -> str:
        """What the command prints for this ledger."""
        self.ledger.write_text(ledger)
        files = ["--predictions", str(self.predictions), "--reads", str(self.reads), "--claims", str(self.ledger)]
        result = CliRunner().invoke(app, ["claims", *files, *options], catch_exceptions=False)
        assert result.exit_code == code
        return result.stdout


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The site, its files written."""
    return Site(tmp_path)


def test_a_refuted_claim_fails_the_gate(site: Site) -> None:
    """PPA of .5 refutes .9 with exit 3; agreement is kept on CR, and marked as one that silence would reach."""
    answer: dict[str, Any] = json.loads(site.claims(LEDGER, "--json", code=3))
    agreement, ppa = answer["claims"]
    assert [part["stratum"]["modality"] for part in agreement["parts"]] == ["CR", "CT"]
    assert [part["standing"] for part in agreement["parts"]] == ["supported", "undecided"]
    assert [part["meaningful"] for part in agreement["parts"]] == [False, False]
    assert agreement["standing"] == "undecided"
    assert (ppa["standing"], ppa["parts"][0]["share"]["value"]) == ("refuted", 0.5)
    assert ppa["parts"][0]["needed"] <= 40
    assert answer["excluded"] == {}


def test_people_get_a_table_and_its_warning(site: Site) -> None:
    """The always-negative baseline stands beside a percentage it would reach."""
    printed = site.claims(LEDGER.splitlines()[1] + "\n" + LEDGER.splitlines()[2], code=0)
    assert "never" in printed
    assert "0.950" in printed


def test_a_finding_without_a_pair_leaves_its_claim_undecided(site: Site) -> None:
    """What was promised and never seen is neither kept nor broken."""
    ledger = "claims: [{name: a, statistic: ppa, at_least: .9, finding: mass}]"
    (row,) = json.loads(site.claims(ledger, "--json", code=0))["claims"]
    assert (row["standing"], row["parts"][0]["share"]) == ("undecided", None)


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        ("claims: []", "claims"),
        ("", "claims"),
        ("claims: [{name: a, statistic: sensitivity, at_least: .9}]", "statistic"),
        ("claims: [{name: a, statistic: ppa, at_least: 90}]", "at_least"),
        ("claims: [{name: a, statistic: ppa, at_least: .9, per: site}]", "per"),
        ("claims: [", "YAML"),
        ("claims: [{name: a, statistic: ppa, at_least: .9, across: [scanner]}]", "scanner"),
    ],
)
def test_what_is_no_ledger_is_refused(site: Site, ledger: str, said: str) -> None:
    """An error names the field and what would be accepted."""
    with pytest.raises(TableError, match=said):
        site.claims(ledger, code=0)
