import { join } from 'node:path'
import { type FitRules, type ModelPackage, packageTemplate, writePackage } from '@leadglass/models'
import { text, unsigned, writePart10 } from '@leadglass/models/dicom'
import sharp from 'sharp'
import { fillGolden } from '../index.ts'
import { meanBackbone } from './tiny-onnx.ts'

/** Side of a frame in pixels. */
export const FRAME_SIDE = 64
const FRAME_PIXELS = FRAME_SIDE * FRAME_SIDE

/** What the object says it is. */
export interface FramesHeader {
  readonly sopClass: string
  readonly modality: string
  readonly elements?: Parameters<typeof writePart10>[2]
}

/** An object of monochrome frames of 8 bits; `draw` fills one frame, which is 0 before. */
export function framesObject(
  { sopClass, modality, elements = [] }: FramesHeader,
  values: readonly number[],
  draw: (frame: Uint8Array, value: number) => void,
): Uint8Array {
  const pixels = new Uint8Array(values.length * FRAME_PIXELS)
  for (const [frame, value] of values.entries()) {
    draw(pixels.subarray(frame * FRAME_PIXELS, (frame + 1) * FRAME_PIXELS), value)
  }
  return writePart10(sopClass, '2.25.7', [
    text('00080016', 'UI', sopClass),
    text('00080018', 'UI', '2.25.7'),
    text('00080060', 'CS', modality),
    ...elements,
    unsigned('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    ...(values.length === 1 ? [] : [text('00280008', 'IS', String(values.length))]),
    unsigned('00280010', FRAME_SIDE),
    unsigned('00280011', FRAME_SIDE),
    unsigned('00280100', 8),
    unsigned('00280101', 8),
    unsigned('00280102', 7),
    unsigned('00280103', 0),
    { tag: '7FE00010', vr: 'OB', value: pixels },
  ])
}

/** Writes a package whose score is a hundredth of the mean of the brightest of three frames. */
export async function writeCinePackage(modelsFolder: string, fit: Partial<FitRules> = {}): Promise<ModelPackage> {
  const flat = { create: { width: 16, height: 16, channels: 3, background: '#808080' } } as const
  const goldenPng = await sharp(flat).toColourspace('b-w').png().toBuffer()
  const template = packageTemplate({ name: 'cine', kind: 'multi-frame', onnx: meanBackbone(), goldenPng })
  const manifest = {
    ...template.manifest,
    preprocessing: [
      { step: 'resize' as const, width: 8, height: 8, interpolation: 'area' as const },
      { step: 'rescale' as const, slope: 0.01, intercept: 0 },
    ],
    frames: { sample: 3, aggregate: 'maximum' as const },
    fit: { ...template.manifest.fit, ...fit },
  }
  const { content } = await fillGolden({ ...template, manifest })
  return writePackage(join(modelsFolder, 'cine'), content)
}
