import { join } from 'node:path'
import type { EnvelopeBody, InstanceFeatures } from '@leadglass/sync-agent/contract'
import { expect, it } from 'vitest'
import { EffectReader } from '../ingest/effect-reader.ts'
import { parsePayload } from '../ingest/payload.ts'
import { device, featuresBody, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore } from '../testing/hub-core.ts'
import { Lake } from './lake.ts'

const BOX = device('box-01')
const MODEL = 'ab'.repeat(32)

const features = (index: number, generation?: number): InstanceFeatures => ({
  ...featuresBody(index),
  ...(generation === undefined ? {} : { generation }),
})

const label = (index: number, generation?: number): EnvelopeBody => ({
  kind: 'study-label',
  label: crypto.randomUUID(),
  study: pseudonym(`study ${index}`),
  patient: pseudonym(`patient ${index}`),
  ...(generation === undefined ? {} : { generation }),
  revision: 1,
  finding: 'pneumonia',
  value: 'present',
  reader: pseudonym('reader'),
  blind: true,
})

it('keeps the generation that an envelope names, and makes a dataset of one', async () => {
  const core = await createHubCore()
  try {
    await core.enrolment.enrol(BOX)
    const streams: EnvelopeBody[][] = [
      [features(1), features(2, 2), features(3, 2)],
      [label(1), label(2, 2), label(3, 2)],
    ]
    for (const bodies of streams) {
      const [result] = core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, bodies)))])
      expect(result).toMatchObject({ outcome: 'committed', accepted: 3 })
    }
    const reader = new EffectReader(core.database)
    const rows = core.database.prepare('SELECT id, kind FROM envelope_inbox ORDER BY id').all() as {
      id: number
      kind: EnvelopeBody['kind']
    }[]
    expect(rows.map(({ id, kind }) => reader.read(kind, id))).toEqual(streams.flat())
    const lake = new Lake(core.database, join(core.folder, 'lake'), core.clock)
    const { manifest } = await lake.createSnapshot({
      finding: 'pneumonia',
      model: 'chest-radiograph',
      parentDigest: MODEL,
      backboneOf: new Map([[MODEL, 'cd'.repeat(32)]]),
      backbone: 'cd'.repeat(32),
      embeddingLength: 2,
    })
    expect(manifest.accounting).toEqual({ envelopes: 3, rows: 2, excluded: { 'other-generation': 1 } })
  } finally {
    await core.close()
  }
})
