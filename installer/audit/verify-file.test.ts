import { generateKeyPairSync } from 'node:crypto'
import {
  AuditLog,
  createNoteSigner,
  createNoteVerifier,
  MemoryLogStore,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import type { LogExport } from '@leadglass/ui/contract/hub-api'
import { describe, expect, it } from 'vitest'
import { proveEntry } from './prove-entry.ts'
import { verifyAuditFile } from './verify-file.ts'

const ORIGIN = 'leadglass/box-test/audit'
const { privateKey } = generateKeyPairSync('ed25519')
const keys = { logs: [createNoteVerifier(verifierKeyOf(ORIGIN, privateKey))], witnesses: [] }

function exportedLog(events: number): LogExport {
  const log = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: new ManualClock(1_700_000_000_000) })
  for (let index = 0; index < events; index++) {
    log.append({
      event: 'process.started',
      actor: { kind: 'system', id: 'process' },
      subject: null,
      outcome: 'success',
      codes: [],
    })
  }
  const { origin, size, root } = log.head()
  return {
    schema: 'leadglass.log-export/1',
    checkpoint: {
      origin,
      size,
      root: Buffer.from(root).toString('hex'),
      note: log.checkpoint(createNoteSigner(ORIGIN, privateKey)),
      cosigned: null,
    },
    leaves: [...log.leaves()].map((leaf) => Buffer.from(leaf).toString('base64')),
  }
}

const verify = (text: string) => verifyAuditFile(text, keys, 0)

describe('verifying a log offline', () => {
  it('accepts a whole log and any single entry of it', () => {
    const exported = exportedLog(13)
    expect(verify(JSON.stringify(exported))).toMatchObject({ verdict: 'verified', what: 'log', size: 13 })
    for (const index of [0, 7, 12]) {
      expect(verify(proveEntry(exported, index))).toMatchObject({
        verdict: 'verified',
        what: 'entry',
        entry: { index },
      })
    }
  })

  it('refuses a changed entry, a missing entry, a cut end, and a log of another key', () => {
    const exported = exportedLog(9)
    const changed = { ...exported, leaves: exported.leaves.with(4, Buffer.from('{}').toString('base64')) }
    expect(verify(JSON.stringify(changed))).toMatchObject({ verdict: 'refused', reason: 'root-mismatch' })
    expect(verify(JSON.stringify({ ...exported, leaves: exported.leaves.toSpliced(3, 1) }))).toMatchObject({
      verdict: 'refused',
    })
    expect(verify(JSON.stringify({ ...exported, leaves: exported.leaves.slice(0, 8) }))).toMatchObject({
      verdict: 'refused',
      reason: 'truncated',
      index: 8,
    })
    const other = {
      logs: [createNoteVerifier(verifierKeyOf(ORIGIN, generateKeyPairSync('ed25519').privateKey))],
      witnesses: [],
    }
    expect(verifyAuditFile(JSON.stringify(exported), other, 0)).toMatchObject({ verdict: 'refused' })
  })

  it('refuses what is no log at all, and a log without the witnesses that were asked for', () => {
    expect(verify('hello')).toMatchObject({ verdict: 'refused', reason: 'malformed' })
    expect(verifyAuditFile(JSON.stringify(exportedLog(3)), keys, 1)).toMatchObject({
      verdict: 'refused',
      reason: 'not-cosigned',
    })
  })

  it('finds an entry dated back in the log of the hub, though the hub’s own key signs the whole of it', () => {
    const origin = 'leadglass/hub/audit'
    const clock = new ManualClock(1_700_000_000_000)
    const log = new AuditLog({ origin, store: new MemoryLogStore(), clock })
    const sign = (proposal: string): void => {
      const subject = { kind: 'approval', id: proposal } as const
      const actor = { kind: 'person', id: 'clinical-approver' } as const
      log.append({ event: 'approval.signed', actor, subject, outcome: 'success' })
    }
    sign('0123456789abcdef0123456789abcdef')
    clock.advance(3_600_000)
    sign('1123456789abcdef0123456789abcdef')
    clock.advance(-1_800_000)
    sign('2123456789abcdef0123456789abcdef')
    const { size, root } = log.head()
    const note = log.checkpoint(createNoteSigner(origin, privateKey))
    const exported: LogExport = {
      schema: 'leadglass.log-export/1',
      checkpoint: { origin, size, root: Buffer.from(root).toString('hex'), note, cosigned: null },
      leaves: [...log.leaves()].map((leaf) => Buffer.from(leaf).toString('base64')),
    }
    const trusted = { logs: [createNoteVerifier(verifierKeyOf(origin, privateKey))], witnesses: [] }
    expect(verifyAuditFile(JSON.stringify(exported), trusted, 0)).toMatchObject({
      verdict: 'verified',
      findings: [{ index: 2, code: 'time-went-back' }],
    })
  })

  it('refuses a proof whose entry was exchanged', () => {
    const exported = exportedLog(5)
    const proof = proveEntry(exported, 2).replace(/^extra .*$/m, `extra ${Buffer.from('{"a":1}').toString('base64')}`)
    expect(verify(proof)).toMatchObject({ verdict: 'refused', reason: 'not-included' })
  })
})
