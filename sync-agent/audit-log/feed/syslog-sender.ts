import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import type { FeedEntry, FeedSource } from './feed-entry.ts'
import type { AuditFeedSettings } from './feed-settings.ts'
import { type FeedFailure, type FeedOutcome, type FeedSender, failureOf } from './sender.ts'
import { syslogFrame } from './syslog-frame.ts'

type SyslogFeed = Extract<AuditFeedSettings, { kind: 'syslog' }>

/** Without a byte in either direction, from the first try to connect to the repository's farewell. */
const IDLE_MS = 15_000

/**
 * Syslog over TLS has no answers (RFC 5425 4.3): what was written may still be lost with the connection. So each batch has a
 * connection of its own, and counts only when the repository has read it to its end and closed in order (RFC 5425 4.4). A
 * batch whose end is unknown goes out again; its place in the log tells a repository what came twice.
 */
export class SyslogSender implements FeedSender {
  readonly #feed: SyslogFeed
  readonly #source: FeedSource
  readonly #idleMs: number

  constructor(feed: SyslogFeed, source: FeedSource, idleMs: number = IDLE_MS) {
    this.#feed = feed
    this.#source = source
    this.#idleMs = idleMs
  }

  async send(entries: readonly FeedEntry[]): Promise<FeedOutcome> {
    let options: ConnectionOptions
    try {
      options = await this.#options()
    } catch {
      return { taken: 0, failure: 'files-unreadable' }
    }
    const failure = await deliver(
      options,
      Buffer.concat(entries.map((entry) => syslogFrame(entry, this.#source))),
      this.#idleMs,
    )
    return failure === undefined ? { taken: entries.length } : { taken: 0, failure }
  }

  /** Read for every batch: certificates can be renewed without anybody being told. */
  async #options(): Promise<ConnectionOptions> {
    const { host, port, authoritiesFile, keyFile, certificateFile, verifyHostName } = this.#feed
    return {
      host,
      port,
      minVersion: 'TLSv1.2',
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(authoritiesFile === undefined ? {} : { ca: await readFile(authoritiesFile) }),
      ...(keyFile === undefined || certificateFile === undefined
        ? {}
        : { key: await readFile(keyFile), cert: await readFile(certificateFile) }),
      ...(verifyHostName ? {} : { checkServerIdentity: () => undefined }),
    }
  }
}

function deliver(options: ConnectionOptions, bytes: Buffer, idleMs: number): Promise<FeedFailure | undefined> {
  return new Promise((resolve) => {
    let isWritten = false
    let failure: FeedFailure = 'lost'
    let hasFarewell = false
    const socket = connect(options, () => {
      // Half of the connection stays open: the other side's end says that it has read ours.
      socket.end(bytes, () => {
        isWritten = true
      })
    })
    socket.setTimeout(idleMs, () => {
      failure = 'timed-out'
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (failure === 'lost') failure = failureOf(error)
    })
    socket.on('end', () => {
      hasFarewell = isWritten
    })
    // A repository has nothing to say; what it says all the same is read away, or the end would never be seen.
    socket.resume()
    socket.on('close', (hadError) => resolve(hasFarewell && !hadError ? undefined : failure))
  })
}
