import { describe, expect, it } from 'vitest'
import { ManualClock } from '../foundation/index.ts'
import { AuditLog } from './audit-log.ts'
import { MemoryLogStore } from './log-store.ts'
import { createNoteSigner, createNoteVerifier, verifierKeyOf } from './note-key.ts'
import { generateSigningKey } from './signing-key-file.ts'
import {
  considerCheckpoint,
  encodeAddCheckpoint,
  newWitnessedLog,
  parseAddCheckpoint,
  type WitnessedLog,
} from './witness.ts'

const ORIGIN = 'leadglass/box-1/audit'
const key = generateSigningKey()
const signer = createNoteSigner(ORIGIN, key)
const keys = [createNoteVerifier(verifierKeyOf(ORIGIN, key))]

function logOf(count: number, salt = ''): AuditLog {
  const log = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: new ManualClock(0) })
  for (let i = 0; i < count; i++) log.appendLeaf(Buffer.from(`${salt}${i}`))
  return log
}

const known = (log: WitnessedLog) => (origin: string) => (origin === log.origin ? log : undefined)
const at = (log: AuditLog): WitnessedLog => ({ origin: ORIGIN, keys, size: log.size, root: log.root() })

describe('add-checkpoint', () => {
  it('200: a first checkpoint, the same again, and a longer log', () => {
    const log = logOf(9)
    const first = { oldSize: 0, proof: [], checkpointNote: log.checkpoint(signer) }
    expect(considerCheckpoint(known(newWitnessedLog(ORIGIN, keys)), first)).toMatchObject({ status: 200 })
    const again = { oldSize: 9, proof: [], checkpointNote: log.checkpoint(signer) }
    expect(considerCheckpoint(known(at(log)), again)).toMatchObject({ status: 200, checkpoint: { size: 9 } })
    const longer = logOf(20)
    const grown = { oldSize: 9, proof: longer.consistencyProof(9), checkpointNote: longer.checkpoint(signer) }
    expect(considerCheckpoint(known(at(log)), grown)).toMatchObject({ status: 200, checkpoint: { size: 20 } })
  })

  it('400: an old size beyond the checkpoint, or no checkpoint at all', () => {
    const log = logOf(3)
    const request = { oldSize: 4, proof: [], checkpointNote: log.checkpoint(signer) }
    expect(considerCheckpoint(known(at(log)), request)).toEqual({ status: 400 })
    expect(considerCheckpoint(known(at(log)), { ...request, checkpointNote: 'x' })).toEqual({ status: 400 })
  })

  it('403: a signature of another key', () => {
    const stranger = createNoteSigner(ORIGIN, generateSigningKey())
    const request = { oldSize: 0, proof: [], checkpointNote: logOf(3).checkpoint(stranger) }
    expect(considerCheckpoint(known(newWitnessedLog(ORIGIN, keys)), request)).toEqual({ status: 403 })
  })

  it('404: an unknown log', () => {
    const request = { oldSize: 0, proof: [], checkpointNote: logOf(3).checkpoint(signer) }
    expect(considerCheckpoint(() => undefined, request)).toEqual({ status: 404 })
  })

  it('409: another old size than the one known, and a fork at the same size', () => {
    const log = logOf(9)
    const stale = { oldSize: 0, proof: [], checkpointNote: log.checkpoint(signer) }
    expect(considerCheckpoint(known(at(log)), stale)).toEqual({ status: 409, knownSize: 9 })
    const fork = { oldSize: 9, proof: [], checkpointNote: logOf(9, 'clone').checkpoint(signer) }
    expect(considerCheckpoint(known(at(log)), fork)).toEqual({ status: 409, knownSize: 9 })
  })

  it('422: a cloned disk that went its own way, and a proof for an empty beginning', () => {
    const log = logOf(9)
    const clone = logOf(20, 'clone')
    const fork = { oldSize: 9, proof: clone.consistencyProof(9), checkpointNote: clone.checkpoint(signer) }
    expect(considerCheckpoint(known(at(log)), fork)).toEqual({ status: 422 })
    const proof = { oldSize: 0, proof: [log.root()], checkpointNote: log.checkpoint(signer) }
    expect(considerCheckpoint(known(newWitnessedLog(ORIGIN, keys)), proof)).toEqual({ status: 422 })
  })
})

describe('the body of add-checkpoint', () => {
  it('survives a round trip', () => {
    const log = logOf(20)
    const request = { oldSize: 9, proof: log.consistencyProof(9), checkpointNote: log.checkpoint(signer) }
    expect(parseAddCheckpoint(encodeAddCheckpoint(request))).toEqual(request)
  })

  it.each([
    ['no old size', 'size 1\n\nx'],
    ['a leading zero', 'old 01\n\nx'],
    ['a hash of another length', 'old 1\nAAAA\n\nx'],
    ['too many hashes', `old 1\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}\nx`],
    ['no separator', 'old 1\n'],
  ])('is refused with %s', (_name, body) => {
    expect(parseAddCheckpoint(body)).toBeUndefined()
  })
})
