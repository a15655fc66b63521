import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultScoringLimits, type ScoringLimits, type ScoringOutcome, ScoringPool, workerCodeRoots } from './index.ts'

const programRoot = resolve(import.meta.dirname, '..', '..')
const model = { name: 'none', version: '1.0.0', digest: 'a'.repeat(64) }

let root: string
let work: string
let models: string
let pool: ScoringPool

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'scoring-')))
  work = join(root, 'work')
  models = join(root, 'models')
  await Promise.all([work, models, join(root, 'work-other')].map((folder) => mkdir(folder)))
  await writeFile(join(work, 'a.dcm'), 'a')
  await writeFile(join(root, 'records.db'), 'secret')
  await writeFile(join(root, 'work-other', 'b.dcm'), 'secret')
  pool = hostilePool({})
  await pool.start()
})
afterAll(async () => {
  await pool.stop()
  await rm(root, { recursive: true, force: true })
})

function hostilePool(limits: Partial<ScoringLimits>, workers = 2): ScoringPool {
  return new ScoringPool({
    workers,
    codeRoots: workerCodeRoots(programRoot),
    workFolder: work,
    modelsFolder: models,
    clock: systemClock,
    logger: silentLogger,
    limits: { ...defaultScoringLimits, memoryMiB: 300, ...limits },
    workerEntry: resolve(import.meta.dirname, 'testing', 'hostile-worker.ts'),
  })
}

interface Give {
  readonly timeoutMs?: number
  readonly target?: string
  readonly to?: ScoringPool
}

function give(act: string, { timeoutMs = 20_000, target = '', to = pool }: Give = {}): Promise<ScoringOutcome> {
  const files = [join(work, 'a.dcm')]
  return to.score({ jobId: `${act}:${target}`, packageFolder: join(models, 'none'), model, files, timeoutMs })
}

/** What the hostile worker was able to do. */
async function detailOf(act: string, target = ''): Promise<string | undefined> {
  const outcome = await give(act, { target })
  const [first] = outcome.kind === 'completed' ? outcome.instances : []
  return first?.kind === 'not-scored' ? first.detail : undefined
}

describe('a pixel worker', () => {
  it('reads its work folder, so that the refusals below mean something', async () => {
    expect(await detailOf('read')).toBe('allowed')
  })

  it.each([
    ['the store beside its work folder', () => join(root, 'records.db')],
    ['a folder whose name begins like its own', () => join(root, 'work-other', 'b.dcm')],
    ['its work folder and up again', () => `${work}/../records.db`],
    ['the root of the program', () => join(programRoot, 'biome.json')],
    ['the system', () => '/etc/passwd'],
  ])('cannot read from %s', async (_where, path) => {
    expect(await detailOf('read', path())).toBe('err-access-denied')
  })

  it('is not even asked to, by the pool', async () => {
    const outside = { jobId: 'read', packageFolder: join(models, 'none'), model, timeoutMs: 1000 }
    await expect(pool.score({ ...outside, files: [`${work}/../records.db`] })).rejects.toMatchObject({
      code: 'path-outside',
    })
    await expect(pool.score({ ...outside, packageFolder: root, files: [] })).rejects.toMatchObject({
      code: 'path-outside',
    })
  })

  it('cannot write, not even in its work folder, nor start a process or a thread', async () => {
    expect(await detailOf('write')).toBe('err-access-denied')
    expect(await detailOf('spawn')).toBe('err-access-denied')
    expect(await detailOf('thread')).toBe('err-access-denied')
  })

  it('cannot listen or connect from JavaScript', async () => {
    expect(await detailOf('listen')).toBe('err-access-denied')
    expect(await detailOf('connect')).toBe('err-access-denied')
  })

  it('has an empty environment', async () => {
    expect(await detailOf('environment')).toBe('variables-0')
  })
})

describe('the pool', () => {
  it('kills a worker that hangs, fails that job alone, and goes on', async () => {
    const started = Date.now()
    const hung = give('hang', { timeoutMs: 700 })
    const others = await Promise.all(Array.from({ length: 6 }, () => give('behave')))
    expect(others.every((outcome) => outcome.kind === 'completed')).toBe(true)
    expect(await hung).toMatchObject({ kind: 'failed', reason: 'timed-out' })
    expect(Date.now() - started).toBeLessThan(10_000)
    expect(await give('behave')).toMatchObject({ kind: 'completed' })
  })

  it.each(['abort', 'exit', 'lie'])('gives a job whose worker dies (%s) a second worker and no third', async (act) => {
    const before = pool.figures().deaths
    const dying = give(act)
    const others = await Promise.all(Array.from({ length: 4 }, () => give('behave')))
    expect(await dying).toMatchObject({ kind: 'failed', reason: 'crashed' })
    expect(pool.figures().deaths - before).toBe(2)
    expect(others.every((outcome) => outcome.kind === 'completed')).toBe(true)
  })

  it.skipIf(!existsSync('/proc/self/statm'))('kills a worker that swells (needs /proc)', async () => {
    expect(await give('swell')).toMatchObject({ kind: 'failed', reason: 'memory' })
    expect(await give('behave')).toMatchObject({ kind: 'completed' })
  })

  it('does not believe a worker that leaves instances out', async () => {
    expect(await give('omit')).toMatchObject({ kind: 'failed', reason: 'crashed' })
  })

  it('lets STAT overtake, and refuses jobs beyond its bound', async () => {
    const narrow = hostilePool({ queueLength: 3 }, 1)
    await narrow.start()
    const ended: string[] = []
    const queue = (name: string, lane: 'stat' | 'routine', act = 'behave', timeoutMs = 20_000): Promise<void> =>
      narrow
        .score({
          jobId: `${act}:${name}`,
          packageFolder: join(models, 'none'),
          model,
          files: [join(work, 'a.dcm')],
          timeoutMs,
          lane,
        })
        .then(() => void ended.push(name))
    const jobs = [
      queue('first', 'routine', 'hang', 400),
      queue('a', 'routine'),
      queue('b', 'routine'),
      queue('urgent', 'stat'),
    ]
    await expect(queue('late', 'stat')).rejects.toMatchObject({ code: 'queue-full', failureClass: 'transient' })
    await Promise.all(jobs)
    expect(ended).toEqual(['first', 'urgent', 'a', 'b'])
    await narrow.stop()
  })

  it('fails what it has in hand when it stops, leaves no process, and takes nothing more', async () => {
    const passing = hostilePool({}, 1)
    await passing.start()
    const held = give('hang', { to: passing })
    const waiting = give('behave', { to: passing })
    await passing.stop()
    expect(await held).toMatchObject({ kind: 'failed', reason: 'stopped' })
    expect(await waiting).toMatchObject({ kind: 'failed', reason: 'stopped' })
    await expect(give('behave', { to: passing })).rejects.toMatchObject({ code: 'not-running' })
    expect(passing.figures()).toMatchObject({ ready: 0, busy: 0, queued: 0 })
    await passing.stop()
  })

  it('says so when no worker can start', async () => {
    const broken = new ScoringPool({
      workers: 1,
      codeRoots: [],
      workFolder: work,
      modelsFolder: models,
      clock: systemClock,
      logger: silentLogger,
      limits: { ...defaultScoringLimits, startTimeoutMs: 1500 },
    })
    await expect(broken.start()).rejects.toMatchObject({ code: 'worker-start-failed' })
  })
})
