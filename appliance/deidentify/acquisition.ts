import type { AcquisitionFacts } from '@leadglass/sync-agent/contract'
import { type DataSet, text } from '../imaging/dataset/index.ts'
import { yearsOf } from './values.ts'

/** Dates that can say when an object was made, best first: study, series, acquisition, content, creation. */
const DATES = [0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002a, 0x00080012]

const MODALITIES = ['CR', 'DX', 'CT', 'MR', 'MG', 'US', 'XA', 'RF', 'NM', 'PT'] as const
const VIEWS = ['AP', 'PA', 'LL'] as const
const SEXES = ['F', 'M', 'O'] as const

/**
 * The coarse facts that may leave the site.
 * @param original the object as it came in, for the age where only the birth date tells it.
 * @param cleaned the de-identified object; its dates are shifted already.
 * @returns `undefined` when no date of the object is usable: without a month nothing can be said about drift.
 */
export function acquisitionFactsOf(original: DataSet, cleaned: DataSet): AcquisitionFacts | undefined {
  const date = firstDate(cleaned)
  if (date === undefined) return undefined
  return {
    modality: oneOf(MODALITIES, text(cleaned, 0x00080060)) ?? 'OT',
    view: oneOf(VIEWS, text(cleaned, 0x00185101)) ?? 'unknown',
    sex: oneOf(SEXES, text(cleaned, 0x00100040)) ?? 'unknown',
    ageDecade: ageDecade(original),
    month: `${date.slice(0, 4)}-${date.slice(4, 6)}`,
  }
}

function firstDate(dataSet: DataSet): string | undefined {
  for (const tag of DATES) {
    const value = text(dataSet, tag)?.slice(0, 8)
    if (value !== undefined && /^\d{8}$/.test(value)) return value
  }
  return undefined
}

/** Decade of age, 9 for 90 and above; from Patient's Age, else from birth date and the date of the object. */
function ageDecade(original: DataSet): number | null {
  const years =
    yearsOf(text(original, 0x00101010) ?? '') ?? yearsBetween(text(original, 0x00100030), firstDate(original))
  if (years === undefined || years < 0 || years > 130) return null
  return Math.min(9, Math.floor(years / 10))
}

function yearsBetween(birth: string | undefined, date: string | undefined): number | undefined {
  if (birth === undefined || date === undefined || !/^\d{8}$/.test(birth)) return undefined
  const beforeBirthday = date.slice(4) < birth.slice(4) ? 1 : 0
  return Number(date.slice(0, 4)) - Number(birth.slice(0, 4)) - beforeBirthday
}

function oneOf<T extends string>(values: readonly T[], value: string | undefined): T | undefined {
  const upper = value?.toUpperCase()
  return values.find((candidate) => candidate === upper)
}
