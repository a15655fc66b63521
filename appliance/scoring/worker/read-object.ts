import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { DataSetError, DecodeError, type Part10File, parsePart10 } from '../../imaging/index.ts'
import type { WorkerLimits } from '../messages.ts'
import type { InstanceOutcome, NotScoredReason } from '../outcome.ts'

type NotScored = Extract<InstanceOutcome, { kind: 'not-scored' }>

/** Never follows a link: Node's permission model would let it lead out of the work folder. */
export async function readObject(path: string, limits: WorkerLimits): Promise<Part10File> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await handle.stat()
    if (size > limits.maximumFileBytes) throw new DataSetError('too-large', 'the file is too large')
    return parsePart10(await handle.readFile())
  } finally {
    await handle.close()
  }
}

/** The outcome of an instance that was not scored. */
export function notScored(instance: number, reason: NotScoredReason, detail?: string): NotScored {
  return { kind: 'not-scored', instance, reason, ...(detail === undefined ? {} : { detail }) }
}

/** What an error that a file caused means for its instance. */
export function outcomeOfError(instance: number, error: unknown): NotScored {
  if (error instanceof DataSetError) return notScored(instance, 'unreadable', error.code)
  if (error instanceof DecodeError) return notScored(instance, 'undecodable', error.code)
  return notScored(instance, 'internal-error', systemCode(error))
}

/** `ENOENT` as the vocabulary code `enoent`, so that no path leaves in a message. */
function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'defect'
  return code
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
}
