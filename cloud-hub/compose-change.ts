import type { Clock, Randomness } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from './audit/index.ts'
import { ChangeBook, ChangeDesk } from './change-control/index.ts'
import { KeyBook } from './governance/index.ts'
import type { Registry } from './registry/index.ts'

/** Change control over the registry; only keys that are confirmed and not revoked adopt a plan. */
export function composeChange(parts: {
  readonly database: Database.Database
  readonly registry: Registry
  readonly audit: HubAudit
  readonly clock: Clock
  readonly randomness: Randomness
}): ChangeDesk {
  const { database, registry, audit, clock, randomness } = parts
  const keys = new KeyBook({ database, clock, randomness })
  return new ChangeDesk({
    book: new ChangeBook(database, clock),
    registry,
    keyOf: (keyid) => {
      const found = keys.find(keyid)
      return found?.state === 'active' ? found : undefined
    },
    audit,
    together: (act) => database.transaction(act)(),
    clock,
  })
}
