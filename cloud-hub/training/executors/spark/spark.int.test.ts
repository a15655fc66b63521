import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { declaredGates } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pythonPeer, sharedData } from '../../../../installer/testing/peers.ts'
import { readHead } from '../../head-graph.ts'
import { LocalExecutor } from '../process/local-executor.ts'
import { reevaluate } from '../reevaluate.ts'
import { fromTable, type MadeJob, makeJob, synthetic } from '../testing/made-job.ts'
import { ended } from '../testing/run-to-end.ts'
import { SparkExecutor, sparkSettings } from './spark-executor.ts'

const PYTHON = pythonPeer()
const PIMA = sharedData('tabular/pima-indians-diabetes.csv')
/** How far Spark's result may lie from the local trainer's: another order of the same sums. */
const WEIGHT_LIMIT = 2e-4
const FIGURE_LIMIT = 1e-3

/** What the model declares: points that are chosen by a rule, on either side. */
const DECLARED = declaredGates.parse({
  schema: 'leadglass.model-gates/1',
  operatingPoints: [
    { name: 'rule-out', rule: { kind: 'sensitivity-at-least', share: 0.9 } },
    { name: 'rule-in', rule: { kind: 'specificity-at-least', share: 0.9 } },
  ],
  gates: [
    {
      ...{ id: 'tells-apart', measure: 'auc', comparison: { kind: 'absolute', atLeast: 0.6 } },
      ...{ judgedBy: 'estimate', minimumCases: 0, whenNotEvaluable: 'fail' },
    },
  ],
})

const executor = (): SparkExecutor =>
  new SparkExecutor(
    'spark',
    sparkSettings.parse({
      kind: 'spark',
      sparkSubmit: join(dirname(PYTHON ?? ''), 'spark-submit'),
      python: PYTHON ?? '',
    }),
  )

describe.skipIf(PYTHON === undefined)('Spark', () => {
  describe.skipIf(PIMA === undefined)('on a table of real patients', () => {
    let made: MadeJob

    afterAll(async () => made.close())
    beforeAll(async () => {
      const table = (await readFile(PIMA ?? '', 'utf8'))
        .trim()
        .split('\n')
        .map((line) => line.split(',').map(Number))
      const outcome = table.map((row): 0 | 1 => (row[8] === 1 ? 1 : 0))
      made = await makeJob(
        fromTable(
          table.map((row) => row.slice(0, 8)),
          outcome,
        ),
        DECLARED,
      )
    })

    it('gives the local trainer’s head within the stated limits, by a real spark-submit', {
      timeout: 300_000,
    }, async () => {
      const [here, there] = [made.runFolder(), made.runFolder()]
      const local = new LocalExecutor()
      await local.submit(made.job, here)
      expect(await ended(local, here)).toBe('succeeded')
      const spark = executor()
      const began = Date.now()
      await spark.submit(made.job, there)
      const status = await ended(spark, there)
      const lines = await spark.logs(there, 0)
      if (status !== 'succeeded') console.info(await readFile(join(there, 'spark.log'), 'utf8'))
      expect(status).toBe('succeeded')
      expect(lines.at(-1)).toEqual({ kind: 'done' })
      expect((await spark.artifacts(there)).map((file) => file.name)).toEqual(['weights.json'])

      const [ofLocal, ofSpark] = [await reevaluate(made.job, here), await reevaluate(made.job, there)]
      const [a, b] = [await headIn(here), await headIn(there)]
      const apart = a.weight.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.weight[i] ?? 0))), 0)
      console.info(
        `Spark in ${((Date.now() - began) / 1000).toFixed(1)} s; largest weight difference ${apart.toExponential(1)}, AUC ${ofLocal.candidate.auc.value.toFixed(4)} and ${ofSpark.candidate.auc.value.toFixed(4)}`,
      )
      expect(ofSpark.prior?.strength).toBe(ofLocal.prior?.strength)
      for (const [i, one] of (ofLocal.prior?.candidates ?? []).entries()) {
        expect(ofSpark.prior?.candidates[i]?.logLoss).toBeCloseTo(one.logLoss, 6)
      }
      expect(Math.abs(ofSpark.thresholdMilli - ofLocal.thresholdMilli)).toBeLessThanOrEqual(1)
      const points = [ofLocal, ofSpark].map(({ evaluation }) => evaluation?.comparison?.points ?? [])
      expect(points[1]?.map(({ name }) => name)).toEqual(['in-use', 'rule-out', 'rule-in'])
      for (const [i, one] of (points[0] ?? []).entries()) {
        expect(Math.abs((points[1]?.[i]?.threshold ?? Number.NaN) - one.threshold)).toBeLessThanOrEqual(0.001)
        expect(Math.abs((points[1]?.[i]?.runningThreshold ?? Number.NaN) - one.runningThreshold)).toBeLessThanOrEqual(
          0.001,
        )
      }
      expect(apart).toBeLessThan(WEIGHT_LIMIT)
      expect(Math.abs(a.bias - b.bias)).toBeLessThan(WEIGHT_LIMIT)
      expect(ofSpark.cases).toEqual(ofLocal.cases)
      expect(Math.abs(ofSpark.candidate.auc.value - ofLocal.candidate.auc.value)).toBeLessThan(FIGURE_LIMIT)
      expect(Math.abs(ofSpark.candidate.brier - ofLocal.candidate.brier)).toBeLessThan(FIGURE_LIMIT)
    })

    it('ends everything that it started when it is cancelled', { timeout: 300_000 }, async () => {
      const folder = made.runFolder()
      const spark = executor()
      await spark.submit(made.job, folder)
      // The session is whole once the script has rows: driver, gateway, and the workers' daemon.
      for (let i = 0; i < 2400 && (await spark.logs(folder, 0)).length === 0; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      expect((await spark.logs(folder, 0)).length).toBeGreaterThan(0)
      expect(processesOf(folder).length).toBeGreaterThan(1)
      await spark.cancel(folder)
      expect(await spark.status(folder)).toBe('cancelled')
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(processesOf(folder)).toEqual([])
      // Who asks later, after a new start of the hub, hears the same.
      expect(await executor().status(folder)).toBe('cancelled')
    })

    it('stops with its reason at a snapshot that was changed', { timeout: 300_000 }, async () => {
      const snapshot = join(made.runFolder(), 'snapshot')
      await copy(made.job.snapshot.folder, snapshot)
      const [part] = (await readdir(snapshot, { recursive: true })).filter((path) => path.endsWith('.parquet'))
      const folder = made.runFolder()
      const spark = executor()
      const job = { ...made.job, snapshot: { ...made.job.snapshot, folder: snapshot } }
      await spark.submit(job, folder)
      // Changed after the hub looked and before Spark does: the script looks itself, and a JVM takes longer than this.
      const path = join(snapshot, part ?? '')
      const bytes = await readFile(path)
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
      await writeFile(path, bytes)
      expect(await ended(spark, folder)).toBe('failed')
      expect(await spark.logs(folder, 0)).toContainEqual(
        expect.objectContaining({ kind: 'stopped', code: 'snapshot-damaged' }),
      )
      await expect(spark.submit(job, folder)).rejects.toMatchObject({ code: 'snapshot-damaged' })
    })
  })

  it('refuses a job of a trainer that it does not have', async () => {
    const own = await makeJob(synthetic(120))
    try {
      const job = { ...own.job, trainer: { trainer: 'random-forest', options: {}, calibration: 'none' } } as const
      await expect(executor().submit(job, own.runFolder())).rejects.toMatchObject({ code: 'executor-refused' })
    } finally {
      await own.close()
    }
  })
})

async function headIn(folder: string): Promise<{ weight: Float32Array; bias: number }> {
  return readHead(await readFile(join(folder, 'head.onnx')))
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  execFileSync('cp', ['-r', `${from}/.`, to])
  execFileSync('chmod', ['-R', 'u+w', to])
}

/** Command lines that name the run's folder; the workers of Spark are found by it too, in its local folder. */
function processesOf(folder: string): string[] {
  const out = execFileSync('ps', ['-eo', 'pid,args', '-ww'], { encoding: 'utf8' })
  return out.split('\n').filter((line) => line.includes(folder))
}
