import type { ModelManifest } from '@leadglass/models'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import type { InstanceFacts } from '../imaging/index.ts'
import { fits } from './fit.ts'
import type { NotScoredReason } from './outcome.ts'

/** An active model, as far as choosing it needs. */
export interface SelectableModel {
  readonly model: ModelReference
  readonly fit: ModelManifest['fit']
}

/** The models that apply to an instance; when none does, why not. */
export type Selection =
  | { readonly kind: 'selected'; readonly models: readonly ModelReference[] }
  | { readonly kind: 'none'; readonly reason: NotScoredReason | 'no-model' }

/** How far an instance came in the checks; the reason of the model that came closest is the one worth telling. */
const CLOSENESS: readonly NotScoredReason[] = [
  'no-fit-modality',
  'no-fit-sop-class',
  'no-fit-body-part',
  'no-fit-view',
  'no-fit-age',
  'too-small',
  'multi-frame',
  'no-fit-frames',
  'not-monochrome',
]

/** Chooses among the active models, in their order. */
export function selectModels(active: readonly SelectableModel[], facts: InstanceFacts): Selection {
  const verdicts = active.map((candidate) => ({ candidate, fit: fits(candidate.fit, facts) }))
  const models = verdicts.flatMap(({ candidate, fit }) => (fit.kind === 'fits' ? [candidate.model] : []))
  if (models.length > 0) return { kind: 'selected', models }
  const reasons = verdicts.flatMap(({ fit }) => (fit.kind === 'no-fit' ? [fit.reason] : []))
  const closest = reasons.toSorted((a, b) => CLOSENESS.indexOf(b) - CLOSENESS.indexOf(a))[0]
  return { kind: 'none', reason: closest ?? 'no-model' }
}
