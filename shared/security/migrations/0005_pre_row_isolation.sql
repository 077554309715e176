-- Nobody writes the audit in another's name; who looked at somebody is read by that person, and by the auditor.
CALL protect('audit', $$across_agencies() OR person_id = acting_person()$$,
             $$as_service() OR actor_id = acting_actor()$$);

-- A key is its sender's: the first answer to it is shown to nobody else.
CALL protect('idempotency', $$as_service() OR actor_id = acting_actor()$$);
