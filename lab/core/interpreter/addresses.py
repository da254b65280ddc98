"""Merging load balancer addresses from several members into one list.

Modelled on Karmada v1.19 `pkg/util/helper/{service,ingress}.go`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Address = Mapping[str, Any]


def merge_addresses(addresses: Iterable[Address], *, with_mode: bool) -> list[Address]:
    """Return addresses without doubles, their ports united; hostnames first, then by IP.

    Args:
        addresses: Entries of `status.loadBalancer.ingress`, of all members.
        with_mode: Entries with another ipMode are other entries (Services know it, Ingresses not).
    """
    ports: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    found: dict[tuple[str, str, str | None], Address] = {}
    for address in addresses:
        mode = address.get("ipMode") if with_mode else None
        key = (str(address.get("hostname") or ""), str(address.get("ip") or ""), mode)
        found[key] = {name: value for name, value in address.items() if name != "ports"}
        for port in address.get("ports") or ():
            ports.setdefault(key, {})[json.dumps(port, sort_keys=True)] = port
    merged: list[Address] = []
    for key in sorted(found, key=_address_order):
        entry = dict(found[key])
        if key in ports:
            entry["ports"] = sorted(ports[key].values(), key=_port_order)
        merged.append(entry)
    return merged


def _address_order(key: tuple[str, str, str | None]) -> tuple[bool, str, str, bool, str]:
    hostname, ip, mode = key
    return (hostname == "", hostname, ip, mode is not None, mode or "")


def _port_order(port: Mapping[str, Any]) -> tuple[int, str, bool, str]:
    error = port.get("error")
    return (
        int(port.get("port") or 0),
        str(port.get("protocol") or ""),
        error is not None,
        str(error or ""),
    )
