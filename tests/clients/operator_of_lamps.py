"""The operator that ``test_kopf`` runs: handlers, a timer, a child object, status and events."""

from typing import Any

import kopf
from kubernetes import client, config


@kopf.on.startup()
def connect(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Use the same cluster with the official client, and post events of all levels."""
    config.load_kube_config()
    settings.posting.enabled = True


@kopf.on.create("light.example", "v1", "lamps")
def create(spec: kopf.Spec, name: str, namespace: str, body: kopf.Body, patch: kopf.Patch, **_: Any) -> None:
    """Make the lamp's bulb, a ConfigMap that the lamp owns."""
    bulb: dict[str, Any] = {"metadata": {"name": f"{name}-bulb"}, "data": {"watts": str(spec["watts"])}}
    kopf.adopt(bulb, owner=body)
    client.CoreV1Api().create_namespaced_config_map(namespace, bulb)
    kopf.info(body, reason="Lit", message=f"the bulb of {name} is in")
    patch.status["lit"] = f"with {spec['watts']} W"


@kopf.on.update("light.example", "v1", "lamps", field="spec.watts")
def update(new: int, patch: kopf.Patch, **_: Any) -> None:
    """Say the new wattage."""
    patch.status["lit"] = f"with {new} W"


@kopf.timer("light.example", "v1", "lamps", interval=0.3)
def tick(status: kopf.Status, patch: kopf.Patch, **_: Any) -> None:
    """Count."""
    patch.status["ticks"] = int(status.get("ticks", 0)) + 1


@kopf.on.delete("light.example", "v1", "lamps")
def delete(name: str, logger: kopf.Logger, **_: Any) -> None:
    """Say goodbye."""
    logger.info("the lamp %s goes out", name)
