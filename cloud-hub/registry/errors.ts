import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a package was not taken into the registry, or not found there. */
export type RegistryCode = 'version-taken' | 'unknown-version' | 'package-lost'

/** A failure of the registry. */
export class RegistryError extends CodedError<RegistryCode> {
  constructor(code: RegistryCode, message: string, cause?: unknown) {
    super(code, 'permanent', {
      message,
      effect: 'The registry is unchanged.',
      nextStep:
        code === 'version-taken'
          ? 'Give the package a new version number.'
          : 'Import the package into the registry again.',
      cause,
    })
  }
}
