"""The treasure hunt as a service in Python: what a team has that has not met Tallyho yet. See README.md."""
