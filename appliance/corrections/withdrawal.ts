import { type RejectionTitle, WITHDRAWALS, type Withdrawal } from './vocabulary.ts'

/** An instance of a revision as far as it matters here. */
export interface HeldInstance {
  readonly instanceId: number
  readonly sopInstanceUid: string
}

/** A rejection note of the study: the instance that it is, what it says, and of which instances. */
export interface NoteFacts {
  readonly instanceId: number
  readonly title: RejectionTitle
  readonly rejects: ReadonlySet<string>
}

/**
 * Which instances of a revision are withdrawn, and why. A note withdraws itself; notes do not reject notes. Of several
 * reasons the weightiest stands, so the order in which notes came does not matter.
 */
export function withdrawals(
  instances: readonly HeldInstance[],
  notes: readonly NoteFacts[],
): ReadonlyMap<number, Withdrawal> {
  const ofNotes = new Set(notes.map((note) => note.instanceId))
  const found = new Map<number, Withdrawal>()
  for (const { instanceId, sopInstanceUid } of instances) {
    if (ofNotes.has(instanceId)) {
      found.set(instanceId, 'rejection-note')
      continue
    }
    const titles = notes.filter((note) => note.rejects.has(sopInstanceUid)).map((note) => note.title)
    const weightiest = WITHDRAWALS.find((one) => one !== 'rejection-note' && titles.includes(one))
    if (weightiest !== undefined) found.set(instanceId, weightiest)
  }
  return found
}

/** Why a revision without any instance that counts is not scored. */
export function reasonOfEmpty(withdrawn: readonly Withdrawal[]): string | undefined {
  const reason = WITHDRAWALS.find((one) => withdrawn.includes(one))
  if (reason === undefined) return undefined
  return reason === 'rejection-note' ? 'rejection-note-only' : `rejected.${reason}`
}
