import type { AcquisitionFacts } from '@leadglass/sync-agent/contract'
import { type DataSet, text, texts } from '../imaging/dataset/index.ts'
import { shiftDate, shiftDateTime } from './dates.ts'
import { yearsOf } from './values.ts'

/** Dates that can say when an object was made, best first: study, series, acquisition, content, creation. */
const DATES = [0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002a, 0x00080012]

const MODALITIES = ['CR', 'DX', 'CT', 'MR', 'MG', 'US', 'XA', 'RF', 'NM', 'PT'] as const
const VIEWS = ['AP', 'PA', 'LL'] as const
const SEXES = ['F', 'M', 'O'] as const

/**
 * The coarse facts that may leave the site. They do not depend on the options of the profile: whatever an object on the
 * site keeps, what leaves is a month of the patient's moved dates, a decade of age, and codes of short lists.
 * @param original the object as it came in. @param offsetDays by which the dates of the patient are moved.
 * @returns `undefined` when no date of the object is usable: without a month nothing can be said about drift.
 */
export function acquisitionFactsOf(original: DataSet, offsetDays: number): AcquisitionFacts | undefined {
  const date = firstDate(original)
  const moved = date === undefined ? undefined : shiftDate(date, offsetDays)
  if (moved === undefined) return undefined
  return {
    modality: oneOf(MODALITIES, text(original, 0x00080060)) ?? 'OT',
    view: oneOf(VIEWS, text(original, 0x00185101)) ?? 'unknown',
    sex: oneOf(SEXES, text(original, 0x00100040)) ?? 'unknown',
    ageDecade: ageDecade(original),
    month: `${moved.slice(0, 4)}-${moved.slice(4, 6)}`,
  }
}

/** The first date of the object that is a day of the calendar, YYYYMMDD. */
function firstDate(dataSet: DataSet): string | undefined {
  for (const tag of DATES) {
    const vr = dataSet.elements.get(tag)?.vr
    if (vr !== 'DA' && vr !== 'DT') continue
    const [first = ''] = texts(dataSet, tag)
    const day = vr === 'DA' ? shiftDate(first, 0) : shiftDateTime(first, 0)?.slice(0, 8)
    if (day !== undefined && /^\d{8}$/.test(day)) return day
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
