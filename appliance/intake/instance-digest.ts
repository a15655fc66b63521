import { createHash } from 'node:crypto'

/** What names an instance beside its content. */
export interface InstanceNames {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
}

/**
 * The digest that names an instance and its content (SHA-256): the same data set under another name is another
 * instance.
 */
export class InstanceDigest {
  readonly #hash = createHash('sha256')

  constructor({ sopClassUid, sopInstanceUid, transferSyntaxUid }: InstanceNames) {
    this.#hash.update(`${sopClassUid}\n${sopInstanceUid}\n${transferSyntaxUid}\n`)
  }

  /** Takes the next bytes of the data set. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  /** The digest in hexadecimal, once. */
  hex(): string {
    return this.#hash.digest('hex')
  }
}

/** The digest of a whole data set. */
export function digestOfInstance(names: InstanceNames, dataSet: Uint8Array): string {
  const digest = new InstanceDigest(names)
  digest.update(dataSet)
  return digest.hex()
}
