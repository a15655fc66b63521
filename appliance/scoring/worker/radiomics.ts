import type { DeclaredRadiomics } from '@leadglass/models'
import {
  applyValueMap,
  type BodyVolume,
  type DataSet,
  decimals,
  declaredFeatures,
  featureVocabularyCode,
  type PixelArray,
  type ValueMap,
} from '../../imaging/index.ts'
import type { RadiomicsNote } from '../outcome.ts'

const PIXEL_SPACING = 0x00280030
const IMAGER_PIXEL_SPACING = 0x00181164

/** One frame with what its values mean. */
interface Frame {
  readonly rows: number
  readonly columns: number
  readonly stored: PixelArray
  readonly modalityLut: ValueMap
}

/**
 * The declared features of one frame in output units of its modality LUT. Lengths are those of Pixel Spacing, else of Imager
 * Pixel Spacing (at the detector); an image without either is taken as having pixels of 1 mm.
 */
export function frameRadiomics(
  declared: DeclaredRadiomics | undefined,
  dataSet: DataSet,
  frame: Frame,
): { readonly radiomics?: RadiomicsNote } {
  if (declared === undefined) return {}
  const said = decimals(dataSet, PIXEL_SPACING)
  const [down = 1, across = 1] = (said.length > 1 ? said : decimals(dataSet, IMAGER_PIXEL_SPACING)).filter(
    (mm) => mm > 0,
  )
  const image = {
    dimensions: [frame.columns, frame.rows, 1],
    spacing: [across, down, 1],
    values: new Float64Array(applyValueMap(frame.modalityLut, frame.stored)),
  } as const
  return { radiomics: noteOf(declaredFeatures(declared, image)) }
}

/** The declared features of a series on its own grid, before any step of the package. */
export function volumeRadiomics(
  declared: DeclaredRadiomics | undefined,
  volume: BodyVolume,
  labels: () => Uint8Array,
): { readonly radiomics?: RadiomicsNote } {
  if (declared === undefined) return {}
  const [depth, rows, columns] = volume.size
  const [deep, down, across] = volume.spacing
  const image = {
    dimensions: [columns, rows, depth],
    spacing: [across, down, deep],
    values: volume.values,
  } as const
  const classes = declared.region.kind === 'segmentation' ? labels() : undefined
  return { radiomics: noteOf(declaredFeatures(declared, image, classes)) }
}

/** Nine significant digits: float32 pixels say no more. */
function noteOf({ settings, voxels, reason, rows }: ReturnType<typeof declaredFeatures>): RadiomicsNote {
  return {
    settings,
    voxels,
    reason,
    rows: rows.map((row) => ({
      code: featureVocabularyCode(row),
      ibsi: row.ibsi ?? null,
      unit: row.unit ?? null,
      value: row.value === null || !Number.isFinite(row.value) ? null : Number(row.value.toPrecision(9)),
      verified: row.verified,
    })),
  }
}
