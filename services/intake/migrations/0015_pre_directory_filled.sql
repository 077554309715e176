-- What the new columns say of entries that were here before. An agency's own word was last said when it was changed.
UPDATE program p SET
    languages = ARRAY(SELECT jsonb_array_elements_text(coalesce(p.entry->'languages', '[]'))),
    openness = CASE WHEN p.accepting THEN 'open' ELSE 'closed' END,
    needs_papers = jsonb_array_length(coalesce(p.entry->'documents', '[]')) > 0,
    minimum_age = (p.entry->>'minimum_age')::smallint,
    maximum_age = (p.entry->>'maximum_age')::smallint,
    agency_name = a.name,
    assured_on = CASE WHEN p.source IS NULL THEN p.changed_at::date ELSE p.assured_on END
  FROM agency a WHERE a.id = p.agency_id;
UPDATE agency SET assured_on = changed_at::date WHERE source IS NULL AND assured_on IS NULL;
