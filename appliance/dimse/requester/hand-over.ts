/**
 * Hands values from a producer to a consumer one at a time: `put` waits until its value is taken, which holds the
 * network back while the consumer is busy.
 */
export class HandOver<T> {
  #held: { readonly value: T; readonly taken: () => void } | undefined
  #wanting: ((value: T | undefined) => void) | undefined
  #ended = false

  /** Settles when the value is taken, or at once when nobody takes any more. */
  put(value: T): Promise<void> | undefined {
    if (this.#ended) return undefined
    const wanting = this.#wanting
    if (wanting !== undefined) {
      this.#wanting = undefined
      wanting(value)
      return undefined
    }
    return new Promise((resolve) => {
      this.#held = { value, taken: resolve }
    })
  }

  /** The next value, or `undefined` after the end. */
  take(): Promise<T | undefined> {
    const held = this.#held
    if (held !== undefined) {
      this.#held = undefined
      held.taken()
      return Promise.resolve(held.value)
    }
    if (this.#ended) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#wanting = resolve
    })
  }

  /** No more values come, or none are wanted; one that is held is still to be taken. */
  end(): void {
    this.#ended = true
    this.#wanting?.(undefined)
    this.#wanting = undefined
  }

  /** Nobody takes any more: what is held is dropped. */
  drop(): void {
    this.end()
    this.#held?.taken()
    this.#held = undefined
  }
}
