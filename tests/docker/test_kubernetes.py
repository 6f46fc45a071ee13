"""The manifests for Kubernetes: valid, restricted, and of one mind with the image and each other."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from consensus import catalog
from node.config import check_environment
from node.hosting.bundle import load_bundle
from node.hosting.network import create_hosted
from node.hosting.plan import API_PORT, P2P_PORT, HostPlan, parse_node
from node.hosting.secret import make_secret
from tests.docker.dockerfile import Stage
from tests.docker.kustomize import Manifest, find, read, render

VERSIONS = ("1.30", "1.37")
"""The oldest and the newest Kubernetes whose schemas the manifests are held against."""
OVERLAYS = ("paxos-3", "pbft-4", "pbft-7")
COMPONENT = "components:\n  - ../../components/monitoring\n"


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, docker: Path) -> Path:
    return docker / "k8s" / "overlays" / str(request.param)


@pytest.fixture
def manifests(overlay: Path) -> list[Manifest]:
    return render(overlay)


@pytest.fixture
def pod(manifests: list[Manifest]) -> dict[str, Any]:
    spec: dict[str, Any] = find(manifests, "StatefulSet", "quorate")["spec"]["template"]["spec"]
    return spec


@pytest.fixture
def monitored(docker: Path, tmp_path: Path) -> Path:
    """An overlay that takes the component in, as the README says."""
    shutil.copytree(docker / "k8s", tmp_path / "k8s")
    overlay = tmp_path / "k8s" / "overlays" / "pbft-4"
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text(encoding="utf-8") + COMPONENT, encoding="utf-8")
    return overlay


def test_every_overlay_is_looked_at(docker: Path) -> None:
    assert sorted(one.name for one in (docker / "k8s" / "overlays").iterdir()) == sorted(OVERLAYS)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_keeps_its_schema(manifests: list[Manifest], version: str) -> None:
    kinds = {manifest["kind"] for manifest in manifests}
    assert {"Namespace", "ConfigMap", "Service", "StatefulSet"} <= kinds
    assert {"PodDisruptionBudget", "NetworkPolicy"} <= kinds
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("podManagementPolicy",), 1),
        (("servicename",), "quorate"),
        (("template", "spec", "terminationGracePeriodSeconds"), "30s"),
    ],
)
def test_the_schema_refuses_a_slip(docker: Path, path: tuple[str, ...], value: object) -> None:
    manifest = find(render(docker / "k8s" / "overlays" / "pbft-4"), "StatefulSet", "quorate")
    *parents, last = path
    place = manifest["spec"]
    for name in parents:
        place = place[name]
    place[last] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


def test_a_size_goes_with_what_its_engine_stands(overlay: Path, manifests: list[Manifest]) -> None:
    engine, size = overlay.name.split("-")
    faults = catalog.get(engine).default_faults(int(size))
    assert find(manifests, "StatefulSet", "quorate")["spec"]["replicas"] == int(size)
    budget = find(manifests, "PodDisruptionBudget", "quorate")["spec"]
    assert budget["maxUnavailable"] == faults >= 1


def test_everything_speaks_of_the_same_pods(manifests: list[Manifest]) -> None:
    stateful = find(manifests, "StatefulSet", "quorate")["spec"]
    labels = stateful["template"]["metadata"]["labels"]
    selectors = [
        stateful["selector"]["matchLabels"],
        find(manifests, "Service", "quorate")["spec"]["selector"],
        find(manifests, "Service", "quorate-api")["spec"]["selector"],
        find(manifests, "PodDisruptionBudget", "quorate")["spec"]["selector"]["matchLabels"],
        find(manifests, "NetworkPolicy", "quorate")["spec"]["podSelector"]["matchLabels"],
        *(
            term["labelSelector"]["matchLabels"]
            for term in stateful["template"]["spec"]["affinity"]["podAntiAffinity"][
                "requiredDuringSchedulingIgnoredDuringExecution"
            ]
        ),
    ]
    assert labels
    assert all(selector == labels for selector in selectors)
    namespaces = {
        manifest["metadata"].get("namespace")
        for manifest in manifests
        if manifest["kind"] != "Namespace"
    }
    assert namespaces == {find(manifests, "Namespace", "quorate")["metadata"]["name"]}


def test_validators_find_each_other_before_they_are_ready(manifests: list[Manifest]) -> None:
    headless = find(manifests, "Service", "quorate")["spec"]
    assert headless["clusterIP"] == "None"
    assert headless["publishNotReadyAddresses"]
    stateful = find(manifests, "StatefulSet", "quorate")["spec"]
    assert stateful["serviceName"] == "quorate"
    assert stateful["podManagementPolicy"] == "Parallel"


def test_pods_keep_the_restricted_standard(pod: dict[str, Any], stages: list[Stage]) -> None:
    user = stages[-1].last("USER")
    assert user is not None
    context = pod["securityContext"]
    assert user.rest == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert context["runAsNonRoot"]
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in (*pod["initContainers"], *pod["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]) == {"requests", "limits"}
        assert re.fullmatch(r"quorate:[0-9.]+", container["image"])


def test_a_node_knows_every_variable_that_it_is_given(
    pod: dict[str, Any], manifests: list[Manifest], stages: list[Stage]
) -> None:
    """A Service called quorate would add QUORATE_PORT and more, were links not switched off."""
    assert pod["enableServiceLinks"] is False
    (node,) = pod["containers"]
    (source,) = node["envFrom"]
    settings = find(manifests, "ConfigMap", source["configMapRef"]["name"])["data"]
    check_environment(stages[-1].environment() | settings)


def test_probes_and_ports_are_the_nodes_own(pod: dict[str, Any], manifests: list[Manifest]) -> None:
    (node,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in node["ports"]}
    assert ports == {"p2p": P2P_PORT, "api": API_PORT}
    paths = {
        name: node[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert [paths[name]["path"] for name in paths] == ["/livez", "/livez", "/readyz"]
    assert all(probe["port"] == "api" for probe in paths.values())
    for name in ("quorate", "quorate-api"):
        for port in find(manifests, "Service", name)["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]


def test_a_pod_sees_the_bundle_of_its_name_alone(pod: dict[str, Any]) -> None:
    (home,), (node,) = pod["initContainers"], pod["containers"]
    mounts = {mount["name"]: mount for mount in home["volumeMounts"]}
    assert mounts["homes"]["subPathExpr"] == "$(POD_NAME)"
    assert f"--from={mounts['homes']['mountPath']}" in home["args"]
    assert "homes" not in {mount["name"] for mount in node["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["home"]["emptyDir"]["medium"] == "Memory"
    used = {mount["name"] for mount in (*home["volumeMounts"], *node["volumeMounts"])}
    assert used == {*volumes, "data"}


def test_the_secret_of_a_network_holds_a_bundle_for_every_pod(
    manifests: list[Manifest], overlay: Path, tmp_path: Path
) -> None:
    stateful = find(manifests, "StatefulSet", "quorate")["spec"]
    pods = [f"quorate-{index}" for index in range(stateful["replicas"])]
    nodes = tuple(parse_node(f"{pod}.{stateful['serviceName']}") for pod in pods)
    engine = overlay.name.split("-")[0]
    network = create_hosted(tmp_path / "net", HostPlan(engine=engine, nodes=nodes))
    secret = make_secret(network, namespace="quorate")
    kubernetes_validate.validate(secret, VERSIONS[-1], strict=True)
    volumes = {volume["name"]: volume for volume in stateful["template"]["spec"]["volumes"]}
    assert secret["metadata"]["name"] == volumes["homes"]["secret"]["secretName"]
    assert list(secret["data"]) == pods
    for name, entry in secret["data"].items():
        file = tmp_path / "bundle.json"
        file.write_bytes(base64.b64decode(entry))
        assert load_bundle(file).name == name


def test_the_monitor_finds_a_service_and_names_networks_and_nodes(monitored: Path) -> None:
    manifests = render(monitored)
    monitor = find(manifests, "ServiceMonitor", "quorate")
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    (service,) = (
        one
        for one in manifests
        if one["kind"] == "Service" and wanted <= one["metadata"]["labels"].items()
    )
    assert service["spec"]["publishNotReadyAddresses"], "nodes that are not ready are measured too"
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert [rule["targetLabel"] for rule in endpoint["relabelings"]] == ["network", "node"]
    assert service["metadata"]["labels"][monitor["spec"]["jobLabel"]] == "quorate", "the rules' job"
    assert monitor["metadata"]["namespace"] == "quorate"


def test_kustomize_says_the_same(overlay: Path, monitored: Path) -> None:
    """Where kubectl is installed; elsewhere our own rendering is what is checked."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    for folder in (overlay, monitored):
        command = [kubectl, "kustomize", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert sort(read(done.stdout)) == sort(render(folder))


def sort(manifests: list[Manifest]) -> list[str]:
    return sorted(json.dumps(manifest, sort_keys=True) for manifest in manifests)


def test_what_our_rendering_does_not_know_is_refused(monitored: Path) -> None:
    file = monitored / "kustomization.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "namePrefix: x-\n", encoding="utf-8")
    with pytest.raises(ValueError, match="namePrefix"):
        render(monitored)
