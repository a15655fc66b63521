import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AuditLog, createNoteSigner, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import { approvalPolicy } from '@leadglass/sync-agent/contract'
import { AcknowledgedFile, AgentStatusFile, exchangePaths, OutboxWriter } from '@leadglass/sync-agent/exchange'
import { type Logger, type Service, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { DatabaseHighWaterMarks, ModelLibrary, UpdateWatcher } from './activation/index.ts'
import type { ApplianceConfiguration } from './configuration.ts'
import {
  Deidentifier,
  deriveSiteKeys,
  EgressVerifier,
  pseudonymOfPatient,
  pseudonymOfPerson,
  pseudonymOfStudy,
} from './deidentify/index.ts'
import { patientOf } from './deidentify/patient.ts'
import { AssociationRequester, DimseServer, encodeFileMeta } from './dimse/index.ts'
import { AuditTrail, Checkpoints, deviceHealthOf, EgressDoor, EgressService, Relay } from './egress/index.ts'
import { makeApplianceFolders } from './folders.ts'
import {
  Assembler,
  FreeSpace,
  Journal,
  journalEffects,
  type Naming,
  recoverIntake,
  SettingsCallerPolicy,
  Spool,
  SpoolStorage,
} from './intake/index.ts'
import { LocalApi, Sessions, StudyEvents } from './local-api/index.ts'
import { DeidentifyingGate, Pipeline, processRevision } from './pipeline/index.ts'
import { openRecords } from './records/index.ts'
import { DeliveryQueue, DicomSender } from './results/index.ts'
import { defaultScoringLimits, ScoringPool, workerCodeRoots } from './scoring/index.ts'
import { auditOrigin, ensureSecrets } from './secrets.ts'
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

/**
 * Puts the appliance together and starts it: record and spool are brought to agreement first, the DICOM port opens last,
 * when everything behind it is ready.
 */
export async function startAppliance(configuration: ApplianceConfiguration, logger: Logger): Promise<Appliance> {
  const { device, dataFolder, exchangeFolder, host, aeTitle, softwareVersion } = configuration
  const clock = systemClock
  const randomness = systemRandomness
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
  const start = async (service: Service): Promise<void> => {
    await service.start()
    started.push(service)
  }
  try {
    const log = new AuditLog({
      origin: auditOrigin(device),
      store: new SqliteLogStore(records.database, auditOrigin(device)),
      clock,
    })
    const door = new EgressDoor({ records, device, clock })
    const audit = new AuditTrail(log, door, records)
    const events = new StudyEvents(records)
    const onChanged = (studyId: number): void => {
      events.changed(studyId)
    }

    const settingsFile = new SettingsFile(configuration.settingsFile ?? folders.settings, logger, () => {
      const subject = { kind: 'setting', id: 'settings-file' } as const
      audit.recordNow({
        event: 'setting.changed',
        actor: { kind: 'system', id: 'process' },
        subject,
        outcome: 'success',
      })
    })
    await start(settingsFile)
    const settings = settingsFile.current
    const freeSpace = new FreeSpace(dataFolder, settings)
    await start(freeSpace)

    const spool = new Spool({ folder: folders.spool, key: secrets.spoolKey, randomness })
    await spool.prepare()
    const recovered = await recoverIntake(records, spool, clock, logger)
    if (recovered.requeued > 0 || recovered.unfinished > 0) {
      const codes = [
        `requeued-${recovered.requeued}`,
        `unfinished-${recovered.unfinished}`,
        `missing-${recovered.missing}`,
      ]
      audit.recordNow({
        event: 'process.recovered',
        actor: { kind: 'system', id: 'process' },
        subject: null,
        outcome: 'success',
        codes,
      })
    }

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

    const acknowledged = new AcknowledgedFile(exchangePaths(exchangeFolder).acknowledged)
    const outbox = new OutboxWriter({ exchangeFolder, device })
    const checkpoints = new Checkpoints({
      records,
      log,
      signer: createNoteSigner(auditOrigin(device), secrets.auditKey),
      door,
      clock,
    })
    const egress = new EgressService({
      records,
      log,
      audit,
      relay: new Relay({ records, outbox, logger }),
      checkpoints,
      outbox,
      acknowledged,
      sealHealth: () => {
        const health = deviceHealthOf(records, { softwareVersion, ...freeSpace.figures(), startedAt, now: clock.now() })
        records.transaction(() => door.seal(health))
      },
      clock,
      logger,
    })
    const library = new ModelLibrary({
      records,
      modelsFolder: folders.models,
      audit,
      clock,
      logger,
      onChange: () => {
        egress.announce()
      },
    })
    await library.start()

    const deliveries = new DeliveryQueue({
      records,
      sender: new DicomSender(new AssociationRequester({ logger }), aeTitle),
      settings,
      audit,
      clock,
      randomness,
      logger,
      onChanged,
    })
    const gate = new DeidentifyingGate(new Deidentifier({ keys, profile: PROFILE }), new EgressVerifier())
    const pipeline = new Pipeline({
      records,
      process: async (revision) => {
        await processRevision(revision, {
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
        })
        deliveries.wake()
      },
      settings,
      clock,
      logger,
      onChanged,
    })
    const assembler = new Assembler({
      records,
      settings,
      audit,
      clock,
      logger,
      onGrown: onChanged,
      onComplete: (studyId) => {
        onChanged(studyId)
        pipeline.wake()
      },
    })
    const naming: Naming = {
      studyPseudonym: (uid) => pseudonymOfStudy(keys, uid),
      patientPseudonym: (dataSet, uid) => {
        const patient = patientOf(dataSet, uid, PROFILE.patientIssuer) ?? { issuer: '', id: '' }
        return pseudonymOfPatient(keys, patient)
      },
    }
    const storage = new SpoolStorage({
      spool,
      journal: new Journal(records, journalEffects(audit, assembler)),
      assembler,
      naming,
      freeSpace,
      settings,
      audit,
      clock,
      logger,
      encodeFileMeta: ({ sopClassUid, sopInstanceUid, transferSyntaxUid, association }) =>
        encodeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid, sourceAeTitle: association.callingAeTitle }),
    })

    const dimse = new DimseServer({
      host,
      port: configuration.dimsePort,
      aeTitle,
      policy: new SettingsCallerPolicy(aeTitle, settings),
      storage,
      clock,
      logger: logger.child({ room: 'dimse' }),
      limits: { maxInstanceBytes: settings().limits.maximumInstanceBytes },
      randomness,
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

    audit.recordNow({
      event: 'process.started',
      actor: { kind: 'system', id: 'process' },
      subject: null,
      outcome: 'success',
    })
    const watcher = await watcherOf(folders, exchangeFolder, { records, library, pool, audit, clock, logger })
    for (const service of [
      egress,
      ...(watcher === undefined ? [] : [watcher]),
      deliveries,
      pipeline,
      api,
      assembler,
      dimse,
    ]) {
      await start(service)
    }
    return {
      dimsePort: dimse.port,
      httpPort: api.port,
      stop: async () => {
        audit.recordNow({
          event: 'process.stopped',
          actor: { kind: 'system', id: 'process' },
          subject: null,
          outcome: 'success',
        })
        await stop()
      },
    }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** The watcher for update kits; none on a box that was given no root to trust: it then runs no model at all. */
async function watcherOf(
  folders: Awaited<ReturnType<typeof makeApplianceFolders>>,
  exchangeFolder: string,
  parts: Pick<
    ConstructorParameters<typeof UpdateWatcher>[0],
    'records' | 'library' | 'pool' | 'audit' | 'clock' | 'logger'
  >,
): Promise<UpdateWatcher | undefined> {
  const initialRoot = await readFile(folders.initialRoot).catch(() => undefined)
  const policy = await readFile(folders.policy, 'utf8').catch(() => undefined)
  if (initialRoot === undefined || policy === undefined) {
    parts.logger.warn('activation.no-trust')
    return undefined
  }
  return new UpdateWatcher({
    ...parts,
    kitFolder: exchangePaths(exchangeFolder).updates,
    stateFolder: folders.trustState,
    modelsFolder: folders.models,
    initialRoot,
    policy: approvalPolicy.parse(JSON.parse(policy)),
    marks: new DatabaseHighWaterMarks(parts.records),
  })
}
