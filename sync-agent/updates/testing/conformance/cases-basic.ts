import { expect } from 'vitest'
import { type ConformanceCase, DAY, NOW, type Runner } from './runner.ts'
import { keyidOf } from './simulator.ts'

const ALL = ['root', 'targets', 'snapshot', 'timestamp'] as const
const FIRST_REQUESTS = ['root@2', 'timestamp', 'snapshot@1', 'targets@1']

function entry(name: string, run: ConformanceCase['run']): ConformanceCase {
  return { name, run }
}

async function trustsPublished(runner: Runner): Promise<void> {
  for (const role of ALL) expect(await runner.bytes(role)).toEqual(Buffer.from(runner.repository.last(role)))
}

/** A first root that was bent: refresh fails before anything is asked for. */
function badInitialRoot(bend: (root: { signed: Record<string, unknown>; signatures: { sig: string }[] }) => void) {
  return async (runner: Runner): Promise<void> => {
    const root = JSON.parse(Buffer.from(runner.repository.last('root')).toString()) as Parameters<typeof bend>[0]
    bend(root)
    await runner.init(Buffer.from(JSON.stringify(root)))
    expect(await runner.refresh()).toBe(false)
    expect(runner.repository.asked).toEqual([])
  }
}

const BEFORE_FAILURE: Readonly<Record<string, readonly string[]>> = {
  timestamp: ['root@2'],
  snapshot: ['root@2', 'timestamp@2'],
  targets: ['root@2', 'snapshot@2', 'timestamp@2'],
}

/** The parts of a refresh, each done right and each done wrong. */
export const BASIC_CASES: readonly ConformanceCase[] = [
  entry('basic refresh: requests', async (runner) => {
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    expect(runner.repository.asked).toEqual(FIRST_REQUESTS)
  }),
  entry('basic refresh: trusted data', async (runner) => {
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    await trustsPublished(runner)
  }),
  entry('implicit refresh before a download', async (runner) => {
    await runner.init()
    expect(await runner.download('nonexistent artifact')).toBe(false)
    expect(runner.repository.asked).toEqual(FIRST_REQUESTS)
    await trustsPublished(runner)
  }),
  entry(
    'invalid initial root',
    badInitialRoot((root) => delete root.signed.version),
  ),
  entry(
    'unsigned initial root',
    badInitialRoot((root) => Object.assign(root.signatures[0] ?? {}, { sig: '30'.repeat(70) })),
  ),
  ...ALL.map((role) =>
    entry(`unsigned metadata: ${role}`, async (runner) => {
      runner.repository.dropSigner(role)
      runner.repository.publish(...ALL)
      await runner.init()
      expect(await runner.refresh()).toBe(false)
      expect(await runner.trusted()).toEqual(BEFORE_FAILURE[role] ?? ['root@1'])
    }),
  ),
  ...(['root', 'snapshot', 'targets'] as const).map((role) =>
    entry(`version in name and metadata differ: ${role}`, async (runner) => {
      const { repository } = runner
      const part = repository.part(role)
      part.version = Number(part.version) + 1
      // The second file of the role now calls itself version 3.
      repository.publish(role)
      if (role === 'snapshot') repository.meta('timestamp')['snapshot.json'] = { version: 2 }
      if (role === 'targets') repository.meta('snapshot')['targets.json'] = { version: 2 }
      const rest = { root: ['timestamp'], snapshot: ['root', 'timestamp'], targets: ['root', 'snapshot', 'timestamp'] }
      repository.publish(...rest[role])
      await runner.init()
      expect(await runner.refresh()).toBe(false)
      expect(await runner.trusted()).toEqual(BEFORE_FAILURE[role] ?? ['root@1'])
    }),
  ),
  entry('timestamp with other content under its version', async (runner) => {
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    runner.repository.meta('timestamp')['snapshot.json'] = { version: 100 }
    runner.repository.published.delete('timestamp')
    runner.repository.publish('timestamp')
    expect(await runner.refresh()).toBe(true)
    expect(runner.repository.asked.at(-1)).toBe('timestamp')
    const kept = JSON.parse(String(await runner.bytes('timestamp'))) as { signed: { meta: unknown } }
    expect(kept.signed.meta).toEqual({ 'snapshot.json': { version: 1 } })
  }),
  entry('hashes of metadata', async (runner) => {
    runner.repository.withHashes = true
    runner.repository.publish('targets', 'snapshot', 'timestamp')
    await runner.init()
    expect(await runner.refresh()).toBe(true)
  }),
  entry('wrong hash of targets', async (runner) => {
    const { repository } = runner
    repository.withHashes = true
    repository.publish('targets', 'snapshot', 'timestamp')
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    repository.publish('targets')
    Object.assign(repository.meta('snapshot')['targets.json'] ?? {}, { hashes: { sha256: '0'.repeat(64) } })
    repository.publish('snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(false)
    expect([await runner.version('snapshot'), await runner.version('targets')]).toEqual([3, 2])
  }),
  entry('wrong hash of snapshot', async (runner) => {
    const { repository } = runner
    repository.withHashes = true
    repository.publish('snapshot', 'timestamp')
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    repository.publish('snapshot')
    Object.assign(repository.meta('timestamp')['snapshot.json'] ?? {}, { hashes: { sha256: '0'.repeat(64) } })
    repository.publish('timestamp')
    expect(await runner.refresh()).toBe(false)
    expect([await runner.version('snapshot'), await runner.version('timestamp')]).toEqual([2, 3])
  }),
  entry('metadata is kept byte for byte', async (runner) => {
    await runner.init()
    const spaced = Buffer.concat([runner.repository.last('timestamp'), Buffer.from(' ')])
    runner.repository.published.set('timestamp', [spaced])
    expect(await runner.refresh()).toBe(true)
    expect(await runner.bytes('timestamp')).toEqual(spaced)
  }),
  entry('unknown fields', async (runner) => {
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    const key = runner.repository.newKey()
    Object.assign(key.part, { 'extra-field': { a: 1, b: 2 } })
    key.keyid = keyidOf(key.part)
    runner.repository.part('root')['custom-field'] = 'value'
    runner.repository.addKey('root', key)
    runner.repository.role('root')['another-field'] = 'value'
    runner.repository.publish('root')
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('root')).toBe(2)
  }),
  entry('deprecated keyid_hash_algorithms', async (runner) => {
    await runner.init()
    runner.repository.clearKeys('snapshot')
    const key = runner.repository.newKey()
    Object.assign(key.part, { keyid_hash_algorithms: 'md5' })
    key.keyid = keyidOf(key.part)
    runner.repository.addKey('snapshot', key)
    runner.repository.publish('root', 'snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(true)
    expect([await runner.version('root'), await runner.version('snapshot')]).toEqual([2, 2])
  }),
  entry('snapshot not found', async (runner) => {
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    runner.repository.meta('timestamp')['snapshot.json'] = { version: 2 }
    runner.repository.publish('timestamp')
    expect(await runner.refresh()).toBe(false)
    expect(runner.repository.asked.at(-1)).toBe('snapshot@2')
    expect(await runner.trusted()).toEqual(['root@1', 'snapshot@1', 'targets@1', 'timestamp@2'])
  }),
  entry('targets not found', async (runner) => {
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    runner.repository.meta('snapshot')['targets.json'] = { version: 2 }
    runner.repository.publish('snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(false)
    expect(runner.repository.asked.at(-1)).toBe('targets@2')
    expect(await runner.trusted()).toEqual(['root@1', 'snapshot@2', 'targets@1', 'timestamp@2'])
  }),
  entry('timestamp not found', async (runner) => {
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    runner.repository.published.delete('timestamp')
    expect(await runner.refresh()).toBe(false)
    expect(runner.repository.asked.at(-1)).toBe('timestamp')
  }),
  entry('metadata of another type', async (runner) => {
    await runner.init()
    const { repository } = runner
    const [key] = [...(repository.signers.get('timestamp')?.values() ?? [])]
    repository.addKey('snapshot', key)
    repository.part('snapshot').meta = { 'snapshot.json': { version: 1 } }
    repository.publish('root', 'snapshot')
    const snapshot = repository.published.get('snapshot')?.pop()
    if (snapshot !== undefined) repository.published.get('timestamp')?.push(snapshot)
    expect(await runner.refresh()).toBe(false)
    expect(await runner.trusted()).toEqual(['root@2'])
  }),
  entry('the time of the client counts', async (runner) => {
    await runner.init()
    runner.repository.expire('root', NOW + 7 * DAY)
    runner.repository.publish('root')
    expect(await runner.refresh()).toBe(true)
    runner.clock.advance(8 * DAY)
    expect(await runner.refresh()).toBe(false)
  }),
]
