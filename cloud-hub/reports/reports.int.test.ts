import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuditLog,
  createNoteSigner,
  encodeVerifierKey,
  MemoryLogStore,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import { systemClock } from '@leadglass/sync-agent/foundation'
import {
  approvalSummary,
  auditMatches,
  failure,
  importAnswer,
  preparedSigning,
  reportCatalogue,
  type SignedReport,
  signedReport,
} from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolDevice, type InitialisedHub, initialiseHub } from '../commands.ts'
import { openApproverKey, signPrepared } from '../governance/index.ts'
import { holdTestCeremony, TEST_PASSPHRASE, type TestCeremony } from '../testing/ceremony.ts'
import { device, payloadOf, sealAll, TestDevice } from '../testing/device.ts'
import { HubProcess } from '../testing/hub-process.ts'
import { pdfText, WITHOUT_PDF_READER } from '../testing/pdf-text.ts'
import { FRAMEWORK_NAMES } from './catalogue/index.ts'
import { verifyReport } from './signed-report.ts'

const BOX = device('box-01')
const ORIGIN = `leadglass/${BOX}/audit`
const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const DAY_SECONDS = 86_400

describe('reports of a hub with a box, a signed version and documents', () => {
  let folder: string
  let hub: HubProcess
  let made: InitialisedHub
  let ceremony: TestCeremony

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-reports-'))
    ceremony = await holdTestCeremony(folder)
    const approvers = ceremony.approvers.map(({ person, role, printedName, publicKey }) => ({
      person,
      role,
      printedName,
      publicKey,
    }))
    made = await initialiseHub({ folder, names: ['localhost'], policy: ceremony.policy, approvers })
    hub = await HubProcess.start(folder)
    await approve()
    await beABox()
    await layDocuments()
  }, 120_000)
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Two people sign the shipped version, each with password and key. */
  const approve = async (): Promise<void> => {
    const { model } = importAnswer.parse(await hub.post('/api/models/import', { folder: PACKAGE }))
    const signoffs = ceremony.approvers.map(({ person, role }) => ({ person, role }))
    const { approval } = approvalSummary.parse(
      await hub.post('/api/approvals', { name: model.name, version: model.version, signoffs }),
    )
    for (const key of ceremony.approvers) {
      const password = made.accounts.find((one) => one.account === key.person)?.password ?? ''
      const request = { person: key.person, password, keyid: key.keyid, meaning: 'approval' }
      const {
        act,
        signed: bytes,
        statement,
      } = preparedSigning.parse(await hub.post(`/api/approvals/${approval}/signing`, request))
      const open = await openApproverKey(key, TEST_PASSPHRASE)
      const signed = await signPrepared(open, Buffer.from(bytes, 'base64'), Buffer.from(statement, 'base64'))
      await hub.post(`/api/approvals/${approval}/signatures`, {
        act,
        keyid: signed.keyid,
        signature: signed.signature,
        statement: signed.envelope,
      })
    }
  }

  /** A box that scored and de-identified a study and sends its log; its last entry lies behind its last checkpoint. */
  const beABox = async (): Promise<void> => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const identity = await enrolDevice({
      folder,
      device: BOX,
      auditVerifierKey: encodeVerifierKey(verifierKeyOf(ORIGIN, privateKey)),
    })
    const log = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: systemClock })
    const subject = { kind: 'study', id: 'a'.repeat(32) } as const
    const leaf = (event: 'study.deidentified' | 'study.scored' | 'model.disabled') => {
      const { index, leaf: bytes } = log.append({
        event,
        actor: { kind: 'system', id: 'scoring' },
        subject,
        outcome: 'success',
      })
      return { kind: 'audit-leaf' as const, index, leaf: Buffer.from(bytes).toString('base64') }
    }
    const first = [leaf('study.deidentified'), leaf('study.scored')]
    const note = { kind: 'audit-checkpoint' as const, note: log.checkpoint(createNoteSigner(ORIGIN, privateKey)) }
    const box = await TestDevice.connect(BOX, `mqtts://127.0.0.1:${hub.mqtt}`, identity)
    const batch = randomUUID()
    await box.publish(payloadOf(sealAll(BOX, [...first, note, leaf('model.disabled')]), batch))
    await box.acknowledged(batch)
    await box.end()
  }

  const layDocuments = async (): Promise<void> => {
    const at = join(folder, 'evidence')
    await mkdir(at)
    await writeFile(join(at, 'risk-analysis-2026.txt'), 'the risks')
    await writeFile(
      join(at, 'test-results.json'),
      JSON.stringify({ numTotalTests: 9, numPassedTests: 9, numFailedTests: 0, success: true }),
    )
    await writeFile(join(at, 'agreements.txt'), 'old')
    await utimes(join(at, 'agreements.txt'), 1, Date.now() / 1000 - 500 * DAY_SECONDS)
    await symlink('/etc/hostname', join(at, 'incident-procedure.txt'))
    await writeFile(join(at, 'staff-training (copy).txt'), 'an odd name')
  }

  const report = async (path: string): Promise<SignedReport> =>
    signedReport.parse(await hub.get(`/api/reports/${path}`))
  const controlOf = ({ report: { controls } }: SignedReport, clause: string) =>
    controls.find((one) => one.clause === clause)
  const keys = async (): Promise<string[]> => [reportCatalogue.parse(await hub.get('/api/reports')).verifierKey]

  it.each(FRAMEWORK_NAMES)(
    '%s: every control is met with evidence or a gap with a reason, and the whole verifies',
    async (name) => {
      const signed = await report(`frameworks/${name}`)
      for (const one of signed.report.controls) {
        expect([one.clause, one.status === 'met' ? one.evidence.length > 0 : one.missing.length > 0]).toEqual([
          one.clause,
          true,
        ])
      }
      expect(signed.report.gaps).toBeGreaterThan(0)
      const verdict = verifyReport(Buffer.from(JSON.stringify(signed)), await keys())
      expect(verdict).toMatchObject({ kind: 'verified', form: 'json', digest: signed.digest })
    },
  )

  it('proves entries of the hub and of the box, and claims nothing for an entry that no checkpoint covers', async () => {
    const act = await report('frameworks/eu-ai-act')
    const scored = act.report.evidence.find(({ fact }) => fact === 'scored')
    expect(scored).toMatchObject({ zone: 'site', binding: { kind: 'log-entry', log: ORIGIN, index: 1 } })
    expect(controlOf(act, 'AI Act Art. 14(4)(e)')).toMatchObject({ status: 'gap', evidence: [] })
    const gap = controlOf(act, 'AI Act Art. 73')
    expect(gap?.missing.join()).toContain('Not visible from here')
    expect(controlOf(act, 'AI Act Art. 15(5)')?.missing.join()).toContain('box-01 has reported nothing')
  })

  it('shows signatures with printed name, time and meaning, accounts, documents by digest, and no link or old file', async () => {
    const part = await report('frameworks/part11')
    expect(controlOf(part, '21 CFR 11.50')).toMatchObject({ status: 'met' })
    const signatures = part.report.evidence.filter(({ fact }) => fact === 'signatures')
    expect(signatures).toHaveLength(3)
    expect(JSON.stringify(signatures)).toMatch(/"printedName":"Clinical"/)
    expect(signatures.filter(({ binding }) => binding.kind === 'log-entry')).toHaveLength(2)
    expect(controlOf(part, '21 CFR 11.10(i)')?.status).toBe('gap')
    const hipaa = await report('frameworks/hipaa')
    expect(controlOf(hipaa, '45 CFR 164.308(a)(1)(ii)(A)')?.status).toBe('met')
    expect(controlOf(hipaa, '45 CFR 164.308(b)(1)')?.missing.join()).toContain('more than 400 days')
    expect(controlOf(hipaa, '45 CFR 164.308(a)(6)(ii)')?.missing.join()).toContain('incident-procedure')
    const review = hipaa.report.evidence.find(({ fact }) => fact === 'access-review')
    expect(JSON.stringify(review)).toContain('"role":"auditor"')
    expect(JSON.stringify(hipaa)).not.toContain('argon2')
  })

  it('a failed test run is a gap, whatever else lies there', async () => {
    const path = join(folder, 'evidence', 'test-results-2.json')
    await writeFile(path, JSON.stringify({ numTotalTests: 9, numPassedTests: 8, numFailedTests: 1, success: false }))
    const validation = controlOf(await report('frameworks/part11'), '21 CFR 11.10(a)')
    expect(validation?.missing.join()).toContain('8 of 9 tests passed, 1 failed')
    await rm(path)
  })

  it('reports on a version: card, signatures, listing, statement; and says that no plan and no recall list is there', async () => {
    const signed = await report('models/chest-radiograph/1.0.0')
    const status = (clause: string) => controlOf(signed, clause)?.status
    expect(status('45 CFR 170.315(b)(11)(iv)')).toBe('met')
    expect(status('21 CFR 11.70')).toBe('met')
    expect(status('OpenSSF Model Signing')).toBe('met')
    expect(status('FD&C Act 515C')).toBe('gap')
    expect(status('AI Act Art. 20')).toBe('gap')
    const file = await readFile(join(folder, 'repository', 'metadata', '1.approved-models.json'))
    expect(JSON.stringify(signed.report.evidence)).toContain(createHash('sha256').update(file).digest('hex'))
    expect(verifyReport(Buffer.from(JSON.stringify(signed)), await keys())).toMatchObject({
      kind: 'verified',
      entries: 2,
    })
  })

  it.skipIf(WITHOUT_PDF_READER)(
    'prints the same report, gaps in words, and the paper verifies; a reader of PDF takes the signature for a comment',
    async () => {
      const answer = await hub.request('GET', '/api/reports/frameworks/hitech/paper?period=12w')
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/pdf'])
      const pdf = Buffer.from(await answer.arrayBuffer())
      const path = join(folder, 'report.pdf')
      await writeFile(path, pdf)
      const text = (await pdfText(path)).replaceAll(/\s+/g, ' ')
      expect(text).toContain('Compliance report: HITECH')
      expect(text).toContain('GAP: Not visible from here')
      expect(text).toContain('45 CFR 164.414(b)')
      const verdict = verifyReport(pdf, await keys())
      expect(verdict).toMatchObject({ kind: 'verified', form: 'pdf' })
      expect(text).toContain(verdict.kind === 'verified' ? verdict.digest : 'no digest')
    },
  )

  it('tells every kind of tampering', async () => {
    const trusted = await keys()
    const signed = await report('frameworks/gdpr')
    const judged = (change: (copy: SignedReport) => void, known = trusted) => {
      const copy = structuredClone(signed)
      change(copy)
      const verdict = verifyReport(Buffer.from(JSON.stringify(copy)), known)
      return verdict.kind === 'refused' ? verdict.reason : verdict.kind
    }
    const other = encodeVerifierKey(verifierKeyOf('leadglass/hub/audit', generateKeyPairSync('ed25519').privateKey))
    expect(judged(() => undefined)).toBe('verified')
    expect(judged(() => undefined, [other])).toBe('key-unknown')
    expect(judged(() => undefined, [])).toBe('key-unknown')
    expect(judged(({ report: { controls } }) => Object.assign(controls[0] ?? {}, { status: 'met', missing: [] }))).toBe(
      'content-changed',
    )
    expect(judged(({ report: { evidence } }) => evidence.pop())).toBe('content-changed')
    expect(judged((copy) => Object.assign(copy, { digest: '0'.repeat(64) }))).toBe('content-changed')
    expect(judged((copy) => Object.assign(copy, { note: copy.note.replace('\njson\n', '\npdf\n') }))).toBe(
      'signature-bad',
    )
    expect(judged((copy) => Object.assign(copy, { note: 'no note' }))).toBe('not-a-report')
    // A checkpoint is signed with the same key, and is no signature of a report.
    const { note } = (await hub.get('/api/audit/checkpoint')) as { note: string }
    expect(judged((copy) => Object.assign(copy, { note }))).not.toBe('verified')
    const pdf = Buffer.from(await (await hub.request('GET', '/api/reports/frameworks/gdpr/paper')).arrayBuffer())
    for (const changed of [
      Buffer.concat([pdf, Buffer.from('x')]),
      Buffer.concat([pdf.subarray(0, 900), Buffer.from('x'), pdf.subarray(901)]),
    ]) {
      expect(verifyReport(changed, trusted)).toMatchObject({ kind: 'refused', reason: 'content-changed' })
    }
    expect(verifyReport(pdf.subarray(0, pdf.length - 400), trusted)).toMatchObject({ kind: 'refused' })
    for (const hostile of ['', '{}', '%PDF-1.7', '[[[[', '\u0000']) {
      expect(verifyReport(Buffer.from(hostile), trusted)).toEqual({ kind: 'refused', reason: 'not-a-report' })
    }
  })

  it('writes down who took which report: report.exported with its digest and form', async () => {
    const { digest } = await report('frameworks/soc2?period=1d')
    const { entries } = auditMatches.parse(await hub.get(`/api/audit/search?event=report.exported&subject=${digest}`))
    expect(entries).toMatchObject([
      {
        event: { event: 'report.exported', subject: { kind: 'report', id: digest }, codes: ['json', 'framework.soc2'] },
      },
    ])
  })

  it.each([
    ['frameworks/hipaa?period=0d', 400],
    ['frameworks/hipaa?period=9999d', 409],
    ['frameworks/hipaa?period=30d%0a', 400],
    ['frameworks/hipaa?period=30d&period=60d', 400],
    ['frameworks/hipaa?period=30d&since=1', 400],
    ['frameworks/..%2f..%2fhub.json', 400],
    ['frameworks/__proto__', 400],
    ['frameworks/constructor/paper', 400],
    ['models/chest-radiograph/9.9.9', 404],
    [`models/${'x'.repeat(90)}/1.0.0`, 400],
  ])('refuses %s and leaves no entry', async (path, status) => {
    const size = async () => ((await hub.get('/api/audit/checkpoint')) as { size: number }).size
    const before = await size()
    const answer = await hub.request('GET', `/api/reports/${path}`)
    expect([answer.status, failure.safeParse(await answer.json()).success]).toEqual([status, true])
    expect(await size()).toBe(before)
  })
})
