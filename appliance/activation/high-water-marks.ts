import {
  type HighWaterMarks,
  type HighWaterMarksState,
  highWaterMarksState,
  mergeMarks,
  NO_MARKS,
} from '@leadglass/sync-agent/updates'
import type { Records } from '../records/index.ts'

/** The marks in the encrypted database: whoever can delete metadata files cannot bring old ones back. */
export class DatabaseHighWaterMarks implements HighWaterMarks {
  readonly #records: Pick<Records, 'models' | 'transaction'>

  constructor(records: Pick<Records, 'models' | 'transaction'>) {
    this.#records = records
  }

  async read(): Promise<HighWaterMarksState> {
    const content = this.#records.models.marks()
    return content === undefined ? NO_MARKS : highWaterMarksState.parse(JSON.parse(content))
  }

  async raise(marks: HighWaterMarksState): Promise<void> {
    const merged = mergeMarks(await this.read(), marks)
    this.#records.transaction(() => {
      this.#records.models.putMarks(JSON.stringify(merged))
    })
  }
}
