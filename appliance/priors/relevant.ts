import type { PriorRule } from '@leadglass/models'
import type { PriorRow } from '../records/index.ts'

const DAY_MS = 86_400_000

/**
 * The fetched priors that a model may look at, newest first: of its modality, before the current study and not too long,
 * with instances that are here.
 * @param studyDate of the current study, YYYYMMDD; without one nothing can be called earlier.
 */
export function relevantPriors<Prior extends Pick<PriorRow, 'studyDate' | 'modalities' | 'instances'>>(
  { relevant: { modality, maximumAgeDays, count } }: PriorRule,
  studyDate: string,
  priors: readonly Prior[],
): readonly Prior[] {
  const current = dayOf(studyDate)
  if (current === undefined) return []
  return priors
    .filter((prior) => {
      const day = dayOf(prior.studyDate)
      if (day === undefined || prior.instances === 0) return false
      return day <= current && current - day <= maximumAgeDays && prior.modalities.split('\\').includes(modality)
    })
    .toSorted((a, b) => (dayOf(b.studyDate) ?? 0) - (dayOf(a.studyDate) ?? 0))
    .slice(0, count)
}

/** Days since 1970 of a date as DICOM writes it (PS3.5 6.2, VR DA); `undefined` for anything else. */
function dayOf(date: string): number | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date.trim()) ?? []
  if (year === undefined) return undefined
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day))
  return new Date(at).toISOString().slice(0, 10) === `${year}-${month}-${day}` ? at / DAY_MS : undefined
}
