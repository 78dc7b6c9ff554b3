"""What the chart makes for the Prometheus Operator and for Grafana's side-car."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.helm.engine import CHART, ENGINES, ROOT, Json, Refused, of_kind, render


pytestmark = pytest.mark.e2e  # starts Helm

SCHEMAS = ROOT / ".tools/operator"
"""The operator's own models as closed schemas; `make parts` makes them."""

MONITORS = ("serviceMonitor", "podMonitor")
MEBIBYTE = 2**20

SECRET = {"name": "exporter", "key": "a"}
EVERYTHING: Json = {
    "namespace": "elsewhere",
    "labels": {"release": "prometheus"},
    "annotations": {"note": "1"},
    "interval": "30s",
    "scrapeTimeout": "20s",
    "scheme": "https",
    "tlsConfig": {
        "ca": {"configMap": SECRET},
        "cert": {"secret": SECRET},
        "keySecret": SECRET,
        "serverName": "exporter",
        "insecureSkipVerify": False,
        "minVersion": "TLS12",
    },
    "basicAuth": {"username": SECRET, "password": SECRET},
    "authorization": {"type": "Bearer", "credentials": SECRET},
    "relabelings": [{"action": "labeldrop", "regex": "container"}],
    "metricRelabelings": [
        {"sourceLabels": ["__name__"], "regex": "python_.+", "action": "drop"}
    ],
    "podTargetLabels": ["zone"],
}
"""Every value that a monitor has."""

SHARDS = {"sharding": {"enabled": True, "shards": 3}}


def made(kind: str, values: Json, engine: str = "4") -> Json:
    """Return the only object of a kind."""
    [document] = of_kind(kind, render(values, "tm", "mon", engine=engine))
    return document


def monitor(name: str, wanted: Json | None = None, **others: Any) -> Json:
    """Return the ServiceMonitor or the PodMonitor of a release."""
    values = {name: {"enabled": True, **(wanted or {})}, **others}
    return made(name[0].upper() + name[1:], values)


def endpoint(document: Json) -> Json:
    """Return how a monitor scrapes."""
    spec = document["spec"]
    [only] = spec["endpoints" if "endpoints" in spec else "podMetricsEndpoints"]
    scraped: Json = only
    return scraped


def chosen(document: Json, candidates: list[Json]) -> list[Json]:
    """Return the metadata that a monitor selects among those of objects."""
    wanted = document["spec"]["selector"]["matchLabels"].items()
    metadata = [candidate["metadata"] for candidate in candidates]
    return [each for each in metadata if wanted <= each["labels"].items()]


def job_of_rules(**values: Any) -> str:
    """Return the job that the rules of a release select."""
    rule = made("PrometheusRule", {"prometheusRule": {"enabled": True}, **values})
    job: str = rule["spec"]["groups"][0]["rules"][0]["labels"]["job"]
    return job


@cache
def validator(kind: str) -> jsonschema_rs.Validator:
    """Return what validates an object of the operator."""
    path = SCHEMAS / f"{kind}.json"
    assert path.is_file(), f"{path} is missing: run make parts"
    return jsonschema_rs.validator_for(json.loads(path.read_text("utf-8")))


def faults(document: Json) -> list[str]:
    """Return what the operator's model has against an object; unknown keys, too."""
    found = validator(document["kind"]).iter_errors(document)
    return [f"{error.instance_path}: {error.message}" for error in found]


def test_nothing_is_made_unless_asked_for() -> None:
    """A cluster without the operator has no such kinds."""
    documents = render({}, "tm", "mon")

    assert not [each for each in documents if "coreos" in each["apiVersion"]]
    assert all("grafana" not in str(each) for each in of_kind("ConfigMap", documents))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("wanted", [{}, EVERYTHING])
@pytest.mark.parametrize("name", MONITORS)
def test_the_operator_knows_a_monitor(name: str, wanted: Json, engine: str) -> None:
    """Every key, with a value of the right type."""
    kind = name[0].upper() + name[1:]
    document = made(kind, {name: {"enabled": True, **wanted}}, engine)

    assert faults(document) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_operator_knows_the_rules(engine: str) -> None:
    """Every key of every rule."""
    values = {"prometheusRule": {"enabled": True, "labels": {"a": "b"}}}
    document = made("PrometheusRule", values, engine)

    assert faults(document) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", sorted(CHART.glob("ci/*.yaml")), ids=lambda p: p.stem)
def test_the_operator_knows_what_each_scenario_makes(path: Path, engine: str) -> None:
    """Of those that have such objects at all."""
    values = yaml.safe_load(path.read_text("utf-8"))
    documents = render(values, "tm", "mon", engine=engine)

    for document in documents:
        if "coreos" in document["apiVersion"]:
            assert faults(document) == []


def test_a_key_that_the_operator_does_not_know_is_a_fault() -> None:
    """The API server would drop it without a word."""
    document = monitor("serviceMonitor")
    endpoint(document)["every"] = "15s"

    assert faults(document)


def test_values_of_a_monitor_reach_it() -> None:
    """As they are, in the operator's words."""
    document = monitor("serviceMonitor", EVERYTHING)
    metadata, spec = document["metadata"], document["spec"]
    own = {"namespace", "labels", "annotations", "podTargetLabels"}

    assert (metadata["name"], metadata["namespace"]) == (
        "mon-tm-tm-exporter",
        "elsewhere",
    )
    assert metadata["labels"]["release"] == "prometheus"
    assert metadata["annotations"] == {"note": "1"}
    assert spec["podTargetLabels"] == ["zone"]
    assert endpoint(document) == {
        "port": "http",
        "path": "/metrics",
        **{key: value for key, value in EVERYTHING.items() if key not in own},
    }


@pytest.mark.parametrize("name", MONITORS)
def test_a_monitor_elsewhere_looks_where_the_release_is(name: str) -> None:
    """And nowhere else."""
    document = monitor(name, {"namespace": "elsewhere"})

    assert document["spec"]["namespaceSelector"] == {"matchNames": ["mon"]}


@pytest.mark.parametrize("values", [{}, SHARDS])
def test_one_service_is_scraped_whose_name_the_rules_select(values: Json) -> None:
    """Its name becomes the label `job`; by a second one all would count twice."""
    services = of_kind("Service", render(values, "tm", "mon"))
    document = monitor("serviceMonitor", **values)
    [service] = chosen(document, services)
    [ports] = [
        {port["name"] for port in each["spec"]["ports"]}
        for each in services
        if each["metadata"]["name"] == service["name"]
    ]

    assert service["name"] == job_of_rules(**values)
    assert endpoint(document)["port"] in ports


@pytest.mark.parametrize(
    ("values", "kind"), [({}, "Deployment"), (SHARDS, "StatefulSet")]
)
def test_pods_are_scraped_under_the_job_that_the_rules_select(
    values: Json, kind: str
) -> None:
    """Whatever else is relabelled before."""
    wanted = {"relabelings": [{"targetLabel": "job", "replacement": "mine"}]}
    document = monitor("podMonitor", wanted, **values)
    pod = made(kind, values)["spec"]["template"]
    [container] = pod["spec"]["containers"]

    assert endpoint(document)["relabelings"][-1] == {
        "targetLabel": "job",
        "replacement": job_of_rules(**values),
    }
    assert chosen(document, [pod])
    assert endpoint(document)["port"] in {port["name"] for port in container["ports"]}


def test_no_pod_of_a_test_is_scraped() -> None:
    """It would be an instance that is missing once it ends."""
    pods = of_kind("Pod", render({}, "tm", "mon"))

    assert not chosen(monitor("podMonitor"), pods)


def test_a_pod_is_not_scraped_twice() -> None:
    """Then its failures would count twice, too."""
    both = {name: {"enabled": True} for name in MONITORS}

    with pytest.raises(Refused, match="each pod would be scraped twice"):
        render(both)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"serviceMonitor": {"every": "15s"}}, "every"),
        ({"serviceMonitor": {"interval": 15}}, "interval"),
        ({"podMonitor": {"tlsConfig": {"caFile": "/ca"}}}, "caFile"),
        ({"prometheusRule": {"overrides": {"A": {"severty": "info"}}}}, "severty"),
        ({"prometheusRule": {"instances": 0}}, "instances"),
        ({"prometheusRule": {"groupLabels": ["a b"]}}, "groupLabels"),
        ({"dashboards": {"labels": {"grafana_dashboard": 1}}}, "grafana_dashboard"),
    ],
)
def test_a_wrong_value_is_refused(values: Json, said: str) -> None:
    """Whether or not it would be used; what is said names it."""
    with pytest.raises(Refused, match=said):
        render(values)


def test_each_dashboard_is_a_config_map() -> None:
    """With the label of the side-car, the folder, and the whole file."""
    documents = render({"dashboards": {"enabled": True}}, "tm", "mon")
    maps = [
        each
        for each in of_kind("ConfigMap", documents)
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
    ]
    files = {path.name: path for path in (ROOT / "grafana/dashboards").glob("*.json")}
    shown = {name: text for each in maps for name, text in each["data"].items()}

    assert len(maps) == len(shown) == len(files)
    assert len({each["metadata"]["name"] for each in maps}) == len(maps)
    for name, text in shown.items():
        assert json.loads(text) == json.loads(files[name].read_text("utf-8"))
    for each in maps:
        assert each["metadata"]["annotations"] == {"grafana_folder": "Tensormesh"}
        assert len(json.dumps(each).encode()) < MEBIBYTE


def test_dashboards_go_where_the_side_car_looks() -> None:
    """By another label, in another namespace, into no folder."""
    wanted = {
        "enabled": True,
        "namespace": "grafana",
        "labels": {"grafana_dashboard": "yes"},
        "folder": "",
    }
    documents = render({"dashboards": wanted}, "tm", "mon")
    maps = [each for each in of_kind("ConfigMap", documents) if "json" in str(each)]

    assert {each["metadata"]["namespace"] for each in maps} == {"grafana"}
    for each in maps:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "yes"
        assert "annotations" not in each["metadata"]


@pytest.mark.parametrize("name", ["123", "tm"])
def test_a_number_is_a_name_as_well(name: str) -> None:
    """Kubernetes takes text alone."""
    values = {
        "serviceMonitor": {"enabled": True},
        "prometheusRule": {"enabled": True},
        "dashboards": {"enabled": True},
        "fullnameOverride": name,
    }
    documents = render(values, "tm", name)
    of_operator = [each for each in documents if "coreos" in each["apiVersion"]]

    assert of_operator
    assert [fault for each in of_operator for fault in faults(each)] == []


def test_the_chart_has_the_files_of_the_project() -> None:
    """A chart is installed without the repository around it."""
    ours = {path.name for path in (ROOT / "grafana/dashboards").glob("*.json")}
    charts = {path.name for path in (CHART / "files/dashboards").glob("*.json")}

    assert charts == ours
