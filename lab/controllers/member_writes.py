"""What Karmada remembers about its writes to members, learned from their answers.

Source: Karmada v1.19 `pkg/util/objectwatcher` (VersionRecord).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.core.manifest import Manifest
from lab.core.model import HUB, Action, Answered, Create, Delete, Key, Subscribe, Update


def version_of(manifest: Manifest) -> str:
    """Return `metadata.resourceVersion`, or an empty text."""
    return str((manifest.get("metadata") or {}).get("resourceVersion") or "")


@dataclass(slots=True)
class MemberWrites:
    """Versions last applied, errors last met, deletions accepted, lists asked for."""

    versions: dict[Key, str] = field(default_factory=dict)
    """Member object to the resourceVersion of the last write or check."""
    errors: dict[Key, str] = field(default_factory=dict)
    """Member object to why the last write was refused; gone once one is accepted."""
    deleted: dict[Key, str] = field(default_factory=dict)
    """Member object to the uid whose deletion was accepted."""
    asked: dict[tuple[str, str, str], tuple[Key, float]] = field(default_factory=dict)
    """Subscriptions under way: the Work that asked, and when."""
    unlisted: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Subscriptions that were refused, and why."""

    def learn(self, answer: Answered) -> None:
        """Take in an answer, whoever asked."""
        action = answer.action
        if action.cluster == HUB:
            return
        if isinstance(action, Subscribe):
            self._subscribed(action, answer)
        elif isinstance(action, Create | Update):
            self._wrote(action, answer)
        elif isinstance(action, Delete) and (answer.error is None or answer.error.code == 404):
            self.deleted[action.key] = action.uid
            self.versions.pop(action.key, None)

    def _subscribed(self, action: Subscribe, answer: Answered) -> None:
        place = (action.cluster, action.api_version, action.kind)
        self.asked.pop(place, None)
        if answer.error is None:
            self.unlisted.pop(place, None)
        else:
            self.unlisted[place] = answer.error.message

    def _wrote(self, action: Action, answer: Answered) -> None:
        if answer.error is None:
            self.errors.pop(action.key, None)
            if answer.object is not None:
                self.versions[action.key] = version_of(answer.object)
                self.deleted.pop(action.key, None)
        elif answer.error.code != 409:  # a conflict is tried again before it counts as a failure
            self.errors[action.key] = answer.error.message

    def forget(self, cluster: str) -> None:
        """Forget a member that is gone."""
        for record in (self.versions, self.errors, self.deleted):
            for key in [key for key in record if key.cluster == cluster]:
                del record[key]
        self.asked = {entry: by for entry, by in self.asked.items() if entry[0] != cluster}
        for place in [place for place in self.unlisted if place[0] == cluster]:
            del self.unlisted[place]
