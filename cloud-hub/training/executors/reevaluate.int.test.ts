import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPackage, readPackageFile } from '@leadglass/models'
import { digestOf } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readHead, writeHead } from '../head-graph.ts'
import { type TrainingReport, trainingReport } from '../report.ts'
import { LocalExecutor } from './process/local-executor.ts'
import { reevaluate } from './reevaluate.ts'
import { type MadeJob, makeJob, PARENT, synthetic } from './testing/made-job.ts'
import { ended } from './testing/run-to-end.ts'

describe('what comes back from an executor', () => {
  let made: MadeJob
  let trained: string

  beforeAll(async () => {
    made = await makeJob(synthetic(500))
    trained = made.runFolder()
    const executor = new LocalExecutor()
    await executor.submit(made.job, trained)
    expect(await ended(executor, trained)).toBe('succeeded')
  })
  afterAll(async () => made.close())

  /** A copy of what the trainer left, changed by somebody. */
  const changed = async (change: (folder: string, report: TrainingReport) => Promise<void>): Promise<string> => {
    const folder = made.runFolder()
    await cp(trained, folder, { recursive: true })
    const report = trainingReport.parse(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')))
    await change(folder, report)
    return folder
  }
  const withReport = (change: (report: TrainingReport) => TrainingReport): Promise<string> =>
    changed(async (folder, report) => writeFile(join(folder, 'report.json'), JSON.stringify(change(report))))
  const weightsOf = async (): Promise<Record<string, unknown>> => {
    const { job } = made
    const report = trainingReport.parse(JSON.parse(await readFile(join(trained, 'report.json'), 'utf8')))
    const head = readHead(await readFile(join(trained, 'head.onnx')))
    return {
      schema: 'leadglass.head-weights/1',
      run: job.run,
      snapshot: job.snapshot.digest,
      parent: job.parent.digest,
      code: job.code,
      seed: job.seed,
      finding: job.finding,
      prior: report.prior,
      thresholdMilli: report.thresholdMilli,
      points: [],
      weight: [...head.weight],
      bias: head.bias,
    }
  }
  const withWeights = (change: Record<string, unknown>): Promise<string> =>
    changed(async (folder) => {
      await rm(join(folder, 'report.json'))
      await rm(join(folder, 'head.onnx'))
      await writeFile(join(folder, 'weights.json'), JSON.stringify({ ...(await weightsOf()), ...change }))
    })

  it('is measured again, and gives the trainer’s own figures when nobody changed it', async () => {
    const claimed = trainingReport.parse(JSON.parse(await readFile(join(trained, 'report.json'), 'utf8')))
    const own = await reevaluate(made.job, await changed(async () => undefined))
    expect(own.candidate.auc.value).toBeCloseTo(claimed.candidate.auc.value, 9)
    expect(own.head).toEqual(claimed.head)
    expect(own.gates.map(({ gate, passed }) => [gate, passed])).toEqual(
      claimed.gates.map(({ gate, passed }) => [gate, passed]),
    )
  })

  it('gives the same report each time, so that a hub that was killed in between may do it again', async () => {
    const folder = await changed(async () => undefined)
    const first = await reevaluate(made.job, folder)
    expect(await reevaluate(made.job, folder)).toEqual(first)
  })

  it('may be weights alone: the hub exports them into the parent’s graph', async () => {
    const folder = await withWeights({})
    const own = await reevaluate(made.job, folder)
    expect(await readFile(join(folder, 'head.onnx'))).toEqual(await readFile(join(trained, 'head.onnx')))
    expect(own.candidate.auc.value).toBeGreaterThan(0.5)
  })

  it.each([
    [
      'a larger area',
      (r: TrainingReport) => ({ ...r, candidate: { ...r.candidate, auc: { ...r.candidate.auc, value: 0.999 } } }),
    ],
    ['a weaker parent', (r: TrainingReport) => ({ ...r, comparison: { ...r.comparison, difference: 0.9 } })],
    [
      'a gate that it did not pass as passed',
      (r: TrainingReport) => ({ ...r, gates: r.gates.map((g) => ({ ...g, passed: !g.passed })) }),
    ],
    [
      'more cases',
      (r: TrainingReport) => ({ ...r, cases: { ...r.cases, heldOut: { ...r.cases.heldOut, positives: 9999 } } }),
    ],
    ['another dataset', (r: TrainingReport) => ({ ...r, snapshot: digestOf('other') })],
    ['another parent', (r: TrainingReport) => ({ ...r, parent: digestOf('other') })],
    ['another code', (r: TrainingReport) => ({ ...r, code: digestOf('other') })],
    ['another seed', (r: TrainingReport) => ({ ...r, seed: '2' })],
  ])('is refused when its report states %s', async (_, change) => {
    const folder = await withReport(change)
    await expect(reevaluate(made.job, folder)).rejects.toMatchObject({
      code: 'result-differs',
      failureClass: 'permanent',
    })
  })

  it('is refused when the weights are not those that were measured', async () => {
    const folder = await changed(async (into) => {
      const head = readHead(await readFile(join(into, 'head.onnx')))
      const parentGraph = await readPackageFile(await readPackage(PARENT), 'head.onnx')
      const turned = writeHead(parentGraph, { weight: head.weight.map((value) => -value), bias: head.bias })
      await writeFile(join(into, 'head.onnx'), turned)
    })
    await expect(reevaluate(made.job, folder)).rejects.toMatchObject({ code: 'result-differs' })
  })

  it('is refused when the graph is more than its parent’s with other weights', async () => {
    const folder = await changed(async (into) => {
      // A producer's name: harmless to run, and not what was asked for.
      const graph = await readFile(join(into, 'head.onnx'))
      const extra = Buffer.from([0x12, 0x05, ...Buffer.from('other')])
      await writeFile(join(into, 'head.onnx'), Buffer.concat([graph, extra]))
    })
    await expect(reevaluate(made.job, folder)).rejects.toMatchObject({ code: 'result-invalid' })
  })

  it.each([
    ['no ONNX', 'head.onnx', Buffer.from('not a graph')],
    ['no JSON', 'report.json', Buffer.from('{"schema":')],
    ['of another form', 'report.json', Buffer.from('{"schema":"leadglass.training-report/1"}')],
  ])('is refused when it is %s', async (_, name, bytes) => {
    const folder = await changed(async (into) => writeFile(join(into, name), bytes))
    await expect(reevaluate(made.job, folder)).rejects.toMatchObject({ code: 'result-invalid' })
  })

  it('is refused when it is too large to be read', async () => {
    const folder = await changed(async (into) => writeFile(join(into, 'weights.json'), Buffer.alloc(33 * 1024 * 1024)))
    await expect(reevaluate(made.job, folder)).rejects.toMatchObject({ code: 'result-invalid' })
  })

  it('is refused when nothing is there', async () => {
    const folder = await changed(async (into) => rm(join(into, 'head.onnx')))
    await expect(reevaluate(made.job, folder)).rejects.toMatchObject({ code: 'result-missing' })
  })

  it.each([
    ['too few', { weight: [1, 2, 3] }, 'result-invalid'],
    ['no numbers', { weight: ['1'] }, 'result-invalid'],
    ['of another run', { run: '00000000-0000-4000-8000-000000000000' }, 'result-differs'],
    ['of a dataset that was not told', { snapshot: digestOf('other') }, 'result-differs'],
    ['with an operating point that is no probability', { thresholdMilli: 1000 }, 'result-invalid'],
    ['with more than was asked for', { shell: 'true' }, 'result-invalid'],
  ])('is refused when the weights are %s', async (_, change, code) => {
    const folder = await withWeights(change)
    await expect(reevaluate(made.job, folder)).rejects.toMatchObject({ code })
  })
})
