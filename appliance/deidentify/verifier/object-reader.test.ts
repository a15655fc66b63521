import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesElement, dataSetOf, sequenceElement, textElement } from '../../imaging/dataset/index.ts'
import { deidentified, fileWith } from '../testing.ts'
import { readObject } from './object-reader.ts'

const clean = deidentified(
  fileWith([
    textElement(0x00081030, 'LO', 'a description'),
    sequenceElement(0x00081140, [dataSetOf([textElement(0x00081155, 'UI', '1.2.3.4.5.6.7.8.9')])]),
  ]),
).bytes

const PIXELS_AT = clean.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57]))

function kindOf(bytes: Buffer, whole: boolean): string {
  try {
    return readObject(bytes, whole).kind
  } catch {
    return 'error'
  }
}

describe('the second reader', () => {
  test('reads what the engine writes, up to the pixels', () => {
    const finding = readObject(clean, true)
    expect(finding).toMatchObject({ kind: 'read', headerEnd: PIXELS_AT })
    expect(finding.kind === 'read' && finding.text.toString('utf8')).toContain('ISO_IR 192')
  })

  test('asks for more of every beginning that ends before the pixels, and fails when there is no more', () => {
    for (let end = 0; end < PIXELS_AT; end += 1) {
      const cut = clean.subarray(0, end)
      expect(kindOf(cut, false), String(end)).toBe('more')
      // At the end of an element the object could be whole; it then lacks what comes later, and may be read.
      expect(['error', 'broken', 'read'], String(end)).toContain(kindOf(cut, true))
    }
  })

  test('reads nothing but explicit little endian, in ascending order, with VRs of the standard', () => {
    const file = (elements: Parameters<typeof fileWith>[0], syntax?: string) => kindOf(fileWith(elements, syntax), true)
    expect(file([], '1.2.840.10008.1.2')).toBe('error')
    expect(file([], '1.2.840.10008.1.2.2')).toBe('error')
    expect(file([], '1.2.840.10008.1.2.1.99')).toBe('compressed')
    const wrongVr = Buffer.from(clean)
    wrongVr.write('ZZ', clean.indexOf('LO', 200, 'latin1'), 'latin1')
    expect(kindOf(wrongVr, true)).toBe('error')
    const descending = Buffer.from(clean)
    descending.writeUInt16LE(0x0001, clean.indexOf(Buffer.from([0x10, 0x00, 0x20, 0x00, 0x4c, 0x4f])) + 2)
    expect(kindOf(descending, true)).toBe('error')
  })

  test('asks for the one character set that its text is in', () => {
    const latin = Buffer.from(clean)
    latin.write('ISO_IR 100', clean.indexOf('ISO_IR 192', 0, 'latin1'), 'latin1')
    expect(readObject(latin, true)).toEqual({ kind: 'broken', rule: 'character-set-unexpected' })
  })

  test('nested private elements and names are seen at any depth', () => {
    const nest = (depth: number, inner: Parameters<typeof dataSetOf>[0]): ReturnType<typeof dataSetOf> =>
      depth === 0 ? dataSetOf(inner) : dataSetOf([sequenceElement(0x00082218, [nest(depth - 1, inner)])])
    const marked = [textElement(0x00120062, 'CS', 'YES'), textElement(0x00100010, 'PN', 'ANON^0123456789ab')]
    for (const depth of [1, 3, 12]) {
      const hidden = (inner: Parameters<typeof dataSetOf>[0]) =>
        readObject(fileWith([...marked, sequenceElement(0x00082229, [nest(depth, inner)])]), true)
      expect(hidden([bytesElement(0x00090010, 'LO', Buffer.from('X '))])).toMatchObject({ rule: 'private-element' })
      expect(hidden([textElement(0x00081048, 'PN', 'A^B')])).toMatchObject({ rule: 'name-not-pseudonymised' })
    }
  })

  test('bytes of any kind are read, asked for more, or refused, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(PIXELS_AT - 1), fc.boolean(), (noise, at, whole) => {
        const bytes = Buffer.from(clean.subarray(0, PIXELS_AT + 12))
        bytes.set(noise.subarray(0, bytes.length - at), at)
        expect(['read', 'more', 'broken', 'compressed', 'error']).toContain(kindOf(bytes, whole))
      }),
    )
  })
})
