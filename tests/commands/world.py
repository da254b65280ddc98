"""A small live world over real stores, for tests of verbs: a hub, two members, no controllers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.commands.context import Context
from lab.commands.line import parse_line
from lab.commands.live import History, LiveWorld, LiveWriter
from lab.commands.verb import Result
from lab.core.errors import ApiError, InputError
from lab.core.kinds import HUB_KINDS, MEMBER_KINDS
from lab.core.manifest import Manifest
from lab.core.model import HUB, Key
from lab.engine.trace import Trace
from lab.store.api_store import ApiStore

CLUSTER_API = "cluster.karmada.io/v1alpha1"


class Stores:
    """Stands for a federation: stores, a clock that tests set, a trace."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.trace = Trace()
        self.stores = {HUB: ApiStore(HUB, HUB_KINDS(), check_namespaces=False)}
        for name in ("member1", "member2"):
            self.stores[name] = ApiStore(name, MEMBER_KINDS(), check_namespaces=False)

    def store_of(self, cluster: str) -> ApiStore:
        return self.stores[cluster]

    def acting(self, actor: str, detail: Mapping[str, Any] | None = None) -> int:
        return self.trace.add(self.now_s, "step", actor, None, detail=detail or {})

    def next_write(self, key: Key | None = None) -> None:
        """Time is the tests' to set."""


class TestWorld:
    """A live world that lines are typed into."""

    __test__ = False

    def __init__(self, directory: Path = Path()) -> None:
        self.stores = Stores()
        self.directory = directory
        self.history = History()
        for name, store in self.stores.stores.items():
            self.history.watch(name, store, lambda: self.stores.now_s)
        self.world = LiveWorld(self.stores, ("member1", "member2"), self.history)
        self.writer = LiveWriter(self.stores, self._join)
        for name in ("member1", "member2"):
            self._join(name, {}, False)

    def _join(self, name: str, changes: Mapping[str, Any], dry_run: bool) -> None:
        if name not in self.stores.stores:
            raise InputError(f'the fleet has no cluster "{name}"')
        manifest = {
            "apiVersion": CLUSTER_API,
            "kind": "Cluster",
            "metadata": {"name": name},
            "spec": {"syncMode": "Push", **changes},
        }
        self.stores.store_of(HUB).create(manifest, self.stores.now_s, dry_run=dry_run)

    def put(self, manifest: Manifest, cluster: str = HUB) -> Manifest:
        """Create an object, status and all."""
        return self.stores.store_of(cluster).create(manifest, self.stores.now_s, restore=True)

    def type(self, line: str, *, live: bool = True) -> Result:
        """Carry out a line."""
        command = parse_line(line)
        context = Context(
            command.program,
            self.world,
            self.writer if live else None,
            self.directory,
            verb=command.verb.name,
        )
        return command.verb.run(context, command.args)

    def said(self, line: str) -> str:
        """Return what a line answers, errors included."""
        try:
            result = self.type(line)
        except (InputError, ApiError) as error:
            return f"error: {error}"
        return "\n".join(filter(None, [result.text, *result.notes]))


def deployment(name: str = "web", replicas: int = 2, **labels: str) -> dict[str, Any]:
    """Return a Deployment manifest."""
    app = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default", "labels": {**app, **labels}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": app},
            "template": {
                "metadata": {"labels": app},
                "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
            },
        },
    }
