import { join } from 'node:path'
import type { InstanceFeatures, PatientPseudonym, StudyLabel, StudyRevision } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EffectReader } from '../ingest/effect-reader.ts'
import { parsePayload } from '../ingest/payload.ts'
import { device, featuresBody, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { Lake, type SnapshotRequest } from './lake.ts'
import { openSnapshot } from './snapshot-folder.ts'

const BOX = device('box-01')
const MODEL = 'ab'.repeat(32)
const REQUEST: SnapshotRequest = {
  finding: 'pneumonia',
  model: 'chest-radiograph',
  parentDigest: MODEL,
  backboneOf: new Map([[MODEL, 'cd'.repeat(32)]]),
  backbone: 'cd'.repeat(32),
  embeddingLength: 2,
}
const SURVIVOR = pseudonym<PatientPseudonym>('survivor')

function label(study: number, revision: number, value: StudyLabel['value']): StudyLabel {
  return {
    kind: 'study-label',
    label: crypto.randomUUID(),
    study: pseudonym(`study ${study}`),
    patient: pseudonym(`patient ${study}`),
    revision,
    finding: 'pneumonia',
    value,
    reader: pseudonym('reader'),
    blind: true,
  }
}

function revision(study: number, change: Partial<StudyRevision>): StudyRevision {
  return {
    kind: 'study-revision',
    study: pseudonym(`study ${study}`),
    patient: SURVIVOR,
    revision: 2,
    causes: ['patient-merge'],
    sameInstances: [1],
    ...change,
  }
}

const features = (study: number, change: Partial<InstanceFeatures> = {}): InstanceFeatures => ({
  ...featuresBody(study, [study, 1]),
  ...change,
})

describe('what a later revision does to a dataset', () => {
  let core: HubCore
  let lake: Lake

  beforeEach(async () => {
    core = await createHubCore()
    lake = new Lake(core.database, join(core.folder, 'lake'), core.clock)
    await core.enrolment.enrol(BOX)
  })
  afterEach(() => core.close())

  const commit = async (bodies: Parameters<typeof sealAll>[1], first = 1): Promise<void> => {
    const [result] = core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, bodies, first)))])
    expect(result).toMatchObject({ outcome: 'committed', accepted: bodies.length })
  }

  it('puts the studies of merged patients under one, so that no split takes them apart', async () => {
    await commit([label(0, 1, 'present'), label(1, 1, 'absent')])
    await commit([features(0), features(1)])
    expect((await lake.createSnapshot(REQUEST)).manifest.patients).toBe(2)
    const again = { revision: 2, patient: SURVIVOR } as const
    await commit([features(0, again), revision(0, {}), features(1, again), revision(1, {})], 3)
    const { folder, digest, manifest } = await lake.createSnapshot(REQUEST)
    expect(manifest.patients).toBe(1)
    expect(manifest.accounting).toEqual({ envelopes: 4, rows: 2, excluded: { 'superseded-revision': 2 } })
    const { rows } = await openSnapshot(folder, digest)
    expect(rows.map((row) => row.patient)).toEqual([SURVIVOR, SURVIVOR])
  })

  it('uses nothing of a study of which nothing is left', async () => {
    await commit([label(0, 1, 'present'), label(1, 1, 'absent')])
    await commit([features(0), features(1), revision(0, { causes: ['rejection'], sameInstances: [] })])
    const { manifest } = await lake.createSnapshot(REQUEST)
    expect(manifest.accounting).toEqual({ envelopes: 2, rows: 1, excluded: { 'superseded-revision': 1 } })
  })

  it('uses no label that was given on other instances, and one that was given on the same', async () => {
    await commit([label(0, 1, 'present'), label(1, 1, 'absent'), label(1, 2, 'uncertain')])
    const late = { causes: ['late-instance'], sameInstances: [] }
    const back = { revision: 3, causes: ['rejection'], sameInstances: [1] }
    await commit([
      features(0, { revision: 2 }),
      revision(0, { ...late, patient: pseudonym('patient 0') }),
      features(1, { revision: 3 }),
      revision(1, { ...late }),
      revision(1, { ...back }),
    ])
    const { manifest } = await lake.createSnapshot(REQUEST)
    expect(manifest.accounting).toEqual({ envelopes: 2, rows: 1, excluded: { 'label-superseded': 1 } })
    expect(manifest).toMatchObject({ positives: 0, negatives: 1 })
  })

  it('keeps the statement so that its envelope can be rebuilt, and finds it in order', async () => {
    const body = revision(0, { causes: ['patient-merge', 'accession'], sameInstances: [1, 3] })
    await commit([body])
    const row = core.database.prepare(`SELECT id FROM envelope_inbox WHERE kind = 'study-revision'`).get()
    expect(new EffectReader(core.database).read('study-revision', (row as { id: number }).id)).toEqual(body)
    await lake.catchUp()
    const { rows } = await lake.query('SELECT study, causes, same_instances FROM revisions', 10)
    expect(rows).toEqual([[body.study, '["patient-merge","accession"]', [1, 3]]])
  })
})
