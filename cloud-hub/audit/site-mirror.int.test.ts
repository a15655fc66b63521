import { generateKeyPairSync } from 'node:crypto'
import {
  AuditLog,
  createCosignatureVerifier,
  createNoteSigner,
  createNoteVerifier,
  encodeVerifierKey,
  MemoryLogStore,
  type NoteSigner,
  openNote,
  parseVerifierKey,
  verifierKeyOf,
  verifyEntry,
} from '@leadglass/sync-agent/audit-log'
import { type Envelope, type EnvelopeBody, envelope, type StudyPseudonym } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { epochRoots } from '../ingest/epoch-roots.ts'
import type { BatchResult } from '../ingest/inbox-store.ts'
import { parsePayload } from '../ingest/payload.ts'
import { device, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { siteLogOrigin } from './log-names.ts'

const BOX = device('box-01')
const ORIGIN = siteLogOrigin(BOX)

describe('the mirror of a site’s log', () => {
  let core: HubCore
  let site: AuditLog
  let signer: NoteSigner
  let sequence: number

  beforeEach(async () => {
    core = await createHubCore()
    const { privateKey } = generateKeyPairSync('ed25519')
    site = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: core.clock })
    signer = createNoteSigner(ORIGIN, privateKey)
    await core.enrolment.enrol(BOX)
    core.enrolment.pinAuditLogKey(BOX, encodeVerifierKey(verifierKeyOf(ORIGIN, privateKey)))
    sequence = 1
  })
  afterEach(() => core.close())

  const record = (log: AuditLog, study: string): EnvelopeBody => {
    const { index, leaf } = log.append({
      event: 'study.scored',
      actor: { kind: 'system', id: 'scoring' },
      subject: { kind: 'study', id: pseudonym<StudyPseudonym>(study) },
      outcome: 'success',
    })
    return { kind: 'audit-leaf', index, leaf: Buffer.from(leaf).toString('base64') }
  }
  const checkpoint = (log: AuditLog, by = signer): EnvelopeBody => ({
    kind: 'audit-checkpoint',
    note: log.checkpoint(by),
  })
  const commit = async (bodies: readonly EnvelopeBody[]): Promise<Extract<BatchResult, { outcome: 'committed' }>> => {
    const envelopes: Envelope[] = sealAll(BOX, bodies, sequence).map((one) => envelope.parse(one))
    const [result] = core.inbox.commit([await parsePayload(BOX, payloadOf(envelopes))])
    if (result?.outcome !== 'committed') throw new Error('the batch was turned away')
    sequence += result.accepted
    return result
  }

  it('recomputes the tree, cosigns the checkpoint, and can prove any entry', async () => {
    const leaves = Array.from({ length: 20 }, (_, i) => record(site, `study ${i}`))
    const { acknowledgement } = await commit([...leaves, checkpoint(site)])
    expect(acknowledgement.refused).toEqual([])
    const cosigned = acknowledgement.cosigned ?? ''
    const witness = parseVerifierKey(core.mirror.witnessVerifierKey())
    if (witness === undefined) throw new Error('the witness key cannot be read')
    expect(openNote(cosigned, [createCosignatureVerifier(witness)]).kind).toBe('verified')
    const mirror = core.mirror.mirror(BOX)
    expect(mirror.root()).toEqual(site.root())
    const key = parseVerifierKey(
      (core.database.prepare('SELECT audit_log_key AS k FROM device').get() as { k: string }).k,
    )
    if (key === undefined) throw new Error('the pinned key cannot be read')
    const verdict = verifyEntry(mirror.proofFile(7, cosigned), {
      trustedKeys: [createNoteVerifier(key)],
      cosignatureKeys: [createCosignatureVerifier(witness)],
      requiredCosignatures: 1,
    })
    expect(verdict.kind).toBe('verified')
    expect(epochRoots(core.database).damaged).toEqual([])
  })

  it('refuses a checkpoint of a log that was rewritten, raises the alarm, and cosigns nothing', async () => {
    await commit([record(site, 'a'), record(site, 'b'), checkpoint(site)])
    const forked = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: core.clock })
    const rewritten = [record(forked, 'a'), record(forked, 'changed'), record(forked, 'c')]
    const { acknowledgement } = await commit([rewritten[2] as EnvelopeBody, checkpoint(forked)])
    expect(acknowledgement.refused.map((one) => one.code)).toEqual(['audit-inconsistent'])
    const last = [...core.audit.log.leaves(core.audit.log.size - 2)]
    expect(Buffer.concat(last).toString()).toContain('log.inconsistent')
  })

  it('refuses a changed, a skipped and a doubled leaf', async () => {
    const [first, second] = [record(site, 'a'), record(site, 'b')]
    if (first.kind !== 'audit-leaf' || second.kind !== 'audit-leaf') throw new Error('two leaves')
    await commit([first])
    expect((await commit([{ ...second, index: 0 }])).acknowledgement.refused).toHaveLength(1)
    expect((await commit([{ ...second, index: 2 }])).acknowledgement.refused).toHaveLength(1)
    expect((await commit([second])).acknowledgement.refused).toEqual([])
    expect(core.mirror.mirror(BOX).size).toBe(2)
    // The same leaf again, under a new number, as after a restored outbox: nothing new, and nothing wrong.
    expect((await commit([first])).acknowledgement.refused).toEqual([])
    expect(core.mirror.mirror(BOX).size).toBe(2)
  })

  it('refuses a checkpoint of another key, of another log, of leaves it has not seen, and one that goes back', async () => {
    const stranger = createNoteSigner(ORIGIN, generateKeyPairSync('ed25519').privateKey)
    await commit([record(site, 'a'), record(site, 'b')])
    expect((await commit([checkpoint(site, stranger)])).acknowledgement.refused).toHaveLength(1)
    const early = checkpoint(site)
    record(site, 'c')
    expect((await commit([checkpoint(site)])).acknowledgement.refused).toHaveLength(1)
    const other = new AuditLog({ origin: 'leadglass/box-02/audit', store: new MemoryLogStore(), clock: core.clock })
    expect((await commit([checkpoint(other)])).acknowledgement.refused).toHaveLength(1)
    expect((await commit([early])).acknowledgement.refused).toEqual([])
    const shorter = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: core.clock })
    record(shorter, 'a')
    expect((await commit([checkpoint(shorter)])).acknowledgement.refused).toHaveLength(1)
  })

  it('takes nothing back of a batch that is refused in part', async () => {
    const unsigned = `${ORIGIN}\n1\n${Buffer.alloc(32).toString('base64')}\n\n\u2014 ${ORIGIN} AAAAAAAAAAAA\n`
    const result = await commit([record(site, 'a'), { kind: 'audit-checkpoint', note: unsigned }])
    expect(result.accepted).toBe(1)
    expect(result.acknowledgement.watermarks).toEqual([{ epoch: 1, stream: 'audit', sequence: 1 }])
  })
})
