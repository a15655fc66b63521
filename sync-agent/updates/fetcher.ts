import { CodedError, type Sha256Hex } from '../foundation/index.ts'

/** Why a file of the repository could not be had. Says nothing about its content. */
export type FetchCode =
  /** No connection, or it broke. */
  | 'unreachable'
  /** The connection stands and nothing, or next to nothing, arrives. */
  | 'stalled'
  /** The server's certificate is not one of ours. */
  | 'tls'
  /** The server answered with an unexpected status. */
  | 'status'
  /** The file is not there. */
  | 'missing'
  /** The file is longer than it may be. */
  | 'too-large'
  /** Not a plain file inside the kit. */
  | 'not-a-file'

/** A fetch that failed; `too-large` and `not-a-file` are permanent, all else may work later. */
export class FetchError extends CodedError<FetchCode> {
  constructor(code: FetchCode, message: string, cause?: unknown) {
    super(code, code === 'too-large' || code === 'not-a-file' ? 'permanent' : 'transient', {
      message,
      effect: 'This update attempt stops. The models in use go on; what has arrived is kept.',
      nextStep:
        code === 'tls'
          ? 'Check that the certificate authority of the hub is the one given at enrolment.'
          : 'Check the connection to the hub; the next attempt continues by itself.',
      cause,
    })
  }
}

/** The bytes of a blob as they arrive, beginning at `offset` (0 when the server did not resume). */
export interface BlobStream {
  readonly offset: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Where repository files come from: a server, or a folder. Nothing it returns is trusted.
 * Names are relative to the repository's `metadata/`, `targets/` and `blobs/`.
 */
export interface RepositoryFetcher {
  /** Bytes of `metadata/<name>`, undefined when it does not exist. @throws {FetchError} */
  metadata(name: string, maximumBytes: number): Promise<Uint8Array | undefined>
  /** Bytes of `targets/<path>`, undefined when it does not exist. @throws {FetchError} */
  target(path: string, maximumBytes: number): Promise<Uint8Array | undefined>
  /** `blobs/<sha256>` from byte `from` on, undefined when it does not exist. @throws {FetchError} also while reading */
  blob(sha256: Sha256Hex, from: number): Promise<BlobStream | undefined>
}

/** Collects a stream. @throws {FetchError} `too-large` as soon as it passes `maximumBytes`. */
export async function collect(chunks: AsyncIterable<Uint8Array>, maximumBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > maximumBytes) throw new FetchError('too-large', `a file exceeds its limit of ${maximumBytes} bytes`)
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}
