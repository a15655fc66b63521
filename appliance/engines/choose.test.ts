import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { settingsSchema } from '../settings.ts'
import { chooseEngine, neededPromises } from './choose.ts'
import { ownEngine } from './own-engine.ts'
import type { DimseEngine } from './ports.ts'
import { type Capabilities, type EnginePromise, engineConfiguration, missingPromises, PROMISES } from './promises.ts'

const NAMES = Object.keys(PROMISES) as EnginePromise[]
const anyNames = fc.subarray(NAMES)

/** An engine that keeps these promises and no other. */
function engineWith(kept: readonly EnginePromise[]): DimseEngine {
  const capabilities = Object.fromEntries(NAMES.map((name) => [name, kept.includes(name)])) as Capabilities
  return { ...ownEngine, name: 'native', capabilities }
}

const settings = (changes: object = {}) => settingsSchema.parse(changes)
const destination = { name: 'pacs', aeTitle: 'PACS', host: '10.0.0.1', port: 104 }

describe('the choice of an engine', () => {
  it('is the own engine unless told, and it keeps every promise', () => {
    expect(chooseEngine(undefined, NAMES)).toBe(ownEngine)
    expect(chooseEngine({ name: 'own' }, NAMES)).toBe(ownEngine)
  })

  it('refuses what is needed, not kept and not done without, by name', () => {
    fc.assert(
      fc.property(anyNames, anyNames, anyNames, (kept, needed, acceptMissing) => {
        const open = needed.filter((name) => !kept.includes(name) && !acceptMissing.includes(name))
        const choose = () => chooseEngine({ name: 'native', acceptMissing }, needed, () => engineWith(kept))
        if (open.length === 0) expect(choose().name).toBe('native')
        else {
          expect(choose).toThrow(expect.objectContaining({ code: 'promise-missing' }))
          for (const name of open) expect(choose).toThrow(PROMISES[name])
        }
      }),
    )
  })

  it('says that the engine is not built before it speaks of promises', () => {
    const configuration = engineConfiguration.parse({ name: 'native', folder: '/nowhere' })
    expect(() => chooseEngine(configuration, [])).toThrow(expect.objectContaining({ code: 'not-built' }))
  })

  it.each([
    [
      'nothing but the defaults',
      '127.0.0.1',
      {},
      ['durable-success', 'bind-address'],
      ['tls', 'query', 'result-of-each'],
    ],
    ['every address of the machine', '0.0.0.0', {}, ['caller-policy'], ['bind-address']],
    ['a destination', '0.0.0.0', { destinations: [destination] }, ['result-of-each'], ['tls']],
    ['a destination with TLS', '0.0.0.0', { destinations: [{ ...destination, tls: identity() }] }, ['tls'], ['query']],
    ['TLS for callers', '0.0.0.0', { tls: identity() }, ['tls'], ['query']],
    [
      'a caller that asks',
      '0.0.0.0',
      { callers: [{ aeTitle: 'A', addresses: ['10.0.0.1'], mayQuery: true }] },
      ['query'],
      [],
    ],
  ])('%s needs what it needs', (_, host, changes, present, absent) => {
    const needed = neededPromises(host, settings(changes))
    for (const name of present) expect([...needed]).toContain(name)
    for (const name of absent) expect([...needed]).not.toContain(name)
  })

  it('knows no promise that the list does not name', () => {
    expect(engineConfiguration.safeParse({ name: 'native', acceptMissing: ['everything'] }).success).toBe(false)
    expect(missingPromises(ownEngine.capabilities, NAMES, [])).toEqual([])
  })
})

function identity() {
  return { keyFile: '/k.pem', certificateFile: '/c.pem', authoritiesFile: '/a.pem' }
}
