import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { expect, it } from 'vitest'
import { FolderRepositoryFiles, OnlineResigner, RepositoryWriter, readOnlineKeys } from './delivery/index.ts'
import { raiseOnlineAlarm, recordPublished } from './delivery-parts.ts'
import { SigningAlarms } from './governance/index.ts'
import { hubLayout } from './hub-folder.ts'
import { holdTestCeremony } from './testing/ceremony.ts'
import { createHubCore } from './testing/hub-core.ts'

it('writes down that the timestamp was signed again, each time and only then', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hub-delivery-'))
  try {
    await holdTestCeremony(folder)
    const layout = hubLayout(folder)
    const clock = new ManualClock(Date.now())
    const files = new FolderRepositoryFiles({ folder: layout.repository })
    const writer = new RepositoryWriter({ files, keys: await readOnlineKeys(layout.onlineKeys), clock })
    const events: AuditEventInput[] = []
    const audit = { record: (event: AuditEventInput) => void events.push(event) }
    const onSigned = (): void => recordPublished(audit)
    const resigner = new OnlineResigner({ writer, clock, logger: silentLogger, onSigned })
    expect(await resigner.look()).toBe(false)
    clock.advance(20 * 86_400_000)
    expect([await resigner.look(), await resigner.look()]).toEqual([true, false])
    expect(events.map(({ event, codes }) => [event, codes])).toEqual([['metadata.published', ['timestamp']]])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('raises one alarm a day about the keys of the hub, in the list and in the log', async () => {
  const hub = await createHubCore()
  const { database, audit, clock } = hub
  try {
    const alarms = new SigningAlarms({ database, audit: audit.log, clock })
    const size = audit.log.size
    for (let i = 0; i < 3; i += 1) raiseOnlineAlarm(alarms, 'key-not-found')
    raiseOnlineAlarm(alarms, 'pin-refused')
    clock.advance(25 * 3_600_000)
    raiseOnlineAlarm(alarms, 'key-not-found')
    expect(alarms.newest().map(({ person, code }) => [person, code])).toEqual([
      ['hub.delivery', 'online-keys-key-not-found'],
      ['hub.delivery', 'online-keys-pin-refused'],
      ['hub.delivery', 'online-keys-key-not-found'],
    ])
    expect(audit.log.size - size).toBe(3)
  } finally {
    await hub.close()
  }
})
