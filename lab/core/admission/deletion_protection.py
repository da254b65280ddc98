"""Objects with the deletion-protected label are not deleted."""

from __future__ import annotations

from lab.core.admission.field_errors import denied
from lab.core.labels import DELETION_PROTECTED
from lab.core.manifest import Manifest, labels_of


def validate(old: Manifest) -> None:
    """Refuse the deletion of a protected object.

    Raises:
        ApiError: The object carries `resourcetemplate.karmada.io/deletion-protected: Always`.
    """
    if labels_of(old).get(DELETION_PROTECTED) == "Always":
        raise denied(
            "resourcedeletionprotection.karmada.io",
            "This resource is protected, please make sure to remove the label: "
            + DELETION_PROTECTED,
        )
