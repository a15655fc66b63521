import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { type DeviceId, MAX_UPLOAD_BYTES, UPLOAD_PIECE_BYTES } from '@leadglass/sync-agent/contract'
import { digestOf, type Logger } from '@leadglass/sync-agent/foundation'

const REQUEST_MS = 60_000
/** Room for gzip's own bytes. */
const MOST_BYTES = MAX_UPLOAD_BYTES + 4096

export interface UploadDeskOptions {
  /** Where unfinished uploads lie: one file a device. */
  readonly folder: string
  /** Takes a payload that is whole. */
  readonly take: (device: DeviceId, payload: Uint8Array) => Promise<void>
  readonly logger: Logger
}

interface Piece {
  readonly from: number
  readonly total: number
  readonly bytes: Buffer
}

/**
 * Takes bodies that fit into no message, in pieces, from devices whose certificate the broker has verified: `HEAD
 * /uploads/<SHA-256>` says how much is there, `PUT` with `Content-Range` (RFC 9110 14.4) adds the next piece. What is whole
 * goes the way of every batch, so that taking it twice has one effect. An unfinished upload outlives both processes.
 */
export class UploadDesk {
  readonly #options: UploadDeskOptions
  readonly #server: Server
  readonly #devices = new WeakMap<Socket, DeviceId>()
  readonly #busy = new Map<DeviceId, Promise<void>>()

  constructor(options: UploadDeskOptions) {
    this.#options = options
    this.#server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
      const device = this.#devices.get(request.socket)
      if (device === undefined) return void response.destroy()
      // One request of a device after the other: two that add to one file would mix it up.
      const before = this.#busy.get(device) ?? Promise.resolve()
      const work = before.then(() => this.#answer(device, request, response))
      this.#busy.set(device, work)
    })
  }

  /** Makes the folder. */
  async prepare(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 })
  }

  /** Serves a connection whose certificate is this device's. */
  serve(socket: Socket, device: DeviceId): void {
    this.#devices.set(socket, device)
    this.#server.emit('connection', socket)
  }

  async #answer(device: DeviceId, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, offset } = await this.#take(device, request)
      response.writeHead(status, { 'upload-offset': offset, 'content-length': 0 }).end()
    } catch (error) {
      this.#options.logger.error('ingest.upload-failed', { device, reason: String(error) })
      response.destroy()
    }
  }

  async #take(device: DeviceId, request: IncomingMessage): Promise<{ status: number; offset: number }> {
    const digest = /^\/uploads\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
    if (digest === undefined) return { status: 404, offset: 0 }
    const path = join(this.#options.folder, `${device}.${digest}.part`)
    const offset = await lengthOf(path)
    if (request.method === 'HEAD') return { status: 204, offset }
    if (request.method !== 'PUT') return { status: 405, offset }
    const piece = await readPiece(request)
    if (piece === undefined) return { status: 400, offset }
    if (piece.from !== offset) return { status: 409, offset }
    if (offset === 0) await this.#forgetOthers(device, path)
    await append(path, piece)
    const reached = offset + piece.bytes.length
    if (reached < piece.total) return { status: 202, offset: reached }
    const payload = await readFile(path)
    if (digestOf(payload) !== digest) {
      await rm(path, { force: true })
      return { status: 422, offset: 0 }
    }
    await this.#options.take(device, payload)
    await rm(path, { force: true })
    return { status: 200, offset: reached }
  }

  /** A device has one unfinished upload: more would be a way to fill the disk. */
  async #forgetOthers(device: DeviceId, path: string): Promise<void> {
    const { folder } = this.#options
    for (const name of await readdir(folder)) {
      if (name.startsWith(`${device}.`) && join(folder, name) !== path) await rm(join(folder, name), { force: true })
    }
  }
}

async function lengthOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** Adds a piece where it belongs, on disk when this returns. */
async function append(path: string, { from, bytes }: Piece): Promise<void> {
  const handle = await open(path, from === 0 ? 'w' : 'r+', 0o600)
  try {
    await handle.write(bytes, 0, bytes.length, from)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The piece of a request; `undefined` unless its length is exactly what its range says, within the limits. */
async function readPiece(request: IncomingMessage): Promise<Piece | undefined> {
  const match = /^bytes (\d{1,9})-(\d{1,9})\/(\d{1,9})$/.exec(request.headers['content-range'] ?? '')
  const [from, last, total] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])]
  const length = last - from + 1
  const isPiece = length >= 1 && length <= UPLOAD_PIECE_BYTES && last < total && total <= MOST_BYTES
  const parts: Buffer[] = []
  let read = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    read += part.length
    if (!isPiece || read > length) return undefined
    parts.push(part)
  }
  return isPiece && read === length ? { from, total, bytes: Buffer.concat(parts) } : undefined
}
