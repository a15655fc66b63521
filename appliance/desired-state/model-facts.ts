import { ACTIVATION_WORDS, type ReportedDocument } from '@leadglass/sync-agent/contract'
import { highWaterMarksState } from '@leadglass/sync-agent/updates'
import type { Records } from '../records/index.ts'

/** A hub sees the newest versions; what came before is in this box's own record. */
const MOST = 64

/** How versions stand here, as the hub is told: what stops one goes before where it stands. */
export function activationsOf({
  models,
  activations,
  halts,
}: Pick<Records, 'models' | 'activations' | 'halts'>): NonNullable<ReportedDocument['activations']> {
  return models
    .all()
    .flatMap(({ name, version, digest, state }): NonNullable<ReportedDocument['activations']> => {
      const row = activations.find(digest)
      const halt = halts.haltOf({ name, digest })
      const word = halt === 'recalled' || state === 'active' ? (halt ?? row?.state) : row?.state
      const known = ACTIVATION_WORDS.find((one) => one === word)
      return known === undefined
        ? []
        : [{ model: { name, version, digest }, state: known, attempts: row?.attempts ?? 0 }]
    })
    .slice(0, MOST)
}

/** How this box stands to the repository (Uptane 5.4: the latest verifiable time, and any sign of an attack). */
export function updatesOf({ models }: Pick<Records, 'models'>): NonNullable<ReportedDocument['updates']> {
  const content = models.marks()
  const floor = content === undefined ? 0 : highWaterMarksState.parse(JSON.parse(content)).timeFloor.height
  const [refused] = models.refusedKits()
  return {
    verifiedSeconds: Math.floor(floor / 1000),
    refused: refused?.code ?? null,
  }
}
