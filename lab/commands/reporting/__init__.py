"""Reports of a run: the facts once, then a page, Markdown or JUnit made of them. No I/O here."""
