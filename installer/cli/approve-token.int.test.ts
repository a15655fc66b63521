import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { applianceFolders } from '@leadglass/appliance/commands'
import { initialiseHub } from '@leadglass/cloud-hub/commands'
import { approvalPolicy } from '@leadglass/sync-agent/contract'
import { checkSiteApproval } from '@leadglass/sync-agent/updates'
import { approvalSummary, enrolledKey, importAnswer, signingKey, signingKeyList } from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localApiFixture, OPERATOR_TOKEN } from '../../appliance/testing/local-api-fixture.ts'
import { holdTestCeremony, TEST_PASSPHRASE } from '../../cloud-hub/testing/ceremony.ts'
import { HubProcess } from '../../cloud-hub/testing/hub-process.ts'
import { writeInstanceFile } from '../start/instance-file.ts'
import { type InstanceLayout, layoutOf } from '../start/layout.ts'
import {
  createSoftToken,
  type SoftToken,
  TOKEN_LABEL,
  TOKEN_MODULE,
  TOKEN_PIN,
  WITHOUT_TOKEN,
} from '../testing/soft-token.ts'

const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const CLINICAL = 'clinical-approver'
const TECHNICAL = 'technical-approver'

let folder: string
let layout: InstanceLayout

/** Runs a command as a person would, without a terminal. */
async function leadglass(...args: string[]): Promise<{ status: number; stdout: string; said: string }> {
  const all = [join(import.meta.dirname, 'main.ts'), ...args]
  const outcome = await promisify(execFile)(process.execPath, all).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
  const status = 'code' in outcome ? outcome.code : 0
  return { status, stdout: outcome.stdout, said: `${outcome.stdout}${outcome.stderr}` }
}

async function secret(name: string, words: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `${words}\n`, { mode: 0o600 })
  return path
}

/** Tells commands where the services of this instance listen. */
async function announce(ports: { readonly hub: number; readonly appliance: number }): Promise<void> {
  await writeInstanceFile(layout, {
    schema: 'leadglass.instance/1',
    device: 'test-box',
    aeTitle: 'LEADGLASS',
    host: '127.0.0.1',
    ports: { dimse: 1, mqtt: 1, ...ports },
    createdAt: '2026-01-05T08:00:00Z',
    provisioned: true,
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-approve-'))
  layout = layoutOf(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.skipIf(WITHOUT_TOKEN)('leadglass approve with a key in a token (SoftHSM)', () => {
  let token: SoftToken
  let hub: HubProcess
  let approval: string
  let keyid: string
  const files: Record<string, string> = {}
  const data = (): string[] => ['--data', folder, '--json']
  const as = (account: string): string[] => ['--as', account, '--password-file', files[account] ?? '']
  const inToken = (): string[] => [
    ...['--module', TOKEN_MODULE, '--token', TOKEN_LABEL, '--key-id', '01'],
    ...['--pin-file', files.pin ?? ''],
  ]
  const enrol = (...more: string[]) => {
    const who = ['--role', 'clinical', '--printed-name', 'Clinical with a token', ...as(CLINICAL)]
    return leadglass('approve', 'enrol-key', ...who, ...inToken(), ...data(), ...more)
  }
  const signedIn = async (): Promise<string> => {
    const password = (await readFile(files[TECHNICAL] ?? '', 'utf8')).trim()
    const body = { account: TECHNICAL, password }
    const response = await hub.request('POST', '/api/session', body, { 'x-leadglass-page': '1' })
    return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  }
  const confirm = (code: string) => leadglass('approve', 'confirm-key', keyid, code, ...as(TECHNICAL), ...data())

  beforeAll(async () => {
    token = await createSoftToken()
    const { policy, approvers } = await holdTestCeremony(layout.hub.folder)
    const known = approvers.map(({ person, role, printedName, publicKey }) => ({
      person,
      role,
      printedName,
      publicKey,
    }))
    const made = await initialiseHub({
      folder: layout.hub.folder,
      names: ['localhost'],
      policy,
      approvers: known,
    })
    for (const { account, password } of made.accounts) files[account] = await secret(`${account}.txt`, password)
    files.pin = await secret('pin.txt', TOKEN_PIN)
    files.passphrase = await secret('passphrase.txt', TEST_PASSPHRASE)
    hub = await HubProcess.start(layout.hub.folder)
    await announce({ hub: hub.http, appliance: 1 })
    const { model } = importAnswer.parse(await hub.post('/api/models/import', { folder: PACKAGE }))
    const signoffs = known.map(({ person, role }) => ({ person, role }))
    const submission = { name: model.name, version: model.version, signoffs }
    approval = approvalSummary.parse(await hub.post('/api/approvals', submission)).approval
  }, 60_000)
  afterAll(async () => {
    await hub.stop()
    await token.remove()
  })

  it('enrols a key born in the token; five wrong codes take the code back, and a new one confirms it', async () => {
    const first = await enrol('--create')
    expect(first.said).not.toContain(TOKEN_PIN)
    const enrolled = enrolledKey.parse(JSON.parse(first.stdout))
    keyid = enrolled.keyid
    expect(token.privateKeys()).toMatch(/always sensitive, never extractable/)
    const wrong = enrolled.code === '0000000000' ? '1111111111' : '0000000000'
    // Four by the interface, as a page sends them; the fifth by the command.
    const cookie = await signedIn()
    const path = `/api/signing-keys/${keyid}/confirmation`
    for (let i = 0; i < 4; i += 1) {
      const response = await hub.request('POST', path, { code: wrong }, { 'x-leadglass-page': '1', cookie })
      expect(await response.text()).toContain('wrong-code')
    }
    expect((await confirm(wrong)).said).toContain('code-spent')
    expect((await confirm(enrolled.code)).said).toContain('code-spent')
    expect((await leadglass('approve', 'alarms', ...data())).stdout).toContain('confirmation-codes-wrong')
    const again = enrolledKey.parse(JSON.parse((await enrol()).stdout))
    expect(again.keyid).toBe(keyid)
    expect(signingKey.parse(JSON.parse((await confirm(again.code)).stdout)).state).toBe('active')
  }, 240_000)

  it('signs with it once the custodians listed it, and never without a meaning', async () => {
    const { keys } = signingKeyList.parse(await hub.get('/api/signing-keys'))
    const publicKey = keys.find((one) => one.keyid === keyid)?.publicKey ?? ''
    await hub.stop()
    const ceremony = join(layout.hub.folder, 'ceremony')
    const custodians = ['targets-1', 'targets-2'].map((name) => join(ceremony, `${name}.key.json`))
    const listed = await leadglass(
      ...['tuf', 'rotate', 'approver', '--person', CLINICAL, '--public-key', publicKey, '--role', 'clinical'],
      ...['--custodian', ...custodians, '--passphrase-file', files.passphrase ?? '', ...data()],
    )
    expect(JSON.parse(listed.stdout)).toEqual({ person: CLINICAL, keyid })
    hub = await HubProcess.start(layout.hub.folder)
    await announce({ hub: hub.http, appliance: 1 })
    const act = ['approve', 'sign', approval, ...inToken(), '--password-file', files[CLINICAL] ?? '', ...data()]
    const without = await leadglass(...act)
    expect(without.status).not.toBe(0)
    expect(without.said).toContain('no meaning is given')
    const signed = await leadglass(...act, '--meaning', 'approval')
    expect(signed.said).toContain('You are about to sign')
    expect(signed.said).not.toContain(TOKEN_PIN)
    const { state, signatures } = approvalSummary.parse(JSON.parse(signed.stdout))
    expect([state, signatures[0]?.printedName, signatures[0]?.keyid]).toEqual([
      'partially-signed',
      'Clinical with a token',
      keyid,
    ])
    const wrongPin = await secret('wrong-pin.txt', '00000000')
    const refused = await leadglass(...act, '--meaning', 'approval', '--pin-file', wrongPin)
    expect(refused.status).not.toBe(0)
  }, 240_000)
})

describe('leadglass approve local', () => {
  it('makes a key, pins it, and approves what waits on the box, after saying what and as what', async () => {
    const box = await localApiFixture()
    try {
      const folders = applianceFolders(layout.appliance.folder)
      await mkdir(join(layout.appliance.folder, 'secrets'), { recursive: true })
      await mkdir(folders.siteApprovals, { recursive: true })
      await writeFile(folders.operatorToken, OPERATOR_TOKEN)
      const policy = approvalPolicy.parse({
        schema: 'leadglass.approval-policy/1',
        minimumApprovals: 2,
        requiredRoles: ['clinical', 'technical'],
        initialRootDigest: 'c'.repeat(64),
      })
      await writeFile(folders.policy, JSON.stringify(policy))
      const model = { name: 'chest-radiograph', version: '1.1.0', digest: 'd'.repeat(64) }
      box.context.records.models.put({
        ...model,
        state: 'staged',
        message: 'It waits.',
        releaseCounter: 1,
        approvals: '[]',
        statement: '{}',
        changedAt: box.clock.now(),
      })
      box.context.library.offer(model.digest, undefined)
      const origin = await box.server.listen({ host: '127.0.0.1', port: 0 })
      await announce({ hub: 1, appliance: Number(new URL(origin).port) })

      const passphrase = ['--passphrase-file', await secret('site.txt', 'a passphrase of the site')]
      const key = join(folder, 'site.key.json')
      const made = await leadglass(
        ...['approve', 'local', 'key', 'site.physicist', '--printed-name', 'Medical Physics', '--out', key],
        ...[...passphrase, '--json'],
      )
      expect(made.status).toBe(0)
      const pinned = await leadglass('approve', 'local', 'require', key, '--data', folder, '--json')
      const required = approvalPolicy.parse(JSON.parse(pinned.stdout))
      expect(required.siteApproval?.keys).toMatchObject([{ person: 'site.physicist' }])
      expect((await leadglass('approve', 'local', 'require', key, '--data', folder)).said).toContain('already')

      const sign = ['approve', 'local', 'sign', 'chest-radiograph@1.1.0', '--key', key, ...passphrase]
      const without = await leadglass(...sign, '--data', folder)
      expect(without.said).toContain('no meaning is given')
      const signed = await leadglass(...sign, '--meaning', 'approval', '--data', folder)
      expect(signed.said).toContain(model.digest)
      const envelope: unknown = JSON.parse(await readFile(join(folders.siteApprovals, `${model.digest}.json`), 'utf8'))
      const other = { ...model, digest: 'e'.repeat(64) }
      expect(checkSiteApproval(model, [], required, envelope)).toMatchObject({
        kind: 'approved',
        person: 'site.physicist',
      })
      expect(checkSiteApproval(other, [], required, envelope)).toMatchObject({ kind: 'refused' })
    } finally {
      await box.dispose()
    }
  }, 240_000)
})
