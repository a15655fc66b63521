import { auditFeedSettings } from '@leadglass/sync-agent/audit-log'
import { z } from 'zod'
import { driftRules } from './drift/index.ts'
import { postgresUrl } from './storage/place.ts'
import { executorSettings } from './training/executors/settings.ts'
import { mlflowSettings } from './training/tracking/mlflow-client.ts'
import { triggerPolicy } from './training/triggers/policy.ts'

const port = z.number().int().min(0).max(65_535)

/** The hub's configuration file. Ports may be 0 in tests: the ready line says which were taken. */
export const hubConfiguration = z.strictObject({
  dataFolder: z.string().min(1),
  host: z.string().min(1).default('127.0.0.1'),
  httpPort: port,
  mqttPort: port,
  broker: z.union([z.literal('embedded'), z.strictObject({ url: z.string().regex(/^mqtts:\/\/[^/\s]+$/) })]),
  /** The endpoint for devices that come with an Azure IoT SDK; without it nothing listens. */
  iotHub: z
    .strictObject({
      /** The hub's own name, as it stands in the devices' connection strings. */
      hostName: z
        .string()
        .regex(/^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$/)
        .default('localhost'),
      mqttPort: port,
      httpsPort: port,
    })
    .optional(),
  /**
   * An Azure IoT Hub through which devices come: its Event Hubs endpoint is read, its service interface answers. Both connection
   * strings lie in `secrets/`.
   */
  azure: z
    .strictObject({
      /** Each one is read in full and has checkpoints of its own; no two hubs may share one. */
      consumerGroups: z
        .array(z.string().regex(/^\$?[A-Za-z0-9._-]{1,50}$/))
        .min(1)
        .max(8)
        .default(['$Default']),
      /** PEM, where the service's certificate is of an authority that Node does not know. */
      serviceCaFile: z.string().min(1).optional(),
    })
    .optional(),
  /** How long a device's certificate is valid. Devices renew theirs after three fifths of it. */
  deviceCertificateDays: z.number().min(0.001).max(397).default(30),
  /** With an external broker: where boxes join, renew and upload. The embedded broker's port does this too. */
  enrolmentPort: port.optional(),
  /**
   * Where the hub's records stand: its own SQLite file, or PostgreSQL. `postgres-inbox` commits only what the devices send
   * there, and everything else into the file. A password does not belong into the address: PostgreSQL finds it in PGPASSFILE,
   * or asks the operating system (peer).
   */
  database: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('sqlite') }),
      z.strictObject({ kind: z.literal('postgres'), url: postgresUrl }),
      z.strictObject({ kind: z.literal('postgres-inbox'), url: postgresUrl }),
    ])
    .default({ kind: 'sqlite' }),
  /** Where the other hubs of the same PostgreSQL reach this one while it leads; its own host and port unless told. */
  leaderAddress: z.url({ protocol: /^http$/ }).optional(),
  pagesFolder: z.string().min(1).optional(),
  /** Witnesses of others, such as the hospital's, that are asked to cosign the hub's log (C2SP tlog-witness). */
  witnesses: z
    .array(z.strictObject({ url: z.url({ protocol: /^https?$/ }), key: z.string().min(1).max(512) }))
    .max(8)
    .default([]),
  /** Audit repositories that hear everything that the hub's own log records. */
  auditFeeds: auditFeedSettings.default([]),
  /** What starts training without anybody asking. People change it over the API; what is declared here is where they begin. */
  training: z
    .strictObject({
      triggers: z.array(triggerPolicy).max(200).default([]),
      /** Seconds between two looks at the triggers. */
      lookSeconds: z.number().int().min(1).max(3600).default(60),
      /** Where runs may train besides this machine, by name. */
      executors: executorSettings.default({}),
      /** The one of runs that name none: `local`, or a name from `executors`. */
      executor: z.string().max(31).default('local'),
      /** An MLflow server that is told of all runs. Training and registry do without it. */
      mlflow: mlflowSettings.optional(),
    })
    .prefault({}),
  /** When distributions at the sites are looked at, and what counts as drift. */
  drift: driftRules.default(driftRules.parse({})),
  softwareVersion: z
    .string()
    .regex(/^\d{1,4}\.\d{1,4}\.\d{1,6}$/)
    .default('0.1.0'),
})
export type HubConfiguration = z.infer<typeof hubConfiguration>
