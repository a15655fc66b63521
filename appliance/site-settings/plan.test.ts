import { describe, expect, it } from 'vitest'
import { type Settings, settingsSchema } from '../settings.ts'
import { planChange } from './plan.ts'
import type { PlanWorld } from './world.ts'

const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000

const WORLD: PlanWorld = {
  calledAeTitle: 'LEADGLASS',
  dimsePort: 11_112,
  openAssociations: [],
  waiting: new Map(),
  certificates: [],
  freeBytes: 10_000_000_000,
  heldBytes: 5_000_000,
  now: NOW,
}
const CT = { aeTitle: 'CT1', addresses: ['10.1.2.0/24'] }
const PACS = { name: 'pacs', aeTitle: 'PACS', host: 'pacs.example', port: 104 }
const TLS = { keyFile: '/k', certificateFile: '/c', authoritiesFile: '/a' }

function plan(before: object, after: object, world: Partial<PlanWorld> = {}) {
  const made = planChange(settingsSchema.parse(before), settingsSchema.parse(after), { ...WORLD, ...world })
  return {
    changes: made.changes.map(({ words }) => words),
    risks: made.remarks.filter(({ severity }) => severity === 'risk').map(({ code }) => code),
    notes: made.remarks.filter(({ severity }) => severity === 'note').map(({ code }) => code),
    words: made.remarks.map(({ words }) => words).join('\n'),
  }
}

function association(callingAeTitle: string, remoteAddress: string): PlanWorld['openAssociations'][number] {
  return {
    associationId: 'a',
    calledAeTitle: 'LEADGLASS',
    callingAeTitle,
    remoteAddress,
    remotePort: 1,
    implementationClassUid: '1.2',
    implementationVersionName: '',
    tls: false,
    certificateSubject: null,
    certificateSha256: null,
  }
}

describe('the plan of a change, in plain words', () => {
  it('is empty for the same settings, whatever else is amiss', () => {
    expect(plan({}, {}, { freeBytes: 0 })).toMatchObject({ changes: [], risks: [], notes: [] })
  })

  it.each<[string, object, object, string[]]>([
    ['a caller comes', {}, { callers: [CT] }, ['CT1 may call, from 10.1.2.0/24']],
    ['a caller goes', { callers: [CT] }, {}, ['CT1 may no longer call']],
    [
      'a caller moves',
      { callers: [CT] },
      { callers: [{ ...CT, addresses: ['10.9.0.1'] }] },
      ['callers.CT1.addresses changes from 10.1.2.0/24 to 10.9.0.1'],
    ],
    ['a destination comes', {}, { destinations: [PACS] }, ['results go to pacs: PACS at pacs.example:104 without TLS']],
    [
      'this machine is no exception any more',
      { callers: [CT] },
      { callers: [CT], acceptLoopback: false },
      ['callers from this machine need an entry like any other'],
    ],
    [
      'a limit changes',
      {},
      { limits: { maximumAssociations: 8, maximumHeldBytes: 1e9 } },
      ['limits.maximumAssociations changes from 64 to 8', 'limits.maximumHeldBytes is set: 1000000000'],
    ],
    [
      'only the order changes',
      { callers: [CT, { ...CT, aeTitle: 'CT2' }] },
      { callers: [{ ...CT, aeTitle: 'CT2' }, CT] },
      ['callers: the order of the entries changes'],
    ],
    [
      'two entries of one title are two',
      { callers: [CT] },
      { callers: [CT, { ...CT, addresses: ['10.9.0.1'] }] },
      ['CT1 (2) may call, from 10.9.0.1'],
    ],
  ])('%s', (_name, before, after, expected) => {
    expect(plan(before, after).changes).toEqual(expected)
  })

  it.each<[string, object, object, Partial<PlanWorld>, string[]]>([
    ['nobody may call', { callers: [CT] }, { acceptLoopback: false }, {}, ['nobody-may-call']],
    [
      'a certificate is asked for without TLS',
      {},
      { callers: [{ ...CT, certificate: { subjects: ['CN=ct'] } }] },
      {},
      ['caller-needs-tls'],
    ],
    ['anybody on the network', {}, { callers: [{ ...CT, addresses: ['0.0.0.0/0'] }] }, {}, ['any-address']],
    [
      'a destination with waiting results goes',
      { destinations: [PACS, { ...PACS, name: 'other' }] },
      { destinations: [{ ...PACS, name: 'other' }] },
      { waiting: new Map([['pacs', { pending: 3, dead: 1 }]]) },
      ['destination-with-waiting'],
    ],
    ['no destination is left', { destinations: [PACS] }, {}, {}, ['no-destination']],
    ['TLS goes', { tls: TLS }, {}, {}, ['tls-removed']],
    ['plain goes', {}, { tls: { ...TLS, mode: 'only' } }, {}, ['plain-port-closes']],
    ['plain comes back', { tls: { ...TLS, mode: 'only' } }, { tls: TLS }, {}, ['plain-port-opens']],
    [
      'certificates become optional',
      { tls: TLS },
      { tls: { ...TLS, requireClientCertificate: false } },
      {},
      ['client-certificate-optional'],
    ],
    [
      'a certificate has run out',
      {},
      { tls: TLS },
      { certificates: [{ file: '/c', subject: 'CN=a', sha256: 'x', notAfter: NOW - 1 }] },
      ['certificate-expired'],
    ],
    ['the hard mark is above what is free', {}, { limits: { minimumFreeBytes: 2e10 } }, {}, ['hard-mark-at-once']],
    ['more is held than may be', {}, { limits: { maximumHeldBytes: 5_000_000 } }, {}, ['held-bytes-at-once']],
    [
      'a destination loses its TLS',
      { tls: TLS, destinations: [{ ...PACS, tls: {} }] },
      { tls: TLS, destinations: [PACS] },
      {},
      ['destination-without-tls'],
    ],
    ['objects are encrypted no longer', {}, { encryptInstances: false }, {}, ['encryption-off']],
    [
      'a caller is no longer bound',
      { tls: TLS, callers: [{ ...CT, certificate: { subjects: ['CN=ct'] } }] },
      { tls: TLS, callers: [CT] },
      {},
      ['certificate-rule-removed'],
    ],
  ])('risk: %s', (_name, before, after, world, expected) => {
    expect(plan(before, after, world).risks).toEqual(expected)
  })

  it('counts what waits, and says that nothing is deleted', () => {
    const waiting = new Map([['pacs', { pending: 3, dead: 1 }]])
    expect(plan({ destinations: [PACS] }, {}, { waiting }).words).toContain('4 results for pacs stay here unsent')
    const moved = plan({ destinations: [PACS] }, { destinations: [{ ...PACS, host: 'new.example' }] }, { waiting })
    expect(moved.notes).toEqual(['destination-moved'])
    expect(moved.risks).toEqual([])
  })

  it('names associations that are open and would not be let in again', () => {
    const openAssociations = [
      association('CT1', '10.1.2.3'),
      association('CT1', '10.1.2.4'),
      association('ANY', '127.0.0.1'),
    ]
    const made = plan({ callers: [CT] }, { acceptLoopback: true }, { openAssociations })
    expect(made.words).toContain('2 associations of CT1 are open and may go on to the end')
    expect(made.words).not.toContain('ANY')
  })

  it('points out certificates that run out soon, and TLS that opens without a restart', () => {
    const certificate = (days: number) => ({ file: '/c', subject: 'CN=a', sha256: 'x', notAfter: NOW + days * DAY_MS })
    expect(plan({}, { tls: TLS }, { certificates: [certificate(29)] }).notes).toEqual([
      'tls-port-opens',
      'certificate-expires',
    ])
    expect(plan({}, { tls: TLS }, { certificates: [certificate(31)] }).notes).toEqual(['tls-port-opens'])
    expect(plan({ tls: TLS }, { tls: { ...TLS, port: 2763 } }).notes).toEqual(['tls-port-closes', 'tls-port-opens'])
  })

  it('tells risks before notes', () => {
    const after = { tls: TLS, callers: [{ ...CT, addresses: ['::/0'], mayQuery: true }], acceptLoopback: false }
    const { remarks } = planChange(settingsSchema.parse({}), settingsSchema.parse(after), WORLD)
    expect(remarks.map(({ severity }) => severity)).toEqual(['risk', 'note', 'note'])
  })
})

describe('the schema', () => {
  const refused = (settings: object): string[] =>
    settingsSchema.safeParse(settings).error?.issues.map(({ path }) => path.map(String).join('.')) ?? []

  it.each<[string, object, string]>([
    [
      'a destination with TLS where nothing names files',
      { destinations: [{ ...PACS, tls: {} }] },
      'destinations.0.tls',
    ],
    [
      'reports with TLS where nothing names files',
      { callers: [{ ...CT, reportPort: 1, reportTls: {} }] },
      'callers.0.reportTls',
    ],
    ['a rule that names no certificate', { callers: [{ ...CT, certificate: {} }] }, 'callers.0.certificate'],
    [
      'a fingerprint that is none',
      { callers: [{ ...CT, certificate: { sha256: ['ab'] } }] },
      'callers.0.certificate.sha256.0',
    ],
    ['a relative path', { tls: { ...TLS, keyFile: 'key.pem' } }, 'tls.keyFile'],
    ['a word that is not known', { callerz: [] }, ''],
    ['an accept list that holds no UID', { accept: { privateSopClasses: ['1.2.x'] } }, 'accept.privateSopClasses.0'],
  ])('refuses %s', (_name, settings, where) => {
    expect(refused(settings)).toContain(where)
  })

  it('takes fingerprints as openssl prints them', () => {
    const printed = 'AB:'.repeat(31).concat('CD')
    const settings: Settings = settingsSchema.parse({ callers: [{ ...CT, certificate: { sha256: [printed] } }] })
    expect(settings.callers[0]?.certificate?.sha256).toEqual([`${'ab'.repeat(31)}cd`])
  })
})
