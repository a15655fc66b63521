import type { Metadata, Targets } from '@tufjs/models'
import { type RecallStatement, recallPath, recallStatement } from '../contract/index.ts'
import { canonicalJson, digestOf } from '../foundation/index.ts'
import { UpdateRefusedError } from './attacks.ts'

/**
 * Where recalls go once seen, for ever: neither a lost folder nor older metadata may undo one. `add` returns when they
 * are durable, and takes one that is known already in silence.
 */
export interface RecallBook {
  add(recalls: readonly RecallStatement[]): Promise<void>
}

/**
 * Reads the recalls of verified metadata of the role. An entry that cannot be read is left out with the others in force:
 * one damaged entry must not keep the others from stopping their models.
 * @throws {UpdateRefusedError} `redelegated` when the role passes its right on.
 */
export function readRecalls(metadata: Metadata<Targets>): {
  readonly recalls: readonly RecallStatement[]
  readonly unreadable: number
} {
  if (metadata.signed.delegations !== undefined) {
    throw new UpdateRefusedError(
      'redelegated',
      'The role recalls passes its right on to others. This device refuses that.',
    )
  }
  const entries = Object.values(metadata.signed.targets)
  const recalls = entries.flatMap((target) => {
    const parsed = recallStatement.safeParse(target.custom)
    if (!parsed.success || target.path !== recallPath(parsed.data.model)) return []
    return target.hashes.sha256 === digestOf(canonicalJson(parsed.data)) ? [parsed.data] : []
  })
  return { recalls, unreadable: entries.length - recalls.length }
}
