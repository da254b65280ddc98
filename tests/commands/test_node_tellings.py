"""Timelines tell what members' own controllers do about lost nodes."""

from pathlib import Path

from lab.commands.printers.timeline import timeline
from lab.session import Session

SCENARIO = Path(__file__).parents[2] / "scenarios" / "members" / "zone-loss.yaml"


def test_a_lost_node_is_told_with_the_pods_that_leave_it() -> None:
    with Session.open(SCENARIO) as session:
        session.play()
        told = [
            (round(each.time_s), each.line)
            for each in timeline(session.world)
            if each.topic == "node"
        ]
    node = "member1-general-1"
    assert told[0] == (108, f"node {node} of member1 not heard of: Ready=Unknown")
    assert told[1][0] == 413
    assert told[1][1].startswith("2 pods (default/web-")
    assert told[1][1].endswith(f"evicted from node {node} of member1")
    assert told[2] == (601, f"node {node} of member1 Ready again")
    assert len(told) == 3
