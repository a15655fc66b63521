import type { DesiredStateView } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { EmptyPanel } from '../../shared/panels.tsx'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'

type Part = NonNullable<DesiredStateView['document']>['parts'][number]

const TONES: Readonly<Record<Part['state'], Tone>> = {
  applied: 'good',
  waiting: 'waiting',
  rejected: 'refused',
  local: 'neutral',
}

/** Reasons in words; another one is shown as its code. */
const REASONS: Readonly<Record<string, string>> = {
  'decided-at-site': 'the site decides this itself (setting hubMayDecide)',
  'not-yet-applied': 'not looked at yet',
  'settings-invalid': 'the settings of this site do not allow the value',
  'risk-not-accepted': 'the change has a risk that a person of the site has to accept',
  'settings-changing': 'somebody changes the settings right now',
  'rules-invalid': 'the rules do not hold together',
  'release-not-here': 'the release has not arrived yet',
  'release-differs': 'the digest is another release’s',
  'release-refused': 'this release was refused here',
  'release-not-verified': 'this box has not verified the release yet',
  'workers-busy': 'studies are being scored right now',
  'golden-case-failed': 'a model did not give the results of its golden cases',
  'backfill-model': 'the model is not in use here',
  'backfill-window': 'the window or its time zone is unknown',
  'nothing-scores-here': 'this box scores nothing',
}

/** Why nothing of a document counts. */
const REFUSALS: Readonly<Record<string, string>> = {
  'desired-not-pinned': 'the hub signs its wishes, and nobody has confirmed its fingerprint here',
  'desired-unsigned': 'it carries no signature of the hub',
  'desired-key-unknown': 'it is signed with a key that does not follow from the pinned one',
  'desired-signature': 'its signature is not the hub’s',
  'desired-damaged': 'it is not what its digest says',
  'desired-older': 'it is older than the one that is known',
  'desired-conflict': 'it is another document under a number that is known',
}

/** What the hub wishes of this box, section by section, and what was refused, with the reason. */
export function WishTable({ desired }: { readonly desired: DesiredStateView }) {
  const { document, refused, unsigned } = desired
  return (
    <section className="section">
      <h2>What the hub wishes</h2>
      {refused !== null && (
        <div className="panel framed" role="alert">
          <StateMark tone="refused">
            <strong>Document {refused.version} was refused</strong>
          </StateMark>
          <span>
            Why: {REFUSALS[refused.code] ?? refused.code}. Nothing of it was applied; {formatInstant(refused.at)}. Tell
            the people of the hub, and look into the audit log.
          </span>
        </div>
      )}
      {unsigned && (
        <div className="panel framed" role="alert">
          <StateMark tone="waiting">
            <strong>Wishes are unsigned</strong>
          </StateMark>
          <span>
            This box has pinned no key of its hub, so it takes wishes as they come over the link. Join the hub again, or
            update it, and confirm its fingerprint below.
          </span>
        </div>
      )}
      <DataTable
        caption="What the hub wishes"
        rows={document?.parts ?? []}
        rowKey={(row) => row.section}
        columns={COLUMNS}
        detail={{
          name: (row) => row.section,
          content: (row) => <pre className="mono small wish-text">{JSON.stringify(row.wish, null, 2)}</pre>,
        }}
        empty={<EmptyPanel title="The hub wishes nothing." hint="What it may decide here is a setting of this site." />}
      />
    </section>
  )
}

const COLUMNS: readonly Column<Part>[] = [
  { heading: 'Section', width: 14, cell: (row) => row.section },
  { heading: 'State', width: 10, cell: (row) => <StateMark tone={TONES[row.state]}>{row.state}</StateMark> },
  {
    heading: 'Reason',
    width: 40,
    cell: (row) => (row.reason === null ? 'none' : (REASONS[row.reason] ?? row.reason)),
    wraps: true,
  },
]
