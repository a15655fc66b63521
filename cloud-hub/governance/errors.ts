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

/** What can go wrong with a token. */
export type TokenCode =
  | 'tool-missing'
  | 'pin-refused'
  /** The file that holds the PIN cannot be read, or others than its owner can read it. */
  | 'pin-file-unusable'
  | 'key-not-found'
  /** What the token signed does not verify with the key that is expected in it. */
  | 'other-key'
  | 'token-failed'

/** A key in a token could not be used. Holds neither PIN nor key. */
export class TokenError extends CodedError<TokenCode> {
  constructor(code: TokenCode) {
    super(code, code === 'token-failed' ? 'transient' : 'permanent', {
      message: {
        'tool-missing': 'the program pkcs11-tool cannot be started',
        'pin-refused': 'the token refuses the PIN',
        'pin-file-unusable': 'the file with the PIN cannot be read, or others than its owner may read it',
        'other-key': 'the token signs with another key than the one that is expected in it',
        'key-not-found': 'the token, or an Ed25519 key with this identifier in it, is not there',
        'token-failed': 'the token did not sign',
      }[code],
      effect: 'Nothing was signed.',
      nextStep: {
        'tool-missing': 'Install OpenSC.',
        'pin-refused': 'Check the PIN before you try again: tokens lock after a few failures.',
        'pin-file-unusable': 'Give the file to the user of the service alone (mode 600).',
        'other-key': 'Insert the token that was enrolled.',
        'key-not-found': 'Insert the token, and compare its label and the identifier of the key.',
        'token-failed': 'Insert the token again and repeat the act.',
      }[code],
    })
  }
}
