import { type Clock, type Logger, type Randomness, RepeatedLook, type Service } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { Accounts } from './api/index.ts'
import type { HubAudit } from './audit/index.ts'
import {
  ApprovalNotes,
  DEADLINE_EVERY_MS,
  DeadlineWatch,
  type GovernanceRepository,
  KeyBook,
  type SigningAlarms,
  SigningDesk,
} from './governance/index.ts'
import type { HubSettings } from './hub-folder.ts'

/** The parts of governance that need a log and accounts; without a policy nothing can be signed yet. */
export function composeGovernance(parts: {
  readonly database: Database.Database
  readonly governance: GovernanceRepository
  readonly accounts: Accounts
  readonly audit: HubAudit
  readonly alarms: SigningAlarms
  readonly settings: HubSettings
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}): {
  readonly notes: ApprovalNotes
  readonly keys: KeyBook
  readonly signing: SigningDesk | undefined
  /** Looks at deadlines. */
  readonly watch: Service | undefined
} {
  const { database, governance, accounts, alarms, settings, clock, randomness, logger } = parts
  const notes = new ApprovalNotes({ database, clock })
  const keys = new KeyBook({ database, clock, randomness })
  keys.adopt(settings.approvers)
  const { policy } = settings
  if (policy === null) return { notes, keys, signing: undefined, watch: undefined }
  const { audit } = parts
  const common = { governance, audit, policy, clock }
  const together = (act: () => void): void => database.transaction(act)()
  const deadlines = new DeadlineWatch({ ...common, notes, together, logger })
  const look = (): void => deadlines.look()
  return {
    notes,
    keys,
    signing: new SigningDesk({ ...common, database, keys, alarms, first: accounts }),
    watch: new RepeatedLook({ name: 'governance.deadline', everyMs: DEADLINE_EVERY_MS, look, logger, atStart: true }),
  }
}
