import { readFile } from 'node:fs/promises'
import { Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import type { FeedEntry, FeedSource } from './feed-entry.ts'
import type { AuditFeedSettings } from './feed-settings.ts'
import { fhirAuditEvent } from './fhir-audit-event.ts'
import { type FeedFailure, type FeedOutcome, type FeedSender, failureOf } from './sender.ts'

type FhirFeed = Extract<AuditFeedSettings, { kind: 'fhir' }>

const IDLE_MS = 30_000
const JSON_TYPE = 'application/fhir+json'

/** Creates one AuditEvent after the other on one connection (ITI-20, FHIR Feed); an entry counts when it was answered with 2xx. */
export class FhirFeedSender implements FeedSender {
  readonly #feed: FhirFeed
  readonly #source: FeedSource
  readonly #idleMs: number

  constructor(feed: FhirFeed, source: FeedSource, idleMs: number = IDLE_MS) {
    this.#feed = feed
    this.#source = source
    this.#idleMs = idleMs
  }

  async send(entries: readonly FeedEntry[]): Promise<FeedOutcome> {
    const url = new URL(`${this.#feed.url}/AuditEvent`)
    let secrets: Secrets
    try {
      secrets = await this.#secrets()
    } catch {
      return { taken: 0, failure: 'files-unreadable' }
    }
    const agent = url.protocol === 'https:' ? new TlsAgent(AGENT) : new PlainAgent(AGENT)
    try {
      for (const [taken, entry] of entries.entries()) {
        const failure = await this.#create(url, entry, secrets, agent)
        if (failure !== undefined) return { taken, failure }
      }
      return { taken: entries.length }
    } finally {
      agent.destroy()
    }
  }

  #create(url: URL, entry: FeedEntry, secrets: Secrets, agent: PlainAgent): Promise<FeedFailure | undefined> {
    const body = Buffer.from(JSON.stringify(fhirAuditEvent(entry, this.#source)))
    const options: RequestOptions = {
      method: 'POST',
      agent,
      headers: {
        accept: JSON_TYPE,
        'content-type': JSON_TYPE,
        'content-length': body.length,
        prefer: 'return=minimal',
        ...(secrets.token === undefined ? {} : { authorization: `Bearer ${secrets.token}` }),
      },
      ...(url.protocol === 'https:'
        ? { minVersion: 'TLSv1.2', ...(secrets.ca === undefined ? {} : { ca: secrets.ca }) }
        : {}),
    }
    return exchange(url, options, body, this.#idleMs)
  }

  /** Read for every batch: a token and a certificate can be renewed without anybody being told. */
  async #secrets(): Promise<Secrets> {
    const { bearerFile, authoritiesFile } = this.#feed
    const token = bearerFile === undefined ? undefined : (await readFile(bearerFile, 'utf8')).trim()
    // RFC 6750 2.1, b64token.
    if (token !== undefined && !/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw new TypeError('not a bearer token')
    const ca = authoritiesFile === undefined ? undefined : await readFile(authoritiesFile)
    return { ...(token === undefined ? {} : { token }), ...(ca === undefined ? {} : { ca }) }
  }
}

interface Secrets {
  readonly token?: string
  readonly ca?: Buffer
}

const AGENT = { keepAlive: true, maxSockets: 1 } as const

function exchange(url: URL, options: RequestOptions, body: Buffer, idleMs: number): Promise<FeedFailure | undefined> {
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest
    let isLate = false
    const outgoing = send(url, options, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(meaningOf(answer.statusCode ?? 0)))
      answer.on('error', () => resolve(isLate ? 'timed-out' : 'lost'))
    })
    outgoing.setTimeout(idleMs, () => {
      isLate = true
      outgoing.destroy()
    })
    outgoing.on('error', (error) => resolve(isLate ? 'timed-out' : failureOf(error)))
    outgoing.end(body)
  })
}

/** FHIR 3.1.0.8: 2xx is created; 401 and 403 are about us; 408, 429 and 5xx pass; the rest is about the entry. */
function meaningOf(status: number): FeedFailure | undefined {
  if (status >= 200 && status < 300) return undefined
  if (status === 401 || status === 403) return 'unauthorised'
  return status >= 500 || status === 408 || status === 429 ? 'lost' : 'refused'
}
