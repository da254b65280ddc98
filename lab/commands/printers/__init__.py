"""How answers look: kubectl's and Karmada's tables and descriptions, JSON and YAML."""
