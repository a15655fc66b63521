/**
 * What was known at an instant (ISO 8601, UTC): each instance as its last envelope up to then says it, with the label of its
 * study that was the last one then, and when the hub took it. A label that came a second later is not there, and neither is
 * a correction. `SELECT * FROM known_at('2026-01-01T00:00:00.000Z', 'pneumonia')`.
 */
const KNOWN_AT = `CREATE MACRO known_at(instant, wanted) AS TABLE
  SELECT f.site, f.study, f.patient, f.revision, f.instance, f.model_digest, f.envelope, f.received_at,
    l.value AS label, l.reader, l.blind, l.received_at AS labelled_at
  FROM (SELECT * EXCLUDE (embedding) FROM features WHERE received_at <= instant
    QUALIFY row_number() OVER (PARTITION BY site, study, instance ORDER BY revision DESC, envelope DESC) = 1) f
  LEFT JOIN (SELECT * FROM labels WHERE finding = wanted AND received_at <= instant
    QUALIFY row_number() OVER (PARTITION BY site, study ORDER BY envelope DESC) = 1) l USING (site, study)`

/**
 * Each score with the label that was known when the score itself was taken, and no later one: what a judgement made then
 * could have rested on. A score without such a label stays, with nulls. `SELECT * FROM label_at_score('pneumonia')`.
 */
const LABEL_AT_SCORE = `CREATE MACRO label_at_score(wanted) AS TABLE
  SELECT s.site, s.study, s.instance, s.envelope, s.received_at, s.model_digest, s.value AS score,
    l.value AS label, l.received_at AS labelled_at
  FROM (SELECT * FROM scores WHERE code = wanted) s
  ASOF LEFT JOIN (SELECT site, study, value, received_at FROM labels WHERE finding = wanted
    QUALIFY row_number() OVER (PARTITION BY site, study, received_at ORDER BY envelope DESC) = 1) l
  ON s.site = l.site AND s.study = l.study AND s.received_at >= l.received_at`

/** Joins as of a point in time, for every query over the lake. The tables' views must be there. */
export const POINT_IN_TIME = [KNOWN_AT, LABEL_AT_SCORE] as const
