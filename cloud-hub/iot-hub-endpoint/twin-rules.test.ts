import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EndpointError } from './errors.ts'
import { parsePatch } from './twin-rules.ts'

const bytes = (text: string): Buffer => Buffer.from(text)

describe('a patch from a device', () => {
  it('is an object within the limits', () => {
    expect(parsePatch(bytes('{"leadglass":{"batches":3,"gone":null}}'))).toEqual({
      leadglass: { batches: 3, gone: null },
    })
  })

  it.each([
    ['no JSON', '{', 'twin-malformed'],
    ['a list', '[1]', 'twin-malformed'],
    ['a dollar in a name', '{"$version":3}', 'twin-malformed'],
    ['a dot in a name', '{"a.b":3}', 'twin-malformed'],
    ['a prototype', '{"__proto__":{"x":1}}', 'twin-malformed'],
    ['a deep nest', `${'{"a":'.repeat(12)}1${'}'.repeat(12)}`, 'twin-malformed'],
    ['too much', `{"a":"${'x'.repeat(33_000)}"}`, 'twin-too-large'],
  ])('is refused with %s', (_name, text, code) => {
    expect(() => parsePatch(bytes(text))).toThrow(expect.objectContaining({ code }))
  })

  it('fails with a code for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (payload) => {
        try {
          parsePatch(payload)
        } catch (error) {
          expect(error).toBeInstanceOf(EndpointError)
        }
      }),
    )
  })
})
