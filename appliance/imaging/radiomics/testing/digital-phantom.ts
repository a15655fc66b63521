import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { computeRadiomics, type RadiomicFeature, type Triple, type Volume } from '../index.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')

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

/** The digital phantom of IBSI 1 and its mask. */
export function digitalPhantom(): { image: Volume; mask: Uint8Array } {
  const { dimensions, spacing, values, mask } = JSON.parse(
    readFileSync(join(FIXTURES, 'ibsi-1-digital-phantom.json'), 'utf8'),
  ) as { dimensions: Triple; spacing: Triple; values: number[]; mask: number[] }
  return { image: { dimensions, spacing, values: Int16Array.from(values) }, mask: Uint8Array.from(mask) }
}

/** The text of the reference table that lies with the tests. */
export function referenceTable(): string {
  return readFileSync(join(FIXTURES, 'ibsi-1-digital-phantom.csv'), 'utf8')
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
