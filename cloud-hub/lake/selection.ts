import { generationOfSites } from './generations.ts'

/** One features envelope that may become a row. `digest` is of the model package that scored the instance. */
export interface Candidate {
  readonly envelope: number
  readonly site: string
  readonly study: string
  readonly patient: string
  /** Of the site's pseudonym keys. */
  readonly generation: number
  readonly revision: number
  readonly instance: number
  readonly modelDigest: string
  readonly month: string
  readonly view: string
  readonly sex: string
  readonly ageDecade: number | null
  readonly embedding: Uint8Array
}

/** A label of a study for the finding; of several the last counts. */
export interface LatestLabel {
  readonly site: string
  readonly study: string
  readonly revision: number
  readonly value: 'present' | 'absent' | 'uncertain'
}

/**
 * What a site said last of the revisions of a study: which one stands, whose the study is, and which earlier revisions
 * had the same instances.
 */
export interface StandingRevision {
  readonly site: string
  readonly study: string
  readonly patient: string
  readonly revision: number
  readonly sameInstances: readonly number[]
}

/** A row of a snapshot. `label` is 1 for present. */
export interface SnapshotRow extends Candidate {
  readonly label: 0 | 1
}

/** Why an envelope did not become a row. */
export const EXCLUSION_REASONS = [
  'other-model',
  'unknown-model',
  'other-backbone',
  'embedding-length',
  'superseded-revision',
  'scored-again',
  'no-label',
  'label-superseded',
  'label-uncertain',
  'other-generation',
] as const
export type ExclusionReason = (typeof EXCLUSION_REASONS)[number]

/** Every envelope is a row or is counted under one reason: `envelopes` is `rows` plus all of `excluded`. */
export interface Accounting {
  readonly envelopes: number
  readonly rows: number
  readonly excluded: Readonly<Partial<Record<ExclusionReason, number>>>
}

/** What a row must be like. */
export interface SelectionRules {
  /** Digest of the backbone graph by digest of the model package; a package that is not in it is unknown. */
  readonly backboneOf: ReadonlyMap<string, string>
  readonly backbone: string
  readonly embeddingLength: number
}

/**
 * Joins features with the latest label of their study. Of a study only the latest revision counts; of an instance scored
 * by several versions only the last envelope. A site's word on a study's revisions goes before what can be read from
 * features: it tells of revisions that nothing was scored of, of the patient in force, and which labels were given on the
 * same instances; labels on others do not count. Of a site one generation of
 * pseudonyms is taken. Rows come in a fixed order: site, study, instance.
 */
export function selectRows(
  candidates: readonly Candidate[],
  labels: readonly LatestLabel[],
  rules: SelectionRules,
  revisions: readonly StandingRevision[] = [],
): { readonly rows: SnapshotRow[]; readonly excluded: Map<ExclusionReason, number> } {
  const excluded = new Map<ExclusionReason, number>()
  const exclude = (reason: ExclusionReason): void => {
    excluded.set(reason, (excluded.get(reason) ?? 0) + 1)
  }
  const usable = candidates.filter((candidate) => {
    const reason = misfit(candidate, rules)
    if (reason !== undefined) exclude(reason)
    return reason === undefined
  })
  const standing = new Map<string, StandingRevision>()
  for (const one of revisions) {
    if (one.revision >= (standing.get(studyKey(one))?.revision ?? 0)) standing.set(studyKey(one), one)
  }
  const lastRevision = new Map([...standing].map(([key, one]) => [key, one.revision]))
  for (const candidate of usable) {
    const key = studyKey(candidate)
    lastRevision.set(key, Math.max(candidate.revision, lastRevision.get(key) ?? 0))
  }
  const latest = new Map<string, Candidate>()
  for (const candidate of usable) {
    if (candidate.revision !== lastRevision.get(studyKey(candidate))) {
      exclude('superseded-revision')
      continue
    }
    const key = `${studyKey(candidate)}/${candidate.instance}`
    const earlier = latest.get(key)
    if (earlier !== undefined) exclude('scored-again')
    if (earlier === undefined || candidate.envelope > earlier.envelope) latest.set(key, candidate)
  }
  const labelled = new Set(labels.map(studyKey))
  const valid = labels.filter((label) => stillCounts(label, standing.get(studyKey(label))))
  const answers = new Map(valid.map((label) => [studyKey(label), label.value]))
  const rows: SnapshotRow[] = []
  for (const candidate of latest.values()) {
    const value = answers.get(studyKey(candidate))
    if (value === undefined) exclude(labelled.has(studyKey(candidate)) ? 'label-superseded' : 'no-label')
    else if (value === 'uncertain') exclude('label-uncertain')
    else {
      const stands = standing.get(studyKey(candidate))
      // Features of a newer revision than was told of yet speak for themselves.
      const patient = stands?.revision === candidate.revision ? stands.patient : candidate.patient
      rows.push({ ...candidate, patient, label: value === 'present' ? 1 : 0 })
    }
  }
  const generations = generationOfSites(rows)
  const kept = rows.filter((row) => row.generation === generations.get(row.site))
  if (kept.length < rows.length) excluded.set('other-generation', rows.length - kept.length)
  return { rows: kept.sort(byPlace), excluded }
}

/** A label counts as long as the instances that it was given on are those of the standing revision. */
function stillCounts(label: LatestLabel, standing: StandingRevision | undefined): boolean {
  if (standing === undefined || label.revision >= standing.revision) return true
  return standing.sameInstances.includes(label.revision)
}

function misfit(candidate: Candidate, rules: SelectionRules): ExclusionReason | undefined {
  const backbone = rules.backboneOf.get(candidate.modelDigest)
  if (backbone === undefined) return 'unknown-model'
  if (backbone !== rules.backbone) return 'other-backbone'
  return candidate.embedding.length === rules.embeddingLength * 4 ? undefined : 'embedding-length'
}

function studyKey(of: { readonly site: string; readonly study: string }): string {
  return `${of.site}/${of.study}`
}

function byPlace(a: SnapshotRow, b: SnapshotRow): number {
  if (a.site !== b.site) return a.site < b.site ? -1 : 1
  if (a.study !== b.study) return a.study < b.study ? -1 : 1
  return a.instance - b.instance
}
