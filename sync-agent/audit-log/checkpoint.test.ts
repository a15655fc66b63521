import { describe, expect, it } from 'vitest'
import { checkpointText, openCheckpoint, parseCheckpointText, signCheckpoint } from './checkpoint.ts'
import { cosignatureTime, createCosignatureVerifier, createCosigner } from './cosignature.ts'
import { EMPTY_ROOT } from './merkle-hash.ts'
import { openNote, signatureLine } from './note.ts'
import { createNoteSigner, createNoteVerifier, SIGNATURE_TYPE, verifierKeyOf } from './note-key.ts'
import { generateSigningKey } from './signing-key-file.ts'

const ORIGIN = 'leadglass/box-1/audit'
const key = generateSigningKey()
const signer = createNoteSigner(ORIGIN, key)
const verifier = createNoteVerifier(verifierKeyOf(ORIGIN, key))
const checkpoint = { origin: ORIGIN, size: 0, root: EMPTY_ROOT }

describe('checkpoints', () => {
  it('have the three lines of tlog-checkpoint', () => {
    expect(checkpointText({ ...checkpoint, size: 12 })).toBe(
      `${ORIGIN}\n12\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`,
    )
  })

  it('survive a round trip', () => {
    const opened = openCheckpoint(signCheckpoint(checkpoint, [signer]), [verifier])
    expect(opened).toMatchObject({ kind: 'verified', checkpoint: { origin: ORIGIN, size: 0 } })
  })

  it('reads the published example of the specification', () => {
    expect(
      parseCheckpointText('example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'),
    ).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 })
  })

  it.each([
    ['a leading zero', `${ORIGIN}\n012\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`],
    ['a sign', `${ORIGIN}\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`],
    ['a size beyond 2^53', `${ORIGIN}\n9007199254740993\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`],
    ['a short root', `${ORIGIN}\n1\nAAAA\n`],
    ['an extension line', `${ORIGIN}\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n`],
    ['no origin', '\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'],
    ['no end', `${ORIGIN}\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`],
  ])('refuse %s', (_name, text) => {
    expect(parseCheckpointText(text)).toBeUndefined()
  })

  it("refuses a log's key under the origin of another log", () => {
    const foreign = signCheckpoint({ ...checkpoint, origin: 'leadglass/box-2/audit' }, [signer])
    expect(openCheckpoint(foreign, [verifier])).toEqual({ kind: 'refused', reason: 'unknown-origin' })
  })
})

describe('cosignatures', () => {
  const witness = generateSigningKey()
  const witnessVerifier = createCosignatureVerifier(
    verifierKeyOf('leadglass/hub/witness', witness, SIGNATURE_TYPE.cosignature),
  )
  const text = checkpointText(checkpoint)
  const note = signCheckpoint(checkpoint, [signer])

  it('stand beside the signature of the log and keep their time', () => {
    const cosigned = note + signatureLine(createCosigner('leadglass/hub/witness', witness, 1_679_315_147.9), text)
    const opened = openNote(cosigned, [witnessVerifier])
    expect(opened.kind).toBe('verified')
    if (opened.kind !== 'verified') return
    expect(opened.by.map(cosignatureTime)).toEqual([1_679_315_147])
    expect(openCheckpoint(cosigned, [verifier]).kind).toBe('verified')
  })

  it('do not verify with another time or over another text', () => {
    const line = createCosigner('leadglass/hub/witness', witness, 100).sign(text)
    const changed = Buffer.from(line)
    changed.writeBigUInt64BE(101n)
    expect(witnessVerifier.verify(text, line)).toBe(true)
    expect(witnessVerifier.verify(text, changed)).toBe(false)
    expect(witnessVerifier.verify(checkpointText({ ...checkpoint, size: 1 }), line)).toBe(false)
    expect(witnessVerifier.verify(text, line.subarray(1))).toBe(false)
  })

  it('cannot be passed off as plain signatures of the same key', () => {
    const plain = createNoteVerifier(verifierKeyOf('leadglass/hub/witness', witness))
    const cosigned = note + signatureLine(createCosigner('leadglass/hub/witness', witness, 100), text)
    expect(openNote(cosigned, [plain])).toEqual({ kind: 'refused', reason: 'no-known-signature' })
  })
})
