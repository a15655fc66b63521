import { Agent, type RequestOptions, request } from 'node:https'
import { connect } from 'node:tls'
import { UPLOAD_FOLDER } from '../../contract/index.ts'
import { digestOf } from '../../foundation/index.ts'
import type { LinkErrorCode } from '../link-error.ts'
import type { Credentials } from '../mqtt-link.ts'
import { within } from './link-timing.ts'
import type { HubAddress, SdkSession } from './sdk-client.ts'

const ANSWER_MS = 30_000
/** The blob service takes blocks of up to 4 MiB from this version of its interface. */
const BLOCK_BYTES = 4 * 1024 * 1024
const BLOB_API = '2020-10-02'
const HUB_API = '2021-04-12'

export interface HubFilesOptions {
  readonly address: HubAddress
  readonly device: string
  /** A session of the SDK whose client is never opened: files go over HTTPS alone. */
  readonly createSession: (agent: Agent) => Promise<SdkSession>
  readonly credentials: Credentials
}

/**
 * The HTTPS side of a hub: files in three steps (ticket and notification through the unmodified SDK, blocks by our own requests,
 * because the SDK's block client believes only authorities that the whole process believes), and the question whether this
 * device is let in.
 */
export class HubFiles {
  readonly #options: HubFilesOptions

  constructor(options: HubFilesOptions) {
    this.#options = options
  }

  /** Sends a whole file under its digest. Resolves when the hub has been told and has said yes. @throws when it has not. */
  async upload(bytes: Uint8Array): Promise<void> {
    await this.#withSession(async ({ client }) => {
      const ticket = await within(ANSWER_MS, client.getBlobSharedAccessSignature(`${UPLOAD_FOLDER}/${digestOf(bytes)}`))
      const { correlationId, hostName, containerName, blobName, sasToken } = ticket
      const status = await this.#putBlocks(`https://${hostName}/${containerName}/${blobName}${sasToken}`, bytes)
      const isSuccess = status === 201
      await within(
        ANSWER_MS,
        client.notifyBlobUploadStatus(correlationId, isSuccess, status, isSuccess ? 'stored' : 'failed'),
      )
      if (!isSuccess) throw new Error(`the blob service answered ${status}`)
    })
  }

  /**
   * Why the hub refuses this device, asked over HTTPS where the answer says more than MQTT 3.1.1 can; `undefined` when the
   * hub cannot be asked, or lets it in here.
   */
  async refusal(): Promise<Extract<LinkErrorCode, 'credentials-refused' | 'device-not-admitted'> | undefined> {
    const path = `/devices/${this.#options.device}/messages/devicebound?api-version=${HUB_API}`
    const status = await this.#withSession(async ({ authorization }, agent) => {
      const token = await authorization()
      const headers = token === undefined ? {} : { authorization: token }
      return ask(`https://${this.#options.address.hostName}${path}`, { ...this.#certificate(), agent, headers })
    }).catch(() => 0)
    if (status === 401) return 'credentials-refused'
    // 403: known and not wanted; 404: it was removed.
    return status === 403 || status === 404 ? 'device-not-admitted' : undefined
  }

  async #putBlocks(url: string, bytes: Uint8Array): Promise<number> {
    const agent = new Agent({ ca: this.#options.credentials.caPem, keepAlive: true, maxSockets: 1 })
    const headers = { 'x-ms-version': BLOB_API }
    try {
      const blocks: string[] = []
      for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
        // All ids of a blob have one length.
        const block = Buffer.from(String(blocks.length).padStart(8, '0')).toString('base64')
        const target = `${url}&comp=block&blockid=${encodeURIComponent(block)}`
        const status = await ask(target, { method: 'PUT', agent, headers }, bytes.subarray(from, from + BLOCK_BYTES))
        if (status !== 201) return status
        blocks.push(block)
      }
      const list = blocks.map((block) => `<Latest>${block}</Latest>`).join('')
      const xml = `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`
      return await ask(`${url}&comp=blocklist`, { method: 'PUT', agent, headers }, Buffer.from(xml))
    } finally {
      agent.destroy()
    }
  }

  async #withSession<T>(act: (session: SdkSession, agent: Agent) => Promise<T>): Promise<T> {
    const agent = this.#hubAgent()
    let session: SdkSession | undefined
    try {
      session = await within(ANSWER_MS, this.#options.createSession(agent))
      return await act(session, agent)
    } finally {
      session?.stopRenewal()
      agent.destroy()
    }
  }

  #certificate(): { readonly cert?: string; readonly key?: string } {
    const { certificatePem, keyPem } = this.#options.credentials
    return certificatePem === '' ? {} : { cert: certificatePem, key: keyPem }
  }

  /** Connects to where files are sent, whatever the hub's own name is; the server must show a certificate of that place. */
  #hubAgent(): Agent {
    const { address, credentials } = this.#options
    const { hostName, port } = fileHost(address)
    const agent = new Agent({ ca: credentials.caPem, keepAlive: false })
    agent.createConnection = (options: RequestOptions) =>
      connect({
        ca: credentials.caPem,
        ...(options.cert === undefined ? {} : { cert: options.cert }),
        ...(options.key === undefined ? {} : { key: options.key }),
        host: hostName,
        port,
        servername: /^[\d.]+$/.test(hostName) ? '' : hostName,
        minVersion: 'TLSv1.2',
      })
    return agent
  }
}

function fileHost({ hostName, filesHostName }: HubAddress): { readonly hostName: string; readonly port: number } {
  const [name = '', port = '443'] = (filesHostName ?? hostName.replace(/:\d+$/, '')).split(':')
  return { hostName: name, port: Number(port) }
}

/** One request; its status is all that matters. @throws when there was no answer. */
function ask(url: string, options: RequestOptions, body?: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': body?.length ?? 0 }
    const sent = request(url, { timeout: ANSWER_MS, ...options, headers: { ...options.headers, ...length } })
    sent.once('timeout', () => sent.destroy(new Error('no answer in time: timeout')))
    sent.once('error', reject)
    sent.once('response', (answer) => {
      answer.resume()
      answer.once('error', reject)
      answer.once('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.end(body)
  })
}
