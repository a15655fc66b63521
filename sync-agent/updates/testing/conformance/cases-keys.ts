import { expect } from 'vitest'
import type { ConformanceCase } from './runner.ts'
import type { SimulatorKey } from './simulator.ts'

function entry(name: string, run: ConformanceCase['run']): ConformanceCase {
  return { name, run }
}

/** One version of a role: which keys it lists, how many must sign, and who signs. */
interface Version {
  readonly keys: readonly number[]
  readonly threshold: number
  readonly signers: readonly number[]
}

function version(keys: readonly number[], threshold: number, signers: readonly number[]): Version {
  return { keys, threshold, signers }
}

const FIVE = [0, 1, 2, 3, 4]
const FIVE_ROTATED = [0, 1, 3, 4, 5]
const FIVE_NEW = [5, 6, 7, 8, 9]

const ROOT_ROTATIONS: readonly (readonly [string, boolean, readonly Version[]])[] = [
  ['1 of 1, key exchanged', true, [version([1], 1, [1]), version([2], 1, [2, 1]), version([2], 1, [2])]],
  [
    '1 of 1, key exchanged, signatures of strangers',
    true,
    [version([1], 1, [3, 1, 4]), version([2], 1, [3, 2, 1, 4]), version([2], 1, [3, 2, 4])],
  ],
  [
    '3 of 5, other signers each time',
    true,
    [
      version(FIVE, 3, [0, 2, 4]),
      version(FIVE, 3, [0, 4, 1]),
      version(FIVE, 3, [0, 1, 3]),
      version(FIVE, 3, [0, 1, 3]),
    ],
  ],
  ['3 of 5, one key exchanged', true, [version(FIVE, 3, [0, 2, 4]), version(FIVE_ROTATED, 3, [0, 4, 1])]],
  [
    '3 of 5, one key exchanged in two steps',
    true,
    [version(FIVE, 3, [0, 2, 4]), version(FIVE_ROTATED, 3, [0, 2, 4, 5]), version(FIVE_ROTATED, 3, [0, 4, 5])],
  ],
  [
    '3 of 5, all keys exchanged in two steps',
    true,
    [version(FIVE, 3, [0, 2, 4]), version(FIVE_NEW, 3, [0, 2, 4, 5, 6, 7]), version(FIVE_NEW, 3, [5, 6, 7])],
  ],
  ['threshold from 1 of 3 to 2 of 3', true, [version([1, 2, 3], 1, [1]), version([1, 2, 3], 2, [1, 2])]],
  [
    'threshold from 2 of 3 to 1 of 3',
    true,
    [version([1, 2, 3], 2, [1, 2]), version([1, 2, 3], 1, [1, 2]), version([1, 2, 3], 1, [1])],
  ],
  ['threshold from 1 of 1 to 2 of 2', true, [version([1], 1, [1]), version([1, 2], 2, [1, 2])]],
  ['not signed with the old key', false, [version([1], 1, [1]), version([2], 1, [2, 3, 4])]],
  ['not signed with the new key', false, [version([1], 1, [1]), version([2], 1, [1, 3, 4])]],
  ['not signed with three new keys', false, [version(FIVE, 3, [0, 2, 4]), version(FIVE_ROTATED, 3, [0, 2, 4])]],
  ['not signed with three old keys', false, [version(FIVE, 3, [0, 2, 4]), version(FIVE_ROTATED, 3, [0, 4, 5])]],
  ['higher threshold not reached', false, [version([1, 2, 3], 1, [1]), version([1, 2, 3], 2, [2])]],
  ['old higher threshold not reached', false, [version([1, 2, 3], 2, [1, 2]), version([1, 2, 3], 1, [1])]],
]

const OTHER_ROTATIONS: readonly (readonly [string, boolean, Version])[] = [
  ['1 of 1, key exchanged', true, version([2], 1, [2])],
  ['1 of 1, signatures of strangers', true, version([1], 1, [3, 1, 4])],
  ['1 of 1, not signed with the new key', false, version([2], 1, [1, 3, 4])],
  ['3 of 5, signed with an old key', false, version(FIVE_ROTATED, 3, [0, 2, 4])],
  ['3 of 5, two signatures', false, version(FIVE_ROTATED, 3, [0, 4])],
  ...[
    [0, 2, 4],
    [0, 4, 1],
    [0, 1, 3],
    [1, 2, 3],
    [2, 3, 4],
  ].map((signers) => [`3 of 5, signed by ${signers.join(', ')}`, true, version(FIVE, 3, signers)] as const),
]

function keyAt(keys: readonly SimulatorKey[], at: number): SimulatorKey {
  const key = keys[at]
  if (key === undefined) throw new Error('no such key')
  return key
}

/** Who may sign, how many must, and what a signature is. */
export const KEY_CASES: readonly ConformanceCase[] = [
  entry('threshold of snapshot not met', async (runner) => {
    const { repository } = runner
    repository.role('snapshot').threshold = 3
    for (let count = 0; count < 2; count += 1) repository.addKey('snapshot')
    repository.publish('root', 'targets', 'snapshot', 'timestamp')
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    repository.dropSigner('snapshot')
    repository.publish('targets', 'snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(false)
    expect(await runner.version('snapshot')).toBe(2)
  }),
  entry('threshold above the number of keys', async (runner) => {
    const { repository } = runner
    await runner.init()
    for (let count = 0; count < 4; count += 1) repository.addKey('snapshot')
    repository.role('snapshot').threshold = 6
    repository.publish('root', 'snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(false)
    expect(await runner.version('root')).toBe(2)
    expect(await runner.version('snapshot')).toBeUndefined()
  }),
  entry('one key listed many times', async (runner) => {
    const { repository } = runner
    await runner.init()
    const key = repository.addKey('snapshot')
    for (let count = 0; count < 8; count += 1) repository.role('snapshot').keyids.push(key.keyid)
    repository.role('snapshot').threshold = 6
    repository.publish('root', 'snapshot', 'timestamp')
    repository.rewrite('snapshot', (file) => {
      const own = file.signatures.find((signature) => signature.keyid === key.keyid)
      if (own !== undefined) file.signatures.push(...Array.from({ length: 8 }, () => own))
    })
    expect(await runner.refresh()).toBe(false)
    expect(await runner.version('snapshot')).toBeUndefined()
  }),
  entry('one signature twice', async (runner) => {
    await runner.init()
    runner.repository.rewrite('snapshot', (file) => file.signatures.push(...file.signatures))
    expect(await runner.refresh()).toBe(false)
    expect(await runner.version('snapshot')).toBeUndefined()
  }),
  ...(['rsa', 'ecdsa', 'ed25519'] as const).map((kind) =>
    entry(`key of kind ${kind}`, async (runner) => {
      const { repository } = runner
      await runner.init()
      const key = repository.addKey('root', repository.newKey(kind))
      repository.role('root').threshold += 1
      repository.publish('root')
      expect(await runner.refresh()).toBe(true)
      expect(await runner.version('root')).toBe(2)
      repository.publish('root')
      const plausible = key.sign(Buffer.from('something else'))
      repository.rewrite('root', (file) => {
        for (const signature of file.signatures) if (signature.keyid === key.keyid) signature.sig = plausible
      })
      expect(await runner.refresh()).toBe(false)
      expect(await runner.version('root')).toBe(2)
    }),
  ),
  entry('an invalid signature beside a valid one', async (runner) => {
    const { repository } = runner
    await runner.init()
    const [first] = repository.role('timestamp').keyids
    repository.addKey('timestamp')
    for (const bad of ['30'.repeat(70), '']) {
      repository.publish(...(bad === '' ? [] : ['root']), 'timestamp')
      repository.rewrite('timestamp', (file) => {
        for (const signature of file.signatures) if (signature.keyid === first) signature.sig = bad
      })
      expect(await runner.refresh()).toBe(true)
    }
  }),
  ...ROOT_ROTATIONS.map(([name, succeeds, versions]) =>
    entry(`root: ${name}`, async (runner) => {
      const { repository } = runner
      repository.published.delete('root')
      const keys = Array.from({ length: 10 }, () => repository.newKey())
      for (const { keys: listed, threshold, signers } of versions) {
        repository.clearKeys('root')
        repository.role('root').threshold = threshold
        for (const at of listed) repository.addKey('root', keyAt(keys, at))
        repository.signers.get('root')?.clear()
        for (const at of signers) repository.addSigner('root', keyAt(keys, at))
        repository.publish('root')
      }
      repository.publish('targets', 'snapshot', 'timestamp')
      await runner.init()
      expect(await runner.refresh()).toBe(succeeds)
      const trusted = repository.published.get('root')?.at(succeeds ? -1 : -2)
      expect(await runner.bytes('root')).toEqual(Buffer.from(trusted ?? ''))
    }),
  ),
  ...OTHER_ROTATIONS.map(([name, succeeds, { keys: listed, threshold, signers }]) =>
    entry(`timestamp, snapshot, targets: ${name}`, async (runner) => {
      const { repository } = runner
      await runner.init()
      const keys = Array.from({ length: 10 }, () => repository.newKey())
      for (const role of ['timestamp', 'snapshot', 'targets']) {
        repository.clearKeys(role)
        repository.role(role).threshold = threshold
        for (const at of listed) repository.addKey(role, keyAt(keys, at))
        repository.signers.get(role)?.clear()
        for (const at of signers) repository.addSigner(role, keyAt(keys, at))
        repository.publish('root', 'targets', 'snapshot', 'timestamp')
        expect(await runner.refresh()).toBe(succeeds)
        if (succeeds) expect(await runner.bytes(role)).toEqual(Buffer.from(repository.last(role)))
      }
    }),
  ),
]
