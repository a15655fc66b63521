import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AFTER, BEFORE, PublishingUnderFault } from './testing/publishing-under-fault.ts'

let folder = ''
let publishing: PublishingUnderFault

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-publish-')))
  publishing = await PublishingUnderFault.prepare(folder)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a hub killed at any step of publishing', () => {
  it('leaves clients with the old consistent state or the new one, and its next start finishes', async () => {
    expect(await publishing.installs()).toBe(BEFORE)
    let step = 1
    let changedAt = 0
    for (; publishing.publish(step) === 'SIGKILL'; step += 1) {
      const version = await publishing.installs()
      expect([BEFORE, AFTER]).toContain(version)
      if (version === AFTER) changedAt ||= step
      else expect(changedAt).toBe(0)
      if (step % 3 === 0) {
        expect(publishing.publish()).toBe('open 0')
        expect(await publishing.installs()).toBe(AFTER)
      }
      await publishing.restore()
    }
    expect(await publishing.installs()).toBe(AFTER)
    expect(step).toBeGreaterThan(15)
    // The timestamp is the last thing to change, so no client sees the new state before nearly all is done.
    expect(changedAt === 0 ? step : changedAt).toBeGreaterThan(10)
  }, 180_000)
})
