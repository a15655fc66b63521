import { Hl7Error } from './errors.ts'
import type { Components, Hl7Message, Segment } from './message.ts'

/** A patient identifier (data type CX): the number and the namespace of its assigning authority, '' where none. */
export interface PatientIdentifier {
  readonly id: string
  readonly issuer: string
}

/** One patient of an A40: who survives, with what is known of them, and who is merged into them. */
export interface MergeOfMessage {
  readonly to: PatientIdentifier
  readonly from: PatientIdentifier
  /** As PN of DICOM; null where the message names none. */
  readonly name: string | null
  /** YYYYMMDD or null. */
  readonly birthDate: string | null
  readonly sex: string | null
}

/**
 * Reads ADT^A40 (HL7 v2 3.3.40, merge patient - patient identifier list): each PID with the MRG that follows it.
 * Numbers of one authority are paired with each other; one merge for every authority that both name.
 * @throws {Hl7Error} when the message is another, or a merge lacks a side.
 */
export function readMerges({ segments, header }: Hl7Message): readonly MergeOfMessage[] {
  const [type = ['', '']] = header.field(9)
  if (type[0] !== 'ADT') throw new Hl7Error('message-type')
  if (type[1] !== 'A40') throw new Hl7Error('trigger-event')
  const merges: MergeOfMessage[] = []
  let survivor: Segment | undefined
  for (const segment of segments) {
    if (segment.name === 'PID') {
      if (survivor !== undefined) throw new Hl7Error('merge-incomplete')
      survivor = segment
    } else if (segment.name === 'MRG') {
      if (survivor === undefined) throw new Hl7Error('merge-incomplete')
      merges.push(...pairs(survivor, segment))
      survivor = undefined
    }
  }
  if (merges.length === 0 || survivor !== undefined) throw new Hl7Error('merge-incomplete')
  return merges
}

function pairs(survivor: Segment, merged: Segment): MergeOfMessage[] {
  const [kept, gone] = [identifiers(survivor.field(3)), identifiers(merged.field(1))]
  const about = {
    name: nameOf(survivor.field(5)[0]),
    birthDate: /^\d{8}/.exec(survivor.field(7)[0]?.[0] ?? '')?.[0] ?? null,
    sex: sexOf(survivor.field(8)[0]?.[0] ?? ''),
  }
  const found = gone.flatMap((from) => {
    const to = kept.find((one) => one.issuer === from.issuer)
    return to === undefined ? [] : [{ to, from, ...about }]
  })
  if (found.length > 0) return found
  // One number each, of authorities that differ or are not named on one side: there is only one way to read it.
  const [to, from] = [kept[0], gone[0]]
  if (kept.length === 1 && gone.length === 1 && to !== undefined && from !== undefined) return [{ to, from, ...about }]
  throw new Hl7Error('merge-incomplete')
}

function identifiers(repetitions: readonly Components[]): PatientIdentifier[] {
  return repetitions.flatMap((components) => {
    const id = (components[0] ?? '').trim()
    const issuer = (components[3] ?? '').trim()
    // PS3.5 6.2, LO: 64 characters, no backslash, no control characters.
    if (!isValue(id, 64) || !isValue(issuer, 64)) throw new Hl7Error('value-malformed')
    return id === '' || id === '""' ? [] : [{ id, issuer }]
  })
}

/** XPN to PN: family, given, middle, prefix, suffix; HL7 has suffix before prefix (PS3.5 6.2.1.1). */
function nameOf(components: Components | undefined): string | null {
  const [family = '', given = '', middle = '', suffix = '', prefix = ''] = (components ?? []).map((one) =>
    one === '""' ? '' : one.replaceAll(/[\^=]/g, ' ').trim(),
  )
  const name = [family, given, middle, prefix, suffix].join('^').replace(/\^+$/, '')
  if (!isValue(name, 64)) throw new Hl7Error('value-malformed')
  return name === '' ? null : name
}

/** HL7 table 0001 to Patient's Sex (0010,0040). */
function sexOf(code: string): string | null {
  if (code === 'M' || code === 'F') return code
  return code === 'O' || code === 'A' ? 'O' : null
}

function isValue(value: string, longest: number): boolean {
  return value.length <= longest && !/[\\\p{Cc}]/u.test(value)
}
