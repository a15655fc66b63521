import { stat } from 'node:fs/promises'
import { AssociationRequester } from '@leadglass/appliance/dimse'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import { adviceFor } from '@leadglass/sync-agent/transport'
import { azureView, deviceList, enrolmentList, health } from '@leadglass/ui/contract/hub-api'
import {
  auditFeedList,
  breachList,
  type DeviceStatus,
  desiredStateView,
  destinationList,
  deviceStatus,
  localModelList,
  syncStatus,
} from '@leadglass/ui/contract/local-api'
import type { InstanceClient, ServiceName } from '../cli/client.ts'
import { applianceHost } from '../start/instance-file.ts'
import { auditFeeds } from './audit-feeds.ts'
import { azureFindings } from './azure.ts'
import { breaches } from './breaches.ts'
import { certificates } from './certificates.ts'
import { type Finding, fail, ok, warning } from './checks.ts'
import { deliveries, overDicom } from './deliveries.ts'
import { encryptionAtRest } from './encryption.ts'
import { scoringFindings } from './scoring.ts'
import { syncFindings } from './sync.ts'
import { wishFindings } from './wishes.ts'

const LITTLE_SPACE_BYTES = 10 * 2 ** 30
const OLD_WORK_SECONDS = 600
const OLD_ACKNOWLEDGEMENT_SECONDS = 900

/** Examines a running instance. Never changes anything, and never throws: what cannot be examined is a finding. */
export async function examine(client: InstanceClient): Promise<readonly Finding[]> {
  const checks: readonly (() => Promise<Finding | readonly Finding[]>)[] = [
    () => answers(client, 'appliance'),
    () => answers(client, 'hub'),
    () => ownEcho(client),
    () => device(client),
    () => models(client),
    () => destinations(client),
    () => repositories(client, 'appliance'),
    () => repositories(client, 'hub'),
    () => suspectedBreaches(client),
    () => wayToTheHub(client),
    () => wishes(client),
    () => fleet(client),
    () => azure(client),
    () => ownCertificate(client),
    () => keyFiles(client),
    () => encryptionAtRest(client),
  ]
  const findings: Finding[] = []
  for (const check of checks) {
    try {
      findings.push(...[await check()].flat())
    } catch (error) {
      const found = isCodedError(error) ? error.message : String(error)
      findings.push(
        fail('examination', found, isCodedError(error) ? error.nextStep : 'read the logs in the data folder'),
      )
    }
  }
  return findings
}

async function repositories(client: InstanceClient, service: ServiceName): Promise<Finding[]> {
  const list = await client.request({ service, method: 'GET', path: '/api/audit/feeds', schema: auditFeedList })
  return auditFeeds(list, service)
}

async function suspectedBreaches(client: InstanceClient): Promise<Finding[]> {
  return breaches(
    await client.request({ service: 'appliance', method: 'GET', path: '/api/breaches', schema: breachList }),
  )
}

async function wayToTheHub(client: InstanceClient): Promise<Finding[]> {
  return syncFindings(
    await client.request({ service: 'appliance', method: 'GET', path: '/api/sync', schema: syncStatus }),
  )
}

async function wishes(client: InstanceClient): Promise<Finding> {
  return wishFindings(
    await client.request({ service: 'appliance', method: 'GET', path: '/api/desired-state', schema: desiredStateView }),
  )
}

async function azure(client: InstanceClient): Promise<Finding[]> {
  return azureFindings(await client.request({ service: 'hub', method: 'GET', path: '/api/azure', schema: azureView }))
}

async function ownCertificate(client: InstanceClient): Promise<Finding> {
  const list = await client.request({ service: 'hub', method: 'GET', path: '/api/enrolment', schema: enrolmentList })
  return certificates(list, client.instance.device)
}

async function answers(client: InstanceClient, service: ServiceName): Promise<Finding> {
  const state = await client.request({ service, method: 'GET', path: '/api/health', schema: health })
  const found = `version ${state.version} at ${client.addressOf(service)}`
  return state.status === 'ok' ? ok(service, found) : warning(service, `${found}, degraded`, 'read the findings below')
}

async function ownEcho(client: InstanceClient): Promise<Finding> {
  const { ports, aeTitle } = client.instance
  const { dimsePort, dimseTlsPort } = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/device',
    schema: deviceStatus,
  })
  // With TLS alone there is no plain port, and the doctor has no certificate that the site accepts.
  if (dimsePort === 0 && dimseTlsPort !== null)
    return ok(
      'C-ECHO to the appliance',
      `TLS only, port ${dimseTlsPort} is open; echo with a certificate (pacs-admin.md)`,
    )
  const host = applianceHost(client.instance)
  const address = `${aeTitle}@${host}:${ports.dimse}`
  const outcome = await new AssociationRequester().echo({
    host,
    port: ports.dimse,
    calledAeTitle: aeTitle,
    callingAeTitle: 'DOCTOR',
  })
  return outcome.status === 0
    ? ok('C-ECHO to the appliance', `${address} answers`)
    : fail('C-ECHO to the appliance', `${address} answered status ${outcome.status}`, 'read the log of the appliance')
}

async function device(client: InstanceClient): Promise<Finding[]> {
  const status = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/device',
    schema: deviceStatus,
  })
  return [
    disk(status),
    pressure(status),
    settings(status),
    oldestWork(status),
    ...deliveries(status),
    ...scoringFindings(status),
    link(status),
  ]
}

function pressure({ pressure: { level, causes } }: DeviceStatus): Finding {
  const why = causes.join(', ')
  if (level === 'none') return ok('pressure', 'no mark is reached')
  return level === 'soft'
    ? warning('pressure', `the soft mark is reached (${why}): optional work rests`, 'make room, or look at what waits')
    : fail(
        'pressure',
        `the hard mark is reached (${why}): new objects are refused`,
        'make room; intake goes on by itself then',
      )
}

function settings({ settingsProblems }: DeviceStatus): Finding {
  const [first] = settingsProblems
  if (first === undefined) return ok('settings', 'in force')
  return warning(
    'settings',
    settingsProblems.join('; '),
    'mend it; "leadglass settings plan FILE" says what a file would do',
  )
}

function disk(status: DeviceStatus): Finding {
  const found = `${(status.disk.freeBytes / 2 ** 30).toFixed(1)} GiB free of ${(status.disk.totalBytes / 2 ** 30).toFixed(0)}`
  return status.disk.freeBytes > LITTLE_SPACE_BYTES
    ? ok('disk', found)
    : warning(
        'disk',
        found,
        'free space or enlarge the volume; when it is full, stores are refused, nothing is evicted',
      )
}

function oldestWork(status: DeviceStatus): Finding {
  const seconds = status.oldestWaitingSeconds
  if (seconds === null) return ok('queue', 'nothing waits')
  const found = `the oldest work waits for ${Math.round(seconds)} s`
  return seconds < OLD_WORK_SECONDS
    ? ok('queue', found)
    : warning('queue', found, 'look at the worklist for what is stuck')
}

function link(status: DeviceStatus): Finding {
  const { state, lastAcknowledgementAt, lastErrorCode } = status.link
  const age = lastAcknowledgementAt === null ? null : (Date.now() - Date.parse(lastAcknowledgementAt)) / 1000
  const found = `${state}; last acknowledgement ${age === null ? 'never' : `${Math.round(age)} s ago`}${lastErrorCode === null ? '' : `; last error ${lastErrorCode}`}`
  if (state !== 'connected') {
    const advice = lastErrorCode === null ? undefined : adviceFor(lastErrorCode)
    // Refused by the hub itself: waiting changes nothing.
    if (advice?.permanent === true) return fail('hub link', found, advice.nextStep)
    return warning(
      'hub link',
      found,
      'work goes on locally and nothing is lost; check the network between agent and hub',
    )
  }
  const stale = age === null || age > OLD_ACKNOWLEDGEMENT_SECONDS
  return stale
    ? warning('hub link', found, 'check that the hub is healthy and its disk is not full')
    : ok('hub link', found)
}

const HALT_WORDS = { recalled: 'recalled by a safety officer', 'stopped-at-site': 'stopped at this site' } as const

async function models(client: InstanceClient): Promise<Finding[]> {
  const list = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/models',
    schema: localModelList,
  })
  const active = list.models.filter((entry) => entry.state === 'active' && entry.halted === null)
  const refused = list.models.filter((entry) => entry.state === 'refused')
  return [
    active.length === 0
      ? warning(
          'models',
          'no approved model is active: every study ends as "not scored"',
          'approve and release a version at the hub',
        )
      : ok('models', active.map((entry) => `${entry.model.name} ${entry.model.version}`).join(', ')),
    ...list.models.flatMap(({ model, halted }) =>
      halted === null
        ? []
        : [
            warning(
              'models',
              `${model.name} ${model.version} does not run: ${HALT_WORDS[halted.kind]} (${halted.by}): ${halted.reason}`,
              halted.kind === 'recalled'
                ? 'wait for a new version; a recall holds for ever'
                : 'when the reason is gone: leadglass model start NAME --reason WHY',
            ),
          ],
    ),
    ...refused.map((entry) =>
      warning(
        'models',
        `${entry.model.name} ${entry.model.version} was refused: ${entry.message ?? ''}`,
        'have the release mended at the hub',
      ),
    ),
  ]
}

async function destinations(client: InstanceClient): Promise<Finding[]> {
  const list = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/destinations',
    schema: destinationList,
  })
  if (list.destinations.length === 0) {
    return [
      warning(
        'destinations',
        'results go nowhere: none is configured',
        'name one in settings.json under "destinations"',
      ),
    ]
  }
  return Promise.all(overDicom(list).map((destination) => echoTo(client.instance.aeTitle, destination)))
}

async function echoTo(
  callingAeTitle: string,
  destination: { readonly name: string; readonly aeTitle: string; readonly host: string; readonly port: number },
): Promise<Finding> {
  const check = `C-ECHO to ${destination.name}`
  const address = `${destination.aeTitle}@${destination.host}:${destination.port}`
  try {
    const { status } = await new AssociationRequester().echo({
      host: destination.host,
      port: destination.port,
      calledAeTitle: destination.aeTitle,
      callingAeTitle,
    })
    return status === 0
      ? ok(check, `${address} answers`)
      : fail(check, `${address} answered status ${status}`, 'ask its administrator')
  } catch (error) {
    return isCodedError(error)
      ? fail(check, `${address}: ${error.message}`, error.nextStep)
      : fail(check, String(error), '')
  }
}

async function fleet(client: InstanceClient): Promise<Finding> {
  const list = await client.request({ service: 'hub', method: 'GET', path: '/api/devices', schema: deviceList })
  const alarms = list.devices.reduce((sum, entry) => sum + entry.alarms, 0)
  const found = `${list.devices.length} enrolled, ${list.devices.filter((entry) => entry.connected).length} connected, ${alarms} alarms`
  return alarms === 0 ? ok('fleet', found) : warning('fleet', found, 'open the fleet page of the hub')
}

/** Keys that lie beside the data they protect protect nothing against whoever takes the disk. */
async function keyFiles(client: InstanceClient): Promise<Finding[]> {
  const path = '/api/device'
  const { keys } = await client.request({ service: 'appliance', method: 'GET', path, schema: deviceStatus })
  const offline = await stat(client.layout.ceremony).then(
    () => true,
    () => false,
  )
  return [
    keyFinding(keys?.placement),
    offline
      ? warning(
          'offline keys',
          'keys of the TUF root and targets roles lie on this machine',
          `carry ${client.layout.ceremony} away`,
        )
      : ok('offline keys', 'not on this machine'),
  ]
}

function keyFinding(placement: 'beside-data' | 'same-file-system' | 'elsewhere' | undefined): Finding {
  const check = 'keys of the data'
  const fix =
    'move site.secret, database.key and spool.key to another medium, or to systemd credentials, and start with --keys FOLDER; fine to leave for an evaluation'
  if (placement === 'beside-data') return fail(check, 'the key files lie in the folder of the data they protect', fix)
  if (placement === 'same-file-system') return fail(check, 'the key files lie on the file system of the data', fix)
  return placement === undefined
    ? warning(check, 'the appliance does not say where they lie', fix)
    : ok(check, 'elsewhere')
}
