import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { deviceId } from '../contract/index.ts'

const path = z.string().min(1).max(4096)

/** A duration in milliseconds between a tenth of a second and a day. */
const duration = z.number().int().min(100).max(86_400_000)

/** A host name, with a port where the usual one is not meant. */
const hostName = z.string().regex(/^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$/)

/** Azure IoT Hub, or an endpoint that speaks its contract. */
const azureIot = z.strictObject({
  /** The hub's own name. */
  hostName,
  /** Where to connect instead of the hub's name. */
  gatewayHostName: hostName.nullable().default(null),
  /** Where large batches go instead of port 443 of the hub's name: HTTPS knows no gateway. */
  filesHostName: hostName.nullable().default(null),
  /** A hub that refused this device by name is asked so often again; at once when key or certificate change. */
  refusedRetryMs: duration.default(900_000),
  /** A file in `agentFolder` with the device's base64 key; `null` to come with the client certificate. */
  sharedAccessKeyFile: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
    .nullable()
    .default(null),
  tokenValiditySeconds: z.number().int().min(2).max(86_400).default(3600),
})

/** The agent's settings file. Paths are absolute or relative to the folder of the file. */
const settings = z.strictObject({
  device: deviceId,
  /** How batches and answers travel; `hub.mqttUrl` matters with `mqtt` only. */
  transport: z.enum(['mqtt', 'azure-iot']).default('mqtt'),
  azureIot: azureIot.nullable().default(null),
  /** The only folder that the appliance touches too. */
  exchangeFolder: path,
  /** Identity and own state: readable as a whole, writable below `state/` only. */
  agentFolder: path,
  hub: z.strictObject({
    /** TLS always; there is no unencrypted way to a hub. */
    mqttUrl: z.url({ protocol: /^mqtts$/ }),
    /** Where the hub itself takes renewals and uploads, when the broker is another program; `null` when it is the hub. */
    deviceUrl: z
      .url({ protocol: /^mqtts$/ })
      .nullable()
      .default(null),
    /** Plain HTTP is accepted: update metadata and packages are verified by their signatures, not by the channel. */
    httpUrl: z.url({ protocol: /^https?$/ }),
    caFile: path,
  }),
  certificateFile: path,
  keyFile: path,
  /** `null` until the device is provisioned for updates. */
  updates: z
    .strictObject({
      initialRootFile: path,
      policyFile: path,
      /** Below `hub.httpUrl`. */
      repositoryPath: z
        .string()
        .regex(/^\/[a-z0-9/-]*$/)
        .default('/delivery/'),
    })
    .nullable()
    .default(null),
  /** `null` where the device does not witness the hub's log. */
  hubLog: z
    .strictObject({
      /** C2SP verifier key of the hub's log, pinned when the device was provisioned. */
      keyFile: path,
      /** PKCS#8 key with which this device cosigns. */
      witnessKeyFile: path,
      /** Witnesses of others that are shown what this device was shown, so that a split view has nowhere to hide. */
      witnesses: z
        .array(z.strictObject({ url: z.url({ protocol: /^https?$/ }), key: z.string().min(1).max(512) }))
        .max(8)
        .default([]),
    })
    .nullable()
    .default(null),
  /**
   * C2SP verifier keys of other devices as witnesses, told from box to box and not by the hub: with one of them this
   * device finds out when the hub shows it another log than them. Those of `hub-log-peers.txt` come to them.
   */
  hubLogPeers: z.array(z.string().min(1).max(512)).max(32).default([]),
  intervals: z
    .strictObject({
      /** Look at the outbox while there is work, and while there is none. */
      pollMs: duration.default(200),
      idlePollMs: duration.default(1000),
      /** Without an answer of the hub for so long, a batch is sent again. */
      acknowledgementTimeoutMs: duration.default(30_000),
      keepaliveSeconds: z.number().int().min(1).max(1200).default(30),
      reconnectFirstMs: duration.default(1000),
      reconnectLargestMs: duration.default(60_000),
      updatesMs: duration.default(3_600_000),
      hubLogMs: duration.default(60_000),
      statusMs: duration.default(10_000),
      /** How often the age of the certificate is looked at. */
      renewalMs: duration.default(3_600_000),
    })
    .prefault({}),
})
export const agentConfig = settings.refine((config) => config.transport !== 'azure-iot' || config.azureIot !== null, {
  message: 'azureIot says where the hub is',
  path: ['azureIot'],
})
export type AgentConfig = z.infer<typeof agentConfig>

/** Settings whose paths are all absolute. @param folder the folder of the settings file. */
export function resolveConfig(config: AgentConfig, folder: string): AgentConfig {
  const absolute = (value: string): string => (isAbsolute(value) ? value : resolve(folder, value))
  const { hub, updates, hubLog } = config
  return {
    ...config,
    exchangeFolder: absolute(config.exchangeFolder),
    agentFolder: absolute(config.agentFolder),
    hub: { ...hub, caFile: absolute(hub.caFile) },
    certificateFile: absolute(config.certificateFile),
    keyFile: absolute(config.keyFile),
    hubLog:
      hubLog === null
        ? null
        : { ...hubLog, keyFile: absolute(hubLog.keyFile), witnessKeyFile: absolute(hubLog.witnessKeyFile) },
    updates:
      updates === null
        ? null
        : { ...updates, initialRootFile: absolute(updates.initialRootFile), policyFile: absolute(updates.policyFile) },
  }
}

/** The only part of the agent's folder that the agent writes. */
export function agentStateFolder(config: AgentConfig): string {
  return join(config.agentFolder, 'state')
}
