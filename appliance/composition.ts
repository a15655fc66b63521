import { AuditFeeds } from '@leadglass/sync-agent/audit-log'
import { AgentStatusFile, exchangePaths } from '@leadglass/sync-agent/exchange'
import {
  type Logger,
  monotonicClock,
  type Service,
  systemClock,
  systemRandomness,
} from '@leadglass/sync-agent/foundation'
import { BreachDesk } from './breach/index.ts'
import { composeDesiredState } from './compose-desired-state.ts'
import { composeEgress } from './compose-egress.ts'
import { composeEnrolment } from './compose-enrolment.ts'
import { composeIntake } from './compose-intake.ts'
import { composeLeaks } from './compose-leaks.ts'
import { composeNetwork } from './compose-network.ts'
import { composeScoringApi } from './compose-scoring-api.ts'
import { composeScoringPlan } from './compose-scoring-plan.ts'
import { composeSettings } from './compose-settings.ts'
import { composeSpool } from './compose-spool.ts'
import { composeUpdates, TrustedUpdates } from './compose-updates.ts'
import { composeWitness } from './compose-witness.ts'
import { composeWork } from './compose-work.ts'
import type { ApplianceConfiguration } from './configuration.ts'
import { ConsoleDoor, doorCredential } from './console-door/index.ts'
import { pseudonymOfPerson } from './deidentify/index.ts'
import { chooseEngine, neededPromises } from './engines/index.ts'
import { clearLeftovers, makeApplianceFolders } from './folders.ts'
import type { GuardedOutput } from './leak-scan/index.ts'
import { LocalApi, Sessions, StudyEvents } from './local-api/index.ts'
import { recordRecovery } from './record-recovery.ts'
import { openRecords } from './records/index.ts'
import { ensureSecrets } from './secrets.ts'
import { profileOf } from './settings-deidentification.ts'
import { keysInForce } from './vault/index.ts'

/** A running appliance. */
export interface Appliance {
  readonly dimsePort: number
  readonly httpPort: number
  stop(): Promise<void>
}

const PROCESS = { kind: 'system', id: 'process' } as const

/**
 * Puts the appliance together and starts it: record and spool are brought to agreement first, the DICOM port opens last,
 * when everything behind it is ready. When something fails to start, everything started is stopped again.
 */
export async function startAppliance(configuration: ApplianceConfiguration, output: GuardedOutput): Promise<Appliance> {
  const logger: Logger = output.logger()
  const { device, dataFolder, exchangeFolder, host, aeTitle, softwareVersion } = configuration
  const [clock, randomness] = [systemClock, systemRandomness]
  const startedAt = clock.now()
  const folders = await makeApplianceFolders(dataFolder, configuration.keysFolder)
  const secrets = await ensureSecrets(folders, device, randomness)
  const records = openRecords(folders.records, secrets.databaseKey)
  const started: Service[] = []
  const stop = async (): Promise<void> => {
    for (let service = started.pop(); service !== undefined; service = started.pop()) await service.stop()
    records.close()
  }
  const start = async (...services: readonly Service[]): Promise<void> => {
    for (const service of services) {
      await service.start()
      started.push(service)
    }
  }
  try {
    const { auditKey } = secrets
    const egress = composeEgress({
      device,
      exchangeFolder,
      softwareVersion,
      startedAt,
      auditKey,
      records,
      clock,
      monotonic: monotonicClock,
      randomness,
      logger,
    })
    const { audit, door, log, checkpoints, holdDesk } = egress
    const events = new StudyEvents(records)
    const leaks = composeLeaks({ output, records, audit, clock })
    await start(leaks.service)
    const onChanged = (studyId: number): void => {
      leaks.onChanged(studyId)
      events.changed(studyId)
    }
    const path = configuration.settingsFile ?? folders.settings
    const site = composeSettings({ path, dataFolder, records, audit, clock, logger })
    await start(...site.services)
    const { settings, gauge: freeSpace, material } = site
    const profile = profileOf(settings().deidentification)
    egress.hold.follow(() => settings().egress)
    egress.followSync(() => settings().sync)
    await start(egress.vault)
    const generations = { records, siteSecret: folders.siteSecret, audit, clock }
    const keys = await keysInForce(generations, secrets.siteSecret)
    const engine = chooseEngine(configuration.engine, neededPromises(host, settings()))

    const { spool, fileKeys, recover } = composeSpool({
      folders,
      secrets,
      keys,
      profile,
      records,
      settings,
      audit,
      randomness,
      logger,
    })
    await start({ start: () => spool.prepare(), stop: () => spool.close() })
    await clearLeftovers(folders)
    recordRecovery(await recover(clock), audit)

    const egressService = egress.service(freeSpace)
    const base = {
      device,
      host,
      aeTitle,
      softwareVersion,
      startedAt,
      dataFolder,
      exchangeFolder,
      folders,
      keys,
      profile,
      records,
      spool,
      fileKeys,
      settings,
      material,
      freeSpace,
      audit,
      door,
      engine,
      clock,
      randomness,
      logger,
      onChanged,
    }
    const onModels = (): void => egressService.announce()
    const mayWork = (): boolean => freeSpace.mayDoOptionalWork()
    const priors = (): typeof network.priors => network.priors
    const { siteSecret } = secrets
    const work = composeWork({
      ...base,
      mayWork,
      siteSecret,
      priors,
      workers: configuration.workers,
      onModels,
      onLeak: leaks.onLeak,
    })
    const { pool, library, deliveries, rules, keeping } = work
    await start(pool, work.pixels.reader)
    work.activator.recover()
    await library.start()
    await start(work.deployment.inForce)
    const network = composeNetwork({ ...base, mayWork, spoolKey: secrets.spoolKey })
    const { assembler, dimse, guard } = composeIntake({
      ...base,
      ...network,
      port: configuration.dimsePort,
      onGrown: onChanged,
      onComplete: (studyId) => {
        onChanged(studyId)
        rules.router.wake()
        network.priors.wanted(studyId)
      },
    })
    const scoringPlan = composeScoringPlan({ ...base, pool, measures: configuration.measuresPlan ?? true })
    const auditFeeds = new AuditFeeds({
      log,
      feeds: records.feeds,
      settings: () => settings().auditFeeds,
      source: { device, softwareVersion },
      clock,
      randomness,
      logger,
    })
    const witness = composeWitness({ ...base, log, witnesses: () => settings().auditWitnesses })
    const connected = site.connect({ aeTitle, host, softwareVersion, dimse, guard })
    const updates = new TrustedUpdates(() =>
      composeUpdates(folders, exchangeFolder, { ...base, library, activator: work.activator, onModels, mayWork }),
    )
    const desiredState = composeDesiredState({
      ...base,
      ...connected,
      auditKey,
      rules: rules.book,
      deployments: work.deployment.desk,
      activator: work.activator,
      acts: { pool, backfills: work.backfills.desk, packages: () => library.active().map(({ folder }) => folder) },
    })
    const enrolment = composeEnrolment({
      ...base,
      auditKey: secrets.auditVerifierKey,
      onPinned: () => void updates.look(),
    })
    const api = new LocalApi(
      { host, port: configuration.httpPort, pagesFolder: configuration.pagesFolder },
      {
        ...base,
        ...keeping,
        rules: rules.book,
        corrections: work.corrections.corrections,
        exporter: work.pixels.exporter,
        reviews: work.pixels.reviews,
        sessions: new Sessions({ ...base, operatorToken: secrets.operatorToken }),
        explanations: work.explanations.desk,
        library,
        stops: work.stops,
        deliveries,
        deployments: work.deployment,
        backfills: work.backfills.desk,
        scoringApi: composeScoringApi({ ...base, pool, library }),
        scoringStatus: scoringPlan.status,
        log,
        auditFeeds,
        hubLog: witness.hubLog,
        desiredState,
        enrolment,
        breaches: new BreachDesk({ records, log, checkpoints, audit, clock }),
        checkpoints,
        holdDesk,
        prover: egress.prover,
        resealDesk: egress.resealDesk,
        ...connected,
        agentStatus: new AgentStatusFile(exchangePaths(exchangeFolder).agentStatus),
        events,
        facts: {
          device,
          softwareVersion,
          aeTitle,
          dimsePort: () => dimse.port,
          dimseTlsPort: () => dimse.tlsPort,
          startedAt,
          operatorPerson: pseudonymOfPerson(keys, 'operator'),
        },
      },
    )
    const doors = await consoleDoors(configuration, folders.secrets, api)
    audit.recordNow({ event: 'process.started', actor: PROCESS, subject: null, outcome: 'success' })
    await start(
      egressService,
      work.activator,
      updates,
      desiredState,
      deliveries,
      work.pipeline,
      work.deployment.shadow,
      work.explanations.automatic,
      rules.router,
      work.backfills.runner,
      ...scoringPlan.services,
      keeping.retention,
      auditFeeds,
      ...witness.services,
      api,
      ...doors,
      assembler,
      ...network.running,
      ...work.corrections.listener,
      dimse,
    )
    return {
      dimsePort: dimse.port,
      httpPort: api.port,
      stop: async () => {
        audit.recordNow({ event: 'process.stopped', actor: PROCESS, subject: null, outcome: 'success' })
        await stop()
      },
    }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** The door for consoles on other machines, where one is configured. */
async function consoleDoors(
  { device, host, consolePort }: ApplianceConfiguration,
  secretsFolder: string,
  api: LocalApi,
): Promise<readonly ConsoleDoor[]> {
  if (consolePort === undefined) return []
  const credential = await doorCredential(secretsFolder, device, systemClock)
  return [
    new ConsoleDoor({ host, port: consolePort, credential }, (request, response) => api.answer(request, response)),
  ]
}
