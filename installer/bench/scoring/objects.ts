import { seededUid, text, unsigned, type WriteElement, writePart10 } from '@leadglass/models/dicom'

/** What one object of a bench is. */
export interface BenchImage {
  readonly kind: 'ct' | 'dx'
  /** Rows and columns, 16 bits each. */
  readonly side: number
  /** Whether the object declares text in its pixels, so that the pixels are read before anything about it leaves. */
  readonly textDeclared: boolean
}

/** Which object of which study; equal places give equal objects. */
export interface BenchPlace {
  readonly seed: number
  readonly study: number
  readonly instance: number
}

const SOP_CLASSES = { ct: '1.2.840.10008.5.1.4.1.1.2', dx: '1.2.840.10008.5.1.4.1.1.1.1' } as const

/** Study Instance UID of a study of a bench. */
export function benchStudyUid(seed: number, study: number): string {
  return seededUid(`scoring bench ${seed} study ${study}`)
}

/** Pixels of a soft body with a detector's noise, 12 bits stored in 16; no letter stands in them. */
export function benchPixels(side: number, seed: number): Uint8Array {
  const values = new Uint16Array(side * side)
  let state = seed >>> 0
  for (let row = 0; row < side; row += 1) {
    const y = row / side - 0.5
    for (let column = 0; column < side; column += 1) {
      const x = column / side - 0.5
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      const body = Math.max(0, 1 - 3.2 * (x * x + y * y)) * (0.8 + 0.2 * Math.cos(20 * x) * Math.cos(14 * y))
      values[row * side + column] = Math.min(4095, Math.round(body * 3600) + (state >>> 26))
    }
  }
  return new Uint8Array(values.buffer)
}

/** A whole Part 10 object over given pixels. */
export function benchObject(image: BenchImage, place: BenchPlace, pixels: Uint8Array): Uint8Array {
  const { seed, study, instance } = place
  const name = `scoring bench ${seed} study ${study}`
  const sopInstance = seededUid(`${name} instance ${instance}`)
  return writePart10(SOP_CLASSES[image.kind], sopInstance, [
    text('00080016', 'UI', SOP_CLASSES[image.kind]),
    text('00080018', 'UI', sopInstance),
    text('00080020', 'DA', '20200101'),
    text('00080030', 'TM', '120000'),
    text('00080050', 'SH', `ACC${seed}-${study}`),
    text('00080090', 'PN', ''),
    text('0008103E', 'LO', 'Generated for a bench'),
    text('00100010', 'PN', 'PHANTOM^GENERATED'),
    text('00100020', 'LO', `GEN-${seed}-${study}`),
    text('00100030', 'DA', ''),
    text('00100040', 'CS', 'O'),
    text('0020000D', 'UI', benchStudyUid(seed, study)),
    text('0020000E', 'UI', seededUid(`${name} series`)),
    text('00200010', 'SH', '1'),
    text('00200011', 'IS', '1'),
    text('00200013', 'IS', String(instance + 1)),
    unsigned('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsigned('00280010', image.side),
    unsigned('00280011', image.side),
    unsigned('00280100', 16),
    unsigned('00280101', 12),
    unsigned('00280102', 11),
    unsigned('00280103', 0),
    ...(image.kind === 'ct' ? ctElements(name, instance) : radiographElements(image.textDeclared)),
    { tag: '7FE00010', vr: 'OW', value: pixels },
  ])
}

function ctElements(name: string, instance: number): WriteElement[] {
  return [
    text('00080008', 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'),
    text('00080060', 'CS', 'CT'),
    text('00180015', 'CS', 'CHEST'),
    text('00180050', 'DS', '1'),
    text('00200032', 'DS', `0\\0\\${instance}`),
    text('00200037', 'DS', '1\\0\\0\\0\\1\\0'),
    text('00200052', 'UI', seededUid(`${name} frame of reference`)),
    text('00280030', 'DS', '0.7\\0.7'),
    text('00281052', 'DS', '-1024'),
    text('00281053', 'DS', '1'),
  ]
}

function radiographElements(textDeclared: boolean): WriteElement[] {
  return [
    text('00080008', 'CS', 'ORIGINAL\\PRIMARY'),
    text('00080060', 'CS', 'DX'),
    text('00180015', 'CS', 'CHEST'),
    text('00185101', 'CS', 'PA'),
    text('00280301', 'CS', textDeclared ? 'YES' : 'NO'),
    text('00281052', 'DS', '0'),
    text('00281053', 'DS', '1'),
  ]
}
