import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock, silentLogger } from '../foundation/index.ts'
import type { UpdateOutcome } from './outcome.ts'
import { FakeRepository, fakePackage } from './testing/fake-repository.ts'
import { MemoryHighWaterMarks } from './testing/memory.ts'
import { verifyKit } from './verify-kit.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const PROGRAM = join(import.meta.dirname, 'testing', 'refresh-process.ts')
const PRELOAD = join(import.meta.dirname, 'testing', 'kill-at-step.ts')

let folder = ''
let repository: FakeRepository

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-kill-')))
  repository = new FakeRepository(NOW)
  repository.list(fakePackage({}))
  repository.publish()
  await mkdir(join(folder, 'pinned'))
  await writeFile(join(folder, 'pinned', 'root.json'), repository.initialRoot)
  await writeFile(join(folder, 'pinned', 'policy.json'), JSON.stringify(repository.policy))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** One refresh from the published folder in a process of its own. @returns what it printed, or how it ended. */
function refresh(killAtStep: number): string {
  const { stdout, signal, stderr } = spawnSync(
    process.execPath,
    ['--import', PRELOAD, PROGRAM, 'folder', folder, String(NOW)],
    {
      env: { ...process.env, KILL_AT_STEP: String(killAtStep) },
      encoding: 'utf8',
    },
  )
  return signal ?? (stdout === '' ? stderr : stdout)
}

function verify(): Promise<UpdateOutcome> {
  return verifyKit({
    kitFolder: join(folder, 'kit'),
    stateFolder: join(folder, 'appliance'),
    initialRoot: repository.initialRoot,
    policy: repository.policy,
    highWaterMarks: new MemoryHighWaterMarks(),
    clock: new ManualClock(NOW),
    logger: silentLogger,
  })
}

async function versions(): Promise<string[]> {
  const outcome = await verify()
  if (outcome.kind !== 'verified') return [JSON.stringify(outcome)]
  expect(outcome.refused).toEqual([])
  return outcome.releases.map((release) => release.model.version)
}

describe('an agent killed at any step of an update', () => {
  it('leaves the old kit or the new one, and the next refresh finishes', async () => {
    await repository.writeTo(join(folder, 'published'))
    expect(refresh(0)).toBe('verified 1')
    repository.list(fakePackage({ version: '1.1.0', releaseCounter: 2 }))
    repository.next('approvedModels', 'snapshot', 'timestamp')
    repository.publish()
    await repository.writeTo(join(folder, 'published'))
    for (const name of ['state', 'kit'])
      await cp(join(folder, name), join(folder, `before-${name}`), { recursive: true })

    let step = 1
    let end = refresh(step)
    let changedAt = 0
    while (end === 'SIGKILL') {
      const [version] = await versions()
      expect(['1.0.0', '1.1.0']).toContain(version)
      if (version === '1.1.0') changedAt ||= step
      else expect(changedAt).toBe(0)
      if (step % 4 === 0) {
        expect(refresh(0)).toBe('verified 1')
        expect(await versions()).toEqual(['1.1.0'])
      }
      for (const name of ['state', 'kit', 'appliance']) {
        await rm(join(folder, name), { recursive: true, force: true })
        if (name !== 'appliance') await cp(join(folder, `before-${name}`), join(folder, name), { recursive: true })
      }
      step += 1
      end = refresh(step)
    }
    expect(end).toBe('verified 1')
    expect(step).toBeGreaterThan(20)
    expect(changedAt).toBeGreaterThan(10)
  }, 180_000)
})
