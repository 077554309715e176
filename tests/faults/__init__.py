"""The fault harness: real processes, real servers, killed, stopped, cut and restored; one history judges."""
