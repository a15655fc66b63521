import { expect } from 'vitest'
import type { ConformanceCase } from './runner.ts'
import type { Simulator } from './simulator.ts'

function entry(name: string, run: ConformanceCase['run']): ConformanceCase {
  return { name, run }
}

const TOP = ['targets', 'snapshot', 'timestamp'] as const
/** Delegator, role, paths, terminating. */
type Delegation = readonly [string, string, (readonly string[] | undefined)?, boolean?]

const PY = ['*.py']
const A: Delegation = ['targets', 'A']
const B: Delegation = ['targets', 'B']

/** Graphs of delegations, and the order in which a search for a missing target visits them. */
const GRAPHS: readonly (readonly [string, readonly Delegation[], string])[] = [
  ['one role', [A], 'A'],
  ['two roles', [A, B], 'A B'],
  ['two levels', [A, B, ['B', 'C']], 'A B C'],
  ['two levels, depth first', [A, B, ['A', 'C'], ['A', 'D']], 'A C D B'],
  ['three levels, depth first', [A, B, ['A', 'C'], ['C', 'D']], 'A C D B'],
  ['two levels, terminating', [A, B, ['A', 'C', undefined, true], ['A', 'D']], 'A C'],
  ['three levels, terminating', [A, B, ['A', 'C', undefined, true], ['C', 'D']], 'A C D'],
  ['two levels, other paths', [['targets', 'A', PY], B, ['A', 'C']], 'B'],
  ['three levels, other paths', [A, B, ['A', 'C', PY], ['C', 'D']], 'A B'],
  ['a cycle', [A, B, ['B', 'C'], ['C', 'D'], ['D', 'B']], 'A B C D'],
  ['two delegators of one role', [A, B, ['B', 'C'], ['A', 'C']], 'A C B'],
  ['two delegators of one role, other paths', [A, B, ['B', 'C'], ['A', 'C', PY]], 'A B C'],
]

const TREE: readonly Delegation[] = [
  ['targets', 'A', ['*.doc', '*.md', 'foo-?.tgz']],
  ['targets', 'B', ['releases/*/*']],
  ['B', 'C', ['releases/x/*']],
  ['B', 'D', ['releases/y/*.zip']],
]

const TREE_TARGETS = [
  ['targets', 'targetfile'],
  ['A', 'README.md'],
  ['A', 'releases/README.md'],
  ['A', 'foo-1.tgz'],
  ['A', 'foo-alpha.tgz'],
  ['C', 'releases/x/x_v1'],
  ['D', 'releases/y/y_v1.zip'],
  ['D', 'releases/z/z_v1.zip'],
] as const

/** Target, whether it is found, roles visited. */
const SEARCHES = [
  ['targetfile', true, '', 'without a delegation'],
  ['README.md', true, 'A', 'by a wildcard'],
  ['releases/x/x_v1', true, 'B C', 'below a folder'],
  ['releases/y/y_v1.zip', true, 'B D', 'below another folder'],
  ['releases/z/z_v1.zip', false, 'B', 'not delegated by the whole chain'],
  ['releases/README.md', false, '', 'a wildcard does not cross a separator'],
  ['foo-1.tgz', true, 'A', 'by a question mark'],
  ['foo-alpha.tgz', false, '', 'a question mark is one character'],
  ['README.MD', false, '', 'case counts'],
] as const

function build(repository: Simulator, delegations: readonly Delegation[]): void {
  const touched = new Set<string>()
  for (const [delegator, name, paths, terminating] of delegations) {
    repository.addDelegation(delegator, name, {
      ...(paths === undefined ? {} : { paths: [...paths] }),
      terminating: terminating ?? false,
    })
    touched.add(name).add(delegator)
  }
  for (const [role, path] of delegations === TREE ? TREE_TARGETS : []) {
    repository.addArtifact(role, path, `${path} by ${role}`)
  }
  repository.publish(...touched, 'snapshot', 'timestamp')
}

/** Which delegated roles were asked for, after the four requests of a refresh. */
function visited(repository: Simulator): string {
  return repository.asked.slice(4).join(' ')
}

function atOne(roles: string): string {
  return roles === ''
    ? ''
    : roles
        .split(' ')
        .map((role) => `${role}@1`)
        .join(' ')
}

const FILE = 'target_file.txt'
const CONTENT = 'target file contents'

/** Targets, and the delegations by which they are found. */
export const TARGET_CASES: readonly ConformanceCase[] = [
  ...[FILE, `path/to/a/${FILE}`].map((path) =>
    entry(`download of ${path}`, async (runner) => {
      await runner.init()
      runner.repository.addArtifact('targets', path, CONTENT)
      runner.repository.publish(...TOP)
      expect(await runner.refresh()).toBe(true)
      expect(await runner.downloaded()).toEqual([])
      expect(await runner.download(path)).toBe(true)
      expect(await runner.downloaded()).toEqual([CONTENT])
    }),
  ),
  entry('substituted artifacts', async (runner) => {
    const { repository } = runner
    await runner.init()
    repository.addArtifact('targets', FILE, CONTENT)
    repository.addArtifact('targets', 'another.txt', 'content')
    repository.publish(...TOP)
    expect(await runner.download(FILE)).toBe(true)
    for (const path of [FILE, 'another.txt']) repository.artifacts.set(path, Buffer.from('malicious'))
    await runner.download(FILE)
    expect(await runner.downloaded()).toEqual([CONTENT])
    expect(await runner.download('another.txt')).toBe(false)
    expect(await runner.downloaded()).toEqual([CONTENT])
  }),
  entry('many changes of an artifact', async (runner) => {
    const { repository } = runner
    await runner.init()
    repository.addArtifact('targets', FILE, CONTENT)
    repository.publish(...TOP)
    expect(await runner.download(FILE)).toBe(true)
    const others: string[] = []
    for (let round = 0; round < 11; round += 1) {
      repository.addArtifact('targets', FILE, `modified ${round}`)
      repository.addArtifact('targets', `new-${round}`, `new ${round}`)
      repository.publish(...TOP)
      if (round % 5 !== 0) continue
      expect(await runner.download(FILE, `new-${round}`)).toBe(true)
      others.push(`new ${round}`)
      repository.artifacts.set(FILE, Buffer.from('malicious'))
      repository.publish(...TOP)
      await runner.download(FILE)
      expect((await runner.downloaded()).sort()).toEqual([`modified ${round}`, ...others].sort())
    }
  }),
  ...[['sha256'], ['sha512'], ['sha256', 'sha512']].map((algorithms) =>
    entry(`download with ${algorithms.join(' and ')}`, async (runner) => {
      runner.repository.addArtifact('targets', FILE, CONTENT, algorithms)
      runner.repository.publish(...TOP)
      await runner.init()
      expect(await runner.download(FILE)).toBe(true)
      expect(runner.repository.downloads).toEqual([FILE])
      expect(await runner.downloaded()).toEqual([CONTENT])
    }),
  ),
  entry('download with an unknown algorithm', async (runner) => {
    runner.repository.addArtifact('targets', FILE, CONTENT, ['sha512'])
    const targets = runner.repository.part('targets').targets as Record<string, { hashes: Record<string, string> }>
    const target = targets[FILE]
    if (target !== undefined) target.hashes = { 'unknown-hash': target.hashes.sha512 ?? '' }
    runner.repository.publish(...TOP)
    await runner.init()
    expect(await runner.download(FILE)).toBe(false)
    expect(await runner.downloaded()).toEqual([])
  }),
  entry('an artifact is downloaded once', async (runner) => {
    await runner.init()
    runner.repository.addArtifact('targets', FILE, CONTENT)
    runner.repository.publish(...TOP)
    expect(await runner.download(FILE)).toBe(true)
    expect(await runner.download(FILE)).toBe(true)
    expect(runner.repository.downloads).toHaveLength(1)
  }),
  ...['?', '#', '/delegatedrole', '../delegatedrole'].map((role) =>
    entry(`unusual role name ${role}`, async (runner) => {
      runner.repository.addDelegation('targets', role)
      runner.repository.publish(role, ...TOP)
      await runner.init()
      expect(await runner.download('nonexistent target')).toBe(false)
      expect(runner.repository.asked).toContain(`${encodeURIComponent(role)}@1`)
      expect(await runner.trusted()).toHaveLength(5)
    }),
  ),
  ...GRAPHS.map(([name, delegations, order]) =>
    entry(`delegations: ${name}`, async (runner) => {
      await runner.init()
      build(runner.repository, delegations)
      expect(await runner.download('missingpath')).toBe(false)
      expect(visited(runner.repository)).toBe(atOne(order))
    }),
  ),
  ...SEARCHES.map(([path, isFound, order, name]) =>
    entry(`search: ${name}`, async (runner) => {
      await runner.init()
      build(runner.repository, TREE)
      expect(await runner.download(path)).toBe(isFound)
      const content = runner.repository.artifacts.get(path)
      expect(await runner.downloaded()).toEqual(isFound ? [Buffer.from(content ?? '').toString()] : [])
      expect(visited(runner.repository)).toBe(atOne(order))
    }),
  ),
  entry('a role kept for one delegator is verified again for another', async (runner) => {
    const { repository } = runner
    await runner.init()
    for (const team of ['a', 'b']) repository.addDelegation('targets', `parent-${team}`, { paths: [`team-${team}/*`] })
    for (const team of ['a', 'b']) repository.addDelegation(`parent-${team}`, 'release', { paths: [`team-${team}/*`] })
    repository.dropSigner('release')
    repository.addArtifact('release', 'team-a/file.json', 'trusted by a')
    repository.addArtifact('release', 'team-b/file.json', 'malicious')
    repository.publish('release', 'parent-a', 'parent-b', ...TOP)
    expect(await runner.download('team-a/file.json', 'team-b/file.json')).toBe(false)
    expect(await runner.downloaded()).toEqual(['trusted by a'])
  }),
  entry('a delegation that snapshot does not list', async (runner) => {
    const { repository } = runner
    await runner.init()
    repository.addDelegation('targets', 'delegated', { paths: ['delegatedpath/*'] })
    repository.publish('delegated', 'targets')
    delete repository.meta('snapshot')['delegated.json']
    repository.publish('snapshot', 'timestamp')
    expect(await runner.refresh()).toBe(true)
    repository.asked.length = 0
    expect(await runner.download('delegatedpath/foo')).toBe(false)
    expect(await runner.version('delegated')).toBeUndefined()
    expect(repository.asked).toEqual(['root@2', 'timestamp'])
  }),
]
