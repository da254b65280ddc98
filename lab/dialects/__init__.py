"""Other federation systems, one folder each, translated to the house's objects."""
