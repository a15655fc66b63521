import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesElement,
  concat,
  type DataSet,
  dataSetOf,
  type Element,
  parsePart10,
  sequenceElement,
  textElement,
  writePart10,
} from '../../imaging/dataset/index.ts'
import { identifiersOf } from '../identifiers.ts'
import { deidentified, fileWith } from '../testing.ts'
import { EgressVerifier } from './egress-verifier.ts'

const verifier = new EgressVerifier()

const source = fileWith([
  textElement(0x00080005, 'CS', 'ISO_IR 192'),
  bytesElement(0x00100010, 'PN', Buffer.from('Quixano^Alonso Müller', 'utf8')),
  textElement(0x00100030, 'DA', '19470317'),
  textElement(0x00080050, 'SH', 'ACC7788213'),
  textElement(0x00080080, 'LO', 'Mancha General Infirmary'),
  textElement(0x00080090, 'PN', 'Carrasco^Sanson'),
  textElement(0x00102154, 'SH', '+34 926 555 0147'),
  sequenceElement(0x00101002, [dataSetOf([textElement(0x00100020, 'LO', 'ALT-55512')])]),
])
const identifiers = identifiersOf(source)
const clean = deidentified(source)

/** The de-identified object with one element more, written by hand as if the de-identifier had left it in. */
function leaked(element: Element, at: (dataSet: DataSet) => DataSet = (dataSet) => dataSet): Buffer {
  const file = parsePart10(clean.bytes)
  const target = at(file.dataSet)
  target.elements.set(element.tag, element)
  const dataSet = dataSetOf(file.dataSet.elements.values())
  return concat(writePart10({ meta: file.meta, dataSet }))
}

function outcomeOf(bytes: Uint8Array): string {
  const outcome = verifier.verifyObject(bytes, identifiers)
  if (outcome.kind === 'hit') return `${outcome.rule} in ${outcome.place}`
  return outcome.kind === 'error' ? outcome.code : 'clean'
}

const IDENTIFIERS = [
  'Quixano',
  'QUIXANO',
  'quixano',
  'Alonso',
  'Müller',
  'MÜLLER',
  'MRN-8841-27',
  'ACC7788213',
  'Mancha General Infirmary',
  'Carrasco',
  'ALT-55512',
  '+34 926 555 0147',
  '19470317',
  '1947-03-17',
  '17.03.1947',
  '03/17/1947',
  '17031947',
  '1.2.826.0.1.3680043.9.9999.1.1.1',
]

describe('objects', () => {
  test('a de-identified object is clean, as bytes and as chunks; the original is not', () => {
    expect(outcomeOf(clean.bytes)).toBe('clean')
    expect(verifier.verifyObject(clean.outcome.chunks, identifiers)).toMatchObject({ kind: 'clean' })
    expect(outcomeOf(source)).not.toBe('clean')
  })

  test.each(IDENTIFIERS)('a leak is found in text, in an item, and in bytes of any encoding (%#)', (identifier) => {
    const words = `see ${identifier} there`
    expect(outcomeOf(leaked(bytesElement(0x00081030, 'LO', Buffer.from(words, 'utf8'))))).toBe(
      'identifier-found in text',
    )
    const nested = sequenceElement(0x00082218, [
      dataSetOf([
        sequenceElement(0x00082229, [dataSetOf([bytesElement(0x00080104, 'LO', Buffer.from(words, 'utf8'))])]),
      ]),
    ])
    expect(outcomeOf(leaked(nested))).toMatch(/^identifier-found in (?:text|header)$/)
    for (const encoding of ['utf8', 'latin1', 'utf16le'] as const) {
      const bytes = Buffer.from(words, encoding)
      const even = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)])
      expect(outcomeOf(leaked(bytesElement(0x00282000, 'OB', even)))).toBe('identifier-found in header')
      if (encoding === 'utf16le')
        expect(outcomeOf(leaked(bytesElement(0x00282000, 'OB', even.swap16())))).toBe('identifier-found in header')
    }
  })

  test.each(IDENTIFIERS)('a leak within the pixels is found (%#)', (identifier) => {
    const pixels = Buffer.alloc(60_000, 17)
    Buffer.from(`comment: ${identifier}`, 'utf8').copy(pixels, 31_001)
    expect(outcomeOf(leaked(bytesElement(0x7fe00010, 'OW', pixels)))).toBe('identifier-found in pixel-data')
  })

  test('structure is checked by the other parser', () => {
    expect(outcomeOf(leaked(textElement(0x00090010, 'LO', 'MAKER')))).toBe('private-element in structure')
    expect(outcomeOf(leaked(textElement(0x60000022, 'LO', 'overlay')))).toBe('graphics-element in structure')
    expect(outcomeOf(leaked(textElement(0x00081048, 'PN', 'Somebody^Else')))).toBe(
      'name-not-pseudonymised in structure',
    )
    expect(outcomeOf(leaked(textElement(0x00120062, 'CS', 'NO')))).toBe('identity-mark-missing in structure')
    const preamble = Buffer.from(clean.bytes)
    preamble[5] = 1
    expect(outcomeOf(preamble)).toBe('preamble-not-empty in structure')
  })

  test('what cannot be read is an error and never clean', () => {
    expect(outcomeOf(clean.bytes.subarray(0, 100))).toBe('object-unreadable')
    expect(outcomeOf(Buffer.from('no object at all'))).toBe('object-unreadable')
    expect(outcomeOf(new Uint8Array(0))).toBe('object-unreadable')
    const file = parsePart10(clean.bytes)
    const deflated = writePart10({
      meta: { ...file.meta, transferSyntaxUid: '1.2.840.10008.1.2.1.99' },
      dataSet: file.dataSet,
    })
    expect(outcomeOf(concat(deflated))).toBe('data-set-compressed')
  })

  test('results hold codes only', () => {
    for (const identifier of IDENTIFIERS) {
      const outcome = verifier.verifyObject(
        leaked(bytesElement(0x00081030, 'LO', Buffer.from(identifier, 'utf8'))),
        identifiers,
      )
      expect(JSON.stringify(outcome).toLowerCase()).not.toContain(identifier.toLowerCase())
    }
  })

  test('short and common words, and short numbers, raise no alarm', () => {
    const plain = identifiersOf(
      fileWith([
        textElement(0x00100010, 'PN', 'Chest^Li'),
        textElement(0x00100020, 'LO', '512'),
        textElement(0x00080050, 'SH', '1'),
      ]),
    )
    expect(verifier.verifyObject(clean.bytes, { ...plain, uids: [] })).toMatchObject({ kind: 'clean' })
  })

  test('names in other scripts are found as they were encoded', () => {
    const japanese = Buffer.from('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'latin1')
    const original = fileWith([
      textElement(0x00080005, 'CS', '', 'ISO 2022 IR 87'),
      bytesElement(0x00100010, 'PN', japanese),
    ])
    const found = identifiersOf(original)
    expect(found.names).toEqual(['Yamada', 'Tarou', '山田', '太郎'])
    const cleaned = deidentified(original)
    expect(verifier.verifyObject(cleaned.bytes, found)).toMatchObject({ kind: 'clean' })
    const raw = leaked(bytesElement(0x00282000, 'OB', Buffer.from('xx\x1b$B;3ED\x1b(Bxx ', 'latin1')))
    expect(verifier.verifyObject(raw, found)).toMatchObject({ kind: 'hit' })
  })

  test('each of hundreds of UIDs is found', () => {
    const uids = Array.from({ length: 500 }, (_, index) => `1.2.826.0.1.3680043.5.${index}.7`)
    const leak = leaked(textElement(0x0008010d, 'UI', '1.2.826.0.1.3680043.5.499.7'))
    expect(verifier.verifyObject(leak, { ...identifiers, uids })).toMatchObject({ kind: 'hit' })
    expect(verifier.verifyJson('{"a":"1.2.826.0.1.3680043.5.499.7"}', { ...identifiers, uids }).kind).toBe('hit')
  })

  test('in random pixels nothing is found by chance', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20_000, maxLength: 20_000 }), (pixels) => {
        expect(outcomeOf(leaked(bytesElement(0x7fe00010, 'OB', pixels)))).toBe('clean')
      }),
      { numRuns: 20 },
    )
  })
})

describe('envelopes', () => {
  const envelope = (text: string): string =>
    JSON.stringify({ schema: 'leadglass.envelope/1', sequence: 12, body: { kind: 'not-scored', note: text } })

  test.each(IDENTIFIERS)('an identifier in any string or key is found (%#)', (identifier) => {
    expect(verifier.verifyJson(envelope(identifier), identifiers)).toEqual({
      kind: 'hit',
      rule: 'identifier-found',
      place: 'json',
    })
    expect(verifier.verifyJson(JSON.stringify({ [identifier]: 1 }), identifiers).kind).toBe('hit')
    const leaf = Buffer.from(envelope(identifier)).toString('base64')
    expect(verifier.verifyJson(JSON.stringify({ kind: 'audit-leaf', leaf }), identifiers).kind).toBe('hit')
  })

  test('escaped text is unescaped first', () => {
    expect(verifier.verifyJson('{"a":"\\u0051uix\\u0061no"}', identifiers).kind).toBe('hit')
  })

  test('pseudonyms, figures and embeddings pass', () => {
    const embedding = Buffer.from(new Float32Array(1280).map((_, index) => Math.sin(index)).buffer).toString('base64')
    const { studyPseudonym, patientPseudonym, acquisition } = clean.outcome
    const json = JSON.stringify({
      study: studyPseudonym,
      patient: patientPseudonym,
      acquisition,
      embedding,
      scores: [{ code: 'pneumonia', value: 0.1 }],
    })
    expect(verifier.verifyJson(json, identifiers)).toMatchObject({ kind: 'clean' })
  })

  test('what is no JSON is an error', () => {
    expect(verifier.verifyJson('{"a":', identifiers)).toEqual({ kind: 'error', code: 'json-unreadable' })
    expect(verifier.verifyJson('{"leaf":"bm8ganNvbg=="}', identifiers).kind).toBe('error')
  })
})
