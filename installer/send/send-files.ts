import { AssociationRequester, type OutgoingInstance, splitPart10 } from '@leadglass/appliance/dimse'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import type { NodeAddress } from './address.ts'

/** What became of the files. Every file is counted once. */
export interface SendSummary {
  readonly files: number
  readonly accepted: number
  /** Not DICOM Part 10: left alone. */
  readonly skipped: number
  readonly failures: readonly SendFailure[]
}

/** One instance that the destination did not take. */
export interface SendFailure {
  readonly file: string
  readonly reason: string
}

/**
 * Sends DICOM files by C-STORE, each in the transfer syntax that it has.
 * @param onFile called after each file with how many are done.
 */
export async function sendFiles(
  to: NodeAddress,
  callingAeTitle: string,
  files: readonly string[],
  onFile: (done: number) => void,
): Promise<SendSummary> {
  let accepted = 0
  let skipped = 0
  const failures: SendFailure[] = []
  const settled = (): void => onFile(accepted + skipped + failures.length)
  const fileOf = new WeakMap<OutgoingInstance, string>()

  async function* instances(): AsyncGenerator<OutgoingInstance> {
    for (const file of files) {
      const instance = await splitPart10(file).catch((error: unknown) => {
        if (isCodedError(error)) return undefined
        throw error
      })
      if (instance === undefined) {
        skipped += 1
        settled()
      } else {
        const outgoing: OutgoingInstance = { ...instance, open: () => instance.open() }
        fileOf.set(outgoing, file)
        yield outgoing
      }
    }
  }

  await new AssociationRequester().sendInstances(
    { host: to.host, port: to.port, calledAeTitle: to.aeTitle, callingAeTitle },
    instances(),
    (instance, result) => {
      const file = fileOf.get(instance) ?? ''
      if (result.kind === 'accepted') accepted += 1
      else if (result.kind === 'refused') {
        failures.push({
          file,
          reason: `refused with status ${result.status.toString(16).padStart(4, '0')}H ${result.comment}`.trim(),
        })
      } else failures.push({ file, reason: result.error.message })
      settled()
    },
  )
  return { files: files.length, accepted, skipped, failures }
}
