import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { AnswerBoard, desiredStatePatch } from '@leadglass/sync-agent/transport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEVICE } from './testing/endpoint-fixture.ts'
import { FolderTwinStore } from './twin-store.ts'
import { Twins } from './twins.ts'

let folder: string
const file = (): string => join(folder, `${DEVICE}.json`)
const state = { schema: 'leadglass.desired-state/1' as const, version: 1, timestampVersion: 1, repositoryPath: '/d' }
const answer = {
  schema: 'leadglass.acknowledgement/1' as const,
  device: DEVICE,
  batch: '0b9e9a2e-95b2-4d6f-9d39-3a6c4d9b1a11',
  watermarks: [{ epoch: 1, stream: 'audit' as const, sequence: 7 }],
  refused: [],
  cosigned: null,
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twins-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('twins', () => {
  it('are stored, without answers: a stored answer could outlive what it answers for', async () => {
    const twins = new Twins(new FolderTwinStore(folder))
    const pushed: number[] = []
    twins.onDesiredChanged = (_device, _patch, version) => void pushed.push(version)
    await twins.patchDesired(DEVICE, desiredStatePatch(state))
    await twins.patchDesired(DEVICE, new AnswerBoard(new ManualClock(1)).post(answer))
    await twins.patchReported(DEVICE, { leadglass: { batches: 1 } })
    await twins.setSubscriptions(DEVICE, ['twin-desired', 'methods', 'methods'])
    expect(pushed).toEqual([2, 3])
    expect(JSON.stringify((await twins.read(DEVICE)).desired)).toContain(answer.batch)
    const later = await new Twins(new FolderTwinStore(folder)).read(DEVICE)
    expect(later).toEqual({
      desired: { leadglass: { state } },
      desiredVersion: 3,
      reported: { leadglass: { batches: 1 } },
      reportedVersion: 2,
      subscriptions: ['methods', 'twin-desired'],
    })
    expect(await readFile(file(), 'utf8')).not.toContain(answer.batch)
  })

  it('share a write when many changes come at once, and the last one is stored', async () => {
    const store = new FolderTwinStore(folder)
    let writes = 0
    const twins = new Twins({
      load: (device) => store.load(device),
      save: async (device, twin) => {
        writes += 1
        await store.save(device, twin)
      },
    })
    await Promise.all(Array.from({ length: 50 }, (_, i) => twins.patchReported(DEVICE, { a: i })))
    expect(writes).toBeLessThanOrEqual(2)
    await twins.settle()
    expect((await store.load(DEVICE))?.reported).toEqual({ a: 49 })
  })

  it('change not at all when a limit is exceeded', async () => {
    const twins = new Twins(new FolderTwinStore(folder))
    await twins.patchReported(DEVICE, { a: 'x'.repeat(30_000) })
    await expect(twins.patchReported(DEVICE, { b: 'x'.repeat(30_000) })).rejects.toMatchObject({
      code: 'twin-too-large',
    })
    expect(Object.keys((await twins.read(DEVICE)).reported)).toEqual(['a'])
  })

  it('fail when their file is damaged, and work again when it is not', async () => {
    await writeFile(file(), '{"desired":')
    const twins = new Twins(new FolderTwinStore(folder))
    await expect(twins.read(DEVICE)).rejects.toThrow()
    await rm(file())
    expect((await twins.read(DEVICE)).desiredVersion).toBe(1)
  })
})
