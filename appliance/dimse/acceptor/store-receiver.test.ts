import { describe, expect, it } from 'vitest'
import type { InstanceSink, StoreOutcome } from '../ports.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import { StoreReceiver } from './store-receiver.ts'

function sink(overrides: Partial<InstanceSink> = {}) {
  const calls: string[] = []
  const made: InstanceSink = {
    write(fragment) {
      calls.push(`write ${fragment.length}`)
    },
    async commit(): Promise<StoreOutcome> {
      calls.push('commit')
      return { kind: 'stored' }
    },
    async discard() {
      calls.push('discard')
    },
    ...overrides,
  }
  return { made, calls }
}

const errors: unknown[] = []
const receiver = (opened: ConstructorParameters<typeof StoreReceiver>[0], max = 100) =>
  new StoreReceiver(opened, max, (error) => errors.push(error))

describe('StoreReceiver', () => {
  it('writes, then commits', async () => {
    const { made, calls } = sink()
    const store = receiver(made)
    expect(store.write(new Uint8Array(10))).toBeUndefined()
    await store.write(new Uint8Array(20))
    expect(await store.finish()).toEqual({ kind: 'stored' })
    await store.discard()
    expect(calls).toEqual(['write 10', 'write 20', 'commit'])
  })

  it('passes a refusal on after the data set was read', async () => {
    const refusal = { kind: 'refused', status: 0x0124, comment: 'no' } as const
    const store = receiver(refusal)
    await store.write(new Uint8Array(10))
    expect(await store.finish()).toEqual(refusal)
  })

  it('refuses what is too large, reads it out, and gives up beyond twice the limit', async () => {
    const { made, calls } = sink()
    const store = receiver(made)
    await store.write(new Uint8Array(100))
    await store.write(new Uint8Array(1))
    await store.write(new Uint8Array(50))
    expect(calls).toEqual(['write 100', 'discard'])
    expect(await store.finish()).toMatchObject({ kind: 'refused', status: 0xa700 })
    expect(() => store.write(new Uint8Array(50))).toThrow(MalformedMessageError)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk'))],
  ])('answers 0xA700 when a write %s, and discards', async (_, write) => {
    const { made, calls } = sink({ write })
    const store = receiver(made)
    await store.write(new Uint8Array(2))
    await store.write(new Uint8Array(2))
    expect(await store.finish()).toMatchObject({ kind: 'refused', status: 0xa700 })
    expect(calls).toEqual(['discard'])
    expect(errors.length).toBeGreaterThan(0)
  })

  it('answers 0xA700 when commit fails, and does not discard then', async () => {
    const { made, calls } = sink({ commit: () => Promise.reject(new Error('disk')) })
    const store = receiver(made)
    await store.write(new Uint8Array(2))
    expect(await store.finish()).toMatchObject({ kind: 'refused', status: 0xa700 })
    await store.discard()
    expect(calls).toEqual(['write 2'])
  })

  it('refuses an empty data set', async () => {
    const { made, calls } = sink()
    expect(await receiver(made).finish()).toMatchObject({ kind: 'refused', status: 0xa900 })
    expect(calls).toEqual(['discard'])
  })

  it('tells whether fragments stay in use', async () => {
    expect(receiver(sink().made).keepsFragments).toBe(true)
    expect(receiver(sink({ borrowsFragments: true }).made).keepsFragments).toBe(false)
    expect(receiver({ kind: 'refused', status: 1, comment: '' }).keepsFragments).toBe(false)
  })
})
