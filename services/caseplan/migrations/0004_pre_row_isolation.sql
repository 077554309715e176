-- Whose rows are whose. An aggregate belongs to the agency that answers for it, to the agency that was asked (not while
-- it is a draft), to whoever it is about and to whom it names; and to the agency that walks with the person now.
-- agency and program stay open: they are the public directory.

-- These reach across agencies, each for one answer that tells nothing of the rows behind it, and give back the reach
-- that they were called with. (A SET clause would do it, but it takes a superuser to write one.)

-- Whether the acting agency was ever asked to help somebody.
CREATE FUNCTION was_asked(whom uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    found boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    found := EXISTS (SELECT FROM aggregate WHERE person = whom AND kind = 'referral' AND receiving = acting_agency()
                        AND stage <> 'draft');
    PERFORM set_config('app.reach', before, true);
    RETURN found;
END $$;

-- Whether a consent is live is the same whoever asks: what an agency can't see must not lengthen it.
CREATE OR REPLACE FUNCTION is_live(asked consent) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    live boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    live := asked.ended IS NULL AND asked.expires_on >= day_of(asked.person)
        AND (asked.confirm_by IS NULL OR asked.confirm_by >= day_of(asked.person))
        AND NOT EXISTS (SELECT FROM progress WHERE consumer = 'caseplan' AND topic = 'throughcare.consent.v1'
                           AND subject = asked.id::text AND parked IS NOT NULL);
    PERFORM set_config('app.reach', before, true);
    RETURN live;
END $$;

-- Locks alone: those that come first are taken for whatever may follow from a word, whoever says it.
CREATE FUNCTION hold_consents(referrals uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE before text := coalesce(current_setting('app.reach', true), '');
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    PERFORM id FROM consent
      WHERE person IN (SELECT person FROM aggregate WHERE kind = 'referral' AND id = ANY (referrals)) AND ended IS NULL
      ORDER BY id FOR SHARE;
    PERFORM set_config('app.reach', before, true);
END $$;
CREATE FUNCTION lock_plan_of(promised uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE before text := coalesce(current_setting('app.reach', true), '');
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    PERFORM plan.id FROM aggregate plan JOIN aggregate promise ON promise.kind = 'promise' AND promise.id = promised
      WHERE plan.kind = 'plan' AND plan.id = promise.person FOR UPDATE OF plan;
    PERFORM set_config('app.reach', before, true);
END $$;

-- Our copy of a person: for their own agency, their worker, and an agency that was asked to help them.
CALL protect('person', $$
    across_agencies() OR home = acting_agency() OR id = acting_person() OR worker = acting_worker() OR was_asked(id)$$);

-- Whether the acting agency or worker walks with somebody now. A function, asked last: as a part of a policy it would
-- be made ready for every statement, and hardly ever be needed.
CREATE FUNCTION walks_with(whom uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM person WHERE id = whom
                      AND (home = acting_agency() OR worker = acting_worker()));
END $$;

CALL protect('aggregate', $$
    as_service() OR home = acting_agency() OR person = acting_person() OR worker = acting_worker()
    OR (receiving = acting_agency() AND stage <> 'draft') OR walks_with(person)$$);

CALL protect('contact', $$
    as_service() OR agency = acting_agency() OR person = acting_person() OR worker = acting_worker()
    OR walks_with(person)$$);

-- Words and the timeline follow what they belong to. One row at a time, by its key: a join could be turned around.
CALL protect('words', $$
    as_service() OR (SELECT true FROM aggregate a WHERE a.kind = words.kind AND a.id = words.id)
    OR (kind = 'contact' AND (SELECT true FROM contact c WHERE c.id = words.id))$$);

-- The same for a line that is written, where one line is asked about: it need not be made ready for many.
CREATE FUNCTION sees(what text, which uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM aggregate WHERE kind = what AND id = which);
END $$;
CALL protect('happened', $$
    as_service() OR person = acting_person()
    OR (SELECT p.home = acting_agency() OR p.worker = acting_worker() FROM person p WHERE p.id = happened.person)
    OR (SELECT true FROM aggregate a WHERE a.kind = happened.kind AND a.id = happened.id)$$, $$
    as_service() OR person = acting_person() OR walks_with(person) OR sees(kind, id)$$);

-- What an agency calls a referral is that agency's.
CALL protect('reference', $$as_service() OR agency = acting_agency()$$);

-- A consent is the person's, of the agency that walks with them, and of the one agency that it names.
CALL protect('consent', $$
    as_service() OR recipient = acting_agency() OR person = acting_person() OR walks_with(person)$$);
