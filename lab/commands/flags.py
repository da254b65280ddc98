"""Flags that several verbs share, so that each is described once."""

from __future__ import annotations

from lab.commands.verb import Flag

_FORMS = ("table", "wide", "json", "yaml", "name")
OUTPUT = Flag(
    "output", "how to print: table, wide, json, yaml, name, jsonpath=…, custom-columns=…", "o",
    choices=(*_FORMS, "jsonpath", "custom-columns"), metavar="FORMAT",
)  # fmt: skip
OUTPUT_DATA = Flag(
    "output", "how to print: table, wide, json, yaml or name", "o", choices=_FORMS,
    metavar="FORMAT",
)  # fmt: skip
OUTPUT_CHANGED = Flag(
    "output", "print the changed object: name, json or yaml", "o", choices=_FORMS,
    metavar="FORMAT",
)  # fmt: skip
NAMESPACE = Flag("namespace", "the namespace (default: default)", "n", metavar="NAME")
ALL_NAMESPACES = Flag("all-namespaces", "all namespaces", "A", "bool", False)
SELECTOR = Flag("selector", "label selector, such as app=web,tier!=old", "l", metavar="SELECTOR",
                also=("labels",))  # fmt: skip
FIELD_SELECTOR = Flag("field-selector", "field selector, such as metadata.name=web",
                      metavar="SELECTOR")  # fmt: skip
CLUSTERS = Flag("clusters", "member clusters to look into", "C", "list", metavar="NAMES",
                also=("cluster",), programs=("fedlab", "karmadactl"))  # fmt: skip
SCOPE = Flag("operation-scope", "where to look: karmada, members or all", "s",
             choices=("karmada", "members", "all"), metavar="SCOPE",
             programs=("fedlab", "karmadactl"))  # fmt: skip
FILENAME = Flag("filename", "file, folder or - (standard input)", "f", "list", metavar="FILE")
RECURSIVE = Flag("recursive", "folders with all their sub-folders", "R", "bool", False)
DRY_RUN = Flag("dry-run", "check and answer, but change nothing", type="optional", default="none",
               choices=("none", "client", "server", "true", "false"), alone="client",
               metavar="none|client|server")  # fmt: skip
ALL = Flag("all", "all objects of the kind in the namespace", type="bool", default=False)
CONTEXT = Flag("context", "the hub, or a member's name", metavar="NAME",
               also=("karmada-context",))  # fmt: skip
KUBECONFIG = Flag("kubeconfig", "accepted and not used: the lab has one hub", metavar="FILE",
                  programs=("kubectl", "karmadactl"))  # fmt: skip
FIELD_MANAGER = Flag("field-manager", "name that the changed fields are recorded under",
                     metavar="NAME")  # fmt: skip
AT = Flag("at", "the moment of the run, such as 90s or 5m", type="time", metavar="TIME")
RUN = Flag("run", "the run file to read (default: the newest)", metavar="FILE",
           programs=("fedlab",))  # fmt: skip
NO_HEADERS = Flag("no-headers", "without the row of column names", type="bool", default=False)

READING = (AT, RUN, CONTEXT, KUBECONFIG)
"""What every verb that reads objects knows."""
CHANGING = (NAMESPACE, DRY_RUN, CLUSTERS, CONTEXT, KUBECONFIG, FIELD_MANAGER)
"""What every verb that changes objects knows."""


def dry(value: str) -> bool:
    """Tell whether a `--dry-run` value asks for a dry run."""
    return value in {"client", "server", "true"}


def dry_suffix(value: str) -> str:
    """Return what kubectl appends to its first line in a dry run."""
    return " (server dry run)" if value == "server" else " (dry run)" if dry(value) else ""
