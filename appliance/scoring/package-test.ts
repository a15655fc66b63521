import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  inspectOnnx,
  type ModelPackage,
  OnnxError,
  PackageError,
  readPackage,
  readPackageFile,
} from '@leadglass/models'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { workerCodeRoots } from './code-roots.ts'
import { defaultScoringLimits, ScoringPool } from './pool.ts'

/** One thing that a package promises. */
export interface PackageCheck {
  readonly check: 'format' | 'operators' | 'wiring' | 'golden' | 'time'
  readonly passed: boolean
  readonly detail: string
}

/** What `leadglass model test` found. `golden.maximumDeviation` is the parity with what the author saw. */
export interface PackageTestReport {
  readonly package: { readonly name: string; readonly version: string; readonly digest: string } | null
  readonly passed: boolean
  readonly checks: readonly PackageCheck[]
  readonly golden: { readonly cases: number; readonly maximumDeviation: number; readonly ms: number } | null
  /** What really ran the graphs. */
  readonly provider: string | null
}

/** A worker that starts, loads and verifies, before its first image. */
const LOADING_MS = 30_000

/**
 * Tests a sealed package as an appliance would before it uses it: format and digests, operators, wiring, and the golden
 * cases in a sealed-off worker under the package's own limits of time and memory.
 */
export async function testPackage(folder: string, programRoot: string): Promise<PackageTestReport> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'package-test-')))
  try {
    const copy = join(root, 'models', 'tested')
    await mkdir(join(root, 'work'))
    await cp(folder, copy, { recursive: true, verbatimSymlinks: true })
    const read = await readPackage(copy).catch((cause: unknown) => {
      if (cause instanceof PackageError) return cause
      throw cause
    })
    if (read instanceof PackageError) {
      const detail = `${read.code}: ${read.message}`
      return {
        package: null,
        passed: false,
        checks: [{ check: 'format', passed: false, detail }],
        golden: null,
        provider: null,
      }
    }
    return await testReadPackage(read, root, programRoot)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function testReadPackage(read: ModelPackage, root: string, programRoot: string): Promise<PackageTestReport> {
  const { manifest, model } = read
  const format = `${manifest.files.length} files, digest ${read.digest}`
  const checks: PackageCheck[] = [{ check: 'format', passed: true, detail: format }, ...(await inspectGraphs(read))]
  if (checks.some(({ passed }) => !passed))
    return { package: model, passed: false, checks, golden: null, provider: null }
  const allowedMs = manifest.runtime.timeoutMs * manifest.golden.length
  const pool = new ScoringPool({
    workers: 1,
    codeRoots: workerCodeRoots(programRoot),
    workFolder: join(root, 'work'),
    modelsFolder: join(root, 'models'),
    clock: systemClock,
    logger: silentLogger,
    limits: {
      ...defaultScoringLimits,
      memoryMiB: manifest.runtime.memoryMiB,
      goldenTimeoutMs: LOADING_MS + allowedMs,
    },
  })
  await pool.start()
  try {
    const started = performance.now()
    const outcome = await pool.runGoldenCases(read.folder)
    const ms = Math.round(performance.now() - started)
    if (outcome.kind === 'failed') {
      const detail = `${outcome.reason}: ${outcome.detail}`
      return {
        package: model,
        passed: false,
        checks: [...checks, { check: 'golden', passed: false, detail }],
        golden: null,
        provider: null,
      }
    }
    const { cases, maximumDeviation, provider = null } = outcome
    const inTime = ms <= LOADING_MS / 3 + allowedMs
    const deviation = `${cases} cases, largest deviation ${maximumDeviation.toExponential(2)}, in ${manifest.runtime.memoryMiB} MiB`
    checks.push({ check: 'golden', passed: true, detail: deviation })
    checks.push({
      check: 'time',
      passed: inTime,
      detail: `${ms} ms with loading; ${manifest.runtime.timeoutMs} ms allowed an image`,
    })
    return { package: model, passed: inTime, checks, golden: { cases, maximumDeviation, ms }, provider }
  } finally {
    await pool.stop()
  }
}

async function inspectGraphs(read: ModelPackage): Promise<readonly PackageCheck[]> {
  const problems: string[] = []
  const wiring: string[] = []
  const operators = new Set<string>()
  for (const graph of read.manifest.graphs) {
    try {
      const inspection = inspectOnnx(await readPackageFile(read, graph.file))
      problems.push(...inspection.problems.map((problem) => `${graph.file}: ${problem}`))
      for (const name of Object.keys(inspection.operators)) operators.add(name)
      const inputs = inspection.inputs.map(({ name }) => name)
      const outputs = inspection.outputs.map(({ name }) => name)
      const unfed = inputs.filter((name) => graph.inputs[name] === undefined)
      const unknown = Object.keys(graph.inputs).filter((name) => !inputs.includes(name))
      const unmade = graph.outputs.filter((name) => !outputs.includes(name))
      wiring.push(...[...unfed, ...unknown, ...unmade].map((name) => `${graph.file}: ${name}`))
    } catch (cause) {
      if (!(cause instanceof OnnxError)) throw cause
      problems.push(`${graph.file}: ${cause.message}`)
    }
  }
  const list = problems.length === 0 ? [...operators].toSorted().join(', ') : problems.join('; ')
  const tensors =
    wiring.length === 0 ? 'every input is fed, every output is made' : `do not agree: ${wiring.join('; ')}`
  return [
    { check: 'operators', passed: problems.length === 0, detail: list },
    { check: 'wiring', passed: wiring.length === 0, detail: tensors },
  ]
}
