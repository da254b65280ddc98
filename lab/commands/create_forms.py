"""What `kubectl create KIND NAME …` makes: the same objects as kubectl's generators."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence

from lab.commands.verb import Args
from lab.core.errors import InputError, did_you_mean
from lab.core.manifest import Manifest

_SHORT: Mapping[str, str] = {"deploy": "deployment", "cm": "configmap", "ns": "namespace",
                             "sa": "serviceaccount"}  # fmt: skip
_FORMS = 'namespace, deployment, configmap, "secret generic" and serviceaccount'


def made(words: Sequence[str], args: Args) -> Manifest:
    """Return the object that the words after `create` describe.

    Raises:
        InputError: A kind without a form here, a name too many or missing, a flag missing.
    """
    kind, rest = _SHORT.get(words[0], words[0]), list(words[1:])
    if kind == "secret":
        if rest[:1] != ["generic"]:
            raise InputError('of secrets, "create secret generic NAME" is built: write a file (-f)')
        rest = rest[1:]
    maker = _MAKERS.get(kind)
    if maker is None:
        near = did_you_mean(words[0], [*_MAKERS, *_SHORT])
        others = near or f" (it has {_FORMS}); write the object into a file (-f)"
        raise InputError(f'create has no form for "{words[0]}"{others}')
    if len(rest) != 1:
        more = " (a command after -- has no meaning: containers are models)" if rest else ""
        raise InputError(f"exactly one NAME is required, got {len(rest)}{more}")
    foreign = [name for name in _OWN_FLAGS if name in args.given and name not in _TAKES[kind]]
    if foreign:
        raise InputError(f"create {kind} does not take --{foreign[0]}")
    return maker(rest[0], args)


def _namespace(name: str, args: Args) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _service_account(name: str, args: Args) -> Manifest:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def _deployment(name: str, args: Args) -> Manifest:
    images = args.words("image")
    if not images:
        raise InputError('required flag(s) "image" not set')
    replicas = 1 if args.number("replicas") is None else args.number("replicas")
    if replicas is None or replicas < 0:
        raise InputError("--replicas needs 0 or more")
    labels = {"app": name}
    containers = [{"name": _container_name(image), "image": image} for image in images]
    if args.number("port") is not None:
        ports = [{"containerPort": args.number("port")}]
        containers = [{**each, "ports": ports} for each in containers]  # type: ignore[dict-item]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }


def _container_name(image: str) -> str:
    """Return the last part of an image's path, as kubectl names its container."""
    base = image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    return re.sub(r"[^-a-z0-9]", "-", base.lower()).strip("-") or "container"


def _config_map(name: str, args: Args) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": _literals(args),
    }


def _secret(name: str, args: Args) -> Manifest:
    data = {
        key: base64.b64encode(value.encode()).decode() for key, value in _literals(args).items()
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "Opaque",
        "data": data,
    }


def _literals(args: Args) -> dict[str, str]:
    data: dict[str, str] = {}
    for literal in args.words("from-literal"):
        key, equals, value = literal.partition("=")
        if not equals or not key:
            raise InputError(f"invalid literal source {literal}, expected key=value")
        if key in data:
            raise InputError(f'cannot add key "{key}", another key by that name already exists')
        data[key] = value
    return data


_MAKERS: Mapping[str, Callable[[str, Args], Manifest]] = {
    "namespace": _namespace,
    "deployment": _deployment,
    "configmap": _config_map,
    "secret": _secret,
    "serviceaccount": _service_account,
}
_OWN_FLAGS = ("image", "replicas", "port", "from-literal")
_TAKES: Mapping[str, Sequence[str]] = {
    "namespace": (),
    "serviceaccount": (),
    "deployment": ("image", "replicas", "port"),
    "configmap": ("from-literal",),
    "secret": ("from-literal",),
}
