import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { initialiseHub } from '@leadglass/cloud-hub/commands'
import { signedReport } from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HubProcess } from '../../cloud-hub/testing/hub-process.ts'
import { writeInstanceFile } from '../start/instance-file.ts'
import { layoutOf } from '../start/layout.ts'

describe('leadglass report', () => {
  let folder: string
  let hub: HubProcess

  const leadglass = async (...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> => {
    const all = [join(import.meta.dirname, 'main.ts'), 'report', ...args]
    const outcome = await promisify(execFile)(process.execPath, all).catch(
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
    return { status: 'code' in outcome ? outcome.code : 0, stdout: outcome.stdout, stderr: outcome.stderr }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-report-'))
    const layout = layoutOf(folder)
    await initialiseHub({ folder: layout.hub.folder, names: [] })
    hub = await HubProcess.start(layout.hub.folder)
    await writeInstanceFile(layout, {
      schema: 'leadglass.instance/1',
      device: 'test-box',
      aeTitle: 'LEADGLASS',
      host: '127.0.0.1',
      ports: { dimse: 1, mqtt: 1, hub: hub.http, appliance: 1 },
      createdAt: '2026-01-05T08:00:00Z',
      provisioned: true,
    })
  })
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('makes JSON and PDF, which verify with the key alone once the hub is gone, and not when changed', async () => {
    const { stdout: key } = await leadglass('key', '--data', folder)
    const keys = join(folder, 'keys.txt')
    await writeFile(keys, `# of the hub\n${key}`)
    const [json, pdf, other] = ['r.json', 'r.pdf', 'x.json'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    for (const out of [json, pdf]) {
      const { status } = await leadglass('--framework', 'iso27001', '--period', '4w', '--out', out, '--data', folder)
      expect(status).toBe(0)
    }
    const printed = await leadglass('--framework', 'hipaa', '--data', folder, '--json')
    expect(signedReport.parse(JSON.parse(printed.stdout)).report.subject).toEqual({
      kind: 'framework',
      framework: 'hipaa',
    })
    const read = await leadglass('--framework', 'hipaa', '--data', folder)
    expect(read.stdout).toContain('GAP 45 CFR 164.312(a)(2)(iv): Not visible from here')
    expect(read.stdout).not.toContain('\u001b')

    await hub.stop()
    expect(await leadglass('verify', json, '--keys', keys)).toMatchObject({ status: 0 })
    expect(await leadglass('verify', pdf, '--keys', keys)).toMatchObject({ status: 0 })
    await writeFile(other, (await readFile(json, 'utf8')).replace('"status":"gap"', '"status":"met"'))
    const refused = await leadglass('verify', other, '--keys', keys, '--json')
    expect(refused.status).toBe(1)
    expect(JSON.parse(refused.stdout)).toEqual({ kind: 'refused', reason: 'content-changed' })
    await writeFile(keys, 'no key\n')
    expect((await leadglass('verify', json, '--keys', keys)).stdout).toContain('key-unknown')
  }, 240_000)

  it.each([
    [['--framework', 'gxp'], 2],
    [['--framework', 'hipaa', '--period', '0d'], 2],
    [['--framework', 'hipaa', '--model', 'a@1.0.0'], 2],
    [['--model', 'chest-radiograph'], 2],
    [[], 2],
    [['verify', '/no/such/file', '--keys', '/no/such/keys'], 2],
    [['verify', 'report.json'], 2],
  ])('%j is wrong use', async (args, status) => {
    const data = args[0] === 'verify' ? [] : ['--data', folder]
    expect((await leadglass(...args, ...data)).status).toBe(status)
  })
})
