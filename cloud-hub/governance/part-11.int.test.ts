import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNoteVerifier, verifierKeyOf, verifyEntry } from '@leadglass/sync-agent/audit-log'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { approvalPaper } from '../api/views/approval-paper.ts'
import { timelineOf } from '../api/views/approval-timeline.ts'
import { approvalView, documentView, signaturesView } from '../api/views/approval-view.ts'
import { HUB_LOG_ORIGIN } from '../audit/log-names.ts'
import { deliver, verified } from '../delivery/testing/hub-fixture.ts'
import { generateSigningKey } from './sealed-key.ts'
import { electronicSignature } from './signing.ts'
import { signatureCommitment } from './signing-desk.ts'
import { createSigningRig, PASSWORD, type SigningRig, signedByStranger } from './testing/signing-rig.ts'

const CLINICAL = 'clinical-approver'
const TECHNICAL = 'technical-approver'

let folder = ''
let rig: SigningRig

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-part-11-'))
  rig = await createSigningRig(folder)
})
afterEach(async () => {
  rig.hub.database.close()
  await rm(folder, { recursive: true, force: true })
})

const prepared = async (id: string, person: string) => {
  const found = await rig.begin(id, person)
  if (found.kind !== 'prepared') throw new Error(found.reason)
  return found
}

describe('21 CFR 11.50, signature manifestations', () => {
  it('11.50(a) the signed record contains printed name, date and time, and meaning', async () => {
    const id = await rig.submitted()
    const { payload } = await prepared(id, CLINICAL)
    const { predicate } = electronicSignature.parse(JSON.parse(Buffer.from(payload).toString()))
    expect(predicate).toMatchObject({ printedName: 'Clinical Approver', meaning: 'approval' })
    // The time is the hub's: nothing that the signer sends enters it.
    expect(predicate.signedAt).toBe(toIsoInstant(rig.hub.clock.now()))
  })

  it('11.50(b) every readable form shows the three items', async () => {
    const id = await rig.submitted()
    await rig.sign(id, CLINICAL)
    const proposal = rig.hub.governance.proposal(id)
    if (proposal?.signedBytes == null || proposal.version === null) throw new Error('not submitted')
    const summary = approvalView(proposal, rig.hub.service.stateOf(proposal))
    if (summary === undefined) throw new Error('not shown')
    const steps = timelineOf(proposal, [])
    const document = documentView(proposal, proposal.signedBytes, proposal.version, summary.submittedAt)
    const signatures = signaturesView(proposal).map((shown) => ({
      shown,
      signature: '',
      envelope: {},
      publicKey: '',
      log: null,
    }))
    const paper = approvalPaper({ schema: 'leadglass.approval-record/1', summary, document, signatures, steps })
    for (const form of [JSON.stringify(summary), JSON.stringify(paper)]) {
      for (const item of ['Clinical Approver', 'approval', toIsoInstant(rig.hub.clock.now())])
        expect(form).toContain(item)
    }
    expect(JSON.stringify(steps)).toContain('Signed by Clinical Approver, clinical; meaning: approval.')
  })
})

describe('21 CFR 11.70, signature and record linking', () => {
  it('11.70 a signature cannot be copied onto another record', async () => {
    const first = await rig.submitted()
    const second = await rig.submitted(undefined, '1.0.1')
    const act = await prepared(first, CLINICAL)
    const signed = await rig.signed(CLINICAL, act)
    const other = await prepared(second, CLINICAL)
    expect(await rig.finish(CLINICAL, other.act, signed)).toEqual({ kind: 'refused', reason: 'other-statement' })
    const lifted = { ...signed, envelope: (await rig.signed(CLINICAL, other)).envelope }
    expect(await rig.finish(CLINICAL, other.act, lifted)).toEqual({ kind: 'refused', reason: 'signature-invalid' })
    expect(rig.hub.governance.proposal(second)?.signatures).toEqual([])
  })

  it('11.70 the log commits to both signatures, with an inclusion proof that verifies offline', async () => {
    const id = await rig.submitted()
    await rig.sign(id, CLINICAL)
    const leaf = rig.desk.leafOf(id, CLINICAL)
    const [signature] = rig.hub.governance.proposal(id)?.signatures ?? []
    if (leaf === undefined || signature === undefined) throw new Error('not signed')
    const bytes = rig.audit.log.leaf(leaf)
    expect(Buffer.from(bytes ?? []).toString()).toContain(signatureCommitment(signature))
    const verifier = createNoteVerifier(verifierKeyOf(HUB_LOG_ORIGIN, rig.logKey))
    const proof = rig.audit.log.proofFile(leaf, rig.audit.checkpoint())
    expect(verifyEntry(proof, { trustedKeys: [verifier] }).kind).toBe('verified')
  })

  it('11.70 one act is good for one signature', async () => {
    const id = await rig.submitted()
    const act = await prepared(id, CLINICAL)
    const signed = await rig.signed(CLINICAL, act)
    expect((await rig.finish(CLINICAL, act.act, signed)).kind).toBe('done')
    expect(await rig.finish(CLINICAL, act.act, signed)).toEqual({ kind: 'refused', reason: 'act-used' })
  })
})

describe('21 CFR 11.100, general requirements', () => {
  it('11.100(a) a signature is unique to one individual and never reassigned', async () => {
    const id = await rig.submitted()
    const strange = rig.keys.all().find((key) => key.person === TECHNICAL)
    expect(await rig.begin(id, CLINICAL, { keyid: strange?.keyid ?? '' })).toEqual({
      kind: 'refused',
      reason: 'key-not-yours',
    })
    const taken = {
      person: CLINICAL,
      role: 'clinical',
      printedName: 'x',
      publicKey: strange?.publicKey ?? '',
      kind: 'file',
    } as const
    expect(rig.keys.enrol(taken)).toEqual({ kind: 'refused', reason: 'key-known' })
    expect(() => rig.hub.database.exec(`UPDATE signing_key SET person = '${CLINICAL}'`)).toThrow(/never changes/)
    expect(await rig.accounts.add(CLINICAL, 'mlops', 'another password')).toBe(false)
  })

  it('11.100(b) identity is verified by another person before a key counts', async () => {
    const { publicKey } = generateSigningKey()
    const key = {
      person: CLINICAL,
      role: 'clinical',
      printedName: 'Clinical Approver',
      publicKey,
      kind: 'browser',
    } as const
    const enrolled = rig.keys.enrol(key)
    if (enrolled.kind !== 'enrolled') throw new Error(enrolled.reason)
    const { keyid, code } = enrolled
    const id = await rig.submitted()
    expect(await rig.begin(id, CLINICAL, { keyid })).toEqual({ kind: 'refused', reason: 'key-not-confirmed' })
    expect(rig.keys.confirm(keyid, CLINICAL, code)).toBe('own-key')
    expect(rig.keys.confirm(keyid, 'auditor', '0000000000')).toBe('wrong-code')
    expect(rig.keys.confirm(keyid, 'auditor', code)).toBeUndefined()
    expect(rig.keys.find(keyid)).toMatchObject({ state: 'active', confirmedBy: ['auditor'] })
    // The custodians have the last word: until their targets list the key, it signs nothing.
    const act = await rig.begin(id, CLINICAL, { keyid })
    if (act.kind !== 'prepared') throw new Error(act.reason)
    const outcome = await rig.finish(CLINICAL, act.act, await signedByStranger(keyid, act))
    expect(outcome).toEqual({ kind: 'refused', reason: 'key-not-authorised' })
  })
})

describe('21 CFR 11.200, components and controls', () => {
  it('11.200(a)(1) two distinct components are asked for: the password and the key', async () => {
    const id = await rig.submitted()
    expect(await rig.begin(id, CLINICAL, { password: 'wrong' })).toEqual({ kind: 'refused', reason: 'password-wrong' })
    const act = await prepared(id, CLINICAL)
    expect(rig.words()).toEqual(
      expect.arrayContaining(['signing.refused password-wrong', 'signing.authenticated meaning-approval']),
    )
    const forged = await signedByStranger(act.act.length > 0 ? (rig.keys.all()[0]?.keyid ?? '') : '', act)
    expect((await rig.finish(CLINICAL, act.act, forged)).kind).toBe('refused')
    expect(rig.hub.governance.proposal(id)?.signatures).toEqual([])
  })

  it('11.200(a)(1)(i) in a series of signings every one asks for all components', async () => {
    const [first, second] = [await rig.submitted(), await rig.submitted(undefined, '1.0.1')]
    expect((await rig.sign(first, CLINICAL)).kind).toBe('done')
    expect(await rig.begin(second, CLINICAL, { password: '' })).toEqual({ kind: 'refused', reason: 'password-wrong' })
  })

  it('11.200(a)(1)(ii) an act does not outlast five minutes: a later signing begins anew', async () => {
    const id = await rig.submitted()
    const act = await prepared(id, CLINICAL)
    const signed = await rig.signed(CLINICAL, act)
    rig.hub.clock.advance(5 * 60_000 + 1)
    expect(await rig.finish(CLINICAL, act.act, signed)).toEqual({ kind: 'refused', reason: 'act-expired' })
  })

  it('11.200(a)(2) only the genuine owner completes an act', async () => {
    const id = await rig.submitted()
    const act = await prepared(id, CLINICAL)
    const signed = await rig.signed(CLINICAL, act)
    expect(await rig.finish(TECHNICAL, act.act, signed)).toEqual({ kind: 'refused', reason: 'act-unknown' })
  })

  it('11.200(a)(3) use by anyone else needs two people: no one can set another’s password or confirm their own key', async () => {
    await expect(
      rig.accounts.changePassword(CLINICAL, 'not known', 'a password of an administrator', null),
    ).rejects.toMatchObject({
      code: 'sign-in-refused',
    })
    expect((await rig.accounts.reauthenticate(CLINICAL, PASSWORD)).kind).toBe('right')
    const { publicKey } = generateSigningKey()
    const key = { person: TECHNICAL, role: 'technical', printedName: 'x', publicKey, kind: 'file' } as const
    const enrolled = rig.keys.enrol(key)
    expect(enrolled.kind === 'enrolled' && rig.keys.confirm(enrolled.keyid, TECHNICAL, enrolled.code)).toBe('own-key')
  })
})

describe('21 CFR 11.300, controls for identification codes and passwords', () => {
  it('11.300(a) no two individuals have the same combination', async () => {
    expect(await rig.accounts.add(TECHNICAL, 'clinical-approver', PASSWORD)).toBe(false)
    expect(rig.accounts.roleOf(TECHNICAL)).toBe('technical-approver')
  })

  it('11.300(b) a password ages: after 180 days it signs nothing until its owner changes it', async () => {
    const id = await rig.submitted()
    rig.hub.clock.advance(180 * 86_400_000 + 1)
    expect(await rig.begin(id, CLINICAL)).toEqual({ kind: 'refused', reason: 'password-too-old' })
    await expect(rig.accounts.changePassword(CLINICAL, PASSWORD, 'short', null)).rejects.toMatchObject({
      code: 'request-invalid',
    })
    await rig.accounts.changePassword(CLINICAL, PASSWORD, 'another password of the test', null)
    expect((await rig.begin(id, CLINICAL, { password: 'another password of the test' })).kind).toBe('prepared')
  })

  it('11.300(c) a lost key is revoked at once, and two other people confirm its replacement', async () => {
    const id = await rig.submitted()
    const act = await prepared(id, CLINICAL)
    const signed = await rig.signed(CLINICAL, act)
    const lost = rig.keys.all().find((key) => key.person === CLINICAL)?.keyid ?? ''
    expect(rig.keys.revoke(lost, 'auditor', 'the laptop was stolen')).toBeUndefined()
    expect(await rig.finish(CLINICAL, act.act, signed)).toEqual({ kind: 'refused', reason: 'key-revoked' })
    expect(await rig.begin(id, CLINICAL)).toEqual({ kind: 'refused', reason: 'key-revoked' })
    expect(() => rig.hub.database.exec('UPDATE signing_key SET revoked_at = NULL')).toThrow(/stays revoked/)
    const { publicKey } = generateSigningKey()
    const next = rig.keys.enrol({
      person: CLINICAL,
      role: 'clinical',
      printedName: 'Clinical Approver',
      publicKey,
      kind: 'file',
    })
    if (next.kind !== 'enrolled') throw new Error(next.reason)
    expect(rig.keys.confirm(next.keyid, 'auditor', next.code)).toBeUndefined()
    expect(rig.keys.find(next.keyid)?.state).toBe('pending')
    expect(rig.keys.confirm(next.keyid, 'auditor', next.code)).toBe('already-confirmed')
    expect(rig.keys.confirm(next.keyid, TECHNICAL, next.code)).toBeUndefined()
    expect(rig.keys.find(next.keyid)?.state).toBe('active')
  })

  it('11.300(d) failed attempts count, lock and raise an alarm', async () => {
    const id = await rig.submitted()
    const reasons: string[] = []
    for (let i = 0; i < 6; i += 1) {
      const outcome = await rig.begin(id, CLINICAL, { password: `guess ${i}` })
      reasons.push(outcome.kind === 'refused' ? outcome.reason : 'prepared')
    }
    expect(reasons).toEqual([
      'password-wrong',
      'password-wrong',
      'password-wrong',
      'password-wrong',
      'signing-locked',
      'signing-locked',
    ])
    expect(rig.alarms.newest()).toMatchObject([{ person: CLINICAL, code: 'signing-locked' }])
    expect(rig.words()).toContain('signing.locked failed-attempts')
    // Also the right password, also at the sign-in.
    expect(await rig.begin(id, CLINICAL)).toEqual({ kind: 'refused', reason: 'signing-locked' })
    await expect(rig.accounts.signIn(CLINICAL, PASSWORD)).rejects.toMatchObject({ code: 'sign-in-paused' })
    expect((await rig.sign(id, TECHNICAL)).kind).toBe('done')
    rig.hub.clock.advance(15 * 60_000 + 1)
    expect((await rig.begin(id, CLINICAL)).kind).toBe('prepared')
  })

  it('11.300(d) forged second components count and lock as well', async () => {
    const id = await rig.submitted()
    const keyid = rig.keys.all().find((key) => key.person === CLINICAL)?.keyid ?? ''
    for (let i = 0; i < 5; i += 1) {
      const act = await prepared(id, CLINICAL)
      const outcome = await rig.finish(CLINICAL, act.act, await signedByStranger(keyid, act))
      expect(outcome).toEqual({ kind: 'refused', reason: 'signature-invalid' })
    }
    // Knowing the password does not help: only a complete act clears the count.
    expect(await rig.begin(id, CLINICAL)).toEqual({ kind: 'refused', reason: 'signing-locked' })
    expect(rig.alarms.newest()).toMatchObject([{ person: CLINICAL, code: 'signing-locked' }])
  })

  it('11.300(e) a token or key is tested: altered, it signs nothing', async () => {
    const id = await rig.submitted()
    const act = await prepared(id, CLINICAL)
    const signed = await rig.signed(CLINICAL, act)
    const altered = { ...signed, signature: signed.signature.replace(/^../, (two) => (two === '00' ? '01' : '00')) }
    expect(await rig.finish(CLINICAL, act.act, altered)).toEqual({ kind: 'refused', reason: 'signature-invalid' })
    expect((await rig.finish(CLINICAL, act.act, signed)).kind).toBe('done')
  })
})

describe('the way of an approval', () => {
  it('two approvers at one instant: both get in, one publication, devices take it', async () => {
    const id = await rig.submitted()
    const outcomes = await Promise.all([rig.sign(id, CLINICAL), rig.sign(id, TECHNICAL)])
    expect(outcomes.map((one) => one.kind)).toEqual(['done', 'done'])
    expect(rig.hub.governance.proposal(id)).toMatchObject({ closed: 'published' })
    expect(verified(await deliver(rig.hub)).releases).toHaveLength(1)
    expect(rig.words().filter((word) => word === 'approval.signed')).toHaveLength(2)
  })

  it('one approver twice at one instant: one signature', async () => {
    const id = await rig.submitted()
    const outcomes = await Promise.all([rig.sign(id, CLINICAL), rig.sign(id, CLINICAL)])
    expect(outcomes.map((one) => one.kind).sort()).toEqual(['done', 'refused'])
    expect(rig.hub.governance.proposal(id)?.signatures).toHaveLength(1)
    expect(rig.words().filter((word) => word === 'approval.signed')).toHaveLength(1)
  })

  it('a signature against a rejection at one instant: one consistent end', async () => {
    const id = await rig.submitted()
    await rig.sign(id, CLINICAL)
    const [signed, rejected] = await Promise.all([
      rig.sign(id, TECHNICAL),
      rig.hub.service.reject(id, TECHNICAL, 'on second thoughts'),
    ])
    const { closed } = rig.hub.governance.proposal(id) ?? {}
    expect([signed.kind, rejected.kind, closed]).toEqual(['refused', 'done', 'rejected'])
    expect(verified(await deliver(rig.hub)).releases).toEqual([])
  })

  it('is reviewed, sent back with a reason, and answered by an approval of its own', async () => {
    const id = await rig.submitted()
    const proposal = rig.hub.governance.proposal(id)
    if (proposal === undefined) throw new Error('not there')
    expect(rig.hub.service.mayReview(proposal, 'trainer')).toEqual({ kind: 'refused', reason: 'not-named-as-approver' })
    rig.notes.add(id, { kind: 'review', person: CLINICAL, words: 'I begin.', replyTo: null }, () => undefined)
    const read = rig.hub.governance.proposal(id)
    expect(read === undefined ? '' : rig.hub.service.stateOf(read)).toBe('in-review')
    expect(await rig.hub.service.requestChanges(id, 'stranger', 'why')).toMatchObject({ kind: 'refused' })
    expect(await rig.hub.service.requestChanges(id, CLINICAL, '  ')).toMatchObject({ reason: 'reason-missing' })
    expect(await rig.hub.service.requestChanges(id, CLINICAL, 'say more')).toMatchObject({ state: 'changes-requested' })
    expect(await rig.begin(id, TECHNICAL)).toEqual({ kind: 'refused', reason: 'wrong-state' })
    const digest = proposal.statements[0]?.model.digest ?? ''
    const { signoffs = [] } = proposal.statements[0] ?? {}
    const next = await rig.hub.service.draft('trainer', [{ digest, signoffs }], id)
    expect(next.previous).toBe(id)
  })

  it('keeps comments as they were said, in threads', async () => {
    const id = await rig.submitted()
    const other = await rig.submitted(undefined, '1.0.1')
    const say = (words: string, replyTo: number | null, on = id): boolean =>
      rig.notes.add(on, { kind: 'comment', person: CLINICAL, words, replyTo }, () => undefined)
    expect(say('Why so few cases?', null)).toBe(true)
    const [first] = rig.notes.of(id)
    expect(say('One site only.', first?.id ?? 0)).toBe(true)
    expect(say('An answer on another approval', first?.id ?? 0, other)).toBe(false)
    expect(rig.notes.of(id).map((note) => note.replyTo)).toEqual([null, first?.id])
    expect(() => rig.hub.database.exec("UPDATE approval_note SET words = 'x'")).toThrow(/never changed/)
    expect(() => rig.hub.database.exec('DELETE FROM approval_note')).toThrow(/never deleted/)
  })

  it('reminds once at each mark, and ends at the deadline', async () => {
    const id = await rig.submitted(5)
    rig.watch.look()
    expect(rig.notes.of(id)).toEqual([])
    rig.hub.clock.advance(2.5 * 86_400_000)
    rig.watch.look()
    rig.watch.look()
    rig.hub.clock.advance(1.8 * 86_400_000)
    rig.watch.look()
    expect(rig.notes.of(id).map((note) => note.words)).toEqual([
      'Fewer than 72 hours are left.',
      'Fewer than 24 hours are left.',
    ])
    rig.hub.clock.advance(86_400_000)
    expect(await rig.begin(id, CLINICAL)).toEqual({ kind: 'refused', reason: 'deadline-passed' })
    rig.watch.look()
    rig.watch.look()
    expect(rig.hub.governance.proposal(id)).toMatchObject({ closed: 'expired', closedBy: 'hub.deadline' })
    expect(rig.words().filter((word) => word.startsWith('approval.'))).toEqual([
      'approval.reminded hours-72',
      'approval.reminded hours-24',
      'approval.expired',
    ])
  })

  it('a kill between record and publication leaves a signature with its entry in the log, and the next start publishes', async () => {
    const id = await rig.submitted()
    await rig.sign(id, CLINICAL)
    const act = await prepared(id, TECHNICAL)
    const signed = await rig.signed(TECHNICAL, act)
    const cut = rig.desk.finish(TECHNICAL, act.act, signed, async (proposal, taken) => {
      await rig.hub.service.accept(proposal, signed, () => {
        taken()
        throw new Error('the power went')
      })
      return { kind: 'done' } as const
    })
    await expect(cut).rejects.toThrow('the power went')
    // All of it or nothing: neither signature nor leaf nor a spent act is left.
    expect(rig.hub.governance.proposal(id)?.signatures).toHaveLength(1)
    expect(rig.desk.leafOf(id, TECHNICAL)).toBeUndefined()
    expect((await rig.finish(TECHNICAL, act.act, signed)).kind).toBe('done')
    expect(rig.hub.governance.proposal(id)?.closed).toBe('published')
  })
})
