import { CodedError } from '../../foundation/index.ts'

/** Bytes that are never sent. */
export type AzureIotCode = 'message-too-large' | 'not-a-batch'

/** A batch that cannot travel this way, however often it is tried. */
export class AzureIotError extends CodedError<AzureIotCode> {
  constructor(code: AzureIotCode) {
    super(code, 'permanent', {
      message:
        code === 'message-too-large'
          ? 'the batch is larger than the hub takes in a message'
          : 'these bytes are no batch',
      effect: 'nothing was sent',
      nextStep: 'report this as a defect: the outbox holds only batches of up to 200,000 bytes',
    })
  }
}
