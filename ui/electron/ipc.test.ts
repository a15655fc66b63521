import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DESK_CHANNELS, type DeskChannel, type DeskFacts, type DeskHandlers, guardedHandlers } from './ipc.ts'

const FACTS: DeskFacts = { version: '1.0.0', mode: 'window', appliance: null, release: 'release' }
const CHANNELS = Object.keys(DESK_CHANNELS) as DeskChannel[]

function handlers(seen: unknown[]): DeskHandlers {
  const facts = async (...given: unknown[]): Promise<DeskFacts> => {
    seen.push(given)
    return FACTS
  }
  return {
    'desk:facts': facts,
    'desk:mode': facts,
    'desk:forget': facts,
    'desk:pair': async (text) => {
      seen.push([text])
      return { outcome: 'unreadable' }
    },
  }
}

describe('what pages and the main process say to one another', () => {
  it('has a handler and a schema for each channel, and no more', () => {
    expect([...guardedHandlers(handlers([])).keys()].sort()).toEqual([...CHANNELS].sort())
  })

  it('lets nothing reach a handler that is not of the contract, whatever a page sends', async () => {
    const seen: unknown[] = []
    const guarded = guardedHandlers(handlers(seen))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CHANNELS),
        fc.array(fc.anything(), { maxLength: 4 }),
        async (channel, given) => {
          seen.length = 0
          const isOfContract = DESK_CHANNELS[channel].request.safeParse(given).success
          const answered = await guarded
            .get(channel)?.(given)
            .then(
              () => true,
              () => false,
            )
          expect([answered, seen.length]).toEqual(isOfContract ? [true, 1] : [false, 0])
        },
      ),
    )
  })

  it('lets nothing out that is not of the contract', async () => {
    const leaking = handlers([])
    const guarded = guardedHandlers({
      ...leaking,
      'desk:facts': async () => ({ ...FACTS, session: 'secret' }) as DeskFacts,
    })
    await expect(guarded.get('desk:facts')?.([])).rejects.toThrow()
  })
})
