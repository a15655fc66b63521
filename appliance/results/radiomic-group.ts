import type { ModelReference } from '@leadglass/sync-agent/contract'
import type { DataSet } from '../imaging/dataset/index.ts'
import { CONCEPTS } from './concepts.ts'
import {
  type Code,
  containerItem,
  type InstanceReference,
  imageContent,
  numberContent,
  textContent,
  uidContent,
} from './content-items.ts'
import { derivedUid } from './uids.ts'

/** UCUM: what has no unit. */
const NO_UNITS: Code = { value: '1', scheme: 'UCUM', meaning: 'no units' }
/** Features whose value is in the unit of the image, by their codes: of a CT, Hounsfield units. */
const INTENSITIES =
  /^radiomics\.(?:loc-peak-(?:loc|glob)|stat-(?:mean|median|min|p10|p90|max|iqr|range|mad|rmad|medad|rms)|ivh-(?:i10|i90|diff-i10-i90))$/
const HOUNSFIELD: Code = { value: "[hnsf'U]", scheme: 'UCUM', meaning: 'Hounsfield unit' }

/** Radiomic features of one region as they are reported. */
export interface ReportedRadiomics {
  /** SHA-256 of the settings. */
  readonly settings: string
  readonly voxels: number
  readonly rows: readonly {
    readonly code: string
    readonly ibsi: string | null
    readonly unit: string | null
    readonly value: number | null
    readonly verified: boolean
  }[]
}

/**
 * TID 1501: one group with the features of a region under their IBSI permalink codes (coding scheme IBSI, PS3.16 8). Only what
 * is verified and has a code is told; the digest of the settings stands with it, because a feature without them means nothing.
 * @returns nothing where no value is left.
 */
export function radiomicGroup(
  { model, studyInstanceUid }: { readonly model: ModelReference; readonly studyInstanceUid: string },
  instance: InstanceReference & { readonly modality: string },
  radiomics: ReportedRadiomics | undefined,
): DataSet[] {
  const rows = (radiomics?.rows ?? []).flatMap(({ code, ibsi, unit, value, verified }) =>
    verified && ibsi !== null && value !== null ? [{ code, ibsi, unit, value }] : [],
  )
  if (radiomics === undefined || rows.length === 0) return []
  const context = 'HAS OBS CONTEXT' as const
  const modifier = 'HAS CONCEPT MOD' as const
  const tracking = derivedUid('tracking', studyInstanceUid, instance.sopInstanceUid, model.digest, 'radiomics')
  const parameter = (text: string): DataSet =>
    textContent({ relationship: modifier, concept: CONCEPTS.algorithmParameters }, text)
  return [
    containerItem(
      {
        relationship: 'CONTAINS',
        concept: CONCEPTS.measurementGroup,
        children: [
          textContent({ relationship: context, concept: CONCEPTS.trackingIdentifier }, `${model.name} radiomics`),
          uidContent({ relationship: context, concept: CONCEPTS.trackingUid }, tracking),
          textContent({ relationship: modifier, concept: CONCEPTS.algorithmName }, model.name),
          textContent({ relationship: modifier, concept: CONCEPTS.algorithmVersion }, model.version),
          parameter(`package sha256:${model.digest}`),
          parameter(`IBSI settings sha256:${radiomics.settings}, ${radiomics.voxels} voxels`),
          ...rows.map(({ code, ibsi, unit, value }) =>
            numberContent(
              {
                relationship: 'CONTAINS',
                concept: { value: ibsi, scheme: 'IBSI', meaning: code.slice('radiomics.'.length) },
                children: [
                  imageContent({ relationship: 'INFERRED FROM', concept: CONCEPTS.sourceOfMeasurement }, instance),
                ],
              },
              value,
              unitOf(code, unit, instance.modality),
            ),
          ),
        ],
      },
      '1501',
    ),
  ]
}

function unitOf(code: string, unit: string | null, modality: string): Code {
  if (unit !== null) return { value: unit, scheme: 'UCUM', meaning: unit }
  return modality === 'CT' && INTENSITIES.test(code) ? HOUNSFIELD : NO_UNITS
}
