"""A fleet for tests of faults."""

from lab.core.fleet import ClusterSpec, FleetSpec, NodePool


def pool(nodes: int, **more: tuple[str, ...]) -> tuple[NodePool, ...]:
    return (NodePool("p", nodes, **more),)


FLEET = FleetSpec(
    (
        ClusterSpec(
            "east1", provider="aws", region="us-east-1", zones=("us-east-1a", "us-east-1b"),
            labels={"env": "prod", "tier": "core"}, node_pools=pool(4),
        ),
        ClusterSpec(
            "east2", provider="aws", region="us-east-1", zones=("us-east-1a",),
            labels={"env": "prod"}, node_pools=pool(2),
        ),
        ClusterSpec(
            "west", provider="gcp", region="us-west-2", zones=("us-west-2a",),
            labels={"env": "test"}, node_pools=pool(3),
        ),
        ClusterSpec("edge", node_pools=pool(1)),
    )
)  # fmt: skip
