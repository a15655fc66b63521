import { workerData } from 'node:worker_threads'
import { LinkConnection } from './connection.ts'
import type { LinkRequest, LinkWorkerData } from './messages.ts'

/** The thread that holds the connection: it answers one request after the other, and wakes the thread that waits. */
const { url, port, signal, term } = workerData as LinkWorkerData
const cell = new Int32Array(signal)
const connection = new LinkConnection(url, term)

port.on('message', (request: LinkRequest) => {
  void connection.answer(request).then((answer) => {
    port.postMessage(answer)
    Atomics.store(cell, 0, 1)
    Atomics.notify(cell, 0)
    if (request.kind === 'close') port.close()
  })
})
