import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const MAIN = resolve(import.meta.dirname, '..', 'main.ts')
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadglass-engine-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Starts the real appliance with an engine that it will not start with. */
async function startWith(engine: object): Promise<{ status: number | null; said: string }> {
  const config = join(root, 'config.json')
  const configuration = {
    device: 'test-box',
    dataFolder: join(root, 'appliance'),
    exchangeFolder: join(root, 'exchange'),
    host: '127.0.0.1',
    dimsePort: 0,
    httpPort: 0,
    aeTitle: 'LEADGLASS',
    softwareVersion: '0.1.0',
    workers: 1,
    engine,
  }
  await writeFile(config, JSON.stringify(configuration))
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--config', config], {
    encoding: 'utf8',
    timeout: 50_000,
  })
  return { status, said: stderr }
}

describe('an appliance with the native engine', () => {
  it('does not start where the engine is not built', async () => {
    const { status, said } = await startWith({ name: 'native', folder: root })
    expect(status).toBe(1)
    expect(said).toContain('"code":"not-built"')
    expect(said).toContain('npm run engine:native')
  })

  it('does not start while it needs what the engine does not promise, and says what', async () => {
    // Nothing is loaded before the promises are looked at.
    const folder = join(root, 'node_modules', 'dicom-dimse-native', 'build', 'Release')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'dcmtk.node'), '')
    const { status, said } = await startWith({ name: 'native', folder: root, acceptMissing: ['durable-success'] })
    expect(status).toBe(1)
    expect(said).toContain('"code":"promise-missing"')
    expect(said).toContain('commitment (')
    expect(said).not.toContain('durable-success (')
  })

  it('does not start with a promise that nobody knows', async () => {
    const { status, said } = await startWith({ name: 'native', acceptMissing: ['everything'] })
    expect(status).toBe(1)
    expect(said).toContain('"code":"configuration"')
  })
})
