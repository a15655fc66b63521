import { expect } from 'vitest'
import { type ConformanceCase, DAY, NOW } from './runner.ts'

function entry(name: string, run: ConformanceCase['run']): ConformanceCase {
  return { name, run }
}

/** Validity, at the repository and on the device; versions that go back, and how a repository recovers. */
export const TIME_AND_ROLLBACK_CASES: readonly ConformanceCase[] = [
  entry('expired root: root is taken, nothing else', async (runner) => {
    const { repository } = runner
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    repository.publish('root')
    expect(await runner.refresh()).toBe(true)
    repository.expire('root', NOW - DAY)
    repository.publish('root', 'targets', 'snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(false)
    expect(await runner.trusted()).toEqual(['root@3', 'snapshot@1', 'targets@1', 'timestamp@1'])
  }),
  ...(
    [
      ['timestamp', ['timestamp'], ['root@1', 'snapshot@1', 'targets@1', 'timestamp@1']],
      ['snapshot', ['snapshot', 'timestamp'], ['root@1', 'snapshot@1', 'targets@1', 'timestamp@2']],
      ['targets', ['targets', 'snapshot', 'timestamp'], ['root@1', 'snapshot@2', 'targets@1', 'timestamp@2']],
    ] as const
  ).map(([role, published, trusted]) =>
    entry(`expired ${role}`, async (runner) => {
      await runner.init()
      expect(await runner.refresh()).toBe(true)
      runner.repository.expire(role, NOW - 5 * DAY)
      runner.repository.publish(...published)
      expect(await runner.refresh()).toBe(false)
      expect(await runner.trusted()).toEqual(trusted)
    }),
  ),
  entry('expired local root', async (runner) => {
    await runner.init()
    runner.repository.expire('root', NOW + 7 * DAY)
    runner.repository.publish('root')
    expect(await runner.refresh()).toBe(true)
    runner.repository.expire('root', NOW + 21 * DAY)
    runner.repository.publish('root')
    runner.clock.advance(18 * DAY)
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('root')).toBe(3)
  }),
  entry('expired local timestamp', async (runner) => {
    await runner.init()
    runner.repository.expire('timestamp', NOW + 7 * DAY)
    runner.repository.publish('timestamp')
    expect(await runner.refresh()).toBe(true)
    runner.repository.expire('timestamp', NOW + 21 * DAY)
    runner.repository.publish('targets', 'snapshot', 'timestamp')
    runner.clock.advance(18 * DAY)
    expect(await runner.refresh()).toBe(true)
    expect(await runner.trusted()).toEqual(['root@1', 'snapshot@2', 'targets@2', 'timestamp@3'])
  }),
  entry('rollback of timestamp', async (runner) => {
    await runner.init()
    runner.repository.publish('timestamp')
    expect(await runner.refresh()).toBe(true)
    runner.repository.restart('timestamp')
    runner.repository.publish('timestamp')
    expect(await runner.refresh()).toBe(false)
    expect(await runner.version('timestamp')).toBe(2)
    expect(runner.repository.asked.at(-1)).toBe('timestamp')
  }),
  ...[false, true].flatMap((withHashes) => [
    entry(`rollback of snapshot${withHashes ? ', with hashes' : ''}`, async (runner) => {
      await runner.init()
      runner.repository.withHashes = withHashes
      runner.repository.publish('snapshot', 'timestamp')
      expect(await runner.refresh()).toBe(true)
      runner.repository.restart('snapshot')
      runner.repository.publish('snapshot', 'timestamp')
      expect(await runner.refresh()).toBe(false)
      expect([await runner.version('timestamp'), await runner.version('snapshot')]).toEqual([2, 2])
      expect(runner.repository.asked.at(-1)).toBe('timestamp')
    }),
    entry(`rollback of targets${withHashes ? ', with hashes' : ''}`, async (runner) => {
      await runner.init()
      runner.repository.withHashes = withHashes
      runner.repository.publish('targets', 'snapshot', 'timestamp')
      expect(await runner.refresh()).toBe(true)
      runner.repository.restart('targets')
      runner.repository.publish('targets', 'snapshot', 'timestamp')
      expect(await runner.refresh()).toBe(false)
      expect([await runner.version('snapshot'), await runner.version('targets')]).toEqual([2, 2])
    }),
  ]),
  entry('a role removed from snapshot', async (runner) => {
    const { repository } = runner
    await runner.init()
    repository.addDelegation('targets', 'delegated', { paths: ['delegatedpath/*'] })
    repository.publish('delegated', 'targets', 'snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(true)
    delete repository.meta('snapshot')['delegated.json']
    repository.publish('snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(false)
    expect(await runner.version('snapshot')).toBe(2)
  }),
  entry('fast-forward of targets, recovered by new snapshot keys', async (runner) => {
    const { repository } = runner
    await runner.init()
    repository.addDelegation('targets', 'delegated', { paths: ['delegatedpath/*'] })
    repository.publish('delegated')
    for (let count = 0; count < 99; count += 1) repository.publish('targets')
    repository.publish('snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('targets')).toBe(100)
    repository.rotateKeys('snapshot')
    repository.restart('targets')
    delete repository.meta('snapshot')['delegated.json']
    repository.publish('root', 'targets', 'snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('targets')).toBe(1)
  }),
  entry('fast-forward of snapshot, recovered by new snapshot and timestamp keys', async (runner) => {
    const { repository } = runner
    await runner.init()
    for (let count = 0; count < 99; count += 1) repository.publish('snapshot')
    repository.publish('timestamp')
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('snapshot')).toBe(100)
    repository.rotateKeys('snapshot')
    repository.rotateKeys('timestamp')
    repository.restart('snapshot')
    repository.publish('root', 'targets', 'snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('snapshot')).toBe(1)
  }),
  entry('fast-forward of timestamp, recovered by a new timestamp key', async (runner) => {
    const { repository } = runner
    await runner.init()
    for (let count = 0; count < 99; count += 1) repository.publish('timestamp')
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('timestamp')).toBe(100)
    repository.rotateKeys('timestamp')
    repository.restart('timestamp')
    repository.publish('root', 'timestamp')
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('timestamp')).toBe(1)
  }),
]
