import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { type ModelPackage, phantomDicom, readPackage } from '@leadglass/models'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { workerCodeRoots } from './code-roots.ts'
import type { ExecutionProvider } from './execution.ts'
import { chooseBatch, chooseTrial, memoryBudgetMiB, type ScoringPlan, type ScoringTrial } from './plan.ts'
import { defaultScoringLimits, ScoringPool } from './pool.ts'
import { type ProviderProbe, probeProviders } from './providers.ts'

/** What to measure with. */
export interface TuneRequest {
  /** The program's root folder. */
  readonly programRoot: string
  /** A model for radiographs; it is copied, and run on computed phantoms. */
  readonly packageFolder: string
  /** Images of one trial. */
  readonly images: number
  readonly cpuFallback: boolean
  readonly onTrial?: (trial: ScoringTrial) => void
  /** No further trial begins after so many milliseconds; one is always measured. Marks the plan as short. */
  readonly budgetMs?: number
}

interface Arrangement {
  readonly provider: ExecutionProvider
  readonly workers: number
  readonly threads: number
  /** Images in one call, in jobs of several files; one file a job where absent. */
  readonly batch?: number
}

const DIFFERENT_IMAGES = 8
/** As many files as a batch can hold at most, so that every batch of a trial is full. */
const FILES_OF_A_BATCH_JOB = 8
const BATCHES = [1, 2, 4, 8] as const

/**
 * Measures workers x threads on this machine, file to scores, with every provider that loads here, and chooses.
 * @throws when the package does not run at all.
 */
export async function tuneScoring(request: TuneRequest): Promise<ScoringPlan> {
  const providers = await probeProviders()
  const root = await realpath(await mkdtemp(join(tmpdir(), 'scoring-tune-')))
  try {
    const folder = join(root, 'models', 'measured')
    await cp(request.packageFolder, folder, { recursive: true })
    await mkdir(join(root, 'work'))
    const model = await readPackage(folder)
    const files = await writePhantoms(join(root, 'work'))
    const trials: ScoringTrial[] = []
    const until = performance.now() + (request.budgetMs ?? Number.POSITIVE_INFINITY)
    for (const arrangement of arrangements(providers, availableParallelism())) {
      if (trials.length > 0 && performance.now() > until) break
      const measured = await measure(request, root, model, files, arrangement)
      request.onTrial?.(measured)
      trials.push(measured)
    }
    const best = chooseTrial(trials)
    const isFree = model.manifest.kind === 'image-2d' && model.manifest.input.shape[0] === 'N'
    const batches: { batch: number; imagesPerSecond: number }[] = []
    for (const batch of best === undefined || !isFree ? [] : BATCHES) {
      if (performance.now() > until) break
      const { imagesPerSecond } = await measure(request, root, model, files, { ...best, batch } as Arrangement)
      batches.push({ batch, imagesPerSecond })
    }
    return planOf(request, model, providers, trials, batches)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/**
 * Halvings of the cores as workers, each with the threads that are left to it; a graphics card is shared by one or two.
 */
export function arrangements(providers: readonly ProviderProbe[], cores: number): readonly Arrangement[] {
  const sizes: number[] = []
  for (let size = cores; size >= 1; size = Math.floor(size / 2)) sizes.push(size)
  const onProcessor = sizes.flatMap((workers) =>
    sizes
      .filter((threads) => threads * workers <= cores)
      .map((threads): Arrangement => ({ provider: 'cpu', workers, threads })),
  )
  const onCard = providers
    .filter(({ provider, available }) => provider !== 'cpu' && available)
    .flatMap(({ provider }) => [1, 2].map((workers): Arrangement => ({ provider, workers, threads: 1 })))
  return [...onProcessor, ...onCard]
}

async function writePhantoms(folder: string): Promise<readonly string[]> {
  const files: string[] = []
  for (let index = 1; index <= DIFFERENT_IMAGES; index += 1) {
    const path = join(folder, `${index}.dcm`)
    await writeFile(path, phantomDicom({ seed: 1, index }).bytes)
    files.push(path)
  }
  return files
}

async function measure(
  { programRoot, images }: TuneRequest,
  root: string,
  model: ModelPackage,
  files: readonly string[],
  arrangement: Arrangement,
): Promise<ScoringTrial> {
  const { workers, threads, provider, batch } = arrangement
  const together = batch === undefined ? 1 : FILES_OF_A_BATCH_JOB
  const pool = new ScoringPool({
    workers,
    codeRoots: workerCodeRoots(programRoot),
    workFolder: join(root, 'work'),
    modelsFolder: join(root, 'models'),
    clock: systemClock,
    logger: silentLogger,
    limits: defaultScoringLimits,
    // Without the processor to take over: a trial that measured something else would be worse than none.
    execution: { provider, threads, cpuFallback: false, ...(batch === undefined ? {} : { batch }) },
  })
  await pool.start()
  try {
    const one = async (i: number): Promise<number> => {
      const started = performance.now()
      const outcome = await pool.score({
        jobId: `trial-${i}`,
        packageFolder: model.folder,
        model: model.model,
        files: together === 1 ? [files[i % files.length] ?? ''] : files,
        timeoutMs: 60_000,
      })
      if (outcome.kind === 'failed') throw new Error(`a trial failed: ${outcome.reason}: ${outcome.detail}`)
      return performance.now() - started
    }
    await Promise.all(Array.from({ length: workers * (together === 1 ? 4 : 1) }, (_, i) => one(i)))
    const jobs = Math.max(workers, Math.ceil(images / together))
    const started = performance.now()
    // As many callers as workers: latencies without waiting.
    const callers = Array.from({ length: workers }, async (_, first) => {
      const times: number[] = []
      for (let i = first; i < jobs; i += workers) times.push(await one(i))
      return times
    })
    const times = (await Promise.all(callers)).flat().toSorted((a, b) => a - b)
    const imagesPerSecond = tenth((jobs * together * 1000) / (performance.now() - started))
    const at = (share: number): number => tenth(times[Math.floor(share * (times.length - 1))] ?? 0)
    return { provider, workers, threads, imagesPerSecond, p50Ms: at(0.5), p95Ms: at(0.95) }
  } finally {
    await pool.stop()
  }
}

function planOf(
  { cpuFallback, budgetMs }: TuneRequest,
  { model }: ModelPackage,
  providers: readonly ProviderProbe[],
  trials: readonly ScoringTrial[],
  batches: readonly { readonly batch: number; readonly imagesPerSecond: number }[],
): ScoringPlan {
  const best = chooseTrial(trials)
  if (best === undefined) throw new RangeError('nothing was measured')
  return {
    schema: 'leadglass.scoring-plan/1',
    measuredAt: new Date(systemClock.now()).toISOString(),
    model: `${model.name}@${model.version}`,
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryMiB: Math.floor(totalmem() / 2 ** 20),
    },
    workers: best.workers,
    threads: best.threads,
    batch: chooseBatch(batches),
    provider: best.provider,
    cpuFallback,
    memoryBudgetMiB: memoryBudgetMiB(),
    providers: [...providers],
    trials: [...trials],
    ...(batches.length === 0 ? {} : { batches: [...batches] }),
    kind: budgetMs === undefined ? 'full' : 'short',
  }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
