import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createLogger, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import {
  createSoftToken,
  type SoftToken,
  TOKEN_LABEL,
  TOKEN_MODULE,
  TOKEN_PIN,
  WITHOUT_TOKEN,
} from '../../installer/testing/soft-token.ts'
import { openApproverKey } from '../governance/approver-key.ts'
import { signApproval } from '../governance/signing.ts'
import { replaceOnlineKeys } from './exchange-online-file.ts'
import { createOnlineTokenKeys, readOnlineKeys } from './online-keys.ts'
import { ReleaseService } from './release-service.ts'
import { FolderRepositoryFiles } from './repository-files.ts'
import { RepositoryWriter } from './repository-writer.ts'
import { OnlineResigner } from './resign-online.ts'
import { ANY_CARD, createHub, type HubFixture, NO_PLAN, PASSPHRASE, SIGNOFFS } from './testing/hub-fixture.ts'

describe.skipIf(WITHOUT_TOKEN)('online keys in a token (SoftHSM through OpenSC)', () => {
  let folder: string
  let token: SoftToken
  let hub: HubFixture
  let path: string
  let pinFile: string
  const pathBefore = process.env.PATH

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-online-token-'))
    token = await createSoftToken()
    hub = await createHub(folder)
    path = join(folder, 'secrets', 'online-keys.json')
    pinFile = join(folder, 'secrets', 'pin')
    await writeFile(pinFile, `${TOKEN_PIN}\n`, { mode: 0o600 })
  })
  afterEach(async () => {
    process.env.PATH = pathBefore
    hub.database.close()
    await token.remove()
    await rm(folder, { recursive: true, force: true })
  })

  const files = (): FolderRepositoryFiles => new FolderRepositoryFiles({ folder: join(folder, 'repository') })
  const metadata = (): Promise<string[]> => readdir(join(folder, 'repository', 'metadata'))

  /** What `leadglass tuf rotate online --module …` does. */
  const moveIntoToken = (): Promise<void> => {
    const place = { module: TOKEN_MODULE, token: TOKEN_LABEL, snapshot: '0a', timestamp: '0b', pinFile }
    return replaceOnlineKeys(path, files(), hub.custodians.slice(0, 2), hub.clock, (next) =>
      createOnlineTokenKeys(next, place),
    )
  }

  /** The hub as it starts on the keys of the file. */
  const started = async (onWaiting: (code: string) => void = () => undefined) => {
    const { governance, registry, policy, clock } = hub
    const writer = new RepositoryWriter({ files: files(), keys: await readOnlineKeys(path), clock })
    const common = { governance, registry, cards: ANY_CARD, changes: NO_PLAN, policy, clock, logger: silentLogger }
    return { writer, service: new ReleaseService({ ...common, writer, onWaiting }) }
  }

  const submitted = async (service: ReleaseService): Promise<string> => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const { id } = await service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])
    expect(await service.submit(id, 'trainer')).toMatchObject({ kind: 'done' })
    return id
  }

  const sign = async (service: ReleaseService, id: string, person: string) => {
    const proposal = hub.governance.proposal(id)
    const subject = proposal === undefined ? undefined : service.subject(proposal)
    const file = hub.approverKeys.find((one) => one.person === person)
    if (subject === undefined || file === undefined) throw new Error('nothing to sign')
    const approval = signApproval(await openApproverKey(file, PASSPHRASE), subject, 'approval', hub.clock)
    return service.accept(id, approval)
  }

  it('are made there by an exchange, sign what is published and renewed, and cannot be read', async () => {
    await moveIntoToken()
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ schema: 'leadglass.online-token/1' })
    expect(token.privateKeys()).toMatch(/always sensitive, never extractable/)
    const { writer, service } = await started()
    const state = await writer.state()
    expect(() => state.root.metadata.verifyDelegate('timestamp', state.timestamp.metadata)).not.toThrow()
    expect(state.timestamp.metadata.signatures).not.toHaveProperty(hub.onlineKeys.timestamp.keyid)
    const id = await submitted(service)
    await sign(service, id, 'clinical-approver')
    expect(await sign(service, id, 'technical-approver')).toMatchObject({ kind: 'done', state: 'published' })
    hub.clock.advance(20 * 86_400_000)
    const version = (await writer.state()).timestamp.metadata.signed.version
    expect(await new OnlineResigner({ writer, clock: hub.clock, logger: silentLogger }).look()).toBe(true)
    const later = await writer.state()
    expect(later.timestamp.metadata.signed.version).toBe(version + 1)
    expect(() => later.root.metadata.verifyDelegate('snapshot', later.snapshot.metadata)).not.toThrow()
  }, 60_000)

  it('while the token is away: a plain alarm, nothing half-published, signatures kept; afterwards it goes on', async () => {
    await moveIntoToken()
    const waits: string[] = []
    const { writer, service } = await started((code) => waits.push(code))
    const id = await submitted(service)
    await sign(service, id, 'clinical-approver')
    const before = [await metadata(), await readFile(join(folder, 'repository', 'metadata', 'timestamp.json'), 'utf8')]
    await token.takeOut()
    // A start without the token as well: the hub comes up, and what it would publish waits.
    const restarted = await started((code) => waits.push(code))
    expect(await sign(restarted.service, id, 'technical-approver')).toMatchObject({ kind: 'done', state: 'approved' })
    const failures: string[] = []
    hub.clock.advance(2 * 86_400_000)
    const onFailure = (code: string): void => void failures.push(code)
    const resigner = new OnlineResigner({ writer, clock: hub.clock, logger: silentLogger, onFailure })
    expect(await resigner.look()).toBe(false)
    expect([waits, failures]).toEqual([['key-not-found'], ['key-not-found']])
    expect([
      await metadata(),
      await readFile(join(folder, 'repository', 'metadata', 'timestamp.json'), 'utf8'),
    ]).toEqual(before)
    await token.putIn()
    await restarted.service.resume()
    const proposal = hub.governance.proposal(id)
    expect(proposal === undefined ? undefined : restarted.service.stateOf(proposal)).toBe('published')
    expect((await writer.state()).approvedModels?.metadata.signed.version).toBe(1)
  }, 60_000)

  it('keeps the PIN out of arguments, logs, the own environment and the key file', async () => {
    const tool = peer('pkcs11-tool')
    const bin = join(folder, 'bin')
    const seen = join(folder, 'arguments')
    await mkdir(bin)
    await writeFile(join(bin, 'pkcs11-tool'), `#!/bin/sh\necho "$@" >> '${seen}'\nexec '${tool}' "$@"\n`)
    await chmod(join(bin, 'pkcs11-tool'), 0o755)
    process.env.PATH = `${bin}${delimiter}${pathBefore}`
    await moveIntoToken()
    const said: string[] = []
    const logger = createLogger('hub', { write: (line) => void said.push(line) })
    const { writer } = await started()
    await token.takeOut()
    hub.clock.advance(2 * 86_400_000)
    await new OnlineResigner({ writer, clock: hub.clock, logger }).look()
    expect(said.join('')).toContain('key-not-found')
    const given = await readFile(seen, 'utf8')
    expect(given).toContain('--sign')
    const everything = [given, said.join(''), JSON.stringify(process.env), await readFile(path, 'utf8')]
    for (const text of everything) expect(text).not.toContain(TOKEN_PIN)
  }, 60_000)

  it('goes on after a stop between making the keys and naming them', async () => {
    const place = { module: TOKEN_MODULE, token: TOKEN_LABEL, snapshot: '0a', timestamp: '0b', pinFile }
    const made = await createOnlineTokenKeys(`${path}.next`, place)
    await rename(`${path}.next`, `${path}.lost`)
    await moveIntoToken()
    expect((await readOnlineKeys(path)).snapshot.keyid).toBe(made.snapshot.keyid)
    expect(existsSync(`${path}.next`)).toBe(false)
  }, 60_000)

  it('refuses a damaged file, a relative place of the PIN, and one key for both roles', async () => {
    await moveIntoToken()
    const file = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
    for (const change of [{ pinFile: 'pin' }, { module: 'libsofthsm2.so' }, { token: 'a\nb' }, { more: 1 }]) {
      await writeFile(path, JSON.stringify({ ...file, ...change }))
      await expect(readOnlineKeys(path)).rejects.toMatchObject({ code: 'key-file-damaged' })
    }
    const place = { module: TOKEN_MODULE, token: TOKEN_LABEL, snapshot: '0a', timestamp: '0a', pinFile }
    await expect(createOnlineTokenKeys(`${path}.next`, place)).rejects.toMatchObject({ code: 'key-file-damaged' })
  }, 60_000)
})
