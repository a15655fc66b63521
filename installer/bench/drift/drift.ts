import { rm } from 'node:fs/promises'
import { type ModelPackage, phantomDicom } from '@leadglass/models'
import { countInstance, type MeasuredInstance } from '../../../appliance/egress/index.ts'
import { ScoringRoom } from '../../../appliance/scoring/testing/scoring-room.ts'
import { temporaryRecords } from '../../../appliance/testing/memory-records.ts'
import { InstallerError } from '../../errors.ts'
import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, judge } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'

const DEFAULT_IMAGES = 40
const COUNTED_EACH = 50
const DEFAULT_RUNS = 3
/** The smallest radiograph that the product is measured with: of a larger one scoring takes longer, counting does not. */
const SIDE = 256

/** What counting an image for drift takes beside scoring it, on the encrypted records of the product. */
export const driftBench: Harness = {
  name: 'drift',
  summary: 'counting for drift as a share of the time that scoring takes',
  run: benchDrift,
}

async function benchDrift(options: HarnessOptions): Promise<HarnessReport> {
  const images = options.size ?? DEFAULT_IMAGES
  const runs = options.runs ?? DEFAULT_RUNS
  const room = await ScoringRoom.open()
  const held = temporaryRecords()
  try {
    const model = await room.ship('chest-radiograph', '1.1.0')
    const pool = await room.started({ workers: 1 })
    const rounds: { readonly scoreMs: number; readonly countMs: number }[] = []
    for (let round = 0; round < runs; round += 1) {
      options.progress.step(`round ${round + 1} of ${runs}: ${images} radiographs`)
      const measured: MeasuredInstance[] = []
      let scoreMs = 0
      for (let index = 0; index < images; index += 1) {
        const { bytes } = phantomDicom({ seed: options.seed + index, index: 1, rows: SIDE, columns: SIDE })
        const file = await room.write(`${index}.dcm`, bytes)
        const job = { jobId: `drift-${index}`, packageFolder: model.folder, model: model.model, files: [file] }
        const outcome = await pool.score({ ...job, timeoutMs: 60_000 })
        await rm(file)
        const [one] = outcome.kind === 'completed' ? outcome.instances : []
        if (outcome.kind !== 'completed' || one?.kind !== 'scored') {
          throw new InstallerError('process-failed', {
            message: 'a radiograph was not scored',
            effect: 'counting was not measured',
            nextStep: 'run `leadglass doctor`: the shipped model did not score a phantom',
          })
        }
        scoreMs += outcome.ms ?? 0
        const { scores, embedding, quality } = one
        measured.push({ scores, embedding: [...embedding], quality, standard: HEADER })
      }
      rounds.push({ scoreMs: scoreMs / images, countMs: countingOf(held.records, model, measured) })
    }
    const middle = (values: readonly number[]): number =>
      values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
    const scoreMs = middle(rounds.map((one) => one.scoreMs))
    const countMs = middle(rounds.map((one) => one.countMs))
    return {
      name: 'drift',
      machine: describeMachine(),
      runs,
      results: [{ images, features: model.reference.features.length, scoreMs, countMs }],
      ratios: [judge('counting as a share of scoring', countMs / scoreMs, '<= 0.01')],
    }
  } finally {
    held.dispose()
    await room.close()
  }
}

const HEADER = {
  'metadata.modality': 'DX',
  'metadata.view': 'PA',
  'metadata.sex': 'F',
  'metadata.age-decade': '6',
  'metadata.manufacturer': 'other',
  'metadata.photometric': 'MONOCHROME2',
  'metadata.kvp': 120,
  'metadata.bits-stored': 12,
  'metadata.pixel-spacing': 0.143,
  'latency.score': 120,
} as const

/** Milliseconds of counting one image: part of the transaction that writes its result anyway. */
function countingOf(
  records: ReturnType<typeof temporaryRecords>['records'],
  { model, reference }: ModelPackage,
  measured: readonly MeasuredInstance[],
): number {
  const started = performance.now()
  // The transaction is there anyway: its commit is no cost of counting.
  records.transaction(() => {
    for (let times = 0; times < COUNTED_EACH; times += 1) {
      for (const one of measured) countInstance(records.egress, model, reference, one)
    }
  })
  return (performance.now() - started) / (measured.length * COUNTED_EACH)
}
