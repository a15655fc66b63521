import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StudyLabel } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePayload } from '../ingest/payload.ts'
import { device, featuresBody, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { Lake, type SnapshotRequest } from './lake.ts'
import { openSnapshot } from './snapshot-folder.ts'

const BOX = device('box-01')
const MODEL = 'ab'.repeat(32)
const BACKBONE = 'cd'.repeat(32)
const REQUEST: SnapshotRequest = {
  finding: 'pneumonia',
  model: 'chest-radiograph',
  parentDigest: MODEL,
  backboneOf: new Map([[MODEL, BACKBONE]]),
  backbone: BACKBONE,
  embeddingLength: 2,
}

function label(study: number, value: StudyLabel['value']): StudyLabel {
  return {
    kind: 'study-label',
    label: crypto.randomUUID(),
    study: pseudonym(`study ${study}`),
    patient: pseudonym(`patient ${study}`),
    revision: 1,
    finding: 'pneumonia',
    value,
    reader: pseudonym('reader'),
    blind: true,
  }
}

describe('dataset snapshots', () => {
  let core: HubCore
  let lake: Lake

  beforeEach(async () => {
    core = await createHubCore()
    lake = new Lake(core.database, join(core.folder, 'lake'), core.clock)
    await core.enrolment.enrol(BOX)
    const other = featuresBody(6)
    const features = [
      featuresBody(0, [0.1, -2]),
      featuresBody(1, [0.2, 3]),
      { ...featuresBody(1, [0.25, 3]), revision: 2 },
      featuresBody(2),
      featuresBody(3),
      featuresBody(4, [1, 2, 3]),
      { ...featuresBody(5), model: { ...featuresBody(5).model, digest: 'ef'.repeat(32) } },
      { ...other, model: { ...other.model, name: 'other-model' } },
      featuresBody(0, [0.1, -2]),
    ]
    const labels = [label(0, 'absent'), label(0, 'present'), label(1, 'absent'), label(2, 'uncertain')]
    core.inbox.commit([
      await parsePayload(BOX, payloadOf(sealAll(BOX, features))),
      await parsePayload(BOX, payloadOf(sealAll(BOX, labels))),
    ])
  })
  afterEach(() => core.close())

  it('joins each study with its latest label and accounts for every envelope', async () => {
    const { digest, folder, manifest } = await lake.createSnapshot(REQUEST)
    expect(manifest.accounting).toEqual({
      envelopes: 9,
      rows: 2,
      excluded: {
        'other-model': 1,
        'unknown-model': 1,
        'embedding-length': 1,
        'superseded-revision': 1,
        'scored-again': 1,
        'no-label': 1,
        'label-uncertain': 1,
      },
    })
    const { rows } = await openSnapshot(folder, digest)
    const found = rows.map((row) => [row.study, row.label, [...row.embedding]])
    expect(found).toHaveLength(2)
    expect(found).toContainEqual([pseudonym('study 0'), 1, [Math.fround(0.1), -2]])
    expect(found).toContainEqual([pseudonym('study 1'), 0, [0.25, 3]])
    expect(manifest.files[0]?.path).toMatch(/^site=box-01\/month=2019-07\/part-0\.parquet$/)
  })

  it('gives the same digest for the same envelopes, and another after another label', async () => {
    const first = await lake.createSnapshot(REQUEST)
    expect((await lake.createSnapshot(REQUEST)).digest).toBe(first.digest)
    core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, [label(3, 'present')], 5)))])
    const second = await lake.createSnapshot(REQUEST)
    expect(second.digest).not.toBe(first.digest)
    expect(lake.manifestOf(first.digest)).toEqual(first.manifest)
  })

  it('refuses a snapshot whose file was changed', async () => {
    const { digest, folder, manifest } = await lake.createSnapshot(REQUEST)
    await writeFile(join(folder, 'data', manifest.files[0]?.path ?? ''), 'PAR1')
    await expect(openSnapshot(folder, digest)).rejects.toMatchObject({ code: 'snapshot-damaged' })
  })

  it('says why there is nothing to train from', async () => {
    await expect(lake.createSnapshot({ ...REQUEST, finding: 'effusion' })).rejects.toMatchObject({
      code: 'snapshot-empty',
    })
  })
})
