import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ASSEMBLY_STATES, deriveState, PROCESSING_STATES } from './vocabulary.ts'

describe('the one word of a revision', () => {
  it('says superseded before anything else, receiving before processing, and processing otherwise', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ASSEMBLY_STATES),
        fc.constantFrom(...PROCESSING_STATES),
        fc.boolean(),
        (assembly, processing, superseded) => {
          const word = deriveState({ assembly, processing, superseded })
          if (superseded) expect(word).toBe('superseded')
          else expect(word).toBe(assembly === 'receiving' ? 'receiving' : processing)
        },
      ),
    )
  })
})
