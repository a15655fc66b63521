/** Value representations of PS3.5 table 6.2-1. */
export type Vr =
  | 'AE'
  | 'AS'
  | 'AT'
  | 'CS'
  | 'DA'
  | 'DS'
  | 'DT'
  | 'FD'
  | 'FL'
  | 'IS'
  | 'LO'
  | 'LT'
  | 'OB'
  | 'OD'
  | 'OF'
  | 'OL'
  | 'OV'
  | 'OW'
  | 'PN'
  | 'SH'
  | 'SL'
  | 'SQ'
  | 'SS'
  | 'ST'
  | 'SV'
  | 'TM'
  | 'UC'
  | 'UI'
  | 'UL'
  | 'UN'
  | 'UR'
  | 'US'
  | 'UT'
  | 'UV'

/** How a VR is stored: bytes per number (1 = never byte-swapped), 32-bit length field in explicit VR, how text is coded. */
export interface VrTraits {
  readonly vr: Vr
  readonly unit: 1 | 2 | 4 | 8
  /** PS3.5 7.1.2: reserved bytes and a 32-bit length. */
  readonly longForm: boolean
  /** `charset`: (0008,0005) governs it (PS3.5 6.1.2.3); `ascii`: default repertoire only; `none`: not text. */
  readonly text: 'charset' | 'ascii' | 'none'
}

const LONG_FORM = new Set<Vr>(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])
const CHARSET = ['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT'] as const
const ASCII = ['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR'] as const

const UNITS: Readonly<Record<1 | 2 | 4 | 8, readonly Vr[]>> = {
  1: [...CHARSET, ...ASCII, 'OB', 'SQ', 'UN'],
  // PS3.5 6.2: AT is an ordered pair of 16-bit numbers.
  2: ['AT', 'OW', 'SS', 'US'],
  4: ['FL', 'OF', 'OL', 'SL', 'UL'],
  8: ['FD', 'OD', 'OV', 'SV', 'UV'],
}

const traitsByVr = new Map<Vr, VrTraits>()
for (const unit of [1, 2, 4, 8] as const)
  for (const vr of UNITS[unit]) {
    const text = isIn(CHARSET, vr) ? 'charset' : isIn(ASCII, vr) ? 'ascii' : 'none'
    traitsByVr.set(vr, { vr, unit, longForm: LONG_FORM.has(vr), text })
  }

function isIn(list: readonly Vr[], vr: Vr): boolean {
  return list.includes(vr)
}

/** Traits by the two bytes of the VR as one big-endian 16-bit number, for the reader's inner loop. */
const traitsByCode = new Map<number, VrTraits>()
for (const traits of traitsByVr.values())
  traitsByCode.set((traits.vr.charCodeAt(0) << 8) | traits.vr.charCodeAt(1), traits)

/** The traits of a VR. */
export function traitsOf(vr: Vr): VrTraits {
  return traitsByVr.get(vr) as VrTraits
}

/** The traits of the VR whose two letters are the bytes of `code`, or `undefined` where PS3.5 defines no such VR. */
export function traitsOfCode(code: number): VrTraits | undefined {
  return traitsByCode.get(code)
}

/** True for a VR of the standard. */
export function isVr(name: string): name is Vr {
  return traitsByVr.has(name as Vr)
}
