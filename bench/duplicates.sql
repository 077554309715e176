-- name: people
-- As many as in $2, in the agency $1, with names as unevenly spread as in a city: their signs and nothing else. Half gave
-- a year of birth, most of those a date, seven in ten a number, which one in ten shares.
INSERT INTO sign (agency_id, part, person_id, kind)
WITH drawn AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, floor(2000 * power(random(), 3))::int AS given, floor(30000 * power(random(), 2.5))::int AS family,
           1950 + floor(random() * 56)::int AS year, floor(random() * 365)::int AS day, random() AS tells,
           CASE WHEN random() < 0.7 THEN floor(random() * $2 * 0.9)::int END AS phone
      FROM generate_series(1, $2::int)),
signs AS (
    SELECT id, s.kind, s.said FROM drawn CROSS JOIN LATERAL (VALUES
        ('name', format('%s+%s', given, family)), ('sound', format('%s+%s', given / 2, family / 3)),
        ('word', format('g%s', given / 2)), ('word', format('f%s', family / 3)),
        ('contact', phone::text),
        ('year', CASE WHEN tells < 0.5 THEN year::text END),
        ('aged', CASE WHEN tells < 0.5 THEN format('g%s+%s', given / 2, year) END),
        ('aged', CASE WHEN tells < 0.5 THEN format('f%s+%s', family / 3, year) END),
        ('date', CASE WHEN tells < 0.4 THEN format('%s-%s', year, day) END),
        ('dated', CASE WHEN tells < 0.4 THEN format('g%s+%s-%s', given / 2, year, day) END),
        ('dated', CASE WHEN tells < 0.4 THEN format('f%s+%s-%s', family / 3, year, day) END)) AS s(kind, said)
     WHERE s.said IS NOT NULL
    UNION ALL SELECT id, 'all', '' FROM drawn)
SELECT $1, CASE WHEN kind = 'all' THEN ''::bytea ELSE decode(md5(kind || said), 'hex') END, id, kind
  FROM signs ORDER BY 2, 3 ON CONFLICT DO NOTHING;

-- name: somebody
-- Some of an agency, to look for whoever is like them.
SELECT person_id, array_agg(part) AS parts, array_agg(kind) AS kinds FROM sign
 WHERE person_id IN (SELECT person_id FROM sign WHERE agency_id = $1 AND part = '' ORDER BY person_id LIMIT $2) AND part <> ''
 GROUP BY person_id;
