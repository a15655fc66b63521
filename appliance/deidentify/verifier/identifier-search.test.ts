import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SearchedIdentifiers } from './common-words.ts'
import { IdentifierSearch } from './identifier-search.ts'
import { textsOf } from './layers.ts'

const NOBODY: SearchedIdentifiers = { names: [], ids: [], birthDates: [], uids: [], places: [], raw: [] }

function searchFor(identifiers: Partial<SearchedIdentifiers>): IdentifierSearch {
  const search = new IdentifierSearch()
  search.add({ ...NOBODY, ...identifiers })
  return search
}

function finds(identifiers: Partial<SearchedIdentifiers>, text: string): boolean {
  return searchFor(identifiers).first(text) !== undefined
}

const hex = (text: string): string => Buffer.from(text).toString('hex')
const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('spellings', () => {
  test.each([
    ['Zoë', 'from Zoe today'],
    ['Zoë', 'zoë'],
    ['Müller', 'MULLER'],
    ['Müller', 'Mueller'],
    ['Mueller', 'Müller'],
    ['Weiß', 'WEISS'],
    ['Sørensen', 'Soerensen'],
    ['Sørensen', 'Sorensen'],
    ['Łukasz', 'lukasz'],
    ["O'Brien", 'OBrien'],
    ["O'Brien", 'o brien'],
    ['Anne-Marie', 'annemarie'],
    ['Иванов', 'Ivanov'],
    ['山田', '患者は山田です'],
    ['Quixano', 'Qui\u00adxano'],
    ['Quixano', 'Q\u200bu\u200bi\u200bx\u200bano'],
    ['Quixano', 'dr_quixano_1'],
    ['Mancha General', 'mancha-general'],
  ])('a name is found however it is spelled (%#)', (name, text) => {
    expect(finds({ names: [name] }, text)).toBe(true)
  })

  test.each(['123-456-789', '123 456 789', '123.456.789', '000123456789', 'id=123456789;', '1 234 567 89'])(
    'a number is found however it is grouped (%#)',
    (text) => {
      expect(finds({ ids: ['123456789'] }, text)).toBe(true)
    },
  )

  test.each([
    '19470317',
    '1947-03-17',
    '17.03.1947',
    '17.3.1947',
    '3/17/1947',
    '03/17/47',
    '17 March 1947',
    'March 17, 1947',
    '17-MAR-1947',
    '17th of March 1947',
    'Mar 17 1947',
    '17. März 1947',
    '17 mars 1947',
    '17 de marzo de 1947',
    '1947 Mar 17',
    '19470317120000',
  ])('a birth date is found in any notation (%#)', (text) => {
    expect(finds({ birthDates: ['19470317'] }, `born ${text} here`)).toBe(true)
  })

  test.each(['1947-03-18', '17.04.1947', '1.2.840.17.3.1947.5', '2.17.03.47', 'mark 17 1947', '419470317', '17 1947'])(
    'another date is not taken for it (%#)',
    (text) => {
      // Eight digits within a longer number count where the number ends with them; a leading digit of another value does not.
      expect(finds({ birthDates: ['19470317'] }, `x ${text} y`)).toBe(text === '419470317')
    },
  )
})

describe('encodings', () => {
  const name = 'Müller-Lüdenscheidt'
  test.each([
    ['percent', encodeURIComponent(name)],
    ['HTML', 'M&uuml;ller-L&#252;denscheidt'],
    ['HTML hexadecimal', 'M&#xfc;ller-L&#xfc;denscheidt'],
    ['JSON', 'M\\u00fcller-L\\u00fcdenscheidt'],
    ['JavaScript', 'M\\xfcller-L\\u{fc}denscheidt'],
    ['quoted printable', 'M=C3=BCller-L=C3=BCdenscheidt'],
    ['base64', base64(`patient ${name} seen`)],
    ['base64, unaligned', `x${base64(`patient ${name} seen`)}`],
    ['base64 of a URL', base64(encodeURIComponent(`patient ${name} seen`))],
    ['hexadecimal', hex(`patient ${name} seen`)],
    ['hexadecimal with colons', hex(name).replaceAll(/(..)(?=.)/g, '$1:')],
    ['decomposed', name.normalize('NFD')],
  ])('%s', (_, text) => {
    expect(finds({ names: [name] }, `before ${text} after`)).toBe(true)
  })

  test.each(['utf8', 'latin1', 'utf16le'] as const)('bytes in %s', (encoding) => {
    const bytes = Buffer.concat([Buffer.from([1, 2, 3]), Buffer.from(`saw ${name} now`, encoding)])
    expect(textsOf(bytes).some((text) => finds({ names: [name] }, text))).toBe(true)
  })

  test('bytes in UTF-16 big endian, and in ISO 2022 with a name in Unicode', () => {
    const wide = Buffer.from(`saw ${name} now`, 'utf16le').swap16()
    expect(textsOf(wide).some((text) => finds({ names: [name] }, text))).toBe(true)
    const japanese = Buffer.from('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'latin1')
    expect(textsOf(japanese).some((text) => finds({ names: ['太郎'] }, text))).toBe(true)
  })
})

describe('nothing by chance', () => {
  test.each([
    [{ names: ['Li'] }, 'li'],
    [{ names: ['Chest'] }, 'chest'],
    [{ names: ['Chen'] }, 'kitchen'],
    [{ names: ['Hansen'] }, 'that hans encountered'],
    [{ ids: ['1234'] }, '1234'],
    [{ ids: ['12345'] }, '912345, 123456'],
    [{ ids: ['12345'] }, '1 2345'],
    [{ ids: ['1234567'] }, '123, 4567'],
    [{ ids: ['1234567'] }, '"123","4567"'],
  ])('%#', (identifiers, text) => {
    expect(finds(identifiers, text)).toBe(false)
  })

  test('short names are told apart as weak', () => {
    expect(searchFor({ names: ['Chen'] }).first('a Chen b')?.isWeak).toBe(true)
    expect(searchFor({ names: ['Quixano'] }).first('a Quixano b')?.isWeak).toBe(false)
  })

  test('random bytes in base64 hold nobody', () => {
    const search = searchFor({ names: ['Quixano', 'Chen', 'Ana'], ids: ['123456789'], birthDates: ['19470317'] })
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 400, maxLength: 800 }), (bytes) => {
        expect(search.first(Buffer.from(bytes).toString('base64'))).toBeUndefined()
        expect(search.first(Buffer.from(bytes).toString('hex'))).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })
})

describe('for any identifier', () => {
  const letters = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzäöüßéèçñøåł')
  const name = fc.array(letters, { minLength: 6, maxLength: 14 }).map((list) => list.join(''))
  const number = fc
    .integer({ min: 10_000_000, max: 999_999_999 })
    .map(String)
    .filter((digits) => new Set(digits).size > 1)
  /** Words of other letters, so that nothing is found in them. */
  const prose = fc.array(fc.stringMatching(/^[QX]{1,9}$/), { maxLength: 12 }).map((words) => words.join(' '))
  const wrap = fc.constantFrom<(text: string) => string>(
    (text) => text,
    (text) => text.toUpperCase(),
    (text) => text.normalize('NFD'),
    (text) => [...text].join('\u200b'),
    (text) => encodeURIComponent(text),
    (text) => [...text].map((letter) => `&#${letter.codePointAt(0)};`).join(''),
    (text) => [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    (text) => base64(`(${text}) was here`),
    (text) => hex(`(${text}) was here`),
  )

  test('it is found in any wrapping anywhere, and not where it is not', () => {
    fc.assert(
      fc.property(fc.oneof(name, number), wrap, prose, prose, (identifier, wrapped, before, after) => {
        const search = searchFor({ names: [identifier] })
        expect(search.first(`${before} ${wrapped(identifier)} ${after}`)).toBeDefined()
        expect(search.first(`${before} ${after}`)).toBeUndefined()
      }),
      { numRuns: 400 },
    )
  })

  test('a number is found in any grouping', () => {
    fc.assert(
      fc.property(
        number,
        fc.constantFrom('-', ' ', '.', '/', '\u00ad', ' - '),
        fc.integer({ min: 2, max: 5 }),
        (id, mark, size) => {
          const grouped = id.match(new RegExp(`.{1,${size}}`, 'g'))?.join(mark) ?? id
          expect(finds({ ids: [id] }, `(${grouped})`)).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })
})
