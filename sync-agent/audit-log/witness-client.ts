import { decodeDecimal } from './base64.ts'
import { readCheckpoint } from './checkpoint.ts'
import { cosignatureTime, createCosignatureVerifier } from './cosignature.ts'
import { type NoteVerifier, openNote } from './note.ts'
import type { VerifierKey } from './note-key.ts'
import { encodeAddCheckpoint } from './witness.ts'

/** One request to a witness: the body of `add-checkpoint`, and what came back. @throws when nothing came back. */
export type PostCheckpoint = (body: string) => Promise<{ readonly status: number; readonly body: string }>

/** What a log asks of a witness. */
export interface CosignatureRequest {
  readonly checkpointNote: string
  /** Proof from an older size of the log to the checkpoint's. */
  readonly proofFrom: (oldSize: number) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** What the witness is believed to know; corrected by its own word (409). */
  readonly oldSize: number
  readonly witness: VerifierKey
  readonly post: PostCheckpoint
}

/** What a witness said. `lines` are signature lines to be appended to the note. */
export type CosignatureOutcome =
  | { readonly kind: 'cosigned'; readonly lines: string; readonly at: number }
  | {
      readonly kind: 'refused'
      /**
       * `diverged`: the witness has seen another log under this name. `witness-ahead`: it has seen a longer one; for the
       * log itself this means that its end was cut off.
       */
      readonly reason: 'diverged' | 'witness-ahead' | 'bad-answer' | 'not-accepted'
      readonly status: number
    }

/** Asks a witness for its cosignature (C2SP tlog-witness). The answer is verified before it is believed. */
export async function requestCosignature(request: CosignatureRequest): Promise<CosignatureOutcome> {
  const checkpoint = readCheckpoint(request.checkpointNote)
  if (checkpoint === undefined) return { kind: 'refused', reason: 'not-accepted', status: 400 }
  const ask = async (oldSize: number): ReturnType<PostCheckpoint> => {
    const proof = await request.proofFrom(oldSize)
    return request.post(encodeAddCheckpoint({ oldSize, proof, checkpointNote: request.checkpointNote }))
  }
  const first = Math.min(request.oldSize, checkpoint.size)
  let answer = await ask(first)
  if (answer.status === 409) {
    const known = decodeDecimal(answer.body.replace(/\n$/, ''))
    // The same size again is the answer to another root at that size.
    if (known === undefined || known === first) return diverged(409)
    if (known > checkpoint.size) return { kind: 'refused', reason: 'witness-ahead', status: 409 }
    answer = await ask(known)
  }
  if (answer.status === 409 || answer.status === 422) return diverged(answer.status)
  if (answer.status !== 200) return { kind: 'refused', reason: 'not-accepted', status: answer.status }
  return readCosignature(request.checkpointNote, answer.body, [createCosignatureVerifier(request.witness)])
}

/** Verifies cosignature lines against the note that they are for. */
function readCosignature(note: string, lines: string, witness: readonly NoteVerifier[]): CosignatureOutcome {
  const opened = openNote(`${note}${lines}`, witness)
  const [line] = opened.kind === 'verified' ? opened.by : []
  const at = line === undefined ? undefined : cosignatureTime(line)
  if (at === undefined) return { kind: 'refused', reason: 'bad-answer', status: 200 }
  return { kind: 'cosigned', lines, at }
}

function diverged(status: number): CosignatureOutcome {
  return { kind: 'refused', reason: 'diverged', status }
}
