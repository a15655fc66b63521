import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ModelPackage, splitOfPatient, wrapRadiograph } from '@leadglass/models'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../installer/testing/peers.ts'
import { syntheticHeader } from '../imaging/quality/testing/synthetic-header.ts'
import type { ScoringPool } from './index.ts'
import { ScoringRoom } from './testing/scoring-room.ts'

const radiographs = sharedData('cxr-nih')

interface Row {
  readonly file: string
  readonly patient: string
  readonly positive: boolean
  readonly age: number
  readonly sex: 'F' | 'M'
  readonly view: 'AP' | 'PA'
}

let room: ScoringRoom
let pool: ScoringPool
let shipped: ModelPackage

beforeAll(async () => {
  room = await ScoringRoom.open()
  shipped = await room.ship()
  pool = await room.started({ workers: 2 })
})
afterAll(() => room.close())

/** The rows of the test part of the declared split. */
async function testRows(folder: string): Promise<readonly Row[]> {
  const [head = '', ...lines] = (await readFile(join(folder, 'index.csv'), 'utf8')).trim().split('\n')
  const names = head.split(',')
  return lines
    .map((line) => {
      const cells = line.split(',')
      const cell = (name: string): string => cells[names.indexOf(name)] ?? ''
      return {
        file: cell('file'),
        patient: cell('patient_id'),
        positive: cell('finding_labels').split('|').includes('Pneumonia'),
        age: Number(cell('age')),
        sex: cell('sex') as Row['sex'],
        view: cell('view') as Row['view'],
      }
    })
    .filter((row) => splitOfPatient(row.patient) === 'test')
}

async function wrap(folder: string, row: Row, index: number): Promise<string> {
  const png = sharp(join(folder, 'png256', row.file))
    .toColourspace('b-w')
    .extractChannel(0)
  const { data, info } = await png.raw().toBuffer({ resolveWithObject: true })
  const pixels = { rows: info.height, columns: info.width, bitsStored: 8, values: Uint8Array.from(data) }
  const bytes = wrapRadiograph(pixels, {
    ...syntheticHeader(`radiograph ${row.file}`, row.view),
    patientId: `NIH-${row.patient}`,
    patientName: `NIH^${row.patient}`,
    patientSex: row.sex,
    patientAgeYears: row.age,
  })
  const path = await room.write(`${index}.dcm`, bytes)
  return path
}

/** Share of pairs of a positive and a negative that the score orders rightly, ties counting half. */
function areaUnderCurve(positives: readonly number[], negatives: readonly number[]): number {
  let right = 0
  for (const p of positives) for (const n of negatives) right += p > n ? 1 : p === n ? 0.5 : 0
  return right / (positives.length * negatives.length)
}

describe.skipIf(radiographs === undefined)(
  'real radiographs (needs the shared data; NIH pixels, synthetic header)',
  () => {
    it('are scored as the model card says: same AUC on the same test patients, trained in another language', async () => {
      const folder = radiographs ?? ''
      const rows = await testRows(folder)
      const files = await Promise.all(rows.map((row, index) => wrap(folder, row, index)))
      const job = { jobId: 'test', packageFolder: shipped.folder, model: shipped.model, files, timeoutMs: 50_000 }
      const outcome = await pool.score(job)
      if (outcome.kind === 'failed') throw new Error(outcome.reason)
      const scores = outcome.instances.map((one) =>
        one.kind === 'scored' ? (one.scores[0]?.value ?? Number.NaN) : Number.NaN,
      )
      const auc = areaUnderCurve(
        scores.filter((_, i) => rows[i]?.positive === true),
        scores.filter((_, i) => rows[i]?.positive === false),
      )
      const card = shipped.card.metrics as unknown as readonly {
        metric: string
        split: string
        value: number
        images: number
      }[]
      const stated = card.find(({ metric, split }) => metric === 'auc' && split === 'test')
      expect(rows).toHaveLength(stated?.images ?? 0)
      expect(auc).toBeCloseTo(stated?.value ?? 0, 5)
    })
  },
)
