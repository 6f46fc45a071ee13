"""As much of kustomize as docker/k8s/ uses, so that the manifests can be checked without it.

Anything else in a kustomization is an error here, not something passed over.
"""

import copy
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Manifest = dict[str, Any]

FIELDS = {"apiVersion", "kind", "namespace", "resources", "components", "replicas", "patches"}
CLUSTER_WIDE = {"Namespace"}


def read(text: str) -> list[Manifest]:
    """The documents of a YAML file that are not empty, with what its anchors stand for."""
    documents = YAML(typ="safe", pure=True).load_all(io.StringIO(text))
    return [copy.deepcopy(document) for document in documents if document]


def render(folder: Path) -> list[Manifest]:
    """The manifests of a kustomization."""
    (plan,) = read((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    if strange := set(plan) - FIELDS:
        raise ValueError(f"{folder} uses {', '.join(sorted(strange))}")
    names = [*plan.get("resources", ()), *plan.get("components", ())]
    manifests = [manifest for name in names for manifest in expand((folder / name).resolve())]
    for manifest in manifests:
        if "namespace" in plan and manifest["kind"] not in CLUSTER_WIDE:
            manifest["metadata"]["namespace"] = plan["namespace"]
    for wanted in plan.get("replicas", ()):
        find(manifests, "StatefulSet", wanted["name"])["spec"]["replicas"] = wanted["count"]
    for patch in plan.get("patches", ()):
        target = find(manifests, patch["target"]["kind"], patch["target"]["name"])
        for operation in YAML(typ="safe", pure=True).load(patch["patch"]):
            replace(target, operation)
    return manifests


def expand(path: Path) -> Iterator[Manifest]:
    """What one entry of a kustomization stands for."""
    yield from render(path) if path.is_dir() else read(path.read_text(encoding="utf-8"))


def find(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """The one manifest of that kind and name."""
    (found,) = (one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name)
    return found


def replace(manifest: Manifest, operation: Manifest) -> None:
    """RFC 6902's `replace`, of members of objects."""
    if operation["op"] != "replace":
        raise ValueError(f"patches with {operation['op']}")
    *parents, last = operation["path"].strip("/").split("/")
    for name in parents:
        manifest = manifest[name]
    if last not in manifest:
        raise KeyError(operation["path"])
    manifest[last] = operation["value"]
