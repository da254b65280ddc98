"""Kubernetes Events from notes: equal ones are counted, as client-go's recorder does."""

from __future__ import annotations

from lab.core.errors import ApiError
from lab.core.fnv import fnv1a_32
from lab.core.manifest import Manifest, timestamp, uid_of
from lab.core.model import HUB, Key, Note
from lab.store.api_store import ApiStore


class EventRecorder:
    """Writes `v1` Events into the hub: one object per (object, reason, message), with a count."""

    def __init__(self, store: ApiStore) -> None:
        self._store = store
        self._known: dict[tuple[Key, str, str, str], Key] = {}

    def record(self, note: Note, client: str, now_s: float) -> None:
        """Store or count up the Event of a note."""
        known = self._known.get((note.regarding, note.type, note.reason, note.message))
        old = self._store.find(known) if known is not None else None
        if old is not None:
            count = {"count": old["count"] + 1, "lastTimestamp": timestamp(now_s)}
            self._store.update({**old, **count}, now_s)
            return
        event = self._event(note, client, now_s)
        try:
            self._store.create(event, now_s)
        except ApiError:
            return  # the namespace is going away: a real recorder drops the event as well
        metadata = event["metadata"]
        identity = (note.regarding, note.type, note.reason, note.message)
        self._known[identity] = Key(HUB, "v1", "Event", metadata["namespace"], metadata["name"])

    def _event(self, note: Note, client: str, now_s: float) -> Manifest:
        regarding = note.regarding
        subject = self._store.find(regarding)
        text = f"{len(self._known)}/{note.reason}/{note.message}"
        suffix = f"{round(now_s * 1e6) & 0xFFFFFFFFFF:010x}{fnv1a_32(text.encode()):08x}"
        moment = timestamp(now_s)
        involved = {
            "apiVersion": regarding.api_version,
            "kind": regarding.kind,
            "name": regarding.name,
            "uid": "" if subject is None else uid_of(subject),
        }
        if regarding.namespace:
            involved["namespace"] = regarding.namespace
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{regarding.name}.{suffix}",
                "namespace": regarding.namespace or "default",
            },
            "involvedObject": involved,
            "type": note.type,
            "reason": note.reason,
            "message": note.message,
            "source": {"component": client},
            "count": 1,
            "firstTimestamp": moment,
            "lastTimestamp": moment,
        }
