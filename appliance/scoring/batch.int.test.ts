import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ModelPackage, phantomDicom } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Execution, ScoringOutcome, ScoringPool } from './index.ts'
import { ScoringRoom } from './testing/scoring-room.ts'
import { writeTinyPackage } from './testing/tiny-package.ts'

describe('images in one call of the runtime', () => {
  let room: ScoringRoom
  let files: string[]
  let model: ModelPackage
  let pool: ScoringPool

  beforeAll(async () => {
    room = await ScoringRoom.open()
    model = await writeTinyPackage(room.models, { name: 'sound', head: 'sigmoid' })
    files = []
    for (let index = 1; index <= 7; index += 1) {
      const path = join(room.work, `${index}.dcm`)
      const bytes = phantomDicom({ seed: 3, index, rows: 96, columns: 96 }).bytes
      // The fourth is no DICOM: the others must not wait for it, nor have its place.
      await writeFile(path, index === 4 ? Buffer.alloc(500, 0x41) : bytes)
      files.push(path)
    }
    pool = poolWith({ provider: 'cpu', cpuFallback: true, threads: 1 })
    await pool.start()
  }, 60_000)
  afterAll(() => room.close())

  function poolWith(execution: Execution): ScoringPool {
    return room.pool({ execution })
  }
  const score = (jobId: string): Promise<ScoringOutcome> =>
    pool.score({ jobId, packageFolder: model.folder, model: model.model, files, timeoutMs: 30_000 })
  const values = (outcome: ScoringOutcome): unknown =>
    outcome.kind === 'failed'
      ? outcome.reason
      : outcome.instances.map((one) => (one.kind === 'scored' ? one.scores[0]?.value : one.reason))

  it('gives what one image at a time gives, in its order, whatever the size of the batch', async () => {
    const single = values(await score('single'))
    expect(single).toEqual(expect.arrayContaining([expect.any(Number), 'unreadable']))
    for (const batch of [2, 4, 8]) {
      expect(await pool.adopt(1, { provider: 'cpu', cpuFallback: true, threads: 1, batch })).toBe(true)
      expect(values(await score(`batch-${batch}`))).toEqual(single)
    }
  }, 60_000)

  it('takes another arrangement only while nothing is in hand', async () => {
    const job = score('in-hand')
    expect(await pool.adopt(2, { provider: 'cpu', cpuFallback: true, threads: 1 })).toBe(false)
    expect((await job).kind).toBe('completed')
    expect(await pool.adopt(2, { provider: 'cpu', cpuFallback: true, threads: 1 })).toBe(true)
    expect((await score('after')).kind).toBe('completed')
  }, 60_000)
})
