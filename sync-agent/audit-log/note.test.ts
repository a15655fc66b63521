import { createPrivateKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isKeyName, openNote, parseNote, signatureLine, signNote } from './note.ts'
import { createNoteSigner, createNoteVerifier, encodeVerifierKey, parseVerifierKey, verifierKeyOf } from './note-key.ts'
import { generateSigningKey } from './signing-key-file.ts'

/** The example note of golang.org/x/mod/sumdb/note: keys, text and signature are published there. */
const EXAMPLE_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const EXAMPLE_SEED = 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const EXAMPLE_TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const EXAMPLE_NOTE = `${EXAMPLE_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`

function examplePrivateKey() {
  const seed = Buffer.from(EXAMPLE_SEED, 'base64').subarray(1)
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' })
}

function verifierFor(text: string) {
  const key = parseVerifierKey(text)
  if (key === undefined) throw new Error('not a verifier key')
  return createNoteVerifier(key)
}

describe('the published example note', () => {
  it('verifies', () => {
    const opened = openNote(EXAMPLE_NOTE, [verifierFor(EXAMPLE_KEY)])
    expect(opened).toMatchObject({ kind: 'verified', text: EXAMPLE_TEXT })
  })

  it('is reproduced byte for byte by its private key', () => {
    const key = examplePrivateKey()
    expect(encodeVerifierKey(verifierKeyOf('PeterNeumann', key))).toBe(EXAMPLE_KEY)
    expect(signNote(EXAMPLE_TEXT, [createNoteSigner('PeterNeumann', key)])).toBe(EXAMPLE_NOTE)
  })

  it('is refused after any change of its text', () => {
    fc.assert(
      fc.property(fc.nat({ max: EXAMPLE_TEXT.length - 2 }), (at) => {
        const other = EXAMPLE_NOTE.charAt(at) === 'x' ? 'y' : 'x'
        const changed = EXAMPLE_NOTE.slice(0, at) + other + EXAMPLE_NOTE.slice(at + 1)
        return openNote(changed, [verifierFor(EXAMPLE_KEY)]).kind === 'refused'
      }),
    )
  })
})

describe('verifier keys', () => {
  it('reads the published keys of sum.golang.org and of a witness', () => {
    expect(parseVerifierKey('sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8')?.type).toBe(0x01)
    expect(parseVerifierKey('remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2')?.type).toBe(0x04)
  })

  it('refuses every truncation and every other key ID', () => {
    for (let length = 0; length < EXAMPLE_KEY.length; length++) {
      expect(parseVerifierKey(EXAMPLE_KEY.slice(0, length))).toBeUndefined()
    }
    expect(parseVerifierKey(EXAMPLE_KEY.replace('c74f20a3', 'c74f20a4'))).toBeUndefined()
    expect(parseVerifierKey(EXAMPLE_KEY.replace('PeterNeumann', 'PeterNeumanm'))).toBeUndefined()
  })

  it('survives a round trip', () => {
    const key = verifierKeyOf('leadglass/box-1/audit', generateSigningKey())
    expect(parseVerifierKey(encodeVerifierKey(key))).toEqual({ ...key, publicKey: Buffer.from(key.publicKey) })
  })
})

describe('signatures of several keys', () => {
  const ours = generateSigningKey()
  const signer = createNoteSigner('ours.example', ours)
  const verifier = createNoteVerifier(verifierKeyOf('ours.example', ours))
  const stranger = createNoteSigner('stranger.example', generateSigningKey())
  const text = 'first\n\nthird\n'

  it('ignores unknown keys beside a good one', () => {
    const note = signNote(text, [stranger, signer])
    expect(openNote(note, [verifier])).toMatchObject({ kind: 'verified', text, by: [{ name: 'ours.example' }] })
  })

  it('refuses a note of unknown keys only', () => {
    expect(openNote(signNote(text, [stranger]), [verifier])).toEqual({ kind: 'refused', reason: 'no-known-signature' })
  })

  it('ignores a key of the same name with another key ID', () => {
    const namesake = createNoteSigner('ours.example', generateSigningKey())
    expect(openNote(signNote(text, [namesake, signer]), [verifier]).kind).toBe('verified')
  })

  it('refuses the whole note when a known key fails, even beside a good signature of it', () => {
    const foreign = signatureLine(signer, 'another text\n')
    expect(openNote(signNote(text, [signer]) + foreign, [verifier])).toEqual({
      kind: 'refused',
      reason: 'bad-signature',
    })
  })

  it('accepts 16 signatures and refuses a flood', () => {
    const line = signatureLine(stranger, text)
    expect(parseNote(`${text}\n${line.repeat(16)}`)?.signatures).toHaveLength(16)
    expect(parseNote(`${text}\n${line.repeat(33)}`)).toBeUndefined()
  })
})

describe('hostile notes', () => {
  const line = signatureLine(createNoteSigner('a.example', generateSigningKey()), 'x\n')

  it.each([
    ['empty', ''],
    ['no separator', `x\n${line}`],
    ['no signature', 'x\n\n'],
    ['no final newline', `x\n\n${line.slice(0, -1)}`],
    ['a control character', `x\t\n\n${line}`],
    ['a carriage return', `x\r\n\n${line}`],
    ['a lone surrogate', `\ud800\n\n${line}`],
    ['a hyphen for the dash', `x\n\n-${line.slice(1)}`],
    ['two spaces', `x\n\n${line.replace('a.example ', 'a.example  ')}`],
    ['a plus in the name', `x\n\n${line.replace('a.example', 'a+example')}`],
    ['no name', `x\n\n${line.replace('a.example', '')}`],
    ['base64 that is not canonical', `x\n\n${line.replace(/.{4}\n$/, 'AB==\n')}`],
    ['a key ID without a signature', 'x\n\n— a.example AAAAAA==\n'],
    ['an oversized text', `${'x'.repeat(70_000)}\n\n${line}`],
  ])('refuses %s', (_name, note) => {
    expect(parseNote(note)).toBeUndefined()
  })

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (garbage) => {
        parseNote(garbage)
        parseNote(`${garbage}\n\n${line}${garbage}`)
        return parseVerifierKey(garbage) === undefined && typeof isKeyName(garbage) === 'boolean'
      }),
    )
  })

  it('refuses to sign what could not be read back', () => {
    expect(() => signNote('no newline', [])).toThrow(TypeError)
    expect(() => signNote('a\tb\n', [])).toThrow(TypeError)
    expect(() => createNoteSigner('with space', generateSigningKey())).toThrow(/key name/)
  })
})
