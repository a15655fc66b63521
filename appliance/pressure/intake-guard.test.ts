import { beforeEach, describe, expect, it } from 'vitest'
import type { AssociationFacts, InstanceFacts, InstanceSink, StoreOutcome } from '../dimse/index.ts'
import { MemoryStorage } from '../dimse/testing/memory-storage.ts'
import { settingsSchema } from '../settings.ts'
import { IntakeGuard } from './intake-guard.ts'

const ANY = { verificationOnly: false }

function association(associationId: string, callingAeTitle = 'CT1', remoteAddress = '10.1.2.3'): AssociationFacts {
  return {
    associationId,
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

function instance(of: AssociationFacts): InstanceFacts {
  return {
    association: of,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1',
    sopInstanceUid: '2.25.1',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    moveOriginator: null,
  }
}

describe('the guard before the storage', () => {
  let storage: MemoryStorage
  let low: boolean
  let held: number
  beforeEach(() => {
    storage = new MemoryStorage()
    low = false
    held = 0
  })

  function guard(settings: object = {}): IntakeGuard {
    const parsed = settingsSchema.parse(settings)
    return new IntakeGuard({
      storage,
      gauge: { isLow: () => low },
      settings: () => parsed,
      heldBytes: () => held,
    })
  }

  function open(of: IntakeGuard, ...args: Parameters<typeof association>): AssociationFacts {
    const facts = association(...args)
    of.associationAccepted(facts)
    return facts
  }

  async function store(of: IntakeGuard, facts: AssociationFacts, ...sizes: readonly number[]): Promise<StoreOutcome> {
    const opened = await of.begin(instance(facts))
    if ('kind' in opened) return opened
    for (const size of sizes) await opened.write(Buffer.alloc(size))
    return opened.commit()
  }

  const refusal = (comment: string) => ({ kind: 'refused', status: 0xa700, comment })

  it('has room for so many associations, and for fewer of one title at one address', () => {
    const one = guard({ limits: { maximumAssociations: 3, maximumAssociationsPerCaller: 2 } })
    open(one, 'a')
    open(one, 'b')
    expect(one.room(association('c'), ANY)).toBe('limit')
    expect(one.room(association('c', ' CT1 '), ANY)).toBe('limit')
    expect(one.room(association('c', 'CT1', '10.1.2.4'), ANY)).toBeUndefined()
    const third = open(one, 'c', 'MR1')
    expect(one.room(association('d', 'DX1'), ANY)).toBe('limit')
    one.associationEnded(third, 'released', { stored: 0, refused: 0 })
    expect(one.room(association('d', 'DX1'), ANY)).toBeUndefined()
    expect(one.openAssociations()).toHaveLength(2)
  })

  it('lets the entry of a caller say how many', () => {
    const one = guard({ callers: [{ aeTitle: 'CT1', addresses: ['10.1.2.3'], maximumAssociations: 1 }] })
    open(one, 'a')
    expect(one.room(association('b'), ANY)).toBe('limit')
  })

  it('at the hard mark has room for verification alone, and answers stores with A700H', async () => {
    const one = guard()
    const facts = open(one, 'a')
    low = true
    expect(one.room(association('b'), ANY)).toBe('busy')
    expect(one.room(association('b'), { verificationOnly: true })).toBeUndefined()
    expect(await store(one, facts, 10)).toEqual(refusal('out of room; try again later'))
    low = false
    expect(await store(one, facts, 10)).toEqual({ kind: 'stored' })
  })

  it('finishes an instance that had begun before the hard mark', async () => {
    const one = guard()
    const sink = (await one.begin(instance(open(one, 'a')))) as InstanceSink
    low = true
    await sink.write(Buffer.alloc(10))
    expect(await sink.commit()).toEqual({ kind: 'stored' })
  })

  it('counts instances of an association', async () => {
    const one = guard({ limits: { maximumInstancesPerAssociation: 2 } })
    const [first, second] = [open(one, 'a'), open(one, 'b')]
    expect((await store(one, first, 1)).kind).toBe('stored')
    expect((await store(one, first, 1)).kind).toBe('stored')
    expect(await store(one, first, 1)).toEqual(refusal('association brought as many instances as it may'))
    expect((await store(one, second, 1)).kind).toBe('stored')
  })

  it('counts bytes of an association, keeps nothing of the instance that passes the limit, and reads it to its end', async () => {
    const one = guard({ limits: { maximumBytesPerAssociation: 2000 } })
    const facts = open(one, 'a')
    expect((await store(one, facts, 1500)).kind).toBe('stored')
    expect(await store(one, facts, 400, 400, 5000)).toEqual(refusal('association brought as many bytes as it may'))
    expect(storage.instances).toHaveLength(1)
    expect(storage.discarded).toBe(1)
  })

  it('counts what is held together with what is on its way', async () => {
    const one = guard({ limits: { maximumHeldBytes: 5000 } })
    const [first, second] = [open(one, 'a'), open(one, 'b')]
    held = 3000
    const sink = (await one.begin(instance(first))) as InstanceSink
    await sink.write(Buffer.alloc(1500))
    expect(await store(one, second, 1000)).toEqual(refusal('this node holds as much as it may'))
    await sink.discard()
    expect((await store(one, second, 1000)).kind).toBe('stored')
    held = 5000
    expect(await store(one, second)).toEqual(refusal('this node holds as much as it may'))
  })

  it('leaves borrowing to the sink behind it', async () => {
    const one = guard()
    const facts = open(one, 'a')
    expect(((await one.begin(instance(facts))) as InstanceSink).borrowsFragments).toBeUndefined()
    const inner = storage.begin(instance(facts)) as InstanceSink
    storage.begin = () => ({ ...inner, borrowsFragments: true })
    expect(((await one.begin(instance(facts))) as InstanceSink).borrowsFragments).toBe(true)
  })
})
