import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a reference is not taken. */
export type PerformanceCode = 'reference-unfit' | 'unknown-version'

/** A request about performance that cannot be met. */
export class PerformanceError extends CodedError<PerformanceCode> {
  constructor(code: PerformanceCode, message: string) {
    super(code, 'permanent', {
      message,
      effect: 'nothing was changed',
      nextStep:
        code === 'unknown-version'
          ? 'name a version that `leadglass model list` shows'
          : 'bring scores with labels of at least 300 studies, 30 of each class',
    })
  }
}
