import { describe, expect, test } from 'vitest'
import {
  bytesElement,
  dataSetOf,
  decimal,
  decimals,
  decodeText,
  integer,
  integers,
  numbers,
  text,
  textElement,
  texts,
  uid,
} from './index.ts'

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

describe('values', () => {
  const dataSet = dataSetOf([
    textElement(0x00080008, 'CS', 'ORIGINAL', 'PRIMARY '),
    bytesElement(0x00080018, 'UI', latin1('1.2.3\0')),
    bytesElement(0x00104000, 'LT', latin1('  a\\b  ')),
    bytesElement(0x00200013, 'IS', latin1(' 7 ')),
    bytesElement(0x00280030, 'DS', latin1('0.5\\ .25\\nan')),
    bytesElement(0x00280106, 'SS', Uint8Array.of(0xff, 0xff, 0x02, 0x00)),
    { tag: 0x00280107, vr: 'US', value: { kind: 'bytes', bytes: Uint8Array.of(0x01, 0x02), bigEndian: true } },
    bytesElement(0x00281050, 'DS', new Uint8Array(0)),
  ])

  test('text loses its padding, values are split, free text is not', () => {
    expect(texts(dataSet, 0x00080008)).toEqual(['ORIGINAL', 'PRIMARY'])
    expect(uid(dataSet, 0x00080018)).toBe('1.2.3')
    expect(texts(dataSet, 0x00104000)).toEqual(['  a\\b'])
    expect(text(dataSet, 0x00281050)).toBeUndefined()
    expect(texts(dataSet, 0x00189999)).toEqual([])
  })

  test('numbers come from text and binary VRs, in the byte order of the element', () => {
    expect(integer(dataSet, 0x00200013)).toBe(7)
    expect(decimals(dataSet, 0x00280030)).toEqual([0.5, 0.25])
    expect(integers(dataSet, 0x00280106)).toEqual([-1, 2])
    expect(integer(dataSet, 0x00280107)).toBe(0x0102)
    expect(decimal(dataSet, 0x00281050)).toBeUndefined()
    expect(numbers(bytesElement(0x00280106, 'FD', new Uint8Array(new Float64Array([1.5, -2]).buffer)))).toEqual([
      1.5, -2,
    ])
  })
})

describe('character sets', () => {
  test.each([
    ['ISO_IR 100', 'Buc^J\xe9r\xf4me', 'Buc^Jérôme'],
    ['ISO_IR 144', '\xbb\xee\xdace\xdc\xd1yp\xd3', 'Люкceмбypг'],
    ['ISO_IR 126', '\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2', 'Διονυσιος'],
    ['ISO_IR 127', '\xe2\xc8\xc7\xe6\xea', 'قباني'],
    ['ISO_IR 138', '\xf9\xf8\xe5\xef', 'שרון'],
    ['ISO_IR 192', Buffer.from('王^小東', 'utf8').toString('latin1'), '王^小東'],
    ['GB18030', '\xcd\xf5^\xd0\xa1\xb6\xab', '王^小东'],
  ])('%s', (term, bytes, expected) => {
    expect(decodeText(latin1(bytes), [term])).toBe(expected)
  })

  test('Japanese with code extensions, as PS3.5 annex H.3.1 has it', () => {
    const bytes = 'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B'
    expect(decodeText(latin1(bytes), ['', 'ISO 2022 IR 87'])).toBe('Yamada^Tarou=山田^太郎=やまだ^たろう')
  })

  test('Japanese with half-width katakana, as PS3.5 annex H.3.2 has it', () => {
    const bytes = '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J'
    expect(decodeText(latin1(bytes), ['ISO 2022 IR 13', 'ISO 2022 IR 87'])).toBe('ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎')
  })

  test('Korean, as PS3.5 annex I.2 has it', () => {
    const bytes = 'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf'
    expect(decodeText(latin1(bytes), ['', 'ISO 2022 IR 149'])).toBe('Hong^Gildong=洪^吉洞=홍^길동')
  })

  test('a delimiter falls back to the first character set (PS3.5 6.1.2.5.3)', () => {
    expect(decodeText(latin1('\x1b-L\xbb^\xc4'), ['ISO 2022 IR 100', 'ISO 2022 IR 144'])).toBe('Л^Ä')
  })

  test('an unknown term loses no byte', () => {
    expect(decodeText(latin1('A\xe4'), ['WHATEVER'])).toBe('Aä')
  })
})
