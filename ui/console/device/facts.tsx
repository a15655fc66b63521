import type { DeviceStatus } from '../../contract/local-api.ts'
import type { Fact } from '../../shared/facts.tsx'
import { formatAge, formatBytes, formatInstant } from '../../shared/format.ts'
import { StateMark } from '../../shared/state-mark.tsx'

/** What rests at each level. */
const PRESSURE_WORDS = { soft: 'optional work rests', hard: 'new objects are refused' } as const

/** The tiles of the device; their names stand before the values are known. */
export function deviceFacts(status: DeviceStatus | undefined): Fact[] {
  const fact = (name: string, value: (known: DeviceStatus) => Fact['value']): Fact => ({
    name,
    value: status === undefined ? undefined : value(status),
  })
  return [
    fact('Device', ({ device }) => device),
    fact('Software', ({ softwareVersion }) => softwareVersion),
    fact('DICOM address', ({ aeTitle, dimsePort }) => `${aeTitle}, port ${dimsePort}`),
    fact('DICOM over TLS', ({ dimseTlsPort }) => (dimseTlsPort === null ? 'off' : `port ${dimseTlsPort}`)),
    fact('Running since', ({ startedAt }) => formatInstant(startedAt)),
    { ...fact('Link to the hub', ({ link }) => <Link link={link} />), wide: true },
    fact('Last acknowledgement', ({ link }) =>
      link.lastAcknowledgementAt === null ? 'never' : formatInstant(link.lastAcknowledgementAt),
    ),
    fact('Envelopes waiting', ({ queues }) => queues.unacknowledged),
    fact('Room on disk', ({ disk }) => (
      <StateMark tone={disk.low ? 'attention' : 'good'}>
        {`${formatBytes(disk.freeBytes)} free${disk.low ? ': low' : ''}`}
      </StateMark>
    )),
    fact('Pressure', ({ pressure }) => (
      <StateMark tone={pressure.level === 'none' ? 'good' : 'attention'}>
        {pressure.level === 'none' ? 'none' : `${PRESSURE_WORDS[pressure.level]} (${pressure.causes.join(', ')})`}
      </StateMark>
    )),
    {
      ...fact('Settings', ({ settingsProblems }) => (
        <StateMark tone={settingsProblems.length === 0 ? 'good' : 'attention'}>
          {settingsProblems[0] ?? 'in force'}
        </StateMark>
      )),
      wide: true,
    },
    fact('Studies arriving', ({ queues }) => queues.receiving),
    fact('Studies to score', ({ queues }) => `${queues.queued} waiting, ${queues.running} running`),
    fact('Oldest waiting study', ({ oldestWaitingSeconds }) =>
      oldestWaitingSeconds === null ? 'none waits' : formatAge(oldestWaitingSeconds),
    ),
    fact('Results waiting', ({ queues }) => queues.deliveriesPending),
    fact('Results given up', ({ queues }) => (
      <StateMark tone={queues.deliveriesDead > 0 ? 'attention' : 'good'}>{queues.deliveriesDead}</StateMark>
    )),
    fact('Results blocked', ({ blockedResults = 0 }) => (
      <StateMark tone={blockedResults > 0 ? 'attention' : 'good'}>{blockedResults}</StateMark>
    )),
    fact('Models run on', ({ scoring }) => scoringWords(scoring)),
    fact('Scoring plan', ({ scoring }) => planWords(scoring)),
    fact('Objects kept', ({ totals }) => `${totals.instances}, ${formatBytes(totals.bytes)}`),
    fact('Objects in quarantine', ({ totals }) => totals.quarantined),
  ]
}

/** What loads here, the processor among it. */
function scoringWords(scoring: DeviceStatus['scoring']): string {
  const loads = scoring?.providers.filter(({ available }) => available).map(({ provider }) => provider) ?? []
  return loads.length === 0 ? 'not probed yet' : loads.join(', ')
}

function planWords(scoring: DeviceStatus['scoring']): string {
  const plan = scoring?.plan
  if (plan == null) return `none: ${scoring?.noPlan ?? 'unknown'}`
  return `${plan.workers} x ${plan.threads} on ${plan.provider}, batches of ${plan.batch}`
}

function Link({ link }: { readonly link: DeviceStatus['link'] }) {
  const since = link.at === null ? '' : ` at ${formatInstant(link.at)}`
  return (
    <span title={`${link.state}${since}${link.lastErrorCode === null ? '' : `, last error ${link.lastErrorCode}`}`}>
      <StateMark tone={link.state === 'connected' ? 'good' : 'attention'}>
        {link.lastErrorCode === null || link.state === 'connected'
          ? link.state
          : `${link.state}: ${link.lastErrorCode}`}
      </StateMark>
    </span>
  )
}
