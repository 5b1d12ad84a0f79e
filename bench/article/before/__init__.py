"""The treasure hunt as a service in Python: what a team has that has not met Tallyho yet.

It is measured by bench/article.py, and its rules are the oracle of docs/oracle.md.
"""
