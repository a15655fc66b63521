import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { errorOf } from './errors.ts'
import type { LinkAnswer, LinkRequest, StatementAnswer } from './messages.ts'

/** Longer than the server's own time limit for a statement and the one for a connection together. */
const ANSWER_TIMEOUT_MS = 90_000

/**
 * A connection to PostgreSQL that is asked as SQLite is: the caller's thread waits for the answer. Another thread holds the
 * connection, since a socket needs an event loop that turns.
 */
export class SynchronousLink {
  readonly #url: string
  /** Of the leadership that was won over this link; a thread that takes its place must not lead on without asking. */
  #term: number | undefined
  #thread: { readonly worker: Worker; readonly port: MessagePort; readonly cell: Int32Array } | undefined

  constructor(url: string) {
    this.#url = url
  }

  /**
   * @param timeoutMs how long the answer may take.
   * @throws {HubDatabaseError}
   */
  ask(request: LinkRequest, timeoutMs = ANSWER_TIMEOUT_MS): StatementAnswer {
    const { port, cell } = this.#running()
    Atomics.store(cell, 0, 0)
    port.postMessage(request)
    const waited = Atomics.wait(cell, 0, 0, timeoutMs)
    const answer = receiveMessageOnPort(port)?.message as LinkAnswer | undefined
    if (answer === undefined) {
      this.#end()
      throw errorOf({ sqlState: 'lost', message: `no answer from the database (${waited})`, inCommit: true })
    }
    if (!answer.ok) throw errorOf(answer.failure)
    if (request.kind === 'lead' && answer.rows.length > 0) this.#term = Number(answer.rows[0]?.[0])
    return answer
  }

  close(): void {
    if (this.#thread === undefined) return
    try {
      this.ask({ kind: 'close' })
    } finally {
      this.#end()
    }
  }

  #running() {
    if (this.#thread !== undefined) return this.#thread
    const { port1, port2 } = new MessageChannel()
    const signal = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { url: this.#url, port: port2, signal, term: this.#term },
      transferList: [port2],
      execArgv: [],
    })
    worker.unref()
    port1.unref()
    this.#thread = { worker, port: port1, cell: new Int32Array(signal) }
    return this.#thread
  }

  #end(): void {
    const thread = this.#thread
    this.#thread = undefined
    thread?.port.close()
    void thread?.worker.terminate()
  }
}
