import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "overread"
HELM = ROOT / ".tools" / "helm"
OPTIONS = sorted((CHART / "ci").glob("*-values.yaml"))
KUBERNETES = "1.37"
PORTS = {"dicom": 11112, "mllp": 2575, "api": 8080, "metrics": 9464, "dashboard": 8501}

Manifest = dict[str, Any]

needs_helm = pytest.mark.skipif(not HELM.exists(), reason="helm is not here: python tests/helm/fetch_helm.py")
each_option = pytest.mark.parametrize("option", [None, *OPTIONS], ids=lambda path: path.stem if path else "default")


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the real helm."""
    return subprocess.run([HELM, *map(str, arguments)], capture_output=True, text=True, check=False)


@cache
def rendered(option: str | None = None) -> tuple[Manifest, ...]:
    """The manifests of the chart with one of its `ci` files, by name, or with its defaults."""
    values = [] if option is None else ["--values", CHART / "ci" / f"{option}-values.yaml"]
    answer = helm("template", "overread", CHART, *values)
    assert answer.returncode == 0, answer.stderr
    return tuple(manifest for manifest in yaml.safe_load_all(answer.stdout) if manifest)


def of_kind(kind: str, option: str | None = None) -> list[Manifest]:
    """The manifests of one kind."""
    return [manifest for manifest in rendered(option) if manifest["kind"] == kind]


def named(option: Path | None) -> str | None:
    """A `ci` file's option."""
    return None if option is None else option.name.removesuffix("-values.yaml")


def pods(option: str | None = None) -> dict[str, Manifest]:
    """Pod specifications by component."""
    templates = [deployment["spec"]["template"] for deployment in of_kind("Deployment", option)]
    return {pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod["spec"] for pod in templates}


def environment(pod: Manifest) -> dict[str, Any]:
    """A pod's environment; a value from a Secret as its reference."""
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in pod["containers"][0]["env"]}


@needs_helm
def test_lints() -> None:
    """`helm lint --strict` accepts the chart."""
    linted = helm("lint", "--strict", CHART)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@needs_helm
@each_option
def test_manifests_are_valid(option: Path | None) -> None:
    """Every manifest of Kubernetes' own kinds fits its schema, with no unknown field."""
    own = [manifest for manifest in rendered(named(option)) if "monitoring.coreos.com" not in manifest["apiVersion"]]
    assert own
    for manifest in own:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


@needs_helm
@pytest.mark.parametrize(
    ("kind", "enabling"),
    [
        ("PrometheusRule", "prometheus-rule"),
        ("ServiceMonitor", "service-monitor"),
        ("NetworkPolicy", "network-policy"),
    ],
)
def test_renders_nothing_when_disabled(kind: str, enabling: str) -> None:
    """What is off by default leaves no trace, and is there when it is on."""
    assert of_kind(kind) == []
    assert of_kind(kind, enabling)


@needs_helm
@pytest.mark.parametrize(
    ("kind", "disabling", "left"),
    [
        ("Deployment", "dashboard-disabled", ["overread"]),
        ("Service", "dashboard-disabled", ["overread", "overread-metrics"]),
        ("PersistentVolumeClaim", "persistence-disabled", []),
        ("PersistentVolumeClaim", "persistence-existing-claim", []),
        ("ServiceAccount", "service-account-disabled", []),
    ],
)
def test_disabled_part_is_gone(kind: str, disabling: str, left: list[str]) -> None:
    """What is on by default is there, and gone when it is off."""
    assert len(of_kind(kind)) > len(left)
    assert sorted(manifest["metadata"]["name"] for manifest in of_kind(kind, disabling)) == left


@needs_helm
@each_option
def test_pods_are_confined(option: Path | None) -> None:
    """No pod runs as root, writes to its image, gains rights, holds a cluster token or takes services for settings."""
    for pod in pods(named(option)).values():
        assert pod["securityContext"]["runAsNonRoot"]
        assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"/data", "/tmp"} <= {mount["mountPath"] for mount in container["volumeMounts"]}  # noqa: S108 -- a mount in a pod
        assert container["resources"]["limits"]["memory"]


@needs_helm
@each_option
def test_no_telemetry_leaves(option: Path | None) -> None:
    """Every pod tells its libraries not to phone home."""
    for pod in pods(named(option)).values():
        assert environment(pod)["DO_NOT_TRACK"] == "1"
        assert environment(pod)["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] == "false"


@needs_helm
def test_every_door_is_open_and_reachable() -> None:
    """Each listener binds beyond loopback on its port, and a Service leads to that port."""
    settings = {name: value for pod in pods().values() for name, value in environment(pod).items()}
    ports = {port["name"]: port["containerPort"] for pod in pods().values() for port in pod["containers"][0]["ports"]}
    served = {port["targetPort"]: port["port"] for service in of_kind("Service") for port in service["spec"]["ports"]}
    assert ports == served == PORTS
    for door, port in PORTS.items():
        assert settings[f"OVERREAD_{door.upper()}__HOST"] == "0.0.0.0"  # noqa: S104 -- inside its own pod
        assert settings[f"OVERREAD_{door.upper()}__PORT"] == str(port)


@needs_helm
def test_services_select_their_pods() -> None:
    """The labels a Service asks for are those of exactly one Deployment's pods."""
    templates = [deployment["spec"]["template"] for deployment in of_kind("Deployment")]
    for service in of_kind("Service"):
        wanted = service["spec"]["selector"].items()
        assert sum(wanted <= template["metadata"]["labels"].items() for template in templates) == 1


@needs_helm
def test_sidecar_is_probed_at_its_api() -> None:
    """Alive and ready are asked of the API."""
    container = pods()["sidecar"]["containers"][0]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "api"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "api"}


@needs_helm
def test_database_comes_from_the_secret() -> None:
    """The database's URL is a reference to the Secret in both pods, and not set without one."""
    for pod in pods("store-secret").values():
        reference = {"secretKeyRef": {"name": "overread-database", "key": "url"}}
        assert environment(pod)["OVERREAD_STORE__URL"] == reference
    assert all("OVERREAD_STORE__URL" not in environment(pod) for pod in pods().values())


@needs_helm
def test_only_the_sidecar_holds_the_pseudonym_key() -> None:
    """The key's Secret is mounted where identities are taken off, and nowhere else."""
    holders = [name for name, pod in pods("pseudonym-key-secret").items() if "overread-key" in yaml.safe_dump(pod)]
    assert holders == ["sidecar"]


@needs_helm
@pytest.mark.parametrize(
    ("option", "wanted"),
    [
        ("dicom-tls", {"DICOM__TLS_CERTIFICATE_FILE", "DICOM__TLS_KEY_FILE", "DICOM__TLS_CLIENT_CA_FILE"}),
        ("api-token-secret", {"API__TOKEN_FILE"}),
    ],
)
def test_the_sidecar_finds_the_files_of_its_secrets(option: str, wanted: set[str]) -> None:
    """Each file that a setting names lies under a mount of the Secret that was given."""
    (container,) = pods(option)["sidecar"]["containers"]
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    files = {one["name"].removeprefix("OVERREAD_"): one["value"] for one in container["env"] if "FILE" in one["name"]}
    assert set(files) == wanted
    assert all(any(path.startswith(f"{mount}/") for mount in mounts) for path in files.values())


@needs_helm
def test_network_policy_opens_what_was_named() -> None:
    """Only the doors with a named peer are open, and every pod has a policy."""
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in of_kind("NetworkPolicy", "network-policy")}
    assert sorted(policies) == ["overread-dashboard", "overread-sidecar"]
    opened = [rule["ports"] for rule in policies["overread-sidecar"]["ingress"]]
    assert opened == [[{"port": "dicom"}], [{"port": "metrics"}]]
    assert not policies["overread-dashboard"]["ingress"]


@needs_helm
def test_rules_are_those_of_the_alerts_folder() -> None:
    """The PrometheusRule is the rule file, but for the two addresses a site gives."""
    (rule,) = of_kind("PrometheusRule", "prometheus-rule")
    text = (ROOT / "alerts" / "rules" / "overread.rules.yaml").read_text()
    text = text.replace('"http://localhost:8501"', '"https://overread.example.org"')
    text = text.replace('"alerts/runbooks"', '"https://wiki.example.org/overread/runbooks"')
    assert rule["spec"] == yaml.safe_load(text)
    assert "localhost" not in yaml.safe_dump(rule)


@needs_helm
@pytest.mark.parametrize(
    "wrong",
    [
        "unknown=1",
        "dashboard.enable=false",
        "persistence.size=lots",
        "service.type=Loadbalancer",
        "dicom.callingAEs=null",
        "dicom.aeTitle=A_TITLE_TOO_LONG_FOR_DICOM",
        "settings.PATH=x",
        "prometheusRule.dashboardUrl=javascript:alert(1)",
    ],
)
def test_schema_refuses(wrong: str) -> None:
    """An unknown key or a value that cannot be is refused before anything is rendered."""
    answer = helm("template", "overread", CHART, "--set", wrong)
    assert answer.returncode != 0
    assert "values don't meet the specifications of the schema" in answer.stderr


def test_every_default_is_explained_by_the_schema() -> None:
    """Every key of values.yaml is in values.schema.json and the other way round (`global` is Helm's own)."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())["properties"]
    assert values.keys() == schema.keys() - {"global"}
    for name, value in values.items():
        if schema[name].get("additionalProperties") is False:
            assert value.keys() == schema[name]["properties"].keys(), name


def test_chart_and_package_have_one_version() -> None:
    """The chart, the application it runs and the Python package are released together."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    line = next(line for line in (ROOT / "pyproject.toml").read_text().splitlines() if line.startswith("version"))
    assert f'"{chart["appVersion"]}"' in line
    assert chart["version"] == chart["appVersion"]
