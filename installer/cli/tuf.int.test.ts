import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createApproverKey } from '@leadglass/cloud-hub/governance'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { FileHighWaterMarks, FolderFetcher, UpdateClient } from '@leadglass/sync-agent/updates'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CeremonyOutcome, holdCeremony } from '../start/ceremony.ts'
import { type InstanceLayout, layoutOf } from '../start/layout.ts'

let folder = ''
let layout: InstanceLayout
let ceremony: CeremonyOutcome

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-tuf-'))
  layout = layoutOf(folder)
  ceremony = await holdCeremony(layout)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const key = (name: string): string => join(layout.ceremony, `${name}.key.json`)

/** `leadglass tuf …` on the instance. @returns the exit status and what it said. */
async function tuf(...args: string[]): Promise<{ status: number; said: string }> {
  const program = join(import.meta.dirname, 'main.ts')
  const passphrase = ['--passphrase-file', join(layout.ceremony, 'PASSPHRASE.txt')]
  const all = [program, 'tuf', ...args, '--data', folder, ...passphrase]
  const outcome = await promisify(execFile)(process.execPath, all).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
  return { status: 'code' in outcome ? outcome.code : 0, said: `${outcome.stdout}${outcome.stderr}` }
}

/** Version of root that a device provisioned at the ceremony follows to, or why it does not. */
async function deviceFollows(): Promise<number | string> {
  const outcome = await new UpdateClient({
    initialRoot: ceremony.initialRoot,
    policy: ceremony.policy,
    fetcher: new FolderFetcher({ folder: join(layout.hub.folder, 'repository') }),
    stateFolder: join(folder, 'device'),
    kitFolder: join(folder, 'kit'),
    highWaterMarks: new FileHighWaterMarks({ folder: join(folder, 'device'), logger: silentLogger }),
    clock: systemClock,
    logger: silentLogger,
  }).refresh()
  return outcome.kind === 'verified' ? outcome.metadataVersions.root : JSON.stringify(outcome)
}

describe('leadglass tuf rotate', () => {
  it('exchanges keys of root, targets and the hub, and an approver, and a device follows each', async () => {
    expect(await deviceFollows()).toBe(1)
    const exchange = ['--replace', key('root-1'), '--new-key', key('root-4')]
    const alone = await tuf('rotate', 'root', ...exchange, '--custodian', key('root-2'))
    expect(alone.status).not.toBe(0)
    expect(alone.said).toContain('too-few-custodians')
    expect(await deviceFollows()).toBe(1)
    expect(await tuf('rotate', 'root', ...exchange, '--custodian', key('root-2'), key('root-3'))).toMatchObject({
      status: 0,
    })
    expect(await deviceFollows()).toBe(2)

    const before = await readFile(join(layout.hub.folder, 'secrets', 'online-keys.json'), 'utf8')
    const online = await tuf('rotate', 'online', '--custodian', key('root-2'), key('root-4'))
    expect(online).toMatchObject({ status: 0 })
    expect(await readFile(join(layout.hub.folder, 'secrets', 'online-keys.json'), 'utf8')).not.toBe(before)
    expect(await deviceFollows()).toBe(3)

    const file = await createApproverKey({
      person: 'clinical-approver',
      role: 'clinical',
      printedName: 'Evaluation clinical approver',
      passphrase: 'a passphrase of the approver',
    })
    await writeFile(join(folder, 'new.key.json'), JSON.stringify(file))
    const person = ['--person', 'clinical-approver', '--approver-key', join(folder, 'new.key.json')]
    const approver = await tuf('rotate', 'approver', ...person, '--custodian', key('targets-1'), key('targets-2'))
    expect(approver).toMatchObject({ status: 0 })
    const targets = await readFile(join(layout.hub.folder, 'repository', 'metadata', '2.targets.json'), 'utf8')
    expect(targets).toContain(file.publicKey)
    expect(await deviceFollows()).toBe(3)
  }, 120_000)

  it('refuses while the instance runs, and a key file that is none', async () => {
    await writeFile(join(folder, 'up.lock'), String(process.pid))
    const running = await tuf('rotate', 'online', '--custodian', key('root-2'), key('root-3'))
    expect(running.said).toContain('already')
    expect(running.status).not.toBe(0)
    await rm(join(folder, 'up.lock'))
    const nothing = await tuf('rotate', 'online', '--custodian', join(folder, 'nothing.json'))
    expect(nothing.said).toContain('cannot be read')
    expect(nothing.status).not.toBe(0)
  }, 60_000)
})
