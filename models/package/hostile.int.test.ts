import { mkdir, mkdtemp, readFile, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { examplePackage } from '../testing/example-package.ts'
import { PackageError } from './errors.ts'
import { readPackage } from './read-package.ts'
import { writePackage } from './write-package.ts'

const TEN_GB = 10 * 2 ** 30

let root = ''
let folder = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadglass-hostile-'))
  folder = join(root, 'example')
  await writePackage(folder, examplePackage())
})

afterEach(() => rm(root, { recursive: true, force: true }))

/** Why the package is refused; the reason names no content. */
async function refusal(): Promise<string> {
  const error: unknown = await readPackage(folder).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof PackageError)) return String(error)
  expect(error.nextStep.length).toBeGreaterThan(20)
  return error.code
}

type Manifest = Record<string, JsonValue> & { files: { path: string; sha256: string; bytes: number }[] }

/** Rewrites the manifest in canonical form, as an attacker who packs by himself can. */
async function bendManifest(bend: (manifest: Manifest) => unknown): Promise<void> {
  const path = join(folder, 'manifest.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest
  bend(manifest)
  await writeFile(path, canonicalJson(manifest))
}

describe('a hostile package', () => {
  it.each([
    '../escape.onnx',
    '/etc/passwd.txt',
    'a/../../escape.onnx',
    'C:evil.onnx',
    'a\\b.onnx',
    'a//b.onnx',
    '.hidden.onnx',
    'manifest.json',
    'MANIFEST.JSON',
    'a/b/c/d/e.onnx',
    'name\u0000.onnx',
    'na\u202eme.onnx',
    `${'a'.repeat(300)}.onnx`,
  ])('that lists the path %j is refused before any file is opened', async (path) => {
    await bendManifest((manifest) => Object.assign(manifest.files[0] ?? {}, { path }))
    expect(await refusal()).toBe('manifest-invalid')
  })

  it('that claims 10 GB in one file is refused by its manifest', async () => {
    await bendManifest((manifest) => Object.assign(manifest.files[0] ?? {}, { bytes: TEN_GB }))
    expect(await refusal()).toBe('manifest-invalid')
  })

  it('that claims more in all than a package may be is refused by its manifest', async () => {
    await bendManifest((manifest) => {
      for (let at = 0; at < 100; at += 1) {
        manifest.files.push({ path: `part-${at}.bin`, sha256: 'a'.repeat(64), bytes: 2 ** 30 })
      }
    })
    expect(await refusal()).toBe('manifest-invalid')
  })

  it('whose small file is 10 GB of holes on the disk is refused without reading it', async () => {
    const started = performance.now()
    await truncate(join(folder, 'head.onnx'), TEN_GB)
    expect(await refusal()).toBe('file-length')
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('whose manifest is 10 GB of holes is refused without reading it', async () => {
    await truncate(join(folder, 'manifest.json'), TEN_GB)
    expect(await refusal()).toBe('manifest-too-large')
  })

  it('with a file that never ends is refused', async () => {
    await unlink(join(folder, 'head.onnx'))
    await symlink('/dev/zero', join(folder, 'head.onnx'))
    expect(await refusal()).toBe('not-a-regular-file')
  })

  it('with a folder where a file is listed is refused', async () => {
    await unlink(join(folder, 'head.onnx'))
    await mkdir(join(folder, 'head.onnx'))
    expect(['not-a-regular-file', 'file-unlisted', 'file-missing']).toContain(await refusal())
  })

  it('with a wrong digest, a missing digest or a second spelling of one is refused', async () => {
    await bendManifest((manifest) => Object.assign(manifest.files[0] ?? {}, { sha256: 'a'.repeat(64) }))
    expect(await refusal()).toBe('file-digest')
    await bendManifest((manifest) => Object.assign(manifest.files[0] ?? {}, { sha256: 'A'.repeat(64) }))
    expect(await refusal()).toBe('manifest-invalid')
    await bendManifest((manifest) => Object.assign(manifest.files[0] ?? {}, { sha256: '' }))
    expect(await refusal()).toBe('manifest-invalid')
  })

  it('that lists a path twice, or two paths that differ only in case, never passes for another', async () => {
    await bendManifest((manifest) => manifest.files.push({ ...(manifest.files[0] as Manifest['files'][number]) }))
    expect(await refusal()).toBe('manifest-invalid')
  })

  it('with a prototype, deep nesting or no JSON for a manifest is refused', async () => {
    for (const text of ['{"__proto__":{"files":[]}}', `${'['.repeat(5000)}${']'.repeat(5000)}`, '\u0000']) {
      await writeFile(join(folder, 'manifest.json'), text)
      expect(await refusal()).toBe('manifest-invalid')
    }
  })
})
