import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { repackedPackage, withForeignOperator } from '../../cloud-hub/model-card/testing/shipped-card.ts'

const SHIPPED = resolve(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph')

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-attest-'))
  const [version = ''] = await readdir(SHIPPED)
  await cp(join(SHIPPED, version), join(folder, 'package'), { recursive: true })
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** `leadglass model …`. @returns the exit status and what it said. */
async function model(...args: string[]): Promise<{ status: number; said: string }> {
  const program = join(import.meta.dirname, 'main.ts')
  const outcome = await promisify(execFile)(process.execPath, [program, 'model', ...args]).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
  return { status: 'code' in outcome ? outcome.code : 0, said: `${outcome.stdout}${outcome.stderr}` }
}

describe('leadglass model attest and verify', () => {
  it('signs a package, verifies it, and says what has changed', async () => {
    const at = (name: string): string => join(folder, name)
    expect((await model('verify', at('package'), '--public-key', at('key.pub'))).said).toContain('cannot be read')
    expect(await model('attest', at('package'), '--key', at('key'), '--new-key')).toMatchObject({ status: 0 })
    expect((await stat(at('key'))).mode & 0o777).toBe(0o600)
    const verified = await model('verify', at('package'), '--public-key', at('key.pub'), '--json')
    expect(JSON.parse(verified.said)).toMatchObject({ verified: true, package: { name: 'chest-radiograph' } })
    expect((await model('attest', at('package'), '--key', at('key'), '--new-key')).said).toContain('is there already')
    expect(
      await model('attest', at('package'), '--key', at('other'), '--new-key', '--out', at('other.json')),
    ).toMatchObject({ status: 0 })
    const other = await model('verify', at('package'), '--public-key', at('key.pub'), '--statement', at('other.json'))
    expect(other.said).toContain('statement-invalid')
    // Signed, and every byte as listed: an operator that no appliance runs is refused by its name all the same.
    await repackedPackage(at('foreign'), 'phantom-qa/1.0.0', 'head.onnx', withForeignOperator)
    expect(await model('attest', at('foreign'), '--key', at('key'))).toMatchObject({ status: 0 })
    const foreign = await model('verify', at('foreign'), '--public-key', at('key.pub'))
    expect(foreign.status).not.toBe(0)
    expect(foreign.said).toContain('PyFunc0')
    await appendFile(join(folder, 'package', 'card.json'), ' ')
    const changed = await model('verify', at('package'), '--public-key', at('key.pub'))
    expect(changed.status).not.toBe(0)
    expect(changed.said).toContain('card.json')
  }, 60_000)
})
