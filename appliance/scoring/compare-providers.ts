import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ModelPackage, phantomDicom, readPackage } from '@leadglass/models'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { workerCodeRoots } from './code-roots.ts'
import type { ExecutionProvider } from './execution.ts'
import { defaultScoringLimits, ScoringPool } from './pool.ts'
import { type ProviderProbe, probeProviders } from './providers.ts'

const IMAGES = 16
/** Largest difference of a score from the processor's; cards add in another order. */
const MOST_DIFFERENCE = 0.005

/** What one provider did. */
export interface ProviderCheck {
  readonly provider: ExecutionProvider
  readonly available: boolean
  readonly detail: string
  /** Golden cases passed, with the largest deviation from the author's values. */
  readonly golden: { readonly passed: boolean; readonly maximumDeviation: number | null } | null
  /** Largest differences from the processor on computed phantoms. */
  readonly difference: { readonly score: number; readonly embedding: number } | null
  readonly imagesPerSecond: number | null
  /** True when the provider runs models here and gives what the processor gives. */
  readonly works: boolean
}

/** What this machine's cards do. `gpu`: whether any provider for a card loads. */
export interface GpuCheck {
  readonly gpu: boolean
  readonly works: boolean
  readonly model: string
  readonly providers: readonly ProviderCheck[]
}

type Vectors = readonly { readonly scores: readonly number[]; readonly embedding: readonly number[] }[]

/**
 * Tries the providers for graphics cards: does each load, do the golden cases of a package pass on it, does it give what
 * the processor gives. The processor never takes over.
 * @param packageFolder a package for radiographs.
 */
export async function checkGpu(
  programRoot: string,
  packageFolder: string,
  probe: () => Promise<readonly ProviderProbe[]> = probeProviders,
): Promise<GpuCheck> {
  const probes = await probe()
  const root = await realpath(await mkdtemp(join(tmpdir(), 'gpu-check-')))
  try {
    const folder = join(root, 'models', 'checked')
    await cp(packageFolder, folder, { recursive: true })
    await mkdir(join(root, 'work'))
    const model = await readPackage(folder)
    const files: string[] = []
    for (let index = 1; index <= IMAGES; index += 1) {
      const path = join(root, 'work', `${index}.dcm`)
      await writeFile(path, phantomDicom({ seed: 2, index }).bytes)
      files.push(path)
    }
    const run = (provider: ExecutionProvider): ReturnType<typeof runOn> =>
      runOn({ programRoot, root, model, files }, provider)
    const gpu = probes.some(({ provider, available }) => provider !== 'cpu' && available)
    // Without a card there is nothing to compare with; that the processor runs is the golden cases' affair.
    const processor = await run('cpu')
    const checks: ProviderCheck[] = []
    for (const one of probes) checks.push(check(one, one.available ? await run(one.provider) : undefined, processor))
    const cards = checks.filter(({ provider, available }) => provider !== 'cpu' && available)
    const name = `${model.model.name}@${model.model.version}`
    return { gpu, works: gpu && cards.every(({ works }) => works), model: name, providers: checks }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

interface Run {
  readonly golden: ProviderCheck['golden']
  readonly vectors: Vectors
  readonly imagesPerSecond: number
  readonly failure: string | undefined
}

async function runOn(
  made: {
    readonly programRoot: string
    readonly root: string
    readonly model: ModelPackage
    readonly files: readonly string[]
  },
  provider: ExecutionProvider,
): Promise<Run> {
  const { programRoot, root, model, files } = made
  const pool = new ScoringPool({
    workers: 1,
    codeRoots: workerCodeRoots(programRoot),
    workFolder: join(root, 'work'),
    modelsFolder: join(root, 'models'),
    clock: systemClock,
    logger: silentLogger,
    limits: { ...defaultScoringLimits, memoryMiB: 8192 },
    execution: { provider, threads: 1, cpuFallback: false },
  })
  await pool.start()
  try {
    const golden = await pool.runGoldenCases(model.folder, model.manifest.runtime.memoryMiB)
    const started = performance.now()
    const outcome = await pool.score({
      jobId: `check-${provider}`,
      packageFolder: model.folder,
      model: model.model,
      files,
      timeoutMs: 300_000,
    })
    const imagesPerSecond = Math.round((files.length * 10_000) / (performance.now() - started)) / 10
    const vectors =
      outcome.kind === 'failed'
        ? []
        : outcome.instances.flatMap((one) =>
            one.kind === 'scored'
              ? [{ scores: one.scores.map(({ value }) => value), embedding: [...one.embedding] }]
              : [],
          )
    return {
      golden: {
        passed: golden.kind === 'passed',
        maximumDeviation: golden.kind === 'passed' ? golden.maximumDeviation : null,
      },
      vectors,
      imagesPerSecond,
      failure: outcome.kind === 'failed' ? `${outcome.reason}: ${outcome.detail}` : undefined,
    }
  } finally {
    await pool.stop()
  }
}

function check({ provider, available, detail }: ProviderProbe, run: Run | undefined, processor: Run): ProviderCheck {
  if (run === undefined) {
    return { provider, available, detail, golden: null, difference: null, imagesPerSecond: null, works: false }
  }
  const isWhole = run.vectors.length === processor.vectors.length && run.vectors.length > 0
  const difference = isWhole
    ? {
        score: largest(run.vectors, processor.vectors, 'scores'),
        embedding: largest(run.vectors, processor.vectors, 'embedding'),
      }
    : null
  const works = run.golden?.passed === true && difference !== null && difference.score <= MOST_DIFFERENCE
  const { golden, imagesPerSecond, failure } = run
  return { provider, available, detail: failure ?? detail, golden, difference, imagesPerSecond, works }
}

function largest(one: Vectors, other: Vectors, which: 'scores' | 'embedding'): number {
  return Math.max(
    ...one.flatMap((vector, i) =>
      vector[which].map((value, at) => Math.abs(value - (other[i]?.[which][at] ?? Number.POSITIVE_INFINITY))),
    ),
  )
}
