import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'

const EVENT: AuditEventInput = {
  event: 'session.refused',
  actor: { kind: 'system', id: 'hub' },
  subject: null,
  outcome: 'refused',
}

describe('an entry of the hub’s log', () => {
  let core: HubCore
  beforeEach(async () => {
    core = await createHubCore()
  })
  afterEach(() => core.close())

  it('is there with the nodes of the tree that it completes, or not at all', () => {
    // An odd number of entries first, so that the next one completes a node.
    if (core.audit.log.size % 2 === 0) core.audit.append(EVENT)
    const { size } = core.audit.log
    core.database.exec(
      `CREATE TRIGGER disk_full BEFORE INSERT ON audit_subtree BEGIN SELECT RAISE(FAIL, 'disk is full'); END`,
    )
    expect(() => core.audit.append(EVENT)).toThrow('disk is full')
    expect(core.audit.log.size).toBe(size)
    core.database.exec('DROP TRIGGER disk_full')
    expect(core.audit.append(EVENT).index).toBe(size)
    expect(core.audit.log.size).toBe(size + 1)
  })
})
