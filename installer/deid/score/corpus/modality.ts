import type { Dice } from '../dice.ts'
import type { Draft } from './draft.ts'
import type { PixelShape } from './pixels.ts'

/** A kind of image that the corpus makes. */
export interface ModalityKind {
  readonly name: string
  readonly modality: string
  readonly sopClass: string
  readonly shape: PixelShape
  readonly photometric: string
  readonly description: string
  readonly bodyPart: string
  /** Attributes that the object's IOD wants, as tag, VR and value. */
  readonly module: readonly (readonly [number, string, string])[]
}

const plane: ModalityKind['module'] = [
  [0x00180050, 'DS', '2.5'],
  [0x00200032, 'DS', '-120.5\\-120.5\\44'],
  [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
  [0x00280030, 'DS', '0.7\\0.7'],
]
/** Pictures of 64 pixels and less are held, whatever is in them: the corpus has larger ones. */
const grey16 = { rows: 96, columns: 128, bits: 16, samples: 1, frames: 1 } as const
const grey8 = { ...grey16, bits: 8 } as const
const digital: ModalityKind['module'] = [
  [0x00080068, 'CS', 'FOR PRESENTATION'],
  [0x00181164, 'DS', '0.143\\0.143'],
  [0x00185101, 'CS', 'PA'],
  [0x00200062, 'CS', 'U'],
  [0x00281040, 'CS', 'LOG'],
  [0x00281041, 'SS', '\x01\x00'],
  [0x20500020, 'CS', 'IDENTITY'],
]

/** The made images. SOP classes are those of PS3.4 B.5. */
export const MODALITIES: readonly ModalityKind[] = [
  kind('ct', 'CT', '2', grey16, 'CT chest abdomen pelvis', 'CHEST', [
    ...plane,
    [0x00180060, 'DS', '120'],
    [0x00281052, 'DS', '-1024'],
    [0x00281053, 'DS', '1'],
  ]),
  kind('mr', 'MR', '4', grey16, 'MRI brain T1 axial', 'BRAIN', [
    ...plane,
    [0x00180020, 'CS', 'SE'],
    [0x00180021, 'CS', 'NONE'],
    [0x00180022, 'CS', ''],
    [0x00180023, 'CS', '2D'],
    [0x00180081, 'DS', '14.5'],
    [0x00180080, 'DS', '550'],
    [0x00180091, 'IS', '1'],
  ]),
  kind('dx', 'DX', '1.1', grey16, 'XR chest PA', 'CHEST', digital),
  kind('cr', 'CR', '1', grey16, 'XR hand', 'HAND', [[0x00185101, 'CS', 'PA']]),
  kind(
    'mg',
    'MG',
    '1.2',
    grey16,
    'Mammography screening',
    'BREAST',
    digital.map((entry) => (entry[0] === 0x00200062 ? ([0x00200062, 'CS', 'L'] as const) : entry)),
  ),
  kind('pt', 'PT', '128', grey16, 'PET whole body', 'WHOLEBODY', [
    ...plane,
    [0x00541001, 'CS', 'BQML'],
    [0x00541002, 'CS', 'EMISSION'],
    [0x00281053, 'DS', '1.5'],
    [0x00281052, 'DS', '0'],
  ]),
  kind('nm', 'NM', '20', { ...grey16, frames: 3 }, 'NM bone scan', 'SKELETON', [[0x00280030, 'DS', '4.8\\4.8']]),
  kind('xa', 'XA', '12.1', { ...grey8, frames: 4 }, 'XA coronary', 'HEART', [
    [0x00181155, 'CS', 'GR'],
    [0x00281040, 'CS', 'LIN'],
  ]),
]

/** Classes in which text in the pixels is common. */
export const RISKY_MODALITIES: readonly ModalityKind[] = [
  kind('us', 'US', '6.1', { ...grey8, samples: 3 }, 'US abdomen', 'ABDOMEN', []),
  kind('us-multi', 'US', '3.1', { ...grey8, frames: 4 }, 'US thyroid', 'THYROID', [[0x00181063, 'DS', '33']]),
  kind('sc', 'OT', '7', grey8, 'Secondary capture', 'CHEST', [[0x00080064, 'CS', 'WSD']]),
]

function kind(
  name: string,
  modality: string,
  suffix: string,
  shape: PixelShape,
  description: string,
  bodyPart: string,
  module: ModalityKind['module'],
): ModalityKind {
  const photometric = shape.samples === 3 ? 'RGB' : 'MONOCHROME2'
  return {
    name,
    modality,
    sopClass: `1.2.840.10008.5.1.4.1.1.${suffix}`,
    shape,
    photometric,
    description,
    bodyPart,
    module,
  }
}

/** The image attributes of a kind (PS3.3 C.7.6.3), and what its IOD wants beside them. */
export function putImageAttributes(
  draft: Draft,
  { shape, photometric, module, bodyPart }: ModalityKind,
  dice: Dice,
): void {
  const us = (value: number): Buffer => Buffer.of(value & 0xff, value >> 8)
  const stored = shape.bits === 8 ? 8 : 12
  draft.put([0x00080008], 'CS', 'ORIGINAL\\PRIMARY\\AXIAL')
  draft.put([0x00280002], 'US', us(shape.samples))
  draft.put([0x00280004], 'CS', photometric)
  if (shape.samples === 3) draft.put([0x00280006], 'US', us(0))
  if (shape.frames > 1) draft.put([0x00280008], 'IS', String(shape.frames))
  draft.put([0x00280010], 'US', us(shape.rows))
  draft.put([0x00280011], 'US', us(shape.columns))
  draft.put([0x00280100], 'US', us(shape.bits))
  draft.put([0x00280101], 'US', us(stored))
  draft.put([0x00280102], 'US', us(stored - 1))
  draft.put([0x00280103], 'US', us(0))
  for (const [tag, vr, value] of module) {
    if (value === '' || vr === 'SS') draft.put([tag], vr, value)
    else draft.keep([tag], vr, value, 'DICOM-IOD')
  }
  draft.keep([0x00180015], 'CS', bodyPart, 'DICOM-IOD')
  draft.keep([0x00200013], 'IS', String(1 + dice.below(300)), 'DICOM-IOD')
  for (const tag of [0x00080008, 0x00280004, 0x00280103]) draft.present([tag])
  for (const tag of [0x00280002, 0x00280010, 0x00280011, 0x00280100, 0x00280101]) draft.present([tag], 'text_notnull')
}
