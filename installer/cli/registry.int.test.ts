import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { initialiseHub } from '@leadglass/cloud-hub/commands'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shippedFolder } from '../../cloud-hub/model-card/testing/shipped-card.ts'
import { HubProcess } from '../../cloud-hub/testing/hub-process.ts'
import { writeInstanceFile } from '../start/instance-file.ts'
import { layoutOf } from '../start/layout.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')
const MODEL = 'chest-radiograph@1.1.0'

describe('leadglass registry', () => {
  let root: string
  let hub: HubProcess

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-registry-'))
    const layout = layoutOf(root)
    await initialiseHub({ folder: layout.hub.folder, names: ['localhost'] })
    hub = await HubProcess.start(layout.hub.folder)
    await writeInstanceFile(layout, {
      schema: 'leadglass.instance/1',
      device: 'test-box',
      aeTitle: 'LEADGLASS',
      host: '127.0.0.1',
      ports: { dimse: 1, appliance: 1, hub: hub.http, mqtt: 1 },
      createdAt: '2026-11-22T12:00:00Z',
      provisioned: true,
    })
    for (const version of ['chest-radiograph/1.0.0', 'chest-radiograph/1.1.0'] as const)
      await hub.post('/api/models/import', { folder: shippedFolder(version) })
  }, 60_000)
  afterAll(async () => {
    await hub.stop()
    await rm(root, { recursive: true, force: true })
  })

  const registry = async (...args: readonly string[]): Promise<{ status: number; said: string }> => {
    const done = await promisify(execFile)(process.execPath, [CLI, 'registry', ...args, '--data', root]).catch(
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
    return { status: 'code' in done ? done.code : 0, said: `${done.stdout}${done.stderr}` }
  }
  const json = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await registry(...args, '--json')).said)

  it('shows the card and writes its files', async () => {
    expect((await registry('card', MODEL)).said).toContain('card complete, risk class low, weights Apache-2.0')
    const out = join(root, 'card.xml')
    expect(await json('card', MODEL, '--format', 'xml', '--out', out)).toMatchObject({ file: out })
    expect(await readFile(out, 'utf8')).toContain('https://mc.chai.org/v0.2/schema.xsd')
    expect((await registry('card', 'chest-radiograph@9.9.9')).status).not.toBe(0)
  }, 60_000)

  it('writes the SBOM, draws the lineage and compares', async () => {
    const out = join(root, 'bom.json')
    expect((await registry('sbom', MODEL, '--out', out)).status).toBe(0)
    expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({ bomFormat: 'CycloneDX' })
    expect((await registry('lineage', MODEL)).said).toMatch(/chest-radiograph 1\.1\.0 +trained-from/)
    expect((await registry('compare', 'chest-radiograph@1.0.0', '1.1.0')).said).toContain('headSelection')
    expect((await registry('compare', MODEL, '9.9.9')).status).not.toBe(0)
  }, 60_000)

  it('keeps aliases, and moves none that signatures give', async () => {
    const named = await json('alias', 'chest-radiograph', '--set', 'champion@1.1.0')
    expect(named).toMatchObject([{ alias: 'champion', version: { version: '1.1.0' }, derived: false }])
    for (const act of [
      ['--set', 'approved@1.1.0'],
      ['--remove', 'approved'],
    ]) {
      const refused = await registry('alias', 'chest-radiograph', ...act)
      expect([refused.status === 0, refused.said.includes('alias-derived')]).toEqual([false, true])
    }
    expect(await json('alias', 'chest-radiograph', '--remove', 'champion')).toEqual([])
  }, 60_000)

  it('adds a webhook, tells its secret once, and removes it', async () => {
    const made = (await json('webhook', '--add', 'http://127.0.0.1:9/hook', '--event', 'model.registered')) as {
      webhook: string
      secret: string
    }
    expect(made.secret.length).toBeGreaterThan(40)
    const listed = await registry('webhook')
    expect(listed.said).toContain(made.webhook)
    expect(listed.said).not.toContain(made.secret)
    expect(await json('webhook', '--remove', made.webhook)).toEqual([])
  }, 60_000)
})
