import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditEventInput, encodeEvent } from '@leadglass/sync-agent/audit-log'
import { AgentStatusFile, type IdentityStatus, IdentityStatusFile } from '@leadglass/sync-agent/exchange'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AgentWatch } from './index.ts'

const AT = '2026-03-01T12:00:00.000Z'
const DEVICE = 'box-1' as IdentityStatus['device']

describe('what the agent says that it did', () => {
  let folder: string
  let said: string[]
  let watch: AgentWatch
  let status: AgentStatusFile
  let identity: IdentityStatusFile
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-agent-watch-'))
    status = new AgentStatusFile(join(folder, 'agent.json'))
    identity = new IdentityStatusFile(join(folder, 'identity.json'))
    said = []
    const recordNow = (event: AuditEventInput): void => {
      encodeEvent(event, 0)
      said.push([event.event, event.outcome, ...(event.codes ?? [])].join(' '))
    }
    watch = new AgentWatch({ status, identity, audit: { recordNow } })
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const agent = (change: Partial<Parameters<AgentStatusFile['write']>[0]>) =>
    status.write({
      schema: 'leadglass.agent-status/1',
      device: DEVICE,
      link: 'up',
      since: AT,
      lastAcknowledgementAt: null,
      lastError: null,
      waiting: {},
      refusedFiles: 0,
      updates: null,
      settings: null,
      at: AT,
      ...change,
    })
  const own = (notAfter: string, problem: IdentityStatus['problem'] = null) =>
    identity.write({
      schema: 'leadglass.identity-status/1',
      device: DEVICE,
      hubUrl: 'mqtts://hub:8883',
      certificate: { notAfter, renewalAt: AT, authorityFingerprint: 'ab'.repeat(32) },
      problem,
      anchors: null,
      join: null,
      at: AT,
    })

  it('is an entry for each change, and none while nothing changes or nothing can be read', async () => {
    await watch.look()
    await agent({})
    await watch.look()
    await agent({ at: '2026-03-01T12:00:10.000Z', waiting: { labels: 3 } })
    await watch.look()
    await agent({ link: 'down', settings: '0123456789abcdef' })
    await watch.look()
    await writeFile(join(folder, 'agent.json'), '{"schema":')
    await watch.look()
    await agent({ link: 'up', settings: '0123456789abcdef' })
    await watch.look()
    expect(said).toEqual([
      'agent.reported success link-up',
      'agent.reported failure link-down settings-0123456789abcdef',
      'agent.reported success link-up',
    ])
  })

  it('names a verified kit, a refused one with the attack, and leaves out what is no code', async () => {
    const updates = (outcome: string, code: string | null) =>
      agent({ updates: { at: AT, outcome: outcome, code: code as never } })
    await updates('verified', null)
    await watch.look()
    await updates('refused', 'rollback-attack')
    await watch.look()
    expect(said).toEqual([
      'agent.reported success link-up updates.verified',
      'agent.reported failure updates.refused rollback-attack',
    ])
  })

  it('names a renewed certificate, and what is wrong with the identity until it is well', async () => {
    await own('2026-04-01T12:00:00.000Z')
    await watch.look()
    await own('2026-05-01T12:00:00.000Z')
    await watch.look()
    await own('2026-05-01T12:00:00.000Z', { code: 'device-held', message: 'm', nextStep: 'n' })
    await watch.look()
    await own('2026-05-01T12:00:00.000Z')
    await watch.look()
    expect(said).toEqual([
      'agent.reported success certificate-until-2026-04-01t12-00-00 identity-well',
      'agent.reported success certificate-until-2026-05-01t12-00-00',
      'agent.reported failure identity.problem device-held',
      'agent.reported success identity-well',
    ])
  })
})
