-- What a search of the directory looks for beside a word and a need: languages, rules about records, openness, and how
-- far it is. Each is a column of its own, since `entry` is not searched.
ALTER TABLE program ADD COLUMN languages text[] NOT NULL DEFAULT '{}';
ALTER TABLE program ADD COLUMN takes text[] NOT NULL DEFAULT '{}';      -- records with which it is worth asking
ALTER TABLE program ADD COLUMN openness text NOT NULL DEFAULT 'open';
ALTER TABLE program ADD COLUMN needs_papers boolean NOT NULL DEFAULT false;
ALTER TABLE program ADD COLUMN minimum_age smallint;
ALTER TABLE program ADD COLUMN maximum_age smallint;

CREATE INDEX program_languages_idx ON program USING gin (languages) WHERE withdrawn IS NULL;
CREATE INDEX program_takes_idx ON program USING gin (takes) WHERE withdrawn IS NULL;
CREATE INDEX program_assured_idx ON program (assured_on) WHERE withdrawn IS NULL;
-- Among 50,000 programs each in an alphabet of agencies: sorted once, here, and not by every search.
ALTER TABLE program ADD COLUMN agency_name text NOT NULL DEFAULT '';
CREATE INDEX program_by_agency_idx ON program (lower(agency_name), agency_id, lower(name), id) WHERE withdrawn IS NULL;

-- Where a program is given. `spot` is Mercator, in miles at the equator: nearest first there is nearest first on the
-- ground (within half a per cent at 25 miles), and a plain index of points can walk it.
CREATE TABLE program_place (
    program_id uuid NOT NULL REFERENCES program,
    number smallint NOT NULL,
    postcode text,
    spot point,
    guessed boolean NOT NULL DEFAULT false,  -- nobody said where it is: the middle of its postcode
    PRIMARY KEY (program_id, number)
);
CREATE INDEX program_place_spot_idx ON program_place USING gist (spot) WHERE spot IS NOT NULL;
CREATE INDEX program_place_postcode_idx ON program_place (postcode) WHERE spot IS NOT NULL AND NOT guessed;
