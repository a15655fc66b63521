import type { Acknowledgement, DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { AnswerBoard } from '@leadglass/sync-agent/transport'
import type { Twins } from './twins.ts'

/** Puts answers into twins; messages and files of one device share one row of slots. */
export class AnswerDesk {
  readonly #twins: Twins
  readonly #clock: Clock
  readonly #boards = new Map<DeviceId, AnswerBoard>()

  constructor(twins: Twins, clock: Clock) {
    this.#twins = twins
    this.#clock = clock
  }

  async post(device: DeviceId, answer: Acknowledgement): Promise<void> {
    const board = this.#boards.get(device) ?? new AnswerBoard(this.#clock)
    this.#boards.set(device, board)
    await this.#twins.patchDesired(device, board.post(answer))
  }
}
