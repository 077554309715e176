-- A key is made once and forgotten by erase(): whoever could overwrite one could forget it. Wrapping anew is the owner's.
REVOKE UPDATE ON person_key FROM intake, caseplan, notifications, reporting;
