"""The control plane's informers of one member, by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lab.backends.simulated.api.delivery import Delivery, DeliveryFault
from lab.backends.simulated.api.link import Link
from lab.backends.simulated.api.subscription import Send, Subscription
from lab.core.manifest import Manifest


class Subscriptions:
    """All subscriptions of a member, by kind.

    Args:
        make: Makes a subscription of an API version and kind.
        link: What is broken.
        delivery: What may lie between watches and caches.
        send: Sends an event on its way to the control plane.
    """

    def __init__(
        self,
        make: Callable[[str, str, Subscriptions], Subscription],
        link: Link,
        delivery: Delivery,
        send: Send,
    ) -> None:
        self._make, self._send, self.delivery = make, send, delivery
        self._all: dict[tuple[str, str], Subscription] = {}
        self._holds: dict[int, None] = {}
        link.listen(self._link_changed)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._all.values())

    @property
    def closed(self) -> bool:
        """Tell whether the server closes every watch at once."""
        return bool(self._holds)

    def begin(self, api_version: str, kind: str, objects: list[Manifest]) -> None:
        """Deliver changes of a kind from now on, if that is not done already.

        Call it before a list of all its objects (`objects`) is sent.
        """
        known = self._all.get((api_version, kind))
        self.delivery.flush()  # what is late must not come after the list
        if known is not None:
            known.listed(objects)
        else:
            made = self._make(api_version, kind, self)
            made.send = self._path()
            self._all[api_version, kind] = made
        self.settle()

    def hinder(self, number: int, fault: DeliveryFault) -> None:
        """Let a fault of delivery take part."""
        self.delivery.add(number, fault)
        self.settle()

    def free(self, number: int, now_s: float) -> None:
        """Let a fault of delivery take part no longer. What was missed is shown by a new list."""
        self.delivery.drop(number)
        for (api_version, kind), each in self._all.items():
            if self.delivery.unseen(api_version, kind):
                each.drop(now_s, relist=True)
        self.settle()

    def settle(self) -> None:
        """Let changes pass by the delivery's faults if there are none."""
        path = self._path()
        for each in self:
            each.send = path

    def _path(self) -> Send:
        return self._send if self.delivery.prompt else self.delivery.take

    def drop(self, now_s: float, *, relist: bool) -> None:
        """Close all watches."""
        for each in self:
            each.drop(now_s, relist=relist)

    def hold(self, number: int) -> None:
        """Close every watch at once that is begun, until `let_go` of the same number."""
        self._holds[number] = None

    def let_go(self, number: int) -> None:
        """Let watches stand again."""
        self._holds.pop(number, None)

    def _link_changed(self, now_s: float) -> None:
        for each in self:
            each.link_changed(now_s)
