import { resolve } from 'node:path'
import { AgentStatusFile, exchangePaths } from '@leadglass/sync-agent/exchange'
import { type Logger, type Service, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { ModelLibrary } from './activation/index.ts'
import { composeEgress } from './compose-egress.ts'
import { composeIntake } from './compose-intake.ts'
import { composeNetwork } from './compose-network.ts'
import { composeUpdates } from './compose-updates.ts'
import type { ApplianceConfiguration } from './configuration.ts'
import { Deidentifier, deriveSiteKeys, EgressVerifier, pseudonymOfPerson } from './deidentify/index.ts'
import { AssociationRequester } from './dimse/index.ts'
import type { AuditSink } from './egress/index.ts'
import { clearLeftovers, makeApplianceFolders } from './folders.ts'
import { FreeSpace, type RecoveryReport, recoverIntake, Spool } from './intake/index.ts'
import { LocalApi, Sessions, StudyEvents } from './local-api/index.ts'
import { DeidentifyingGate, Pipeline, processRevision } from './pipeline/index.ts'
import { openRecords } from './records/index.ts'
import { DeliveryQueue, DicomSender } from './results/index.ts'
import { defaultScoringLimits, ScoringPool, workerCodeRoots } from './scoring/index.ts'
import { ensureSecrets } from './secrets.ts'
import { SettingsFile } from './settings-file.ts'

/** A running appliance. */
export interface Appliance {
  readonly dimsePort: number
  readonly httpPort: number
  stop(): Promise<void>
}

const PROGRAM_ROOT = resolve(import.meta.dirname, '..')

/** No site names its issuer yet: one number range. */
const PROFILE = { patientIssuer: '' }

const PROCESS = { kind: 'system', id: 'process' } as const

/**
 * Puts the appliance together and starts it: record and spool are brought to agreement first, the DICOM port opens last,
 * when everything behind it is ready. When something fails to start, everything started is stopped again.
 */
export async function startAppliance(configuration: ApplianceConfiguration, logger: Logger): Promise<Appliance> {
  const { device, dataFolder, exchangeFolder, host, aeTitle, softwareVersion } = configuration
  const [clock, randomness] = [systemClock, systemRandomness]
  const startedAt = clock.now()
  const folders = await makeApplianceFolders(dataFolder)
  const secrets = await ensureSecrets(folders, device, randomness)
  const keys = deriveSiteKeys(secrets.siteSecret)
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
      logger,
    })
    const { audit, door, log, checkpoints } = egress
    const events = new StudyEvents(records)
    const onChanged = (studyId: number): void => {
      events.changed(studyId)
    }
    const settingsFile = new SettingsFile(configuration.settingsFile ?? folders.settings, logger, () => {
      const subject = { kind: 'setting', id: 'settings-file' } as const
      audit.recordNow({ event: 'setting.changed', actor: PROCESS, subject, outcome: 'success' })
    })
    await start(settingsFile)
    const settings = settingsFile.current
    const freeSpace = new FreeSpace(dataFolder, settings)
    await start(freeSpace)

    const spool = new Spool({ folder: folders.spool, key: secrets.spoolKey, randomness })
    await start({ start: () => spool.prepare(), stop: () => spool.close() })
    await clearLeftovers(folders)
    recordRecovery(await recoverIntake(records, spool, clock, logger), audit)

    const pool = new ScoringPool({
      workers: configuration.workers,
      codeRoots: workerCodeRoots(PROGRAM_ROOT),
      workFolder: folders.work,
      modelsFolder: folders.models,
      clock,
      logger: logger.child({ room: 'scoring' }),
      limits: defaultScoringLimits,
    })
    await start(pool)
    const egressService = egress.service(freeSpace)
    const library = new ModelLibrary({
      records,
      modelsFolder: folders.models,
      audit,
      clock,
      logger,
      onChange: () => {
        egressService.announce()
      },
    })
    await library.start()

    const sender = new DicomSender(new AssociationRequester({ logger }), aeTitle)
    const deliveries = new DeliveryQueue({ records, sender, settings, audit, clock, randomness, logger, onChanged })
    const gate = new DeidentifyingGate(new Deidentifier({ keys, profile: PROFILE }), new EgressVerifier())
    const work = {
      records,
      spool,
      gate,
      pool,
      activeModels: () => library.active(),
      door,
      audit,
      settings,
      device: { name: device, softwareVersion },
      workFolder: folders.work,
      clock,
      logger,
    }
    const pipeline = new Pipeline({
      records,
      process: async (revision) => {
        await processRevision(revision, work)
        deliveries.wake()
      },
      settings,
      clock,
      logger,
      onChanged,
    })
    const network = composeNetwork({ aeTitle, records, spool, settings, clock, randomness, logger })
    const { assembler, dimse } = composeIntake({
      services: network.services,
      host,
      port: configuration.dimsePort,
      aeTitle,
      records,
      spool,
      freeSpace,
      keys,
      profile: PROFILE,
      settings,
      audit,
      clock,
      randomness,
      logger,
      onGrown: onChanged,
      onComplete: (studyId) => {
        onChanged(studyId)
        pipeline.wake()
      },
    })
    const api = new LocalApi(
      { host, port: configuration.httpPort, pagesFolder: configuration.pagesFolder },
      {
        records,
        sessions: new Sessions({ records, operatorToken: secrets.operatorToken, settings, audit, clock, randomness }),
        settings,
        library,
        deliveries,
        door,
        audit,
        log,
        checkpoints,
        freeSpace,
        agentStatus: new AgentStatusFile(exchangePaths(exchangeFolder).agentStatus),
        events,
        clock,
        randomness,
        logger,
        facts: {
          device,
          softwareVersion,
          aeTitle,
          dimsePort: () => dimse.port,
          startedAt,
          operatorPerson: pseudonymOfPerson(keys, 'operator'),
        },
      },
    )
    audit.recordNow({ event: 'process.started', actor: PROCESS, subject: null, outcome: 'success' })
    const updates = await composeUpdates(folders, exchangeFolder, { records, library, pool, audit, clock, logger })
    await start(
      egressService,
      ...(updates === undefined ? [] : [updates]),
      deliveries,
      pipeline,
      api,
      assembler,
      network.commitment,
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

/** A start that found nothing unfinished is no event. */
function recordRecovery(report: RecoveryReport, audit: AuditSink): void {
  if (report.requeued === 0 && report.unfinished === 0 && report.missing === 0) return
  const codes = [`requeued-${report.requeued}`, `unfinished-${report.unfinished}`, `missing-${report.missing}`]
  const outcome = report.missing === 0 ? 'success' : 'failure'
  audit.recordNow({ event: 'process.recovered', actor: PROCESS, subject: null, outcome, codes })
}
