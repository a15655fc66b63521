import type { FeedEntry } from './feed-entry.ts'

/** Why a repository did not take what it was sent. All but `refused` may be gone the next time. */
export type FeedFailure = 'files-unreadable' | 'unreachable' | 'tls' | 'lost' | 'timed-out' | 'unauthorised' | 'refused'

/** What became of a batch: the first `taken` of it are with the repository, of the next ones nothing is known. */
export interface FeedOutcome {
  readonly taken: number
  readonly failure?: FeedFailure
}

/** Gives entries to one repository, in order. Never throws for what a repository does. */
export interface FeedSender {
  send(entries: readonly FeedEntry[]): Promise<FeedOutcome>
}

const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'])
const TLS_FAILURE = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH)/

/** What an error of a socket means. */
export function failureOf({ code = '' }: NodeJS.ErrnoException): FeedFailure {
  if (UNREACHED.has(code)) return 'unreachable'
  return TLS_FAILURE.test(code) ? 'tls' : 'lost'
}
