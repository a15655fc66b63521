import type { Path } from './codec/tree.ts'

/** MIDI-B's ten check actions. */
export const ACTIONS = [
  'tag_retained',
  'text_notnull',
  'text_retained',
  'text_removed',
  'date_shifted',
  'uid_changed',
  'pixels_hidden',
  'pixels_retained',
  'uid_consistent',
  'patid_consistent',
] as const
export type Action = (typeof ACTIONS)[number]

/** Categories of MIDI-B's reports that the corpus has. */
export type Category =
  | 'DICOM-IOD'
  | 'DICOM-P15-BASIC-U'
  | 'DICOM-P15-BASIC-C'
  | 'HIPAA-A'
  | 'HIPAA-B'
  | 'HIPAA-C'
  | 'HIPAA-D'
  | 'HIPAA-F'
  | 'HIPAA-H'
  | 'HIPAA-M'
  | 'HIPAA-R'
  | 'TCIA-P15-DESC-C'
  | 'TCIA-P15-DEV-K'
  | 'TCIA-P15-PAT-K'
  | 'TCIA-P15-PIX-K'
  | 'TCIA-PTKB-K'

/**
 * The option of CID 7050 that a check of kept content presupposes; '' for what every profile keeps. A check whose
 * option the product does not apply is counted apart, and shown.
 */
export type Option = '' | '113105' | '113108' | '113109' | '113111'

/** One line of the answer key. */
export interface Check {
  readonly action: Action
  readonly category: Category
  readonly path: Path
  /** Text tokens, or the one old value of a date, UID or Patient ID, or a SHA-256 of pixels. */
  readonly values: readonly string[]
  readonly option: Option
  /** For `pixels_hidden`: the known box. */
  readonly box?: PixelBox
}

/** A box of pixels in native little-endian pixel data. */
export interface PixelBox {
  readonly frame: number
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
}

/** How an object's identities were hidden: MIDI-B's own places, or one of the twelve more. */
export type PlantKind = 'basic' | 'row' | `P${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12}`

/** A token that must not be in any output byte, and its bytes as planted where those are not UTF-8. */
export interface PlantedToken {
  readonly text: string
  readonly raw: readonly Buffer[]
  readonly plant: PlantKind
}

/** One object of the corpus with all that is known about it. */
export interface CorpusObject {
  readonly name: string
  readonly kind: string
  readonly patient: string
  readonly bytes: Buffer
  readonly checks: readonly Check[]
  readonly tokens: readonly PlantedToken[]
  /** Dates at paths, YYYYMMDD: their distances must stay. */
  readonly dates: readonly { readonly path: Path; readonly date: string }[]
  /** The rule that a mutation of this object switches off must be seen. */
  readonly rows: readonly number[]
}
