import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import { mayAct } from './approval.ts'
import type { ApprovalNotes } from './approval-notes.ts'
import type { GovernanceRepository, Proposal } from './repository.ts'

/** Hours before the deadline at which those who have not signed are reminded, each once. */
export const REMINDER_HOURS = [72, 24] as const
const HOUR_MS = 3_600_000
/** How often to look, in milliseconds. */
export const DEADLINE_EVERY_MS = 60_000

/** What the watch works with. */
export interface DeadlineWatchOptions {
  readonly governance: GovernanceRepository
  readonly notes: ApprovalNotes
  readonly audit: { append(event: AuditEventInput): unknown }
  /** One transaction: what ends and its entry in the log are there both, or neither. */
  readonly together: (act: () => void) => void
  readonly policy: Pick<ApprovalPolicy, 'minimumApprovals' | 'requiredRoles'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Reminds before a deadline, and ends what nobody signed in time. */
export class DeadlineWatch {
  readonly #options: DeadlineWatchOptions

  constructor(options: DeadlineWatchOptions) {
    this.#options = options
  }

  /** Looks at every open proposal once. Doing it again changes nothing. */
  look(): void {
    for (const proposal of this.#options.governance.openProposals()) {
      if (proposal.dueAt === null) continue
      const left = Date.parse(proposal.dueAt) - this.#options.clock.now()
      if (left <= 0) this.#expire(proposal)
      else this.#remind(proposal, left)
    }
  }

  #expire(proposal: Proposal): void {
    const { governance, policy, audit, logger, together } = this.#options
    if (mayAct(proposal, { kind: 'expire' }, policy).kind === 'refused') return
    together(() => {
      if (!governance.close(proposal.id, 'expired', 'hub.deadline', 'the deadline passed')) return
      audit.append(eventOf('approval.expired', proposal.id, []))
      logger.warn('governance.expired', { proposal: proposal.id })
    })
  }

  #remind(proposal: Proposal, left: number): void {
    const { notes, audit, logger } = this.#options
    const said = notes.of(proposal.id).filter((note) => note.kind === 'reminder')
    // Only the nearest mark counts: after a week without power, one reminder is enough.
    const [mark] = REMINDER_HOURS.filter((hours) => left <= hours * HOUR_MS).sort((a, b) => a - b)
    if (mark === undefined) return
    const words = `Fewer than ${mark} hours are left.`
    if (said.some((note) => note.words === words)) return
    const note = { kind: 'reminder', person: 'hub.deadline', words, replyTo: null } as const
    notes.add(proposal.id, note, () => {
      audit.append(eventOf('approval.reminded', proposal.id, [`hours-${mark}`]))
    })
    logger.warn('governance.reminded', { proposal: proposal.id, hours: mark })
  }
}

function eventOf(
  event: 'approval.expired' | 'approval.reminded',
  id: string,
  codes: readonly string[],
): AuditEventInput {
  return {
    event,
    actor: { kind: 'system', id: 'hub.governance' },
    subject: { kind: 'approval', id },
    outcome: 'success',
    codes,
  }
}
