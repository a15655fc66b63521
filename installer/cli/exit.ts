import { isCodedError } from '@leadglass/sync-agent/foundation'

/** What a command's exit status means; the same list stands in `leadglass --help`. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  refused: 4,
} as const

/** The exit status for a failure. */
export function exitStatusOf(error: unknown): number {
  if (!isCodedError(error)) return EXIT.failed
  if (error.code === 'not-running' || error.code === 'no-instance') return EXIT.notRunning
  if (error.code === 'input-invalid' || error.code === 'file-not-found') return EXIT.usage
  if (error.code === 'request-refused' || error.code === 'kit-refused') return EXIT.refused
  return EXIT.failed
}

/** A failure as a person reads it: cause, effect, next step. Unknown errors show their stack: they are defects. */
export function describeFailure(error: unknown): string {
  if (!isCodedError(error))
    return `leadglass: an unexpected error\n${error instanceof Error ? error.stack : String(error)}`
  return [
    `leadglass: ${error.message} [${error.code}]`,
    `  Effect: ${error.effect}.`,
    `  Next step: ${error.nextStep}.`,
  ].join('\n')
}
