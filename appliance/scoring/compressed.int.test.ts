import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type ModelPackage, phantomDicom, readPackage } from '@leadglass/models'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { defaultScoringLimits, type InstanceOutcome, ScoringPool, workerCodeRoots } from './index.ts'

const run = promisify(execFile)
const gdcmconv = peer('gdcmconv')
const dcmconv = peer('dcmconv')
const programRoot = resolve(import.meta.dirname, '..', '..')

let root: string
let pool: ScoringPool
let shipped: ModelPackage
let native: string

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'compressed-')))
  const folder = join(root, 'models', 'chest-radiograph', '1.0.0')
  await cp(join(programRoot, 'models', 'packages', 'chest-radiograph', '1.0.0'), folder, { recursive: true })
  await mkdir(join(root, 'work'))
  shipped = await readPackage(folder)
  native = join(root, 'work', 'native.dcm')
  await writeFile(native, phantomDicom({ seed: 9, index: 1, rows: 300, columns: 280 }).bytes)
  pool = new ScoringPool({
    workers: 1,
    codeRoots: workerCodeRoots(programRoot),
    workFolder: join(root, 'work'),
    modelsFolder: join(root, 'models'),
    clock: systemClock,
    logger: silentLogger,
    limits: defaultScoringLimits,
  })
  await pool.start()
})
afterAll(async () => {
  await pool.stop()
  await rm(root, { recursive: true, force: true })
})

async function score(file: string): Promise<InstanceOutcome | undefined> {
  const job = { jobId: 'c', packageFolder: shipped.folder, model: shipped.model, files: [file], timeoutMs: 30_000 }
  const outcome = await pool.score(job)
  return outcome.kind === 'completed' ? outcome.instances[0] : undefined
}

describe.skipIf(gdcmconv === undefined || dcmconv === undefined)('a phantom (needs gdcmconv and dcmconv)', () => {
  it.each([
    ['RLE', gdcmconv, ['--rle']],
    ['lossless JPEG', gdcmconv, ['--jpeg']],
    ['lossless JPEG-LS', gdcmconv, ['--jpegls']],
    ['lossless JPEG 2000', gdcmconv, ['--j2k']],
    ['implicit VR', dcmconv, ['+ti']],
    ['big-endian', dcmconv, ['+tb']],
    ['deflated', dcmconv, ['+td']],
  ] as const)(
    'has the same result in %s form as in native form, in a sealed worker',
    async (name, program, options) => {
      const coded = join(root, 'work', `${name.replaceAll(' ', '-')}.dcm`)
      await run(program ?? '', [...options, native, coded])
      expect(await score(coded)).toEqual(await score(native))
      expect(await score(native)).toMatchObject({ kind: 'scored' })
    },
  )
})
