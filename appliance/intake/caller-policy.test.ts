import { describe, expect, it } from 'vitest'
import { addressIsIn, decideCaller } from './caller-policy.ts'

const NOBODY = { callers: [], acceptLoopback: true }
const SITE = {
  callers: [
    { aeTitle: 'CT1', addresses: ['10.1.2.0/24'] },
    { aeTitle: 'DX1', addresses: ['10.1.3.7', '2001:db8::/32'] },
  ],
  acceptLoopback: false,
}

function facts(callingAeTitle: string, remoteAddress: string, calledAeTitle = 'LEADGLASS') {
  return { calledAeTitle, callingAeTitle, remoteAddress }
}

describe('who may call', () => {
  it.each([
    ['any title from this machine', facts('ANY', '127.0.0.1'), NOBODY, 'accepted'],
    ['any title from this machine over IPv6', facts('ANY', '::1'), NOBODY, 'accepted'],
    ['nobody else out of the box', facts('ANY', '10.1.2.3'), NOBODY, 'calling-ae-title'],
    ['nobody under another called title', facts('ANY', '127.0.0.1', 'OTHER'), NOBODY, 'called-ae-title'],
    ['a named title from its network', facts('CT1', '10.1.2.200'), SITE, 'accepted'],
    ['a named title with padding', facts(' CT1 ', '10.1.2.200'), SITE, 'accepted'],
    ['not from beside its network', facts('CT1', '10.1.3.7'), SITE, 'address'],
    ['from its one address', facts('DX1', '10.1.3.7'), SITE, 'accepted'],
    ['from a mapped address', facts('DX1', '::ffff:10.1.3.7'), SITE, 'accepted'],
    ['from its IPv6 network', facts('DX1', '2001:db8:1::5'), SITE, 'accepted'],
    ['not this machine when that is switched off', facts('ANY', '127.0.0.1'), SITE, 'calling-ae-title'],
    ['not under another case of the title', facts('ct1', '10.1.2.3'), SITE, 'calling-ae-title'],
    ['not from something that is no address', facts('CT1', ''), SITE, 'address'],
  ] as const)('%s', (_name, caller, settings, expected) => {
    const decision = decideCaller(caller, 'LEADGLASS', {
      ...settings,
      callers: settings.callers.map((one) => ({ ...one, addresses: [...one.addresses] })),
    })
    expect(decision.kind === 'accepted' ? 'accepted' : decision.why).toBe(expected)
    if (decision.kind === 'rejected') expect(decision.transient).toBe(false)
  })

  it('does not mix address families', () => {
    expect(addressIsIn('10.0.0.1', ['::/0'])).toBe(false)
    expect(addressIsIn('::1', ['0.0.0.0/0'])).toBe(false)
  })
})
