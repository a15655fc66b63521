import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ModelPackage, phantomDicom } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import type { InstanceOutcome, ScoringPool } from './index.ts'
import { ScoringRoom } from './testing/scoring-room.ts'

const run = promisify(execFile)
const gdcmconv = peer('gdcmconv')
const dcmconv = peer('dcmconv')

let room: ScoringRoom
let pool: ScoringPool
let shipped: ModelPackage
let native: string

beforeAll(async () => {
  room = await ScoringRoom.open()
  shipped = await room.ship()
  native = join(room.work, 'native.dcm')
  await writeFile(native, phantomDicom({ seed: 9, index: 1, rows: 300, columns: 280 }).bytes)
  pool = await room.started()
})
afterAll(() => room.close())

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
      const coded = join(room.work, `${name.replaceAll(' ', '-')}.dcm`)
      await run(program ?? '', [...options, native, coded])
      expect(await score(coded)).toEqual(await score(native))
      expect(await score(native)).toMatchObject({ kind: 'scored' })
    },
  )
})
