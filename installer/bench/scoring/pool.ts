import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultScoringLimits, ScoringPool, workerCodeRoots } from '@leadglass/appliance/scoring'
import { readPackage } from '@leadglass/models'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { InstallerError } from '../../errors.ts'
import { type Judgement, judge } from '../../harness/report.ts'
import { CODE_FOLDERS } from '../../start/entries.ts'
import { BareLoops, type RoundFigures } from './bare-loop.ts'
import { type BenchModel, type PoolFolders, radiographModel, volumeModel } from './models.ts'
import { childSeconds } from './processor-time.ts'

/** One contender with one model. */
export interface PoolRow {
  readonly name: string
  readonly contender: string
  readonly images: number
  readonly figures: Readonly<Record<string, number>>
  readonly ratios: readonly Judgement[]
}

export interface PoolLoad {
  /** Images of one round. */
  readonly images: number
  readonly withVolumes: boolean
}

/** Contenders take turns so often, so that a busy moment of the machine meets them all. */
const ROUNDS = 5
const VOLUME_ROUNDS = 3
const THREADS = 1
const GOAL = '>= 0.95'

/**
 * The product's pool against bare loops of the model runtime: the same graphs, files, threads and number of processes, in
 * turn. Judged against the loop that prepares its input too; the other shows what preparing costs.
 */
export async function measurePool(root: string, { images, withVolumes }: PoolLoad): Promise<readonly PoolRow[]> {
  const folders = { models: join(root, 'models'), work: join(root, 'work') }
  await mkdir(folders.models, { recursive: true })
  await mkdir(folders.work)
  const radiographs = await radiographModel(folders)
  const rounds = Math.max(1, Math.min(ROUNDS, images))
  const each = Math.ceil(images / rounds)
  const rows = [
    ...(await compare(folders, radiographs, 1, each, rounds)),
    ...(await compare(folders, radiographs, 2, each, rounds)),
  ]
  const volumes = withVolumes ? await volumeModel(folders) : undefined
  return volumes === undefined ? rows : [...rows, ...(await compare(folders, volumes, 1, 1, VOLUME_ROUNDS))]
}

async function compare(
  folders: PoolFolders,
  model: BenchModel,
  workers: number,
  images: number,
  rounds: number,
): Promise<PoolRow[]> {
  const warmUp = model.isVolume ? 1 : 20
  const request = { ...model, packageFolder: model.folder, threads: THREADS, warmUp }
  const { packageFolder, files, isVolume, threads } = request
  const loop = { packageFolder, files, isVolume, threads, warmUp }
  const pool = await startPool(folders, workers)
  const bare = await BareLoops.start(workers, { ...loop, withPreprocessing: true })
  const graphs = await BareLoops.start(workers, { ...loop, withPreprocessing: false })
  try {
    const product = await scorer(pool, model, workers)
    await product(warmUp * workers * 2)
    const contenders = [
      { contender: 'leadglass', run: product },
      { contender: 'bare loop', run: (count: number) => bare.run(count) },
      { contender: 'bare loop, graphs only', run: (count: number) => graphs.run(count) },
    ]
    const measured = contenders.map((one) => ({ ...one, rounds: [] as RoundFigures[] }))
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < measured.length; turn += 1) {
        const one = measured[(turn + round) % measured.length]
        one?.rounds.push(await one.run(images))
      }
    }
    const [own, peer, inner] = measured.map(({ rounds: all }) => medianRound(all, images))
    if (own === undefined || peer === undefined || inner === undefined) return []
    const name = `${model.name}, ${workers} ${workers === 1 ? 'worker' : 'workers'}`
    return measured.map(({ contender }, index) => {
      const figures = [own, peer, inner][index] ?? own
      const ratios = index === 0 ? [judge(`${name}: pool / bare loop`, own.rate / peer.rate, GOAL)] : []
      return {
        name,
        contender,
        images: images * rounds,
        figures: {
          'images/s': figures.rate,
          'all ms': figures.processorMs,
          ...(index === 0 ? {} : { 'pool / this': own.rate / figures.rate }),
        },
        ratios,
      }
    })
  } finally {
    await Promise.all([bare.stop(), graphs.stop(), pool.stop()])
  }
}

async function startPool(folders: PoolFolders, workers: number): Promise<ScoringPool> {
  const pool = new ScoringPool({
    workers,
    codeRoots: workerCodeRoots(CODE_FOLDERS.root),
    workFolder: folders.work,
    modelsFolder: folders.models,
    clock: systemClock,
    logger: silentLogger,
    limits: defaultScoringLimits,
  })
  await pool.start()
  while (pool.figures().ready < workers) await new Promise((resolve) => setTimeout(resolve, 20))
  return pool
}

/** Scores as the pipeline does, a job for each study of one radiograph, with one more waiting for each worker. */
async function scorer(
  pool: ScoringPool,
  model: BenchModel,
  workers: number,
): Promise<(images: number) => Promise<RoundFigures>> {
  const { model: reference, manifest } = await readPackage(model.folder)
  let jobs = 0
  const one = async (): Promise<void> => {
    jobs += 1
    const files = model.isVolume ? model.files : [model.files[jobs % model.files.length] ?? '']
    const outcome = await pool.score({
      jobId: `job-${jobs}`,
      packageFolder: model.folder,
      model: reference,
      files,
      timeoutMs: manifest.runtime.timeoutMs,
      memoryMiB: model.memoryMiB,
    })
    if (outcome.kind === 'completed' && outcome.instances.some(({ kind }) => kind === 'scored')) return
    throw notScored(outcome.kind === 'failed' ? outcome.reason : 'no instance was scored')
  }
  return async (images) => {
    const before = await processorMs()
    const started = performance.now()
    let left = images
    const caller = async (): Promise<void> => {
      for (; left > 0; ) {
        left -= 1
        await one()
      }
    }
    await Promise.all(Array.from({ length: model.isVolume ? workers : workers * 2 }, caller))
    return { milliseconds: performance.now() - started, processorMs: (await processorMs()) - before }
  }
}

/** Of this process and of its children; the loops among them do nothing while the pool has its turn. */
async function processorMs(): Promise<number> {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000 + (await childSeconds(process.pid)) * 1000
}

/** Images a second and processor milliseconds an image of the round in the middle. */
function medianRound(rounds: readonly RoundFigures[], images: number): { rate: number; processorMs: number } {
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
  return {
    rate: 1000 / (middle(rounds.map(({ milliseconds }) => milliseconds)) / images),
    processorMs: middle(rounds.map((round) => round.processorMs)) / images,
  }
}

function notScored(reason: string): InstallerError {
  return new InstallerError('process-failed', {
    message: `the pool did not score an image of the bench: ${reason}`,
    effect: 'the bench has no figure for the pool',
    nextStep: 'run "leadglass model test" on the package',
  })
}
