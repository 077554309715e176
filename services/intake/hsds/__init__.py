"""Directory packages of others, and ours for them: HSDS 1 to 3.1 as CSV or JSON, and the older Ohana CSV.

`tables` reads what is there, `mapping` makes entries of it, `loading` writes what changed; `writing` says entries as
HSDS 3, `exporting` puts them into files. A row that can't be used is told with its file, line, field, value and what
to do, and holds back no other; a file that can't be read to its end holds back all.
"""
