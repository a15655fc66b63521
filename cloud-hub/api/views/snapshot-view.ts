import type { LakeSnapshotView } from '@leadglass/ui/contract/hub-api'
import { EXCLUSION_REASONS, EXCLUSIONS, type ListedSnapshot } from '../../lake/index.ts'

/** A snapshot with its account, the rules in the order in which they were asked. */
export function snapshotView({ manifest, erasure, versions, ...listed }: ListedSnapshot): LakeSnapshotView {
  const { envelopes, rows, excluded } = manifest.accounting
  return {
    digest: listed.digest,
    finding: listed.finding,
    model: listed.model,
    createdAt: listed.createdAt,
    state: erasure === null ? 'intact' : 'superseded-by-erasure',
    erasure,
    envelopes,
    rows,
    positives: manifest.positives,
    patients: manifest.patients,
    excluded: EXCLUSION_REASONS.flatMap((reason) => {
      const left = excluded[reason] ?? 0
      return left === 0 ? [] : [{ reason, words: EXCLUSIONS[reason], envelopes: left }]
    }),
    noisySites: (manifest.rules?.noisySites ?? []).map(({ site, auc, upper }) => ({ site, auc, upper })),
    cutoff: manifest.rules?.cutoff ?? null,
    versions: versions === null ? null : { ...versions },
  }
}
