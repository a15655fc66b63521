import type { AuditFeedList } from '@leadglass/ui/contract/local-api'
import { type Finding, fail, ok, warning } from './checks.ts'

const NEXT_STEPS: Readonly<Record<string, string>> = {
  'files-unreadable': 'look at the files that the feed names in its settings, and at who may read them',
  unreachable: 'look at host and port of the feed, and at the firewall between',
  tls: 'look at the certificates of both sides: who signed them, until when, for which name',
  unauthorised: 'renew the token in the file that the feed names',
  refused: 'the repository does not accept the form of an entry: read its log',
}

/** Repositories that do not take what an audit log records. Nothing is lost meanwhile. @param service whose log it is. */
export function auditFeeds({ feeds }: AuditFeedList, service: 'appliance' | 'hub'): Finding[] {
  return feeds.map(({ name, waiting, failure, failingSince, late }) => {
    const check = service === 'hub' ? `audit repository ${name} of the hub` : `audit repository ${name}`
    if (failure === null) return ok(check, waiting === 0 ? 'has every entry' : `${waiting} entries are on their way`)
    const found = `takes nothing since ${failingSince ?? 'a while'} (${failure}), ${waiting} entries wait`
    const next = NEXT_STEPS[failure] ?? 'read the log of the repository; the entries are sent again by themselves'
    return late ? fail(check, found, next) : warning(check, found, next)
  })
}
