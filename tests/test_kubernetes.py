"""The manifests in deploy/k8s: right by Kubernetes' own schema, and guarded."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from spanledger_collector.settings import section_models, variable_name

MANIFESTS = Path(__file__).parents[1] / "deploy" / "k8s"
FILES = sorted(set(MANIFESTS.glob("*/*.yaml")) - set(MANIFESTS.glob("*/kustomization.yaml")))
SETS = sorted({path.parent.name for path in MANIFESTS.glob("*/kustomization.yaml")} - {"common"})


def objects(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod that is described anywhere."""
    for path in FILES:
        for thing in objects(path):
            template = thing["spec"].get("template")
            if template is not None:
                yield f"{path.parent.name}/{thing['metadata']['name']}", template["spec"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_manifests_keep_the_schema(path: Path) -> None:
    """Each object is what the API server expects, with no field that it does not know."""
    for thing in objects(path):
        kubernetes_validate.validate(thing, "1.37", strict=True)


@pytest.mark.parametrize(("name", "pod"), list(pods()))
def test_pods_are_guarded(name: str, pod: dict[str, Any]) -> None:
    """No pod runs as root, writes its image, keeps a capability or may speak to the API server."""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"readinessProbe", "livenessProbe"} <= set(container), name
        assert "memory" in container["resources"]["limits"]
        secret = ("TOKEN", "CATALOG", "SECRET", "KEY")
        told = [each["name"] for each in container["env"] if "value" in each]
        assert not [each for each in told if any(word in each for word in secret)]


def test_settings_in_manifests_exist() -> None:
    """Every variable that a pod is given is one that the collector or the dashboard reads."""
    given = {each["name"] for _, pod in pods() for each in pod["containers"][0]["env"]}
    known = {
        variable_name(section, key)
        for section, model in section_models().items()
        for key in model.model_fields
    }

    assert given <= known


@pytest.mark.parametrize("name", SETS)
def test_sets_can_be_built(name: str) -> None:
    """`kubectl kustomize` puts each set together: one collector service, nothing twice."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    built = subprocess.run(
        ["kubectl", "kustomize", MANIFESTS / name], capture_output=True, text=True, check=True
    )
    things = [(thing["kind"], thing["metadata"]) for thing in yaml.safe_load_all(built.stdout)]
    names = [(kind, metadata["name"]) for kind, metadata in things]

    assert len(names) == len(set(names))
    assert ("Service", "spanledger-collector") in names
    assert {metadata["namespace"] for _, metadata in things} == {"spanledger"}
