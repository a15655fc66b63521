import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PackageError } from './errors.ts'
import { type StatedFile, signStatement, statedFiles, verifyPackageStatement, verifyStatement } from './oms.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const FILES: readonly StatedFile[] = statedFiles('a'.repeat(64), {
  files: [
    { path: 'head.onnx', sha256: 'b'.repeat(64) as never, bytes: 2 },
    { path: 'golden/one.json', sha256: 'c'.repeat(64) as never, bytes: 2 },
  ],
})
const SIGNED = signStatement('example@1.0.0', FILES, privateKey)

function codeOf(act: () => unknown): string {
  try {
    act()
    return 'accepted'
  } catch (error) {
    return error instanceof PackageError ? error.code : String(error)
  }
}

interface Bundle {
  mediaType: string
  verificationMaterial: { publicKey: { hint?: string } }
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] }
}

function bent(bend: (bundle: Bundle) => void): Uint8Array {
  const bundle = JSON.parse(Buffer.from(SIGNED).toString()) as Bundle
  bend(bundle)
  return Buffer.from(JSON.stringify(bundle))
}

describe('a signed statement', () => {
  it('speaks of every file of the package, the manifest included', () => {
    expect(verifyStatement(SIGNED, publicKey)).toEqual(FILES)
    expect(FILES.map((file) => file.path)).toEqual(['golden/one.json', 'head.onnx', 'manifest.json'])
    expect(codeOf(() => verifyPackageStatement(SIGNED, FILES, publicKey))).toBe('accepted')
  })

  it('of other, fewer or more files is refused', () => {
    const [first, ...others] = FILES
    const other = { path: 'head.onnx', sha256: 'd'.repeat(64) }
    const changed = FILES.map((file) => (file.path === other.path ? other : file))
    for (const files of [changed, others, [...FILES, { path: 'more', sha256: 'e'.repeat(64) }]]) {
      expect(codeOf(() => verifyPackageStatement(SIGNED, files, publicKey))).toBe('statement-differs')
    }
    expect(first?.path).toBe('golden/one.json')
  })

  it.each([
    ['another key', SIGNED, generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['a key of another kind', SIGNED, generateKeyPairSync('ed25519').publicKey],
    ['another hint', bent((bundle) => (bundle.verificationMaterial.publicKey.hint = 'f'.repeat(64))), publicKey],
    ['another media type', bent((bundle) => (bundle.mediaType = 'application/json')), publicKey],
    ['another payload type', bent((bundle) => (bundle.dsseEnvelope.payloadType = 'text/plain')), publicKey],
    ['an empty payload', bent((bundle) => (bundle.dsseEnvelope.payload = '')), publicKey],
    ['no signature', bent((bundle) => (bundle.dsseEnvelope.signatures = [])), publicKey],
    ['a signature of nothing', bent((bundle) => (bundle.dsseEnvelope.signatures = [{ sig: '' }])), publicKey],
    [
      'two signatures of which one is right',
      bent((bundle) => bundle.dsseEnvelope.signatures.push({ sig: 'AAAA' })),
      publicKey,
    ],
    ['nothing', new Uint8Array(), publicKey],
    ['a prototype', Buffer.from('{"__proto__":{"mediaType":"x"}}'), publicKey],
    ['three megabytes', Buffer.alloc(3 << 20, ' '), publicKey],
  ])('with %s is refused', (_name, bytes, key) => {
    expect(codeOf(() => verifyStatement(bytes, key))).toBe('statement-invalid')
  })

  it('that names a file twice, or whose digest is not that of its files, is refused though signed', () => {
    const [first] = FILES
    if (first === undefined) throw new Error('no file')
    expect(codeOf(() => verifyStatement(signStatement('x', [first, first], privateKey), publicKey))).toBe(
      'statement-invalid',
    )
  })

  it('with any one byte of its payload changed never verifies', () => {
    const payload = Buffer.from((JSON.parse(Buffer.from(SIGNED).toString()) as Bundle).dsseEnvelope.payload, 'base64')
    fc.assert(
      fc.property(fc.nat(payload.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(payload)
        changed[at] = (changed[at] ?? 0) ^ by
        const bytes = bent((bundle) => (bundle.dsseEnvelope.payload = changed.toString('base64')))
        expect(codeOf(() => verifyStatement(bytes, publicKey))).toBe('statement-invalid')
      }),
      { numRuns: 60 },
    )
  })
})

describe('signatures that were made before', () => {
  const folder = join(import.meta.dirname, 'testing', 'golden-oms')
  const golden = readdirSync(folder).filter((name) => name.endsWith('.sigstore'))
  /** One key made all of them but the one of 1.0.0. */
  const keyOf = (name: string) => {
    const own = name.includes('1.0.0') ? 'public-key-1.0.0.pem' : 'public-key.pem'
    return createPublicKey(readFileSync(join(folder, own)))
  }
  const files = ['card.txt', 'golden/one.txt', 'head.onnx'].map((path) => ({
    path,
    sha256: createHash('sha256')
      .update(readFileSync(join(folder, 'package', path)))
      .digest('hex'),
  }))

  it('are there, ours and those of the public tool', () => {
    expect(golden).toEqual(
      expect.arrayContaining([
        'leadglass-0.1.sigstore',
        'model-signing-1.0.0.sigstore',
        'model-signing-1.1.1.sigstore',
      ]),
    )
  })

  it.each(golden)('%s keeps verifying', (name) => {
    expect(codeOf(() => verifyPackageStatement(readFileSync(join(folder, name)), files, keyOf(name)))).toBe('accepted')
  })
})
