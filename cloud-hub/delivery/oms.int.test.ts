import { createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { statedFiles, verifyPackageStatement } from '@leadglass/models'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { omsPath, openStatementSigner } from './oms.ts'
import { ReleaseService } from './release-service.ts'
import { ANY_CARD, createHub, deliver, type HubFixture, NO_PLAN, release, verified } from './testing/hub-fixture.ts'

let folder = ''
let hub: HubFixture

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-oms-'))
  hub = await createHub(folder)
})

afterEach(async () => {
  hub.database.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the statement of a published package', () => {
  it('lies beside the manifest, speaks of every file and verifies under the published key', async () => {
    const path = join(folder, 'secrets', 'oms.key.pem')
    const statements = await openStatementSigner(path)
    const { governance, registry, writer, policy, clock } = hub
    const parts = { governance, registry, writer, policy, statements, clock, cards: ANY_CARD, changes: NO_PLAN }
    const service = new ReleaseService({ ...parts, logger: silentLogger })
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    await release(hub, [digest], service)
    const version = registry.version(digest)
    if (version === undefined) throw new Error('not in the registry')
    const bytes = await readFile(join(folder, 'repository', omsPath(version.model)))
    const files = statedFiles(digest, version.manifest)
    verifyPackageStatement(bytes, files, createPublicKey(statements.publicKeyPem))
    expect(files.map((file) => file.path)).toContain('manifest.json')
    expect(verified(await deliver(hub)).releases).toHaveLength(1)
  })

  it('is signed with one key, which only the hub reads, at every start', async () => {
    const path = join(folder, 'secrets', 'oms.key.pem')
    const first = await openStatementSigner(path)
    expect((await openStatementSigner(path)).publicKeyPem).toBe(first.publicKeyPem)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await writeFile(path, 'no key')
    await expect(openStatementSigner(path)).rejects.toMatchObject({ code: 'key-file-damaged' })
  })
})
