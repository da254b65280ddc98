"""MultiClusterService: a permanent id; ports, one type that never changes, names of clusters."""

from __future__ import annotations

from lab.core.admission.field_errors import FieldError, Path, aggregate, denied, duplicate, invalid
from lab.core.admission.names import cluster_name_errors, dns_1035_errors, dns_label_errors
from lab.core.admission.request import Request, with_permanent_id
from lab.core.manifest import Manifest, name_of, spec_of

PERMANENT_ID = "multiclusterservice.karmada.io/permanent-id"


def default(service: Manifest, request: Request) -> Manifest:
    """Give the object its permanent id."""
    return with_permanent_id(service, PERMANENT_ID, request.now_s)


def validate(service: Manifest, request: Request) -> None:
    """Refuse what the webhook refuses.

    Raises:
        ApiError: With the webhook's text.
    """
    spec, errors = spec_of(service), list[FieldError]()
    types = list(spec.get("types") or ())
    if request.old is not None and types != list(spec_of(request.old).get("types") or ()):
        old = list(spec_of(request.old).get("types") or ())
        text = "MultiClusterService types are immutable"
        errors.append(invalid(("spec", "types"), old, text))
    name = name_of(service)
    errors += [invalid(("metadata", "name"), name, text) for text in dns_1035_errors(name)]
    names: set[str] = set()
    for index, port in enumerate(spec.get("ports") or ()):
        path: Path = ("spec", "ports", index)
        label, number = str(port.get("name") or ""), port.get("port") or 0
        if label:
            errors += [invalid((*path, "name"), label, text) for text in dns_label_errors(label)]
            if label in names:
                errors.append(duplicate((*path, "name"), label))
            names.add(label)
        if not 1 <= number <= 65535:
            text = "must be between 1 and 65535, inclusive"
            errors.append(invalid((*path, "port"), number, text))
    errors += [
        invalid(("spec", "types", index), kind, "ExposureType Error")
        for index, kind in enumerate(types)
        if kind not in {"CrossCluster", "LoadBalancer"}
    ]
    if len(set(types)) > 1:
        text = "MultiClusterService types should not contain more than one type"
        errors.append(invalid(("spec", "types"), types, text))
    for field in ("providerClusters", "consumerClusters"):
        for index, reference in enumerate(spec.get(field) or ()):
            cluster = str(reference.get("name") or "")
            texts = cluster_name_errors(cluster)
            if texts:
                where = ("spec", "range", field, index)
                errors.append(invalid(where, cluster, ",".join(texts)))
    if errors:
        raise denied("multiclusterservice.karmada.io", aggregate(errors))
