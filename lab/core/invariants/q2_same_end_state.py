"""Q2: faults that are over leave no trace in what the federation has come to."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.invariants.end_state import differences, end_state
from lab.core.invariants.law import Law
from lab.core.invariants.violation import Finding


class SameEndState(Law):
    """Looked at, at the quiet end of a run with faults: bindings, their objects, Clusters.

    The same scenario is played once more with the same seed, without its faults (steps that come
    after a fault come when they would have; lines `fedlab inject` and `heal` are left out), and the
    two ends are compared. Equal, or a violation: which bindings there are, how many replicas they
    ask for, whether they are scheduled, which clusters are joined and Ready, what their objects
    look like in a cluster that both have (replicas left out), and that as many pods are ready.
    Allowed by the policy, and so only a remark: other target clusters than without the faults,
    since nothing moves back in Karmada; but a Duplicated binding must not be on fewer, unless those
    it is missing from are tainted. Taints that stayed are a remark too. That the targets are within
    the policy is what S1 and S3 judge.

    Where people wrote to the hub while a fault was in force, all of it is only remarked: a control
    plane that is late has not seen what came and went meanwhile, and Karmada's end depends on what
    it has seen (what was placed stays, a binding outlives its policy).

    Not judged where a fault is not healed, or in runs whose faults come from a console.
    """

    id = "Q2"
    name = "same-end-state"
    sentence = "the end is that of the run without faults, or one that the policy allows"
    needs_quiet = True

    def at_end(self) -> Iterator[Finding]:
        """Compare with the fault-free run."""
        scene = self.scene
        if not scene.had_faults:
            return
        if scene.reference is None:
            scene.notes.append(f"{self.id}: not judged, there is no run without the faults")
            return
        for found in differences(end_state(scene.objects), scene.reference()):
            yield found._replace(remark=True) if scene.meddled else found
