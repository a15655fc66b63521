import type { DuckDBConnection } from '@duckdb/node-api'
import { literal, rowsOf } from './duckdb.ts'
import type { ExclusionReason } from './exclusions.ts'
import { NOISE_TEST, NORM_FENCE, type SelectionRules, type StandingExclusions } from './rules.ts'
import { LAKE_ROW_SCHEMA } from './tables.ts'

/** A site that the noise test left out, and the figures it was left out for. */
export interface NoisySite {
  readonly site: string
  readonly positives: number
  readonly negatives: number
  readonly auc: number
  /** Upper end of the two-sided 95 % interval. */
  readonly upper: number
}

/** The outcome of every envelope, in the table `pick`: `reason` is null for a row. */
export interface Selection {
  readonly noisySites: readonly NoisySite[]
  readonly norms: { readonly low: number; readonly high: number } | null
}

/** Every time is before this one. */
const NEVER = '9999-12-31T23:59:59.999Z'

/**
 * Decides of every features envelope whether it is a row, or why not. Each rule is one statement over those that no rule has
 * taken yet, so an envelope has exactly one outcome, and rows and exclusions add up to the envelopes whatever they hold.
 * Everything runs in DuckDB, which spills: nothing depends on the number of rows fitting into memory.
 *
 * The views of the lake's tables must be there. Leaves the table `pick`, with the patient in force and the label.
 */
export async function selectRows(
  connection: DuckDBConnection,
  of: { readonly finding: string; readonly model: string },
  rules: SelectionRules,
  standing: StandingExclusions,
): Promise<Selection> {
  const run = async (sql: string): Promise<void> => void (await connection.run(sql))
  const cutoff = literal(rules.cutoff ?? NEVER)
  await run(namesTable('backbone_of', ['model_digest', 'backbone'], [...rules.backboneOf]))
  const revoked = standing.revokedReaders.map(({ site, reader }) => [site, reader] as const)
  await run(namesTable('revoked', ['site', 'reader'], revoked))
  await run(
    namesTable(
      'erased_subject',
      ['subject'],
      standing.erasedSubjects.map((one) => [one]),
    ),
  )
  await run(standingRevisions(cutoff))
  await run(picked(of.model, cutoff, rules))
  const norms = rules.norms ?? (await fence(connection))
  if (norms !== null) await run(exclude('norm-outlier', `norm < ${norms.low} OR norm > ${norms.high}`))
  await run(SUPERSEDED)
  await run(SCORED_AGAIN)
  await run(labelStates(of.finding, cutoff))
  await run(ANSWERS)
  await run(LABELLED)
  await run(UNLABELLED)
  await run(IN_FORCE)
  await run(ERASED_SINCE)
  await run(DUPLICATES)
  const noisySites = await noisy(connection, of.finding)
  await run(exclude('noisy-site', `site IN (${noisySites.map(({ site }) => literal(site)).join(', ') || 'NULL'})`))
  await run(GENERATIONS)
  return { noisySites, norms }
}

function namesTable(name: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const typed = columns.map((column) => `${column} VARCHAR`).join(', ')
  const create = `CREATE TEMP TABLE ${name} (${typed});`
  if (rows.length === 0) return create
  return `${create} INSERT INTO ${name} VALUES ${rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ')}`
}

function exclude(reason: ExclusionReason, where: string): string {
  return `UPDATE pick SET reason = '${reason}' WHERE reason IS NULL AND (${where})`
}

/** What a site said last of the revisions of a study goes before what can be read from features. */
function standingRevisions(cutoff: string): string {
  return `CREATE TEMP TABLE standing AS SELECT site, study, patient, revision, same_instances FROM revisions
    WHERE received_at <= ${cutoff}
    QUALIFY row_number() OVER (PARTITION BY site, study ORDER BY revision DESC, envelope DESC) = 1`
}

function picked(model: string, cutoff: string, { backbone, embeddingLength }: SelectionRules): string {
  return `CREATE TEMP TABLE pick AS SELECT f.envelope, f.site, f.study, f.patient, f.generation, f.revision, f.instance,
    f.norm, f.embedding_digest, NULL::TINYINT AS label,
    CASE WHEN f.model_name <> ${literal(model)} THEN 'other-model'
      WHEN f.received_at > ${cutoff} THEN 'after-cutoff'
      WHEN e.subject IS NOT NULL THEN 'erased-patient'
      WHEN f.schema_version <> ${LAKE_ROW_SCHEMA} THEN 'schema-version'
      WHEN b.backbone IS NULL THEN 'unknown-model'
      WHEN b.backbone <> ${literal(backbone)} THEN 'other-backbone'
      WHEN f.embedding_length <> ${embeddingLength} THEN 'embedding-length'
      WHEN f.norm IS NULL THEN 'not-finite' END AS reason
    FROM features f LEFT JOIN backbone_of b ON b.model_digest = f.model_digest
    LEFT JOIN (SELECT DISTINCT subject FROM erased_subject) e ON e.subject = sha256(f.site || '/' || f.patient)`
}

/** Of a study only the latest revision counts, whether features or the site's own word told of it. */
const SUPERSEDED = `UPDATE pick SET reason = 'superseded-revision' FROM (
    SELECT site, study, max(revision) AS revision FROM (
      SELECT site, study, revision FROM pick WHERE reason IS NULL
      UNION ALL SELECT site, study, revision FROM standing) GROUP BY site, study) AS last
  WHERE pick.reason IS NULL AND pick.site = last.site AND pick.study = last.study AND pick.revision <> last.revision`

/** Of an instance that was scored several times the last envelope counts. */
const SCORED_AGAIN = `UPDATE pick SET reason = 'scored-again' FROM (
    SELECT site, study, instance, max(envelope) AS envelope FROM pick WHERE reason IS NULL
    GROUP BY site, study, instance) AS last
  WHERE pick.reason IS NULL AND pick.site = last.site AND pick.study = last.study AND pick.instance = last.instance
  AND pick.envelope <> last.envelope`

function labelStates(finding: string, cutoff: string): string {
  return `CREATE TEMP TABLE label_state AS SELECT l.site, l.study, l.reader, l.value, l.envelope,
    CASE WHEN l.received_at > ${cutoff} THEN 'label-after-cutoff'
      WHEN r.reader IS NOT NULL THEN 'label-revoked-reader'
      WHEN NOT l.blind THEN 'label-unblinded'
      WHEN l.revision < s.revision AND NOT list_contains(s.same_instances, l.revision) THEN 'label-superseded'
    END AS reason
    FROM labels l LEFT JOIN standing s ON s.site = l.site AND s.study = l.study
    LEFT JOIN revoked r ON r.site = l.site AND r.reader = l.reader
    WHERE l.finding = ${literal(finding)}`
}

/** Of each reader the last label counts; readers whose last labels say present and absent contradict each other. */
const ANSWERS = `CREATE TEMP TABLE answer AS
  WITH valid AS (SELECT site, study, value, envelope FROM label_state WHERE reason IS NULL
      QUALIFY row_number() OVER (PARTITION BY site, study, reader ORDER BY envelope DESC) = 1),
    said AS (SELECT site, study, arg_max(value, envelope) AS value,
      count(DISTINCT value) FILTER (WHERE value IN ('present', 'absent')) > 1 AS contradicting FROM valid GROUP BY site, study),
    left_out AS (SELECT site, study, arg_max(reason, envelope) AS reason FROM label_state GROUP BY site, study
      HAVING count(*) FILTER (WHERE reason IS NULL) = 0)
  SELECT site, study, CASE value WHEN 'present' THEN 1 WHEN 'absent' THEN 0 END AS label,
    CASE WHEN contradicting THEN 'label-contradicting' WHEN value = 'uncertain' THEN 'label-uncertain' END AS reason FROM said
  UNION ALL SELECT site, study, NULL, reason FROM left_out`

const LABELLED = `UPDATE pick SET label = answer.label, reason = answer.reason FROM answer
  WHERE pick.reason IS NULL AND pick.site = answer.site AND pick.study = answer.study`
const UNLABELLED = exclude('no-label', 'label IS NULL')

/** A site may say after an erasure that a study belongs to the patient who was erased. */
const ERASED_SINCE = `UPDATE pick SET reason = 'erased-patient' FROM (SELECT DISTINCT subject FROM erased_subject) AS gone
  WHERE pick.reason IS NULL AND gone.subject = sha256(pick.site || '/' || pick.patient)`

/** Features of a newer revision than was told of yet speak for themselves. */
const IN_FORCE = `UPDATE pick SET patient = standing.patient FROM standing
  WHERE pick.reason IS NULL AND pick.site = standing.site AND pick.study = standing.study
  AND pick.revision = standing.revision`

/** The same image in two studies could stand on both sides of a split; the first that came stays. */
const DUPLICATES = `UPDATE pick SET reason = 'duplicate-row' FROM (
    SELECT embedding_digest, min(envelope) AS envelope FROM pick WHERE reason IS NULL GROUP BY embedding_digest
    HAVING count(*) > 1) AS first
  WHERE pick.reason IS NULL AND pick.embedding_digest = first.embedding_digest AND pick.envelope <> first.envelope`

/**
 * Under two generations of pseudonyms one patient has two that nobody here can bring together, so a patient could stand on
 * both sides of a split: of each site the generation with more patients counts, of two with as many the later one.
 */
const GENERATIONS = `UPDATE pick SET reason = 'other-generation' FROM (
    SELECT site, generation FROM pick WHERE reason IS NULL GROUP BY site, generation
    QUALIFY row_number() OVER (PARTITION BY site ORDER BY count(DISTINCT patient) DESC, generation DESC) = 1) AS chosen
  WHERE pick.reason IS NULL AND pick.site = chosen.site AND pick.generation <> chosen.generation`

async function fence(connection: DuckDBConnection): Promise<Selection['norms']> {
  const [found] = await rowsOf<{ n: number; middle: number | null; deviation: number | null }>(
    connection,
    `SELECT count(*) AS n, median(ln(norm)) AS middle, 1.4826 * mad(ln(norm)) AS deviation FROM pick
     WHERE reason IS NULL AND norm > 0`,
  )
  if (found === undefined || found.n < NORM_FENCE.least || found.middle === null) return null
  const width = Math.max(Math.log(NORM_FENCE.factor), NORM_FENCE.deviations * (found.deviation ?? 0))
  return { low: Math.exp(found.middle - width), high: Math.exp(found.middle + width) }
}

async function noisy(connection: DuckDBConnection, finding: string): Promise<readonly NoisySite[]> {
  const { least, distinct, ceiling, z } = NOISE_TEST
  // Rank sum of the positives with middle ranks for ties: Mann and Whitney's U, and from it the AUC.
  return rowsOf<NoisySite>(
    connection,
    `WITH study AS (SELECT p.site, p.study, any_value(p.label) AS label, max(s.value) AS score FROM pick p
        JOIN scores s ON s.envelope = p.envelope AND s.code = ${literal(finding)} WHERE p.reason IS NULL
        GROUP BY p.site, p.study),
      ranked AS (SELECT site, label, score, rank() OVER (PARTITION BY site ORDER BY score)
        + (count(*) OVER (PARTITION BY site, score) - 1) / 2.0 AS place FROM study),
      sums AS (SELECT site, count(*) FILTER (WHERE label = 1)::DOUBLE AS positives,
        count(*) FILTER (WHERE label = 0)::DOUBLE AS negatives, count(DISTINCT score) AS kinds,
        coalesce(sum(place) FILTER (WHERE label = 1), 0)::DOUBLE AS ranks FROM ranked GROUP BY site),
      judged AS (SELECT site, positives, negatives,
        (ranks - positives * (positives + 1) / 2) / (positives * negatives) AS auc,
        sqrt((positives + negatives + 1) / (12 * positives * negatives)) AS deviation FROM sums
        WHERE positives >= ${least} AND negatives >= ${least} AND kinds >= ${distinct})
    SELECT site, positives, negatives, auc, auc + ${z} * deviation AS upper FROM judged
    WHERE auc + ${z} * deviation < ${ceiling} ORDER BY site`,
  )
}
