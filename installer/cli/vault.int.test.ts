import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { initialiseAppliance } from '@leadglass/appliance/commands'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeInstanceFile } from '../start/instance-file.ts'
import { layoutOf } from '../start/layout.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')
const DEVICE = 'test-box' as DeviceId

describe('the vault and the keys from the command line', () => {
  let data: string
  const file = (name: string): string => join(data, name)

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'leadglass-vault-'))
    const layout = layoutOf(data)
    await initialiseAppliance({
      folder: layout.appliance.folder,
      device: DEVICE,
      accounts: [
        { userName: 'admin', role: 'site-admin', password: 'a long enough password' },
        { userName: 'reader', role: 'radiologist', password: 'a long enough password' },
      ],
    })
    await writeInstanceFile(layout, {
      schema: 'leadglass.instance/1',
      device: DEVICE,
      aeTitle: 'LEADGLASS',
      host: '127.0.0.1',
      ports: { dimse: 1, appliance: 2, hub: 3, mqtt: 4 },
      createdAt: '2026-01-05T00:00:00Z',
      provisioned: true,
    })
    const configuration = {
      device: DEVICE,
      dataFolder: layout.appliance.folder,
      exchangeFolder: layout.exchange,
      host: '127.0.0.1',
      dimsePort: 1,
      httpPort: 2,
      aeTitle: 'LEADGLASS',
      softwareVersion: '0.1.0',
      workers: 1,
    }
    await writeFile(layout.appliance.configFile, JSON.stringify(configuration))
    await writeFile(file('admin.txt'), 'passphrase of the admin\n')
    await writeFile(file('reader.txt'), 'passphrase of the reader\n')
    await writeFile(file('wrong.txt'), 'passphrase of nobody at all\n')
  }, 60_000)
  afterAll(() => rm(data, { recursive: true, force: true }))

  function leadglass(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((done) => {
      execFile(process.execPath, [CLI, ...args, '--data', data], { encoding: 'utf8' }, (error, stdout, stderr) => {
        done({ status: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
      })
    })
  }

  const two = (second = 'reader.txt') => [
    ...['--first', 'admin', '--first-passphrase-file', file('admin.txt')],
    ...['--second', 'reader', '--second-passphrase-file', file(second)],
  ]

  it('takes two people through enrolment, a refused opening and a rotation', async () => {
    const before = await leadglass('vault', 'status')
    expect(before.status).toBe(0)
    expect(before.stdout).toContain('Nobody holds the key yet')

    const people = ['--account', 'admin', 'reader', '--passphrase-file', file('admin.txt'), file('reader.txt')]
    expect((await leadglass('vault', 'enrol', ...people)).stdout).toContain('2 people hold shares')
    expect((await leadglass('vault', 'enrol', ...people)).stderr).toContain('[already-enrolled]')

    const open = ['vault', 'open', '--pseudonym', 'a'.repeat(32), '--reason', 'a question of the hub']
    expect((await leadglass(...open, ...two())).stderr).toContain('[pseudonym-unknown]')
    expect((await leadglass(...open, ...two('wrong.txt'))).stderr).toContain('[wrong-passphrase]')

    const rotate = ['keys', 'rotate-pseudonyms', '--reason', 'a drill']
    expect((await leadglass(...rotate, '--dry-run')).stdout).toContain('generation 2 would be opened')
    expect((await leadglass(...rotate, ...two('wrong.txt'))).stderr).toContain('[wrong-passphrase]')
    expect((await leadglass(...rotate, ...two())).stdout).toContain('Generation 2 is in force with the next start.')
    expect((await leadglass(...rotate, ...two())).stderr).toContain('[generation-waiting]')

    const after = JSON.parse((await leadglass('vault', 'status', '--json')).stdout) as { people: string[] }
    expect(after).toMatchObject({ enrolled: true, entries: 0, verdict: { kind: 'sound' } })
    expect(after.people).toHaveLength(2)
  }, 120_000)
})
