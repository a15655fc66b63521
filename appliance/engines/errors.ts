import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  /** The configuration needs what the engine does not promise. */
  'promise-missing': {
    failureClass: 'permanent',
    effect: 'nothing is received',
    nextStep: 'use the own engine, or name the promise in engine.acceptMissing when the site does without it',
  },
  /** The native engine is not built on this machine. */
  'not-built': {
    failureClass: 'permanent',
    effect: 'nothing is received',
    nextStep: 'run: npm run engine:native',
  },
  /** The process of the native engine did not come up, or ended. */
  'engine-failed': {
    failureClass: 'transient',
    effect: 'nothing is received until it runs again',
    nextStep: 'check that the port is free, then start again',
  },
} as const satisfies Record<string, { failureClass: FailureClass; effect: string; nextStep: string }>

/** The closed set of failures of engines as such; those of DIMSE itself are `DimseError`. */
export type EngineErrorCode = keyof typeof FAILURES

/** A DIMSE engine that cannot be used as configured. */
export class EngineError extends CodedError<EngineErrorCode> {
  constructor(code: EngineErrorCode, message: string, cause?: unknown) {
    const { failureClass, effect, nextStep } = FAILURES[code]
    super(code, failureClass, { message, effect, nextStep, ...(cause === undefined ? {} : { cause }) })
  }
}
