import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sharedData } from '../../../../installer/testing/peers.ts'
import { computeRadiomics, type RadiomicFeature, readNifti, type Volume } from '../index.ts'

/** The shared data of IBSI; `undefined` where it is not there. */
export const IBSI_FOLDER = sharedData('ibsi')

/** One row of the reference table of IBSI 1; `value` is absent where the initiative found no consensus. */
export interface ReferenceValue {
  readonly code: string
  readonly value: number | undefined
  readonly tolerance: number
}

/** How the rows of the reference table compare with what is computed. */
export interface ReferenceFindings {
  readonly agree: string[]
  readonly differ: { readonly code: string; readonly reference: number; readonly computed: number | null | undefined }[]
  readonly withoutReference: string[]
}

/** The digital phantom of IBSI 1 and its mask, as published. */
function digitalPhantom(): { image: Volume; mask: Uint8Array } {
  const nifti = (...path: string[]): Volume => readNifti(read('ibsi_1_digital_phantom', 'nifti', ...path))
  return { image: nifti('image', 'phantom.nii.gz'), mask: Uint8Array.from(nifti('mask', 'mask.nii.gz').values) }
}

/** The text of the published reference table. */
export function referenceTable(): string {
  return read('reference_values', 'ibsi_1_dig_phantom.csv').toString('utf8')
}

function read(...path: string[]): Buffer {
  if (IBSI_FOLDER === undefined) throw new Error('the shared data ibsi is missing')
  return readFileSync(join(IBSI_FOLDER, ...path))
}

/** Reads a reference table: a heading, then `reference value;tolerance;tag`. */
export function readReferenceTable(text: string): ReferenceValue[] {
  const [, ...lines] = text.trim().split(/\r?\n/)
  return lines.map((line) => {
    const [value = '', tolerance = '', code = ''] = line.trim().split(';')
    return { code, value: value === '' ? undefined : Number(value), tolerance: Number(tolerance) }
  })
}

/** The features of the phantom, whose intensities are taken as levels (IBSI 1, digital phantom). */
export function phantomFeatures(): RadiomicFeature[] {
  const settings = { discretisation: { kind: 'none' }, intensityVolumeHistogram: { kind: 'none' } } as const
  return computeRadiomics({ ...digitalPhantom(), settings })
}

/** Compares as IBSI does: the computed value rounded to three significant digits may be off by the tolerance. */
export function compareWithReference(features: readonly RadiomicFeature[], table: readonly ReferenceValue[]) {
  const computed = new Map(features.map((feature) => [feature.code, feature.value]))
  const findings: ReferenceFindings = { agree: [], differ: [], withoutReference: [] }
  for (const { code, value: reference, tolerance } of table) {
    const value = computed.get(code)
    if (reference === undefined) findings.withoutReference.push(code)
    else if (typeof value === 'number' && agrees(value, reference, tolerance)) findings.agree.push(code)
    else findings.differ.push({ code, reference, computed: value })
  }
  return findings
}

function agrees(value: number, reference: number, tolerance: number): boolean {
  // the small term is for decimal fractions that have no exact binary form
  return Math.abs(Number(value.toPrecision(3)) - reference) <= tolerance + 1e-9 * Math.abs(reference)
}
