import { canonicalJson, digestOf, type JsonValue } from '@leadglass/sync-agent/foundation'
import { describe, expect, it } from 'vitest'
import { examplePackage } from '../testing/example-package.ts'
import { PackageError } from './errors.ts'
import { packageDigest } from './manifest.ts'
import { parseManifest } from './read-package.ts'
import { sealManifest } from './write-package.ts'

type Loose = Record<string, unknown>

/** The example's manifest, changed, as canonical bytes. */
function changed(change: (manifest: Loose) => void): Uint8Array {
  const manifest = JSON.parse(Buffer.from(sealManifest(examplePackage())).toString('utf8')) as Loose
  change(manifest)
  return Buffer.from(canonicalJson(manifest as JsonValue))
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof PackageError) return error.code
    throw error
  }
  return 'accepted'
}

const files = (manifest: Loose): Loose[] => manifest.files as Loose[]
const graphs = (manifest: Loose): Loose[] => manifest.graphs as Loose[]

describe('a manifest', () => {
  it('is accepted, and its digest is that of its bytes', () => {
    const bytes = sealManifest(examplePackage())
    expect(packageDigest(parseManifest(bytes))).toBe(digestOf(bytes))
  })

  it('is the same bytes whatever order the files came in', () => {
    const content = examplePackage()
    const reversed = { ...content, files: new Map([...content.files].reverse()) }
    expect(Buffer.from(sealManifest(reversed)).equals(sealManifest(content))).toBe(true)
  })

  it('is refused when it is not canonical', () => {
    const bytes = Buffer.from(`${Buffer.from(sealManifest(examplePackage())).toString('utf8')}\n`)
    expect(codeOf(() => parseManifest(bytes))).toBe('manifest-not-canonical')
  })

  it('is refused when it is not JSON, or too large', () => {
    expect(codeOf(() => parseManifest(Buffer.from('{')))).toBe('manifest-invalid')
    expect(codeOf(() => parseManifest(Buffer.alloc(2 << 20, 0x20)))).toBe('manifest-too-large')
  })

  const refusals: readonly [string, (manifest: Loose) => void][] = [
    ['an unknown member', (m) => Object.assign(m, { extra: 1 })],
    ['an unknown schema', (m) => Object.assign(m, { schema: 'leadglass.model-package/2' })],
    ['a path that climbs', (m) => Object.assign(files(m)[0] ?? {}, { path: '../../etc/passwd' })],
    ['an absolute path', (m) => Object.assign(files(m)[0] ?? {}, { path: '/etc/passwd.txt' })],
    ['a backslash in a path', (m) => Object.assign(files(m)[0] ?? {}, { path: 'a\\b.onnx' })],
    ['a hidden file', (m) => Object.assign(files(m)[0] ?? {}, { path: 'golden/.a.json' })],
    ['a file called manifest.json', (m) => files(m).push({ path: 'manifest.json', sha256: 'a'.repeat(64), bytes: 1 })],
    ['a file listed twice in another case', (m) => files(m).push({ ...files(m)[0], path: 'BACKBONE.onnx' })],
    ['a size below zero', (m) => Object.assign(files(m)[0] ?? {}, { bytes: -1 })],
    ['a size beyond the limit', (m) => Object.assign(files(m)[0] ?? {}, { bytes: 2 ** 40 })],
    [
      'files that are too large together',
      (m) => {
        for (const file of files(m)) file.bytes = 500 << 20
      },
    ],
    ['a used file that is not listed', (m) => Object.assign(m, { card: 'other.json' })],
    ['a graph that reads a later graph', (m) => graphs(m).reverse()],
    [
      'a graph that reads itself',
      (m) => Object.assign(graphs(m)[0] ?? {}, { inputs: { image: 'backbone.embedding' } }),
    ],
    ['a graph that stands twice', (m) => graphs(m).push({ ...graphs(m)[0] })],
    ['an embedding from nowhere', (m) => Object.assign(m, { embedding: { from: 'neck.embedding', length: 4 } })],
    ['an embedding that is the image', (m) => Object.assign(m, { embedding: { from: '$input', length: 4 } })],
    ['steps out of order', (m) => (m.preprocessing as unknown[]).reverse()],
    ['steps without a resize', (m) => (m.preprocessing as unknown[]).pop()],
    ['an unknown step', (m) => (m.preprocessing as unknown[]).push({ step: 'sharpen' })],
    [
      'an input of another shape',
      (m) => Object.assign(m, { input: { name: 'image', type: 'float32', shape: ['N', 3, 8, 8] } }),
    ],
    ['a score code twice', (m) => (m.outputs as Loose[]).push({ ...(m.outputs as Loose[])[0] })],
    ['no golden case', (m) => Object.assign(m, { golden: [] })],
    ['a release counter of zero', (m) => Object.assign(m, { releaseCounter: 0 })],
    ['a name that is a path', (m) => Object.assign(m, { name: '../x' })],
  ]

  it.each(refusals)('is refused with %s', (_what, change) => {
    expect(codeOf(() => parseManifest(changed(change)))).toBe('manifest-invalid')
  })
})
