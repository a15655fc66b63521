import { describe, expect, it } from 'vitest'
import { parseNodeAddress } from './address.ts'

describe('the address of a DICOM node', () => {
  it('is AET@HOST:PORT', () => {
    expect(parseNodeAddress('LEADGLASS@127.0.0.1:11112')).toEqual({
      aeTitle: 'LEADGLASS',
      host: '127.0.0.1',
      port: 11112,
    })
    expect(parseNodeAddress('PACS@[::1]:104')).toEqual({ aeTitle: 'PACS', host: '::1', port: 104 })
  })

  it.each([
    '',
    'LEADGLASS',
    'A@B',
    '@host:104',
    'ABCDEFGHIJKLMNOPQ@host:104',
    'A@host:0',
    'A@host:65536',
    'A@ho st:104',
  ])('is not %j', (text) => {
    expect(() => parseNodeAddress(text)).toThrow(/not an address/)
  })
})
