import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { vocabularyCode } from '../contract/index.ts'
import { ManualClock } from '../foundation/index.ts'
import { AuditLog } from './audit-log.ts'
import { checkpointText, readCheckpoint } from './checkpoint.ts'
import { createCosignatureVerifier, createCosigner } from './cosignature.ts'
import { AUDIT_SUBJECTS, type AuditEventInput, decodeEvent, encodeEvent } from './event.ts'
import { AUDIT_EVENT_CODES } from './events.ts'
import { MemoryLogStore } from './log-store.ts'
import { signatureLine } from './note.ts'
import { createNoteSigner, createNoteVerifier, SIGNATURE_TYPE, verifierKeyOf } from './note-key.ts'
import { verifyEntry } from './proof-file.ts'
import { decodeSigningKey, encodeSigningKey, generateSigningKey } from './signing-key-file.ts'
import { type IndexedLeaf, verifyLog } from './verify-log.ts'

const ORIGIN = 'leadglass/box-1/audit'
const key = generateSigningKey()
const signer = createNoteSigner(ORIGIN, key)
const trustedKeys = [createNoteVerifier(verifierKeyOf(ORIGIN, key))]
const witnessKey = generateSigningKey()
const witnessVerifier = createCosignatureVerifier(
  verifierKeyOf('leadglass/hub/witness', witnessKey, SIGNATURE_TYPE.cosignature),
)

const STUDY_SCORED: AuditEventInput = {
  event: 'study.scored',
  actor: { kind: 'system', id: 'appliance' },
  subject: { kind: 'study', id: '0123456789abcdef0123456789abcdef' },
  outcome: 'success',
  codes: ['model.chest-radiograph'],
}

function filledLog(count: number): AuditLog {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 14))
  const log = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock })
  for (let i = 0; i < count; i++) {
    log.append(STUDY_SCORED)
    clock.advance(1000)
  }
  return log
}

function exported(log: AuditLog): IndexedLeaf[] {
  return [...log.leaves()].map((leaf, index) => ({ index, leaf }))
}

function cosign(note: string): string {
  const checkpoint = readCheckpoint(note)
  if (checkpoint === undefined) throw new Error('not a checkpoint')
  return note + signatureLine(createCosigner('leadglass/hub/witness', witnessKey, 100), checkpointText(checkpoint))
}

describe('audit events', () => {
  it('are canonical JSON with the time to the second', () => {
    const leaf = encodeEvent(STUDY_SCORED, Date.UTC(2026, 10, 22, 14, 0, 0, 999))
    expect(Buffer.from(leaf).toString()).toBe(
      '{"actor":{"id":"appliance","kind":"system"},"at":"2026-11-22T14:00:00Z","codes":["model.chest-radiograph"],' +
        '"event":"study.scored","outcome":"success","schema":"leadglass.audit-event/1",' +
        '"subject":{"id":"0123456789abcdef0123456789abcdef","kind":"study"}}',
    )
    expect(decodeEvent(leaf)?.event).toBe('study.scored')
  })

  it.each([
    ['a study by its UID', { ...STUDY_SCORED, subject: { kind: 'study', id: '1.2.840.113619.2.55.3' } }],
    ['an instance by its UID', { ...STUDY_SCORED, subject: { kind: 'instance', id: '1.2.840.113619.2.55.3' } }],
    ['free text as a code', { ...STUDY_SCORED, codes: ['Patient fell'] }],
    ['a name as an actor', { ...STUDY_SCORED, actor: { kind: 'person', id: 'Doe^Jane' } }],
  ] as const)('have no place for %s', (_name, event) => {
    expect(() => encodeEvent(event, 0)).toThrow()
  })

  it('are read from newer programs whose words this one does not know', () => {
    const leaf = Buffer.from(
      Buffer.from(encodeEvent(STUDY_SCORED, 0)).toString().replace('study.scored', 'study.dreamed-of'),
    )
    expect(decodeEvent(leaf)?.event).toBe('study.dreamed-of')
    expect(decodeEvent(Buffer.from('{"a": 1}'))).toBeUndefined()
    expect(decodeEvent(Buffer.concat([leaf, Buffer.from(' ')]))).toBeUndefined()
  })

  it('use words and subjects that the contract can carry', () => {
    for (const code of AUDIT_EVENT_CODES) expect(vocabularyCode.safeParse(code).success, code).toBe(true)
    for (const [kind, schema] of Object.entries(AUDIT_SUBJECTS)) {
      expect(schema.safeParse('1.2.840.10008').success, kind).toBe(false)
      expect(schema.safeParse('19670312').success, kind).toBe(false)
    }
  })
})

describe('verifying a whole log', () => {
  const log = filledLog(50)
  const checkpointNote = log.checkpoint(signer)

  it('accepts what was signed, and counts what came after', () => {
    expect(verifyLog({ leaves: exported(log), checkpointNote, trustedKeys })).toMatchObject({
      kind: 'verified',
      origin: ORIGIN,
      size: 50,
      unsigned: 0,
    })
    const longer = filledLog(53)
    expect(verifyLog({ leaves: exported(longer), checkpointNote, trustedKeys })).toMatchObject({ unsigned: 3 })
  })

  it('refuses any changed bit and says from where on', () => {
    const earlierCheckpoints = [10, 20, 30].map((size) => filledLog(size).checkpoint(signer))
    fc.assert(
      fc.property(fc.nat({ max: 49 }), fc.nat(), (at, bit) => {
        const leaves = exported(log).map(({ index, leaf }) => {
          const copy = Buffer.from(leaf)
          const byte = bit % copy.length
          if (index === at) copy.writeUInt8(copy.readUInt8(byte) ^ 1, byte)
          return { index, leaf: copy }
        })
        const verdict = verifyLog({ leaves, checkpointNote, earlierCheckpoints, trustedKeys })
        expect(verdict).toEqual({
          kind: 'refused',
          reason: 'root-mismatch',
          index: Math.min(30, Math.floor(at / 10) * 10),
        })
      }),
    )
  })

  it('refuses a removed, swapped, inserted or cut off leaf', () => {
    const leaves = exported(log)
    const without = leaves.filter(({ index }) => index !== 7)
    expect(verifyLog({ leaves: without, checkpointNote, trustedKeys })).toEqual({
      kind: 'refused',
      reason: 'gap',
      index: 7,
    })
    const renumbered = without.map(({ leaf }, index) => ({ index, leaf }))
    expect(verifyLog({ leaves: renumbered, checkpointNote, trustedKeys })).toMatchObject({
      reason: 'truncated',
      index: 49,
    })
    const inserted = [...leaves.slice(0, 3), ...leaves.slice(2)].map(({ leaf }, index) => ({ index, leaf }))
    expect(verifyLog({ leaves: inserted, checkpointNote, trustedKeys })).toMatchObject({ reason: 'root-mismatch' })
    expect(verifyLog({ leaves: leaves.slice(0, 44), checkpointNote, trustedKeys })).toEqual({
      kind: 'refused',
      reason: 'truncated',
      index: 44,
    })
    expect(verifyLog({ leaves: [], checkpointNote, trustedKeys })).toMatchObject({ reason: 'truncated', index: 0 })
  })

  it('refuses an unknown log, a foreign signature and a missing cosignature', () => {
    const leaves = exported(log)
    expect(verifyLog({ leaves, checkpointNote, trustedKeys: [] })).toMatchObject({ reason: 'unknown-origin' })
    const forged = log.checkpoint(createNoteSigner(ORIGIN, generateSigningKey()))
    expect(verifyLog({ leaves, checkpointNote: forged, trustedKeys })).toMatchObject({ reason: 'bad-signature' })
    const witnessed = { cosignatureKeys: [witnessVerifier], requiredCosignatures: 1 }
    expect(verifyLog({ leaves, checkpointNote, trustedKeys, ...witnessed })).toMatchObject({ reason: 'not-cosigned' })
    const cosigned = verifyLog({ leaves, checkpointNote: cosign(checkpointNote), trustedKeys, ...witnessed })
    expect(cosigned).toMatchObject({ kind: 'verified', cosignedBy: [{ name: 'leadglass/hub/witness' }] })
    expect(verifyLog({ leaves, checkpointNote: 'garbage', trustedKeys })).toMatchObject({ reason: 'malformed' })
  })

  it('counts no cosignature of whoever keeps the log itself', () => {
    const name = 'leadglass/box-1/witness'
    const own = generateSigningKey()
    const line = signatureLine(createCosigner(name, own, 1_700_000_000), checkpointText(log.head()))
    const cosignatureKeys = [createCosignatureVerifier(verifierKeyOf(name, own, SIGNATURE_TYPE.cosignature))]
    const request = { leaves: exported(log), checkpointNote: `${checkpointNote}${line}`, trustedKeys, cosignatureKeys }
    expect(verifyLog({ ...request, requiredCosignatures: 1 })).toMatchObject({ reason: 'not-cosigned' })
    expect(verifyLog(request)).toMatchObject({ kind: 'verified', cosignedBy: [] })
  })
})

describe('verifying one entry offline', () => {
  const log = filledLog(37)
  const note = cosign(log.checkpoint(signer))

  it('accepts every entry under a cosigned checkpoint', () => {
    for (let index = 0; index < 37; index++) {
      const verdict = verifyEntry(log.proofFile(index, note), {
        trustedKeys,
        cosignatureKeys: [witnessVerifier],
        requiredCosignatures: 1,
      })
      expect(verdict).toMatchObject({ kind: 'verified', index, checkpoint: { size: 37 } })
    }
  })

  it('has the form of tlog-proof', () => {
    const lines = log.proofFile(5, note).split('\n')
    expect(lines[0]).toBe('c2sp.org/tlog-proof@v1')
    expect(lines[1]).toMatch(/^extra /)
    expect(lines[2]).toBe('index 5')
    expect(lines.slice(3, 9).every((line) => Buffer.from(line, 'base64').length === 32)).toBe(true)
    expect(lines.slice(9, 11)).toEqual(['', ORIGIN])
  })

  it('refuses every changed character', () => {
    const text = log.proofFile(5, note)
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), fc.constantFrom('A', 'b', '7', '\n', ' '), (at, other) => {
        fc.pre(text.charAt(at) !== other)
        const changed = text.slice(0, at) + other + text.slice(at + 1)
        const trust = { trustedKeys, cosignatureKeys: [witnessVerifier], requiredCosignatures: 1 }
        return verifyEntry(changed, trust).kind === 'refused'
      }),
      { numRuns: 500 },
    )
  })

  it('judges the bytes that the caller has, not those in the file', () => {
    const verdict = verifyEntry(log.proofFile(5, note), { trustedKeys, leaf: Buffer.from('another') })
    expect(verdict).toEqual({ kind: 'refused', reason: 'not-included' })
    expect(() => log.proofFile(5, 'garbage')).toThrow(RangeError)
  })
})

describe('signing keys', () => {
  it('open with their passphrase and with no other', () => {
    const pem = encodeSigningKey(key, 'correct horse battery staple')
    expect(pem).toContain('ENCRYPTED PRIVATE KEY')
    expect(decodeSigningKey(pem, 'correct horse battery staple').equals(key)).toBe(true)
    expect(() => decodeSigningKey(pem, 'wrong')).toThrow(expect.objectContaining({ code: 'signing-key-unreadable' }))
    expect(() => decodeSigningKey(pem)).toThrow(expect.objectContaining({ code: 'signing-key-unreadable' }))
    expect(decodeSigningKey(encodeSigningKey(key)).equals(key)).toBe(true)
  })
})
