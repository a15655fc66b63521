import type Database from 'better-sqlite3'
import { HUB_LOG_ORIGIN } from '../../audit/log-names.ts'
import { type Collected, type Finding, recordEvidence } from '../evidence.ts'
import type { Period } from '../period.ts'
import { asJson, instantOf, NOTHING } from './collector.ts'

const DAY_SECONDS = 86_400
/** An account that nobody used for so long is looked at again. */
const UNUSED_DAYS = 90
/** As the accounts demand it before a signature (21 CFR 11.300(b)). */
const PASSWORD_DAYS = 180

const ACCOUNTS = `SELECT a.account, a.role, a.created_at AS createdAt, a.password_set_at AS passwordSetAt,
  a.failed_attempts AS failedAttempts, a.paused_until AS pausedUntil,
  (SELECT max(e.at) FROM audit_entry e WHERE e.actor = a.account AND e.event = 'session.opened'
    AND e.log = (SELECT id FROM audit_log WHERE origin = '${HUB_LOG_ORIGIN}')) AS lastSignIn
  FROM account a ORDER BY a.account`
/** Acts of reading, by who did them. At a site a person is a pseudonym, and stays one here. */
export const SQL_READING = `SELECT g.origin AS log, e.event, e.actor, count(*) AS times
  FROM audit_entry e INDEXED BY audit_entry_by_event CROSS JOIN audit_log g ON g.id = e.log
  WHERE e.event IN ('log.read', 'study.read', 'study.listed', 'identity.opened', 'study.exported')
    AND e.at >= ? AND e.at <= ? GROUP BY g.origin, e.event, e.actor ORDER BY times DESC, g.origin, e.event, e.actor LIMIT 500`

interface AccountRow {
  readonly account: string
  readonly role: string
  readonly createdAt: string
  readonly passwordSetAt: string
  readonly failedAttempts: number
  readonly pausedUntil: number
  readonly lastSignIn: number | null
}

/** Accounts with what a review asks of them, ages of passwords, and who read what. */
export function collectPeople(database: Database.Database, period: Period): Collected {
  const accounts = database.prepare(ACCOUNTS).all() as AccountRow[]
  const reading = database.prepare(SQL_READING).all(period.from, period.until) as { readonly times: number }[]
  const acts = reading.reduce((sum, { times }) => sum + times, 0)
  const readers =
    reading.length === 0
      ? NOTHING.evidence
      : [recordEvidence('reading-review', 'all logs', `${acts} acts of reading, by person and kind`, asJson(reading))]
  if (accounts.length === 0) return { evidence: readers, findings: [] }
  const review = accounts.map(({ lastSignIn, pausedUntil, ...one }) => ({
    ...one,
    lastSignIn: lastSignIn === null ? null : instantOf(lastSignIn),
    pausedUntil: pausedUntil > period.until * 1000 ? instantOf(Math.floor(pausedUntil / 1000)) : null,
  }))
  const paused = review.filter((one) => one.pausedUntil !== null).length
  const ages = review.map(({ account, passwordSetAt }) => ({ account, passwordSetAt }))
  return {
    evidence: [
      ...readers,
      recordEvidence(
        'access-review',
        'accounts of the hub',
        `${accounts.length} accounts with role and last sign-in; ${paused} paused`,
        asJson(review),
      ),
      recordEvidence('password-age', 'accounts of the hub', `age of ${accounts.length} passwords`, asJson(ages)),
    ],
    findings: accounts.flatMap((one) => findingsOf(one, period.until)),
  }
}

function findingsOf({ account, createdAt, passwordSetAt, lastSignIn }: AccountRow, now: number): Finding[] {
  const used = lastSignIn ?? Date.parse(createdAt) / 1000
  const passwordDays = Math.floor((now - Date.parse(passwordSetAt) / 1000) / DAY_SECONDS)
  return [
    ...(now - used > UNUSED_DAYS * DAY_SECONDS
      ? [{ fact: 'access-review', words: `Nobody has signed in as ${account} for ${UNUSED_DAYS} days.` } as const]
      : []),
    ...(passwordDays > PASSWORD_DAYS
      ? [
          {
            fact: 'password-age',
            words: `The password of ${account} is ${passwordDays} days old; ${PASSWORD_DAYS} are allowed.`,
          } as const,
        ]
      : []),
  ]
}
