/**
 * IOD types behind the compound actions of table E.1-1 (X/Z, X/D, X/Z/D, Z/D): where PS3.3 makes an attribute type 1 or
 * type 2, removing it would break the object. Attributes that are not here are taken as type 3 and removed, which is the
 * strictest choice that PS3.15 allows; so are all of them for an unknown SOP class. Dates are not here: the Modified
 * Dates option gives them a value.
 */

/** SOP classes with the Enhanced General Equipment module (PS3.3 C.7.5.2): serial number is type 1. */
const ENHANCED = [
  '1.2.840.10008.5.1.4.1.1.2.1',
  '1.2.840.10008.5.1.4.1.1.2.2',
  '1.2.840.10008.5.1.4.1.1.4.1',
  '1.2.840.10008.5.1.4.1.1.4.2',
  '1.2.840.10008.5.1.4.1.1.4.3',
  '1.2.840.10008.5.1.4.1.1.4.4',
  '1.2.840.10008.5.1.4.1.1.6.2',
  '1.2.840.10008.5.1.4.1.1.12.1.1',
  '1.2.840.10008.5.1.4.1.1.12.2.1',
  '1.2.840.10008.5.1.4.1.1.13.1.1',
  '1.2.840.10008.5.1.4.1.1.13.1.2',
  '1.2.840.10008.5.1.4.1.1.13.1.3',
  '1.2.840.10008.5.1.4.1.1.30',
  '1.2.840.10008.5.1.4.1.1.66.4',
  '1.2.840.10008.5.1.4.1.1.66.5',
  '1.2.840.10008.5.1.4.1.1.77.1.6',
  '1.2.840.10008.5.1.4.1.1.128.1',
  '1.2.840.10008.5.1.4.1.1.130',
]

/** Mammography and breast tomosynthesis: Detector ID is type 1 (PS3.3 C.8.11.7). */
const MAMMOGRAPHY = ['1.2.840.10008.5.1.4.1.1.1.2', '1.2.840.10008.5.1.4.1.1.1.2.1', '1.2.840.10008.5.1.4.1.1.13.1.3']

/** Radiotherapy objects: Operators' Name is type 2 in the RT Series module (PS3.3 C.8.8.1). */
const RADIOTHERAPY = ['1', '2', '3', '4', '5', '6', '7', '8', '9'].map((last) => `1.2.840.10008.5.1.4.1.1.481.${last}`)

interface Requirement {
  readonly type: 1 | 2
  /** `undefined`: in every SOP class whose modules have the attribute. */
  readonly sopClasses?: ReadonlySet<string>
}

const REQUIREMENTS: ReadonlyMap<number, Requirement> = new Map<number, Requirement>([
  [0x00081070, { type: 2, sopClasses: new Set(RADIOTHERAPY) }], // Operators' Name
  [0x00180010, { type: 2 }], // Contrast/Bolus Agent, PS3.3 C.7.6.4
  [0x00181000, { type: 1, sopClasses: new Set(ENHANCED) }], // Device Serial Number
  [0x00181030, { type: 1, sopClasses: new Set(ENHANCED) }], // Protocol Name, 1C for original images
  [0x0018700a, { type: 1, sopClasses: new Set(MAMMOGRAPHY) }], // Detector ID
  [0x00400555, { type: 2 }], // Acquisition Context Sequence, C.7.6.14
  [0x00700084, { type: 2 }], // Content Creator's Name, table 10-12
  [0x22000002, { type: 2 }], // Label Text, C.8.12.8
  [0x22000005, { type: 2 }], // Barcode Value, C.8.12.8
  [0x30080105, { type: 2 }], // Source Serial Number, C.8.8.22
  [0x300a00b2, { type: 2 }], // Treatment Machine Name, C.8.8.14
  [0x300e0008, { type: 2 }], // Reviewer Name, C.8.8.16
  [0x30100056, { type: 1 }], // RT Treatment Approach Label
  [0x30100077, { type: 1 }], // Treatment Site
])

/** The type of an attribute in a SOP class as far as the profile needs it: 1, 2, or 3 where nothing requires it. */
export function requiredType(tag: number, sopClassUid: string): 1 | 2 | 3 {
  const requirement = REQUIREMENTS.get(tag)
  if (requirement === undefined) return 3
  return requirement.sopClasses === undefined || requirement.sopClasses.has(sopClassUid) ? requirement.type : 3
}
