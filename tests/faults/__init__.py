"""The fault harness: the real network, killed, stopped, stalled, cut and restored under load; one history judges.

`run` plays. `stage` holds servers and processes (`proxy` between them, `client` for the partner), `cast` who is there
at the start, `lives` what people do, `load` and `answers` how it is sent until the outcome is known, `chaos` what goes
wrong, `poison` what nobody can read. `gather` collects the history, and `history` judges it.
"""
