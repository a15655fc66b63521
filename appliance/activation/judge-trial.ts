import type { ActivationRow } from '../records/index.ts'
import type { ActivationSettings } from '../settings-activation.ts'

/** Fewer failures than this are not judged: one broken file is no sign of a broken model. */
const LEAST_ERRORS = 2

/** What the health gate says of a version that scores on trial. */
export type TrialVerdict = { readonly kind: 'watching' | 'passed' } | { readonly kind: 'failed'; readonly why: string }

/** Judges a trial by what it scored; a site without studies passes when the time is over. */
export function judgeTrial(
  { runs, errors, enteredAt }: Pick<ActivationRow, 'runs' | 'errors' | 'enteredAt'>,
  settings: Pick<ActivationSettings, 'trialSeconds' | 'maximumErrorPermille'>,
  now: number,
): TrialVerdict {
  if (errors >= LEAST_ERRORS && errors * 1000 > settings.maximumErrorPermille * runs) {
    return { kind: 'failed', why: `${errors} of ${runs} studies failed in its trial` }
  }
  // A clock that was set back makes the trial longer, never shorter.
  return { kind: now - enteredAt >= settings.trialSeconds * 1000 ? 'passed' : 'watching' }
}
