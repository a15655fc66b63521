import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { memorySource } from '../imaging/index.ts'
import { SpoolError } from '../intake/index.ts'
import type { Gate, GateOutcome } from '../pipeline/index.ts'
import type { LeavingObject } from '../pixel-text/index.ts'

/** Where the bytes of an instance come from, and the gate between the zones. */
export interface PassedObjectPorts {
  readonly spool: { read(digest: string): Promise<Uint8Array> }
  readonly gate: Gate
  /** Folder that the pixel workers see. */
  readonly workFolder: string
}

/** An instance on the far side of the gate. */
export type PassedObject =
  | {
      readonly kind: 'passed'
      readonly object: LeavingObject
      readonly facts: Extract<GateOutcome, { kind: 'passed' }>
    }
  | { readonly kind: 'quarantined'; readonly reason: string }

/**
 * De-identifies an instance into a folder of its own for as long as `work` lasts: nothing of it stays in the work folder.
 * An instance that is no longer there is `quarantined` as `object-gone`.
 */
export async function withPassedObject<T>(
  { spool, gate, workFolder }: PassedObjectPorts,
  digest: string,
  work: (passed: PassedObject) => Promise<T>,
): Promise<T> {
  const folder = join(workFolder, `pixels-${randomUUID()}`)
  await mkdir(folder, { mode: 0o700 })
  try {
    return await work(await passed({ spool, gate, workFolder: folder }, digest))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function passed({ spool, gate, workFolder }: PassedObjectPorts, digest: string): Promise<PassedObject> {
  let bytes: Uint8Array
  try {
    bytes = await spool.read(digest)
  } catch (cause) {
    if (cause instanceof SpoolError) return { kind: 'quarantined', reason: 'object-gone' }
    throw cause
  }
  const chunks: Uint8Array[] = []
  const output = {
    write: async (piece: Uint8Array): Promise<void> => {
      chunks.push(Uint8Array.from(piece))
    },
  }
  const facts = await gate.pass(memorySource(bytes), output)
  if (facts.kind === 'quarantined') return { kind: 'quarantined', reason: facts.reason }
  const file = join(workFolder, 'object.dcm')
  await writeFile(file, Buffer.concat(chunks), { mode: 0o600, flag: 'wx' })
  const { original, identifiers, pixelRisk: risk } = facts
  const newTarget = (): string => join(workFolder, `${randomUUID()}.raw`)
  return { kind: 'passed', object: { file, newTarget, original, identifiers, risk }, facts }
}
