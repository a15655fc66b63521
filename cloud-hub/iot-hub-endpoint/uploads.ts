import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { EndpointError } from './errors.ts'
import type { StoredUpload, UploadStore } from './upload-store.ts'

/** Uploads that one device may have open. */
const MAX_OPEN = 10
const MAX_BLOCK_BYTES = 4 * 1024 * 1024
const LIFETIME_MS = 3_600_000
/** The one container of this endpoint. */
export const UPLOAD_CONTAINER = 'uploads'

interface OpenUpload {
  readonly device: DeviceId
  readonly name: string
  readonly expiresAtMs: number
  bytes: number
  joined: { readonly bytes: number; readonly sha256: StoredUpload['sha256'] } | undefined
}

/** What a device needs to send its blocks. */
export interface UploadTicket {
  readonly correlationId: string
  readonly containerName: string
  readonly blobName: string
  readonly sasToken: string
}

/** Files that are too large for a message: ticket, blocks, list of blocks, notification. */
export class Uploads {
  readonly #store: UploadStore
  readonly #clock: Clock
  readonly #maxBytes: number
  readonly #secret = randomBytes(32)
  readonly #open = new Map<string, OpenUpload>()

  /** @param maxBytes largest whole file. */
  constructor(store: UploadStore, clock: Clock, maxBytes: number) {
    this.#store = store
    this.#clock = clock
    this.#maxBytes = maxBytes
  }

  /** @throws {EndpointError} `upload-malformed` for a name, `too-many-uploads`. */
  async begin(device: DeviceId, name: string): Promise<UploadTicket> {
    if (!/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,255}$/.test(name)) {
      throw new EndpointError('upload-malformed', 'that is no name for a file')
    }
    await this.#expire()
    const open = [...this.#open.values()].filter((upload) => upload.device === device).length
    if (open >= MAX_OPEN) throw new EndpointError('too-many-uploads', `a device may have ${MAX_OPEN} uploads open`)
    const id = randomUUID()
    const expiresAtMs = this.#clock.now() + LIFETIME_MS
    this.#open.set(id, { device, name, expiresAtMs, bytes: 0, joined: undefined })
    const sasToken = `?sr=${id}&sig=${this.#sign(id)}`
    return { correlationId: id, containerName: UPLOAD_CONTAINER, blobName: `${device}/${name}`, sasToken }
  }

  /** The upload that a request for a blob is about. @throws {EndpointError} `upload-unknown` unless the ticket is ours. */
  authorise(path: string, query: URLSearchParams): string {
    const id = query.get('sr') ?? ''
    const given = Buffer.from(query.get('sig') ?? '', 'hex')
    const expected = Buffer.from(this.#sign(id), 'hex')
    const genuine = given.length === expected.length && timingSafeEqual(given, expected)
    const upload = genuine ? this.#open.get(id) : undefined
    const expired = upload === undefined || upload.expiresAtMs <= this.#clock.now()
    if (expired || path !== `/${UPLOAD_CONTAINER}/${upload.device}/${upload.name}`) throw unknownUpload()
    return id
  }

  /** @throws {EndpointError} `upload-too-large`. */
  async block(id: string, block: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const upload = this.#find(id)
    const room = Math.min(MAX_BLOCK_BYTES, this.#maxBytes - upload.bytes)
    // Room is taken before the bytes come, because blocks come side by side.
    upload.bytes += room
    let bytes = 0
    try {
      bytes = await this.#store.putBlock(id, block, content, room)
    } finally {
      upload.bytes -= room - bytes
    }
  }

  /** @throws {EndpointError} `upload-malformed`. */
  async list(id: string, blocks: readonly string[]): Promise<void> {
    const upload = this.#find(id)
    upload.joined = await this.#store.join(id, blocks)
  }

  /** The device's word on how it went. @returns the file when it is kept. @throws {EndpointError} `upload-unknown`. */
  async notify(device: DeviceId, id: string, isSuccess: boolean): Promise<StoredUpload | undefined> {
    const upload = this.#open.get(id)
    if (upload === undefined || upload.device !== device) throw unknownUpload()
    if (isSuccess && upload.joined === undefined) {
      throw new EndpointError('upload-malformed', 'the blocks of this file were never listed')
    }
    this.#open.delete(id)
    if (!isSuccess || upload.joined === undefined) {
      await this.#store.discard(id)
      return undefined
    }
    const stored = { device, id, name: upload.name, ...upload.joined }
    await this.#store.keep(stored)
    return stored
  }

  async #expire(): Promise<void> {
    for (const [id, upload] of this.#open) {
      if (upload.expiresAtMs > this.#clock.now()) continue
      this.#open.delete(id)
      await this.#store.discard(id)
    }
  }

  #find(id: string): OpenUpload {
    const upload = this.#open.get(id)
    if (upload === undefined) throw unknownUpload()
    return upload
  }

  #sign(id: string): string {
    return createHmac('sha256', this.#secret).update(id).digest('hex')
  }
}

function unknownUpload(): EndpointError {
  return new EndpointError('upload-unknown', 'there is no such upload, or it is over')
}
