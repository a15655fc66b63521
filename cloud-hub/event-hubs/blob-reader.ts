import { get } from 'node:https'
import { type DeviceId, MAX_UPLOAD_BYTES, UPLOAD_FOLDER, type UploadAnnouncement } from '@leadglass/sync-agent/contract'
import { digestOf } from '@leadglass/sync-agent/foundation'
import { AzureServiceError } from './errors.ts'

/** Room for gzip's own bytes. */
const MOST_BYTES = MAX_UPLOAD_BYTES + 4096

/** Reads what devices have uploaded from the container to which an IoT Hub gives them tickets. */
export class BlobReader {
  readonly #container: URL
  readonly #caPem: string | undefined
  readonly #timeoutMs: number

  /** @param containerUrl `https://ACCOUNT.blob.core.windows.net/CONTAINER?SAS`, with the right to read. */
  constructor(containerUrl: string, caPem: string | undefined, timeoutMs: number) {
    this.#container = containerOf(containerUrl)
    this.#caPem = caPem
    this.#timeoutMs = timeoutMs
  }

  /**
   * The batch that a device announced.
   * @returns `undefined` when what lies there is not what was announced, or nothing does.
   * @throws {AzureServiceError} when it could not be read now.
   */
  async read(device: DeviceId, { sha256, bytes }: UploadAnnouncement): Promise<Uint8Array | undefined> {
    const url = new URL(this.#container)
    // The hub puts each device's blobs below its name; the name is the one that was authenticated.
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${device}/${UPLOAD_FOLDER}/${sha256}`
    const content = await this.#get(url)
    return content?.length === bytes && digestOf(content) === sha256 ? content : undefined
  }

  #get(url: URL): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      const ca = this.#caPem === undefined ? {} : { ca: this.#caPem }
      const failed = (): void => reject(new AzureServiceError('service-unreachable', 'the blob service did not answer'))
      const sent = get(
        url,
        { ...ca, timeout: this.#timeoutMs, headers: { 'x-ms-version': '2020-10-02' } },
        (answer) => {
          const status = answer.statusCode ?? 0
          const parts: Buffer[] = []
          let read = 0
          answer.on('data', (part: Buffer) => {
            read += part.length
            if (read > MOST_BYTES) sent.destroy()
            else parts.push(part)
          })
          answer.once('error', failed)
          answer.once('end', () => {
            if (status === 200) resolve(Buffer.concat(parts))
            else if (status === 404) resolve(undefined)
            else failed()
          })
        },
      )
      sent.once('timeout', () => sent.destroy())
      sent.once('error', failed)
      sent.once('close', failed)
    })
  }
}

function containerOf(text: string): URL {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined
  if (url?.protocol === 'https:' && url.pathname.length > 1 && url.search.length > 1) return url
  throw new AzureServiceError('connection-string-malformed', 'this is no address of a container with its signature')
}
