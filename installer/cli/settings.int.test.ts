import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { settingsPlan } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ApplianceProcess } from '../../appliance/testing/appliance-process.ts'
import { writeInstanceFile } from '../start/instance-file.ts'
import { layoutOf } from '../start/layout.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')

describe('leadglass settings and leadglass conformance', () => {
  let root: string
  let appliance: ApplianceProcess
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-cli-settings-'))
    appliance = new ApplianceProcess(root)
    await appliance.start()
    const http = Number(new URL(appliance.url).port)
    await writeInstanceFile(layoutOf(root), {
      schema: 'leadglass.instance/1',
      device: appliance.configuration.device,
      aeTitle: 'LEADGLASS',
      host: '127.0.0.1',
      ports: { dimse: appliance.dimsePort, appliance: http, hub: http + 1, mqtt: http + 2 },
      createdAt: '2026-01-01T00:00:00.000Z',
      provisioned: true,
    })
  })
  afterAll(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  function leadglass(...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args, '--data', root], { encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  async function file(settings: unknown): Promise<string> {
    const path = join(root, 'new.json')
    await writeFile(path, typeof settings === 'string' ? settings : JSON.stringify(settings))
    return path
  }

  it('shows, plans, applies and remembers', async () => {
    expect(leadglass('settings', 'show').stdout).toContain('The defaults are in force.')
    const wanted = await file({
      callers: [{ aeTitle: 'CT1', addresses: ['192.0.2.1'] }],
      accept: { privateSopClasses: 'none' },
    })
    const planned = leadglass('settings', 'plan', wanted)
    expect(planned).toMatchObject({ status: 0, stderr: '' })
    expect(planned.stdout).toContain('  CT1 may call, from 192.0.2.1\n')
    expect(planned.stdout).toContain('  accept.privateSopClasses changes from all to none\nNo risk is known.')
    expect(leadglass('settings', 'history').stdout).not.toContain('operator')

    expect(leadglass('settings', 'apply', wanted)).toMatchObject({ status: 0 })
    expect(leadglass('settings', 'apply', wanted).stdout).toBe('Nothing changes.\n')
    expect(leadglass('settings', 'show').stdout).toContain('Version 1, by operator at ')
    expect(leadglass('settings', 'history').stdout).toMatch(/1 {2}.*operator {2}interface/)
    expect(JSON.parse(leadglass('settings', 'history', '--show', '1').stdout)).toMatchObject({
      accept: { privateSopClasses: 'none' },
    })
  })

  it('applies a risky change only when told that the risks are accepted', async () => {
    const risky = await file({ acceptLoopback: false })
    const refused = leadglass('settings', 'apply', risky)
    expect(refused.status).toBe(4)
    expect(refused.stdout).toContain('RISK: nobody may call any more')
    expect(refused.stdout).toContain('--accept-risks')
    const applied = leadglass('settings', 'apply', risky, '--accept-risks', '--json')
    expect(applied.status).toBe(0)
    const answer = z.object({ plan: settingsPlan, version: z.number() }).parse(JSON.parse(applied.stdout))
    expect(answer.version).toBe(2)
  })

  it('says what is wrong with a file, and changes nothing', async () => {
    const unknown = leadglass('settings', 'plan', await file({ callers: [{ aeTitle: 'CT1' }] }))
    expect(unknown.status).toBe(4)
    expect(unknown.stdout).toContain('callers.0.addresses: ')
    expect(leadglass('settings', 'apply', await file({ callerz: [] })).status).toBe(4)
    expect(leadglass('settings', 'plan', await file('{')).status).toBe(2)
    expect(leadglass('settings', 'plan', join(root, 'none.json')).status).toBe(2)
    expect(leadglass('settings', 'show').stdout).toContain('Version 2,')
  })

  it('prints the conformance statement of the running configuration', async () => {
    const { status, stdout } = leadglass('conformance')
    expect(status).toBe(0)
    expect(stdout).toContain(`| address and port | 127.0.0.1:${appliance.dimsePort} |`)
    await appliance.writeSettings({ callers: [{ aeTitle: 'MR7', addresses: ['192.0.2.7'] }] })
    await expect.poll(() => leadglass('conformance').stdout, { timeout: 20_000 }).toContain('| callers | MR7 |')
  })
})
