import { MAX_UPLOAD_BYTES, UPLOAD_FOLDER } from '@leadglass/sync-agent/contract'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import type { AnswerDesk } from './answer-desk.ts'
import { EndpointError } from './errors.ts'
import type { UploadIntake } from './ports.ts'
import type { StoredUpload } from './upload-store.ts'

/** Room for gzip's own bytes. */
const MOST_BYTES = MAX_UPLOAD_BYTES + 4096

/** True for the name that an agent gives to a batch that fits into no message: its digest in the folder of batches. */
export function isBatchName(name: string): boolean {
  return new RegExp(`^${UPLOAD_FOLDER}/[0-9a-f]{64}$`).test(name)
}

export interface UploadedBatchParts {
  readonly store: {
    read(upload: StoredUpload): Promise<Uint8Array>
    remove(upload: StoredUpload): Promise<void>
  }
  readonly intake: UploadIntake
  readonly answers: AnswerDesk
}

/**
 * Takes a file that is a batch: the way of every batch, so that taking it twice has one effect. The device's notification is
 * answered after the commit; the file itself goes in any case, because the device sends again what was not answered.
 * @throws {EndpointError} `upload-malformed` for what can never be taken; whatever else the intake throws.
 */
export async function takeUploadedBatch(upload: StoredUpload, parts: UploadedBatchParts): Promise<void> {
  const { store, intake, answers } = parts
  try {
    const named = upload.name === `${UPLOAD_FOLDER}/${upload.sha256}`
    if (!named || upload.bytes > MOST_BYTES)
      throw new EndpointError('upload-malformed', 'the file is not what its name says')
    await answers.post(upload.device, await intake.submitUpload(upload.device, await store.read(upload)))
  } catch (error) {
    if (isCodedError(error) && error.failureClass === 'permanent') {
      throw new EndpointError('upload-malformed', `the batch was refused: ${error.code}`)
    }
    throw error
  } finally {
    await store.remove(upload)
  }
}
