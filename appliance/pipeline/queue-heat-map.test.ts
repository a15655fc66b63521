import { phantomDicom } from '@leadglass/models'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePart10, sequence, text, uid } from '../imaging/dataset/index.ts'
import { exampleRequest, queueReport } from '../results/testing/example-reports.ts'
import { settingsSchema } from '../settings.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { type ExplainedScore, type HeatMapQueueDependencies, queueHeatMap } from './queue-heat-map.ts'

const DIGEST = 'a'.repeat(64)
const DESTINATION = { aeTitle: 'PACS', host: '127.0.0.1', port: 104 }
const phantom = phantomDicom({ seed: 1, index: 1, rows: 16, columns: 16 })
const explained: ExplainedScore = {
  revisionId: 1,
  ordinal: 0,
  objectDigest: 'o'.repeat(64),
  model: { name: 'chest-radiograph', version: '1.0.0', digest: DIGEST },
  code: 'pneumonia',
  title: 'Pneumonia',
  rows: 4,
  columns: 4,
  values: Float32Array.from({ length: 16 }, (_, place) => place / 16),
}

let held: ReturnType<typeof temporaryRecords>
let events: string[]

beforeEach(() => {
  held = temporaryRecords()
  events = []
  queueReport(held.records, 1, [], 1_750_000_000_000)
})
afterEach(() => {
  held.dispose()
})

function dependencies(kinds: readonly string[]): HeatMapQueueDependencies {
  const settings = settingsSchema.parse({ destinations: [{ name: 'pacs', ...DESTINATION, kinds }] })
  return {
    records: held.records,
    spool: { read: async () => phantom.bytes },
    overlayOf: () => undefined,
    settings: () => settings,
    audit: { record: ({ event }: { event: string }) => events.push(event), recordNow: () => undefined },
    device: { name: 'test-box', softwareVersion: '0.1.0' },
    clock: { now: () => 1_750_000_000_000, monotonic: () => 0 } as never,
    logger: silentLogger,
  }
}

describe('a heat map on its way to a destination', () => {
  it('is a parametric map over its image, under the identity of the study, queued once', async () => {
    // The example study has no accession number in the record, and its object has one: another study's, for all we know.
    held.records.database.exec("UPDATE study SET accession_number = 'PHANTOM1'")
    expect(await queueHeatMap(explained, dependencies(['pm']))).toBe(true)
    expect(await queueHeatMap(explained, dependencies(['pm']))).toBe(false)
    const [due, ...others] = held.records.results.due('pacs', 1_760_000_000_000, 9)
    expect(others).toEqual([])
    const { dataSet } = parsePart10(due?.content ?? new Uint8Array())
    expect([text(dataSet, 0x00100020), uid(dataSet, 0x0020000d)]).toEqual([
      'PHANTOM-1',
      exampleRequest(1).studyInstanceUid,
    ])
    const [series] = sequence(dataSet, 0x00081115)
    expect(series === undefined ? [] : sequence(series, 0x0008114a).map((one) => uid(one, 0x00081155))).toEqual([
      phantom.instance,
    ])
    expect(events).toEqual(['result.queued'])
    expect(held.records.deliveries.list({ limit: 9 })).toMatchObject([{ kind: 'pm', destination: 'pacs' }])
  })

  it('is not made where nobody wants it', async () => {
    expect(await queueHeatMap(explained, dependencies(['sr']))).toBe(false)
    expect(held.records.deliveries.list({ limit: 9 })).toEqual([])
  })

  it('is blocked, and counted as such, when the object is not the one of the record', async () => {
    expect(await queueHeatMap(explained, dependencies(['pm']))).toBe(false)
    expect(held.records.deliveries.blocked()).toBe(1)
    expect(events).toEqual(['result.refused'])
  })
})
