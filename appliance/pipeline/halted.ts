import { selectModels } from '../scoring/index.ts'
import type { HaltedChoice } from './model-choice.ts'
import type { NotScored, Outcome } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'

/**
 * Says of each instance which models would have scored it and may not: "not scored: recalled" is a result, and nobody is
 * left to wonder why there is none. Replaces what is said of an instance for which no other model was found.
 */
export function withHalted(
  outcomes: readonly Outcome[],
  prepared: readonly PreparedInstance[],
  halted: readonly HaltedChoice[],
): readonly Outcome[] {
  if (halted.length === 0) return outcomes
  const stopped = prepared.flatMap(({ ordinal, facts }): NotScored[] =>
    halted.flatMap(({ package: { model, manifest }, reason }): NotScored[] => {
      const isFor = selectModels([{ model, fit: manifest.fit }], facts).kind === 'selected'
      return isFor ? [{ kind: 'not-scored', ordinal, model, reason, quality: {} }] : []
    }),
  )
  const told = new Set(stopped.map(({ ordinal }) => ordinal))
  const others = outcomes.filter((one) => one.kind === 'scored' || one.model !== null || !told.has(one.ordinal))
  return [...others, ...stopped]
}
