import { describe, expect, it } from 'vitest'
import { settingsSchema } from '../settings.ts'
import { addressIsIn, decideCaller } from './caller-policy.ts'

const FINGERPRINT = 'ab'.repeat(32)
const NOBODY = settingsSchema.parse({})
const SITE = settingsSchema.parse({
  callers: [
    { aeTitle: 'CT1', addresses: ['10.1.2.0/24'] },
    { aeTitle: 'DX1', addresses: ['10.1.3.7', '2001:db8::/32'] },
    {
      aeTitle: 'MR1',
      addresses: ['10.1.4.0/24'],
      certificate: {
        subjects: ['CN=mr-1, O=Hospital'],
        sha256: [FINGERPRINT.toUpperCase().replace(/..(?=.)/g, '$&:')],
      },
    },
  ],
  acceptLoopback: false,
})

function facts(
  callingAeTitle: string,
  remoteAddress: string,
  over: { calledAeTitle?: string; subject?: string; sha256?: string; tls?: boolean } = {},
) {
  const { calledAeTitle = 'LEADGLASS', subject = null, sha256 = null } = over
  const tls = over.tls ?? (subject !== null || sha256 !== null)
  return { calledAeTitle, callingAeTitle, remoteAddress, tls, certificateSubject: subject, certificateSha256: sha256 }
}

describe('who may call', () => {
  it.each([
    ['any title from this machine', facts('ANY', '127.0.0.1'), NOBODY, 'accepted'],
    ['any title from this machine over IPv6', facts('ANY', '::1'), NOBODY, 'accepted'],
    ['nobody else out of the box', facts('ANY', '10.1.2.3'), NOBODY, 'calling-ae-title'],
    [
      'nobody under another called title',
      facts('ANY', '127.0.0.1', { calledAeTitle: 'OTHER' }),
      NOBODY,
      'called-ae-title',
    ],
    ['a named title from its network', facts('CT1', '10.1.2.200'), SITE, 'accepted'],
    ['a named title with padding', facts(' CT1 ', '10.1.2.200'), SITE, 'accepted'],
    ['not from beside its network', facts('CT1', '10.1.3.7'), SITE, 'address'],
    ['from its one address', facts('DX1', '10.1.3.7'), SITE, 'accepted'],
    ['from a mapped address', facts('DX1', '::ffff:10.1.3.7'), SITE, 'accepted'],
    ['from its IPv6 network', facts('DX1', '2001:db8:1::5'), SITE, 'accepted'],
    ['not this machine when that is switched off', facts('ANY', '127.0.0.1'), SITE, 'calling-ae-title'],
    ['not under another case of the title', facts('ct1', '10.1.2.3'), SITE, 'calling-ae-title'],
    ['not from something that is no address', facts('CT1', ''), SITE, 'address'],
    ['with the subject of its entry', facts('MR1', '10.1.4.1', { subject: 'CN=mr-1,O=Hospital' }), SITE, 'accepted'],
    [
      'with the fingerprint of its entry',
      facts('MR1', '10.1.4.1', { subject: 'CN=x', sha256: FINGERPRINT }),
      SITE,
      'accepted',
    ],
    ['not with another certificate', facts('MR1', '10.1.4.1', { subject: 'CN=mr-2,O=Hospital' }), SITE, 'certificate'],
    ['not over TLS without a certificate', facts('MR1', '10.1.4.1', { tls: true }), SITE, 'certificate'],
    ['not in plain', facts('MR1', '10.1.4.1'), SITE, 'certificate'],
    ['the address goes before the certificate', facts('MR1', '10.1.5.1', { sha256: FINGERPRINT }), SITE, 'address'],
  ] as const)('%s', (_name, caller, settings, expected) => {
    const decision = decideCaller(caller, 'LEADGLASS', settings)
    expect(decision.kind === 'accepted' ? 'accepted' : decision.why).toBe(expected)
    if (decision.kind === 'rejected') expect(decision.transient).toBe(false)
  })

  it('lets a title with several entries in when one of them fits', () => {
    const settings = settingsSchema.parse({
      acceptLoopback: false,
      callers: [
        { aeTitle: 'MR1', addresses: ['10.0.0.0/8'], certificate: { sha256: [FINGERPRINT] } },
        { aeTitle: 'MR1', addresses: ['10.9.0.1'] },
      ],
    })
    expect(decideCaller(facts('MR1', '10.9.0.1'), 'LEADGLASS', settings).kind).toBe('accepted')
    expect(decideCaller(facts('MR1', '10.9.0.2'), 'LEADGLASS', settings)).toMatchObject({ why: 'certificate' })
  })

  it('does not take an escaped comma of a value for one between values', () => {
    const settings = settingsSchema.parse({
      acceptLoopback: false,
      callers: [{ aeTitle: 'A', addresses: ['10.0.0.1'], certificate: { subjects: ['CN=a,O=One\\, Two'] } }],
    })
    const decide = (subject: string) => decideCaller(facts('A', '10.0.0.1', { subject }), 'LEADGLASS', settings).kind
    expect(decide('CN=a,O=One\\, Two')).toBe('accepted')
    expect(decide('CN=a,O=One,Two')).toBe('rejected')
  })

  it('does not mix address families', () => {
    expect(addressIsIn('10.0.0.1', ['::/0'])).toBe(false)
    expect(addressIsIn('::1', ['0.0.0.0/0'])).toBe(false)
  })
})
