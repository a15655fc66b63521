import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LaneEmitter, type Notify, type TopicMessage } from './lane-emitter.ts'

const bounded = (topic: string): boolean => topic.startsWith('up/')
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the lanes of the broker', () => {
  it('let answers past what waits for room, and keep the order of what waits', async () => {
    const emitter = new LaneEmitter({ isBounded: bounded, concurrency: 1 })
    const heard: string[] = []
    const held: (() => void)[] = []
    emitter.on('up/+', ({ topic }, done) => {
      heard.push(topic)
      held.push(done)
    })
    emitter.on('down/a', ({ topic }, done) => {
      heard.push(topic)
      done()
    })
    for (const topic of ['up/1', 'up/2', 'up/3', 'down/a']) emitter.emit({ topic })
    expect([heard, emitter.length]).toEqual([['up/1', 'down/a'], 2])
    held.shift()?.()
    held.shift()?.()
    expect([heard, emitter.length]).toEqual([['up/1', 'down/a', 'up/2', 'up/3'], 0])
  })

  it('tell whether anybody takes messages of a topic, also after the last one went', async () => {
    const emitter = new LaneEmitter({ isBounded: bounded, concurrency: 1 })
    const take: Notify = (_message, done) => done()
    expect(emitter.isHeard('up/1')).toBe(false)
    emitter.on('up/+', take).on('down/a', take)
    expect(['up/1', 'down/a', 'down/b'].map((topic) => emitter.isHeard(topic))).toEqual([true, true, false])
    emitter.removeListener('up/+', take)
    await turn()
    expect(emitter.isHeard('up/1')).toBe(false)
  })

  it('are not held up by a receiver that never takes its answers', async () => {
    const emitter = new LaneEmitter({ isBounded: bounded, concurrency: 1 })
    let taken = 0
    emitter.on('down/deaf', () => undefined)
    emitter.on('down/well', (_message, done) => {
      taken += 1
      done()
    })
    for (let i = 0; i < 1000; i += 1) emitter.emit({ topic: 'down/deaf' }).emit({ topic: 'down/well' })
    expect(taken).toBe(1000)
  })

  it('say when every receiver has taken a message, and at once when there is none', async () => {
    const emitter = new LaneEmitter({ isBounded: bounded, concurrency: 4 })
    const held: (() => void)[] = []
    const hold: Notify = (_message, done) => void held.push(done)
    emitter.on('down/a', hold).on('down/#', hold).on('+/a', hold)
    let done = 0
    emitter.emit({ topic: 'down/a' }, () => (done += 1))
    expect(held).toHaveLength(3)
    held[0]?.()
    held[1]?.()
    expect(done).toBe(0)
    held[2]?.()
    expect(done).toBe(1)
    emitter.emit({ topic: 'nobody/here' }, () => (done += 1))
    await turn()
    expect(done).toBe(2)
  })

  it('take no more after they were closed, and none for a listener that was removed', async () => {
    const emitter = new LaneEmitter({ isBounded: bounded, concurrency: 4 })
    const heard: TopicMessage[] = []
    const hear: Notify = (message, done) => {
      heard.push(message)
      done()
    }
    emitter.on('a', hear).removeListener('a', hear)
    await turn()
    emitter.emit({ topic: 'a' })
    expect(heard).toEqual([])
    await new Promise<void>((resolve) => void emitter.close(resolve))
    let failed: Error | undefined
    emitter.emit({ topic: 'a' }, (error) => {
      failed = error
    })
    expect(failed?.message).toContain('closed')
  })

  it('match filters as the standard says, whatever they are', () => {
    const level = fc.constantFrom('a', 'b', '')
    const path = fc.array(level, { minLength: 1, maxLength: 4 })
    const filterLevel = fc.constantFrom('a', 'b', '', '+')
    const filter = fc.tuple(fc.array(filterLevel, { minLength: 1, maxLength: 4 }), fc.boolean())
    const asRegExp = (levels: readonly string[], rest: boolean): RegExp =>
      new RegExp(`^${levels.map((one) => (one === '+' ? '[^/]*' : one)).join('/')}${rest ? '(?:/.*)?' : ''}$`)
    fc.assert(
      fc.property(path, filter, (parts, [levels, rest]) => {
        const emitter = new LaneEmitter({ isBounded: () => false, concurrency: 1 })
        let heard = 0
        emitter.on([...levels, ...(rest ? ['#'] : [])].join('/'), (_message, done) => {
          heard += 1
          done()
        })
        const topic = parts.join('/')
        emitter.emit({ topic })
        expect(heard).toBe(asRegExp(levels, rest).test(topic) ? 1 : 0)
      }),
    )
  })
})
