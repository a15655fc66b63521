import { Hl7Error } from './errors.ts'

/** Delimiters of a message (HL7 v2 chapter 2, MSH-1 and MSH-2). */
interface Delimiters {
  readonly field: string
  readonly component: string
  readonly repetition: string
  readonly escapeMark: string
  readonly subcomponent: string
}

/** One repetition of a field: its components, each with its first subcomponent, unescaped. */
export type Components = readonly string[]

/** One segment. Field 1 is the first after the name; of MSH, MSH-1 is the delimiter itself. */
export interface Segment {
  readonly name: string
  /** The repetitions of a field; [] when it is absent or empty. */
  field(number: number): readonly Components[]
}

/** A parsed message. */
export interface Hl7Message {
  readonly segments: readonly Segment[]
  readonly header: Segment
}

const MOST_SEGMENTS = 2000

/** MSH-18 (table 0211) as the encodings that are understood; '' is ASCII. */
const ENCODINGS: Readonly<Record<string, string>> = {
  '': 'windows-1252',
  ASCII: 'windows-1252',
  '8859/1': 'windows-1252',
  '8859/2': 'iso-8859-2',
  '8859/5': 'iso-8859-5',
  '8859/7': 'iso-8859-7',
  '8859/9': 'windows-1254',
  '8859/15': 'iso-8859-15',
  'UNICODE UTF-8': 'utf-8',
}

/**
 * Parses an HL7 v2 message in the vertical-bar encoding.
 * @throws {Hl7Error} `header-malformed`, `character-set`, `too-many-segments`, `segment-malformed`.
 */
export function parseMessage(bytes: Uint8Array): Hl7Message {
  const first = Buffer.from(bytes).toString('latin1')
  const delimiters = delimitersOf(first)
  const declared = first.split(/[\r\n]/, 1)[0]?.split(delimiters.field)[17] ?? ''
  const encoding = ENCODINGS[declared.split(delimiters.repetition)[0]?.trim().toUpperCase() ?? '']
  if (encoding === undefined) throw new Hl7Error('character-set')
  const lines = decoded(bytes, encoding)
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '')
  if (lines.length > MOST_SEGMENTS) throw new Hl7Error('too-many-segments')
  const segments = lines.map((line) => segmentOf(line, delimiters))
  const [header] = segments
  if (header === undefined) throw new Hl7Error('header-malformed')
  return { segments, header }
}

function delimitersOf(text: string): Delimiters {
  const field = text[3] ?? ''
  const [component = '', repetition = '', escapeMark = '', subcomponent = '&'] = (
    text.slice(4).split(field, 1)[0] ?? ''
  ).split('')
  const all = [field, component, repetition, escapeMark, subcomponent]
  // Printable, none of them twice, and none that values are made of.
  const sound = all.every((one) => /^[!-/:-@[-`{-~]$/.test(one)) && new Set(all).size === all.length
  if (!text.startsWith('MSH') || !sound) throw new Hl7Error('header-malformed')
  return { field, component, repetition, escapeMark, subcomponent }
}

function decoded(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding, { fatal: encoding === 'utf-8' }).decode(bytes)
  } catch {
    throw new Hl7Error('character-set')
  }
}

function segmentOf(line: string, delimiters: Delimiters): Segment {
  const name = line.slice(0, 3)
  if (!/^[A-Z][A-Z0-9]{2}$/.test(name)) throw new Hl7Error('segment-malformed')
  const raw = line.split(delimiters.field)
  // MSH-1 is the delimiter between the name and MSH-2, so the fields of MSH stand one further.
  const fields = name === 'MSH' ? ['MSH', delimiters.field, ...raw.slice(1)] : raw
  return {
    name,
    field: (number) => {
      const value = fields[number] ?? ''
      if (value === '') return []
      return value.split(delimiters.repetition).map((repetition) =>
        repetition.split(delimiters.component).map((component) => {
          const [subcomponent = ''] = component.split(delimiters.subcomponent)
          return unescaped(subcomponent, delimiters)
        }),
      )
    },
  }
}

/** Escape sequences (HL7 v2 2.7). Formatting and sequences of unknown meaning are left out. */
function unescaped(value: string, { field, component, repetition, escapeMark, subcomponent }: Delimiters): string {
  if (!value.includes(escapeMark)) return value
  const parts = value.split(escapeMark)
  // An odd number of escape characters leaves the last one without its end: it stands for itself.
  const whole = parts.length % 2 === 1
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return part
      if (!whole && index === parts.length - 1) return `${escapeMark}${part}`
      if (part === 'F') return field
      if (part === 'S') return component
      if (part === 'R') return repetition
      if (part === 'E') return escapeMark
      if (part === 'T') return subcomponent
      return /^X(?:[0-9A-F]{2})+$/i.test(part) ? Buffer.from(part.slice(1), 'hex').toString('utf8') : ''
    })
    .join('')
}
