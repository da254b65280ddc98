"""Commands of kubectl and karmadactl that this version does not have, and what to use instead."""

from __future__ import annotations

from collections.abc import Mapping

_NO_PROGRAMS = "containers are models: no program runs in them"
_NO_MACHINE = "the lab's control plane is there from the start"
_HINTS: Mapping[str, Mapping[str, str]] = {
    "kubectl": {
        "alpha": "",
        "api-resources": "fedlab explain KIND tells what a kind is",
        "api-versions": "fedlab explain KIND tells what a kind is",
        "attach": _NO_PROGRAMS,
        "auth": "there are no users and roles in effect: every line may do everything",
        "autoscale": "apply a HorizontalPodAutoscaler (it is propagated, not played)",
        "certificate": "",
        "cluster-info": "kubectl get clusters lists the members",
        "config": "--context MEMBER acts in a member",
        "cp": _NO_PROGRAMS,
        "debug": _NO_PROGRAMS,
        "diff": "kubectl apply --dry-run=server says what would change",
        "drain": "kubectl cordon NODE and kubectl delete pods do its two halves",
        "edit": "use kubectl patch or kubectl apply",
        "exec": _NO_PROGRAMS,
        "expose": "apply a Service",
        "kustomize": "render first, then kubectl apply -f FILE",
        "logs": _NO_PROGRAMS,
        "plugin": "",
        "port-forward": _NO_PROGRAMS,
        "proxy": _NO_PROGRAMS,
        "replace": "use kubectl apply, or delete and create",
        "run": "apply a Pod",
        "top": "kubectl describe cluster NAME shows what is allocated",
        "wait": "a step waits with waitUntil, a check with within",
    },
    "karmadactl": {
        "addons": _NO_MACHINE,
        "api-resources": "fedlab explain KIND tells what a kind is",
        "attach": _NO_PROGRAMS,
        "config": _NO_MACHINE,
        "deinit": _NO_MACHINE,
        "edit": "use karmadactl patch or karmadactl apply",
        "exec": _NO_PROGRAMS,
        "init": _NO_MACHINE,
        "interpret": "",
        "logs": _NO_PROGRAMS,
        "options": "",
        "promote": "apply the object and a PropagationPolicy",
        "register": "karmadactl join NAME registers a cluster of the fleet",
        "token": _NO_MACHINE,
        "top": "karmadactl describe cluster NAME shows what is allocated",
    },
    "fedlab": {"fault": "fedlab inject KIND begins one, fedlab faults lists the kinds"},
}
_SECOND_WORDS: Mapping[str, str] = {
    "rollout status": "kubectl get tells the READY count; a step waits with waitUntil",
    "rollout history": "the hub keeps no revisions: it has no ReplicaSets",
    "rollout undo": "the hub keeps no revisions: apply the former manifest",
    "rollout pause": 'use kubectl patch -p \'{"spec":{"paused":true}}\'',
    "rollout resume": 'use kubectl patch -p \'{"spec":{"paused":false}}\'',
    "set env": "use kubectl patch",
    "set resources": "use kubectl patch",
    "set selector": "use kubectl patch",
    "set serviceaccount": "use kubectl patch",
    "set subject": "use kubectl patch",
}


def not_built(program: str, first: str, second: str = "") -> str | None:
    """Return what to say to somebody who uses a command that exists and is not built, or None.

    Example:
        >>> not_built("kubectl", "wait")
        'kubectl wait is not built: a step waits with waitUntil, a check with within'
    """
    both = f"{first} {second}"
    if both in _SECOND_WORDS:
        return f"{program} {both} is not built: {_SECOND_WORDS[both]}"
    hint = _HINTS.get(program, {}).get(first)
    if hint is None:
        return None
    return f"{program} {first} is not built{f': {hint}' if hint else ''}"
