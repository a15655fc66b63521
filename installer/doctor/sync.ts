import { REFUSAL_WORDS, type SyncEpoch, type SyncStatus } from '@leadglass/ui/contract/local-api'
import { type Finding, fail, ok, warning } from './checks.ts'

/** Nearly full: this share of a quota is used. */
const NEARLY = 0.8
/** A statement that waits so long for its answer is worth a word. */
const OLD_STATEMENT_MS = 3_600_000

/** The newest epochs that both sides have compared, and what was not taken for the hub. */
export function syncFindings(status: SyncStatus, now = Date.now()): Finding[] {
  const stated = status.epochs.filter(({ verdict }) => verdict !== 'none')
  const unequal = stated.filter(({ verdict }) => verdict === 'unequal')
  const newest = stated.find(({ verdict }) => verdict === 'equal')
  const late = stated.filter(
    ({ verdict, statedAt }) =>
      verdict === 'pending' && statedAt !== null && now - Date.parse(statedAt) > OLD_STATEMENT_MS,
  )
  return [
    ...unequal.map(unequalFinding),
    ...late.map(({ epoch }) =>
      warning(
        `sync: epoch ${epoch} equal`,
        'the hub has not answered yet',
        'look at the link; "leadglass sync prove" asks again',
      ),
    ),
    ...(newest === undefined
      ? [ok('sync: epochs', 'none was compared yet; the first is when it ends')]
      : [ok(`sync: epoch ${newest.epoch} equal`, `${newest.envelopes ?? 0} envelopes, root ${newest.root ?? ''}`)]),
    ...status.refused.map(refusedFinding),
    ...quotas(status),
  ]
}

function unequalFinding({ epoch, differences }: SyncEpoch): Finding {
  const where = differences.map(({ stream, from, to }) => `${stream} ${from}${to === from ? '' : `-${to}`}`)
  return fail(
    `sync: epoch ${epoch} equal`,
    `this side and the hub differ: ${where.join(', ')}`,
    'one of the two databases was changed or damaged; "leadglass egress list" and the hub\'s device page show both sides',
  )
}

function refusedFinding({ stream, code, count, epoch, first, last }: SyncStatus['refused'][number]): Finding {
  const words = REFUSAL_WORDS[code] ?? { found: code, nextStep: '"leadglass sync status" names what is refused' }
  const where = `${count} of ${stream} (epoch ${epoch}, ${first} to ${last})`
  return fail(`sync: refused by the hub`, `${where}: ${words.found}`, words.nextStep)
}

function quotas({ classes, rejected }: SyncStatus): Finding[] {
  const full = classes.filter(
    ({ quota, unsentEnvelopes, unsentBytes }) =>
      quota !== null && (unsentEnvelopes >= quota.envelopes * NEARLY || unsentBytes >= quota.bytes * NEARLY),
  )
  const bodies = rejected.reduce((sum, row) => sum + row.bodies, 0)
  return [
    ...full.map(({ stream, unsentEnvelopes }) =>
      warning(
        `sync: quota of ${stream}`,
        `${unsentEnvelopes} envelopes wait; what is new is turned away when it is full`,
        'bring the link back, or raise the quota under "sync" in the settings',
      ),
    ),
    bodies === 0
      ? ok('sync: turned away', 'nothing')
      : warning(
          'sync: turned away',
          `${bodies} bodies were never sent because a quota was full`,
          '"leadglass sync status" names class and reason; the studies say what was not synced',
        ),
  ]
}
