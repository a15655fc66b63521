import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AFTER, BEFORE, UpdateUnderFault } from './testing/update-under-fault.ts'

let update: UpdateUnderFault

beforeEach(async () => {
  update = new UpdateUnderFault(await realpath(await mkdtemp(join(tmpdir(), 'leadglass-kill-'))))
  await update.prepare()
})

afterEach(() => rm(update.folder, { recursive: true, force: true }))

describe('an agent killed at any step of an update', () => {
  it('leaves the old kit or the new one, and the next refresh finishes', async () => {
    let step = 1
    let end = update.refresh({ killAtStep: step })
    let changedAt = 0
    while (end === 'SIGKILL') {
      const version = await update.installs()
      expect([BEFORE, AFTER]).toContain(version)
      if (version === AFTER) changedAt ||= step
      else expect(changedAt).toBe(0)
      if (step % 4 === 0) {
        expect(update.refresh()).toBe('verified 1')
        expect(await update.installs()).toBe(AFTER)
      }
      await update.restore()
      step += 1
      end = update.refresh({ killAtStep: step })
    }
    expect(end).toBe('verified 1')
    expect(step).toBeGreaterThan(20)
    expect(changedAt).toBeGreaterThan(10)
  }, 180_000)
})
