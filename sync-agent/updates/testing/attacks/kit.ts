import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { FakeRepository, fakeKey, fakePackage } from '../fake-repository.ts'
import { NOW, type Sighting, type Site } from '../site.ts'
import { type Attack, UNAPPROVED } from './attack.ts'

function attack(
  family: 'kit' | 'take-over',
  name: string,
  expected: string,
  run: (site: Site) => Promise<readonly Sighting[]>,
): Attack {
  return { family, name, expected, run }
}

/** The kit after an honest update, as the agent's process may then change it. */
function onKit(name: string, expected: string, bend: (site: Site) => Promise<void>): Attack {
  return attack('kit', name, expected, async (site) => {
    await site.agentSees()
    await bend(site)
    return [await site.applianceSees()]
  })
}

async function firstBlob(site: Site): Promise<string> {
  const [name = ''] = await readdir(site.at('kit', 'blobs'))
  return site.at('kit', 'blobs', name)
}

/** A package that nobody approved, under metadata that the given keys sign. */
async function forge(
  site: Site,
  bend: (repository: FakeRepository) => void,
  reader: 'kit' | 'both',
): Promise<readonly Sighting[]> {
  await site.bothSee()
  site.repository.list(fakePackage({ version: UNAPPROVED, releaseCounter: 6 }))
  site.repository.next('approvedModels', 'snapshot', 'timestamp')
  bend(site.repository)
  site.repository.publish()
  if (reader === 'both') return site.bothSee()
  await site.repository.writeTo(site.at('kit'))
  return [await site.applianceSees()]
}

/** A kit that an agent, or whoever carried the disk, has changed. The appliance believes nothing of it. */
export const KIT_ATTACKS: readonly Attack[] = [
  onKit('a link in place of a blob', 'tampered-file', async (site) => {
    const path = await firstBlob(site)
    await writeFile(site.at('secret'), await readFile(path))
    await rm(path)
    await symlink(site.at('secret'), path)
  }),
  onKit('a linked folder', 'tampered-file', async (site) => {
    await rename(site.at('kit', 'blobs'), site.at('elsewhere'))
    await symlink(site.at('elsewhere'), site.at('kit', 'blobs'))
  }),
  onKit('a device that never ends in place of the timestamp', 'malformed-metadata', async (site) => {
    await rm(site.at('kit', 'metadata', 'timestamp.json'))
    await symlink('/dev/zero', site.at('kit', 'metadata', 'timestamp.json'))
  }),
  onKit('a folder in place of the timestamp', 'malformed-metadata', async (site) => {
    await rm(site.at('kit', 'metadata', 'timestamp.json'))
    await mkdir(site.at('kit', 'metadata', 'timestamp.json'))
  }),
  onKit('partial bundle: a blob cut in half', 'tampered-file', async (site) => {
    const path = await firstBlob(site)
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length >> 1))
  }),
  onKit('partial bundle: a blob removed', 'incomplete', async (site) => rm(await firstBlob(site))),
  onKit('partial bundle: the kit emptied', 'missing', async (site) => {
    await rm(site.at('kit'), { recursive: true })
    await mkdir(site.at('kit'))
  }),
  onKit('an unlisted file beside the blobs changes nothing', 'verified', (site) =>
    writeFile(site.at('kit', 'blobs', 'f'.repeat(64)), 'unlisted'),
  ),
]

/** The hub or the agent wholly in the hands of an attacker, but not the approvers' and custodians' keys. */
export const TAKE_OVER_ATTACKS: readonly Attack[] = [
  attack('take-over', 'agent taken over: a repository of its own in the kit', 'arbitrary-software', async (site) => {
    await site.bothSee()
    const forged = new FakeRepository(NOW)
    forged.list(fakePackage({ version: UNAPPROVED, releaseCounter: 6 }))
    forged.publish()
    for (const [path, bytes] of forged.files) {
      if (path !== 'metadata/1.root.json') site.repository.files.set(path, bytes)
    }
    await site.repository.writeTo(site.at('kit'))
    return [await site.applianceSees()]
  }),
  attack('take-over', 'agent taken over: a release that it approved itself', 'too-few-approvals', (site) =>
    forge(site, ({ signers }) => Object.assign(signers, { 'approved-models': [fakeKey(), fakeKey()] }), 'kit'),
  ),
  attack('take-over', 'hub taken over: online keys, no approval', 'too-few-approvals', (site) =>
    forge(site, ({ signers }) => Object.assign(signers, { 'approved-models': [] }), 'both'),
  ),
  attack('take-over', 'hub taken over: online keys approve', 'too-few-approvals', (site) =>
    forge(
      site,
      ({ signers, timestampKey, snapshotKey }) =>
        Object.assign(signers, { 'approved-models': [timestampKey, snapshotKey] }),
      'both',
    ),
  ),
  attack('take-over', 'hub taken over: online keys and one approver', 'too-few-approvals', (site) =>
    forge(site, ({ signers, clinical }) => Object.assign(signers, { 'approved-models': [clinical] }), 'both'),
  ),
  attack('take-over', 'hub taken over: a top-level list signed by online keys', 'arbitrary-software', (site) =>
    forge(
      site,
      (repository) => {
        repository.next('targets')
        repository.parts.targets.targets = repository.parts.approvedModels.targets
        repository.signers.targets = [repository.timestampKey, repository.snapshotKey]
      },
      'both',
    ),
  ),
  attack('take-over', 'hub taken over: online keys and one custodian of targets', 'arbitrary-software', (site) =>
    forge(
      site,
      (repository) => {
        repository.next('targets')
        const [one] = repository.targetsKeys
        repository.signers.targets = one === undefined ? [] : [one]
      },
      'both',
    ),
  ),
  attack('take-over', 'hub taken over: a root signed by one custodian', 'arbitrary-software', (site) =>
    forge(
      site,
      (repository) => {
        repository.next('root')
        const [one] = repository.rootKeys
        repository.signers.root = one === undefined ? [] : [one]
      },
      'both',
    ),
  ),
  attack('take-over', 'hub taken over: approved name, other bytes', 'tampered-file', async (site) => {
    await site.bothSee()
    const path = [...site.repository.files.keys()].find((name) => name.startsWith('blobs/')) ?? ''
    site.repository.files.set(path, Buffer.alloc(site.repository.files.get(path)?.length ?? 1, 'x'))
    await rm(site.at('kit', 'blobs'), { recursive: true })
    return site.bothSee()
  }),
]
