import type { DeploymentStatistics } from '@leadglass/sync-agent/contract'
import { expect, it } from 'vitest'
import { device, payloadOf, sealAll } from '../testing/device.ts'
import { createHubCore } from '../testing/hub-core.ts'
import { EffectReader } from './effect-reader.ts'
import { parsePayload } from './payload.ts'

const BOX = device('box-01')

it('keeps how a version on trial compares, every member of it', async () => {
  const core = await createHubCore()
  try {
    await core.enrolment.enrol(BOX)
    const body: DeploymentStatistics = {
      kind: 'deployment-statistics',
      model: { name: 'chest-radiograph', version: '1.1.0', digest: 'ab'.repeat(32) },
      champion: { model: { name: 'chest-radiograph', version: '1.0.0', digest: 'cd'.repeat(32) } },
      role: 'shadow',
      month: '2026-01',
      cells: [
        { measure: 'pair', code: 'pneumonia', bin: 3, count: 12 },
        { measure: 'latency-candidate', code: null, bin: 20, count: 11 },
      ],
    }
    const [result] = core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, [body])))])
    expect(result).toMatchObject({ outcome: 'committed', accepted: 1 })
    const row = core.database.prepare('SELECT id, stream FROM envelope_inbox').get() as { id: number; stream: string }
    expect(row.stream).toBe('drift')
    expect(new EffectReader(core.database).read('deployment-statistics', row.id)).toEqual(body)
  } finally {
    await core.close()
  }
})
