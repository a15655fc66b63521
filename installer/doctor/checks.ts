/** How a finding is to be read: `fail` means that a promise of the product does not hold on this box. */
export type Verdict = 'ok' | 'warning' | 'fail'

/** One finding of the doctor, in plain language. */
export interface Finding {
  readonly check: string
  readonly verdict: Verdict
  readonly found: string
  /** What to do; empty when there is nothing to do. */
  readonly fix: string
}

/** A finding without complaint. */
export function ok(check: string, found: string): Finding {
  return { check, verdict: 'ok', found, fix: '' }
}

/** A finding that a person should know about. */
export function warning(check: string, found: string, fix: string): Finding {
  return { check, verdict: 'warning', found, fix }
}

/** A finding that must be mended. */
export function fail(check: string, found: string, fix: string): Finding {
  return { check, verdict: 'fail', found, fix }
}
