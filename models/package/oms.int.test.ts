import { execFile } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pythonPeer } from '../../installer/testing/peers.ts'
import { examplePackage } from '../testing/example-package.ts'
import { signStatement, statedFiles, verifyPackageStatement } from './oms.ts'
import type { ModelPackage } from './read-package.ts'
import { writePackage } from './write-package.ts'

const PYTHON = pythonPeer()
const run = promisify(execFile)

let folder = ''
let model: ModelPackage
let publicKey: KeyObject
let privateKey: KeyObject

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-oms-'))
  model = await writePackage(join(folder, 'package'), examplePackage())
  ;({ privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  await writeFile(at('public.pem'), publicKey.export({ format: 'pem', type: 'spki' }))
  await writeFile(at('private.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

/** `python -m model_signing` with these arguments. @returns its last words. */
async function publicTool(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(PYTHON ?? '', ['-m', 'model_signing', ...args]).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  return `${stdout}${stderr}`.trim()
}

function verifyWithTool(signature: string): Promise<string> {
  return publicTool('verify', 'key', '--signature', at(signature), '--public_key', at('public.pem'), at('package'))
}

describe.skipIf(PYTHON === undefined)('the public tool model_signing', () => {
  it('verifies our statement, and finds every change of the package', async () => {
    const statement = signStatement('example-model@1.0.0', statedFiles(model.digest, model.manifest), privateKey)
    await writeFile(at('signature.json'), statement)
    expect(await verifyWithTool('signature.json')).toContain('Verification succeeded')
    const [onnx = ''] = (await readdir(model.folder)).filter((name) => name.endsWith('.onnx'))
    const bytes = await readFile(join(model.folder, onnx))
    await writeFile(join(model.folder, onnx), 'exchanged')
    expect(await verifyWithTool('signature.json')).toContain('Verification failed')
    await writeFile(join(model.folder, onnx), bytes)
    await writeFile(join(model.folder, 'unlisted.bin'), '')
    expect(await verifyWithTool('signature.json')).toContain('Verification failed')
  }, 60_000)

  it('makes statements that we verify', async () => {
    const made = await publicTool(
      'sign',
      'key',
      '--signature',
      at('theirs.json'),
      '--private_key',
      at('private.pem'),
      model.folder,
    )
    expect(made).toContain('Signing succeeded')
    const files = statedFiles(model.digest, model.manifest)
    verifyPackageStatement(await readFile(at('theirs.json')), files, publicKey)
    const others = files.map((file) => ({ ...file, sha256: 'a'.repeat(64) }))
    expect(() => verifyPackageStatement(Buffer.from('{}'), files, publicKey)).toThrow(/statement/)
    const theirs = await readFile(at('theirs.json'))
    expect(() => verifyPackageStatement(theirs, others, publicKey)).toThrow(/does not speak of/)
  }, 60_000)
})
