import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wrapRadiograph } from '@leadglass/models'
import { studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { spoolReader } from './intake/index.ts'
import { openRecords, type Records } from './records/index.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { initialiseBox } from './testing/model-box.ts'
import { sendObjects } from './testing/send-objects.ts'
import { approvedRepository, SHIPPED_PACKAGE } from './testing/update-kit.ts'

const STUDIES = 60
const INSTANCES = 4
const KILLS = 6

/** One small radiograph of a study; the seed makes pixels and UIDs. */
function radiograph(study: number, instance: number): Uint8Array {
  const side = 128
  const values = Uint8Array.from({ length: side * side }, (_, at) => (at * (study + 3) + instance * 7) % 251)
  return wrapRadiograph(
    { rows: side, columns: side, bitsStored: 8, values },
    {
      studySeed: `durability ${study}`,
      seriesNumber: 1,
      instanceNumber: instance,
      patientId: `DURABLE-${study}`,
      patientName: `DURABLE^NUMBER ${study}`,
      patientBirthDate: '19600101',
      patientSex: 'F',
      patientAgeYears: 66,
      view: 'PA',
      spacing: [1, 1],
      studyDate: '20260105',
      studyTime: '080000',
      accessionNumber: `DUR${study}`,
      studyDescription: 'CHEST',
      seriesDescription: 'PA',
      imageComments: '',
      institutionName: 'TEST',
      manufacturer: 'TEST',
      modelName: 'TEST',
      burnedInAnnotation: 'NO',
    },
  )
}

/** Rows of one statement, for what the interface does not tell. */
function rows<Row>(records: Records, sql: string): Row[] {
  return records.database.prepare(sql).all() as Row[]
}

describe('an appliance that is killed again and again', () => {
  let root: string
  let appliance: ApplianceProcess
  const acknowledged = new Set<string>()
  let random = 20260105
  const chance = (): number => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31
    return random / 2 ** 31
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-durability-'))
    appliance = new ApplianceProcess(root)
    const repository = await approvedRepository(SHIPPED_PACKAGE)
    await initialiseBox(appliance, repository, { assembly: { quietMs: 300 } })
    await repository.writeTo(join(appliance.configuration.exchangeFolder, 'inbox', 'updates'))
  })

  afterAll(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  it('loses no instance that it acknowledged, and brings every one to an end', { timeout: 300_000 }, async () => {
    const objects = Array.from({ length: STUDIES * INSTANCES }, (_, at) =>
      radiograph(Math.floor(at / INSTANCES), at % INSTANCES),
    )
    const left = new Map(objects.map((bytes, at) => [at, bytes]))
    for (let round = 0; round <= KILLS; round += 1) {
      await appliance.start()
      const share = [...left].filter(([at]) => round === KILLS || at < ((round + 1) * objects.length) / KILLS)
      const half = Math.ceil(share.length / 2)
      const sending = [share.slice(0, half), share.slice(half)].map((part) =>
        sendObjects(
          appliance.dimsePort,
          part.map(([, bytes]) => bytes),
          (at, uid, result) => {
            if (result.kind !== 'accepted') return
            acknowledged.add(uid)
            const index = part[at]?.[0]
            if (index !== undefined) left.delete(index)
          },
        ),
      )
      if (round < KILLS) {
        await new Promise((resolve) => setTimeout(resolve, 40 + chance() * 1500))
        await appliance.kill()
      }
      await Promise.all(sending)
    }
    expect(acknowledged.size).toBe(STUDIES * INSTANCES)

    await eventually(
      async () => {
        const { counts } = await appliance.get('/api/studies', studyList)
        return (counts.scored ?? 0) + (counts['not-scored'] ?? 0) === STUDIES ? true : undefined
      },
      'all studies in a final state',
      120_000,
    )
    expect(await appliance.stop()).toBe(0)

    const key = Buffer.from((await readFile(appliance.folders.databaseKey, 'utf8')).trim(), 'hex')
    const spoolKey = Buffer.from((await readFile(appliance.folders.spoolKey, 'utf8')).trim(), 'hex')
    const records = openRecords(appliance.folders.records, key)
    try {
      const stored = rows<{ sop_instance_uid: string; digest: string }>(
        records,
        'SELECT sop_instance_uid, digest FROM instance',
      )
      expect(new Set(stored.map((row) => row.sop_instance_uid))).toEqual(acknowledged)
      expect(stored).toHaveLength(acknowledged.size)
      const spool = spoolReader(appliance.folders.spool, spoolKey, records)
      for (const { digest } of stored) expect((await spool.read(digest)).length).toBeGreaterThan(128 * 128)

      // Every instance of every current revision has its one outcome, and its one envelope.
      const current = rows<{ n: number }>(
        records,
        `SELECT count(*) AS n FROM study s JOIN revision v ON v.study_id = s.study_id AND v.number = s.current_revision
         JOIN revision_instance ri ON ri.revision_id = v.revision_id
         JOIN result r ON r.revision_id = v.revision_id AND r.ordinal = ri.ordinal`,
      )
      expect(current[0]?.n).toBe(STUDIES * INSTANCES)
      const twice = rows(
        records,
        `SELECT json_extract(content, '$.body.study') AS s, json_extract(content, '$.body.revision') AS v,
           json_extract(content, '$.body.instance') AS i, count(*) AS n
         FROM envelope WHERE stream = 'features' GROUP BY s, v, i HAVING n > 1`,
      )
      expect(twice).toEqual([])
      const gaps = rows<{ stream: string; n: number; last: number }>(
        records,
        'SELECT stream, count(*) AS n, max(sequence) AS last FROM envelope GROUP BY epoch, stream',
      )
      for (const { n, last } of gaps) expect(n).toBe(last)
    } finally {
      records.close()
    }
  })
})
