import { GrowingBytes } from '../upper-layer/growing-bytes.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import type { PduEvent } from '../upper-layer/pdu.ts'
import { type CommandSet, decodeCommandSet, MAX_COMMAND_BYTES } from './command-set.ts'

type DataEvent = Extract<PduEvent, { kind: 'data' }>

/**
 * Collects the fragments of a command set (PS3.7 6.3.1, PS3.8 E.2). Data sets do not come through here: they are
 * handed on as they arrive.
 */
export class CommandAssembler {
  readonly #bytes = new GrowingBytes()
  #contextId = 0

  /** True while a command set has begun and not ended. */
  get partial(): boolean {
    return this.#contextId !== 0
  }

  /**
   * Adds a fragment and returns the command set with its last one.
   * @throws MalformedMessageError when the context changes on the way or the command set is too long or broken.
   */
  add(event: DataEvent): CommandSet | undefined {
    if (this.#contextId !== 0 && this.#contextId !== event.contextId)
      throw new MalformedMessageError('command set changes its presentation context (PS3.8 E.1)')
    if (this.#bytes.length + event.bytes.length > MAX_COMMAND_BYTES)
      throw new MalformedMessageError('command set is too long')
    this.#contextId = event.contextId
    this.#bytes.append(event.bytes)
    if (!event.last) return undefined
    this.#contextId = 0
    return decodeCommandSet(this.#bytes.take())
  }
}
