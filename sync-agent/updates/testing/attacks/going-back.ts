import { rm } from 'node:fs/promises'
import { FolderFetcher } from '../../folder-fetcher.ts'
import { type FakeRepository, fakeKey, fakePackage, type Part } from '../fake-repository.ts'
import { MemoryFetcher } from '../memory.ts'
import type { Sighting, Site } from '../site.ts'
import type { Attack } from './attack.ts'

function attack(name: string, expected: string, run: (site: Site) => Promise<readonly Sighting[]>): Attack {
  return { family: 'going-back', name, expected, run }
}

/** Both sides take a second release; returns the files before it. */
async function afterSecond(site: Site): Promise<Map<string, Uint8Array>> {
  const old = new Map(site.repository.files)
  site.publishSecond()
  await site.bothSee()
  return old
}

async function lose(site: Site, name = '.'): Promise<void> {
  for (const side of ['agent', 'appliance']) {
    await rm(site.at(side, 'metadata', name), { recursive: true, force: true })
  }
}

function putBack(site: Site, old: ReadonlyMap<string, Uint8Array>): Promise<readonly Sighting[]> {
  site.repository.files.clear()
  for (const [path, bytes] of old) site.repository.files.set(path, bytes)
  return site.bothSee()
}

/** One part is set back to its first version under newer online metadata, after the device has lost its files. */
function partSetBack(part: 'snapshot' | 'targets', online: readonly ('snapshot' | 'timestamp')[]): Attack['run'] {
  return async (site) => {
    site.repository.next(...new Set([part, 'snapshot', 'timestamp'] as const))
    site.repository.publish()
    await site.bothSee()
    await lose(site)
    site.repository.parts[part].version = 1
    site.repository.next(...online)
    site.repository.publish()
    return site.bothSee()
  }
}

/** Exchanges the online keys by a new root. */
function exchangeOnlineKeys(repository: FakeRepository, rootVersion: number): void {
  const exchanged = { timestamp: fakeKey(), snapshot: fakeKey() }
  Object.assign(repository.parts.root, { version: rootVersion, ...repository.rootRoles(exchanged) })
  Object.assign(repository.signers, { timestamp: [exchanged.timestamp], snapshot: [exchanged.snapshot] })
}

/** Old metadata and old releases, with and without the device's own files; and how a repository recovers. */
export const GOING_BACK_ATTACKS: readonly Attack[] = [
  ...['nothing', 'timestamp.json', 'snapshot.json', '.'].map((lost) =>
    attack(
      `rollback: an older repository, the device having lost ${lost === '.' ? 'every file' : lost}`,
      'metadata-rollback',
      async (site) => {
        const old = await afterSecond(site)
        if (lost !== 'nothing') await lose(site, lost)
        return putBack(site, old)
      },
    ),
  ),
  attack('rollback: an older timestamp over the same snapshot', 'metadata-rollback', async (site) => {
    const old = site.repository.files.get('metadata/timestamp.json') ?? new Uint8Array()
    site.repository.next('timestamp')
    site.repository.publish()
    await site.bothSee()
    await lose(site)
    site.repository.files.set('metadata/timestamp.json', old)
    return site.bothSee()
  }),
  attack(
    'rollback: an older snapshot under a newer timestamp',
    'metadata-rollback',
    partSetBack('snapshot', ['timestamp']),
  ),
  attack(
    'rollback: an older top-level list under newer online metadata',
    'metadata-rollback',
    partSetBack('targets', ['snapshot', 'timestamp']),
  ),
  ...(['kept', 'lost'] as const).flatMap((files) => [
    attack(`rollback: an older list of models, local files ${files}`, 'metadata-rollback', async (site) => {
      const first = site.repository.files.get('metadata/1.approved-models.json') ?? new Uint8Array()
      await afterSecond(site)
      if (files === 'lost') await lose(site)
      site.repository.next('snapshot', 'timestamp')
      site.repository.parts.approvedModels = (JSON.parse(Buffer.from(first).toString()) as { signed: Part }).signed
      site.repository.publish()
      return site.bothSee()
    }),
    attack(`rollback: the list of models vanishes, local files ${files}`, 'metadata-rollback', async (site) => {
      await afterSecond(site)
      if (files === 'lost') await lose(site)
      site.repository.next('snapshot', 'timestamp')
      site.repository.publish({ withoutApprovedModels: true })
      return site.bothSee()
    }),
  ]),
  attack('rollback: an older release under newer metadata', 'older-version', async (site) => {
    await afterSecond(site)
    site.repository.parts.approvedModels.targets = {}
    site.repository.list(fakePackage({}))
    site.repository.next('approvedModels', 'snapshot', 'timestamp')
    site.repository.publish()
    return site.bothSee()
  }),
  attack('rollback: an older root', 'metadata-rollback', async (site) => {
    const before = new Map(site.repository.files)
    exchangeOnlineKeys(site.repository, 2)
    site.repository.next('snapshot', 'timestamp')
    site.repository.publish()
    await site.bothSee()
    await lose(site)
    return putBack(site, before)
  }),
  attack(
    'key compromise: a revoked timestamp key with the root that still names it',
    'metadata-rollback',
    async (site) => {
      const stolen = { timestamp: [site.repository.timestampKey], snapshot: [site.repository.snapshotKey] }
      const oldRoot = { ...site.repository.parts.root }
      exchangeOnlineKeys(site.repository, 2)
      site.repository.next('snapshot', 'timestamp')
      site.repository.publish()
      await site.bothSee()
      await lose(site)
      site.repository.parts.root = oldRoot
      site.repository.files.delete('metadata/2.root.json')
      Object.assign(site.repository.signers, stolen)
      site.repository.next('snapshot', 'timestamp')
      site.repository.publish()
      return site.bothSee()
    },
  ),
  attack('mix-and-match: a snapshot of another moment, digests as signed', 'tampered-file', async (site) => {
    const old = await afterSecond(site)
    site.repository.files.set('metadata/2.snapshot.json', old.get('metadata/1.snapshot.json') ?? new Uint8Array())
    await lose(site)
    return site.bothSee()
  }),
  attack('mix-and-match: a snapshot of another moment, no digests signed', 'mix-and-match', async (site) => {
    const old = await afterSecond(site)
    site.repository.files.set('metadata/2.snapshot.json', old.get('metadata/1.snapshot.json') ?? new Uint8Array())
    await lose(site)
    const { timestamp } = site.repository.parts
    site.repository.parts.timestamp = { ...timestamp, version: 3, meta: { 'snapshot.json': { version: 2 } } }
    site.repository.files.set(
      'metadata/timestamp.json',
      site.repository.signPart('timestamp', site.repository.parts.timestamp),
    )
    return site.bothSee()
  }),
  attack('fast-forward: undone by a root that exchanges the online keys', 'verified', async (site) => {
    site.repository.parts.timestamp.version = 2 ** 31
    site.repository.parts.snapshot.version = 2 ** 31
    site.repository.publish()
    await site.bothSee()
    exchangeOnlineKeys(site.repository, 2)
    site.repository.parts.timestamp.version = 3
    site.repository.parts.snapshot.version = 3
    site.repository.publish()
    return [...(await site.bothSee()), ...(await lose(site).then(() => site.bothSee()))]
  }),
  attack('fast-forward: not undone without an exchange of keys', 'metadata-rollback', async (site) => {
    site.repository.parts.timestamp.version = 2 ** 31
    site.repository.publish()
    await site.bothSee()
    site.repository.parts.timestamp.version = 2
    site.repository.publish()
    return site.bothSee()
  }),
  attack('rollback: a USB kit older than what is installed', 'metadata-rollback', async (site) => {
    await site.repository.writeTo(site.at('usb'))
    site.publishSecond()
    await site.bothSee()
    return [await site.agentSees(new FolderFetcher({ folder: site.at('usb') }))]
  }),
  attack('rollback: an older mirror to an agent that lost its files', 'metadata-rollback', async (site) => {
    const old = await afterSecond(site)
    await lose(site)
    return [await site.agentSees(new MemoryFetcher(old))]
  }),
]
