import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a package was not taken into the registry, or not found there. */
export type RegistryCode = 'version-taken' | 'unknown-version' | 'package-lost' | 'alias-invalid' | 'alias-derived'

const NEXT_STEP: Readonly<Record<RegistryCode, string>> = {
  'version-taken': 'Give the package a new version number.',
  'unknown-version': 'Import the package into the registry again.',
  'package-lost': 'Import the package into the registry again.',
  'alias-invalid': 'Use letters, digits, "-" and "_", at most 64, and not "v" with a number.',
  'alias-derived': 'Submit the version for approval: the alias moves by itself when enough people have signed.',
}

/** A failure of the registry. */
export class RegistryError extends CodedError<RegistryCode> {
  constructor(code: RegistryCode, message: string, cause?: unknown) {
    super(code, 'permanent', {
      message,
      effect: 'The registry is unchanged.',
      nextStep: NEXT_STEP[code],
      cause,
    })
  }
}
