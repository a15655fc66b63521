import { CodedError } from '@leadglass/sync-agent/foundation'

/** What can be wrong with a signing key file. */
export type KeyFileCode = 'wrong-passphrase' | 'passphrase-too-short' | 'key-file-damaged'

/** A signing key could not be made or opened. Holds neither passphrase nor key. */
export class KeyFileError extends CodedError<KeyFileCode> {
  constructor(code: KeyFileCode, cause?: unknown) {
    super(code, 'permanent', {
      message: {
        'wrong-passphrase': 'the passphrase does not open this key',
        'passphrase-too-short': 'the passphrase has fewer than 12 characters',
        'key-file-damaged': 'the key file is not one of ours, or is damaged',
      }[code],
      effect: 'Nothing was signed.',
      nextStep:
        code === 'key-file-damaged'
          ? 'Use the copy of the key file that was put away when it was made.'
          : 'Enter the passphrase again. Nobody can recover it; a lost one needs a new key.',
      cause,
    })
  }
}
