/** Reserved in PostgreSQL and free in SQLite (PostgreSQL, Appendix C): a column of that name is quoted. */
export const RESERVED: ReadonlySet<string> = new Set([
  'ANALYSE',
  'ARRAY',
  'ASYMMETRIC',
  'AUTHORIZATION',
  'BINARY',
  'BOTH',
  'CURRENT_CATALOG',
  'CURRENT_ROLE',
  'CURRENT_USER',
  'FETCH',
  'FREEZE',
  'GRANT',
  'ILIKE',
  'LATERAL',
  'LEADING',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'ONLY',
  'OVERLAPS',
  'PLACING',
  'SESSION_USER',
  'SIMILAR',
  'SOME',
  'SYMMETRIC',
  'TRAILING',
  'USER',
  'VARIADIC',
  'VERBOSE',
])

/** Words that end a list of ORDER BY terms at their own depth. */
export const AFTER_ORDER: ReadonlySet<string> = new Set([
  'LIMIT',
  'OFFSET',
  'ROWS',
  'RANGE',
  'GROUPS',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'RETURNING',
])

/** Words that cannot be the name of a column or table where they stand in an expression or after a sub-select. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  `ALL AND AS ASC BETWEEN BY CASE CAST COLLATE CROSS DEFAULT DELETE DESC DISTINCT DO ELSE END EXCEPT EXISTS FALSE
  FILTER FROM FULL GROUP HAVING ILIKE IN INNER INSERT INTERSECT INTO IS ISNULL JOIN LEFT LIKE LIMIT NATURAL NOT
  NOTHING NOTNULL NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION RETURNING RIGHT SELECT SET THEN TRUE UNION
  UPDATE USING VALUES WHEN WHERE WITH`.split(/\s+/),
)
