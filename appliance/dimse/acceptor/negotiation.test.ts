import { describe, expect, it } from 'vitest'
import { STORAGE_SOP_CLASSES } from '../facts/storage-sop-classes.ts'
import { TRANSFER_SYNTAXES } from '../facts/transfer-syntaxes.ts'
import { APPLICATION_CONTEXT, isUid, VERIFICATION } from '../facts/uids.ts'
import type { AssociateRequest, ProposedContext, UserInformation } from '../upper-layer/associate.ts'
import { type AcceptancePolicy, DEFAULT_ACCEPTANCE, negotiate } from './negotiation.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const [IMPLICIT, EXPLICIT, BIG, JPEG] = [
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.2',
  '1.2.840.10008.1.2.4.70',
] as const

const USER: UserInformation = {
  maxLength: 16_384,
  implementationClassUid: '1.2',
  implementationVersionName: 'TEST',
  asynchronousOperations: null,
  roles: [],
  extendedNegotiation: [],
  userIdentity: null,
}

function answer(contexts: Omit<ProposedContext, 'id'>[], policy: Partial<AcceptancePolicy> = {}, user = USER) {
  const request: AssociateRequest = {
    protocolVersion: 1,
    calledAeTitle: 'CALLED',
    callingAeTitle: 'CALLING',
    applicationContext: APPLICATION_CONTEXT,
    contexts: contexts.map((context, index) => ({ id: 2 * index + 1, ...context })),
    user,
  }
  return negotiate(request, { ...DEFAULT_ACCEPTANCE, ...policy }, 131_072)
}

const one = (abstractSyntax: string, transferSyntaxes: string[], policy: Partial<AcceptancePolicy> = {}) =>
  answer([{ abstractSyntax, transferSyntaxes }], policy).contexts[0]

describe('negotiation', () => {
  it('accepts every storage SOP class of the standard, and Verification', () => {
    for (const [uid] of [...STORAGE_SOP_CLASSES, [VERIFICATION, '']] as const) {
      expect(isUid(uid)).toBe(true)
      expect(one(uid, [IMPLICIT])).toMatchObject({ result: 0, transferSyntax: IMPLICIT })
    }
  })

  it('accepts every transfer syntax of the standard when it is the only one proposed', () => {
    for (const [uid] of TRANSFER_SYNTAXES) {
      expect(isUid(uid)).toBe(true)
      expect(one(CT, [uid])).toMatchObject({ result: 0, transferSyntax: uid })
    }
  })

  it.each([
    ['the order of the sender', [JPEG, EXPLICIT], JPEG],
    ['explicit before implicit little endian', [IMPLICIT, EXPLICIT], EXPLICIT],
    ['explicit little endian before big endian', [BIG, EXPLICIT, IMPLICIT], EXPLICIT],
    ['big endian when there is nothing better', [BIG, IMPLICIT], BIG],
    ['the first that is acceptable', ['not a uid', JPEG], JPEG],
  ])('prefers %s', (_, proposed, chosen) => {
    expect(one(CT, proposed)).toMatchObject({ result: 0, transferSyntax: chosen })
  })

  it('accepts a storage class of a later edition, and refuses what is not storage', () => {
    expect(one('1.2.840.10008.5.1.4.1.1.9999', [IMPLICIT])?.result).toBe(0)
    expect(one('1.2.840.10008.5.1.4.1.2.2.1', [IMPLICIT])?.result).toBe(3)
    expect(one('1.2.840.10008.5.1.4.1.1.200.4', [IMPLICIT])?.result).toBe(3)
  })

  it('accepts private SOP classes and unknown transfer syntaxes only where the policy says so', () => {
    expect(one('1.3.6.1.4.1.5962.99.1', [IMPLICIT])?.result).toBe(0)
    expect(one('1.3.6.1.4.1.5962.99.1', [IMPLICIT], { privateSopClasses: false })?.result).toBe(3)
    const listed = { privateSopClasses: new Set(['1.3.6.1.4.1.5962.99.1']) }
    expect(one('1.3.6.1.4.1.5962.99.1', [IMPLICIT], listed)?.result).toBe(0)
    expect(one('1.3.6.1.4.1.5962.99.2', [IMPLICIT], listed)?.result).toBe(3)
    const syntaxes = { unknownTransferSyntaxes: new Set(['1.3.6.1.4.1.5962.88.1']) }
    expect(one('1.2.840.10008.5.1.4.1.1.2', ['1.3.6.1.4.1.5962.88.1'], syntaxes)?.result).toBe(0)
    expect(one('1.2.840.10008.5.1.4.1.1.2', ['1.3.6.1.4.1.5962.88.2'], syntaxes)?.result).toBe(4)
    expect(one(CT, ['1.3.6.1.4.1.5962.99.2'])?.result).toBe(0)
    expect(one(CT, ['1.3.6.1.4.1.5962.99.2'], { unknownTransferSyntaxes: false })?.result).toBe(4)
  })

  it('answers each context by its id, in order', () => {
    const { contexts } = answer([
      { abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
      { abstractSyntax: '1.2.840.10008.5.1.4.31', transferSyntaxes: [IMPLICIT] },
      { abstractSyntax: CT, transferSyntaxes: [JPEG] },
    ])
    expect(contexts.map(({ id, result }) => [id, result])).toEqual([
      [1, 0],
      [3, 3],
      [5, 0],
    ])
  })

  it('answers user information items only where they were proposed', () => {
    const { user } = answer([{ abstractSyntax: CT, transferSyntaxes: [IMPLICIT] }])
    expect(user).toMatchObject({ maxLength: 131_072, asynchronousOperations: null, roles: [], userIdentity: null })
  })

  it('answers a window of one, no SCP role, storage level 2 and a wanted identity', () => {
    const { user } = answer(
      [{ abstractSyntax: CT, transferSyntaxes: [IMPLICIT] }],
      {},
      {
        ...USER,
        asynchronousOperations: { invoked: 0, performed: 0 },
        roles: [
          { sopClassUid: CT, scu: true, scp: true },
          { sopClassUid: '1.2.3', scu: true, scp: true },
        ],
        extendedNegotiation: [{ sopClassUid: CT, information: new Uint8Array(6) }],
        userIdentity: { positiveResponseRequested: true },
      },
    )
    expect(user).toMatchObject({
      asynchronousOperations: { invoked: 1, performed: 1 },
      roles: [{ sopClassUid: CT, scu: true, scp: false }],
      extendedNegotiation: [{ sopClassUid: CT, information: Uint8Array.of(2, 0, 0, 0, 0, 0) }],
      userIdentity: { positiveResponseRequested: false },
    })
  })
})
