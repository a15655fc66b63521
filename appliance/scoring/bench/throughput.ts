import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { phantomDicom, readPackage } from '@leadglass/models'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { defaultScoringLimits, ScoringPool, workerCodeRoots } from '../index.ts'

/**
 * Images a second, end to end (file, parse, decode, quality, preprocessing, two graphs, reply) with half-megabyte
 * objects in several workers, beside a bare loop of the model runtime in one thread. Prints one JSON line.
 *
 * `node appliance/scoring/bench/throughput.ts [workers] [images]`
 */
const workers = Number(process.argv[2] ?? 2)
const images = Number(process.argv[3] ?? 400)
const programRoot = resolve(import.meta.dirname, '..', '..', '..')

const root = await realpath(await mkdtemp(join(tmpdir(), 'throughput-')))
const folder = join(root, 'models', 'chest-radiograph', '1.0.0')
await cp(join(programRoot, 'models', 'packages', 'chest-radiograph', '1.0.0'), folder, { recursive: true })
await mkdir(join(root, 'work'))
try {
  const bare = await bareLoop()
  const pooled = await pool()
  const cpu = cpus()[0]?.model ?? 'unknown'
  process.stdout.write(`${JSON.stringify({ workers, images, cpu, cores: cpus().length, ...bare, ...pooled })}\n`)
} finally {
  await rm(root, { recursive: true, force: true })
}

async function bareLoop(): Promise<{ runtimeImagesPerSecond: number }> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const
  const session = await InferenceSession.create(join(folder, 'backbone.onnx'), options)
  const image = new Tensor('float32', new Float32Array(3 * 224 * 224).fill(0.1), [1, 3, 224, 224])
  for (let i = 0; i < 10; i += 1) await session.run({ image })
  const rounds = Math.min(images, 200)
  const started = performance.now()
  for (let i = 0; i < rounds; i += 1) await session.run({ image })
  return { runtimeImagesPerSecond: rate(rounds, performance.now() - started) }
}

async function pool(): Promise<{ endToEndImagesPerSecond: number; p50Ms: number; p95Ms: number }> {
  const shipped = await readPackage(folder)
  const files: string[] = []
  for (let index = 0; index < 8; index += 1) {
    const path = join(root, 'work', `${index}.dcm`)
    await writeFile(path, phantomDicom({ seed: 1, index }).bytes)
    files.push(path)
  }
  const scoring = new ScoringPool({
    workers,
    codeRoots: workerCodeRoots(programRoot),
    workFolder: join(root, 'work'),
    modelsFolder: join(root, 'models'),
    clock: systemClock,
    logger: silentLogger,
    limits: { ...defaultScoringLimits, queueLength: images },
  })
  await scoring.start()
  const one = async (i: number): Promise<number> => {
    const started = performance.now()
    const outcome = await scoring.score({
      jobId: `job-${i}`,
      packageFolder: folder,
      model: shipped.model,
      files: [files[i % files.length] ?? ''],
      timeoutMs: 30_000,
    })
    if (outcome.kind === 'failed') throw new Error(`a job failed: ${outcome.reason}`)
    return performance.now() - started
  }
  // As many callers as workers: a latency without waiting in the queue. Each warms its worker first.
  const caller = async (first: number): Promise<number[]> => {
    const times: number[] = []
    for (let i = first; i < images; i += workers) times.push(await one(i))
    return times
  }
  await Promise.all(Array.from({ length: workers * 4 }, (_, i) => one(i)))
  const started = performance.now()
  const times = (await Promise.all(Array.from({ length: workers }, (_, i) => caller(i)))).flat()
  const elapsed = performance.now() - started
  await scoring.stop()
  times.sort((a, b) => a - b)
  const at = (share: number): number => Math.round((times[Math.floor(share * (times.length - 1))] ?? 0) * 10) / 10
  return { endToEndImagesPerSecond: rate(images, elapsed), p50Ms: at(0.5), p95Ms: at(0.95) }
}

function rate(count: number, ms: number): number {
  return Math.round((count * 10_000) / ms) / 10
}
