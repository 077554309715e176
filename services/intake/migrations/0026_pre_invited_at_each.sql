-- An invitation is one agency's for good. Named to another one somebody is invited there anew, also where they have
-- answered the first: else a sender that reads at the second learns from whether a row comes there that they have.
ALTER TABLE invited DROP CONSTRAINT invited_sender_reference_key,
                    ADD UNIQUE (sender, reference, welcoming);
