"""Pods and their nodes as columns: scheduling, kubelets, the life of a pod, rendering."""
