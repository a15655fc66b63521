import { isCommonToken, type StudyIdentifiers } from '../deidentify/index.ts'
import {
  bytesElement,
  type DataSet,
  dataSetOf,
  type Element,
  text,
  traitsOf,
  type Vr,
} from '../imaging/dataset/index.ts'
import type { IdentityOverlay } from './vocabulary.ts'

const UTF_8 = 'ISO_IR 192'
const ASCII = /^[\x20-\x7e]*$/

/**
 * The header of a source under the identity in force, for results. Corrections come as text, so a header that would mix
 * character sets is written in UTF-8 as a whole (PS3.3 C.12.1.1.2). The received object itself is never altered.
 */
export function overlayHeader(header: DataSet, overlay: IdentityOverlay | undefined): DataSet {
  if (overlay === undefined) return header
  const changes = changesOf(overlay)
  const plain = changes.every(([, , value]) => ASCII.test(value))
  const base = plain ? header : inUtf8(header)
  const elements = new Map(base.elements)
  for (const [tag, vr, value] of changes) elements.set(tag, bytesElement(tag, vr, Buffer.from(value, 'utf8')))
  return dataSetOf(elements.values(), base.characterSets)
}

/** The identifiers of an object with those of the identity in force: neither may leave. */
export function withCorrected(received: StudyIdentifiers, corrected: IdentityOverlay | undefined): StudyIdentifiers {
  if (corrected === undefined) return received
  const { patient, name = '', birthDate = '', accessionNumber = '' } = corrected
  const telling = (values: readonly string[]): string[] => values.filter((value) => !isCommonToken(value))
  return {
    ...received,
    names: [...received.names, ...telling(name.split(/[\^=\s]+/))],
    ids: [...received.ids, ...telling([patient?.id ?? '', accessionNumber])],
    birthDates: [...received.birthDates, ...(/^\d{8}$/.test(birthDate) ? [birthDate] : [])],
  }
}

function changesOf(overlay: IdentityOverlay): [tag: number, vr: Vr, value: string][] {
  const { patient, name, birthDate, sex, accessionNumber } = overlay
  const changes: [number, Vr, string | null | undefined][] = [
    [0x00080050, 'SH', accessionNumber],
    [0x00100010, 'PN', name],
    [0x00100020, 'LO', patient?.id],
    [0x00100021, 'LO', patient?.issuer],
    [0x00100030, 'DA', birthDate],
    [0x00100040, 'CS', sex],
  ]
  return changes.flatMap(([tag, vr, value]) =>
    value === null || value === undefined ? [] : [[tag, vr, value] as [number, Vr, string]],
  )
}

function inUtf8(header: DataSet): DataSet {
  const elements = [...header.elements.values()].map((element): Element => {
    if (element.value.kind !== 'bytes' || traitsOf(element.vr).text !== 'charset') return element
    return bytesElement(element.tag, element.vr, Buffer.from(text(header, element.tag) ?? '', 'utf8'))
  })
  const named = elements.filter((element) => element.tag !== 0x00080005)
  return dataSetOf([...named, bytesElement(0x00080005, 'CS', Buffer.from(UTF_8))], [UTF_8])
}
