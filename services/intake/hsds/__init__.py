"""Loading a directory package: HSDS 1 to 3.1 as CSV or JSON, and the older Ohana CSV that cities still export.

`tables` reads what is there, `mapping` makes entries of it, `loading` writes what changed. Rows that can't be used are
told with their file, line and what to do, and hold back nothing else.
"""
