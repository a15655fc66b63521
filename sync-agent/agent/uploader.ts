import { Agent, request } from 'node:https'
import { UPLOAD_PIECE_BYTES, UPLOAD_PROTOCOL } from '../contract/index.ts'
import { digestOf } from '../foundation/index.ts'
import type { Credentials } from '../transport/index.ts'

const ANSWER_MS = 30_000
/** Answers other than progress before an upload is given up for now. */
const MOST_SETBACKS = 3

interface Answer {
  readonly status: number
  /** How much the hub has; -1 when it does not say. */
  readonly offset: number
}

/** The way of a body that fits into no message. */
export interface UploadPort {
  /** Resolves when the hub has everything; whether it took it says its acknowledgement. @throws when it could not be sent. */
  upload(bytes: Uint8Array): Promise<void>
}

/**
 * Takes bytes to the hub in pieces, over the port and with the certificate that MQTT has too. What the hub has of an upload
 * it keeps: after a lost link, or a new start of either side, the next attempt goes on from there.
 */
export class Uploader implements UploadPort {
  readonly #url: URL
  readonly #credentials: () => Promise<Credentials>

  /** @param deviceUrl `mqtts://host:port` where the hub itself listens for devices. */
  constructor(deviceUrl: string, credentials: () => Promise<Credentials>) {
    this.#url = new URL(deviceUrl)
    this.#credentials = credentials
  }

  async upload(bytes: Uint8Array): Promise<void> {
    const { caPem, certificatePem, keyPem } = await this.#credentials()
    const agent = new Agent({
      ca: caPem,
      cert: certificatePem,
      key: keyPem,
      ALPNProtocols: [UPLOAD_PROTOCOL],
      minVersion: 'TLSv1.3',
      keepAlive: true,
      maxSockets: 1,
    })
    try {
      await this.#send(agent, bytes)
    } finally {
      agent.destroy()
    }
  }

  async #send(agent: Agent, bytes: Uint8Array): Promise<void> {
    const path = `/uploads/${digestOf(bytes)}`
    let { offset } = await this.#ask(agent, 'HEAD', path)
    for (let setbacks = 0; setbacks < MOST_SETBACKS; ) {
      const from = Math.max(0, offset)
      const piece = bytes.subarray(from, from + UPLOAD_PIECE_BYTES)
      const range = `bytes ${from}-${from + piece.length - 1}/${bytes.length}`
      const answer = await this.#ask(agent, 'PUT', path, piece, range)
      if (answer.status === 200) return
      if (answer.status !== 202 || answer.offset <= from) setbacks += 1
      offset = answer.offset
    }
    throw new Error('the hub did not take an upload')
  }

  #ask(agent: Agent, method: string, path: string, piece?: Uint8Array, range?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        host: this.#url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(this.#url.port || 8883),
        method,
        path,
        agent,
        timeout: ANSWER_MS,
        headers: {
          ...(range === undefined ? {} : { 'content-range': range }),
          ...(piece === undefined ? {} : { 'content-length': piece.length }),
        },
      })
      sent.once('timeout', () => sent.destroy(new Error('the hub does not answer')))
      sent.once('error', reject)
      sent.once('response', (answer) => {
        answer.resume()
        answer.once('error', reject)
        answer.once('end', () => {
          const offset = /^\d{1,9}$/.test(String(answer.headers['upload-offset']))
            ? Number(answer.headers['upload-offset'])
            : -1
          resolve({ status: answer.statusCode ?? 0, offset })
        })
      })
      sent.end(piece)
    })
  }
}
